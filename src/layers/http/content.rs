//! What becomes of a response's body: its content codings are undone, and it is read as an event stream, counted as a stream of
//! another form, or passed over.

use super::body::Over;
use crate::layers::coding::{self, Chain};
use crate::layers::sse::{Closing, Mark, OnlyEvent, Session};
use crate::layers::{Ledger, pieces::Pieces};
use crate::model::{At, Detail, Exchange, Fact, FrameNo, OtherStream, ResponseHead, Said, Span};
use smol_str::SmolStr;
use std::sync::Arc;

/// The reader of one body. The session comes last, so that its beginning lies beside what every piece of a body needs.
#[repr(C)]
pub(super) struct Content {
    /// `None`: the body cannot be decoded, or not any further.
    chain: Option<Chain>,
    /// Bytes that the heads of the session's exchange hold as long as it is open.
    heads: usize,
    sink: Sink,
}

/// Who wants the decoded bytes.
#[expect(
    clippy::large_enum_variant,
    reason = "an open body that is no event stream holds some hundred bytes too many, and the others one block less"
)]
enum Sink {
    /// Nobody.
    Nothing,
    /// An event stream.
    Events(Session),
    /// A stream of another form, by its place in the ledger.
    Pieces(usize, Pieces),
}

impl Content {
    /// A body that nobody wants.
    pub(super) fn nothing() -> Content {
        Content {
            sink: Sink::Nothing,
            chain: None,
            heads: 0,
        }
    }

    /// Opens a session: the head was complete in `head`, the last byte of its Content-Type's value was there in `content_type`.
    pub(super) fn events(
        exchange: Exchange,
        (head, content_type): (At, At),
        codings: &[SmolStr],
        ledger: &mut Ledger,
        said: &mut Vec<Said>,
    ) -> Content {
        let number = ledger.next_session();
        let session = Some(number);
        let heads = memory_of(&exchange);
        let mut say = |at, fact| said.push(Said { at, session, fact });
        say(head, Fact::SessionOpens(Box::new(exchange)));
        say(content_type, Fact::EventStream);
        let chain = open_chain(codings, head, session, said);
        Content {
            sink: Sink::Events(Session::new(number, head, ledger.detail)),
            chain,
            heads,
        }
    }

    /// Opens a session of a stream that was recognised in `at`, without its head. If it were coded it would not have been recognised.
    pub(super) fn headless(
        exchange: Exchange,
        at: At,
        ledger: &mut Ledger,
        said: &mut Vec<Said>,
    ) -> Content {
        let number = ledger.next_session();
        let heads = memory_of(&exchange);
        for fact in [Fact::SessionOpens(Box::new(exchange)), Fact::EventStream] {
            let session = Some(number);
            said.push(Said { at, session, fact });
        }
        let session = Session::headless(number, at, ledger.detail);
        Content {
            sink: Sink::Events(session),
            chain: Some(Chain::default()),
            heads,
        }
    }

    /// The reader of a response that is no event stream.
    pub(super) fn other(
        head: &ResponseHead,
        codings: &[SmolStr],
        ledger: &mut Ledger,
        said: &mut Vec<Said>,
    ) -> Content {
        let Some((media_type, pieces)) = head
            .media_type
            .as_deref()
            .and_then(|media_type| Some((media_type, Pieces::of(media_type)?)))
        else {
            return Content::nothing();
        };
        let at = head.span.there;
        said.push(Said {
            at,
            session: None,
            fact: Fact::OtherStream(Arc::from(media_type)),
        });
        let listed = ledger.list(OtherStream {
            frame: at.frame,
            content_type: head.content_type.as_deref().unwrap_or_default().to_owned(),
            pieces: 0,
        });
        let Some(place) = listed else {
            return Content::nothing();
        };
        Content {
            sink: Sink::Pieces(place, pieces),
            chain: open_chain(codings, at, None, said),
            heads: 0,
        }
    }

    /// The session that it feeds.
    pub(super) fn session(&self) -> Option<&Session> {
        match &self.sink {
            Sink::Events(session) => Some(session),
            _ => None,
        }
    }

    /// Whether a content coding is undone.
    pub(super) fn decodes(&self) -> bool {
        let chain = self.chain.as_ref();
        chain.is_some_and(|chain| !chain.is_identity())
    }

    /// Bytes of memory on the heap, roughly.
    pub(super) fn memory(&self) -> usize {
        let session = self.session().map_or(0, Session::memory);
        self.heads + session + self.chain.as_ref().map_or(0, Chain::memory)
    }

