//! The rows of one connection that wait: until a response head is complete, or until an answer turns out to be a stream.
//!
//! In: rows and what comes behind them, in frame order. Out: the same in the same order, as far as nothing can change them any more. At most
//! [`limits::WAITING_ROWS`] wait; of what is dropped the next row that leaves says how many they were.

use super::Entry;
use crate::model::{FrameNo, FrameRecord, Label, limits};
use crate::timeline::narrate::say_dropped;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// In frame order, with the frame that each belongs to; sessions that opened stand in front.
    entries: VecDeque<(FrameNo, Entry)>,
    /// Rows among them.
    rows: usize,
    /// Bytes of memory that these hold, roughly.
    bytes: usize,
    /// Rows that were given up because too many waited, since the last row that left.
    dropped: u64,
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
        self.entries.capacity() * size_of::<(FrameNo, Entry)>() + self.bytes
    }

    /// The row of a frame waits.
    pub(super) fn push(&mut self, mut row: Box<FrameRecord>) {
        // Its words may lie in the room of longer ones.
        row.annotation.text.shrink_to_fit();
        self.bytes += row.memory();
        self.rows += 1;
        self.entries.push_back((row.tcp.at.frame, Entry::Row(row)));
    }

    /// What is no row waits behind all that does.
    pub(super) fn extend(&mut self, entries: impl Iterator<Item = (FrameNo, Entry)>) {
        self.entries.extend(entries);
    }

    /// A session has opened: before every row that names it, and before what ends in its frame; behind the sessions that opened earlier.
    pub(super) fn open(&mut self, frame: FrameNo, opening: Entry) {
        let opened = self.entries.iter();
        let opened = opened.take_while(|(_, entry)| is_opening(entry)).count();
        self.entries.insert(opened, (frame, opening));
    }

    /// The rows from a frame on.
    pub(super) fn rows_from(&mut self, from: FrameNo) -> impl Iterator<Item = &mut FrameRecord> {
        self.entries
            .iter_mut()
            .filter_map(move |(frame, entry)| match entry {
                Entry::Row(row) if *frame >= from => Some(&mut **row),
                _ => None,
            })
    }

    /// The row of a frame, if it waits.
    pub(super) fn row_of(&mut self, frame: FrameNo) -> Option<&mut FrameRecord> {
        let mut latest_first = self.entries.iter_mut().rev();
        latest_first.find_map(|entry| match entry {
            (of, Entry::Row(row)) if *of == frame => Some(&mut **row),
            _ => None,
        })
    }

    /// Hands on what waits; `from` a frame on it goes on waiting, if that is told and not too many do.
    pub(super) fn let_go(&mut self, from: Option<FrameNo>, out: &mut impl FnMut(Entry)) {
        let held_up = match from {
            Some(from) if self.rows <= limits::WAITING_ROWS => {
                let mut entries = self.entries.iter();
                entries.position(|(frame, entry)| *frame >= from && !is_opening(entry))
            }
            _ => None,
        };
        let count = held_up.unwrap_or(self.entries.len());
        for (_, mut entry) in self.entries.drain(..count) {
            if let Entry::Row(row) = &mut entry {
                self.rows -= 1;
                self.bytes = self.bytes.saturating_sub(row.memory());
                if self.dropped > 0 && !is_handshake(row) {
                    row.dropped_before = std::mem::take(&mut self.dropped);
                    say_dropped(&mut row.annotation, row.dropped_before);
                }
            }
            out(entry);
        }
        if self.rows == 0 {
            self.bytes = 0;
        }
        // Room for a frame with many events does not stay paid for.
        self.entries.shrink_to(limits::WAITING_ROWS);
    }

    /// The end: hands on all that waits.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Entry)) {
        self.entries.drain(..).for_each(|(_, entry)| out(entry));
        (self.rows, self.bytes) = (0, 0);
    }

    /// The end: nobody will see what waits.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        (self.rows, self.bytes) = (0, 0);
    }

    /// Keeps the rows of the handshake and, if that is told, those from a frame on.
    pub(super) fn keep(&mut self, from: Option<FrameNo>) {
        self.entries.retain(|(frame, entry)| match entry {
            Entry::Row(row) => is_handshake(row) || from.is_some_and(|from| *frame >= from),
            _ => false,
        });
        self.rows = self.entries.len();
        self.bytes = self.entries.iter().map(|(_, entry)| memory_of(entry)).sum();
        if self.rows == 0 {
            self.dropped = 0;
        }
    }

    /// Drops the oldest rows above the cap, but the handshake's.
    pub(super) fn bound(&mut self) {
        /// A handshake has three; SYNs that nobody answers are sent again a few times.
        const HANDSHAKE: usize = 16;
        while self.rows > limits::WAITING_ROWS {
            let first = self.entries.iter().take(HANDSHAKE);
            let oldest = first
                .take_while(|(_, entry)| matches!(entry, Entry::Row(row) if is_handshake(row)))
                .count();
            let removed = self.entries.remove(oldest);
            let bytes = removed.map_or(0, |(_, entry)| memory_of(&entry));
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

/// Bytes of memory that a waiting row holds.
fn memory_of(entry: &Entry) -> usize {
    match entry {
        Entry::Row(row) => row.memory(),
        // Nothing else waits for an answer.
        _ => 0,
    }
}

/// Whether a row belongs to the handshake.
fn is_handshake(row: &FrameRecord) -> bool {
    row.labels
        .has_any(&[Label::Syn, Label::SynAck, Label::HandshakeAck])
}
