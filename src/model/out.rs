//! Bytes that are written one piece behind the other.

use super::limits;

/// A buffer that grows at its end.
#[derive(Debug, Default)]
pub struct Out {
    /// What is written, and room behind it: writing there needs to look only at whether it is enough.
    bytes: Vec<u8>,
    /// Bytes that are written; no more than there are.
    length: usize,
}

impl Out {
    /// What is written.
    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Bytes that are written.
    #[inline(always)] // Writing is a handful of instructions, and there are dozens of pieces to a frame.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Writes a byte.
    #[inline(always)] // As `len`.
    pub fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    /// Writes bytes.
    #[inline(always)] // As `len`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Writes some bytes, and lets `write` write into room for `N` behind them. It says how many of those count, at most all.
    #[inline(always)] // As `len`.
    pub fn write_behind<const N: usize>(
        &mut self,
        bytes: &[u8],
        write: impl FnOnce(&mut [u8; N]) -> usize,
    ) {
        let room = self.room(bytes.len() + N);
        let (front, behind) = room.split_at_mut(bytes.len());
        front.copy_from_slice(bytes);
        let count = behind.first_chunk_mut().map_or(0, write);
        self.length += bytes.len() + count.min(N);
    }

    /// Writes over the byte at a place, one that is written.
    pub fn replace(&mut self, place: usize, byte: u8) {
        self.bytes[place] = byte;
    }

    /// Room for so many bytes behind what is written.
    #[inline(always)] // As `len`.
    fn room(&mut self, bytes: usize) -> &mut [u8] {
        match self.length.checked_add(bytes) {
            Some(end) if end <= self.bytes.len() => &mut self.bytes[self.length..end],
            _ => self.grow(bytes),
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) -> &mut [u8] {
        let length = (self.length + bytes).next_power_of_two();
        self.bytes.resize(length.max(limits::OUT_LEAST), 0);
        &mut self.bytes[self.length..][..bytes]
    }

    /// Begins anew, and keeps the memory unless it is unusually much.
    pub fn clear(&mut self) {
        self.length = 0;
        self.bytes.truncate(limits::OUT_KEPT);
        self.bytes.shrink_to(limits::OUT_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_one_behind_the_other_and_only_what_counts_is_written() {
        let mut out = Out::default();
        out.extend_from_slice(b"ab");
        out.write_behind(b"cd", |room| {
            *room = *b"efgh";
            1
        });
        out.push(b'f');
        out.write_behind(b"", |room| {
            *room = *b"gh";
            3
        });
        out.replace(0, b'A');
        assert_eq!(out.written(), b"Abcdefgh");
        assert_eq!(out.len(), 8);
        out.clear();
        assert!(out.is_empty());
    }

    #[test]
    fn memory_that_was_needed_once_is_given_back() {
        let mut out = Out::default();
        out.extend_from_slice(&vec![0; 2 * limits::OUT_KEPT]);
        out.clear();
        assert!(out.bytes.capacity() <= limits::OUT_KEPT);
    }
}
