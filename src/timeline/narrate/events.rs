//! What chunks and events say of a frame, in words.

use super::say::is_printable;
use super::shared::Previous;
use super::{Narrator, Say, at_most};
use crate::model::limits::ANNOTATION_TEXT;
use crate::model::text::{Count, Escaped, Lasting, Thousands, must_escape};
use crate::model::{Annotation, At, Event, Fact, FrameNo, Nanos, Role, Said};
use smallvec::SmallVec;
use unicode_width::UnicodeWidthChar;

/// Columns of each of the two texts of a frame with several events.
const FIRST_AND_LAST: usize = 30;

/// Characters of an event's type in an annotation.
const TYPE: usize = 40;

/// An event's time is told from here on: below it, it says nothing but that frames follow each other.
const WORTH_TELLING: Nanos = 10_000_000;

/// Adds the words of the chunks, body bytes and comments of the frame; the chunks completed in it.
///
/// A chunk that an event's parenthesis names is not named again.
pub(super) fn tell_chunks(words: &mut Annotation, said: &[Said]) -> Option<(u64, u64)> {
    let mut named = Named { said };
    let mut all: Option<(u64, u64)> = None;
    let mut run: Option<(u64, u64, u64)> = None;
    let mut partial = None;
    let (mut body, mut comments, mut events) = (0, 0, false);
    let mut decoded = None;
    for Said { session, fact, .. } in said {
        match fact {
            Fact::Chunk { number, bytes } => {
                all = Some(all.map_or((*number, *number), |(first, _)| (first, *number)));
                if !named.has(*session, *number) {
                    run = Some(run.map_or((*number, *number, *bytes), |(first, _, sum)| {
                        (first, *number, sum + bytes)
                    }));
                }
            }
            Fact::PartialChunk {
                number,
                have,
                bytes,
            } if !named.has(*session, *number) => partial = Some((*number, *have, *bytes)),
            Fact::Body(bytes) => body += bytes,
            Fact::Decoded(bytes) => decoded = Some(decoded.unwrap_or(0) + bytes),
            Fact::Comment => comments += 1,
            Fact::Event(_) => events = true,
            _ => {}
        }
    }
    if let Some((first, last, bytes)) = run {
        words.next();
        words.numbered(Role::Plain, "chunk", (first, last));
        words.push(Role::Plain, ", ");
        words.count(Role::Plain, bytes, "byte");
    }
    if let Some((number, have, bytes)) = partial {
        words.next();
        words.say(
            Role::Plain,
            format_args!(
                "chunk {number}, {} of {}",
                Thousands(have),
                Count(bytes, "byte")
            ),
        );
    }
    if body > 0 && !events {
        words.next();
        words.say(Role::Plain, format_args!("body, {}", Count(body, "byte")));
    }
    // The coder holds back what it was given. At the end it is the coding's own trailer.
    let ends = |said: &Said| matches!(said.fact, Fact::ResponseEnd);
    let told = run.is_some() || partial.is_some() || body > 0;
    if decoded == Some(0) && told && !said.iter().any(ends) {
        words.push(Role::Plain, ", nothing decoded");
    }
    match comments {
        0 => {}
        1 => {
            words.next();
            words.push(Role::Plain, "comment");
        }
        _ => {
            words.next();
            words.say(Role::Plain, format_args!("{}", Count(comments, "comment")));
        }
    }
    all
}

/// The first frame that the parenthesis of the events names.
pub(super) fn since(said: &[Said]) -> Option<FrameNo> {
    let first = said.iter().filter_map(|said| match &said.fact {
        Fact::Event(event) => Some(event.span.first.frame),
        _ => None,
    });
    first.min()
}

/// The chunks that the parentheses of a frame's events name; they are asked for in the order in which they came.
struct Named<'a> {
    /// What was said from the first event on whose chunks are not all behind.
    said: &'a [Said],
}

impl Named<'_> {
    fn has(&mut self, session: Option<u32>, number: u64) -> bool {
        while let [
            Said {
                session: of, fact, ..
            },
            rest @ ..,
        ] = self.said
        {
            if let Fact::Event(event) = fact
                && let Some((first, last)) = event.chunks
                && (*of, last) >= (session, number)
            {
                return *of == session && first <= number;
            }
            self.said = rest;
        }
        false
    }
}

