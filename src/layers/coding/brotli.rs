//! br (RFC 7932). Windows above 16 MiB (the large-window extension) are no part of the content coding and are refused.

use super::Decode;
use brotli_decompressor::{
    BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode, HuffmanTreeGroup, SliceWrapper,
    StandardAlloc,
};

/// The trees of block types and lengths, which every decoder has: three times two of 1,080 codes at most, and a table for context maps.
const BLOCK_TREES: usize = 7 * 1_080 * size_of::<HuffmanCode>();

/// The decoder.
pub(super) struct Brotli {
    state: Box<State>,
    ended: bool,
}

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

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
    fn memory(&self) -> usize {
        let state = &self.state;
        let trees = |group: &HuffmanTreeGroup<StandardAlloc, StandardAlloc>| {
            size_of_val(group.codes.slice()) + size_of_val(group.htrees.slice())
        };
        size_of::<State>()
            + state.ringbuffer.slice().len()
            + state.context_map.slice().len()
            + state.dist_context_map.slice().len()
            + trees(&state.literal_hgroup)
            + trees(&state.insert_copy_hgroup)
            + trees(&state.distance_hgroup)
            + BLOCK_TREES
    }

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
