//! Bytes that the capture missed.

use crate::script::{CHUNKED, CLOSE, GET, Script, at, chunk};
use ssetrace::model::Ending;

#[test]
fn a_hole_inside_a_chunk_is_stepped_over_and_events_resume_at_the_next_blank_line() {
    let script = Script::stream(CHUNKED)
        .server("20\r\ndata: a\n\nda")
        .server_misses(10)
        .server("\n\ndata: c\n\n\r\n")
        .server(chunk("data: d\n\n"));
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 event 1 message \"a\" frames 3-3 chunks 1-1",
            "3 S0 chunk 1, 11 of 32",
            "4 S0 gap 10: events resume at the next blank line",
            "5 S0 chunk 1, 32",
            "5 S0 event 2 message \"c\" frames 5-5 chunks 1-1",
            "6 S0 chunk 2, 9",
            "6 S0 event 3 message \"d\" frames 6-6 chunks 2-2",
        ]
    );
}

#[test]
fn a_hole_up_to_the_end_of_a_chunk_leads_to_the_next_chunk_header() {
    // Frames that the snaplen cut: of each chunk the beginning is there, the rest with its CR LF is not.
    let script = Script::stream(CHUNKED)
        .server("c\r\ndata: 4567")
        .server_misses(4)
        .server("c\r\ndata: ")
        .server_misses(8)
        .server("c\r\ndata: 4567\n\n")
        .server_misses(1)
        .server("\n")
        .server(chunk("data: d\n\n"));
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 chunk 1, 10 of 12",
            "4 S0 gap 4: events resume at the next blank line",
            "5 S0 chunk 2, 6 of 12",
            "6 S0 gap 8: events resume at the next blank line",
            "7 S0 chunk 3, 12",
            "8 S0 gap 1: only chunk framing, no data",
            "10 S0 chunk 4, 9",
            "10 S0 event 1 message \"d\" frames 10-10 chunks 4-4",
        ]
    );
    let ended = script.server("0\r\n\r\n");
    let ending = ended.endings()[0];
    assert_eq!((ending.chunks, ending.body_bytes), (Some(4), 3 * 12 + 9));
}

#[test]
fn behind_a_hole_over_chunk_borders_the_next_chunk_header_is_found() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server_misses(27)
        .server(chunk("data: lost\n\n"))
        .server(chunk("data: d\n\n"))
        .server("0\r\n\r\n");
    assert_eq!(
        script.told_from(4),
        [
            "4 S0 gap 27: chunks resume at the next chunk header, events at the next blank line",
            "5 S0 chunk 2, 12",
            "6 S0 chunk 3, 9",
            "6 S0 event 2 message \"d\" frames 6-6 chunks 3-3",
            "7 S0 terminating chunk",
            "7 S0 response end",
            "7 S0 ends terminating-chunk 7",
        ]
    );
}

#[test]
fn a_chunk_header_is_found_behind_the_rest_of_a_chunk_and_not_in_its_data() {
    let script = Script::stream(CHUNKED)
        .server("ff\r\ndata: x\n")
        .server_misses(300)
        .server(
            [
                b"10\r\ndata: of the lost chunk\n\n\r\n".as_slice(),
                &chunk("\n\ndata: d\n\n"),
            ]
            .concat(),
        );
    assert_eq!(script.data_of_events(), ["d"]);
}

#[test]
fn a_chunk_behind_a_hole_that_cannot_be_proven_yet_is_not_read_but_the_next_one_is() {
    // What follows the hole ends in "da" CR LF, which is no chunk of 218 bytes.
    let script = Script::stream(CHUNKED)
        .server("ff\r\ndata: x\n")
        .server_misses(0)
        .server("da\r\n")
        .server([chunk("ta: y\n\ndata: b\n\n"), chunk("data: c\n\n")].concat())
        .server(chunk("data: d\n\n"));
    assert_eq!(script.data_of_events(), Vec::<&str>::new());
    let script = Script::stream(CHUNKED)
        .server_misses(5)
        .server("14\r\ndata: a\n")
        .server("\ndata: b\n\n\r\n")
        .server(chunk("\n\ndata: d\n\n"));
    assert_eq!(script.data_of_events(), ["d"]);
}

