//! The rows of one connection: built from the facts of each frame, kept while they can change or while nobody knows
//! whether they will be shown, and handed on in frame order.
//!
//! In: the TCP facts of a frame and what the layers said of it. Out: entries in the order of the contract, each final.
//! Invariants: entries leave in frame order; nothing changes after it has left; at most [`limits::WAITING_ROWS`] rows wait for an
//! answer to turn out to be a stream.

mod plain;
mod quiet;
mod waiting;

use super::narrate::Narrator;
use crate::model::{
    Annotation, At, Endpoint, Event, Exchange, Fact, FrameNo, FrameRecord, Label, Pack, Phase,
    Rail, Said, SessionEnding, TcpFacts, limits, shrink,
};
pub use plain::LatestEvent;
use quiet::Quiet;
use smallvec::SmallVec;
use waiting::{Waiting, is_opening};

/// Which rows of a connection are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// None: sessions and events only.
    None,
    /// Those that the contract shows of a connection with a session.
    Sse,
    /// All.
    All,
}

/// The two ends of a connection and its number.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// tcp.stream.
    pub connection: u32,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// The first frame.
    pub first: At,
}

/// Something final. Sessions are numbered within the connection.
#[derive(Debug)]
pub enum Entry {
    /// A session begins at this frame; comes before the first row that names it.
    SessionOpens {
        /// Its number within the connection.
        session: u32,
        /// Its request and response.
        exchange: Box<Exchange>,
        /// The frame in which its head was complete.
        at: At,
    },
    /// A row.
    Row(Box<FrameRecord>),
    /// An event, after its frame's row.
    Event {
        /// The session's number within the connection.
        session: u32,
        /// The event.
        event: Box<Event>,
    },
    /// A session is over.
    SessionEnds {
        /// Its number within the connection.
        session: u32,
        /// What its end makes known.
        ending: Box<SessionEnding>,
    },
    /// A request for an event stream got another answer, or none; after the frame's sessions.
    Declined {
        /// The request, and the response if there was one.
        exchange: Box<Exchange>,
        /// The frame that made it known.
        at: At,
    },
}

/// What a frame leaves behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct After {
    /// Bytes of an unfinished event are there, or bytes from the server wait behind a hole.
    pub pending: bool,
    /// A response is open.
    pub responding: bool,
}

/// What rows are made in, one after the other.
#[derive(Debug, Default)]
pub struct Spare {
    #[allow(clippy::vec_box, reason = "they go round in their boxes")]
    rows: Vec<Box<FrameRecord>>,
    after: Vec<(FrameNo, Entry)>,
}

impl Spare {
    /// Takes a row that nobody needs any more.
    pub fn give(&mut self, row: Box<FrameRecord>) {
        if self.rows.len() < limits::SPARE_ROWS {
            self.rows.push(row);
        }
    }

    /// Gives back what is unusually much.
    pub fn shrink(&mut self) {
        shrink(&mut self.after);
    }

    /// A row without words.
    fn row(&mut self, ends: Frames, tcp: &TcpFacts) -> Box<FrameRecord> {
        if let Some(mut row) = self.rows.pop() {
            row.connection = ends.connection;
            row.client = ends.client;
            row.server = ends.server;
            row.tcp = *tcp;
            row.labels = tcp.labels;
            row.sessions.clear();
            row.annotation.clear();
            row.dropped_before = 0;
            return row;
        }
        record(ends, tcp)
    }
}

/// A row without words.
fn record(ends: Frames, tcp: &TcpFacts) -> Box<FrameRecord> {
    Box::new(FrameRecord {
        connection: ends.connection,
        client: ends.client,
        server: ends.server,
        tcp: *tcp,
        labels: tcp.labels,
        session: None,
        sessions: SmallVec::new(),
        rail: Rail::None,
        annotation: Annotation::default(),
        phase: Phase::Idle,
        keep: false,
        events: None,
        chunks: None,
        dropped_before: 0,
    })
}

/// The rows of one connection. What a plain row needs stands at the beginning.
#[derive(Debug)]
#[repr(C)]
pub struct Rows {
    /// The session that is open, if a plain row of it would leave at once and change nothing.
    plain: Option<u32>,
    shown: Shown,
    narrator: Narrator,
    waiting: Waiting,
    /// Whether a session has begun on this connection.
    streamed: bool,
    /// The frame in which the oldest unanswered request began.
    unanswered: Option<FrameNo>,
    /// Whether a request or a response has ever been there.
    asked: bool,
    /// Whether a response head was completed in this frame.
    answered: bool,
    /// The frame in which a response head began that is not complete.
    head_began: Option<FrameNo>,
    /// The frame in which the response head began that was completed last.
    head_complete: Option<FrameNo>,
    /// Sessions that are open, by their number within the connection.
    open: SmallVec<[u32; 2]>,
}

