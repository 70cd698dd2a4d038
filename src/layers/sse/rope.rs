//! Bytes that come a piece at a time and are wanted whole.
//!
//! They lie in blocks that do not move. One buffer that doubles would have three times their room while it grows, and thousands that do so at
//! once go beyond every cap.

/// Bytes of a block. What one frame adds is little more.
const BLOCK: usize = 8 * 1024;

/// Invariant: each of `full` has `BLOCK` bytes and no more room, `last` has room for at most as many.
#[derive(Debug, Default)]
pub(super) struct Rope {
    last: Vec<u8>,
    /// The blocks before it.
    full: Vec<Vec<u8>>,
}

impl Rope {
    pub(super) fn len(&self) -> usize {
        self.full.len() * BLOCK + self.last.len()
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        self.full.len() * BLOCK + self.full.capacity() * size_of::<Vec<u8>>() + self.last.capacity()
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        if self.last.len() + bytes.len() <= BLOCK {
            self.make_room(bytes.len());
            self.last.extend_from_slice(bytes);
        } else {
            self.append_on(bytes);
        }
    }

    /// Appends a line and a line feed.
    pub(super) fn append_line(&mut self, line: &[u8]) {
        if self.last.len() + line.len() < BLOCK {
            self.make_room(line.len() + 1);
            self.last.extend_from_slice(line);
            self.last.push(b'\n');
        } else {
            self.append_on(line);
            self.append(b"\n");
        }
    }

    /// Room in the last block for so many bytes, of which it takes no more than `BLOCK` with them.
    fn make_room(&mut self, bytes: usize) {
        let (length, room) = (self.last.len(), self.last.capacity());
        if room - length < bytes {
            let doubled = (2 * room).min(BLOCK);
            self.last
                .reserve_exact(doubled.max(length + bytes) - length);
        }
    }

    #[cold]
    fn append_on(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.last.len() == BLOCK {
                let next = Vec::with_capacity(BLOCK);
                self.full.push(std::mem::replace(&mut self.last, next));
            }
            let fits = bytes.len().min(BLOCK - self.last.len());
            let (now, later) = bytes.split_at(fits);
            self.make_room(fits);
            self.last.extend_from_slice(now);
            bytes = later;
        }
    }

    /// All of it, and a `tail`; leaves nothing.
    pub(super) fn end(&mut self, tail: &[u8]) -> Vec<u8> {
        let last = std::mem::take(&mut self.last);
        if self.full.is_empty() {
            let mut whole = last;
            whole.extend_from_slice(tail);
            return whole;
        }
        let mut whole = Vec::with_capacity(self.full.len() * BLOCK + last.len() + tail.len());
        for block in std::mem::take(&mut self.full) {
            whole.extend_from_slice(&block);
        }
        whole.extend_from_slice(&last);
        whole.extend_from_slice(tail);
        whole
    }

    /// Forgets all of it. A block's room may be used again.
    pub(super) fn clear(&mut self) {
        self.last.clear();
        self.full = Vec::new();
    }

    /// Gives it room to begin with: what [`end`](Rope::end) gave, if that is not larger than a block.
    pub(super) fn reuse(&mut self, mut room: Vec<u8>) {
        if room.capacity() <= BLOCK {
            room.clear();
            self.last = room;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_appended_wherever_that_is_cut() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 7).map(|at| (at % 251) as u8).collect();
        for piece in [1, 1_448, BLOCK - 1, BLOCK, BLOCK + 1, bytes.len()] {
            let mut rope = Rope::default();
            for piece in bytes.chunks(piece) {
                let (length, memory) = (rope.len(), rope.memory());
                rope.append(piece);
                assert_eq!(rope.len(), length + piece.len());
                assert!(rope.last.capacity() <= BLOCK);
                let added = rope.memory() - memory;
                assert!(
                    added <= piece.len() + BLOCK + 4 * size_of::<Vec<u8>>(),
                    "{added}"
                );
            }
            assert!(rope.memory() < bytes.len() + BLOCK + 1_000);
            let whole = rope.end(b"tail");
            assert!(whole.starts_with(&bytes) && whole.ends_with(b"tail"));
            assert_eq!(whole.len(), bytes.len() + 4);
            assert_eq!((rope.len(), rope.memory()), (0, 0));
        }
    }

    #[test]
    fn lines_have_a_line_feed_behind_them() {
        for length in [0, 1, BLOCK - 2, BLOCK - 1, BLOCK, 2 * BLOCK] {
            let mut rope = Rope::default();
            rope.append_line(&vec![b'x'; length]);
            rope.append_line(b"y");
            assert_eq!(rope.len(), length + 3);
            let lines = rope.end(b"");
            assert!(lines.ends_with(b"\ny\n") && lines[..length].iter().all(|byte| *byte == b'x'));
        }
    }

    #[test]
    fn a_block_s_room_is_used_again_and_no_more() {
        let mut rope = Rope::default();
        rope.append(&[1; 100]);
        let room = rope.end(b"");
        rope.reuse(room);
        assert_eq!((rope.len(), rope.memory()), (0, 100));
        rope.append(&[1; 3 * BLOCK]);
        let room = rope.end(b"");
        rope.reuse(room);
        assert_eq!(rope.memory(), 0);
        rope.append(&[1; 3 * BLOCK]);
        rope.clear();
        assert!(rope.len() == 0 && rope.memory() <= BLOCK);
    }
}
