//! Which rows of a long timeline are folded into lines that say what they stand for.
//!
//! What folding needs to know of each row of a block comes in; for each row whether it is shown comes out. A [`Fold`] then
//! counts the rows that are not. Handshakes, heads, ends, teardowns and pauses are never folded, nor are the first frame
//! behind a hole and the one that fills it.

use crate::model::{Direction, FrameNo, FrameRecord, Label, LabelSet, Nanos, Rail, Timestamp};
use crate::report::text::{Count, Lasting, Range, Thousands};
use std::fmt::Write;

/// Rows that are planned at a time: what one row of a plan costs times this is a few MiB.
pub(super) const BLOCK: usize = 64 * 1024;

/// A run's first and last rows that are shown.
const ENDS: usize = 4;

/// Fewer rows are not folded.
const WORTH_FOLDING: usize = 5;

/// The longest gap of a run is shown if it is at least this long, and twice the median.
const LONG_GAP: Nanos = 50_000_000;

/// What is known of a row while a block is planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    frame: FrameNo,
    direction: Direction,
    kind: Kind,
    /// For a plain ACK: the frame that it acknowledges, whose row it stays with.
    acknowledges: Option<FrameNo>,
    rail: Rail,
    gap: Option<Nanos>,
    after_pause: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// May be folded.
    Routine,
    /// Is shown, and parts the runs before and behind it.
    Kept,
    /// Is shown, and begins (or goes on with) rows behind a hole.
    BehindHole,
    /// Is shown, and ends them.
    FillsHole,
}

impl Planned {
    /// What folding needs to know of `row`, which may follow a pause.
    pub(super) fn of(row: &FrameRecord, after_pause: bool) -> Planned {
        let tcp = &row.tcp;
        let plain_ack = tcp.length == 0 && row.labels.has(Label::Ack);
        let of_hole = (tcp.hole > 0 || tcp.fills_hole.is_some()) && !row.labels.intersects(PARTS);
        let kind = match row.keep {
            false if row.dropped_before == 0 => Kind::Routine,
            true if of_hole && (tcp.hole > 0 || tcp.waiting) => Kind::BehindHole,
            true if of_hole => Kind::FillsHole,
            _ => Kind::Kept,
        };
        Planned {
            frame: tcp.at.frame,
            direction: tcp.direction,
            kind,
            acknowledges: tcp.acknowledges.filter(|_| plain_ack),
            rail: row.rail,
            gap: row.events.and_then(|(_, _, gap)| gap),
            after_pause,
        }
    }

    fn pending_before(self) -> bool {
        matches!(self.rail, Rail::Goes | Rail::Closes | Rail::ClosesAndGoes)
    }

    fn pending_after(self) -> bool {
        self.rail.continues()
    }
}

/// Labels of rows that part the rows before and behind them, whatever else they are.
const PARTS: LabelSet = LabelSet::of(&[
    Label::Syn,
    Label::SynAck,
    Label::HandshakeAck,
    Label::Fin,
    Label::FinAck,
    Label::Reset,
    Label::Request,
    Label::ResponseHead,
    Label::TerminatingChunk,
    Label::ResponseEnd,
]);

/// For each row whether it is shown.
pub(super) fn plan(rows: &[Planned]) -> Vec<bool> {
    let mut plan = Plan {
        shown: rows.iter().map(|row| row.kind != Kind::Routine).collect(),
        rows,
    };
    let mut behind_hole = false;
    let mut start = 0;
    while start < rows.len() {
        match rows[start].kind {
            Kind::Routine => {
                let end = plan.end_of_run(start);
                plan.run(start, end, behind_hole);
                start = end;
            }
            kind => {
                behind_hole = kind == Kind::BehindHole;
                start += 1;
            }
        }
    }
    plan.hidden(Plan::complete_events);
    plan.hidden(Plan::show_what_is_short);
    plan.shown
}

struct Plan<'a> {
    rows: &'a [Planned],
    shown: Vec<bool>,
}

