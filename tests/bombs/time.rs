//! What one frame may cost in time: no more than its length, whatever it is full of.

use super::common::{ACK, PSH, Script, analyse};
use ssetrace::analyzer::Connections;
use std::time::{Duration, Instant};

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// As large as a packet may be.
const FRAME: usize = 64_000;

#[test]
fn a_frame_full_of_anything_is_told_in_time() {
    let full_of = [
        (STREAM, ":\n"),
        (STREAM, "id:1\n\n"),
        (STREAM, "data\n\n"),
        (CHUNKED, "1\r\n\n\r\n"),
        (CHUNKED, "2\r\n:\n\r\n"),
        (CHUNKED, "6\r\ndata\n\n\r\n"),
        ("", "HTTP/1.1 204 No\r\n\r\n"),
        ("", "HTTP/1.1 100 Go\r\n\r\n"),
        (
            "",
            "HTTP/1.1 200 OK\r\nContent-Type:text/event-stream\r\nContent-Length:6\r\n\r\ndata\n\n",
        ),
    ];
    for (head, unit) in full_of {
        let frame = unit.repeat(FRAME / unit.len());
        let script = Script::new()
            .handshake()
            .request("/events")
            .answer(head.as_bytes());
        let script = (0..4).fold(script, |script, _| {
            script.server(PSH | ACK, frame.as_bytes())
        });
        let started = Instant::now();
        let analysed = analyse(&script.frames(), Connections::All);
        let took = started.elapsed();
        assert!(analysed.rows().len() > 4);
        // With a square of its length in it each takes a minute and more.
        assert!(took < Duration::from_secs(10), "{unit:?}: {took:?}");
    }
}

#[test]
fn a_head_that_a_frame_breaks_off_holds_up_none_of_the_sessions_before_it() {
    let unit = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n";
    let stream = unit.repeat(20);
    // Each segment ends within a head.
    let script = Script::new()
        .handshake()
        .answer_cut(stream.as_bytes(), &[unit.len() + 9; 18]);
    let frames = script.frames();
    for connections in [Connections::Sse, Connections::All] {
        let part = analyse(&frames[..frames.len() - 4], connections);
        let ended = part.records[..part.before_the_end].iter();
        let ended = ended
            .filter(|record| matches!(record, ssetrace::model::Record::Session(_)))
            .count();
        assert!(ended > 12, "{ended}");
    }
}
