//! Sessions: their numbers and their ends.

use crate::script::{CHUNKED, CLOSE, GET, Script, at, chunk};
use ssetrace::model::{Direction, EndKind, Ending, Gaps};

const MS: i64 = 1_000_000;

#[test]
fn a_body_that_ends_with_the_connection_ends_on_the_fin() {
    let script = Script::stream(CLOSE)
        .server("data: a\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(
        script.told_from(4),
        ["4 S0 response end", "4 S0 ends fin 4"]
    );
}

#[test]
fn a_fin_inside_a_chunked_body_ends_it_as_fin() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server("9\r\ndata: ")
        .server_ends(Ending::Fin);
    assert_eq!(
        script.told_from(5),
        ["5 S0 response end", "5 S0 discarded 6", "5 S0 ends fin 5"]
    );
    let ending = script.endings()[0];
    assert_eq!((ending.chunks, ending.body_bytes), (Some(1), 15));
    assert_eq!(ending.incomplete_event, 6);
}

#[test]
fn a_reset_ends_a_session() {
    let script = Script::stream(CHUNKED).server_ends(Ending::Reset(Direction::ToClient));
    assert_eq!(
        script.told_from(3),
        ["3 S0 response end", "3 S0 ends rst 3"]
    );
}

#[test]
fn a_client_that_half_closes_ends_no_session() {
    let script = Script::stream(CHUNKED)
        .client_ends(Ending::Fin)
        .server(chunk("data: a\n\n"));
    assert_eq!(script.data_of_events(), ["a"]);
    assert!(script.stack.open_response());
    assert_eq!(script.stack.open_sessions().collect::<Vec<_>>(), [0]);
}

#[test]
fn at_the_end_of_the_capture_a_session_is_open_and_nothing_is_discarded() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a"))
        .client_ends(Ending::CaptureEnd)
        .server_ends(Ending::CaptureEnd);
    assert_eq!(script.told_from(4), ["5 S0 ends open -"]);
    assert_eq!(script.endings()[0].incomplete_event, 7);
}

#[test]
fn a_session_that_is_given_up_ends_by_timeout() {
    let script = Script::stream(CHUNKED).server_ends(Ending::Expired);
    assert_eq!(script.told_from(3), ["3 S0 ends timeout -"]);
    assert_eq!(script.endings()[0].end.kind, EndKind::Timeout);
}

#[test]
fn a_session_counts_events_comments_chunks_and_bytes() {
    let script = Script::stream(CHUNKED)
        .server(chunk(":hi\n\nid: 7\nretry: 50\ndata: é\n\n"))
        .server(chunk("retry: 60\n\n: again\n"))
        .server("0\r\n\r\n");
    let ending = script.endings()[0];
    assert_eq!((ending.events, ending.comments), (1, 2));
    assert_eq!(ending.chunks, Some(2));
    assert_eq!(ending.body_bytes, 31 + 19);
    assert_eq!(ending.data_bytes, 2);
    assert_eq!(ending.incomplete_event, 8);
    assert_eq!(ending.ids.as_ref().map(|ids| &*ids.last), Some("7"));
    assert_eq!(ending.retry, Some(60));
    assert_eq!(ending.request_end, Some(at(1)));
    assert_eq!(ending.first_event, Some(at(3)));
    assert_eq!(
        script.told_from(4),
        [
            "4 S0 chunk 2, 19",
            "4 S0 block event None id None retry Some(60)",
            "4 S0 comment",
            "5 S0 terminating chunk",
            "5 S0 response end",
            "5 S0 ends terminating-chunk 5",
        ]
    );
}

#[test]
fn segments_are_the_frames_that_carried_the_body_and_not_those_in_which_it_was_there() {
    // Frame 5 fills the hole before frames 3 and 4, and goes on behind them.
    let script = Script::stream(CLOSE)
        .server_late("data", 5, 5)
        .server_late(": on", 3, 5)
        .server_late("e\n", 4, 5)
        .server_late("\n", 5, 5)
        .server("data: two\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(script.endings()[0].segments, 4);
}

#[test]
fn the_gap_of_the_first_event_is_measured_from_the_head_and_does_not_count_among_the_gaps() {
    let script = Script::stream(CLOSE)
        .server("data: a\n\n")
        .server("data: b\n\n")
        .server(": c\n\n")
        .server("data: d\n\n")
        .server_ends(Ending::Fin);
    let gaps: Vec<_> = script.events().iter().map(|event| event.gap).collect();
    assert_eq!(gaps, [Some(MS), Some(MS), Some(2 * MS)]);
    assert_eq!(
        script.endings()[0].gaps,
        Some(Gaps {
            min: MS,
            p50: MS,
            p95: 2 * MS,
            max: 2 * MS
        })
    );
}

#[test]
fn below_two_events_there_are_no_gaps() {
    let script = Script::stream(CLOSE)
        .server("data: a\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(script.endings()[0].gaps, None);
}

#[test]
fn the_longest_silence_reaches_from_the_head_to_the_end() {
    let silent = |frame| {
        Script::stream(CLOSE)
            .server_late("data: a\n\n", 3, 3)
            .server_late("data: b\n\n", frame, frame)
            .server_ends(Ending::Fin)
    };
    assert_eq!(silent(9).endings()[0].longest_silence, Some(6 * MS));
    let end = Script::stream(CLOSE)
        .server_late("x", 9, 9)
        .server_ends(Ending::Fin);
    assert_eq!(end.endings()[0].longest_silence, Some(7 * MS));
}

#[test]
fn an_event_behind_a_hole_names_the_carrier_of_its_first_byte_and_the_frame_that_filled_the_hole() {
    // Frame 4 came out of order; frame 5 brings what was missing before it.
    let script = Script::stream(CHUNKED)
        .server("9\r\ndata: ")
        .server_late("a\n\n\r\n", 5, 5)
        .server_late(chunk("data: b\n\n"), 4, 5);
    assert_eq!(
        script.told_from(4),
        [
            "5 S0 chunk 1, 9",
            "5 S0 event 1 message \"a\" frames 3-5 chunks 1-1",
            "5 S0 chunk 2, 9",
            "5 S0 event 2 message \"b\" frames 4-5 chunks 2-2",
        ]
    );
}

#[test]
fn an_event_over_several_chunks_names_the_first_and_the_last() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data:"))
        .server(chunk("hello"))
        .server(chunk("\n\n"));
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 chunk 1, 5",
            "4 S0 chunk 2, 5",
            "5 S0 chunk 3, 2",
            "5 S0 event 1 message \"hello\" frames 3-5 chunks 1-3",
        ]
    );
}

