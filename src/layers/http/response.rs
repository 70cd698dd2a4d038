//! The server's side of a connection: response heads, bodies and what is in them.

use super::Next;
use super::body::{Body, Over};
use super::content::Content;
use super::exchange::Exchanges;
use super::fields;
use super::framed::Framed;
use super::head::{HeadBuffer, Taken};
use super::headless::{Suspect, Verdict};
use super::open::Open;
use super::request::skip_empty_lines;
use super::start::{self, Breach};
use crate::layers::sse::{Closing, OnlyEvent};
use crate::layers::{Ledger, probe};
use crate::model::{
    At, Direction, EndKind, Ending, Exchange, Fact, FrameNo, Framing, Protocol, ResponseHead, Said,
    Span,
};
use std::sync::Arc;

/// The reader of the server's direction.
#[derive(Default)]
#[repr(C)]
pub(super) struct Responses {
    state: State,
    /// TCP payload of the response so far, its head included.
    wire_bytes: u64,
    buffer: HeadBuffer,
    /// Whether the client closed its side while the response was open: nobody reads it to its end.
    client_left: bool,
    /// Whether a response was complete and nothing is missing since.
    in_order: bool,
}

/// What comes next.
#[derive(Default)]
enum State {
    /// A response head; its beginning may be in the buffer.
    #[default]
    Head,
    /// A response's body.
    Body(Box<Open>),
    /// A delivery that begins with a status line, or in the middle of an event stream: what comes before cannot be read.
    Seek,
    /// The same, and the bytes so far may be those of an event stream.
    Suspect(Box<Suspect>),
    /// Nothing: the direction has ended.
    Closed,
}

/// What the connection shares with its response reader.
pub(super) struct Shared<'a> {
    pub(super) exchanges: &'a mut Exchanges,
    pub(super) ledger: &'a mut Ledger,
    pub(super) said: &'a mut Vec<Said>,
}

impl Shared<'_> {
    fn say(&mut self, at: At, fact: Fact) {
        self.said.push(Said {
            at,
            session: None,
            fact,
        });
    }
}

