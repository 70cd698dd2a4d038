//! Tells in words what a frame is: the annotation beside its row, and the rail that joins the frames of one event.
//!
//! One [`Narrator`] for each connection. The TCP facts of a frame and what the layers said of it come in, in frame order;
//! the row's words go out. It remembers only what the next words need: whether bytes are pending, which heads have begun,
//! and the text of each session's last event. It never looks ahead, so a longer capture never changes an earlier row.

mod events;
mod http;
mod plain;
mod say;
mod shared;
mod tcp;

pub use events::EventText;
pub use plain::plain;
pub use say::Say;

use crate::model::text::Count;
use crate::model::{
    Annotation, Direction, Fact, Framing, Label, LabelSet, Nanos, Pack, Rail, Role, Said, TcpFacts,
    Timestamp,
};
use say::say_first;
use shared::Previous;
use smallvec::SmallVec;

/// Tells the frames of one connection. What a plain row needs stands at the beginning.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Narrator {
    /// The sessions that are open, with what their next words need. Rarely more than one.
    open: SmallVec<[OpenSession; 1]>,
    show_secrets: bool,
    /// Whether bytes of an unfinished event, or bytes from the server behind a hole, were pending after the last frame.
    pending: bool,
    /// Whether a SYN waits for the server's answer.
    syn_waits: bool,
    /// Whether the direction has bytes behind a hole: to the server, to the client.
    behind_hole: [bool; 2],
    /// Since when the side that sends in this direction has taken no more: to the server, to the client.
    window_closed: [Option<Timestamp>; 2],
    /// What the direction's bytes belong to, where the layers say nothing of them: to the server, to the client.
    inside: [Inside; 2],
}

/// What a direction's bytes belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Nothing that is known.
    #[default]
    Unknown,
    /// A head that has begun and is not complete.
    Head,
    /// A body.
    Body,
    /// A chunked body: bytes that are no chunk's data belong to chunk headers, line ends or trailers.
    Chunked,
}

#[derive(Debug)]
struct OpenSession {
    session: u32,
    framing: Option<Framing>,
    previous: Previous,
}

/// What is told of a frame beside its words.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// Which frames make one event.
    pub rail: Rail,
    /// Whether folding must keep the row.
    pub keep: bool,
    /// The first and the last event completed in the frame, with the longest of their gaps.
    pub events: Option<(u64, u64, Option<Nanos>)>,
    /// The first and the last data chunk completed in the frame.
    pub chunks: Option<(u64, u64)>,
}

impl Narrator {
    /// A narrator for a new connection; `show_secrets` leaves the values of secret query parameters readable.
    pub fn new(show_secrets: bool) -> Narrator {
        Narrator {
            show_secrets,
            ..Narrator::default()
        }
    }

    /// Writes it in few bytes, or becomes what was written: no session is open.
    pub fn pack(&mut self, pack: &mut Pack<'_>) {
        for flag in [
            &mut self.show_secrets,
            &mut self.pending,
            &mut self.syn_waits,
        ] {
            pack.flag(flag);
        }
        self.behind_hole.iter_mut().for_each(|hole| pack.flag(hole));
        for since in &mut self.window_closed {
            pack.option(since, Pack::time);
        }
        let all = [Inside::Unknown, Inside::Head, Inside::Body, Inside::Chunked];
        for inside in &mut self.inside {
            pack.choice(inside, &all);
        }
    }

    /// Whether nothing that came before plays a part in what is told of the next frame.
    pub fn is_blank(&self) -> bool {
        let inside = self.inside == [Inside::Unknown; 2];
        self.is_idle() && self.is_plain() && inside && !self.pending
    }

    /// Whether no session is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Bytes of memory on the heap: the ends of each open session's last event.
    pub fn memory(&self) -> usize {
        let previous: usize = self.open.iter().map(|open| open.previous.memory()).sum();
        let apart = match self.open.spilled() {
            true => self.open.capacity() * size_of::<OpenSession>(),
            false => 0,
        };
        previous + apart
    }

    /// Has fetched what lies elsewhere and the next words need: the ends of each open session's last event.
    #[inline]
    pub fn fetch_lists(&self) {
        self.open.iter().for_each(|open| open.previous.fetch());
    }

