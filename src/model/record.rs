//! The records that every output form writes: what the timeline has made of facts, numbered and final.

use super::{
    At, Direction, End, Endpoint, Event, Exchange, Flags, FrameNo, Gaps, LabelSet, Missing, Nanos,
    Out, Protocol, TcpFacts, Timestamp,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One record, in the order in which it became final.
#[derive(Clone, Debug)]
pub enum Record {
    /// A session began (no record of its own in JSON; the tables and live need it). Comes before the rows that name it.
    SessionOpens(Box<SessionOpening>),
    /// A frame of a TCP connection.
    Frame(Box<FrameRecord>),
    /// Frames and events, as the lines that [`Lines`](super::Lines) made of them.
    Lines(Arc<Out>),
    /// An event.
    Event(Box<EventRecord>),
    /// A session, at its end.
    Session(Box<SessionRecord>),
    /// A diagnosis.
    Finding(Box<Finding>),
    /// A connection, when it is over.
    Connection(Box<ConnectionRecord>),
    /// The last record of a capture.
    Summary(Box<Summary>),
}

/// A frame's row. `annotation` and `rail` are the table's text; the numbers are Wireshark's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrameRecord {
    /// tcp.stream.
    pub connection: u32,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// What TCP says.
    pub tcp: TcpFacts,
    /// The labels of all layers.
    pub labels: LabelSet,
    /// The session, as the contract says.
    pub session: Option<u32>,
    /// All sessions that the frame touches.
    pub sessions: SmallVec<[u32; 2]>,
    /// Which frames make one event.
    pub rail: Rail,
    /// What the frame is, in words.
    pub annotation: Annotation,
    /// What the connection waits for after this frame: the word of a pause that follows.
    pub phase: Phase,
    /// Whether folding must keep this row (rule 13 of the table).
    pub keep: bool,
    /// The first and the last event completed in this frame, with the longest of their gaps.
    pub events: Option<(u64, u64, Option<Nanos>)>,
    /// The first and the last data chunk completed in this frame.
    pub chunks: Option<(u64, u64)>,
    /// Rows of this connection that were dropped before this one because more than the cap waited.
    pub dropped_before: u64,
}

impl FrameRecord {
    /// Who sent it and whom it goes to.
    pub fn ends(&self) -> (Endpoint, Endpoint) {
        match self.tcp.direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        }
    }

    /// Bytes of memory, without room to spare in its words.
    pub fn memory(&self) -> usize {
        size_of::<FrameRecord>() + self.annotation.text.len()
    }

    /// The control bits.
    pub fn flags(&self) -> Flags {
        self.tcp.flags
    }
}

/// The rail beside an annotation: which frames make one event. It depends on the state before and after the frame only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rail {
    /// Nothing pending before or after, no event.
    #[default]
    None,
    /// `┌`: bytes of an unfinished event, or bytes behind a hole, become pending.
    Opens,
    /// `│`: they stay so.
    Goes,
    /// `└`: completed, nothing left pending.
    Closes,
    /// `├`: completed, and more is pending.
    ClosesAndGoes,
    /// `●`: whole within this frame.
    Whole,
}

impl Rail {
    /// The sign.
    pub fn sign(self) -> char {
        match self {
            Rail::None => ' ',
            Rail::Opens => '┌',
            Rail::Goes => '│',
            Rail::Closes => '└',
            Rail::ClosesAndGoes => '├',
            Rail::Whole => '●',
        }
    }

    /// Whether a continuation line below this row carries the rail.
    pub fn continues(self) -> bool {
        matches!(self, Rail::Opens | Rail::Goes | Rail::ClosesAndGoes)
    }
}

/// What a connection waits for, which names the pause that follows a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// No open response and no open request.
    Idle,
    /// A request without an answer yet.
    NoAnswerYet,
    /// A response is open.
    Silence,
    /// One side has sent its FIN.
    HalfClosed,
}

impl Phase {
    /// The word beside a pause.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Idle => "idle",
            Phase::NoAnswerYet => "no answer yet",
            Phase::Silence => "silence",
            Phase::HalfClosed => "half closed",
        }
    }
}

