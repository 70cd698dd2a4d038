//! What the layers above TCP say of frames: HTTP heads, chunks, events, ends. Each fact names the frame it belongs to.

use super::{
    At, Direction, Exchange, FrameNo, Nanos, ProxyHeader, RequestHead, ResponseHead, Span,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// A fact, the frame it belongs to, and the session it belongs to.
///
/// All facts of one call belong to the frame being delivered, but `EventStream`, which may belong to an earlier frame of
/// the same response head (whose rows wait until the head is complete).
#[derive(Clone, Debug)]
pub struct Said {
    /// The frame whose row gets the label.
    pub at: At,
    /// The session, numbered within the connection from 0 in the order of `Fact::SessionOpens`; `None` outside one.
    pub session: Option<u32>,
    /// What is said.
    pub fact: Fact,
}

/// What the layers can say.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The header of the PROXY protocol, before the first request, is complete.
    Proxied(ProxyHeader),
    /// The first byte of a request head is here (its head may be complete in the same frame).
    RequestBegins,
    /// A request head is complete.
    Request(Arc<RequestHead>),
    /// Bytes of a request's body: how many in this frame.
    RequestBody(u64),
    /// The first byte of a response head is here.
    ResponseBegins,
    /// A 1xx response head is complete.
    Informational(Arc<ResponseHead>),
    /// A final response head is complete. `waiting`: requests that are still unanswered after it.
    Response {
        /// The head.
        head: Arc<ResponseHead>,
        /// The oldest request that is still unanswered after this response, by the frame in which it began.
        unanswered: Option<At>,
    },
    /// The response just completed opens a session (its `Said::session`).
    SessionOpens(Box<Exchange>),
    /// A request that asked for an event stream got another answer, or none (no response) before the connection ended.
    Declined(Box<Exchange>),
    /// The last byte of the Content-Type field's value `text/event-stream` was there; of a stream whose head was not captured, its lines told it.
    EventStream,
    /// The last data byte of data chunk `number` (from 1 within its response) was there.
    Chunk {
        /// The chunk's number.
        number: u64,
        /// Its data bytes.
        bytes: u64,
    },
    /// Bytes of a chunk that is not complete after this frame.
    PartialChunk {
        /// The chunk's number.
        number: u64,
        /// Data bytes so far.
        have: u64,
        /// Data bytes in all.
        bytes: u64,
    },
    /// Body bytes of an event stream that is not chunked: how many in this frame.
    Body(u64),
    /// What body bytes of an event stream with a content coding gave: how many decoded bytes. None where the coder holds them back.
    Decoded(u64),
    /// The terminating chunk, trailers included, is complete.
    TerminatingChunk,
    /// The response is over, by its length, its terminating chunk, or the connection's end.
    ResponseEnd,
    /// The connection speaks another protocol from here on: its name as in the Upgrade field or `CONNECT`.
    Upgrade(Arc<str>),
    /// An event is complete.
    Event(Box<Event>),
    /// A comment line is complete.
    Comment,
    /// A block is complete that has fields but no data; nothing is dispatched.
    BlockWithoutData {
        /// The event that it named.
        event_type: Option<String>,
        /// The id field it set.
        id: Option<String>,
        /// The retry field it set, milliseconds.
        retry: Option<u64>,
    },
    /// The stream ended inside a block: so many bytes are discarded.
    DiscardedEvent(u64),
    /// The session is over.
    SessionEnds(Box<SessionEnding>),
    /// A response that streams in another form began (ndjson, json-seq, stream+json): its media type.
    OtherStream(Arc<str>),
    /// Bytes were missing: what it means for the layer, in words ("resumes at the next blank line").
    Gap {
        /// Bytes missing, 0 if unknown.
        bytes: u64,
        /// The frames around them, as in `Delivery::Gap`.
        between: (FrameNo, FrameNo),
        /// In words, what follows from it.
        outcome: &'static str,
    },
    /// A cap was reached or the traffic breaks its protocol, in words; the layer goes opaque or resumes as it says.
    Trouble(String),
}

/// An event, as EventSource dispatches it (WHATWG HTML §9.2.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// From 1 within the session.
    pub number: u64,
    /// `message` unless the block named another: a name that needs no escaping where it is borrowed.
    pub event_type: Cow<'static, str>,
    /// The data.
    pub data: String,
    /// The last event ID string that EventSource would report.
    pub last_event_id: Arc<str>,
    /// The id field of this block.
    pub id: Option<String>,
    /// The retry field of this block, milliseconds.
    pub retry: Option<u64>,
    /// From the first byte of the first line that is no comment to the end of the blank line.
    pub span: Span,
    /// The first and the last data chunk that carried it; `None` if the body is not chunked.
    pub chunks: Option<(u64, u64)>,
    /// Since the previous event of the session or, for the first, since the response head.
    pub gap: Option<Nanos>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndKind {
    /// The chunk of size 0 with its trailers.
    TerminatingChunk,
    /// All bytes of the Content-Length were there.
    ContentLength,
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// HTTP/2 or HTTP/3: the stream's orderly end.
    EndStream,
    /// HTTP/2 or HTTP/3: the stream was reset.
    StreamReset,
    /// Given up at a cap or an idle limit.
    Timeout,
    /// Still open at the end of the capture.
    Open,
}

