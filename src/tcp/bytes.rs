//! A queue of bytes in pieces of one size, which come from those who need them no more and go to those who need some next.
//!
//! Bytes come in at the end and go out at the beginning; nothing is copied to make room, and what many queues forget at once is not taken from the
//! system again.

use super::delivered::differing;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a piece: little more than a short request has, and several events.
const PIECE: usize = 512;

type Piece = Box<[u8; PIECE]>;

/// Pieces that nobody needs now, for all that share them: with those that are in use, no more than were in use at one time. Without others to share them
/// with none are kept.
#[derive(Clone, Default)]
pub struct SparePieces(Option<Arc<Mutex<Vec<Piece>>>>);

impl SparePieces {
    /// None yet, to be shared.
    pub fn shared() -> SparePieces {
        SparePieces(Some(Arc::default()))
    }

    fn all(&self) -> Option<MutexGuard<'_, Vec<Piece>>> {
        let shared = self.0.as_ref()?;
        Some(shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self) -> Piece {
        let spare = self.all().and_then(|mut all| all.pop());
        spare.unwrap_or_else(|| Box::new([0; PIECE]))
    }

    fn give(&self, pieces: impl Iterator<Item = Piece>) {
        if let Some(mut all) = self.all() {
            all.extend(pieces);
        }
    }
}

impl fmt::Debug for SparePieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SparePieces")
    }
}

/// The queue.
///
/// Invariants: `first` + `length` are the bytes of `full` and those used of `open`; `first` is at most a piece.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    /// Bytes of the first piece that are forgotten.
    first: usize,
    length: usize,
    full: VecDeque<Piece>,
    /// Behind those: the one that the next bytes go to.
    open: Option<Piece>,
    spare: SparePieces,
}

impl Bytes {
    /// Shares pieces with others.
    pub(super) fn share(&mut self, spare: &SparePieces) {
        self.spare = spare.clone();
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut used = self.used();
            if used == PIECE {
                self.full.extend(self.open.take());
                used = 0;
            }
            let open = self.open.get_or_insert_with(|| self.spare.take());
            let room = &mut open[used..];
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.length += now.len();
            bytes = later;
        }
    }

    /// Forgets so many bytes at the beginning, at most all.
    pub(super) fn forget(&mut self, bytes: usize) {
        self.first += bytes;
        self.length -= bytes;
        let pieces = (self.first / PIECE).min(self.full.len());
        if pieces > 0 {
            self.first -= pieces * PIECE;
            self.spare.give(self.full.drain(..pieces));
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        (self.first, self.length) = (0, 0);
        let full = std::mem::take(&mut self.full);
        if self.open.is_some() {
            self.spare.give(full.into_iter().chain(self.open.take()));
        }
    }

    /// How many bytes of `copy` are not those from place `from` on, as far as both reach.
    pub(super) fn differing(&self, from: usize, copy: &[u8]) -> u32 {
        let place = self.first + from;
        let copy = &copy[..copy.len().min(self.length.saturating_sub(from))];
        let (head, rest) = copy.split_at(copy.len().min(PIECE - place % PIECE));
        let copies = std::iter::once(head).chain(rest.chunks(PIECE));
        let pieces = self.full.iter().chain(&self.open).skip(place / PIECE);
        let mut start = place % PIECE;
        let both = copies.zip(pieces);
        both.map(|(copy, piece)| differing(&piece[std::mem::take(&mut start)..], copy))
            .sum()
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let pieces = self.full.len() + usize::from(self.open.is_some());
        pieces * PIECE + self.full.capacity() * size_of::<Piece>()
    }

    /// Reads something of what the next bytes need.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let open = self.open.as_ref();
        open.map_or(0, |open| u64::from(open[self.used() % PIECE]))
    }

    /// Bytes of the open piece that are used.
    fn used(&self) -> usize {
        self.first + self.length - self.full.len() * PIECE
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Extend(usize),
        /// So many sixteenths.
        Forget(usize),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..3 * PIECE).prop_map(Step::Extend),
            4 => (0..=16_usize).prop_map(Step::Forget),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_queue_holds(steps in prop::collection::vec(step(), 0..40), from in 0..=16_usize) {
            let mut bytes = Bytes::default();
            bytes.share(&SparePieces::shared());
            let (mut wanted, mut next) = (Vec::new(), 0_u8);
            for step in steps {
                match step {
                    Step::Extend(count) => {
                        let more: Vec<u8> = (0..count).map(|_| { next = next.wrapping_mul(5).wrapping_add(1); next }).collect();
                        bytes.extend(&more);
                        wanted.extend(more);
                    }
                    Step::Forget(sixteenths) => {
                        let count = wanted.len() * sixteenths / 16;
                        bytes.forget(count);
                        wanted.drain(..count);
                    }
                    Step::Clear => {
                        bytes.clear();
                        wanted.clear();
                    }
                }
                prop_assert_eq!(bytes.len(), wanted.len());
                let from = wanted.len() * from / 16;
                let mut copy = wanted[from..].to_vec();
                prop_assert_eq!(bytes.differing(from, &copy), 0);
                copy.iter_mut().for_each(|byte| *byte ^= 1);
                copy.push(0);
                prop_assert_eq!(bytes.differing(from, &copy) as usize, wanted.len() - from);
                prop_assert!(bytes.full.len() * PIECE <= wanted.len() + PIECE);
            }
        }
    }

    #[test]
    fn pieces_go_round() {
        let spare = SparePieces::shared();
        let many = vec![b'x'; 10 * PIECE];
        for _ in 0..3 {
            let [mut one, mut other] = [Bytes::default(), Bytes::default()];
            one.share(&spare);
            other.share(&spare);
            one.extend(&many);
            one.clear();
            assert_eq!(one.memory(), 0);
            other.extend(&many);
            other.forget(5 * PIECE);
            one.extend(&many[..5 * PIECE]);
        }
        assert_eq!(spare.all().unwrap().len(), 10);
    }
}
