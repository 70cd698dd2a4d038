//! A response whose body is not over: its framing is taken off, what it carries goes to its reader.
//!
//! Bytes come in from wherever the body stands; the facts of chunks and of what is in them go out, and how the body ended.

use super::body::{Body, ChunkPart, Over, Step};
use super::content::Content;
use super::response::Shared;
use crate::layers::sse::{Mark, OnlyEvent, Session};
use crate::model::{At, Detail, EndKind, Fact, Framing, Span, fetch_behind};

/// A response whose body is not over. What is read of a body stands side by side, down to the session.
#[repr(C)]
pub(super) struct Open {
    /// How the head said that the body ends; what ends it when its own end was missed.
    pub(super) framing: Framing,
    /// Nothing but the next head, or the end of the connection, tells where it ends.
    pub(super) lost: bool,
    /// How often the chunked coding was broken.
    pub(super) breaches: u8,
    pub(super) body: Body,
    pub(super) content: Content,
}

const _: () = assert!(std::mem::offset_of!(Open, content) <= 48);

/// So often reading resumes in a broken chunked coding before it is given up.
const BREACHES: u8 = 8;

impl Open {
    /// Reads what belongs to the body from `rest`, which it shortens. How the body ended, if it did.
    pub(super) fn read(
        &mut self,
        rest: &mut &[u8],
        span: Span,
        shared: &mut Shared<'_>,
    ) -> Option<EndKind> {
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
                Step::Data(bytes, part) => self.take(bytes, part, span, shared),
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

    /// Takes data of the body, with the chunk that they belong to.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        part: Option<ChunkPart>,
        span: Span,
        shared: &mut Shared<'_>,
    ) {
        match part {
            _ if shared.ledger.detail < Detail::Frames => {}
            Some(part) if part.is_complete() => {
                let fact = Fact::Chunk {
                    number: part.number,
                    bytes: part.size,
                };
                self.content.say(span, fact, shared.said);
            }
            None if self.content.session().is_some() && !bytes.is_empty() => {
                let fact = Fact::Body(bytes.len() as u64);
                self.content.say(span, fact, shared.said);
            }
            _ => {}
        }
        let chunk = part.map(|part| part.number);
        let mark = Mark { span, chunk };
        self.content.data(bytes, mark, shared.ledger, shared.said);
    }

    /// Takes the next bytes, which came in `at`, if they are one event in a chunk of its own, or in a body without chunks, and nothing else.
    #[inline]
    pub(super) fn only_event<'a>(&mut self, bytes: &'a [u8], at: At) -> Option<OnlyEvent<'a>> {
        let (data, chunk) = self.body.only_part(bytes)?;
        let event = self.content.only_event(data, chunk, at)?;
        self.body.take_part(bytes.len());
        Some(event)
    }

    /// Has each line of the cache fetched that a part of an event stream needs.
    #[inline]
    pub(super) fn fetch(&self, shown: bool) {
        // Nothing of it is here yet that would tell where its parts are. Where events are made, their ID is looked at.
        let lines = if shown { 5 } else { 4 };
        fetch_behind(&self.lost, lines);
    }

    /// Has fetched what lies elsewhere and a part of an event stream needs.
    #[inline]
    pub(super) fn fetch_lists(&self) {
        self.content
            .session()
            .into_iter()
            .for_each(Session::fetch_lists);
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
