//! Bytes that mean harm: whatever they are, the decoder goes on.

use super::carriers::{of_ipv4, of_ipv6};
use super::network::next;
use super::segment::{packet, packet_v6};
use proptest::prelude::*;
use ssetrace::decode::Decoder;

/// Every carrier as a frame.
fn carriers() -> Vec<(u32, Vec<u8>)> {
    let all = of_ipv4(&packet()).into_iter().chain(of_ipv6(&packet_v6()));
    all.map(|(_, link, frame)| (link, frame)).collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes_of_every_link_type_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        more in 0u32..100,
    ) {
        let mut decoder = Decoder::new();
        for link in 0..300 {
            next(&mut decoder, link, &bytes, bytes.len() as u32 + more);
        }
    }

    #[test]
    fn carriers_with_wrong_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let all = carriers();
        let (link, frame) = which.get(&all);
        let mut frame = frame.clone();
        let length = frame.len();
        for (at, byte) in changes {
            let at = at.index(length);
            frame[at] = byte;
        }
        let mut decoder = Decoder::new();
        next(&mut decoder, *link, &frame, length as u32);
        next(&mut decoder, *link, &frame[..keep.index(length)], length as u32);
    }
}
