//! zstd (RFC 8878). RFC 9659: a window of this content coding is at most 8 MiB; larger ones are refused.

use super::Decode;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The decoder. Frames may follow each other.
pub(super) struct Zstandard {
    decoder: Decoder<'static>,
}

/// log2 of 8 MiB.
const WINDOW_LOG: u32 = 23;

impl Zstandard {
    pub(super) fn new() -> std::io::Result<Zstandard> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Zstandard { decoder })
    }
}

impl Decode for Zstandard {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        let mut source = InBuffer::around(input);
        let mut target = OutBuffer::around(output);
        self.decoder
            .run(&mut source, &mut target)
            .map_err(|error| format!("the zstd data is broken ({error})"))?;
        let (used, written) = (source.pos(), target.pos());
        *input = input.get(used..).unwrap_or_default();
        Ok(written)
    }

    fn window(&self) -> usize {
        1 << WINDOW_LOG
    }
}
