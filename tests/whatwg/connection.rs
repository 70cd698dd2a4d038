//! §9.2.1 to §9.2.4, as far as the wire shows it: what is read as a stream, when its client comes back, and with which header.

use super::common::{ACK, Analysed, PSH, SSE, Script, analyse, chunk};
use ssetrace::analyzer::Connections;
use ssetrace::model::{Finding, Record, SessionRecord};

/// A request as EventSource sends it, the answer, and both ends closed.
fn exchange(port: u16, last_event_id: Option<&str>, answer: &[u8]) -> Script {
    let id = last_event_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
    let head = format!("GET /live HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n{id}\r\n");
    let script = Script::new().port(port).handshake();
    let script = script.client(PSH | ACK, head.as_bytes()).answer(answer);
    script.teardown()
}

/// A whole stream of that body.
fn stream(body: &str) -> Vec<u8> {
    [SSE.as_bytes(), &chunk(body), b"0\r\n\r\n"].concat()
}

/// Exchanges that begin so many milliseconds after the capture.
fn analysed(exchanges: &[(i64, Script)]) -> Analysed {
    let mut frames = Vec::new();
    for (start, script) in exchanges {
        for (mut time, packet) in script.frames() {
            time.0 += start * 1_000_000;
            frames.push((time, packet));
        }
    }
    frames.sort_by_key(|frame| frame.0);
    analyse(&frames, Connections::All)
}

/// The session that the second one continues, with the reconnection time that was in force.
fn second_continues(analysed: &Analysed) -> Option<(u32, Option<u64>)> {
    let sessions = analysed.sessions();
    let second = |session: &&&SessionRecord| session.opening.session == 1;
    let opening = &sessions.iter().find(second)?.opening;
    opening
        .reconnects
        .map(|earlier| (earlier.session, earlier.retry))
}

fn findings(analysed: &Analysed) -> Vec<&Finding> {
    let records = analysed.records.iter();
    records
        .filter_map(|record| match record {
            Record::Finding(finding) => Some(&**finding),
            _ => None,
        })
        .collect()
}

#[test]
fn user_agents_may_set_accept_to_text_event_stream() {
    // It tells a client that comes back from one that only asks again.
    let asks = |accept: &str| {
        let head = format!("GET /live HTTP/1.1\r\nHost: h\r\n{accept}\r\n");
        let ask = |port| {
            let script = Script::new().port(port).handshake();
            let script = script.client(PSH | ACK, head.as_bytes());
            script.answer(&stream("data: x\n\n")).teardown()
        };
        second_continues(&analysed(&[(0, ask(1)), (3000, ask(2))]))
    };
    assert_eq!(asks("Accept: text/event-stream\r\n"), Some((0, None)));
    assert_eq!(asks("Accept: */*\r\n"), None);
}

#[test]
fn if_its_content_type_is_not_text_event_stream_fail_the_connection() {
    for other in ["Content-Type: text/plain\r\n", ""] {
        let head = format!("HTTP/1.1 200 OK\r\n{other}\r\ndata: x\n\n");
        let analysed = analysed(&[(0, exchange(1, None, head.as_bytes()))]);
        assert!(analysed.sessions().is_empty(), "{other:?}");
        assert!(analysed.events().is_empty());
    }
}

#[test]
fn otherwise_announce_the_connection_and_interpret_its_body_line_by_line() {
    let analysed = analysed(&[(0, exchange(1, None, &stream("data: a\n\ndata: b\n\n")))]);
    assert_eq!(analysed.sessions()[0].events, 2);
}

#[test]
fn at_the_end_of_the_body_reestablish_the_connection() {
    let analysed = analysed(&[
        (0, exchange(1, None, &stream("id: 1\ndata: a\n\n"))),
        (2000, exchange(2, Some("1"), &stream("id: 2\ndata: b\n\n"))),
    ]);
    assert_eq!(second_continues(&analysed), Some((0, None)));
}

#[test]
fn wait_a_delay_equal_to_the_reconnection_time_of_the_event_source() {
    let body = "retry: 1500\ndata: a\n\n";
    let after = |milliseconds| {
        let second = exchange(2, None, &stream("data: b\n\n"));
        second_continues(&analysed(&[
            (0, exchange(1, None, &stream(body))),
            (milliseconds, second),
        ]))
    };
    assert_eq!(after(1510), Some((0, Some(1500))));
    assert_eq!(after(700), None, "somebody else");
    assert_eq!(
        after(20_000),
        Some((0, Some(1500))),
        "optionally, wait some more"
    );
}

#[test]
fn if_the_last_event_id_string_is_not_the_empty_string_it_is_set_in_the_request() {
    let with = |first: &str, id| {
        let second = exchange(2, id, &stream("data: b\n\n"));
        second_continues(&analysed(&[
            (0, exchange(1, None, &stream(first))),
            (3000, second),
        ]))
    };
    assert!(with("id: 1\ndata: a\n\n", Some("1")).is_some());
    assert!(
        with("id: 1\ndata: a\n\n", None).is_none(),
        "it would be set"
    );
    assert!(
        with("id: 1\ndata: a\n\nid\ndata: a\n\n", None).is_some(),
        "it was reset"
    );
    assert!(
        with("id: 1\ndata: a\n\ndata: a\n\n", Some("1")).is_some(),
        "it remains"
    );
    assert!(
        with("id: 1\ndata: a\n\nid: 2\ndata: a", Some("1")).is_some(),
        "2 was discarded"
    );
    // "encoded as UTF-8"
    assert!(with("id: 日本…\ndata: a\n\n", Some("日本…")).is_some());
}

#[test]
fn the_last_event_id_header_reports_the_last_event_id_string_to_the_server() {
    let analysed = analysed(&[(0, exchange(1, Some("a 7"), &stream("data: b\n\n")))]);
    let request = analysed.sessions()[0].opening.exchange.request.clone();
    let request = request.expect("a request");
    assert_eq!(request.last_event_id.as_deref(), Some("a 7"));
    // Each response is interpreted by itself: what was asked for is not what the stream has set.
    assert_eq!(&*analysed.events()[0].last_event_id, "");
}

#[test]
fn a_client_can_be_told_to_stop_reconnecting_using_the_http_204_no_content_response_code() {
    let analysed = analysed(&[
        (0, exchange(1, None, &stream("id: 1\ndata: a\n\n"))),
        (
            2000,
            exchange(2, Some("1"), b"HTTP/1.1 204 No Content\r\n\r\n"),
        ),
    ]);
    let codes: Vec<_> = findings(&analysed)
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, ["stop-204"]);
    assert_eq!(analysed.sessions().len(), 1);
}

#[test]
fn event_stream_requests_can_be_redirected_using_http_301_and_307_redirects() {
    for status in ["301 Moved Permanently", "307 Temporary Redirect"] {
        let moved = format!("HTTP/1.1 {status}\r\nLocation: /live\r\nContent-Length: 0\r\n\r\n");
        let analysed = analysed(&[
            (0, exchange(1, None, &stream("id: 1\ndata: a\n\n"))),
            (2000, exchange(2, Some("1"), moved.as_bytes())),
            (2100, exchange(3, Some("1"), &stream("id: 2\ndata: b\n\n"))),
        ]);
        assert_eq!(second_continues(&analysed), Some((0, None)), "{status}");
    }
}