impl EndKind {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            EndKind::TerminatingChunk => "terminating-chunk",
            EndKind::ContentLength => "content-length",
            EndKind::Fin => "fin",
            EndKind::Rst => "rst",
            EndKind::EndStream => "end-stream",
            EndKind::StreamReset => "stream-reset",
            EndKind::Timeout => "timeout",
            EndKind::Open => "open",
        }
    }
}

/// How and where a session ended; `at` and `by` are `None` for `Timeout` and `Open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How.
    pub kind: EndKind,
    /// The frame that ended it.
    pub at: Option<At>,
    /// Who ended it, by the direction in which it was said: the client where it closed its side while the stream was open.
    pub by: Option<Direction>,
}

/// The IDs that a stream set, as far as a reconnect is judged by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The first.
    pub first: Arc<str>,
    /// The last: where a client that comes back goes on.
    pub last: Arc<str>,
    /// How many were set.
    pub count: u64,
    /// Whether each ends in a number that is one more than that of the ID before, behind the same beginning.
    pub by_one: bool,
}

impl Ids {
    /// An ID that ends in a number: what stands before it, and the number. Leading zeros belong to the number.
    pub fn number(id: &str) -> Option<(&str, u64)> {
        let prefix = id.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = id.get(prefix.len()..)?;
        Some((prefix, digits.parse().ok()?))
    }
}

/// The gaps between consecutive events, in nanoseconds; nearest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// The shortest.
    pub min: Nanos,
    /// The median.
    pub p50: Nanos,
    /// The 95th percentile.
    pub p95: Nanos,
    /// The longest.
    pub max: Nanos,
}

/// All that a session's end makes known.
#[derive(Clone, Debug)]
pub struct SessionEnding {
    /// Events dispatched.
    pub events: u64,
    /// Complete lines that begin with a colon.
    pub comments: u64,
    /// Data chunks, without the terminating one; `None` if not chunked.
    pub chunks: Option<u64>,
    /// Bytes after transfer decoding, before content decoding.
    pub body_bytes: u64,
    /// UTF-8 bytes of all events' data.
    pub data_bytes: u64,
    /// TCP payload of the response: head, chunk framing and body; the head alone where it was not captured counts nothing.
    pub wire_bytes: u64,
    /// Frames that carried bytes of the body.
    pub segments: u64,
    /// The last frame of the request, head and body.
    pub request_end: Option<At>,
    /// Where the first event was complete.
    pub first_event: Option<At>,
    /// Gaps between events; `None` below two events.
    pub gaps: Option<Gaps>,
    /// The last event's frame.
    pub last_event: Option<At>,
    /// Gaps between comments of different frames; `None` below two.
    pub heartbeats: Option<Gaps>,
    /// The longest time without a body byte while the response was open, from the head on.
    pub longest_silence: Option<Nanos>,
    /// Decoded bytes after the last blank line.
    pub incomplete_event: u64,
    /// What the capture missed of the response.
    pub missing: Option<Box<Missing>>,
    /// Whether it ended while nothing told where its chunks or the body end: behind bytes that are missing, or in broken framing.
    pub lost: bool,
    /// The IDs that the stream set; `None` if it set none.
    pub ids: Option<Box<Ids>>,
    /// The reconnection time in force when it ended, milliseconds, if the stream set one.
    pub retry: Option<u64>,
    /// How it ended.
    pub end: End,
}

/// Bytes of a stream that the capture missed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How many; `None` where the number of some is not known.
    pub bytes: Option<u64>,
    /// In how many holes.
    pub holes: u64,
    /// The frames around each hole, as in `Delivery::Gap`; of the first `limits::HOLES`.
    pub between: Vec<(FrameNo, FrameNo)>,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// No payload was seen.
    #[default]
    None,
    /// Payload that nothing here knows.
    Unknown,
    /// HTTP/1.x.
    Http1,
    /// HTTP/2.
    Http2,
    /// TLS.
    Tls,
    /// WebSocket.
    WebSocket,
}

impl Protocol {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::None => "none",
            Protocol::Unknown => "unknown",
            Protocol::Http1 => "http1",
            Protocol::Http2 => "http2",
            Protocol::Tls => "tls",
            Protocol::WebSocket => "websocket",
        }
    }
}

/// How much is wanted of what the layers find. What nobody wants is counted, not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Sessions: how each began and ended, and the numbers in between.
    Sessions,
    /// The events too.
    Events,
    /// Everything, frame by frame.
    Frames,
}