#[test]
fn the_end_of_a_chunks_data_that_looks_like_a_chunk_header_gives_way_to_the_header_behind_it() {
    // A line is cut behind its "da"; 0xda bytes on there is, by chance, the end of a later chunk.
    let cut = [
        chunk("ta: b\n\ndata: c\ndata: "),
        chunk("d\n\n"),
        chunk(":".repeat(178) + "\n"),
    ]
    .concat();
    assert_eq!(cut.len(), 0xda + "\r\n".len());
    let script = Script::stream(CHUNKED)
        .server("ff\r\ndata: x\n")
        .server_misses(0)
        .server([b"\n\nda\r\n".as_slice(), &cut, &chunk("data: e\n\n")].concat());
    assert_eq!(script.data_of_events(), ["c\nd", "e"]);
}

#[test]
fn a_hole_of_unknown_size_in_a_chunk_is_a_hole_over_its_border() {
    let script = Script::stream(CHUNKED)
        .server("20\r\ndata: a\n\nda")
        .server_misses(0)
        .server(chunk("\n\ndata: d\n\n"));
    assert_eq!(script.data_of_events(), ["a", "d"]);
}

#[test]
fn a_known_length_steps_over_a_hole() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 40\r\n\r\n";
    let script = Script::stream(head)
        .server("data: a\n\n")
        .server_misses(20)
        .server("\n\ndata: b\n\n");
    assert_eq!(script.data_of_events(), ["a", "b"]);
    let ending = script.endings()[0];
    assert_eq!((ending.end.at, ending.body_bytes), (Some(at(5)), 40));
    let script = Script::stream(head).server("data: a\n\n").server_misses(31);
    assert_eq!(
        script.told_from(4),
        [
            "4 S0 gap 31: events resume at the next blank line",
            "4 S0 response end",
            "4 S0 ends content-length 4",
        ]
    );
}

#[test]
fn a_body_that_ends_with_the_connection_goes_on_behind_a_hole() {
    let script = Script::stream(CLOSE)
        .server("data: a\n\ndata: b")
        .server_misses(0)
        .server("tail\n\ndata: c\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(script.data_of_events(), ["a", "c"]);
    assert_eq!(script.endings()[0].incomplete_event, 0);
}

#[test]
fn nothing_is_pending_behind_a_hole_until_a_blank_line_was_seen() {
    let script = Script::stream(CLOSE).server("data: a").server_misses(3);
    assert!(!script.stack.pending());
    let script = script.server("rest\ndata: b\n");
    assert!(!script.stack.pending());
    assert!(script.server("\ndata: c").stack.pending());
}

#[test]
fn an_event_whose_end_is_beside_a_hole_is_not_made_of_halves() {
    let script = Script::stream(CLOSE)
        .server("data: a\n")
        .server_misses(8)
        .server("\ndata: b\n\ndata: c\n\n");
    assert_eq!(script.data_of_events(), ["c"]);
}

#[test]
fn a_head_with_a_hole_is_skipped_and_the_next_one_read() {
    let script = Script::new()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Ty")
        .server_misses(30)
        .server("rest of a body")
        .client(GET)
        .server(CHUNKED);
    assert_eq!(
        script.told_from(3),
        [
            "3 gap 30: reading resumes at the next response",
            "5 request begins",
            "5 request GET /events",
            "6 response begins",
            "6 response 200 chunked",
            "6 S0 opens",
            "6 S0 event-stream",
        ]
    );
    // The first request was answered in the hole: the second one is what is answered here.
    assert_eq!(
        script.openings()[0].request.as_ref().unwrap().span.there,
        at(5)
    );
    assert_eq!(script.stack.unanswered(), None);
}

#[test]
fn a_request_head_with_a_hole_tells_what_there_is_of_it() {
    let script = Script::new()
        .client("GET /cut HTTP/1.1\r\nHost: a\r\nUser-Ag")
        .client_misses(50)
        .server(CHUNKED);
    let request = script.openings()[0].request.clone().unwrap();
    assert_eq!(
        (request.target.as_str(), request.authority.as_deref()),
        ("/cut", Some("a"))
    );
    assert_eq!(
        script.told()[1],
        "2 gap 50: reading resumes at the next request"
    );
}

#[test]
fn a_next_head_shows_that_the_response_before_it_ended_in_the_hole() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server_misses(40)
        .client(GET)
        .server(CHUNKED);
    assert_eq!(
        script.told_from(6),
        [
            "6 S0 response end",
            "6 S0 ends terminating-chunk 6",
            "6 response begins",
            "6 response 200 chunked",
            "6 S1 opens",
            "6 S1 event-stream",
        ]
    );
}

