//! Takes frames out of blocks that [`super::block`] made.
//!
//! Bytes come in, which another program may have changed if they come from a file; frames go out, as long as the bytes are such blocks.

use super::Form;
use crate::model::Timestamp;

/// A frame, as it was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct Saved<'a> {
    pub(in crate::capture) interface: usize,
    pub(in crate::capture) time: Timestamp,
    pub(in crate::capture) bytes: &'a [u8],
    pub(in crate::capture) wire_length: u32,
}

/// The length of the block that begins `bytes`, if that is a frame's and all of it is there.
pub(in crate::capture) fn length(form: Form, bytes: &[u8]) -> Option<usize> {
    let length = match form {
        // A head of four numbers, of which the third is the frame's length.
        Form::Pcap => 16 + number(bytes, 2)?,
        Form::Pcapng => number(bytes, 1).filter(|length| *length >= 32)?,
    };
    (length <= bytes.len()).then_some(length)
}

/// The frame in a block.
pub(in crate::capture) fn frame(form: Form, block: &[u8]) -> Option<Saved<'_>> {
    let word = |index| number(block, index).map(|number| number as u64);
    let (interface, nanos, length, wire_length, head) = match form {
        Form::Pcap => (
            0,
            word(0)? * 1_000_000_000 + word(1)?,
            number(block, 2)?,
            number(block, 3)?,
            16,
        ),
        Form::Pcapng => (
            number(block, 2)?,
            word(3)? << 32 | word(4)?,
            number(block, 5)?,
            number(block, 6)?,
            28,
        ),
    };
    Some(Saved {
        interface,
        time: Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX)),
        bytes: block.get(head..)?.get(..length)?,
        wire_length: wire_length as u32,
    })
}

/// A number of 32 bits, little-endian, by its place.
fn number(bytes: &[u8], index: usize) -> Option<usize> {
    let bytes = bytes.get(index * 4..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::block;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_into_a_block_comes_out_of_it(
            time in 0..i64::MAX / 4,
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            wire_length: u32,
            cut in 0..140_usize,
        ) {
            for (form, interface) in [(Form::Pcap, 0), (Form::Pcapng, 3)] {
                let mut blocks = Vec::new();
                let time = Timestamp(time);
                block::frame(form, interface, time, &bytes, wire_length, &mut blocks);
                let all = blocks.len();
                blocks.extend_from_slice(b"next");
                prop_assert_eq!(length(form, &blocks), Some(all));
                let saved = Saved { interface, time, bytes: &bytes, wire_length };
                prop_assert_eq!(frame(form, &blocks[..all]), Some(saved));
                let cut = cut.min(all - 1);
                prop_assert_eq!(length(form, &blocks[..cut]), None);
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for form in [Form::Pcap, Form::Pcapng] {
                if let Some(length) = length(form, &bytes) {
                    let _ = frame(form, &bytes[..length]);
                }
                let _ = frame(form, &bytes);
            }
        }
    }
}
