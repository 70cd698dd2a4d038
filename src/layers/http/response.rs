//! The server's side of a connection: response heads, bodies and what is in them.

use super::Next;
use super::body::{Body, Over, Step};
use super::content::Content;
use super::exchange::Exchanges;
use super::fields::{self, Length, Transfer};
use super::head::{HeadBuffer, Taken};
use super::request::skip_empty_lines;
use super::start;
use crate::layers::{
    Ledger,
    probe::{self, Verdict},
    sse::{Closing, Mark},
};
use crate::model::{
    At, Detail, Direction, EndKind, Ending, Exchange, Fact, FrameNo, Framing, Protocol,
    ResponseHead, Said, Span,
};
use std::sync::Arc;

/// The reader of the server's direction.
#[derive(Default)]
pub(super) struct Responses {
    state: State,
    buffer: HeadBuffer,
    /// Whether the client closed its side while the response was open: nobody reads it to its end.
    client_left: bool,
    /// TCP payload of the response so far, its head included.
    wire_bytes: u64,
}

/// What comes next.
#[derive(Default)]
enum State {
    /// A response head; its beginning may be in the buffer.
    #[default]
    Head,
    /// A response's body.
    Body(Box<Open>),
    /// A delivery that begins with a status line: what comes before cannot be read.
    Seek,
    /// Nothing: the direction has ended.
    Closed,
}

/// A response whose body is not over.
struct Open {
    body: Body,
    content: Content,
    /// How the head said that the body ends; what ends it when its own end was missed.
    framing: Framing,
    /// Nothing but the next head, or the end of the connection, tells where it ends.
    lost: bool,
    /// How often the chunked coding was broken.
    breaches: u8,
}