/// What a stretch of an annotation is: its colour, and whether it may be cut or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Ordinary words.
    Plain,
    /// Bold: request and response.
    Strong,
    /// The one accent: `event N`, "the stream opens".
    Accent,
    /// Dim: a frame with nothing new.
    Dim,
    /// Dim, and left out below 100 columns when `Annotation::short` says so: the parenthesis after an event.
    Parenthesis,
    /// Yellow: silence, holes, what fills one.
    Warning,
    /// Red: RST, a stream that ended before its end.
    Error,
    /// Text from the wire, already escaped: the only part that is cut. Always last; of several events the first text and,
    /// after ` to ` as `Plain`, the last.
    Wire,
}

/// A row's words, as stretches: `text` is the concatenation, each mark is the end (byte offset) and the role of one stretch.
///
/// Breaks for narrow terminals are allowed at ` · `, before a `Wire` stretch's type name, and at spaces; never between a number and its unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The whole text, as `--width 0` prints it.
    pub text: String,
    /// Ends (byte offsets, ascending, on character borders) and roles; the last ends at `text.len()`.
    pub marks: SmallVec<[(u32, Role); 4]>,
    /// Whether `Parenthesis` stretches may be left out on narrow terminals (an event of one chunk in one frame).
    pub short: bool,
}

impl Annotation {
    /// Takes the words out, and keeps the room.
    pub fn clear(&mut self) {
        self.text.clear();
        self.marks.clear();
        self.short = false;
    }

    /// Adds a stretch. Two neighbours of one role become one.
    pub fn push(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        self.mark(role);
    }

    /// Makes a stretch of what was written to `text` since the last one ended.
    pub fn mark(&mut self, role: Role) {
        let end = self.text.len() as u32;
        if end == self.marks.last().map_or(0, |last| last.0) {
            return;
        }
        match self.marks.last_mut() {
            Some(last) if last.1 == role => last.0 = end,
            _ => self.marks.push((end, role)),
        }
    }

    /// Adds ` · ` if there is something before.
    pub fn next(&mut self) {
        if !self.text.is_empty() {
            self.push(Role::Plain, " · ");
        }
    }

    /// The stretches.
    pub fn stretches(&self) -> impl Iterator<Item = (Role, &str)> {
        let mut start = 0;
        self.marks.iter().map(move |&(end, role)| {
            let stretch = &self.text[start..end as usize];
            start = end as usize;
            (role, stretch)
        })
    }
}

/// An event with its place.
#[derive(Clone, Debug)]
pub struct EventRecord {
    /// The session's number.
    pub session: u32,
    /// The connection's number.
    pub connection: u32,
    /// The event.
    pub event: Event,
}

/// A session's beginning: all that is known when its head is complete.
#[derive(Clone, Debug)]
pub struct SessionOpening {
    /// The session's number.
    pub session: u32,
    /// The connection's number.
    pub connection: u32,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// Request and response, secrets hidden as asked.
    pub exchange: Exchange,
    /// The frame on which it opened.
    pub at: At,
    /// The earlier session that this one continues.
    pub reconnects: Option<Reconnect>,
}

/// How a client came back to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The session that it goes on from.
    pub session: u32,
    /// From that session's end to the first frame of the request, or of the connection where that was opened for it.
    pub delay: Nanos,
    /// The reconnection time that was in force, milliseconds, if the streams had set one.
    pub retry: Option<u64>,
    /// How often the client tried, this time included.
    pub attempts: u64,
}

/// What the IDs say of a reconnect. Each is `None` where nobody can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// IDs between the Last-Event-ID and the first that came.
    pub missed: Option<u64>,
    /// IDs up to the Last-Event-ID that came again.
    pub repeated: Option<u64>,
}

