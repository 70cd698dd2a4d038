//! One session: the facts of an event stream, and its numbers when it ends.
//!
//! Decoded body bytes come in with their mark; `Said` goes out: events with number and gap, comments, and at the end all that
//! the contract's session record counts. It does not frame bodies, and keeps no event.

use super::gaps::GapCounter;
use super::parser::{Item, Mark, Parser};
use crate::model::{
    At, Detail, Direction, End, EndKind, Event, Fact, FrameNo, Missing, Nanos, PlainEvent, Said,
    SessionEnding, Span, limits,
};
use std::num::NonZero;

/// An open session. What every delivery needs stands side by side, in few lines of the cache.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Session {
    tally: Tally,
    /// Bytes after transfer decoding.
    body_bytes: u64,
    segments: Segments,
    /// The last sign of life: the head or body bytes.
    heard: At,
    /// `Nanos::MIN` before the first.
    longest_silence: Nanos,
    number: u32,
    parser: Parser,
    missing: Option<Box<Missing>>,
}

/// Frames that carried bytes of the body.
#[derive(Debug, Default)]
struct Segments {
    count: u64,
    /// The last that carried some.
    last: FrameNo,
    /// The last whose bytes were there as it came.
    in_order: FrameNo,
}

/// What is counted event by event.
#[derive(Debug)]
#[repr(C)]
struct Tally {
    first_event: Option<At>,
    /// Once there are any.
    comments: Option<Box<Comments>>,
    /// Events, comments and other blocks.
    items: u64,
    events: u64,
    data_bytes: u64,
    /// The response head, if it was captured, later the last event: what the next event's gap is measured from.
    before: Option<At>,
    gaps: GapCounter,
}

/// What is counted of comments.
#[derive(Debug)]
struct Comments {
    count: u64,
    last: At,
    gaps: GapCounter,
}

/// A delivery that is one event and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct OnlyEvent<'a> {
    /// Its numbers.
    pub event: PlainEvent,
    /// Its type, never empty.
    pub event_type: &'a str,
    /// Its data, one line, in UTF-8.
    pub data: &'a [u8],
}

/// What the HTTP layer knows at a session's end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closing {
    /// How.
    pub(crate) kind: EndKind,
    /// The frame that ended it (for `Open`: the capture's last).
    pub(crate) at: At,
    /// Who ended it.
    pub(crate) by: Option<Direction>,
    /// The last frame of the request.
    pub(crate) request_end: Option<At>,
    /// Complete data chunks; `None` if not chunked.
    pub(crate) chunks: Option<u64>,
    /// Whether nothing told any more where the body would end.
    pub(crate) lost: bool,
    /// TCP payload of the response.
    pub(crate) wire_bytes: u64,
}

const _: () = assert!(
    std::mem::offset_of!(Session, parser) <= 168,
    "with the body before it and the parser's beginning it lies in four lines"
);

impl Session {
    /// A session whose response head was complete in `head`.
    pub(crate) fn new(number: u32, head: At, detail: Detail) -> Session {
        Session {
            tally: Tally::new(head),
            body_bytes: 0,
            segments: Segments::default(),
            heard: head,
            longest_silence: Nanos::MIN,
            parser: if detail == Detail::Sessions {
                Parser::counting()
            } else {
                Parser::new()
            },
            number,
            missing: None,
        }
    }

    /// A session that was recognised in `at`, its head unseen.
    pub(crate) fn headless(number: u32, at: At, detail: Detail) -> Session {
        let mut session = Session::new(number, at, detail);
        session.tally.before = None;
        session
    }

    /// Its number within the connection.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether bytes of an unfinished event are there.
    pub(crate) fn pending(&self) -> bool {
        self.parser.pending()
    }

    /// Bytes of memory on the heap, roughly.
    pub(crate) fn memory(&self) -> usize {
        let missing = self.missing.as_ref().map_or(0, |missing| {
            size_of::<Missing>() + size_of_val(&missing.between[..])
        });
        let comments = self
            .tally
            .comments
            .as_ref()
            .map_or(0, |comments| size_of::<Comments>() + comments.gaps.memory());
        self.parser.memory() + self.tally.gaps.memory() + comments + missing
    }

