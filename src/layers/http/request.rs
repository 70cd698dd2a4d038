//! The client's side of a connection: request heads, and where request bodies end.

use super::Next;
use super::body::{Body, Over, Step};
use super::exchange::Exchanges;
use super::fields::{self, Length, Transfer};
use super::head::{HeadBuffer, Taken};
use super::start::{self, Breach};
use crate::layers::probe::{self, Verdict};
use crate::layers::proxy::{self, Reading};
use crate::model::{At, Fact, FrameNo, PROXY_V1, Protocol, RequestHead, Said, Span, limits};
use memchr::memrchr;
use std::sync::Arc;

/// The reader of the client's direction.
#[derive(Debug, Default)]
pub(super) struct Requests {
    state: State,
    buffer: HeadBuffer,
}

/// What comes next.
#[derive(Debug, Default)]
enum State {
    /// The first bytes of all: a header of the PROXY protocol, or a request head. What may be the beginning of either is in the buffer.
    #[default]
    Begin,
    /// A request head; its beginning may be in the buffer.
    Head,
    /// A request's body.
    Body(Body),
    /// The body of a request that was complete up to its head in this frame, if the server wants it: the client waits to be told (RFC 9110 §10.1.1).
    Expected(Body, At),
    /// A delivery that begins with a request line: what comes before cannot be read.
    Seek,
    /// Nothing: the direction has ended.
    Closed,
}