impl Rows {
    /// The rows of a connection of which nothing was seen yet.
    pub fn new(shown: Shown, show_secrets: bool) -> Rows {
        Rows {
            plain: None,
            shown,
            narrator: Narrator::new(show_secrets),
            waiting: Waiting::default(),
            streamed: false,
            unanswered: None,
            asked: false,
            answered: false,
            head_began: None,
            head_complete: None,
            open: SmallVec::new(),
        }
    }

    /// Writes it in few bytes, or becomes what was written, unless it holds more than numbers: a row that waits, or what an open session's next
    /// words need. Whether it could be written.
    pub fn pack(&mut self, pack: &mut Pack<'_>) -> bool {
        if !self.waiting.is_idle() || !self.open.is_empty() || !self.narrator.is_idle() {
            return false;
        }
        pack.choice(&mut self.shown, &[Shown::None, Shown::Sse, Shown::All]);
        self.narrator.pack(pack);
        for flag in [&mut self.streamed, &mut self.asked, &mut self.answered] {
            pack.flag(flag);
        }
        for frame in [
            &mut self.unanswered,
            &mut self.head_began,
            &mut self.head_complete,
        ] {
            pack.option(frame, Pack::frame);
        }
        true
    }

    /// Whether a session has begun on this connection.
    pub fn streamed(&self) -> bool {
        self.streamed
    }

    /// Whether a row that comes next may be shown, as far as is known; that of a request that begins with it always may. `opaque`: whether
    /// the connection's bytes are not read.
    pub fn may_be_shown(&self, opaque: bool) -> bool {
        match self.shown {
            Shown::None => false,
            Shown::All => true,
            Shown::Sse => {
                let waits = self.unanswered.is_some() || self.head_began.is_some();
                self.streamed || !opaque && (waits || !self.asked)
            }
        }
    }

    /// Memory on the heap, in bytes, roughly: the rows that wait, and what the next one's words need.
    pub fn memory(&self) -> usize {
        self.waiting.memory() + self.narrator.memory()
    }

    /// Takes one frame: `said` is drained. Final entries go to `out`.
    pub fn frame(
        &mut self,
        ends: Frames,
        tcp: &TcpFacts,
        said: &mut Vec<Said>,
        after_it: After,
        spare: &mut Spare,
        out: &mut impl FnMut(Entry),
    ) {
        if self.shown == Shown::None {
            return self.heard(said, spare, out);
        }
        if said.is_empty() && self.keeps_quiet(ends, tcp, after_it) {
            return self.pass_on(&mut spare.after, out);
        }
        let mut row = spare.row(ends, tcp);
        self.tell(&mut row, said, after_it.pending);
        // Nearly always one: without asking for room first.
        self.open.iter().for_each(|open| row.sessions.push(*open));
        row.session = row.sessions.first().copied();
        let mut after = std::mem::take(&mut spare.after);
        for said in said.drain(..) {
            if let Some(label) = label_of(&said.fact) {
                self.label(label, said.at.frame, Some(&mut row));
            }
            self.follow(said, Some(&mut row), &mut after);
        }
        row.phase = self.phase(tcp, after_it.responding);
        if self.waits_for_nothing() && self.waiting.is_idle() {
            out(Entry::Row(row));
            self.pass_on_at_once(&mut after, out);
            spare.after = after;
            return;
        }
        self.waiting.push(row);
        self.pass_on(&mut after, out);
        spare.after = after;
    }

    /// Takes what was said of one frame, of which no row is wanted: `said` is drained. Final entries go to `out`.
    pub fn heard(&mut self, said: &mut Vec<Said>, spare: &mut Spare, out: &mut impl FnMut(Entry)) {
        let after = &mut spare.after;
        for said in said.drain(..) {
            self.follow(said, None, after);
        }
        if self.waits_for_nothing() {
            return self.pass_on_at_once(after, out);
        }
        self.pass_on(after, out);
    }