    /// Body bytes came, before any content decoding.
    pub(crate) fn carried(&mut self, bytes: u64, span: Span) {
        self.body_bytes += bytes;
        self.segments.add(span);
        let at = span.there;
        self.silence_until(at);
        self.heard = at;
    }

    /// Has fetched what lies elsewhere and the next bytes need: where the next gap is kept.
    #[inline]
    pub(crate) fn fetch_lists(&self) {
        self.tally.gaps.fetch();
    }

    /// The next decoded bytes. How many events, comments and other blocks there were so far.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8], mark: Mark, said: &mut Vec<Said>) -> u64 {
        let (number, at) = (self.number, mark.span.there);
        let tally = &mut self.tally;
        self.parser.push(bytes, mark, |item| {
            if let Some(fact) = tally.fact(item, at) {
                said.push(Said {
                    at,
                    session: Some(number),
                    fact,
                });
            }
        });
        self.tally.items
    }

    /// Takes the next bytes, which came in `at` and are not coded, if they are one event and nothing else that
    /// [is said of it](Parser::only_event), and the time since the one before is known.
    #[inline]
    pub(crate) fn only_event<'a>(
        &mut self,
        bytes: &'a [u8],
        chunk: Option<u64>,
        at: At,
    ) -> Option<OnlyEvent<'a>> {
        let (event_type, data) = self.parser.only_event(bytes)?;
        let before = self.tally.before?;
        let small = |number: u64| u32::try_from(number).ok().and_then(NonZero::new);
        let number = small(self.tally.events + 1)?;
        let chunk = match chunk {
            Some(chunk) => Some(small(chunk)?),
            None => None,
        };
        self.carried(bytes.len() as u64, Span::of(at));
        self.tally.items += 1;
        self.tally.count(data.len() as u64, at);
        Some(OnlyEvent {
            event: PlainEvent {
                number,
                chunk,
                gap: at.time.since(before.time),
            },
            event_type,
            data,
        })
    }

    /// So many bytes of the body are missing (0 if nobody knows): reading resumes after the next blank line.
    /// Where the body is coded nobody knows how many decoded bytes they were.
    pub(crate) fn missed(&mut self, bytes: u64, identity: bool) {
        self.body_bytes += bytes;
        self.parser.gap(if identity { bytes } else { 0 });
    }

    /// Nothing more of the stream can be read. That an event was unfinished stays known.
    pub(crate) fn give_up(&mut self) {
        self.parser.give_up();
    }

    /// Bytes of an unfinished event, and of IDs, that are kept.
    pub(crate) fn unfinished(&self) -> usize {
        self.parser.unfinished()
    }

    /// The capture missed bytes of the response between these frames.
    pub(crate) fn missing(&mut self, bytes: u64, between: (FrameNo, FrameNo)) {
        let missing = self.missing.get_or_insert_with(|| {
            Box::new(Missing {
                bytes: Some(0),
                ..Missing::default()
            })
        });
        missing.bytes = missing.bytes.filter(|_| bytes > 0).map(|sum| sum + bytes);
        missing.holes += 1;
        if missing.between.len() < limits::HOLES {
            missing.between.push(between);
        }
    }

    /// The session is over.
    pub(crate) fn end(mut self, closing: Closing, said: &mut Vec<Said>) {
        let ended = !matches!(closing.kind, EndKind::Open | EndKind::Timeout);
        if closing.kind != EndKind::Timeout {
            self.silence_until(closing.at);
        }
        let mut say = |fact| {
            said.push(Said {
                at: closing.at,
                session: Some(self.number),
                fact,
            });
        };
        if ended && self.parser.pending() {
            say(Fact::DiscardedEvent(self.parser.unread()));
        }
        let comments = self.tally.comments.map(|comments| *comments);
        let (comments, heartbeats) = comments.map_or((0, None), |comments| {
            (comments.count, comments.gaps.summary())
        });
        say(Fact::SessionEnds(Box::new(SessionEnding {
            events: self.tally.events,
            comments,
            chunks: closing.chunks,
            body_bytes: self.body_bytes,
            data_bytes: self.tally.data_bytes,
            wire_bytes: closing.wire_bytes,
            segments: self.segments.count,
            request_end: closing.request_end,
            first_event: self.tally.first_event,
            gaps: self.tally.gaps.summary(),
            last_event: self.tally.first_event.and(self.tally.before),
            heartbeats,
            longest_silence: Some(self.longest_silence).filter(|silence| *silence > Nanos::MIN),
            incomplete_event: self.parser.unread(),
            missing: self.missing,
            lost: closing.lost,
            ids: self.parser.ids().cloned().map(Box::new),
            retry: self.parser.retry(),
            end: End {
                kind: closing.kind,
                at: ended.then_some(closing.at),
                by: closing.by.filter(|_| ended),
            },
        })));
    }

    fn silence_until(&mut self, at: At) {
        let silence = at.time.since(self.heard.time);
        self.longest_silence = self.longest_silence.max(silence);
    }
}