#[test]
fn pending_says_whether_an_event_is_unfinished() {
    let pending = |body: &str| Script::stream(CLOSE).server(body).stack.pending();
    for body in [
        "d",
        "data: a",
        "data: a\n",
        "data: a\n\nid: 1\n",
        ":c\nx\n:d\n",
    ] {
        assert!(pending(body), "{body:?}");
    }
    for body in ["\n", ":c\n", ":c", "data: a\n\n", "data: a\n\n:c\n"] {
        assert!(!pending(body), "{body:?}");
    }
    assert!(
        !Script::stream("HTTP/1.1 200 OK\r\n\r\n")
            .server("data: a")
            .stack
            .pending()
    );
}

#[test]
fn several_sessions_on_one_connection_are_numbered_in_order_and_each_starts_with_an_empty_id() {
    let script = Script::stream(CHUNKED)
        .server(chunk("id: 1\ndata: a\n\n"))
        .server("0\r\n\r\n")
        .client(GET)
        .server([CHUNKED.as_bytes(), &chunk("data: b\n\n")].concat());
    let ids: Vec<_> = script
        .events()
        .iter()
        .map(|event| &*event.last_event_id)
        .collect();
    assert_eq!(ids, ["1", ""]);
    let numbers: Vec<_> = script.events().iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 1]);
    assert_eq!(script.stack.open_sessions().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_line_beyond_the_cap_is_given_up_and_events_resume_at_the_next_blank_line() {
    let megabyte = "x".repeat(1 << 20);
    let script = (0..20).fold(Script::stream(CLOSE).server("data: "), |script, _| {
        script.server(&megabyte)
    });
    assert!(script.stack.pending());
    let script = script.server("\ndata: still in the block\n\ndata: b\n\n");
    assert_eq!(script.data_of_events(), ["b"]);
    assert!(script.told().iter().any(|line| line.contains("oversize")));
}

#[test]
fn data_beyond_the_cap_is_given_up_and_events_resume_at_the_next_blank_line() {
    let line = format!("data: {}\n", "x".repeat(1 << 20));
    let script = (0..70).fold(Script::stream(CLOSE), |script, _| script.server(&line));
    let script = script.server("\ndata: b\n\n");
    assert_eq!(script.data_of_events(), ["b"]);
    let oversize = script
        .told()
        .iter()
        .filter(|line| line.contains("oversize"))
        .count();
    assert_eq!(oversize, 1);
}

#[test]
fn who_ends_a_stream_is_told_by_who_closed_first_while_it_was_open() {
    let open = || Script::stream(CHUNKED).server(chunk("data: a\n\n"));
    let by = |script: Script| script.endings()[0].end.by;
    let (client, server) = (Some(Direction::ToServer), Some(Direction::ToClient));
    assert_eq!(by(open().server("0\r\n\r\n")), server);
    assert_eq!(by(open().server_ends(Ending::Fin)), server);
    let leaves = open().client_ends(Ending::Fin);
    assert_eq!(by(leaves.server_ends(Ending::Fin)), client);
    let aborts = Ending::Reset(Direction::ToServer);
    assert_eq!(by(open().server_ends(aborts)), client);
    assert_eq!(
        by(open().server_ends(Ending::Reset(Direction::ToClient))),
        server
    );
    // A client that closes its side behind its request reads on.
    let half = Script::new().client(GET).client_ends(Ending::Fin);
    assert_eq!(by(half.server(CLOSE).server_ends(Ending::Fin)), server);
    assert_eq!(by(open().server_ends(Ending::CaptureEnd)), None);
}

#[test]
fn heartbeats_are_measured_from_comment_to_comment_of_different_frames() {
    let script = Script::stream(CHUNKED)
        .server(chunk(":a\n:b\n\n"))
        .server(chunk("data: x\n\n"))
        .server(chunk(":c\n\n"))
        .server(chunk(":d\n\n"))
        .server("0\r\n\r\n");
    let ending = script.endings()[0];
    assert_eq!(
        ending.heartbeats,
        Some(Gaps {
            min: MS,
            p50: MS,
            p95: 2 * MS,
            max: 2 * MS
        })
    );
    assert_eq!((ending.comments, ending.segments), (4, 4));
    // The head, four chunks with their size lines and line ends, and the terminating chunk.
    let chunks = 7 + 9 + 4 + 4 + 4 * 5;
    assert_eq!(ending.wire_bytes, CHUNKED.len() as u64 + chunks + 5);
}
