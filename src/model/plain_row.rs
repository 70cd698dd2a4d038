//! Rows in the middle of a stream, as small as they can be: nearly all rows are such, and a batch has thousands.

use super::{At, Direction, Endpoint, Flags, FrameNo, Label, LabelSet, Nanos};
use std::num::NonZero;

/// A row in the middle of an open session of which there is little to tell: the frame acknowledges and brings nothing, or it acknowledges no
/// frame and brings one event, whole, in a chunk of its own or in a body that is not chunked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainRow {
    /// Number and time of the frame.
    pub at: At,
    /// Relative sequence number [tcp.seq].
    pub sequence: u32,
    /// Relative acknowledgment number [tcp.ack].
    pub acknowledgment: u32,
    /// Payload bytes [tcp.len].
    pub length: u32,
    /// Scaled window in bytes [tcp.window_size].
    pub window: u32,
    /// The number of the frame that it newly acknowledges [tcp.analysis.acks_frame].
    pub acknowledges: Option<NonZero<u64>>,
    /// The time since that frame [tcp.analysis.ack_rtt]; 0 is not shown, as in Wireshark.
    pub rtt: Nanos,
    /// The event that it brings.
    pub event: Option<PlainEvent>,
    /// Who sent it.
    pub direction: Direction,
    /// ACK, and perhaps PSH.
    pub flags: Flags,
}

/// An event that one frame brings, whole: its ID is the empty one, and it sets neither an ID nor a reconnection time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainEvent {
    /// From 1 within the session. Four billion must do.
    pub number: NonZero<u32>,
    /// The data chunk that holds it, from 1; `None` if the body is not chunked.
    pub chunk: Option<NonZero<u32>>,
    /// The time since the event before or, for the first, since the response head.
    pub gap: Nanos,
}

/// The text of a plain row's event.
#[derive(Clone, Copy, Debug)]
pub struct PlainText<'a> {
    /// Its type.
    pub event_type: &'a str,
    /// Its data, in UTF-8.
    pub data: &'a [u8],
    /// How much of the data the session's event before has too, in front and behind: both end where characters do.
    pub shared: (usize, usize),
}

/// The stream that plain rows belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The session's number.
    pub session: u32,
    /// tcp.stream.
    pub connection: u32,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
}

impl PlainText<'_> {
    /// That of a row without an event.
    pub const NONE: PlainText<'static> = PlainText {
        event_type: "message",
        data: b"",
        shared: (0, 0),
    };
}

impl PlainRow {
    /// The labels of all layers.
    pub fn labels(&self) -> LabelSet {
        const ACK: LabelSet = LabelSet::of(&[Label::Ack]);
        const EVENT: LabelSet = LabelSet::of(&[Label::Event]);
        const CHUNK: LabelSet = LabelSet::of(&[Label::Chunk, Label::Event]);
        let mut labels = match self.event {
            None => ACK,
            Some(event) if event.chunk.is_none() => EVENT,
            Some(_) => CHUNK,
        };
        if self.flags.has(Flags::PSH) {
            labels.insert(Label::Push);
        }
        labels
    }

    /// The frame that it newly acknowledges.
    pub fn acknowledged(&self) -> Option<FrameNo> {
        self.acknowledges.map(|frame| FrameNo(frame.get()))
    }
}

impl Stream {
    /// Who sent a row, and whom it goes to.
    pub fn ends(&self, direction: Direction) -> (Endpoint, Endpoint) {
        match direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        }
    }
}
