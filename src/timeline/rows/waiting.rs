//! The rows of one connection that wait: until a response head is complete, or until an answer turns out to be a stream.
//!
//! In: rows and what comes behind them, in frame order. Out: the same in the same order, as far as nothing can change them any more. At most
//! [`limits::WAITING_ROWS`] wait; of what is dropped the next row that leaves says how many they were.

use super::quiet::Quiet;
use super::{Entry, Frames};
use crate::model::{FrameNo, FrameRecord, Label, limits};
use crate::timeline::narrate::say_dropped;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// In frame order, with the frame that each belongs to; sessions that opened stand in front.
    entries: VecDeque<(FrameNo, Item)>,
    /// Rows among them.
    rows: usize,
    /// Bytes of memory that these hold, roughly.
    bytes: usize,
    /// Rows that were given up because too many waited, since the last row that left.
    dropped: u64,
    /// The ends of the connection, if there were quiet rows, as they were then: later it may turn out that the server is the client.
    ends: Option<Box<Frames>>,
}

#[derive(Debug)]
enum Item {
    /// A row that is not made yet.
    Quiet(Quiet),
    Entry(Entry),
}

impl Waiting {
    /// Whether nothing waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing waits, and nothing that did has to be told with the next row.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.dropped == 0
    }

    /// Memory on the heap, in bytes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<(FrameNo, Item)>() + self.bytes
    }

    /// The row of a frame waits.
    pub(super) fn push(&mut self, mut row: Box<FrameRecord>) {
        // Its words may lie in the room of longer ones.
        row.annotation.text.shrink_to_fit();
        self.bytes += row.memory();
        self.rows += 1;
        self.entries
            .push_back((row.tcp.at.frame, Item::Entry(Entry::Row(row))));
    }

    /// The row of a frame waits, if it has the same ends as the other quiet ones; else it has to be made.
    pub(super) fn push_quiet(&mut self, frame: FrameNo, quiet: Quiet, ends: Frames) -> bool {
        let known = self.ends.get_or_insert_with(|| Box::new(ends));
        let fits = (known.client, known.server) == (ends.client, ends.server);
        if fits {
            self.rows += 1;
            self.entries.push_back((frame, Item::Quiet(quiet)));
        }
        fits
    }

    /// What is no row waits behind all that does.
    pub(super) fn extend(&mut self, entries: impl Iterator<Item = (FrameNo, Entry)>) {
        let entries = entries.map(|(frame, entry)| (frame, Item::Entry(entry)));
        self.entries.extend(entries);
    }

    /// A session has opened: before every row that names it, and before what ends in its frame; behind the sessions that opened earlier.
    pub(super) fn open(&mut self, frame: FrameNo, opening: Entry) {
        let opened = self.entries.iter();
        let opened = opened.take_while(|(_, item)| item.is_opening()).count();
        self.entries.insert(opened, (frame, Item::Entry(opening)));
    }

    /// Makes the quiet rows among those of some frames.
    fn make(&mut self, wanted: impl Fn(FrameNo) -> bool) {
        let Some(ends) = self.ends.as_deref() else {
            return;
        };
        for (frame, item) in &mut self.entries {
            if let Item::Quiet(quiet) = item
                && wanted(*frame)
            {
                let row = quiet.row(*frame, *ends);
                self.bytes += row.memory();
                *item = Item::Entry(Entry::Row(row));
            }
        }
    }

    /// The rows from a frame on.
    pub(super) fn rows_from(&mut self, from: FrameNo) -> impl Iterator<Item = &mut FrameRecord> {
        self.make(|frame| frame >= from);
        let entries = self.entries.iter_mut();
        let from = entries.filter(move |(frame, _)| *frame >= from);
        from.filter_map(|(_, item)| item.made())
    }

    /// The row of a frame, if it waits.
    pub(super) fn row_of(&mut self, frame: FrameNo) -> Option<&mut FrameRecord> {
        self.make(|of| of == frame);
        let latest_first = self.entries.iter_mut().rev();
        let mut of_frame = latest_first.filter(|(of, _)| *of == frame);
        of_frame.find_map(|(_, item)| item.made())
    }

    /// Hands on what waits; `from` a frame on it goes on waiting, if that is told and not too many do.
    pub(super) fn let_go(&mut self, from: Option<FrameNo>, out: &mut impl FnMut(Entry)) {
        let held_up = match from {
            Some(from) if self.rows <= limits::WAITING_ROWS => {
                let mut entries = self.entries.iter();
                entries.position(|(frame, item)| *frame >= from && !item.is_opening())
            }
            _ => None,
        };
        let count = held_up.unwrap_or(self.entries.len());
        for (frame, item) in self.entries.drain(..count) {
            self.bytes = self.bytes.saturating_sub(item.memory());
            let Some(mut entry) = item.entry(frame, self.ends.as_deref()) else {
                continue;
            };
            if let Entry::Row(row) = &mut entry {
                self.rows -= 1;
                if self.dropped > 0 && !is_handshake(row) {
                    row.dropped_before = std::mem::take(&mut self.dropped);
                    say_dropped(&mut row.annotation, row.dropped_before);
                }
            }
            out(entry);
        }
        if self.rows == 0 {
            (self.bytes, self.ends) = (0, None);
        }
        // Room does not stay paid for: what waited is mostly the rows of one head.
        match self.entries.is_empty() {
            true => self.entries = VecDeque::new(),
            false => self.entries.shrink_to(limits::WAITING_ROWS),
        }
    }

    /// The end: hands on all that waits.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Entry)) {
        let items = self.entries.drain(..);
        let entries = items.filter_map(|(frame, item)| item.entry(frame, self.ends.as_deref()));
        entries.for_each(out);
        (self.rows, self.bytes) = (0, 0);
    }

    /// Keeps the rows of the handshake and, if that is told, those from a frame on.
    pub(super) fn keep(&mut self, from: Option<FrameNo>) {
        let wanted = |frame: FrameNo| from.is_some_and(|from| frame >= from);
        self.entries.retain(|(frame, item)| match item {
            Item::Quiet(_) => wanted(*frame),
            Item::Entry(Entry::Row(row)) => is_handshake(row) || wanted(*frame),
            Item::Entry(_) => false,
        });
        self.rows = self.entries.len();
        self.bytes = self.entries.iter().map(|(_, item)| item.memory()).sum();
        if self.rows == 0 {
            (self.dropped, self.ends) = (0, None);
        }
    }

    /// Drops the oldest rows above the cap, but the handshake's.
    pub(super) fn bound(&mut self) {
        /// A handshake has three; SYNs that nobody answers are sent again a few times.
        const HANDSHAKE: usize = 16;
        while self.rows > limits::WAITING_ROWS {
            let first = self.entries.iter().take(HANDSHAKE);
            let oldest = first
                .take_while(
                    |(_, item)| matches!(item, Item::Entry(Entry::Row(row)) if is_handshake(row)),
                )
                .count();
            let removed = self.entries.remove(oldest);
            let bytes = removed.map_or(0, |(_, item)| item.memory());
            self.bytes = self.bytes.saturating_sub(bytes);
            self.rows -= 1;
            self.dropped += 1;
        }
    }
}