impl Responses {
    /// Whether a response's body is not over.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Body(_))
    }

    /// Bytes of memory on the heap, roughly.
    pub(super) fn memory(&self) -> usize {
        let open = match &self.state {
            State::Body(open) => size_of::<Open>() + open.content.memory(),
            _ => 0,
        };
        self.buffer.memory() + open
    }

    /// The response whose body is not over.
    #[inline]
    pub(super) fn open(&self) -> Option<&Open> {
        match &self.state {
            State::Body(open) => Some(open),
            _ => None,
        }
    }

    /// The reader of the open body.
    pub(super) fn content(&self) -> Option<&Content> {
        match &self.state {
            State::Body(open) => Some(&open.content),
            _ => None,
        }
    }

    /// The next bytes.
    pub(super) fn data(&mut self, bytes: &[u8], span: Span, shared: &mut Shared<'_>) -> Next {
        let mut rest = bytes;
        self.look_for_head(rest, span, shared);
        while !rest.is_empty() {
            let before = rest.len();
            let whole = before == bytes.len();
            match &mut self.state {
                State::Head => {
                    if self.buffer.is_empty() {
                        self.wire_bytes = 0;
                    }
                    let next = self.head(&mut rest, span, shared);
                    // A delivery that begins with no head may be the middle of an event stream.
                    let lost = before == rest.len() && whole && matches!(self.state, State::Seek);
                    if !lost && !matches!(next, Next::More) {
                        return next;
                    }
                }
                State::Body(open) => {
                    let ended = open.read(&mut rest, span, shared);
                    self.wire_bytes += (before - rest.len()) as u64;
                    if let Some(kind) = ended {
                        self.finish(kind, span.there, Direction::ToClient, shared);
                    }
                }
                State::Seek => match Suspect::of(rest) {
                    // What follows a response that was read to its end is no stream under way: no client reads it.
                    Some(suspect) if whole && !self.in_order => {
                        self.state = State::Suspect(Box::new(suspect));
                    }
                    _ => return Next::More,
                },
                State::Suspect(_) => self.suspect(&mut rest, span, shared),
                State::Closed => return Next::More,
            }
        }
        Next::More
    }

    /// Takes the next bytes, which came in `at`, if they are one event of the open stream and nothing else.
    #[inline]
    pub(super) fn only_event<'a>(&mut self, bytes: &'a [u8], at: At) -> Option<OnlyEvent<'a>> {
        let State::Body(open) = &mut self.state else {
            return None;
        };
        let event = open.only_event(bytes, at)?;
        self.wire_bytes += bytes.len() as u64;
        Some(event)
    }

    /// Bytes are missing (0 if nobody knows how many).
    pub(super) fn gap(
        &mut self,
        bytes: u64,
        span: Span,
        between: (FrameNo, FrameNo),
        shared: &mut Shared<'_>,
    ) {
        match &mut self.state {
            State::Closed => {}
            State::Seek | State::Suspect(_) => {
                self.state = State::Seek;
                self.in_order = false;
            }
            State::Head => {
                self.in_order = false;
                self.buffer.clear();
                self.state = State::Seek;
                shared.exchanges.miss_responses();
                if shared.exchanges.confirmed {
                    let outcome = "reading resumes at the next response";
                    let fact = Fact::Gap {
                        bytes,
                        between,
                        outcome,
                    };
                    shared.say(span.there, fact);
                }
            }
            State::Body(open) => {
                let (over, data) = open.body.gap(bytes);
                let of_response = if over == Over::Beyond { data } else { bytes };
                open.content.missing(of_response, between);
                if !matches!(over, Over::SeeksChunk | Over::Lost) {
                    self.wire_bytes += of_response;
                }
                let outcome = open.content.gap(data, over);
                let fact = Fact::Gap {
                    bytes,
                    between,
                    outcome,
                };
                open.content.say(span, fact, shared.said);
                match over {
                    Over::Inside | Over::LineEnd | Over::SeeksChunk => {}
                    Over::ToTheEnd | Over::Beyond => {
                        let kind = EndKind::ContentLength;
                        self.finish(kind, span.there, Direction::ToClient, shared);
                        if over == Over::Beyond {
                            self.in_order = false;
                            self.state = State::Seek;
                            shared.exchanges.miss_responses();
                        }
                    }
                    Over::Lost => {
                        open.lost = true;
                        open.body = Body::Close;
                    }
                }
            }
        }
    }

    /// Bytes are missing at the end, of which nothing follows any more.
    pub(super) fn misses(&mut self, bytes: u64, between: (FrameNo, FrameNo)) {
        if let State::Body(open) = &mut self.state {
            open.content.missing(bytes, between);
        }
    }

    /// The client has closed its side. Before the response it says no more than that there are no more requests.
    pub(super) fn client_ends(&mut self) {
        self.client_left |= self.is_open();
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, at: At, ending: Ending, shared: &mut Shared<'_>) {
        let in_head = matches!(self.state, State::Head) && !self.buffer.is_empty();
        let cut = matches!(ending, Ending::Fin | Ending::Reset(_));
        if in_head && cut && shared.exchanges.confirmed {
            let why = "the connection ended inside a response head";
            shared.say(at, Fact::Trouble(why.to_owned()));
        }
        let kind = match ending {
            Ending::Fin => EndKind::Fin,
            Ending::Reset(_) => EndKind::Rst,
            Ending::Expired => EndKind::Timeout,
            Ending::CaptureEnd => EndKind::Open,
        };
        if self.is_open() {
            let by = match ending {
                _ if self.client_left => Direction::ToServer,
                Ending::Reset(sent) => sent,
                _ => Direction::ToClient,
            };
            self.finish(kind, at, by, shared);
        }
        if cut {
            for request in shared.exchanges.unanswered_streams() {
                let exchange = Exchange {
                    request_end: request.end,
                    first: request.first,
                    request: Some(request.head),
                    ..Exchange::default()
                };
                shared.say(at, Fact::Declined(Box::new(exchange)));
            }
        }
        self.buffer.clear();
        self.state = State::Closed;
    }

    /// After a loss a head is looked for where a delivery begins: servers begin a response with a segment of its own.
    fn look_for_head(&mut self, bytes: &[u8], span: Span, shared: &mut Shared<'_>) {
        let lost = match &self.state {
            State::Seek | State::Suspect(_) => true,
            State::Body(open) => open.lost || open.body.seeks_chunk(),
            State::Head | State::Closed => false,
        };
        if !lost || probe::status_line(bytes) != probe::Verdict::Http1 {
            return;
        }
        if let State::Body(open) = &self.state {
            // The next response shows that this one was over, in bytes that were missing.
            let kind = match open.framing {
                Framing::Chunked => EndKind::TerminatingChunk,
                _ => EndKind::ContentLength,
            };
            self.finish(kind, span.there, Direction::ToClient, shared);
            shared.exchanges.miss_responses();
        }
        self.state = State::Head;
    }

    /// The bytes that may be those of an event stream go on. Where they are, a session opens behind the blank line that told it.
    fn suspect(&mut self, rest: &mut &[u8], span: Span, shared: &mut Shared<'_>) {
        let State::Suspect(suspect) = std::mem::replace(&mut self.state, State::Seek) else {
            return;
        };
        let (delivery, is_new) = (*rest, suspect.is_new());
        match suspect.read(rest) {
            Verdict::Undecided(suspect) => self.state = State::Suspect(Box::new(suspect)),
            Verdict::Other if is_new => *rest = &[],
            // What does not go on with the delivery before may begin with this one.
            Verdict::Other => *rest = delivery,
            Verdict::Stream(stream) => {
                shared.exchanges.confirmed = true;
                let exchange = shared.exchanges.answered_unseen();
                let (ledger, said) = (&mut *shared.ledger, &mut *shared.said);
                let mut open = Open {
                    body: stream.body,
                    content: Content::headless(exchange, span.there, ledger, said),
                    framing: stream.framing,
                    // Its length may have been known.
                    lost: stream.framing == Framing::Close,
                    breaches: 0,
                };
                self.wire_bytes = stream.rest.len() as u64;
                open.take(stream.rest, stream.part, span, shared);
                self.state = State::Body(Box::new(open));
            }
        }
    }

    fn head(&mut self, rest: &mut &[u8], span: Span, shared: &mut Shared<'_>) -> Next {
        if self.buffer.is_empty() {
            *rest = skip_empty_lines(rest);
            if rest.is_empty() {
                return Next::More;
            }
        }
        let begins = self.buffer.is_empty();
        if begins {
            match probe::status_line(rest) {
                probe::Verdict::Http1 => shared.exchanges.confirmed = true,
                probe::Verdict::Undecided => {}
                _ => return self.no_response(span, shared),
            }
            shared.say(span.there, Fact::ResponseBegins);
        }
        match self.buffer.take(rest, span) {
            Taken::More => {
                *rest = &[];
                match probe::status_line(self.buffer.bytes()) {
                    probe::Verdict::Http1 => shared.exchanges.confirmed = true,
                    probe::Verdict::Undecided => {}
                    _ => return self.no_response(span, shared),
                }
                Next::More
            }
            Taken::TooLong => {
                let why = "the response head is longer than any client takes; reading resumes at the next response";
                self.lost(why.to_owned(), span, shared)
            }
            Taken::Complete(length) => {
                let head = self.buffer.complete(rest, length, span);
                let parsed = start::response(&head);
                self.wire_bytes += head.bytes.len() as u64;
                *rest = &rest[length..];
                self.buffer.clear();
                match parsed {
                    Ok((response, there, breach)) => {
                        shared.exchanges.confirmed = true;
                        self.complete(response, there, breach, rest.len(), shared)
                    }
                    Err(error) => {
                        let why = format!(
                            "the response head cannot be read ({error}); reading resumes at the next response"
                        );
                        self.lost(why, span, shared)
                    }
                }
            }
        }
    }

    /// A head is complete; `left` bytes of the delivery follow it.
    fn complete(
        &mut self,
        mut response: ResponseHead,
        content_type: Option<At>,
        breach: Breach,
        left: usize,
        shared: &mut Shared<'_>,
    ) -> Next {
        let at = response.span.there;
        if (100..200).contains(&response.status) {
            return interim(response, shared);
        }
        let exchange = shared.exchanges.answered();
        let method = exchange
            .request
            .as_ref()
            .map_or("", |head| head.method.as_str());
        // RFC 9112 §6.3 item 2.
        let tunnel = method == "CONNECT" && (200..300).contains(&response.status);
        // RFC 9112 §6.3 item 1.
        let bodiless = method == "HEAD" || matches!(response.status, 204 | 304) || tunnel;
        let framed = if bodiless {
            Framed::default()
        } else {
            Framed::of(&response)
        };
        response.framing = framed.framing;
        let response = Arc::new(response);
        let unanswered = shared.exchanges.unanswered();
        let head = response.clone();
        shared.say(at, Fact::Response { head, unanswered });
        for trouble in breach.into_iter().chain(framed.trouble) {
            shared.say(at, Fact::Trouble(trouble.to_owned()));
        }
        if tunnel {
            shared.say(at, Fact::Upgrade(Arc::from("CONNECT")));
            shared.say(at, Fact::ResponseEnd);
            return Next::Tunnel(left);
        }
        let bodiless = framed.body.is_none();
        if (bodiless || response.media_type.as_deref() != Some("text/event-stream"))
            && let Some(request) = &exchange.request
            && request.asks_for_stream()
        {
            let exchange = Exchange {
                response: Some(response.clone()),
                ..exchange.clone()
            };
            shared.say(at, Fact::Declined(Box::new(exchange)));
        }
        let (Some(body), Some(framing)) = (framed.body, framed.framing) else {
            shared.say(at, Fact::ResponseEnd);
            self.in_order = true;
            return Next::More;
        };
        let content = match response.media_type.as_deref() {
            Some("text/event-stream") => Content::events(
                Exchange {
                    response: Some(response.clone()),
                    ..exchange
                },
                (at, content_type.unwrap_or(at)),
                &framed.codings,
                shared.ledger,
                shared.said,
            ),
            _ => Content::other(&response, &framed.codings, shared.ledger, shared.said),
        };
        let over = matches!(body, Body::Length(0));
        self.state = State::Body(Box::new(Open {
            body,
            content,
            framing,
            lost: false,
            breaches: 0,
        }));
        if over {
            self.finish(EndKind::ContentLength, at, Direction::ToClient, shared);
        }
        Next::More
    }

    /// The open response is over.
    fn finish(&mut self, kind: EndKind, at: At, by: Direction, shared: &mut Shared<'_>) {
        let State::Body(open) = std::mem::replace(&mut self.state, State::Head) else {
            return;
        };
        self.in_order = true;
        if !matches!(kind, EndKind::Open | EndKind::Timeout) {
            open.content
                .say(Span::of(at), Fact::ResponseEnd, shared.said);
        }
        let closing = Closing {
            kind,
            at,
            by: Some(by),
            request_end: shared.exchanges.current_end(),
            chunks: open.body.chunks(),
            lost: open.lost || open.body.seeks_chunk(),
            wire_bytes: self.wire_bytes,
        };
        open.content.end(closing, shared.ledger, shared.said);
    }

    /// What came is no status line.
    fn no_response(&mut self, span: Span, shared: &mut Shared<'_>) -> Next {
        let what = if self.in_order {
            "bytes behind the end of a response"
        } else {
            "bytes that are no response"
        };
        let why = format!("{what}; reading resumes at the next one");
        self.lost(why, span, shared)
    }

    fn lost(&mut self, why: String, span: Span, shared: &mut Shared<'_>) -> Next {
        self.buffer.clear();
        self.state = State::Seek;
        shared.exchanges.miss_responses();
        if shared.exchanges.confirmed {
            shared.say(span.there, Fact::Trouble(why));
        }
        Next::Skip
    }
}

/// A 1xx response: the final one is still to come, but for 101.
fn interim(response: ResponseHead, shared: &mut Shared<'_>) -> Next {
    let at = response.span.there;
    let switches = response.status == 101;
    let protocol = fields::joined(&response.fields, "upgrade").unwrap_or_default();
    shared.say(at, Fact::Informational(Arc::new(response)));
    if !switches {
        return Next::More;
    }
    // RFC 9110 §15.2.2: the server answers the request in the new protocol.
    shared.exchanges.answer();
    shared.say(at, Fact::Upgrade(Arc::from(protocol.as_str())));
    Next::Speaks(match protocol.to_ascii_lowercase().as_str() {
        "websocket" => Protocol::WebSocket,
        "h2c" => Protocol::Http2,
        _ => Protocol::Unknown,
    })
}