/// A session at its end.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// How it began.
    pub opening: SessionOpening,
    /// Events dispatched.
    pub events: u64,
    /// Complete comment lines.
    pub comments: u64,
    /// Data chunks; `None` if not chunked.
    pub chunks: Option<u64>,
    /// Bytes after transfer decoding, before content decoding.
    pub body_bytes: u64,
    /// UTF-8 bytes of all data.
    pub data_bytes: u64,
    /// TCP payload of the response: head, chunk framing and body.
    pub wire_bytes: u64,
    /// Frames that carried bytes of the body.
    pub segments: u64,
    /// From the last frame of the request to the completing frame of the head.
    pub time_to_head: Option<Nanos>,
    /// From the last frame of the request to the first event.
    pub time_to_first_event: Option<Nanos>,
    /// From the last frame of the request to the end (for `open`, to the connection's last frame).
    pub duration: Option<Nanos>,
    /// Gaps between events.
    pub gaps: Option<Gaps>,
    /// Events in a billion seconds, from the first to the last; `None` below two events or where they came at the same moment.
    pub rate: Option<i64>,
    /// Gaps between comments.
    pub heartbeats: Option<Gaps>,
    /// The longest time without a body byte.
    pub longest_silence: Option<Nanos>,
    /// Decoded bytes after the last blank line.
    pub incomplete_event: u64,
    /// What the capture missed of the response.
    pub missing: Option<Box<Missing>>,
    /// Whether it ended while nothing told where its chunks or the body end.
    pub lost: bool,
    /// How it ended.
    pub end: End,
    /// What its IDs say, where it continues another.
    pub resumed: Resumed,
}

/// The frames of a handshake that were captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// The SYN.
    pub syn: Option<FrameNo>,
    /// The SYN-ACK.
    pub syn_ack: Option<FrameNo>,
    /// The client's first ACK of it.
    pub ack: Option<FrameNo>,
    /// tcp.analysis.initial_rtt.
    pub rtt: Option<Nanos>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TeardownKind {
    /// Neither a FIN nor a RST, or one FIN only.
    #[default]
    Open,
    /// FINs of both sides.
    Fin,
    /// A RST.
    Rst,
}

/// The frames of a teardown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teardown {
    /// How.
    pub kind: TeardownKind,
    /// FINs, their first ACKs, RSTs, in frame order.
    pub frames: SmallVec<[FrameNo; 4]>,
}

/// A streamed response of another form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherStream {
    /// The frame that completed its head.
    pub frame: FrameNo,
    /// Its media type, as sent.
    pub content_type: String,
    /// Lines (ndjson) or records (json-seq) that were complete.
    pub pieces: u64,
}

/// A connection, when it is over.
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    /// tcp.stream.
    pub connection: u32,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// Frames of the connection.
    pub frames: u64,
    /// Those that brought other bytes than came first.
    pub conflicts: u64,
    /// Its first and its last frame.
    pub span: FirstLast,
    /// The handshake.
    pub handshake: Handshake,
    /// The teardown.
    pub teardown: Teardown,
    /// Its sessions.
    pub sessions: Vec<u32>,
    /// Its streams of other forms.
    pub other_streams: Vec<OtherStream>,
    /// What it speaks.
    pub protocol: Protocol,
}

/// The first and the last frame of something.
pub type FirstLast = (At, At);

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was wanted.
    Warning,
    /// Broken.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A diagnosis with its evidence.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its name.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The session it is about.
    pub session: Option<u32>,
    /// The connection it is about.
    pub connection: Option<u32>,
    /// The evidence.
    pub frames: Vec<FrameNo>,
    /// What, where, what to do.
    pub text: String,
}

/// What was counted in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames, of any protocol.
    pub frames: u64,
    /// TCP connections.
    pub connections: u64,
    /// Sessions.
    pub sessions: u64,
    /// Sessions that were still open at the end of the capture.
    pub open_sessions: u64,
    /// Events.
    pub events: u64,
    /// Findings.
    pub findings: u64,
}

/// The last record of a capture.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The capture's name as given.
    pub capture: String,
    /// `pcap`, `pcapng`, with ` (gzip)` and the like where compressed.
    pub format: String,
    /// LINKTYPE names in order of first use.
    pub link_types: Vec<String>,
    /// The counts.
    pub counts: Counts,
    /// Time of the first frame.
    pub first_time: Option<Timestamp>,
    /// Time of the last frame.
    pub last_time: Option<Timestamp>,
    /// Whether the file ends inside a packet.
    pub truncated: bool,
    /// Frames that could not be read, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Connections that were given up while they were open, because memory had reached its cap.
    pub given_up: u64,
    /// What only a live run knows.
    pub live: Option<LiveRun>,
}

/// What a live run knows beside its frames.
#[derive(Clone, Debug, Default)]
pub struct LiveRun {
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: u64,
    /// Frames that the interfaces or their drivers dropped.
    pub dropped_by_interface: u64,
    /// Where the frames were saved.
    pub written: Option<String>,
}