/// Whether a session opens.
pub(super) fn is_opening(entry: &Entry) -> bool {
    matches!(entry, Entry::SessionOpens { .. })
}

impl Item {
    fn is_opening(&self) -> bool {
        matches!(self, Item::Entry(entry) if is_opening(entry))
    }

    /// The row, if it is one and made.
    fn made(&mut self) -> Option<&mut FrameRecord> {
        match self {
            Item::Entry(Entry::Row(row)) => Some(row),
            _ => None,
        }
    }

    /// What it is once it leaves. Quiet rows have ends.
    fn entry(self, frame: FrameNo, ends: Option<&Frames>) -> Option<Entry> {
        match self {
            Item::Quiet(quiet) => ends.map(|ends| Entry::Row(quiet.row(frame, *ends))),
            Item::Entry(entry) => Some(entry),
        }
    }

    /// Bytes of memory that it holds elsewhere.
    fn memory(&self) -> usize {
        match self {
            Item::Entry(Entry::Row(row)) => row.memory(),
            // Nothing else waits for an answer.
            _ => 0,
        }
    }
}

/// Whether a row belongs to the handshake.
fn is_handshake(row: &FrameRecord) -> bool {
    row.labels
        .has_any(&[Label::Syn, Label::SynAck, Label::HandshakeAck])
}
