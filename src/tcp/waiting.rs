//! The bytes of one direction that wait behind a hole.
//!
//! Payloads come in at positions of the stream, pieces go out from the front. A byte that is here stays: a second copy is only
//! compared. Finding the place of a piece costs the logarithm of their number, so that even a million one-byte segments in
//! reverse order pass in about a second; the caps say when the one who asks must give up the hole.

use super::assembler::part;
use super::delivered::differing;
use crate::model::limits::{REASSEMBLY_BYTES, REASSEMBLY_PIECES};
use crate::model::{At, Conflict};
use std::collections::BTreeMap;

/// A run of bytes of one frame.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The frame that carried them.
    pub(super) carrier: At,
    /// What was captured.
    pub(super) bytes: Box<[u8]>,
    /// How many bytes the snaplen cut behind them.
    cut: u32,
}

impl Piece {
    /// Its length on the wire.
    pub(super) fn length(&self) -> u64 {
        self.bytes.len() as u64 + u64::from(self.cut)
    }
}

/// The pieces by position.
///
/// Invariants: the bytes of two pieces never overlap (what the snaplen cut may lie under a later piece); `bytes` is the sum of the pieces' captured bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    pieces: BTreeMap<u64, Piece>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether a cap is passed.
    pub(super) fn is_full(&self) -> bool {
        self.pieces.len() > REASSEMBLY_PIECES || self.bytes > REASSEMBLY_BYTES
    }

    /// Bytes of memory, roughly: what the pieces hold, and what the tree, whose nodes are half full where pieces come in reverse order, and the
    /// allocator add.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.pieces.len() * (2 * size_of::<(u64, Piece)>() + 32)
    }

    /// The position of the first piece.
    pub(super) fn first(&self) -> Option<u64> {
        self.pieces.first_key_value().map(|(start, _)| *start)
    }

    /// The frame that carried the first piece.
    pub(super) fn first_carrier(&self) -> Option<At> {
        self.pieces
            .first_key_value()
            .map(|(_, piece)| piece.carrier)
    }

    /// Takes the piece at `start` out.
    pub(super) fn take(&mut self, start: u64) -> Option<Piece> {
        let piece = self.pieces.remove(&start)?;
        self.bytes -= piece.bytes.len();
        Some(piece)
    }

    /// Keeps a copy of what is new in `payload`, which begins at `begin`; up to `end` the snaplen cut it. Gives what was here already
    /// with other values.
    pub(super) fn keep(
        &mut self,
        begin: u64,
        payload: &[u8],
        end: u64,
        carrier: At,
    ) -> Option<Conflict> {
        let captured = begin + payload.len() as u64;
        let cut = u32::try_from(end.saturating_sub(captured)).unwrap_or(u32::MAX);
        let (mut from, mut conflict) = (begin, None);
        while from < captured {
            let Some((start, piece)) = self.at_or_behind(from, captured) else {
                break;
            };
            let until = captured.min(start + piece.bytes.len() as u64);
            let shared = from.max(start);
            let ours = part(payload, shared - begin, until - begin);
            let theirs = part(&piece.bytes, shared - start, until - start);
            let bytes = differing(ours, theirs);
            if bytes > 0 {
                let first = piece.carrier.frame;
                conflict = Conflict::of_both(conflict, Some(Conflict { bytes, first }));
            }
            if from < start {
                self.insert(from, part(payload, from - begin, start - begin), 0, carrier);
            }
            from = until;
        }
        if from < captured || cut > 0 && !self.pieces.contains_key(&captured) {
            self.insert(from, part(payload, from - begin, u64::MAX), cut, carrier);
        }
        conflict
    }

    /// Forgets everything at and behind `end`.
    pub(super) fn cut(&mut self, end: u64) {
        let behind = self.pieces.split_off(&end);
        self.bytes -= behind
            .values()
            .map(|piece| piece.bytes.len())
            .sum::<usize>();
        if let Some((start, piece)) = self.pieces.iter_mut().next_back()
            && start + piece.length() > end
        {
            let kept: Box<[u8]> = part(&piece.bytes, 0, end - start).into();
            self.bytes -= piece.bytes.len() - kept.len();
            piece.cut = u32::try_from(end - start - kept.len() as u64).unwrap_or(u32::MAX);
            piece.bytes = kept;
        }
    }

    /// The piece whose bytes hold `from`, or the first with a byte in between `from` and `until`.
    fn at_or_behind(&self, from: u64, until: u64) -> Option<(u64, &Piece)> {
        let holding = self.pieces.range(..=from).next_back();
        holding
            .filter(|(start, piece)| **start + piece.bytes.len() as u64 > from)
            .or_else(|| self.pieces.range(from + 1..until).next())
            .map(|(start, piece)| (*start, piece))
    }

    fn insert(&mut self, position: u64, bytes: &[u8], cut: u32, carrier: At) {
        self.bytes += bytes.len();
        let piece = Piece {
            carrier,
            bytes: bytes.into(),
            cut,
        };
        if let Some(replaced) = self.pieces.insert(position, piece) {
            self.bytes -= replaced.bytes.len();
        }
    }
}
