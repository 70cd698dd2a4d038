//! Which session continues which: the connections of one EventSource, told apart from everything that only looks like them.

mod common;

use common::{
    ACK, Analysed, FIN, PSH, RST, SSE, SYN, Script, analyse, analyse_sessions, analyse_with, chunk,
};
use proptest::prelude::*;
use ssetrace::analyzer::Connections;
use ssetrace::model::{Direction, Finding, Record, Timestamp};

const MS: i64 = 1_000_000;

/// Conversations of one capture, each beginning so many milliseconds after it; their frames are a millisecond apart.
fn capture(conversations: &[(i64, Script)]) -> Vec<(Timestamp, Vec<u8>)> {
    let mut frames: Vec<_> = conversations
        .iter()
        .flat_map(|(start, script)| {
            let later =
                move |(time, bytes): (Timestamp, Vec<u8>)| (Timestamp(time.0 + start * MS), bytes);
            script.frames().into_iter().map(later)
        })
        .collect();
    frames.sort_by_key(|frame| frame.0);
    frames
}

fn analysed(conversations: &[(i64, Script)]) -> Analysed {
    analyse(&capture(conversations), Connections::Sse)
}

/// A request as EventSource sends it.
fn asks(script: Script, target: &str, id: Option<&str>) -> Script {
    let id = id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
    let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n{id}\r\n");
    script.client(PSH | ACK, head.as_bytes())
}

/// The stream `body`, whole, ended in order.
fn streams(script: Script, body: &str) -> Script {
    let answer = [SSE.as_bytes(), &chunk(body), b"0\r\n\r\n"].concat();
    script.answer(&answer)
}

/// A connection of its own: handshake (3 frames), request, answer in the fifth frame, ACK, teardown.
fn connection(port: u16, id: Option<&str>, body: &str) -> Script {
    let script = Script::new().port(port).handshake();
    streams(asks(script, "/live", id), body).teardown()
}

/// The session that is continued, the delay in milliseconds, the retry and the attempts.
type Link = (u32, i64, Option<u64>, u64);

/// Each session's number and its link.
fn links(analysed: &Analysed) -> Vec<(u32, Option<Link>)> {
    let mut links: Vec<_> = analysed
        .sessions()
        .iter()
        .map(|session| {
            let reconnect = session.opening.reconnects.map(|earlier| {
                let delay = earlier.delay / MS;
                (earlier.session, delay, earlier.retry, earlier.attempts)
            });
            (session.opening.session, reconnect)
        })
        .collect();
    links.sort_unstable();
    links
}

fn continued(analysed: &Analysed) -> Vec<Option<u32>> {
    let earlier = |(_, link): (u32, Option<Link>)| link.map(|link| link.0);
    links(analysed).into_iter().map(earlier).collect()
}

