//! What the assembler of one direction hands up: bytes with their span, a gap, the end.

use super::{At, Direction, FrameNo, Span};

/// One delivery of one direction, in stream order. The borrowed bytes are gone when the call returns.
#[derive(Clone, Copy, Debug)]
pub enum Delivery<'a> {
    /// The next bytes.
    Data {
        /// The bytes, never empty.
        bytes: &'a [u8],
        /// The frame that carried them, and the one in which they were there.
        span: Span,
    },
    /// Bytes that the capture missed: declared once the peer has acknowledged past them, the snaplen cut them, or a bound was reached.
    Gap {
        /// How many bytes are missing; 0 where the number cannot be known.
        bytes: u64,
        /// `first`: the frame that carried the last byte before the gap; `there`: the frame on which the gap was declared.
        span: Span,
        /// The frame that carried the last byte before the gap, and the one that carried the first byte, or the FIN, behind it. One
        /// and the same where the snaplen cut a frame.
        between: (FrameNo, FrameNo),
    },
    /// Nothing more comes in this direction.
    End {
        /// The frame that ended it (for the end of the capture, its last frame).
        at: At,
        /// How.
        ending: Ending,
    },
}

/// How a direction of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// FIN, with all bytes before it delivered.
    Fin,
    /// RST, sent in that direction.
    Reset(Direction),
    /// State was given up: an idle limit, a cap, or a new connection took the 4-tuple.
    Expired,
    /// The capture ended while the connection was open.
    CaptureEnd,
}