/// The texts of one session's events, one after another, as annotations show them.
#[derive(Debug, Default)]
pub struct EventText {
    previous: Previous,
}

impl EventText {
    /// The text of the next event: on one line, without what it shares with the one before, at most as long as in an annotation.
    pub fn next(&mut self, data: &str) -> String {
        let mut words = Annotation::default();
        let data = data.as_bytes();
        let part = Part::of(data, self.previous.shared(data));
        tell_text(&mut words, part, Limit::Characters);
        self.previous.keep(data);
        words.text.trim_start_matches(' ').to_owned()
    }
}

impl Narrator {
    /// Adds the words of the frame's events, their text last; the first and the last of them, and the longest gap.
    pub(super) fn tell_events(
        &mut self,
        words: &mut Annotation,
        said: &[Said],
        fills_hole: bool,
    ) -> Option<(u64, u64, Option<Nanos>)> {
        let sessions = by_session(said);
        let last_session = said.iter().rev().find_map(|said| match said.fact {
            Fact::Event(_) => said.session,
            _ => None,
        });
        tell_blocks(words, said, last_session.is_none());
        let mut told = None;
        for together in &sessions {
            // Only where nothing follows is there room for the text.
            let with_text = Some(together.session) == last_session;
            self.tell_session(words, together, with_text, fills_hole);
            let (first, last) = together.numbers;
            told = Some((first, last, together.longest_gap));
        }
        told
    }

    /// Adds the words of one session's events.
    fn tell_session(
        &mut self,
        words: &mut Annotation,
        together: &Together<'_>,
        with_text: bool,
        fills_hole: bool,
    ) {
        let previous = &mut self.open_session(together.session).previous;
        let Together {
            first,
            before,
            last,
            ..
        } = *together;
        let first_shared = previous.shared(first.data.as_bytes());
        together.tell(words, fills_hole);
        if with_text {
            if first.number == last.number {
                tell_whole(
                    words,
                    &first.event_type,
                    Part::of(first.data.as_bytes(), first_shared),
                );
            } else {
                previous.keep(before.data.as_bytes());
                let types = first.event_type != "message" || last.event_type != "message";
                if types {
                    tell_type(words, &first.event_type);
                }
                let part = Part::of(first.data.as_bytes(), first_shared);
                tell_text(words, part, Limit::Columns);
                words.push(Role::Plain, " to");
                if types && first.event_type != last.event_type {
                    tell_type(words, &last.event_type);
                }
                let data = last.data.as_bytes();
                let part = Part::of(data, previous.shared(data));
                tell_text(words, part, Limit::Columns);
            }
        }
        previous.keep(last.data.as_bytes());
    }
}

/// The events of a frame by session, in the order in which each first has one.
fn by_session(said: &[Said]) -> SmallVec<[Together<'_>; 1]> {
    let mut sessions: SmallVec<[Together<'_>; 1]> = SmallVec::new();
    for said in said {
        let (Fact::Event(event), Some(session)) = (&said.fact, said.session) else {
            continue;
        };
        // Nearly always it is the session of the event before.
        match sessions.iter_mut().rev().find(|of| of.session == session) {
            Some(together) => together.add(event),
            None => sessions.push(Together::of(session, event)),
        }
    }
    sessions
}

/// Events of one session that one frame completed.
struct Together<'a> {
    session: u32,
    /// The first, the last but one, and the last.
    first: &'a Event,
    before: &'a Event,
    last: &'a Event,
    numbers: (u64, u64),
    chunks: Option<(u64, u64)>,
    begun: At,
    there: At,
    longest_gap: Option<Nanos>,
}

