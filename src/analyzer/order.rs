//! The order of the output: by the frame that made something final, then by connection, then as it was made.
//!
//! In: keys as things are made, connection by connection. Out: the same ones in order.

use crate::model::{FrameNo, empty};

/// What is made of a batch is kept in two lists: a place in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// A place, and in which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Item(usize),
    Plain(usize),
}

/// Where something belongs, and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The frame that made it final; behind every frame where the end of the capture did.
    pub(super) frame: FrameNo,
    pub(super) connection: u32,
    pub(super) place: Place,
}

#[derive(Debug, Default)]
pub(super) struct Order {
    keys: Vec<Key>,
    /// Kept to be used again.
    other: Vec<Key>,
    counts: Vec<u32>,
}

impl Place {
    const PLAIN: u32 = 1 << 31;

    /// That of the item that is the next of so many. There are fewer than two billions.
    pub(super) fn item(before: usize) -> Place {
        Place(before as u32)
    }

    /// The same of a plain row.
    pub(super) fn plain(before: usize) -> Place {
        Place(before as u32 | Place::PLAIN)
    }

    pub(super) fn find(self) -> Found {
        let place = (self.0 & !Place::PLAIN) as usize;
        match self.0 & Place::PLAIN {
            0 => Found::Item(place),
            _ => Found::Plain(place),
        }
    }
}

impl Key {
    /// What tells which of two comes first: below `u128::MAX`.
    #[inline]
    pub(super) fn order(&self) -> u128 {
        u128::from(self.frame.0) << 32 | u128::from(self.connection)
    }
}

impl Order {
    #[inline]
    pub(super) fn push(&mut self, frame: FrameNo, connection: u32, place: Place) {
        self.keys.push(Key {
            frame,
            connection,
            place,
        });
    }

    /// All of them: as they were made or, once that was found, in the order of the output.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(super) fn clear(&mut self) {
        empty(&mut self.keys);
        empty(&mut self.other);
        empty(&mut self.counts);
    }

    /// Finds the order of the output.
    pub(super) fn sort(&mut self) {
        let Order {
            keys,
            other: sorted,
            counts,
        } = self;
        if keys.is_sorted_by_key(Key::order) {
            return;
        }
        let frames = || keys.iter().map(|key| key.frame.0);
        let (lowest, highest) = frames().fold((u64::MAX, 0), |(lowest, highest), frame| {
            (lowest.min(frame), highest.max(frame))
        });
        let numbers = usize::try_from(highest - lowest).unwrap_or(usize::MAX);
        if numbers >= 16 * keys.len() {
            return keys.sort_by_key(Key::order);
        }
        // A counting sort: nearly every frame of a batch made something final.
        counts.clear();
        counts.resize(numbers + 1, 0);
        for frame in frames() {
            counts[(frame - lowest) as usize] += 1;
        }
        let mut before = 0;
        for count in &mut *counts {
            before += std::mem::replace(count, before);
        }
        // Any keys will do: all are written over.
        sorted.clone_from(keys);
        for key in &*keys {
            let next = &mut counts[(key.frame.0 - lowest) as usize];
            sorted[*next as usize] = *key;
            *next += 1;
        }
        // Few frames make something of several connections final.
        for frame in sorted.chunk_by_mut(|a, b| a.frame == b.frame) {
            if frame.len() > 1 {
                frame.sort_by_key(Key::order);
            }
        }
        std::mem::swap(keys, sorted);
    }
}