    /// Tells one frame: its TCP facts, what was said of it, and whether after it bytes of an unfinished event, or bytes
    /// from the server behind a hole, are pending. They are written into `words`, which are empty.
    pub fn frame(
        &mut self,
        tcp: &TcpFacts,
        said: &[Said],
        pending_after: bool,
        words: &mut Annotation,
    ) -> Told {
        let kinds = Kinds::of(said);
        let mut told = Told {
            rail: rail(self.pending, kinds.have(Kinds::EVENT), pending_after),
            ..Told::default()
        };
        self.pending = pending_after;
        // The order of the words: TCP, HTTP, chunk, the response's end, event; the text of the wire last, so that only it
        // is ever cut.
        let context = tcp::Context {
            syn_waits: self.syn_waits,
            window_closed_for: self.window_closed_for(tcp),
            event_since: events::since(said),
        };
        tcp::tell(words, tcp, &context);
        // Nearly every frame has chunks and events, or nothing.
        if kinds.have(Kinds::HTTP) {
            let end = http::last_end(said);
            self.tell_http(words, said, 0..end);
            told.chunks = events::tell_chunks(words, said);
            self.tell_http(words, said, end..said.len());
        } else if kinds.have(Kinds::BODY) {
            told.chunks = events::tell_chunks(words, said);
        }
        if kinds.have(Kinds::EVENT | Kinds::BLOCK) {
            told.events = self.tell_events(words, said, tcp.fills_hole.is_some());
        }
        if words.text.is_empty() {
            self.tell_bytes(words, tcp);
        }
        tcp::tell_snaplen(words, tcp);
        if kinds.have(Kinds::HTTP) {
            self.follow(said, tcp.direction);
        }
        self.syn_waits = match tcp.direction {
            Direction::ToServer => self.syn_waits || tcp.labels.has(Label::Syn),
            Direction::ToClient => false,
        };
        told.keep = self.first_behind_a_hole(tcp) || must_keep(tcp) || kinds.have(Kinds::KEPT);
        told
    }

    /// Says what a frame is that neither TCP nor the layers above had a word for.
    fn tell_bytes(&self, words: &mut Annotation, tcp: &TcpFacts) {
        if tcp.length == 0 {
            return words.push(Role::Dim, "nothing new");
        }
        let (head, body) = match tcp.direction {
            Direction::ToServer => ("request head", "request body"),
            Direction::ToClient => ("response head", "body"),
        };
        let bytes = Count(u64::from(tcp.length), "byte");
        match self.inside[tcp.direction as usize] {
            Inside::Head => words.say(Role::Plain, format_args!("{head} goes on, {bytes}")),
            Inside::Body => words.say(Role::Plain, format_args!("{body}, {bytes}")),
            Inside::Chunked => words.say(Role::Plain, format_args!("chunk framing, {bytes}")),
            Inside::Unknown => words.say(Role::Plain, format_args!("{bytes}")),
        }
    }

    /// Takes what was said into account for the frames that follow.
    fn follow(&mut self, said: &[Said], direction: Direction) {
        if said
            .iter()
            .any(|said| matches!(said.fact, Fact::Trouble(_)))
        {
            self.inside[direction as usize] = Inside::Unknown;
        }
        let [to_server, to_client] = &mut self.inside;
        for said in said {
            match &said.fact {
                Fact::RequestBegins => *to_server = Inside::Head,
                Fact::Proxied(_) | Fact::Request(_) => *to_server = Inside::Unknown,
                Fact::ResponseBegins => *to_client = Inside::Head,
                Fact::Informational(_) => *to_client = Inside::Unknown,
                Fact::Response { head, .. } if head.framing == Some(Framing::Chunked) => {
                    *to_client = Inside::Chunked;
                }
                Fact::Response { head, .. } if head.framing.is_some() => *to_client = Inside::Body,
                Fact::Response { .. } | Fact::ResponseEnd | Fact::Upgrade(_) => {
                    *to_client = Inside::Unknown;
                }
                // Whichever head it was in, reading goes on elsewhere.
                Fact::Gap { .. } => {
                    for inside in [&mut *to_server, &mut *to_client] {
                        if *inside == Inside::Head {
                            *inside = Inside::Unknown;
                        }
                    }
                }
                Fact::SessionEnds(_) => self.open.retain(|open| Some(open.session) != said.session),
                _ => {}
            }
        }
    }

    /// For how long the sender of the frame has had a window of 0, where the frame opens it.
    fn window_closed_for(&mut self, tcp: &TcpFacts) -> Option<Nanos> {
        let since = &mut self.window_closed[tcp.direction as usize];
        if tcp.labels.has(Label::ZeroWindow) {
            since.get_or_insert(tcp.at.time);
            return None;
        }
        if tcp.window == 0 {
            return None;
        }
        since.take().map(|since| tcp.at.time.since(since))
    }

    fn first_behind_a_hole(&mut self, tcp: &TcpFacts) -> bool {
        let behind = &mut self.behind_hole[tcp.direction as usize];
        let first = tcp.hole > 0 && !*behind;
        *behind = tcp.hole > 0 || (*behind && tcp.fills_hole.is_none());
        first
    }