impl<'a> Together<'a> {
    fn of(session: u32, event: &'a Event) -> Together<'a> {
        Together {
            session,
            first: event,
            before: event,
            last: event,
            numbers: (event.number, event.number),
            chunks: event.chunks,
            begun: event.span.first,
            there: event.span.there,
            longest_gap: event.gap,
        }
    }

    fn add(&mut self, event: &'a Event) {
        (self.before, self.last) = (self.last, event);
        self.numbers.1 = event.number;
        self.chunks = match (self.chunks, event.chunks) {
            (Some((first, last)), Some((low, high))) => Some((first.min(low), last.max(high))),
            (chunks, None) | (None, chunks) => chunks,
        };
        if event.span.first.frame < self.begun.frame {
            self.begun = event.span.first;
        }
        if event.span.there.frame > self.there.frame {
            self.there = event.span.there;
        }
        self.longest_gap = self.longest_gap.max(event.gap);
    }

    /// `event 1 (chunks 1–3, No. 19–23)`.
    fn tell(&self, words: &mut Annotation, fills_hole: bool) {
        words.next();
        let (first, last) = (self.begun.frame.0, self.there.frame.0);
        if first == last {
            return tell_numbers(words, self.numbers, self.chunks);
        }
        words.numbered(Role::Accent, "event", self.numbers);
        words.push(Role::Parenthesis, " (");
        if let Some(chunks) = self.chunks {
            words.numbered(Role::Parenthesis, "chunk", chunks);
            words.push(Role::Parenthesis, ", ");
        }
        words.push(Role::Parenthesis, "No. ");
        words.range(Role::Parenthesis, (first, last));
        let took = self.there.time.since(self.begun.time);
        if took >= WORTH_TELLING || fills_hole {
            words.say(Role::Parenthesis, format_args!(", {}", Lasting(took)));
        }
        words.push(Role::Parenthesis, ")");
    }
}

/// `event 1 (chunks 1–3)`: of events that one frame brought, whole.
#[inline]
pub(super) fn tell_numbers(words: &mut impl Say, numbers: (u64, u64), chunks: Option<(u64, u64)>) {
    words.numbered(Role::Accent, "event", numbers);
    if let Some((first, last)) = chunks {
        words.push(Role::Parenthesis, " (");
        words.numbered(Role::Parenthesis, "chunk", (first, last));
        words.push(Role::Parenthesis, ")");
        words.shorten(first == last);
    }
}

/// Blocks without data: nothing is dispatched, whatever event they name; the last event ID or the reconnection time may change.
fn tell_blocks(words: &mut Annotation, said: &[Said], with_text: bool) {
    let (mut named, mut id, mut retry, mut count) = (None, None, None, 0);
    for said in said {
        if let Fact::BlockWithoutData {
            event_type,
            id: its_id,
            retry: its_retry,
        } = &said.fact
        {
            named = event_type.as_deref().or(named);
            id = its_id.as_deref().or(id);
            retry = its_retry.or(retry);
            count += 1;
        }
    }
    if count == 0 {
        return;
    }
    words.next();
    match count {
        1 => words.push(Role::Plain, "block without data"),
        _ => words.say(Role::Plain, format_args!("{count} blocks without data")),
    }
    let mut before = ": ";
    if let Some(retry) = retry {
        words.say(Role::Plain, format_args!("{before}retry {retry} ms"));
        before = ", ";
    }
    if let Some(named) = named {
        let (named, more) = at_most(named, TYPE);
        words.say(
            Role::Plain,
            format_args!("{before}event {}{more} is not dispatched", Escaped(named)),
        );
        before = ", ";
    }
    if let Some(id) = id.filter(|_| with_text) {
        words.say(Role::Plain, format_args!("{before}id"));
        tell_text(words, Part::of(id.as_bytes(), (0, 0)), Limit::Quoted);
    }
}

/// The type and the text of one event.
#[inline]
pub(super) fn tell_whole(words: &mut impl Say, event_type: &str, part: Part<'_>) {
    tell_type(words, event_type);
    tell_text(words, part, Limit::Characters);
}

/// ` message`: the type in front of a text.
#[inline]
fn tell_type(words: &mut impl Say, event_type: &str) {
    if event_type == "message" {
        return words.push(Role::Plain, " message");
    }
    let (name, more) = at_most(event_type, TYPE);
    words.put(" ");
    if !words.put_ascii(name.as_bytes()) {
        words.put_text(&Escaped(name).to_string());
    }
    words.push(Role::Plain, more);
}

/// The part of an event's data that is shown: what it does not share with the event before.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// UTF-8.
    shown: &'a [u8],
    /// Whether there is more in front of it, and behind.
    front: bool,
    behind: bool,
}

