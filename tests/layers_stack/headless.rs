//! Event streams whose head was not captured.

use crate::script::{CHUNKED, CLOSE, GET, Script, at, chunk};
use ssetrace::model::Ending;

#[test]
fn a_stream_under_way_in_chunks_opens_behind_its_first_blank_line() {
    let script = Script::new()
        .server(" the rest of an event\n\n\r\n")
        .server(chunk("event: x\ndata: a\n\n"))
        .server(chunk("data: b\n\n"))
        .server("0\r\n\r\n");
    assert_eq!(
        script.told(),
        [
            "2 S0 opens",
            "2 S0 event-stream",
            "2 S0 chunk 1, 18",
            "3 S0 chunk 2, 9",
            "3 S0 event 1 message \"b\" frames 3-3 chunks 2-2",
            "4 S0 terminating chunk",
            "4 S0 response end",
            "4 S0 ends terminating-chunk 4",
        ]
    );
    let opening = script.openings()[0];
    assert!(opening.request.is_none() && opening.response.is_none());
    // There is no head from which the first gap could be measured.
    assert_eq!(script.events()[0].gap, None);
    assert_eq!(script.endings()[0].chunks, Some(2));
}

#[test]
fn a_block_over_several_chunks_and_segments_tells_a_stream_too() {
    let script = Script::new()
        .server(chunk("data:"))
        .server(chunk("a"))
        .server(chunk("\n\n"))
        .server(chunk("data:"))
        .server(chunk("b\n\n"));
    assert_eq!(script.told()[0], "3 S0 opens");
    assert_eq!(script.data_of_events(), ["b"]);
}

#[test]
fn a_stream_under_way_without_chunks_opens_behind_a_block_of_a_later_delivery() {
    let script = Script::new()
        .server("data: a\n\n")
        .server("data: b\n\n")
        .server("data: c\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(
        script.told(),
        [
            "2 S0 opens",
            "2 S0 event-stream",
            "3 S0 body 9",
            "3 S0 event 1 message \"c\" frames 3-3",
            "4 S0 response end",
            "4 S0 ends fin 4",
        ]
    );
}

#[test]
fn chunks_out_of_sight_are_no_stream_without_chunks() {
    let long = chunk("data: a\n\ndata: b\n\n".repeat(10));
    let script = Script::new()
        .server(&long[40..])
        .server(chunk("data: c\n\n"))
        .server(chunk("data: d\n\n"));
    assert_eq!(script.told()[0], "2 S0 opens");
    assert_eq!(script.data_of_events(), ["d"]);
}

#[test]
fn a_stream_whose_head_fell_into_a_hole_belongs_to_the_request_that_waits() {
    let script = Script::new()
        .client(GET)
        .server_misses(200)
        .server(chunk("data: a\n\n"))
        .server(chunk("data: b\n\n"));
    let opening = script.openings()[0];
    assert_eq!(opening.request.as_ref().unwrap().target, "/events");
    assert_eq!(script.stack.unanswered(), None);
    assert_eq!(script.data_of_events(), ["b"]);
}

#[test]
fn the_next_response_ends_a_stream_under_way() {
    let script = Script::new()
        .server("data: a\n\n")
        .server("data: b\n\n")
        .server("data: c\n\n")
        .client(GET)
        .server(CHUNKED)
        .server(chunk("data: d\n\n"));
    assert_eq!(script.data_of_events(), ["c", "d"]);
    assert_eq!(script.endings()[0].end.at, Some(at(5)));
}

#[test]
fn what_is_no_stream_stays_unread() {
    let script = Script::new()
        .server("data: a\nother: b\n\n")
        .server("data: a\n\nand so on\n\n")
        .server(chunk("{\"data\": 1}\n\n"))
        .server("2a\r\nnot of that length\r\n")
        .server(b"\x05data\n\n");
    assert!(script.told().is_empty(), "{:?}", script.told());
}

#[test]
fn a_stream_that_was_read_from_its_head_is_not_told_anew() {
    let script = Script::stream(CLOSE)
        .server("data: a\n\n")
        .server_ends(Ending::Fin);
    assert_eq!(script.openings().len(), 1);
}
