//! Bytes that are written one piece behind the other.

use super::limits;

/// A buffer that grows at its end.
#[derive(Debug, Default)]
pub struct Out(Vec<u8>);

impl Out {
    /// What is written.
    pub fn written(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that are written.
    #[inline(always)] // Writing is a handful of instructions, and there are hundreds of pieces to a frame.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes a byte.
    #[inline(always)] // As `len`.
    pub fn push(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Writes bytes.
    #[inline(always)] // As `len`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes the first `count` of eight bytes: faster than to write so many, since all are copied at once.
    #[inline(always)] // As `len`.
    pub fn push_of_eight(&mut self, bytes: [u8; 8], count: usize) {
        let length = self.0.len() + count;
        self.0.extend_from_slice(&bytes);
        self.0.truncate(length);
    }

    /// Takes the last byte back.
    #[inline(always)] // As `len`.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Lets `write` write into room for so many bytes. It says how many count.
    #[inline(always)] // As `len`.
    pub fn write(&mut self, bytes: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let start = self.0.len();
        self.0.resize(start + bytes, 0);
        let count = write(&mut self.0[start..]);
        self.0.truncate(start + count);
    }

    /// Begins anew, and keeps the memory unless it is unusually much.
    pub fn clear(&mut self) {
        self.0.clear();
        self.0.shrink_to(limits::OUT_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_one_behind_the_other_and_only_what_counts_is_written() {
        let mut out = Out::default();
        out.extend_from_slice(b"ab");
        out.push_of_eight(*b"cdefghij", 3);
        out.push(b'f');
        out.write(4, |room| {
            room.copy_from_slice(b"ghij");
            1
        });
        out.pop();
        assert_eq!(out.written(), b"abcdef");
        assert_eq!(out.len(), 6);
        out.clear();
        assert!(out.is_empty());
    }

    #[test]
    fn memory_that_was_needed_once_is_given_back() {
        let mut out = Out::default();
        out.extend_from_slice(&vec![0; 2 * limits::OUT_KEPT]);
        out.clear();
        assert!(out.0.capacity() <= limits::OUT_KEPT);
    }
}