impl<'a> Part<'a> {
    /// That of data, in UTF-8, of which so many bytes are shared in front and behind.
    pub(super) fn of(data: &'a [u8], (front, behind): (usize, usize)) -> Part<'a> {
        Part {
            // What is shared ends where characters do.
            shown: data.get(front..data.len() - behind).unwrap_or_default(),
            front: front > 0,
            behind: behind > 0,
        }
    }
}

/// How much of a text is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// So many characters as the contract says.
    Characters,
    /// The same, and in quotes whatever it begins with.
    Quoted,
    /// So many columns as one of two texts gets.
    Columns,
}

/// Adds a space and a text of the wire: on one line, without what it shares with the one before, quoted unless it is
/// visibly JSON, and cut.
#[inline]
fn tell_text(words: &mut impl Say, part: Part<'_>, limit: Limit) {
    let Part {
        shown,
        front,
        behind,
    } = part;
    let quoted = limit == Limit::Quoted || (!front && !begins_as_json(shown));
    words.push(Role::Plain, " ");
    if quoted {
        words.put_quotation_mark();
    }
    if front {
        words.put("…");
    }
    let whole = match limit {
        Limit::Characters | Limit::Quoted => {
            put_at_most(words, shown, ANNOTATION_TEXT, ANNOTATION_TEXT, |_| 1)
        }
        Limit::Columns => {
            let left = FIRST_AND_LAST - usize::from(quoted) - usize::from(front);
            let closing = usize::from(quoted) + usize::from(behind);
            put_at_most(words, shown, left - closing, left - 1, |c| {
                c.width().unwrap_or(0)
            })
        }
    };
    if !whole || behind {
        words.put("…");
    }
    if quoted && whole {
        words.put_quotation_mark();
    }
    words.mark(Role::Wire);
}

/// Whether a text is bare: it begins as a JSON object or array does. `[DONE]` is neither.
fn begins_as_json(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"[") else {
        return text.starts_with(b"{");
    };
    let begins = |byte: &u8| byte.is_ascii_digit() || b"{[\"]- ".contains(byte);
    rest.first().is_some_and(begins)
        || ["true", "false", "null"]
            .iter()
            .any(|word| rest.starts_with(word.as_bytes()))
}

/// Adds `text`, in UTF-8, escaped: all of it if that takes `whole` at most, else so much of it as takes `cut`. Whether it was all.
#[inline]
fn put_at_most(
    words: &mut impl Say,
    text: &[u8],
    whole: usize,
    cut: usize,
    size: impl Fn(char) -> usize,
) -> bool {
    // One of each for a byte.
    let printable = match text.get(..=whole) {
        None => words.put_ascii(text),
        Some(more) => is_printable(more) && words.put_ascii(&text[..cut]),
    };
    match printable {
        true => text.len() <= whole,
        false => put_some(words, text, (whole, cut), size),
    }
}

/// The same, of any text.
#[inline(never)]
fn put_some(
    words: &mut impl Say,
    text: &[u8],
    (whole, cut): (usize, usize),
    size: impl Fn(char) -> usize,
) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let (mut taken, mut end, mut plain) = (0, 0, true);
    for (at, c) in text.char_indices() {
        taken += match must_escape(c) {
            true => Escaped(c.encode_utf8(&mut [0; 4])).to_string().len(),
            false => size(c),
        };
        if taken > whole {
            break;
        }
        if taken <= cut {
            end = at + c.len_utf8();
        }
        plain &= !must_escape(c);
    }
    let fits = taken <= whole;
    let shown = if fits { text } else { &text[..end] };
    match plain {
        true => words.put_text(shown),
        false => words.put_text(&Escaped(shown).to_string()),
    }
    fits
}