/// So often reading resumes in a broken chunked coding before it is given up.
const BREACHES: u8 = 8;

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
            match &mut self.state {
                State::Head => {
                    if self.buffer.is_empty() {
                        self.wire_bytes = 0;
                    }
                    let next = self.head(&mut rest, span, shared);
                    if !matches!(next, Next::More) {
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
                State::Seek | State::Closed => return Next::More,
            }
        }
        Next::More
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
            State::Closed | State::Seek => {}
            State::Head => {
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
                let over = open.body.gap(bytes);
                let within = match over {
                    Over::Inside | Over::ToTheEnd => bytes,
                    Over::SeeksChunk | Over::Lost => 0,
                };
                open.content.missing(bytes, between);
                self.wire_bytes += within;
                let outcome = open.content.gap(within, over);
                let fact = Fact::Gap {
                    bytes,
                    between,
                    outcome,
                };
                open.content.say(span, fact, shared.said);
                match over {
                    Over::Inside => {}
                    Over::ToTheEnd => {
                        let kind = EndKind::ContentLength;
                        self.finish(kind, span.there, Direction::ToClient, shared);
                    }
                    Over::SeeksChunk => {}
                    Over::Lost => {
                        open.lost = true;
                        open.body = Body::Close;
                    }
                }
            }
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
            State::Seek => true,
            State::Body(open) => open.lost || open.body.seeks_chunk(),
            State::Head | State::Closed => false,
        };
        if !lost || probe::status_line(bytes) != Verdict::Http1 {
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
                Verdict::Http1 => shared.exchanges.confirmed = true,
                Verdict::Undecided => {}
                _ => return self.lost(NO_RESPONSE.to_owned(), span, shared),
            }
            shared.say(span.there, Fact::ResponseBegins);
        }
        match self.buffer.take(rest, span) {
            Taken::More => {
                *rest = &[];
                match probe::status_line(self.buffer.bytes()) {
                    Verdict::Http1 => shared.exchanges.confirmed = true,
                    Verdict::Undecided => {}
                    _ => return self.lost(NO_RESPONSE.to_owned(), span, shared),
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
                    Ok((response, there)) => {
                        shared.exchanges.confirmed = true;
                        self.complete(response, there, rest.len(), shared)
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
        left: usize,
        shared: &mut Shared<'_>,
    ) -> Next {
        let at = response.span.there;
        if (100..200).contains(&response.status) {
            return interim(response, shared);
        }
        let exchange = match shared.exchanges.answer() {
            Some(request) => Exchange {
                request: Some(request.head.clone()),
                request_end: request.end,
                first: request.first,
                ..Exchange::default()
            },
            None => Exchange::default(),
        };
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
        if let Some(trouble) = framed.trouble {
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

const NO_RESPONSE: &str = "bytes that are no response; reading resumes at the next one";

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

impl Open {
    /// Reads what belongs to the body from `rest`, which it shortens. How the body ended, if it did.
    fn read(&mut self, rest: &mut &[u8], span: Span, shared: &mut Shared<'_>) -> Option<EndKind> {
        let tells = shared.ledger.detail == Detail::Frames;
        // Most deliveries are a chunk.
        while !tells && let Some((data, number)) = self.body.whole_chunk(rest) {
            let mark = Mark {
                span,
                chunk: Some(number),
            };
            self.content.data(data, mark, shared.ledger, shared.said);
        }
        if rest.is_empty() {
            return None;
        }
        while let Some(step) = self.body.step(rest) {
            match step {
                Step::Data(bytes, part) => {
                    match part {
                        _ if !tells => {}
                        Some(part) if part.is_complete() => {
                            let fact = Fact::Chunk {
                                number: part.number,
                                bytes: part.size,
                            };
                            self.content.say(span, fact, shared.said);
                        }
                        None if self.content.session().is_some() => {
                            let fact = Fact::Body(bytes.len() as u64);
                            self.content.say(span, fact, shared.said);
                        }
                        _ => {}
                    }
                    let chunk = part.map(|part| part.number);
                    let mark = Mark { span, chunk };
                    self.content.data(bytes, mark, shared.ledger, shared.said);
                }
                Step::Terminating => {
                    self.content.say(span, Fact::TerminatingChunk, shared.said);
                    return Some(EndKind::TerminatingChunk);
                }
                Step::Full => return Some(EndKind::ContentLength),
                Step::Broken(why) => self.broken(why, span, shared),
            }
        }
        if tells && let Some(part) = self.body.partial_chunk() {
            let fact = Fact::PartialChunk {
                number: part.number,
                have: part.have,
                bytes: part.size,
            };
            self.content.say(span, fact, shared.said);
        }
        None
    }

    fn broken(&mut self, why: &str, span: Span, shared: &mut Shared<'_>) {
        self.breaches += 1;
        self.content.gap(0, Over::SeeksChunk);
        let goes_on = if self.breaches < BREACHES {
            "reading resumes at the next chunk header"
        } else {
            self.lost = true;
            self.body = Body::Close;
            self.content.give_up();
            "the rest of this response is not read"
        };
        let fact = Fact::Trouble(format!("{why}; {goes_on}"));
        self.content.say(span, fact, shared.said);
    }
}

/// How a response's body is framed.
#[derive(Default)]
struct Framed {
    framing: Option<Framing>,
    body: Option<Body>,
    /// The codings to undo, in the order in which they were applied: content codings, then transfer codings.
    codings: Vec<String>,
    trouble: Option<&'static str>,
}

impl Framed {
    /// RFC 9112 §6.3, items 3 to 8.
    fn of(response: &ResponseHead) -> Framed {
        let mut codings = fields::content_codings(&response.fields);
        let mut trouble = None;
        let (framing, body) = match fields::transfer(&response.fields) {
            // Items 3 and 4: Transfer-Encoding overrides Content-Length.
            Transfer::Chunked(more) => {
                codings.extend(more);
                (Framing::Chunked, Body::chunked())
            }
            Transfer::Other(more) => {
                codings.extend(more);
                (Framing::Close, Body::Close)
            }
            Transfer::Absent => match fields::content_length(&response.fields) {
                // Item 6.
                Length::Bytes(bytes) => (Framing::ContentLength, Body::Length(bytes)),
                // Item 8.
                Length::Absent => (Framing::Close, Body::Close),
                // Item 5: clients give up here or read on up to the end of the connection.
                Length::Invalid => {
                    trouble = Some(
                        "the Content-Length is no length; the body is read up to the end of the connection",
                    );
                    (Framing::Close, Body::Close)
                }
            },
        };
        Framed {
            framing: Some(framing),
            body: Some(body),
            codings,
            trouble,
        }
    }
}
