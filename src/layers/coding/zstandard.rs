//! zstd (RFC 8878). RFC 9659: a window of this content coding is at most 8 MiB; larger ones are refused.

use super::Decode;
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

/// The decoder. Frames may follow each other.
pub(super) struct Zstandard {
    context: DCtx<'static>,
    /// Decoded bytes so far.
    given: usize,
}

/// log2 of 8 MiB.
const WINDOW_LOG: u32 = 23;

/// What a decoder makes use of from the first block on: its tables, bytes.
const TABLES: usize = 32 * 1024;

impl Zstandard {
    pub(super) fn new() -> Result<Zstandard, &'static str> {
        let mut context = DCtx::try_create().ok_or("no memory is left")?;
        context
            .init()
            .and_then(|_| context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)))
            .map_err(get_error_name)?;
        Ok(Zstandard { context, given: 0 })
    }
}

impl Decode for Zstandard {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        let mut source = InBuffer::around(input);
        let mut target = OutBuffer::around(output);
        self.context
            .decompress_stream(&mut target, &mut source)
            .map_err(|code| format!("the zstd data is broken ({})", get_error_name(code)))?;
        let (used, written) = (source.pos(), target.pos());
        *input = input.get(used..).unwrap_or_default();
        self.given = self.given.saturating_add(written);
        Ok(written)
    }

    fn window(&self) -> usize {
        1 << WINDOW_LOG
    }

    fn memory(&self) -> usize {
        // It has a window and buffers of the size that the stream announces; what was not written to takes no memory.
        let written = TABLES.saturating_add(self.given.saturating_mul(2));
        self.context.sizeof().min(written)
    }
}
