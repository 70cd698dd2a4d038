//! What the rows and the session say of holes: who waited for what, and what the capture does not have.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{ACK, Analysed, FIN, PSH, Piece, RST, SSE, Script, analyse, analyse_sessions, chunk};
use ssetrace::analyzer::Connections;
use ssetrace::model::{EndKind, FrameNo, Missing};

/// A conversation of which the capture may miss segments.
struct Talk(Script);

impl Talk {
    /// Frames 1 to 6: handshake, request, the response's head and its ACK.
    fn streaming() -> Talk {
        let script = Script::new().handshake().request("/events");
        Talk(script.answer(SSE.as_bytes()))
    }

    fn then(mut self, more: impl Fn(Script) -> Script) -> Talk {
        self.0 = more(self.0);
        self
    }

    fn server(self, payload: &[u8]) -> Talk {
        self.then(|script| script.server(PSH | ACK, payload))
    }

    /// The server's segment is lost before the capture; given back so that it may come again.
    fn lose(self, flags: u8, payload: &[u8]) -> (Talk, Piece) {
        let mut talk = self.then(|script| script.server(flags, payload));
        let lost = talk.0.pieces.pop().unwrap();
        (talk, lost)
    }

    fn again(mut self, piece: Piece) -> Talk {
        self.0.pieces.push(piece);
        self
    }

    /// The client acknowledges everything.
    fn ack(self) -> Talk {
        self.then(|script| script.client(ACK, b""))
    }

    fn analyse(&self) -> Analysed {
        analyse(&self.0.frames(), Connections::Sse)
    }

    fn words(&self, frame: usize) -> String {
        self.analyse().rows()[frame - 1].annotation.text.clone()
    }

    /// What the session misses, the same whatever is asked for.
    fn missing(&self) -> Missing {
        let sessions = analyse_sessions(&self.0.frames(), usize::MAX);
        let analysed = self.analyse();
        let missing = &analysed.sessions()[0].missing;
        assert_eq!(&sessions.sessions()[0].missing, missing);
        *missing.clone().unwrap()
    }
}

fn between(before: u64, behind: u64) -> Vec<(FrameNo, FrameNo)> {
    vec![(FrameNo(before), FrameNo(behind))]
}

#[test]
fn an_event_whose_beginning_fills_the_hole_says_who_waited() {
    // The event's first byte comes last.
    let event = chunk("data: one\n\n");
    let (talk, lost) = Talk::streaming()
        .server(&event[..1])
        .lose(PSH | ACK, &event[1..5]);
    let talk = talk.server(&event[5..]).again(lost);
    let words = talk.words(9);
    assert!(
        words.contains("fills the hole, No. 8 waited 1.0 ms · event 1"),
        "{words}"
    );
}

#[test]
fn an_event_that_waited_names_its_frames_and_its_time_once() {
    let (talk, lost) = Talk::streaming().lose(PSH | ACK, &chunk("data: one\n\n"));
    let talk = talk.server(&chunk("data: two\n\n")).again(lost);
    let words = talk.words(8);
    assert!(
        words.contains("fills the hole · events 1–2 (chunks 1–2, No. 7–8, 1.0 ms)"),
        "{words}"
    );
}

#[test]
fn a_fin_behind_a_hole_waits_for_what_fills_it() {
    let end = [chunk("data: one\n\n"), b"0\r\n\r\n".to_vec()].concat();
    let (talk, lost) = Talk::streaming().lose(PSH | ACK, &end);
    let talk = talk
        .then(|script| script.server(FIN | ACK, b""))
        .again(lost);
    let words = talk.words(7);
    assert!(
        words.starts_with("behind a hole of 21 bytes · teardown 1: server closes"),
        "{words}"
    );
    let words = talk.words(8);
    assert!(
        words.contains("fills the hole, No. 7 waited 1.0 ms · "),
        "{words}"
    );
}

#[test]
fn what_is_missing_at_the_end_of_the_capture_is_told_of_the_session() {
    let (talk, _) = Talk::streaming()
        .server(&chunk("data: one\n\n"))
        .lose(PSH | ACK, b"lost");
    let talk = talk.server(&chunk("data: two\n\n"));
    let missing = talk.missing();
    assert_eq!(
        (missing.bytes, missing.holes, missing.between),
        (Some(4), 1, between(7, 8))
    );
    let analysed = talk.analyse();
    assert_eq!(analysed.sessions()[0].end.kind, EndKind::Open);
    assert_eq!(analysed.sessions()[0].events, 1);
}

#[test]
fn an_unfinished_event_before_the_last_hole_stays_unfinished() {
    let (talk, _) = Talk::streaming()
        .server(b"20\r\ndata: one\n")
        .lose(PSH | ACK, b"lost");
    let talk = talk.server(b"more");
    assert_eq!(talk.missing().bytes, Some(4));
    assert_eq!(talk.analyse().sessions()[0].incomplete_event, 10);
}

#[test]
fn of_what_was_acknowledged_and_never_captured_nobody_knows_how_much_was_a_fin() {
    let (talk, _) = Talk::streaming()
        .server(&chunk("data: one\n\n"))
        .lose(FIN | ACK, b"lost");
    let missing = talk.ack().missing();
    assert_eq!(
        (missing.bytes, missing.holes, missing.between),
        (None, 1, between(7, 8))
    );
}

#[test]
fn a_reset_behind_bytes_that_were_acknowledged_and_not_captured_cuts_nothing_off_for_sure() {
    let (talk, _) = Talk::streaming()
        .server(&chunk("data: one\n\n"))
        .lose(PSH | ACK, b"0\r\n\r\n");
    let talk = talk.ack().then(|script| script.client(RST | ACK, b""));
    let missing = talk.missing();
    assert_eq!(
        (missing.bytes, missing.holes, missing.between),
        (None, 1, between(7, 9))
    );
    let words = talk.words(9);
    assert!(
        words.contains("bytes missing between No. 7 and No. 9"),
        "{words}"
    );
    assert!(!words.contains("no terminating chunk"), "{words}");
}

/// The frames of which the row tells that they conflict with an earlier one.
fn conflicting(script: &Script, connections: Connections) -> Vec<u64> {
    let analysed = analyse(&script.frames(), connections);
    let rows = analysed.rows();
    let conflicting = rows.iter().filter(|row| row.tcp.conflict.is_some());
    conflicting.map(|row| row.tcp.at.frame.0).collect()
}

/// The script with a copy of its latest segment, whose last byte is another one.
fn with_other_copy(mut script: Script) -> Script {
    let mut copy = script.pieces.last().unwrap().clone();
    *copy.payload.last_mut().unwrap() ^= 1;
    script.pieces.push(copy);
    script
}

#[test]
fn copies_are_compared_from_the_request_on_that_turns_out_to_ask_for_a_stream() {
    let script = with_other_copy(Script::new().handshake().request("/events"));
    let script = with_other_copy(script.server(PSH | ACK, SSE.as_bytes()));
    let script = with_other_copy(script.server(PSH | ACK, &chunk("data: one\n\n")));
    assert_eq!(conflicting(&script, Connections::Sse), [5, 7, 9]);
}

#[test]
fn an_answer_that_is_no_stream_is_compared_where_its_rows_are_shown() {
    let json = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let script = Script::new().handshake().request("/rooms");
    let script = with_other_copy(script.server(PSH | ACK, json));
    let script = script.client(ACK, b"").request("/events");
    let script = with_other_copy(script.server(PSH | ACK, SSE.as_bytes()));
    assert_eq!(conflicting(&script, Connections::All), [6, 10]);
    assert_eq!(conflicting(&script, Connections::Sse), [10]);
}
