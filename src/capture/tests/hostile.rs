//! Bytes that nobody meant: nothing panics, everything ends.

use super::build::{pcap, pcapng};
use super::*;
use proptest::prelude::*;

/// Opens and drains, whatever comes of it; says how many frames there were.
fn survive(bytes: &[u8]) -> usize {
    match open(bytes) {
        Ok(capture) => drain(capture).frames.len(),
        Err(_) => 0,
    }
}

/// Heads after which any bytes reach the readers' insides.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(pcap(0)),
        Just(pcap(2)),
        Just(pcapng(0)),
        Just(pcapng(2)),
        Just(vec![0x1f, 0x8b, 8, 0]),
        Just(vec![0x28, 0xb5, 0x2f, 0xfd]),
        Just(vec![0x04, 0x22, 0x4d, 0x18]),
    ]
}

proptest! {
    #[test]
    fn any_bytes_end_without_a_panic(
        mut bytes in heads(),
        tail in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        bytes.extend(tail);
        survive(&bytes);
    }

    #[test]
    fn small_numbers_in_a_tail_end_without_a_panic(
        mut bytes in heads(),
        words in proptest::collection::vec(
            prop_oneof![0_u32..64, Just(0x0a0d_0d0a), Just(0x1a2b_3c4d), any::<u32>()], 0..80),
    ) {
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        survive(&bytes);
    }

    #[test]
    fn a_changed_byte_costs_no_frame_before_it(
        ng in any::<bool>(),
        place in 200_usize..900,
        byte in any::<u8>(),
    ) {
        let mut bytes = if ng { pcapng(10) } else { pcap(10) };
        let place = place.min(bytes.len() - 1);
        bytes[place] = byte;
        let before = survive(&bytes[..place]);
        prop_assert!(survive(&bytes) >= before);
    }

    #[test]
    fn the_size_of_the_reads_changes_nothing(
        // What a decompressor still gives before damage does depend on them.
        mut bytes in heads().prop_filter("not compressed", |head| head.len() != 4),
        tail in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        bytes.extend(tail);
        let slowly = Capture::from_reader("test.cap", ByteByByte(Cursor::new(bytes.clone())));
        match (open(&bytes), slowly) {
            (Ok(at_once), Ok(slowly)) => {
                let (at_once, slowly) = (drain(at_once), drain(slowly));
                prop_assert_eq!(at_once.frames, slowly.frames);
                prop_assert_eq!(at_once.capture.truncated(), slowly.capture.truncated());
                prop_assert_eq!(
                    at_once.error.map(|error| error.to_string()),
                    slowly.error.map(|error| error.to_string())
                );
            }
            (Err(at_once), Err(slowly)) => {
                prop_assert_eq!(at_once.to_string(), slowly.to_string());
            }
            _ => prop_assert!(false, "one can be opened and the other cannot"),
        }
    }
}