impl Plan<'_> {
    /// Where the routine rows that begin at `start` end: at a row that is kept, or at a pause.
    fn end_of_run(&self, start: usize) -> usize {
        let rest = &self.rows[start + 1..];
        let length = rest
            .iter()
            .position(|row| row.kind != Kind::Routine || row.after_pause);
        length.map_or(self.rows.len(), |length| start + 1 + length)
    }

    /// Shows a run's first and last rows and its longest gap; of a run behind a hole, nothing but its data's ACK.
    fn run(&mut self, start: usize, end: usize, behind_hole: bool) {
        let mut first = start;
        if start > 0 && self.stays_with_the_row_before(start) {
            self.shown[start] = true;
            first += 1;
        }
        if behind_hole {
            return;
        }
        for at in (first..end).take(ENDS) {
            self.show(at);
        }
        for at in (first..end).rev().take(ENDS) {
            self.show(at);
        }
        let mut gaps: Vec<Nanos> = self.rows[first..end]
            .iter()
            .filter_map(|row| row.gap)
            .collect();
        let middle = gaps.len() / 2;
        let Some(longest) = gaps.iter().copied().max().filter(|gap| *gap >= LONG_GAP) else {
            return;
        };
        let (_, median, _) = gaps.select_nth_unstable(middle);
        if longest >= median.saturating_mul(2)
            && let Some(at) = (first..end).find(|at| self.rows[*at].gap == Some(longest))
        {
            self.show(at);
        }
    }

    /// An event that is shown in part is shown from its first frame to its last: of the event that is pending where a
    /// fold begins the frame that completes it, of the one that is pending where it ends the frame that began it.
    fn complete_events(&mut self, start: usize, end: usize) {
        let rows = self.rows;
        if rows[start].pending_before() {
            let closes = |at: &usize| matches!(rows[*at].rail, Rail::Closes | Rail::ClosesAndGoes);
            if let Some(at) = (start..end).find(closes) {
                self.show(at);
            }
        }
        if rows[end - 1].pending_after() {
            let opens = |at: &usize| matches!(rows[*at].rail, Rail::Opens | Rail::ClosesAndGoes);
            if let Some(at) = (start..end).rev().find(opens) {
                self.show(at);
            }
        }
    }

    fn show_what_is_short(&mut self, start: usize, end: usize) {
        if end - start < WORTH_FOLDING {
            self.shown[start..end].fill(true);
        }
    }

    /// Calls `each` with every stretch of rows that are not shown.
    fn hidden(&mut self, each: fn(&mut Self, usize, usize)) {
        let mut start = 0;
        while start < self.rows.len() {
            let mut end = start;
            while end < self.rows.len()
                && !self.shown[end]
                && (end == start || !self.rows[end].after_pause)
            {
                end += 1;
            }
            if end > start {
                each(self, start, end);
            }
            start = end.max(start + 1);
        }
    }

    /// Shows a row with the data or the ACK that it belongs to.
    fn show(&mut self, at: usize) {
        self.shown[at] = true;
        if at > 0 && self.stays_with_the_row_before(at) {
            self.shown[at - 1] = true;
        }
        if at + 1 < self.rows.len() && self.stays_with_the_row_before(at + 1) {
            self.shown[at + 1] = true;
        }
    }

    /// Whether the row at `at`, which is not the first, is the ACK of the row before it.
    fn stays_with_the_row_before(&self, at: usize) -> bool {
        let (before, row) = (&self.rows[at - 1], &self.rows[at]);
        row.kind == Kind::Routine
            && row.acknowledges == Some(before.frame)
            && row.direction != before.direction
            && !row.after_pause
    }
}

/// Troubles that a fold counts, with their nouns.
const TROUBLES: &[(Label, &str)] = &[
    (Label::Retransmission, "retransmission"),
    (Label::FastRetransmission, "fast retransmission"),
    (Label::SpuriousRetransmission, "spurious retransmission"),
    (Label::OutOfOrder, "segment out of order"),
    (Label::PreviousSegmentNotCaptured, "hole"),
    (Label::AckedUnseenSegment, "ACK of bytes not captured"),
    (Label::DuplicateAck, "duplicate ACK"),
    (Label::ZeroWindow, "zero window"),
    (Label::ZeroWindowProbe, "zero window probe"),
    (Label::WindowFull, "full window"),
    (Label::KeepAlive, "TCP keep-alive"),
    (Label::Comment, "frame with comments"),
];