impl Requests {
    /// The next bytes.
    pub(super) fn data(
        &mut self,
        bytes: &[u8],
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) -> Next {
        let mut rest = bytes;
        if matches!(self.state, State::Seek) {
            match probe::request_line(rest) {
                Verdict::Http1 => self.state = State::Head,
                Verdict::Http2 if !exchanges.confirmed => return Next::Speaks(Protocol::Http2),
                _ => return Next::More,
            }
        }
        // Answered before it was sent it is never sent, where another request comes in its place.
        if let State::Expected(_, head) = self.state
            && exchanges.is_answered()
            && probe::request_line(rest) == Verdict::Http1
        {
            exchanges.request_end(head);
            self.state = State::Head;
        }
        while !rest.is_empty() {
            match &mut self.state {
                State::Begin => {
                    let next = self.begin(&mut rest, span, exchanges, said);
                    if !matches!(next, Next::More) {
                        return next;
                    }
                }
                State::Head => {
                    let next = self.head(&mut rest, span, exchanges, said);
                    if !matches!(next, Next::More) {
                        return next;
                    }
                }
                State::Body(body) => {
                    let before = rest.len();
                    let read = read_body(body, &mut rest);
                    let used = (before - rest.len()) as u64;
                    if used > 0 {
                        say(said, span.there, Fact::RequestBody(used));
                    }
                    match read {
                        Read::More => return Next::More,
                        Read::Over => {
                            exchanges.request_end(span.there);
                            self.state = State::Head;
                        }
                        Read::Broken(why) => {
                            let why = format!(
                                "in a request's body: {why}; reading resumes at the next request"
                            );
                            return self.lost(why, span, exchanges, said);
                        }
                    }
                }
                State::Expected(body, _) => {
                    self.state = State::Body(std::mem::replace(body, Body::Close));
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
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) {
        let outcome = match &mut self.state {
            State::Closed => return,
            State::Seek => {
                exchanges.miss_requests();
                return;
            }
            State::Body(body) | State::Expected(body, _) => match body.gap(bytes).0 {
                Over::Inside | Over::LineEnd => "the request's body goes on behind it",
                Over::ToTheEnd => {
                    exchanges.request_end(span.there);
                    self.state = State::Head;
                    "the request's body ends with it"
                }
                Over::Beyond => {
                    exchanges.request_end(span.there);
                    exchanges.miss_requests();
                    self.state = State::Seek;
                    "the request's body ends in it; reading resumes at the next request"
                }
                Over::SeeksChunk | Over::Lost => {
                    self.state = State::Seek;
                    "reading resumes at the next request"
                }
            },
            State::Begin | State::Head => {
                self.keep_what_there_is(span, exchanges);
                self.state = State::Seek;
                "reading resumes at the next request"
            }
        };
        if exchanges.confirmed {
            say(
                said,
                span.there,
                Fact::Gap {
                    bytes,
                    between,
                    outcome,
                },
            );
        }
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        self.buffer.memory()
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, exchanges: &mut Exchanges) {
        self.buffer.clear();
        exchanges.abandon();
        self.state = State::Closed;
    }

    /// Steps over a header of the PROXY protocol, if there is one.
    fn begin(
        &mut self,
        rest: &mut &[u8],
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) -> Next {
        let held = self.buffer.bytes().len();
        let reading = if held == 0 {
            proxy::read(rest)
        } else {
            let most = rest.len().min(limits::PROXY_HEADER);
            proxy::read(&[self.buffer.bytes(), &rest[..most]].concat())
        };
        match reading {
            Reading::Header(length, header) => {
                // Its first letters may have passed for a request's.
                exchanges.abandon();
                self.buffer.clear();
                self.state = State::Head;
                say(said, span.there, Fact::Proxied(header));
                Next::Begins((held + rest.len()).saturating_sub(length))
            }
            // So few letters may as well be a method's.
            Reading::Undecided if held == 0 && PROXY_V1[..PROXY_V1.len() - 1].starts_with(rest) => {
                self.head(rest, span, exchanges, said)
            }
            Reading::Undecided => {
                self.buffer.hold(rest, span);
                *rest = &[];
                Next::More
            }
            Reading::Other => {
                self.state = State::Head;
                self.no_header(span, exchanges, said)
            }
        }
    }

    /// What is held is no header: it is read as if there were none.
    fn no_header(&mut self, span: Span, exchanges: &mut Exchanges, said: &mut Vec<Said>) -> Next {
        let held = self.buffer.bytes();
        if held.starts_with(b"\r") {
            let empty_lines = skip_empty_lines(held).is_empty();
            self.buffer.clear();
            if !empty_lines {
                return self.no_request(Verdict::Other, span, exchanges, said);
            }
        } else if !held.is_empty() && !exchanges.begun() {
            exchanges.begin(span.there);
            say(said, span.there, Fact::RequestBegins);
        }
        Next::More
    }

    fn head(
        &mut self,
        rest: &mut &[u8],
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) -> Next {
        if self.buffer.is_empty() {
            // RFC 9112 §2.2: empty lines before a request line are ignored.
            *rest = skip_empty_lines(rest);
            if rest.is_empty() {
                return Next::More;
            }
            match probe::request_line(rest) {
                Verdict::Http1 => exchanges.confirmed = true,
                Verdict::Undecided => {}
                other => return self.no_request(other, span, exchanges, said),
            }
            exchanges.begin(span.there);
            say(said, span.there, Fact::RequestBegins);
        }
        match self.buffer.take(rest, span) {
            Taken::More => {
                *rest = &[];
                // Once it is confirmed that HTTP is spoken, the head's end tells all.
                if exchanges.confirmed {
                    return Next::More;
                }
                match probe::request_line(self.buffer.bytes()) {
                    Verdict::Http1 => exchanges.confirmed = true,
                    Verdict::Undecided => {}
                    other => return self.no_request(other, span, exchanges, said),
                }
                Next::More
            }
            Taken::TooLong => self.lost(
                "the request head is longer than any server takes; reading resumes at the next request".to_owned(),
                span,
                exchanges,
                said,
            ),
            Taken::Complete(length) => {
                let head = self.buffer.complete(rest, length, span);
                let parsed = start::request(&head);
                let verdict = probe::request_line(head.bytes);
                *rest = &rest[length..];
                self.buffer.clear();
                match parsed {
                    Ok((request, breach)) => {
                        exchanges.confirmed = true;
                        self.complete(request, breach, span, exchanges, said);
                        Next::More
                    }
                    Err(_) if verdict != Verdict::Http1 => {
                        self.no_request(verdict, span, exchanges, said)
                    }
                    Err(error) => self.lost(
                        format!("the request head cannot be read ({error}); reading resumes at the next request"),
                        span,
                        exchanges,
                        said,
                    ),
                }
            }
        }
    }

    /// The head in the making goes no further. Its request line and the fields that are there tell what will be answered.
    fn keep_what_there_is(&mut self, span: Span, exchanges: &mut Exchanges) {
        let lines = memrchr(b'\n', self.buffer.bytes()).map_or(0, |end| end + 1);
        let cut = [&self.buffer.bytes()[..lines], b"\r\n"].concat();
        self.buffer.clear();
        let head = self.buffer.complete(&cut, cut.len(), span);
        match start::request(&head) {
            Ok((request, _)) if lines > 0 => {
                exchanges.request(Arc::new(request));
                exchanges.request_end(span.there);
            }
            _ => {
                exchanges.abandon();
                exchanges.miss_requests();
            }
        }
    }

    fn complete(
        &mut self,
        request: RequestHead,
        breach: Breach,
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) {
        let framing = framing(&request);
        let two_framings = fields::two_framings(&request.fields, &request.version);
        let expects = expects_continue(&request);
        let request = Arc::new(request);
        say(said, span.there, Fact::Request(request.clone()));
        if !exchanges.request(request) {
            say(
                said,
                span.there,
                Fact::Trouble("too many requests wait for answers: requests and responses are not matched any more".to_owned()),
            );
        }
        for trouble in breach.into_iter().chain(two_framings) {
            say(said, span.there, Fact::Trouble(trouble.to_owned()));
        }
        match framing {
            Ok(Some(body)) if expects => self.state = State::Expected(body, span.there),
            Ok(Some(body)) => self.state = State::Body(body),
            Ok(None) => exchanges.request_end(span.there),
            Err(why) => {
                exchanges.request_end(span.there);
                self.state = State::Seek;
                say(
                    said,
                    span.there,
                    Fact::Trouble(format!("{why}; reading resumes at the next request")),
                );
            }
        }
    }

    /// What came is no request line.
    fn no_request(
        &mut self,
        verdict: Verdict,
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) -> Next {
        if !exchanges.confirmed && verdict == Verdict::Http2 {
            return Next::Speaks(Protocol::Http2);
        }
        let why = "bytes that are no request; reading resumes at the next one".to_owned();
        self.lost(why, span, exchanges, said)
    }

    fn lost(
        &mut self,
        why: String,
        span: Span,
        exchanges: &mut Exchanges,
        said: &mut Vec<Said>,
    ) -> Next {
        self.buffer.clear();
        exchanges.abandon();
        self.state = State::Seek;
        if exchanges.confirmed {
            say(said, span.there, Fact::Trouble(why));
        }
        Next::Skip
    }
}

/// RFC 9112 §6.3, for requests: `None` without a body.
fn framing(request: &RequestHead) -> Result<Option<Body>, &'static str> {
    // RFC 9110 §9.3.6: what follows a CONNECT is the tunnel's.
    if request.method == "CONNECT" {
        return Ok(None);
    }
    match fields::transfer(&request.fields) {
        // Items 3 and 4: Transfer-Encoding overrides Content-Length.
        Transfer::Chunked(_) => return Ok(Some(Body::chunked())),
        Transfer::Other(_) => {
            return Err("a request whose Transfer-Encoding does not end in chunked");
        }
        Transfer::Absent => {}
    }
    match fields::content_length(&request.fields) {
        // Items 6 and 7.
        Length::Absent | Length::Bytes(0) => Ok(None),
        Length::Bytes(bytes) => Ok(Some(Body::Length(bytes))),
        // Item 5.
        Length::Invalid => Err("a request whose Content-Length is no length"),
    }
}

fn expects_continue(request: &RequestHead) -> bool {
    fields::members(&request.fields, "expect")
        .any(|expectation| expectation.eq_ignore_ascii_case("100-continue"))
}

/// How far a body was read.
enum Read {
    More,
    Over,
    Broken(&'static str),
}

/// Reads what belongs to the body from `rest`, which it shortens.
fn read_body(body: &mut Body, rest: &mut &[u8]) -> Read {
    while let Some(step) = body.step(rest) {
        match step {
            Step::Data(..) => {}
            Step::Terminating | Step::Full => return Read::Over,
            Step::Broken(why) => return Read::Broken(why),
        }
    }
    Read::More
}

/// Without the line ends that `bytes` begins with.
pub(super) fn skip_empty_lines(bytes: &[u8]) -> &[u8] {
    let empty = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    &bytes[empty..]
}

fn say(said: &mut Vec<Said>, at: At, fact: Fact) {
    said.push(Said {
        at,
        session: None,
        fact,
    });
}
