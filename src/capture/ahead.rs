//! Reads ahead in a thread of its own: a compressed file is unpacked while what came before is analysed.
//!
//! In comes a reader; out goes a reader of the same bytes, ends and errors. At most `CHUNKS` chunks wait.

use crate::model::limits;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Chunks that may wait: enough that neither side waits for the other at each.
const CHUNKS: usize = 4;

/// The reader's other end.
pub(super) struct Ahead {
    /// An empty one is the end.
    chunks: Receiver<io::Result<Vec<u8>>>,
    /// Takes chunks back, to be filled again.
    spare: SyncSender<Vec<u8>>,
    chunk: Vec<u8>,
    taken: usize,
    /// The end or an error was handed on.
    over: bool,
}

impl Ahead {
    /// Begins to read.
    pub(super) fn start(mut reader: impl Read + Send + 'static) -> io::Result<Ahead> {
        let (filled, chunks) = sync_channel(CHUNKS);
        let (spare, emptied) = sync_channel(CHUNKS);
        // It ends at the end of its input, or when nobody takes its chunks any more.
        thread::Builder::new()
            .name("unpack".to_owned())
            .spawn(move || while fill(&mut reader, &filled, &emptied) {})?;
        Ok(Ahead {
            chunks,
            spare,
            chunk: Vec::new(),
            taken: 0,
            over: false,
        })
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.chunk.len() {
            if self.over {
                return Ok(0);
            }
            let next = self.chunks.recv().unwrap_or_else(|_| {
                // It has panicked, and said so.
                Err(io::Error::other("it could not be unpacked"))
            });
            self.over = !matches!(&next, Ok(chunk) if !chunk.is_empty());
            let before = std::mem::replace(&mut self.chunk, next?);
            self.taken = 0;
            // Where nobody takes it back, it is freed.
            let _ = self.spare.try_send(before);
        }
        let mut rest = self.chunk.get(self.taken..).unwrap_or_default();
        let length = rest.read(buffer)?;
        self.taken += length;
        Ok(length)
    }
}

/// Fills a chunk and hands it on, and what ended it. Whether there may be more.
fn fill(
    reader: &mut impl Read,
    filled: &SyncSender<io::Result<Vec<u8>>>,
    emptied: &Receiver<Vec<u8>>,
) -> bool {
    let mut chunk = emptied.try_recv().unwrap_or_default();
    chunk.resize(limits::CAPTURE_READ, 0);
    let mut length = 0;
    let end = loop {
        let room = &mut chunk[length..];
        if room.is_empty() {
            break None;
        }
        match reader.read(room) {
            Ok(0) => break Some(Ok(Vec::new())),
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Some(Err(error)),
        }
    };
    chunk.truncate(length);
    let taken = length == 0 || filled.send(Ok(chunk)).is_ok();
    match end {
        None => taken,
        Some(end) => {
            let _ = filled.send(end);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes a few at a time, then an error or the end.
    struct Few(Vec<u8>, usize, Option<ErrorKind>);

    impl Read for Few {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let few = (self.0.len() - self.1).min(777).min(buffer.len());
            buffer[..few].copy_from_slice(&self.0[self.1..self.1 + few]);
            self.1 += few;
            match self.2 {
                Some(kind) if few == 0 && !buffer.is_empty() => Err(kind.into()),
                _ => Ok(few),
            }
        }
    }

    #[test]
    fn every_byte_comes_and_then_the_end_or_the_error() {
        for length in [0, 1, limits::CAPTURE_READ, 10 * limits::CAPTURE_READ + 5] {
            let bytes: Vec<u8> = (0..length).map(|place| place as u8).collect();
            for end in [None, Some(ErrorKind::UnexpectedEof)] {
                let mut ahead = Ahead::start(Few(bytes.clone(), 0, end)).unwrap();
                let mut read = Vec::new();
                let ended = ahead.read_to_end(&mut read);
                assert_eq!(ended.err().map(|error| error.kind()), end);
                assert!(read == bytes, "{length} bytes");
                assert_eq!(ahead.read(&mut [0]).unwrap(), 0);
            }
        }
    }

    #[test]
    fn a_reader_that_is_dropped_early_lets_the_thread_end() {
        let mut ahead = Ahead::start(io::repeat(7)).unwrap();
        assert_eq!(ahead.read(&mut [0; 9]).unwrap(), 9);
    }
}
