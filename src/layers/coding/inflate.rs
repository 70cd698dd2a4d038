//! deflate: the data of gzip, and the coding of that name, which is zlib (RFC 1950) by the book and raw (RFC 1951) from some servers.

use super::Decode;
use flate2::{Decompress, FlushDecompress, Status};

/// Deflate data, with or without zlib's wrapping.
pub(super) struct Inflate {
    decompress: Decompress,
    ended: bool,
}

impl Inflate {
    /// RFC 1951.
    pub(super) fn raw() -> Inflate {
        Inflate {
            decompress: Decompress::new(false),
            ended: false,
        }
    }

    /// RFC 1950.
    fn zlib() -> Inflate {
        Inflate {
            decompress: Decompress::new(true),
            ended: false,
        }
    }

    /// Whether the last block is complete.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}

/// What a decoder allocates: a window of 32 KiB, its tables, and what the allocator adds.
const STATE: usize = 48 * 1024;

impl Decode for Inflate {
    fn memory(&self) -> usize {
        STATE
    }

    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        let before = (self.decompress.total_in(), self.decompress.total_out());
        let status = self
            .decompress
            .decompress(input, output, FlushDecompress::None)
            .map_err(|_| "the deflate data is broken".to_owned())?;
        let used = (self.decompress.total_in() - before.0) as usize;
        let written = (self.decompress.total_out() - before.1) as usize;
        *input = input.get(used..).unwrap_or_default();
        self.ended = status == Status::StreamEnd;
        Ok(written)
    }
}

/// The content coding `deflate`.
pub(super) struct Deflate {
    state: State,
}

/// What the first two bytes have told.
enum State {
    /// Nothing yet; the first of them, if it was there.
    Unknown(Option<u8>),
    /// Which of the two forms it is.
    Known(Inflate),
}

impl Deflate {
    pub(super) fn new() -> Deflate {
        Deflate {
            state: State::Unknown(None),
        }
    }
}

impl Decode for Deflate {
    fn memory(&self) -> usize {
        match &self.state {
            State::Known(inflate) => inflate.memory(),
            State::Unknown(_) => 0,
        }
    }

    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        if let State::Unknown(first) = self.state {
            let (first, second) = match (first, *input) {
                (_, []) => return Ok(0),
                (None, [first]) => {
                    self.state = State::Unknown(Some(*first));
                    *input = &[];
                    return Ok(0);
                }
                (None, [first, second, ..]) => (*first, *second),
                (Some(first), [second, ..]) => (first, *second),
            };
            let mut inflate = if is_zlib(first, second) {
                Inflate::zlib()
            } else {
                Inflate::raw()
            };
            if matches!(self.state, State::Unknown(Some(_))) {
                // One byte yields nothing but what it makes of the decoder's state.
                inflate.decode(&mut &[first][..], output)?;
            }
            self.state = State::Known(inflate);
        }
        match &mut self.state {
            State::Known(inflate) if inflate.ended() => {
                // Junk after the last block: it is ignored, as clients do.
                *input = &[];
                Ok(0)
            }
            State::Known(inflate) => inflate.decode(input, output),
            State::Unknown(_) => Ok(0),
        }
    }
}

/// RFC 1950 §2.2: method 8, a window of at most 32 KiB, and a check that makes the two bytes a multiple of 31.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0F == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}
