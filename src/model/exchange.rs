//! HTTP heads, as every layer and report speaks of them: a request, a response, both together.

use super::{At, Span};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// A request head.
#[derive(Clone, Debug, Default)]
pub struct RequestHead {
    /// The frames it took; `there` is the frame in which the head was complete.
    pub span: Span,
    /// The method, as sent.
    pub method: SmolStr,
    /// The request target, as sent (secrets in it are hidden by the timeline).
    pub target: SmolStr,
    /// `HTTP/1.1`.
    pub version: SmolStr,
    /// The Host field.
    pub authority: Option<SmolStr>,
    /// The Last-Event-ID field.
    pub last_event_id: Option<SmolStr>,
    /// All fields in order, names as sent.
    pub fields: Vec<(SmolStr, SmolStr)>,
}

impl RequestHead {
    /// The values of the fields of that name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Bytes of memory, roughly.
    pub fn memory(&self) -> usize {
        size_of::<RequestHead>() + self.target.len() + memory_of(&self.fields)
    }

    /// Where the client asks to go on: a Last-Event-ID that is not empty.
    pub fn goes_on_from(&self) -> Option<&str> {
        self.last_event_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Whether it is what EventSource sends (WHATWG HTML §9.2.2): a GET that accepts `text/event-stream`.
    pub fn is_of_event_source(&self) -> bool {
        self.method == "GET"
            && self
                .values("accept")
                .flat_map(|value| value.split(','))
                .map(|range| range.split(';').next().unwrap_or_default().trim())
                .any(|range| range.eq_ignore_ascii_case("text/event-stream"))
    }

    /// Whether it asks for an event stream: as EventSource does, or to go on with one.
    pub fn asks_for_stream(&self) -> bool {
        self.goes_on_from().is_some() || self.is_of_event_source()
    }
}

/// A response head.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The frames it took; `there` is the frame in which the head was complete.
    pub span: Span,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: SmolStr,
    /// `HTTP/1.1`.
    pub version: SmolStr,
    /// The Content-Type field as sent (the one that counts, where there are several).
    pub content_type: Option<SmolStr>,
    /// Its essence in lower case, `text/event-stream`.
    pub media_type: Option<SmolStr>,
    /// How the body is framed; `None` without a body.
    pub framing: Option<Framing>,
    /// The Content-Encoding field as on the wire.
    pub content_encoding: Option<SmolStr>,
    /// All fields in order, names as sent.
    pub fields: Vec<(SmolStr, SmolStr)>,
}

impl ResponseHead {
    /// Bytes of memory, roughly.
    pub fn memory(&self) -> usize {
        size_of::<ResponseHead>() + self.reason.len() + memory_of(&self.fields)
    }
}

/// Bytes of memory that fields hold, with what the allocator adds to two strings.
fn memory_of(fields: &[(SmolStr, SmolStr)]) -> usize {
    const FIELD: usize = size_of::<(SmolStr, SmolStr)>() + 2 * 16;
    let fields = fields.iter();
    fields
        .map(|(name, value)| name.len() + value.len() + FIELD)
        .sum()
}

/// How a body ends (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Chunked transfer coding.
    Chunked,
    /// Content-Length.
    ContentLength,
    /// The end of the connection.
    Close,
    /// An HTTP/2 stream.
    Http2,
    /// An HTTP/3 stream.
    Http3,
}

impl Framing {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Framing::Chunked => "chunked",
            Framing::ContentLength => "content-length",
            Framing::Close => "close",
            Framing::Http2 => "http2",
            Framing::Http3 => "http3",
        }
    }
}

/// A response with its request, where either was captured.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// The request head.
    pub request: Option<Arc<RequestHead>>,
    /// The last frame of the request, head and body, if it was complete when the response began; kept up to date by `SessionEnding`.
    pub request_end: Option<At>,
    /// The response head.
    pub response: Option<Arc<ResponseHead>>,
    /// Whether the request is the first of its connection, so that the connection was opened for it.
    pub first: bool,
    /// HTTP/2 or HTTP/3 stream ID.
    pub stream: Option<u64>,
}