    fn open_session(&mut self, session: u32) -> &mut OpenSession {
        let at = self.open.iter().position(|open| open.session == session);
        let at = at.unwrap_or_else(|| {
            self.open.push(OpenSession {
                session,
                framing: None,
                previous: Previous::default(),
            });
            self.open.len() - 1
        });
        &mut self.open[at]
    }
}

/// The rail beside a frame, from the state before and after it.
fn rail(before: bool, events: bool, after: bool) -> Rail {
    match (before, after) {
        (false, true) => Rail::Opens,
        (true, false) => Rail::Closes,
        (true, true) if events => Rail::ClosesAndGoes,
        (true, true) => Rail::Goes,
        (false, false) if events => Rail::Whole,
        (false, false) => Rail::None,
    }
}

/// Whether the row is one that folding never takes for what TCP says of it: handshake, teardown, what fills a hole, what overlaps with other content.
fn must_keep(tcp: &TcpFacts) -> bool {
    const KEPT: LabelSet = LabelSet::of(&[
        Label::Syn,
        Label::SynAck,
        Label::HandshakeAck,
        Label::Fin,
        Label::FinAck,
        Label::Reset,
        Label::PortReused,
    ]);
    tcp.labels.intersects(KEPT) || tcp.fills_hole.is_some() || tcp.conflict.is_some()
}

/// Of which kinds are the facts that were said of a frame.
#[derive(Clone, Copy, Default)]
struct Kinds(u8);

impl Kinds {
    /// An event.
    const EVENT: u8 = 1;
    /// Chunks, body bytes, comments.
    const BODY: u8 = 2;
    /// A block without data.
    const BLOCK: u8 = 4;
    /// Anything else that HTTP tells.
    const HTTP: u8 = 8;
    /// What makes a row one that folding never takes: heads, ends, troubles.
    const KEPT: u8 = 16;

    fn of(said: &[Said]) -> Kinds {
        Kinds(
            said.iter()
                .fold(0, |kinds, said| kinds | Kinds::of_fact(&said.fact)),
        )
    }

    fn of_fact(fact: &Fact) -> u8 {
        match fact {
            Fact::Event(_) => Kinds::EVENT,
            Fact::Chunk { .. }
            | Fact::PartialChunk { .. }
            | Fact::Body(_)
            | Fact::Decoded(_)
            | Fact::Comment => Kinds::BODY,
            Fact::BlockWithoutData { .. } => Kinds::BLOCK,
            Fact::RequestBody(_) => Kinds::HTTP,
            Fact::Declined(_) => 0,
            Fact::Proxied(_)
            | Fact::RequestBegins
            | Fact::Request(_)
            | Fact::ResponseBegins
            | Fact::Informational(_)
            | Fact::Response { .. }
            | Fact::SessionOpens(_)
            | Fact::EventStream
            | Fact::TerminatingChunk
            | Fact::ResponseEnd
            | Fact::Upgrade(_)
            | Fact::DiscardedEvent(_)
            | Fact::SessionEnds(_)
            | Fact::OtherStream(_)
            | Fact::Gap { .. }
            | Fact::Trouble(_) => Kinds::HTTP | Kinds::KEPT,
        }
    }

    /// Whether there is one of these.
    fn have(self, kinds: u8) -> bool {
        self.0 & kinds != 0
    }
}

/// Says that `rows` rows before this one were dropped, because more than the cap waited.
pub fn say_dropped(words: &mut Annotation, rows: u64) {
    let rows = Count(rows, "earlier row");
    say_first(
        words,
        Role::Warning,
        format_args!("{rows} not kept: too many waited for an answer"),
    );
}

/// The first `limit` characters of `text`, and `…` where there are more.
fn at_most(text: &str, limit: usize) -> (&str, &'static str) {
    // None takes less than a byte.
    if text.len() <= limit {
        return (text, "");
    }
    match text.char_indices().nth(limit) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::At;

    #[test]
    fn what_is_not_of_http_has_no_words_there() {
        let silent = [
            Fact::Chunk {
                number: 1,
                bytes: 2,
            },
            Fact::PartialChunk {
                number: 1,
                have: 1,
                bytes: 2,
            },
            Fact::Body(3),
            Fact::Decoded(4),
            Fact::Comment,
            Fact::BlockWithoutData {
                event_type: None,
                id: None,
                retry: None,
            },
            Fact::Declined(Box::default()),
        ];
        for fact in silent {
            let said = [Said {
                at: At::default(),
                session: Some(0),
                fact,
            }];
            let mut words = Annotation::default();
            assert!(!Kinds::of(&said).have(Kinds::HTTP | Kinds::KEPT));
            Narrator::new(false).tell_http(&mut words, &said, 0..1);
            assert_eq!(words.text, "", "{said:?}");
        }
    }
}
