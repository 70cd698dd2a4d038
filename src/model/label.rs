//! The labels of the contract, in the order of layer, and sets of them.

use serde::{Deserialize, Serialize};

macro_rules! labels {
    ($($variant:ident $name:literal $doc:literal),+ $(,)?) => {
        /// A label of a frame. At most once a frame; the order is the order of layer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Label {
            $(#[doc = $doc] $variant),+
        }

        impl Label {
            /// Every label, in order.
            pub const ALL: &'static [Label] = &[$(Label::$variant),+];

            /// The label's name in the output.
            pub fn name(self) -> &'static str {
                match self { $(Label::$variant => $name),+ }
            }
        }
    };
}

labels! {
    Syn "syn" "SYN without ACK.",
    SynAck "syn-ack" "SYN with ACK.",
    HandshakeAck "handshake-ack" "The client's first ACK of the SYN-ACK.",
    Push "push" "The PSH flag.",
    Ack "ack" "No payload, acknowledges new bytes, and neither handshake-ack nor fin-ack.",
    Fin "fin" "The FIN flag.",
    FinAck "fin-ack" "Newly acknowledges the peer's FIN.",
    Reset "reset" "The RST flag.",
    WindowUpdate "window-update" "tcp.analysis.window_update.",
    WindowFull "window-full" "tcp.analysis.window_full.",
    ZeroWindow "zero-window" "tcp.analysis.zero_window.",
    ZeroWindowProbe "zero-window-probe" "tcp.analysis.zero_window_probe.",
    ZeroWindowProbeAck "zero-window-probe-ack" "tcp.analysis.zero_window_probe_ack.",
    KeepAlive "keep-alive" "tcp.analysis.keep_alive.",
    KeepAliveAck "keep-alive-ack" "tcp.analysis.keep_alive_ack.",
    DuplicateAck "duplicate-ack" "tcp.analysis.duplicate_ack.",
    Retransmission "retransmission" "tcp.analysis.retransmission.",
    FastRetransmission "fast-retransmission" "tcp.analysis.fast_retransmission.",
    SpuriousRetransmission "spurious-retransmission" "tcp.analysis.spurious_retransmission.",
    OutOfOrder "out-of-order" "tcp.analysis.out_of_order.",
    PreviousSegmentNotCaptured "previous-segment-not-captured" "tcp.analysis.lost_segment.",
    AckedUnseenSegment "acked-unseen-segment" "tcp.analysis.ack_lost_segment.",
    PortReused "port-reused" "tcp.analysis.reused_ports.",
    Request "request" "A request head is complete.",
    RequestBody "request-body" "Bytes of a request's body.",
    InformationalResponse "informational-response" "A 1xx response head is complete.",
    ResponseHead "response-head" "A response head is complete.",
    EventStream "event-stream" "The last byte of the value of Content-Type: text/event-stream was there.",
    Chunk "chunk" "The last data byte of a data chunk was there.",
    TerminatingChunk "terminating-chunk" "The last CRLF of the trailer section was there.",
    ResponseEnd "response-end" "The response is over.",
    Upgrade "upgrade" "The connection changed its protocol.",
    WsText "ws-text" "A WebSocket text message.",
    WsBinary "ws-binary" "A WebSocket binary message.",
    WsContinuation "ws-continuation" "A WebSocket continuation.",
    WsPing "ws-ping" "A WebSocket ping.",
    WsPong "ws-pong" "A WebSocket pong.",
    WsClose "ws-close" "A WebSocket close.",
    Event "event" "An event is complete and dispatched.",
    Comment "comment" "A comment line is complete.",
    DiscardedEvent "discarded-event" "The stream ended inside a block.",
}

/// A set of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelSet(u64);

impl LabelSet {
    /// The set without labels.
    pub const EMPTY: LabelSet = LabelSet(0);

    /// The set of `labels`.
    pub const fn of(labels: &[Label]) -> LabelSet {
        let mut bits = 0;
        let mut at = 0;
        while at < labels.len() {
            bits |= 1 << labels[at] as u8;
            at += 1;
        }
        LabelSet(bits)
    }

    /// Whether the sets have a label in common.
    pub fn intersects(self, other: LabelSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all labels of the other set are in this one.
    pub fn has_all(self, other: LabelSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Adds `label`.
    pub fn insert(&mut self, label: Label) {
        self.0 |= 1 << label as u8;
    }

    /// Takes `label` out.
    pub fn remove(&mut self, label: Label) {
        self.0 &= !(1 << label as u8);
    }

    /// Whether `label` is in the set.
    pub fn has(self, label: Label) -> bool {
        self.0 & (1 << label as u8) != 0
    }

    /// Whether any of `labels` is in the set.
    pub fn has_any(self, labels: &[Label]) -> bool {
        labels.iter().any(|label| self.has(*label))
    }

    /// The labels of both sets.
    #[must_use]
    pub fn union(self, other: LabelSet) -> LabelSet {
        LabelSet(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The labels in order of layer.
    pub fn iter(self) -> impl Iterator<Item = Label> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let label = Label::ALL.get(bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(*label)
        })
    }
}

impl FromIterator<Label> for LabelSet {
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> LabelSet {
        let mut set = LabelSet::EMPTY;
        for label in labels {
            set.insert(label);
        }
        set
    }
}