    /// The next bytes of the body.
    pub(super) fn data(
        &mut self,
        bytes: &[u8],
        mark: Mark,
        ledger: &mut Ledger,
        said: &mut Vec<Said>,
    ) {
        if bytes.is_empty() {
            return;
        }
        if let Sink::Events(session) = &mut self.sink {
            session.carried(bytes.len() as u64, mark.span);
        }
        let Some(chain) = &mut self.chain else {
            return;
        };
        let coded = (!chain.is_identity()).then(|| chain.given());
        let sink = &mut self.sink;
        let fed = chain.feed(bytes, mark.span.there.frame, |piece| match sink {
            Sink::Nothing => 0,
            Sink::Events(session) => session.push(piece, mark, said),
            Sink::Pieces(place, pieces) => {
                ledger.count_pieces(*place, pieces.push(piece));
                0 // They are counted and not kept.
            }
        });
        let fed = fed.and_then(|()| match &self.sink {
            _ if coded.is_none() => Ok(()),
            Sink::Events(session) => chain.may_leave(session.unfinished()),
            Sink::Nothing | Sink::Pieces(..) => chain.may_leave(0),
        });
        if let Some(before) = coded
            && fed.is_ok()
            && ledger.detail == Detail::Frames
            && let Sink::Events(session) = &self.sink
        {
            said.push(Said {
                at: mark.span.there,
                session: Some(session.number()),
                fact: Fact::Decoded(chain.given() - before),
            });
        }
        if let Err(why) = fed {
            self.chain = None;
            if let Sink::Events(session) = &mut self.sink {
                session.give_up();
            }
            self.say(
                mark.span,
                Fact::Trouble(format!("{why}; the rest of the body is not decoded")),
                said,
            );
        }
    }

    /// Takes the next bytes of the body, data of `chunk` that came in `at`, if they are one event and nothing else.
    #[inline]
    pub(super) fn only_event<'a>(
        &mut self,
        bytes: &'a [u8],
        chunk: Option<u64>,
        at: At,
    ) -> Option<OnlyEvent<'a>> {
        match (&self.chain, &mut self.sink) {
            (Some(chain), Sink::Events(session)) if chain.is_identity() => {
                session.only_event(bytes, chunk, at)
            }
            _ => None,
        }
    }

    /// Remembers that the capture missed bytes of the body (0 if nobody knows how many) between these frames.
    pub(super) fn missing(&mut self, bytes: u64, between: (FrameNo, FrameNo)) {
        if let Sink::Events(session) = &mut self.sink {
            session.missing(bytes, between);
        }
    }

    /// Bytes of the body, so many of them data (0 if nobody knows how many), are missing. What follows from it, in words.
    pub(super) fn gap(&mut self, bytes: u64, over: Over) -> &'static str {
        if over == Over::LineEnd {
            return "only chunk framing, no data";
        }
        let coded = self.decodes();
        if coded {
            self.chain = None;
        }
        let Sink::Events(session) = &mut self.sink else {
            return match over {
                Over::Inside | Over::LineEnd => "the body goes on behind it",
                Over::ToTheEnd => "the body ends with it",
                Over::Beyond => "the body ends in it; reading resumes at the next response",
                Over::SeeksChunk => "reading resumes at the next chunk header",
                Over::Lost => "reading resumes at the next response",
            };
        };
        session.missed(bytes, !coded);
        match over {
            _ if coded => {
                "the content coding cannot be decoded any further: no more events of this stream"
            }
            Over::Inside | Over::LineEnd | Over::ToTheEnd => "events resume at the next blank line",
            Over::Beyond => "the body ends in it; reading resumes at the next response",
            Over::SeeksChunk => {
                "chunks resume at the next chunk header, events at the next blank line"
            }
            Over::Lost => {
                "events resume at the next blank line, responses where a segment begins with one"
            }
        }
    }

    /// Nothing more of the body is read.
    pub(super) fn give_up(&mut self) {
        self.chain = None;
    }

    /// The response is over.
    pub(super) fn end(self, closing: Closing, ledger: &mut Ledger, said: &mut Vec<Said>) {
        match self.sink {
            Sink::Nothing => {}
            Sink::Events(session) => session.end(closing, said),
            Sink::Pieces(place, mut pieces) => ledger.count_pieces(place, pieces.end()),
        }
    }

    /// Says something of this body.
    pub(super) fn say(&self, span: Span, fact: Fact, said: &mut Vec<Said>) {
        said.push(Said {
            at: span.there,
            session: self.session().map(Session::number),
            fact,
        });
    }
}

/// Bytes that the heads of an exchange hold.
fn memory_of(exchange: &Exchange) -> usize {
    let request = exchange.request.as_ref().map_or(0, |head| head.memory());
    request + exchange.response.as_ref().map_or(0, |head| head.memory())
}

fn open_chain(
    codings: &[SmolStr],
    at: At,
    session: Option<u32>,
    said: &mut Vec<Said>,
) -> Option<Chain> {
    let opened = coding::open(codings);
    if let Some(trouble) = opened.trouble {
        said.push(Said {
            at,
            session,
            fact: Fact::Trouble(trouble),
        });
    }
    opened.chain
}