    /// Whether a frame of which nothing was said is one of those whose rows are not made unless somebody will see them. It waits then.
    fn keeps_quiet(&mut self, ends: Frames, tcp: &TcpFacts, after_it: After) -> bool {
        let at_once = self.waits_for_nothing() && self.waiting.is_idle();
        let blank = self.open.is_empty() && self.narrator.is_blank() && !after_it.pending;
        if at_once || !blank {
            return false;
        }
        let quiet = Quiet::new(tcp, self.phase(tcp, after_it.responding));
        quiet.is_some_and(|quiet| self.waiting.push_quiet(tcp.at.frame, quiet, ends))
    }

    /// Whether what comes next is final at once: so it is of nearly every frame.
    fn waits_for_nothing(&self) -> bool {
        self.waiting.is_empty()
            && self.head_began.is_none()
            && (self.streamed || self.shown != Shown::Sse)
    }

    /// Where nothing waits: `after` goes to `out`.
    fn pass_on_at_once(&mut self, after: &mut Vec<(FrameNo, Entry)>, out: &mut impl FnMut(Entry)) {
        self.answered = false;
        self.find_plain();
        if after.len() > 1 {
            after.sort_by_key(is_declined);
        }
        for (_, entry) in after.drain(..) {
            out(entry);
        }
    }

    /// What is final goes to `out`, `after` behind what waits.
    fn pass_on(&mut self, after: &mut Vec<(FrameNo, Entry)>, out: &mut impl FnMut(Entry)) {
        // What nobody sees a row of is told all the same, and after what is shown of the frame.
        let declined = after.extract_if(.., |entry| is_declined(entry));
        let declined: SmallVec<[Entry; 1]> = declined.map(|(_, entry)| entry).collect();
        self.waiting.extend(after.drain(..));
        self.release(out);
        self.find_plain();
        declined.into_iter().for_each(out);
    }

    /// No bytes will come any more, so that no session will open: what waits for one is dropped.
    pub fn close(&mut self) {
        if !self.streamed && self.shown != Shown::All {
            self.waiting = Waiting::default();
        }
    }

    /// The end: what still waits is let go, or dropped where no session made it worth showing. `said` holds what the end made known.
    pub fn finish(&mut self, said: &mut Vec<Said>, spare: &mut Spare, out: &mut impl FnMut(Entry)) {
        let after = &mut spare.after;
        for said in said.drain(..) {
            self.follow(said, None, after);
        }
        self.head_began = None;
        self.close();
        after.sort_by_key(is_declined);
        self.waiting.finish(out);
        after.drain(..).for_each(|(_, entry)| out(entry));
    }

    /// Gives the row its words.
    fn tell(&mut self, row: &mut FrameRecord, said: &[Said], pending: bool) {
        let words = &mut row.annotation;
        let told = self.narrator.frame(&row.tcp, said, pending, words);
        row.rail = told.rail;
        row.keep = told.keep;
        row.events = told.events;
        row.chunks = told.chunks;
    }

    /// Follows one fact: which sessions are open, what waits, and the entries that come after the frame's row.
    fn follow(
        &mut self,
        said: Said,
        row: Option<&mut FrameRecord>,
        after: &mut Vec<(FrameNo, Entry)>,
    ) {
        let frame = said.at.frame;
        match said.fact {
            Fact::RequestBegins => {
                self.asked = true;
                self.unanswered.get_or_insert(frame);
            }
            Fact::ResponseBegins => self.head_began = Some(frame),
            Fact::Informational(_) => self.head_began = None,
            Fact::Response { unanswered, .. } => {
                self.unanswered = unanswered.map(|at| at.frame);
                self.asked = true;
                self.answered = true;
                self.head_complete = self.head_began.take();
            }
            Fact::Upgrade(_) => {
                self.unanswered = None;
                self.asked = true;
                self.answered = true;
                self.head_began = None;
            }
            // A head that broke off will not be completed.
            Fact::Trouble(_) | Fact::Gap { .. } => self.head_began = None,
            Fact::SessionOpens(exchange) => {
                let session = said.session.unwrap_or(0);
                self.open_session(session, exchange, said.at, row, after);
            }
            Fact::Event(event) => {
                if let Some(session) = said.session {
                    after.push((frame, Entry::Event { session, event }));
                }
            }
            Fact::SessionEnds(ending) => {
                if let Some(session) = said.session {
                    self.open.retain(|open| *open != session);
                    after.push((frame, Entry::SessionEnds { session, ending }));
                }
            }
            Fact::Declined(exchange) => {
                let at = said.at;
                after.push((frame, Entry::Declined { exchange, at }));
            }
            _ => {}
        }
    }