fn findings(analysed: &Analysed) -> Vec<&Finding> {
    analysed
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Finding(finding) => Some(finding.as_ref()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_session_continues_the_one_whose_last_id_its_request_names() {
    let analysed = analysed(&[
        (0, connection(1, None, "retry: 200\n\nid: a:1\ndata: x\n\n")),
        (209, connection(2, Some("a:1"), "id: a:2\ndata: y\n\n")),
        (500, connection(3, Some("a:2"), "id: a:3\ndata: z\n\n")),
    ]);
    // Each ends in its fifth frame, 4 ms after its SYN; the retry of the first stays in force.
    let links = links(&analysed);
    assert_eq!(links[0], (0, None));
    assert_eq!(links[1], (1, Some((0, 205, Some(200), 1))));
    assert_eq!(links[2], (2, Some((1, 287, Some(200), 1))));
}

#[test]
fn exchanges_of_one_connection_are_stitched_like_connections() {
    let script = Script::new().handshake();
    let script = streams(asks(script, "/live", None), "id: 1\ndata: x\n\n");
    let script = streams(asks(script, "/live", Some("1")), "id: 2\ndata: x\n\n");
    assert_eq!(continued(&analysed(&[(0, script)])), [None, Some(0)]);
}

#[test]
fn where_a_stream_sets_no_id_the_one_that_it_was_asked_with_stays() {
    let analysed = analysed(&[
        (0, connection(1, None, "id: 7\ndata: x\n\n")),
        (1000, connection(2, Some("7"), "data: y\n\n")),
        (2000, connection(3, Some("7"), "data: z\n\n")),
    ]);
    assert_eq!(continued(&analysed), [None, Some(0), Some(1)]);
}

#[test]
fn an_id_is_known_as_its_field_has_it() {
    // The field is UTF-8; white space around it is lost.
    for (id, sent) in [("żółć…", "żółć…"), (" a b\t", "a b"), ("7", " 7 ")] {
        let analysed = analysed(&[
            (0, connection(1, None, &format!("id: {id}\ndata: x\n\n"))),
            (1000, connection(2, Some(sent), "data: y\n\n")),
        ]);
        assert_eq!(continued(&analysed), [None, Some(0)], "{id:?}");
    }
    let analysed = analysed(&[
        (0, connection(1, None, "id:  \ndata: x\n\n")),
        (3000, connection(2, None, "data: y\n\n")),
    ]);
    assert_eq!(
        continued(&analysed),
        [None, Some(0)],
        "nothing is left of it"
    );
}

#[test]
fn another_id_client_target_or_authority_is_another_stream() {
    let first = connection(1, None, "id: 7\ndata: x\n\n");
    let other = |head: &str| {
        let script = Script::new().port(2).handshake();
        streams(script.client(PSH | ACK, head.as_bytes()), "data: y\n\n").teardown()
    };
    for head in [
        "GET /live HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 6\r\n\r\n",
        "GET /live?a HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 7\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: other\r\nLast-Event-ID: 7\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\nLast-Event-ID: 7\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n",
    ] {
        let analysed = analysed(&[(0, first.clone()), (3000, other(head))]);
        assert_eq!(continued(&analysed), [None, None], "{head}");
    }
    let same = "POST /live HTTP/1.1\r\nhost: H\r\nlast-event-id: 7\r\nContent-Length: 0\r\n\r\n";
    let analysed = analysed(&[(0, first), (3000, other(same))]);
    assert_eq!(continued(&analysed), [None, Some(0)]);
}

#[test]
fn through_a_proxy_the_targets_are_absolute_and_the_same() {
    let through = |port, id| {
        let script = Script::new().port(port).handshake();
        streams(
            asks(script, "http://api.example/live", id),
            "id: 7\ndata: x\n\n",
        )
        .teardown()
    };
    let analysed = analysed(&[
        (0, through(1, None)),
        (3000, through(2, Some("7"))),
        // Past the proxy it is another hop.
        (6000, connection(3, Some("7"), "data: x\n\n")),
    ]);
    assert_eq!(continued(&analysed), [None, Some(0), None]);
}

#[test]
fn of_several_reconnection_times_the_last_is_in_force() {
    let body = "retry: 100\nid: 1\ndata: x\n\nretry: 5000\nretry: 1x\nid: 2\ndata: x\n\n";
    let analysed = analysed(&[
        (0, connection(1, None, body)),
        (5005, connection(2, Some("2"), "id: 3\ndata: y\n\n")),
    ]);
    assert_eq!(links(&analysed)[1], (1, Some((0, 5001, Some(5000), 1))));
}

#[test]
fn a_session_is_continued_once_and_only_after_its_end() {
    let open = Script::new().port(1).handshake();
    let open = asks(open, "/live", None).answer(SSE.as_bytes());
    let open = open.answer(&chunk("id: 7\ndata: x\n\n"));
    let analysed = analysed(&[
        (0, open),
        (1000, connection(2, None, "id: 7\ndata: x\n\n")),
        (2000, connection(3, Some("7"), "id: 8\ndata: y\n\n")),
        (3000, connection(4, Some("7"), "id: 8\ndata: y\n\n")),
    ]);
    assert_eq!(continued(&analysed), [None, None, Some(1), None]);
}

#[test]
fn of_two_windows_with_the_same_id_the_one_comes_back_whose_time_is_over() {
    let body = "retry: 1000\nid: 7\ndata: x\n\n";
    let analysed = analysed(&[
        (0, connection(1, None, body)),
        (300, connection(2, None, body)),
        (1005, connection(3, Some("7"), body)),
        (1305, connection(4, Some("7"), body)),
    ]);
    assert_eq!(continued(&analysed), [None, None, Some(0), Some(1)]);
}

#[test]
fn without_ids_event_source_is_known_by_the_time_that_it_waits() {
    let body = "retry: 1000\ndata: x\n\n";
    for (after, reconnects) in [(50, false), (890, false), (1010, true), (61_000, false)] {
        let analysed = analysed(&[
            (0, connection(1, None, body)),
            (after, connection(2, None, body)),
        ]);
        assert_eq!(
            continued(&analysed)[1].is_some(),
            reconnects,
            "after {after} ms"
        );
    }
}

#[test]
fn a_client_that_left_or_does_not_ask_as_event_source_does_has_not_come_back() {
    let left = Script::new().port(1).handshake();
    let left = asks(left, "/live", None).answer(SSE.as_bytes());
    let left = left.client(FIN | ACK, b"").server(FIN | ACK, b"");
    let analysed_left = analysed(&[(0, left), (3000, connection(2, None, "data: x\n\n"))]);
    assert_eq!(continued(&analysed_left), [None, None]);
    let end = analysed_left.sessions()[0].end;
    assert_eq!(end.by, Some(Direction::ToServer));

    let fetch = |port| {
        let script = Script::new().port(port).handshake();
        let script = script.client(PSH | ACK, b"GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
        streams(script, "data: x\n\n").teardown()
    };
    let analysed = analysed(&[(0, fetch(1)), (3000, fetch(2))]);
    assert_eq!(continued(&analysed), [None, None]);
}

#[test]
fn refused_connections_and_other_answers_are_attempts() {
    let refused = |port| {
        Script::new()
            .port(port)
            .client(SYN, b"")
            .server(RST | ACK, b"")
    };
    let answered = |port, answer: &[u8]| {
        let script = Script::new().port(port).handshake();
        asks(script, "/live", Some("7")).answer(answer)
    };
    let unanswered = Script::new().port(6).handshake();
    let unanswered = asks(unanswered, "/live", Some("7")).server(RST | ACK, b"");
    let analysed = analysed(&[
        (0, refused(1)),
        (100, connection(2, None, "id: 7\ndata: x\n\n")),
        (1000, refused(3)),
        (2000, refused(4)),
        (
            3000,
            answered(5, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        ),
        (4000, unanswered),
        (5000, connection(7, Some("7"), "id: 8\ndata: x\n\n")),
    ]);
    assert_eq!(links(&analysed)[1], (1, Some((0, 4896, None, 5))));
    assert!(findings(&analysed).is_empty());
}

#[test]
fn a_client_that_comes_back_and_is_told_204_stops() {
    let told = Script::new().port(2).handshake();
    let told = asks(told, "/live", Some("7")).answer(b"HTTP/1.1 204 No Content\r\n\r\n");
    let analysed = analysed(&[
        (0, connection(1, None, "id: 7\ndata: x\n\n")),
        (204, told.teardown()),
        (900, connection(3, Some("7"), "id: 8\ndata: x\n\n")),
    ]);
    assert_eq!(continued(&analysed), [None, None]);
    let [finding] = findings(&analysed)[..] else {
        panic!("one finding");
    };
    assert_eq!((finding.code, finding.session), ("stop-204", Some(0)));
    // Ten frames of the first connection and three of the handshake come before the request.
    assert_eq!(
        finding.frames.iter().map(|n| n.0).collect::<Vec<_>>(),
        [14, 15]
    );
    assert_eq!(
        finding.text,
        "the client came back after 200 ms with Last-Event-ID \"7\" and was told 204 (No. 15): no more reconnects"
    );
}

#[test]
fn ids_that_count_tell_what_was_missed_and_what_came_again() {
    let ids = |ids: &[&str]| -> String {
        ids.iter()
            .map(|id| format!("id: {id}\ndata: x\n\n"))
            .collect()
    };
    let resumed = |first: &[&str], second: &[&str]| {
        let last = first.last().expect("an ID");
        let analysed = analysed(&[
            (0, connection(1, None, &ids(first))),
            (500, connection(2, Some(last), &ids(second))),
        ]);
        let sessions = analysed.sessions();
        let later = sessions.iter().find(|session| session.opening.session == 1);
        let resumed = later.expect("the second session").resumed;
        (resumed.missed, resumed.repeated)
    };
    assert_eq!(resumed(&["5", "6"], &["7", "8"]), (Some(0), Some(0)));
    assert_eq!(resumed(&["5", "6"], &["11"]), (Some(4), Some(0)));
    assert_eq!(resumed(&["5", "6"], &["5", "6", "7"]), (Some(0), Some(2)));
    assert_eq!(resumed(&["a-1", "a-2"], &["a-2"]), (Some(0), Some(1)));
    // What does not count by one tells nothing of what is missing.
    assert_eq!(resumed(&["10", "20"], &["40"]), (None, None));
    assert_eq!(resumed(&["1"], &["5"]), (None, None));
    assert_eq!(resumed(&["b:1", "b:2"], &["c:0"]), (None, None));
    // But a stream that begins again is one.
    assert_eq!(resumed(&["x", "y", "z"], &["x", "y"]), (None, Some(2)));
    assert_eq!(resumed(&["x", "y"], &["y", "z"]), (None, Some(1)));
}

/// Connections of few clients to few targets with few IDs, so that many fit.
fn many() -> impl Strategy<Value = Vec<(i64, Script)>> {
    let id = || prop::sample::select(vec![None, Some("1"), Some("2")]);
    let one =
        (0i64..4000, id(), id(), 0..5, any::<bool>()).prop_map(|(at, asked, sets, kind, retry)| {
            let set = sets.map_or(String::new(), |id| format!("id: {id}\n"));
            let retry = if retry { "retry: 300\n" } else { "" };
            let body = format!("{retry}{set}data: x\n\n");
            (at, asked, body, kind)
        });
    prop::collection::vec(one, 2..9).prop_map(|all| {
        let script = |port: u16, asked, body: &str, kind| {
            let script = Script::new().port(port);
            match kind {
                0 => script.client(SYN, b"").server(RST | ACK, b""),
                1 => asks(script.handshake(), "/live", asked)
                    .answer(b"HTTP/1.1 204 No Content\r\n\r\n"),
                2 => asks(script.handshake(), "/live", asked)
                    .answer(SSE.as_bytes())
                    .answer(&chunk(body)),
                _ => connection(port, asked, body),
            }
        };
        all.iter()
            .zip(1..)
            .map(|((at, asked, body, kind), port)| (*at, script(port, *asked, body, *kind)))
            .collect()
    })
}

fn shown(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| format!("{record:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn links_go_backwards_once_and_are_the_same_whatever_the_jobs(conversations in many(), batch in 1usize..40, jobs in 2usize..4) {
        let frames = capture(&conversations);
        let whole = analyse(&frames, Connections::All);
        let continued = continued(&whole);
        for (session, earlier) in continued.iter().enumerate() {
            prop_assert!(earlier.is_none_or(|earlier| (earlier as usize) < session));
        }
        let mut earlier: Vec<u32> = continued.into_iter().flatten().collect();
        earlier.sort_unstable();
        let links = earlier.len();
        earlier.dedup();
        prop_assert_eq!(earlier.len(), links);
        for connections in [Connections::Sse, Connections::All] {
            let whole = analyse(&frames, connections.clone());
            let in_turn = analyse_with(&frames, connections, batch, jobs);
            prop_assert_eq!(shown(&whole.records), shown(&in_turn.records));
        }
    }

    #[test]
    fn a_longer_capture_changes_no_link(conversations in many(), at in 0.0f64..1.0) {
        let frames = capture(&conversations);
        for connections in [Connections::Sse, Connections::All] {
            let whole = shown(&analyse(&frames, connections.clone()).records);
            let n = (frames.len() as f64 * at) as usize;
            let part = analyse(&frames[..n], connections);
            let part = shown(&part.records[..part.before_the_end]);
            prop_assert_eq!(&part[..], &whole[..part.len()]);
        }
    }
}

#[test]
fn a_session_that_opens_in_the_frame_in_which_another_ends_is_told_alike_with_rows_and_without() {
    let last = [
        &chunk("id: 1\ndata: one\n\n")[..],
        b"0\r\n\r\n",
        SSE.as_bytes(),
    ]
    .concat();
    let request = b"GET /stream HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\n\r\n";
    let frames = Script::new()
        .handshake()
        .request("/stream")
        .answer(SSE.as_bytes())
        .client(PSH | ACK, request)
        .answer(&last)
        .answer(&chunk("id: 2\ndata: two\n\n"))
        .teardown()
        .frames();
    let told = |analysed: &Analysed| {
        let sessions = analysed.records.iter().filter_map(|record| match record {
            Record::SessionOpens(opens) => Some((true, opens.session, opens.reconnects)),
            Record::Session(ended) => {
                Some((false, ended.opening.session, ended.opening.reconnects))
            }
            _ => None,
        });
        sessions.map(|told| format!("{told:?}")).collect::<Vec<_>>()
    };
    let rows = told(&analyse(&frames, Connections::Sse));
    assert_eq!(rows.len(), 4);
    assert_eq!(told(&analyse_sessions(&frames, usize::MAX)), rows);
}
