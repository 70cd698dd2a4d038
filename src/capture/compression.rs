//! Compressed captures: recognised by their first bytes, whatever the file is called, and unpacked as a stream.
//!
//! In comes a reader; out goes a reader of what was packed. Memory is bounded by the formats' windows, of which zstd's is capped.
//! An end before the packed data's own end comes out as `UnexpectedEof`.

use super::ahead::Ahead;
use crate::model::limits;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};

/// A compression that captures come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip, of one or several members (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
        }
    }

    fn recognise(begins: &[u8]) -> Option<Compression> {
        match begins {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            // RFC 8878 §3.1.1; a file made by several threads may begin with a skippable frame (§3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Compression::Zstd)
            }
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
            _ => None,
        }
    }
}

/// The longest of the magic numbers, bytes.
const MAGIC: usize = 4;

/// Unpacks `reader` if it is compressed: with `ahead`, in a thread of its own, which does not hand on what it has while it waits for more.
pub(super) fn unpack(
    mut reader: impl Read + Send + 'static,
    ahead: bool,
) -> io::Result<(Box<dyn Read + Send>, Option<Compression>)> {
    let mut begins = Vec::with_capacity(MAGIC);
    reader
        .by_ref()
        .take(MAGIC as u64)
        .read_to_end(&mut begins)?;
    let compression = Compression::recognise(&begins);
    let whole = Cursor::new(begins).chain(reader);
    let packed = |whole| BufReader::with_capacity(limits::CAPTURE_READ, whole);
    let unpacked: Box<dyn Read + Send> = match compression {
        None => Box::new(whole),
        Some(Compression::Gzip) => {
            Box::new(Slices(flate2::bufread::MultiGzDecoder::new(packed(whole))))
        }
        Some(Compression::Zstd) => {
            let mut decoder = zstd::Decoder::with_buffer(packed(whole))?;
            decoder.window_log_max(limits::ZSTD_WINDOW_LOG)?;
            Box::new(Slices(decoder))
        }
        Some(Compression::Lz4) => Box::new(Lz4(lz4_flex::frame::FrameDecoder::new(packed(whole)))),
    };
    let unpacked = match compression {
        Some(_) if ahead => Box::new(Ahead::start(unpacked)?),
        _ => unpacked,
    };
    Ok((unpacked, compression))
}

/// Unpacks a little at a time: a decoder that meets damage drops what it has unpacked in the same call.
struct Slices<R>(R);

/// At most so many bytes at a time.
const SLICE: usize = 4 * 1024;

impl<R: Read> Read for Slices<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let slice = buffer.len().min(SLICE);
        self.0.read(&mut buffer[..slice])
    }
}

/// LZ4 frames one after the other: the decoder says 0 at the end of each.
struct Lz4<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: Read> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Ok(0) => self.0.read(buffer),
            // lz4_flex wraps its own errors as `Other`.
            Err(error) if error.kind() == ErrorKind::Other => {
                Err(io::Error::new(ErrorKind::InvalidData, error))
            }
            read => read,
        }
    }
}