    /// A session begins: its rows are those from the first frame of its response head on.
    fn open_session(
        &mut self,
        session: u32,
        exchange: Box<Exchange>,
        at: At,
        row: Option<&mut FrameRecord>,
        after: &mut Vec<(FrameNo, Entry)>,
    ) {
        let from = self.head_complete.take().unwrap_or(at.frame);
        let waiting = self.waiting.rows_from(from);
        waiting.for_each(|row| touch(row, session));
        let has_row = row.is_some();
        if let Some(row) = row {
            touch(row, session);
            row.session = Some(session);
        }
        self.streamed = true;
        self.open.push(session);
        let entry = Entry::SessionOpens {
            session,
            exchange,
            at,
        };
        if self.waiting.is_empty() && !has_row {
            let opened = after.iter();
            let opened = opened.take_while(|(_, entry)| is_opening(entry)).count();
            return after.insert(opened, (at.frame, entry));
        }
        self.waiting.open(at.frame, entry);
    }

    /// Adds a label to this frame's row, or to the earlier row of the same response head that it belongs to.
    fn label(&mut self, label: Label, frame: FrameNo, row: Option<&mut FrameRecord>) {
        let Some(row) = row else { return };
        if row.tcp.at.frame == frame {
            row.labels.insert(label);
            return;
        }
        if let Some(earlier) = self.waiting.row_of(frame) {
            earlier.labels.insert(label);
        }
    }

    /// Lets go what is final, and drops what nobody will see.
    fn release(&mut self, out: &mut impl FnMut(Entry)) {
        let answered = std::mem::take(&mut self.answered);
        if self.streamed || self.shown != Shown::Sse {
            // Of a head that is not complete the rows wait, and what comes after them. One that never ends must not hold them for ever.
            return self.waiting.let_go(self.head_began, out);
        }
        // Before the first session wait the rows from the handshake on, then those of requests that have no answer yet.
        match self.unanswered {
            Some(since) if answered => self.waiting.keep(Some(since)),
            None if self.asked && self.head_began.is_none() => self.waiting.keep(None),
            _ => {}
        }
        self.waiting.bound();
    }

    fn phase(&self, tcp: &TcpFacts, responding: bool) -> Phase {
        const CLIENT_AND_SERVER: u8 = 0b011;
        const RESET: u8 = 0b100;
        if tcp.closed & RESET != 0 {
            Phase::Idle
        } else if responding {
            Phase::Silence
        } else if self.unanswered.is_some() {
            Phase::NoAnswerYet
        } else if tcp.closed & CLIENT_AND_SERVER != 0
            && tcp.closed & CLIENT_AND_SERVER != CLIENT_AND_SERVER
        {
            Phase::HalfClosed
        } else {
            Phase::Idle
        }
    }
}

fn is_declined((_, entry): &(FrameNo, Entry)) -> bool {
    matches!(entry, Entry::Declined { .. })
}

/// Adds a session to those that a row touches.
fn touch(row: &mut FrameRecord, session: u32) {
    if let Err(place) = row.sessions.binary_search(&session) {
        row.sessions.insert(place, session);
    }
    row.session.get_or_insert(session);
}

/// The label of a fact, if it has one.
fn label_of(fact: &Fact) -> Option<Label> {
    Some(match fact {
        Fact::Request(_) => Label::Request,
        Fact::RequestBody(_) => Label::RequestBody,
        Fact::Informational(_) => Label::InformationalResponse,
        Fact::Response { .. } => Label::ResponseHead,
        Fact::EventStream => Label::EventStream,
        Fact::Chunk { .. } => Label::Chunk,
        Fact::TerminatingChunk => Label::TerminatingChunk,
        Fact::ResponseEnd => Label::ResponseEnd,
        Fact::Upgrade(_) => Label::Upgrade,
        Fact::Event(_) => Label::Event,
        Fact::Comment => Label::Comment,
        Fact::DiscardedEvent(_) => Label::DiscardedEvent,
        Fact::Proxied(_)
        | Fact::RequestBegins
        | Fact::ResponseBegins
        | Fact::SessionOpens(_)
        | Fact::Declined(_)
        | Fact::Decoded(_)
        | Fact::PartialChunk { .. }
        | Fact::Body(_)
        | Fact::BlockWithoutData { .. }
        | Fact::SessionEnds(_)
        | Fact::OtherStream(_)
        | Fact::Gap { .. }
        | Fact::Trouble(_) => return None,
    })
}