impl Segments {
    /// Counts the frame that carried bytes, once. What fills a hole may go on behind what had waited there.
    #[inline]
    fn add(&mut self, span: Span) {
        let carrier = span.first.frame;
        let filled = carrier == span.there.frame && carrier == self.in_order;
        if carrier != self.last && !filled {
            self.count += 1;
        }
        self.last = carrier;
        if carrier == span.there.frame {
            self.in_order = carrier;
        }
    }
}

impl Tally {
    fn new(head: At) -> Tally {
        Tally {
            items: 0,
            events: 0,
            data_bytes: 0,
            first_event: None,
            before: Some(head),
            gaps: GapCounter::default(),
            comments: None,
        }
    }

    /// Counts an item, complete in `at`. What there is to say of it.
    #[inline]
    fn fact(&mut self, item: Item, at: At) -> Option<Fact> {
        self.items += 1;
        Some(match item {
            Item::Counted { data_bytes, there } => {
                self.count(data_bytes, there);
                return None;
            }
            Item::Comment => {
                self.comment(at);
                Fact::Comment
            }
            Item::WithoutData {
                event_type,
                id,
                retry,
            } => Fact::BlockWithoutData {
                event_type,
                id,
                retry,
            },
            Item::Oversize { bytes } => Fact::Trouble(format!(
                "an event was given up after {bytes} bytes (oversize); events resume at the next blank line"
            )),
            Item::Event(block) => {
                let gap = self.count(block.data.len() as u64, block.last.span.there);
                Fact::Event(Box::new(Event {
                    number: self.events,
                    event_type: block.event_type,
                    data: block.data,
                    last_event_id: block.last_event_id,
                    id: block.id,
                    retry: block.retry,
                    span: block.first.span.join(block.last.span),
                    chunks: block.first.chunk.zip(block.last.chunk),
                    gap,
                }))
            }
        })
    }

    /// Counts a comment.
    fn comment(&mut self, at: At) {
        let comments = self.comments.get_or_insert_with(|| {
            Box::new(Comments {
                count: 0,
                last: at,
                gaps: GapCounter::default(),
            })
        });
        comments.count += 1;
        let before = std::mem::replace(&mut comments.last, at);
        // Several lines of one frame are one heartbeat.
        if before.frame != at.frame {
            comments.gaps.add(at.time.since(before.time));
        }
    }

    /// Counts an event. The time since the one before, or since the response head.
    fn count(&mut self, data_bytes: u64, at: At) -> Option<Nanos> {
        let gap = self.before.map(|before| at.time.since(before.time));
        self.events += 1;
        self.data_bytes += data_bytes;
        if self.events == 1 {
            self.first_event = Some(at);
        } else if let Some(gap) = gap {
            self.gaps.add(gap);
        }
        self.before = Some(at);
        gap
    }
}
