//! What TCP itself says of one frame. A small `Copy` value: millions are made.

use super::{At, Direction, Flags, FrameNo, LabelSet, Nanos};
use serde::{Deserialize, Serialize};

/// The options of a SYN that a reader of the handshake wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynOptions {
    /// Maximum segment size offered, bytes.
    pub mss: Option<u16>,
    /// The factor 2^shift by which windows will be multiplied, if offered.
    pub window_factor: Option<u32>,
    /// Whether selective acknowledgments were offered.
    pub sack: bool,
}

/// What a retransmission sends again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// The first frame that carried these bytes.
    pub frame: FrameNo,
    /// The time since it.
    pub after: Nanos,
    /// Whether the receiver had asked for them: duplicate ACKs say that they were lost.
    pub asked: bool,
}

/// An overlap with other content: bytes of a frame that came before with other values [tcp.segment.overlap.conflict].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// How many of its bytes differ.
    pub bytes: u32,
    /// The frame that carried the first copy, which counts, of the first of them.
    pub first: FrameNo,
}

impl Conflict {
    /// What there is of two, `behind` that of later bytes.
    pub fn of_both(front: Option<Conflict>, behind: Option<Conflict>) -> Option<Conflict> {
        let (Some(front), Some(behind)) = (front, behind) else {
            return front.or(behind);
        };
        Some(Conflict {
            bytes: front.bytes.saturating_add(behind.bytes),
            first: front.first,
        })
    }
}

/// The TCP facts of one frame. Names in brackets are Wireshark's fields.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TcpFacts {
    /// Number and time of the frame.
    pub at: At,
    /// Who sent it.
    pub direction: Direction,
    /// Control bits [tcp.flags].
    pub flags: Flags,
    /// Relative sequence number [tcp.seq].
    pub sequence: u32,
    /// Relative acknowledgment number [tcp.ack]; `None` without ACK.
    pub acknowledgment: Option<u32>,
    /// Payload bytes on the wire [tcp.len].
    pub length: u32,
    /// Payload bytes captured, less than `length` where the snaplen cut the frame.
    pub captured: u32,
    /// Scaled window in bytes [tcp.window_size].
    pub window: u32,
    /// The window that this side announced before, scaled; `None` in its first frame.
    pub window_before: Option<u32>,
    /// The frame that this ACK newly acknowledges [tcp.analysis.acks_frame].
    pub acknowledges: Option<FrameNo>,
    /// Whether it acknowledges bytes that the capture does not have. Wireshark's label for it says so too where a retransmission brought
    /// them together with older ones.
    pub acks_unseen: bool,
    /// The time since that frame [tcp.analysis.ack_rtt].
    pub rtt: Option<Nanos>,
    /// On the handshake's third frame: the time since the SYN [tcp.analysis.initial_rtt].
    pub initial_rtt: Option<Nanos>,
    /// The TCP labels of the contract.
    pub labels: LabelSet,
    /// On a SYN: what it offers.
    pub syn: Option<SynOptions>,
    /// On a duplicate ACK: which one it is, from 1, and the frame of the ACK that it repeats
    /// [tcp.analysis.duplicate_ack_num, tcp.analysis.duplicate_ack_frame].
    pub duplicate: Option<(u32, FrameNo)>,
    /// The peer's FIN frame, where this frame newly acknowledges it.
    pub acknowledges_fin: Option<FrameNo>,
    /// On a frame of the teardown (FIN, ACK of a FIN, RST after a FIN): which one it is, from 1.
    pub teardown: Option<u8>,
    /// Where this one is a retransmission: what it sends again, if that was captured.
    pub repeats: Option<Repeated>,
    /// Where this frame's payload or its FIN waits behind a hole: the bytes missing there (in the first hole, if there are several). 0 when
    /// it does not wait.
    pub hole: u32,
    /// Where bytes of this frame came before with other values, as far as those are remembered.
    pub conflict: Option<Conflict>,
    /// Bytes of this frame that were given up as missing before it came.
    pub late: u32,
    /// Where this frame brought the bytes for which others, or a FIN, waited behind a hole: the first of these, and how long it waited.
    pub fills_hole: Option<(FrameNo, Nanos)>,
    /// After this frame: whether bytes from the server wait behind a hole.
    pub waiting: bool,
    /// After this frame: which sides have sent a FIN (bit 0 the client, bit 1 the server), bit 2 a RST by anyone.
    pub closed: u8,
}

impl TcpFacts {
    /// Those of a segment of which nothing else is said.
    pub const fn of(at: At, direction: Direction, flags: Flags) -> TcpFacts {
        TcpFacts {
            at,
            direction,
            flags,
            sequence: 0,
            acknowledgment: None,
            length: 0,
            captured: 0,
            window: 0,
            window_before: None,
            acknowledges: None,
            acks_unseen: false,
            rtt: None,
            initial_rtt: None,
            labels: LabelSet::EMPTY,
            syn: None,
            duplicate: None,
            acknowledges_fin: None,
            teardown: None,
            repeats: None,
            hole: 0,
            conflict: None,
            late: 0,
            fills_hole: None,
            waiting: false,
            closed: 0,
        }
    }
}
