//! What a row says of fields that are there and say nothing.

mod common;

use common::{Script, analyse};
use ssetrace::analyzer::Connections;

/// The words of the row with the answer, frame 5.
fn words(answer: &str) -> String {
    let script = Script::new().handshake().request("/events");
    let script = script.answer(answer.as_bytes());
    let analysed = analyse(&script.frames(), Connections::All);
    analysed.rows()[4].annotation.text.clone()
}

#[test]
fn an_empty_content_encoding_is_no_coding() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: \r\n\r\ndata: a\n\n";
    assert_eq!(
        words(head),
        "200 text/event-stream: the stream opens · event 1 message \"a\""
    );
}

#[test]
fn protocols_are_switched_also_where_the_new_one_is_not_named() {
    assert_eq!(
        words("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        "101 Switching Protocols · from here on another protocol"
    );
}
