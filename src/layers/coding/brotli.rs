//! br (RFC 7932). Windows above 16 MiB (the large-window extension) are no part of the content coding and are refused.

use super::Decode;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

/// The decoder.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Brotli {
        Brotli {
            state: Box::new(BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            )),
            ended: false,
        }
    }
}

impl Decode for Brotli {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        if self.ended {
            // Junk after the last meta-block: it is ignored, as clients do.
            *input = &[];
            return Ok(0);
        }
        let (mut left, mut used) = (input.len(), 0);
        let (mut room, mut written) = (output.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut used,
            input,
            &mut room,
            &mut written,
            output,
            &mut 0,
            &mut self.state,
        );
        *input = input.get(used..).unwrap_or_default();
        match result {
            BrotliResult::ResultFailure => Err("the brotli data is broken".to_owned()),
            BrotliResult::ResultSuccess => {
                self.ended = true;
                Ok(written)
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(written),
        }
    }

    /// RFC 7932 §9.1: WBITS is at most 24.
    fn window(&self) -> usize {
        16 * 1024 * 1024
    }
}
