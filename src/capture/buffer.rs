//! The block that captures are read into: one read fills it, records are parsed in place, and what is left of the last one moves to the
//! front, or to the front of another block where somebody still needs this one.
//!
//! In comes a reader; out go slices of the block. It grows only for a record larger than itself, and never past what its caller asks for.

use super::compression::{self, Compression};
use crate::model::{Block, limits};
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Invariant: `start <= end <= block.bytes().len()`; `start..end` are the bytes read and not yet consumed.
pub(super) struct Buffer {
    reader: Box<dyn Read + Send>,
    block: Block,
    /// Blocks read before, to be used again once nobody has them any more.
    earlier: Vec<Block>,
    start: usize,
    end: usize,
    /// Bytes still to be read and dropped; `start == end` while there are any.
    skip: usize,
    /// Where `block[0]` stands in the unpacked capture.
    base: u64,
    /// The compressed input ended before its own end.
    cut: bool,
    read: Arc<AtomicU64>,
}

impl Buffer {
    /// A buffer over `reader`, unpacked if its first bytes say that it is compressed. `whole`: nobody writes to it any more, so that a read
    /// does not have to wait.
    pub(super) fn open(
        reader: impl Read + Send + 'static,
        whole: bool,
    ) -> io::Result<(Buffer, Option<Compression>)> {
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            reader,
            read: Arc::clone(&read),
        };
        let (reader, compression) = compression::unpack(counted, whole)?;
        let buffer = Buffer {
            reader,
            block: Block::zeroed(limits::CAPTURE_READ),
            earlier: Vec::new(),
            start: 0,
            end: 0,
            skip: 0,
            base: 0,
            cut: false,
            read,
        };
        Ok((buffer, compression))
    }

    /// The bytes read and not yet consumed.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        &self.block.bytes()[self.start..self.end]
    }

    /// Bytes of the block; they stay until the next [`Buffer::fill`], consumed or not. `start` is what [`Buffer::consume`] returned.
    #[inline]
    pub(super) fn slice(&self, start: usize, length: usize) -> &[u8] {
        &self.block.bytes()[start..start + length]
    }

    /// What [`Buffer::slice`] gives parts of, unless it grew so large that nobody should keep it.
    #[inline]
    pub(super) fn block(&self) -> Option<&Block> {
        is_kept(&self.block).then_some(&self.block)
    }

    /// Consumes `bytes`, of which so many must be available, and returns their place.
    #[inline]
    pub(super) fn consume(&mut self, bytes: usize) -> usize {
        let place = self.start;
        self.start = self.end.min(place + bytes);
        place
    }

    /// Consumes `bytes`, read or not.
    pub(super) fn skip(&mut self, bytes: usize) {
        let there = bytes.min(self.end - self.start);
        self.start += there;
        self.skip += bytes - there;
    }

    /// Reads once, with room for `wanted` bytes from `start` on; false at the end of the input.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        self.move_to_front();
        let block = self.block.to_mut();
        if self.end == block.len() {
            // Doubling, not `wanted` at once: a length that a damaged record claims takes no memory before its bytes are there.
            let larger = (block.len() * 2).min(wanted.max(self.end + 1));
            block.resize(larger, 0);
        }
        let more = loop {
            match self.reader.read(&mut block[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(more) => break more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    self.cut = true;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        };
        self.end += more;
        let skipped = self.skip.min(more);
        self.skip -= skipped;
        self.start = skipped;
        Ok(true)
    }

    /// Puts what was not consumed to the front of the block; of another one, where somebody keeps this one.
    fn move_to_front(&mut self) {
        let left = self.start..self.end;
        if self.block.is_shared() {
            let mut next = self.free_block();
            let bytes = next.to_mut();
            if bytes.len() < left.len() {
                bytes.resize(left.len(), 0);
            }
            bytes[..left.len()].copy_from_slice(&self.block.bytes()[left.clone()]);
            let before = std::mem::replace(&mut self.block, next);
            if self.earlier.len() < limits::EARLIER_BLOCKS && is_kept(&before) {
                self.earlier.push(before);
            }
        } else if self.start > 0 {
            self.block.to_mut().copy_within(left.clone(), 0);
        }
        self.base += self.start as u64;
        (self.start, self.end) = (0, left.len());
    }

    fn free_block(&mut self) -> Block {
        // The one that was let go last may still lie in the cache.
        match self.earlier.iter().rposition(|block| !block.is_shared()) {
            Some(place) => self.earlier.swap_remove(place),
            None => Block::zeroed(limits::CAPTURE_READ),
        }
    }

    /// At the end of the input: whether it ended inside something.
    pub(super) fn ends_early(&self) -> bool {
        self.cut || self.skip > 0 || self.start < self.end
    }

    /// Where the next byte stands in the unpacked capture, from 0.
    pub(super) fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Bytes read from the input, before unpacking.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// Whether a block may outlive its frames: one that a single record made large holds few others.
#[inline]
fn is_kept(block: &Block) -> bool {
    block.bytes().len() <= limits::KEPT_BLOCK
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(buffer)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_a_record_made_large_is_not_handed_out() {
        let (mut buffer, _) = Buffer::open(io::repeat(7), true).unwrap();
        assert!(buffer.fill(1).unwrap() && buffer.block().is_some());
        let kept = buffer.block().cloned();
        for _ in 0..9 {
            assert!(buffer.fill(8 * limits::KEPT_BLOCK).unwrap());
        }
        assert!(buffer.available().len() > limits::KEPT_BLOCK && buffer.block().is_none());
        assert_eq!(
            kept.map(|block| block.bytes().len()),
            Some(limits::CAPTURE_READ)
        );
        // What was kept while it grew is not kept for long.
        assert!(buffer.earlier.iter().all(is_kept));
    }
}
