//! A conversation: each call is a frame, numbered from 1, one millisecond after the one before.

use ssetrace::layers::Stack;
use ssetrace::model::{
    At, Delivery, Detail, Direction, Ending, Event, Exchange, Fact, FrameNo, Said, SessionEnding,
    Span, Timestamp,
};

/// A request for an event stream.
pub(crate) const GET: &str = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/// The head of a chunked event stream.
pub(crate) const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The head of an event stream that ends with the connection.
pub(crate) const CLOSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// One chunk.
pub(crate) fn chunk(data: impl AsRef<[u8]>) -> Vec<u8> {
    let data = data.as_ref();
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

pub(crate) struct Script {
    frame: u64,
    pub(crate) stack: Stack,
    pub(crate) said: Vec<Said>,
}

/// The frame of that number.
pub(crate) fn at(frame: u64) -> At {
    At {
        frame: FrameNo(frame),
        time: Timestamp(frame as i64 * 1_000_000),
    }
}

impl Script {
    pub(crate) fn new() -> Script {
        Script {
            frame: 0,
            stack: Stack::new(Detail::Frames),
            said: Vec::new(),
        }
    }

    /// A stream that has been asked for (frame 1) and whose head is there (frame 2).
    pub(crate) fn stream(head: &str) -> Script {
        Script::new().client(GET).server(head)
    }

    pub(crate) fn client(self, bytes: impl AsRef<[u8]>) -> Script {
        self.data(Direction::ToServer, bytes.as_ref())
    }

    pub(crate) fn server(self, bytes: impl AsRef<[u8]>) -> Script {
        self.data(Direction::ToClient, bytes.as_ref())
    }

    /// Frames of so many bytes each.
    pub(crate) fn server_in_pieces(self, bytes: impl AsRef<[u8]>, of: usize) -> Script {
        bytes.as_ref().chunks(of).fold(self, Script::server)
    }

    /// Bytes that a frame carried and that were there only in a later one: both numbers are given.
    pub(crate) fn server_late(mut self, bytes: impl AsRef<[u8]>, first: u64, there: u64) -> Script {
        let bytes = bytes.as_ref();
        let span = Span {
            first: at(first),
            there: at(there),
        };
        self.frame = there;
        self.deliver(Direction::ToClient, Delivery::Data { bytes, span })
    }

    pub(crate) fn client_misses(self, bytes: u64) -> Script {
        self.gap(Direction::ToServer, bytes)
    }

    pub(crate) fn server_misses(self, bytes: u64) -> Script {
        self.gap(Direction::ToClient, bytes)
    }

    pub(crate) fn client_ends(self, ending: Ending) -> Script {
        self.end(Direction::ToServer, ending)
    }

    pub(crate) fn server_ends(self, ending: Ending) -> Script {
        self.end(Direction::ToClient, ending)
    }

    pub(crate) fn events(&self) -> Vec<&Event> {
        self.facts(|fact| match fact {
            Fact::Event(event) => Some(&**event),
            _ => None,
        })
    }

    pub(crate) fn endings(&self) -> Vec<&SessionEnding> {
        self.facts(|fact| match fact {
            Fact::SessionEnds(ending) => Some(&**ending),
            _ => None,
        })
    }

    pub(crate) fn openings(&self) -> Vec<&Exchange> {
        self.facts(|fact| match fact {
            Fact::SessionOpens(exchange) => Some(&**exchange),
            _ => None,
        })
    }

    /// The data of all events.
    pub(crate) fn data_of_events(&self) -> Vec<&str> {
        self.events()
            .into_iter()
            .map(|event| event.data.as_str())
            .collect()
    }

    /// What was said, a line each: the frame, the session, the fact.
    pub(crate) fn told(&self) -> Vec<String> {
        self.said.iter().map(line).collect()
    }

    /// The lines from that frame on.
    pub(crate) fn told_from(&self, frame: u64) -> Vec<String> {
        let later = self.said.iter().filter(|said| said.at.frame.0 >= frame);
        later.map(line).collect()
    }

    fn facts<'a, T>(&'a self, of: impl Fn(&'a Fact) -> Option<T>) -> Vec<T> {
        self.said.iter().filter_map(|said| of(&said.fact)).collect()
    }

    fn data(mut self, direction: Direction, bytes: &[u8]) -> Script {
        self.frame += 1;
        let span = Span::of(at(self.frame));
        self.deliver(direction, Delivery::Data { bytes, span })
    }

    fn gap(mut self, direction: Direction, bytes: u64) -> Script {
        self.frame += 1;
        let span = Span::of(at(self.frame));
        let between = (FrameNo(self.frame - 1), FrameNo(self.frame));
        let gap = Delivery::Gap {
            bytes,
            span,
            between,
        };
        self.deliver(direction, gap)
    }

    fn end(mut self, direction: Direction, ending: Ending) -> Script {
        self.frame += 1;
        let at = at(self.frame);
        self.deliver(direction, Delivery::End { at, ending })
    }

    fn deliver(mut self, direction: Direction, delivery: Delivery<'_>) -> Script {
        self.stack.deliver(direction, delivery, &mut self.said);
        self
    }
}

fn line(said: &Said) -> String {
    let session = said.session.map_or(String::new(), |n| format!("S{n} "));
    let fact = match &said.fact {
        Fact::Proxied(header) => format!("PROXY header: {header}"),
        Fact::RequestBegins => "request begins".into(),
        Fact::Request(head) => format!("request {} {}", head.method, head.target),
        Fact::RequestBody(bytes) => format!("request body {bytes}"),
        Fact::ResponseBegins => "response begins".into(),
        Fact::Informational(head) => format!("informational {}", head.status),
        Fact::Response { head, unanswered } => {
            let framing = head.framing.map_or("no body", |framing| framing.name());
            let waits = unanswered.map_or(String::new(), |at| format!(", {} waits", at.frame));
            format!("response {} {framing}{waits}", head.status)
        }
        Fact::SessionOpens(_) => "opens".into(),
        Fact::EventStream => "event-stream".into(),
        Fact::Chunk { number, bytes } => format!("chunk {number}, {bytes}"),
        Fact::PartialChunk {
            number,
            have,
            bytes,
        } => format!("chunk {number}, {have} of {bytes}"),
        Fact::Body(bytes) => format!("body {bytes}"),
        Fact::Decoded(bytes) => format!("decoded {bytes}"),
        Fact::TerminatingChunk => "terminating chunk".into(),
        Fact::ResponseEnd => "response end".into(),
        Fact::Upgrade(name) => format!("upgrade {name}"),
        Fact::Event(event) => {
            let chunks = event.chunks.map_or(String::new(), |(first, last)| {
                format!(" chunks {first}-{last}")
            });
            let (first, there) = (event.span.first.frame, event.span.there.frame);
            format!(
                "event {} {} {:?} frames {first}-{there}{chunks}",
                event.number, event.event_type, event.data
            )
        }
        Fact::Comment => "comment".into(),
        Fact::BlockWithoutData {
            event_type,
            id,
            retry,
        } => format!("block event {event_type:?} id {id:?} retry {retry:?}"),
        Fact::DiscardedEvent(bytes) => format!("discarded {bytes}"),
        Fact::SessionEnds(ending) => {
            let at = ending.end.at.map_or("-".into(), |at| at.frame.to_string());
            let client = ending.end.by == Some(Direction::ToServer);
            let by = if client { " by the client" } else { "" };
            format!("ends {} {at}{by}", ending.end.kind.name())
        }
        Fact::Declined(exchange) => {
            let status = exchange.response.as_ref().map(|head| head.status);
            format!("declined {status:?}")
        }
        Fact::OtherStream(media_type) => format!("other stream {media_type}"),
        Fact::Gap { bytes, outcome, .. } => format!("gap {bytes}: {outcome}"),
        Fact::Trouble(why) => format!("trouble: {why}"),
    };
    format!("{} {session}{fact}", said.at.frame)
}
