//! What the bytes of one TCP connection say: a stack of layers, from the first byte to each event.
//!
//! Deliveries of both directions come in, in the order in which they were there; facts go out, each with the frame that it
//! belongs to. The layers keep no event and no body, never answer, have no clock, and know nothing of TCP but what a delivery tells.

mod coding;
mod http;
mod pieces;
mod probe;
mod proxy;
pub mod sse;
mod stack;

pub use sse::OnlyEvent;
pub use stack::Stack;

use crate::model::{Detail, OtherStream, limits};

/// What is numbered or listed over a whole connection.
#[derive(Debug)]
#[repr(C)]
struct Ledger {
    detail: Detail,
    sessions: u32,
    other_streams: Vec<OtherStream>,
    /// Bytes that their names hold.
    names: usize,
}

impl Ledger {
    fn new(detail: Detail) -> Ledger {
        Ledger {
            detail,
            sessions: 0,
            other_streams: Vec::new(),
            names: 0,
        }
    }

    /// Lists a stream of another form. Its place, if there is one.
    fn list(&mut self, stream: OtherStream) -> Option<usize> {
        let place = self.other_streams.len();
        if place >= limits::OTHER_STREAMS {
            return None;
        }
        self.names += stream.content_type.len();
        self.other_streams.push(stream);
        Some(place)
    }

    /// The number of a session that opens.
    fn next_session(&mut self) -> u32 {
        let number = self.sessions;
        self.sessions = self.sessions.saturating_add(1);
        number
    }

    /// Bytes of memory on the heap, with what a number of each session takes where they are numbered.
    fn memory(&self) -> usize {
        self.names
            + self.other_streams.capacity() * size_of::<OtherStream>()
            + self.sessions as usize * 16
    }

    /// A stream of another form has so many more pieces.
    fn count_pieces(&mut self, place: usize, pieces: u64) {
        if let Some(stream) = self.other_streams.get_mut(place) {
            stream.pieces += pieces;
        }
    }
}