#[test]
fn a_coded_stream_goes_blind_behind_a_hole_and_its_framing_goes_on() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n";
    let script = Script::stream(head)
        .server("10\r\n\x78\x01")
        .server_misses(4)
        .server("0123456789\r\n")
        .server("0\r\n\r\n")
        .client(GET)
        .server(CHUNKED)
        .server(chunk("data: a\n\n"));
    let told = script.told();
    assert!(told.contains(&"4 S0 gap 4: the content coding cannot be decoded any further: no more events of this stream".into()));
    assert!(told.contains(&"5 S0 chunk 1, 16".into()));
    assert!(told.contains(&"6 S0 ends terminating-chunk 6".into()));
    assert_eq!(script.data_of_events(), ["a"]);
}

#[test]
fn a_hole_before_anything_is_known_says_nothing() {
    let script = Script::new().client_misses(5).server_misses(5).server("x");
    assert!(script.said.is_empty());
    let script = script
        .client(GET)
        .server(CHUNKED)
        .server(chunk("data: a\n\n"));
    assert_eq!(script.data_of_events(), ["a"]);
}

#[test]
fn a_session_tells_what_was_missing_and_between_which_frames() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server_misses(27)
        .server(chunk("data: c\n\n"))
        .server_misses(5)
        .server_ends(Ending::Fin);
    let ending = script.endings()[0];
    let missing = ending.missing.as_deref().unwrap();
    assert_eq!((missing.bytes, missing.holes), (Some(32), 2));
    let frames = [(3, 4), (5, 6)].map(|(a, b)| (at(a).frame, at(b).frame));
    assert_eq!(missing.between, frames);
    assert!(ending.lost, "the terminating chunk may be in the last hole");
}

#[test]
fn behind_a_hole_of_unknown_size_nobody_knows_how_many_bytes_are_missing() {
    let script = Script::stream(CLOSE)
        .server_misses(0)
        .server_misses(9)
        .server_ends(Ending::Fin);
    let ending = script.endings()[0];
    let missing = ending.missing.as_deref().unwrap();
    assert_eq!((missing.bytes, missing.holes), (None, 2));
    assert!(!ending.lost, "a FIN ends such a body");
}

#[test]
fn a_hole_that_goes_on_behind_a_known_length_ends_the_body_and_hides_the_next_head() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 40\r\n\r\n";
    let script = Script::stream(head)
        .server("data: a\n\n")
        .server_misses(31 + 120)
        .server(chunk("data: b\n\n"))
        .server(chunk("data: c\n\n"));
    assert_eq!(
        script.told_from(4)[..3],
        [
            "4 S0 gap 151: the body ends in it; reading resumes at the next response",
            "4 S0 response end",
            "4 S0 ends content-length 4",
        ]
    );
    let ending = script.endings()[0];
    assert_eq!(ending.body_bytes, 40);
    assert_eq!(ending.missing.as_ref().unwrap().bytes, Some(31));
    // The chunks are the next response's, whose head nobody saw, and no data of the first.
    assert_eq!(script.data_of_events(), ["a", "c"]);
    assert_eq!(script.openings().len(), 2);
}

#[test]
fn a_response_after_a_hole_in_both_directions_answers_no_request_from_before_it() {
    let head = GET.replace("GET", "HEAD");
    let script = Script::new()
        .client(head)
        .server_misses(90)
        .client_misses(70)
        .server(CHUNKED)
        .server(chunk("data: a\n\n"));
    assert_eq!(script.data_of_events(), ["a"]);
    assert!(script.openings()[0].request.is_none());
    // A request that was captured behind the hole is the one that is answered.
    let script = Script::new()
        .client(GET.replace("GET", "POST"))
        .server_misses(90)
        .client_misses(70)
        .client(GET)
        .server(CHUNKED);
    let request = script.openings()[0].request.as_ref().unwrap();
    assert_eq!(request.method, "GET");
}