const SPECIAL_RETRANSMISSIONS: LabelSet = LabelSet::of(&[
    Label::FastRetransmission,
    Label::SpuriousRetransmission,
    Label::OutOfOrder,
]);

/// Rows that one line stands for.
#[derive(Debug, Default)]
pub(super) struct Fold {
    frames: u64,
    numbers: (u64, u64),
    times: (Timestamp, Timestamp),
    events: Option<(u64, u64)>,
    chunks: Option<(u64, u64)>,
    gaps: Option<(Nanos, Nanos)>,
    troubles: [u64; TROUBLES.len()],
}

impl Fold {
    /// Takes a row in.
    pub(super) fn add(&mut self, row: &FrameRecord) {
        let at = row.tcp.at;
        if self.frames == 0 {
            (self.numbers.0, self.times.0) = (at.frame.0, at.time);
        }
        (self.numbers.1, self.times.1) = (at.frame.0, at.time);
        self.frames += 1;
        if let Some((first, last, gap)) = row.events {
            self.events = Some(self.events.map_or((first, last), |(from, _)| (from, last)));
            if let Some(gap) = gap {
                let (low, high) = self.gaps.unwrap_or((gap, gap));
                self.gaps = Some((low.min(gap), high.max(gap)));
            }
        }
        if let Some((first, last)) = row.chunks {
            self.chunks = Some(self.chunks.map_or((first, last), |(from, _)| (from, last)));
        }
        // What Wireshark calls a spurious retransmission, a fast one, or out of order is a retransmission to it as well.
        let special = row.labels.intersects(SPECIAL_RETRANSMISSIONS);
        for ((label, _), count) in TROUBLES.iter().zip(&mut self.troubles) {
            *count += u64::from(match label {
                Label::Retransmission => row.labels.has(*label) && !special,
                Label::AckedUnseenSegment => row.tcp.acks_unseen,
                label => row.labels.has(*label),
            });
        }
    }

    /// Whether there is anything to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// From the first to the last of its frames.
    pub(super) fn span(&self) -> Lasting {
        Lasting(self.times.1.since(self.times.0))
    }

    /// `30 frames folded (No. 12–41): events 3–17, gaps 60.6 to 61.8 ms`.
    pub(super) fn words(&self) -> String {
        let mut words = format!(
            "{} frames folded (No. {})",
            Thousands(self.frames),
            Range(self.numbers.0, self.numbers.1)
        );
        let mut before = ": ";
        let mut add = |part: std::fmt::Arguments<'_>| {
            // Writing to a String never fails.
            let _ = write!(words, "{before}{part}");
            before = ", ";
        };
        match (self.events, self.chunks) {
            (Some((first, last)), _) if first == last => add(format_args!("event {first}")),
            (Some((first, last)), _) => add(format_args!("events {}", Range(first, last))),
            (None, Some((first, last))) if first == last => add(format_args!("chunk {first}")),
            (None, Some((first, last))) => add(format_args!("chunks {}", Range(first, last))),
            (None, None) => {}
        }
        if let Some((low, high)) = self.gaps {
            let (low, high) = (Lasting(low), Lasting(high));
            let (from, to) = (low.to_string(), high.to_string());
            if from == to {
                add(format_args!("gap {from}"));
            } else if low.unit() == high.unit() {
                add(format_args!("gaps {} to {to}", low.number()));
            } else {
                add(format_args!("gaps {from} to {to}"));
            }
        }
        for ((_, noun), count) in TROUBLES.iter().zip(self.troubles) {
            match *noun {
                _ if count == 0 => {}
                "ACK of bytes not captured" if count > 1 => {
                    add(format_args!(
                        "{} ACKs of bytes not captured",
                        Thousands(count)
                    ));
                }
                "segment out of order" if count > 1 => {
                    add(format_args!("{} segments out of order", Thousands(count)));
                }
                "frame with comments" if count > 1 => {
                    add(format_args!("{} frames with comments", Thousands(count)));
                }
                noun => add(format_args!("{}", Count(count, noun))),
            }
        }
        words
    }
}
