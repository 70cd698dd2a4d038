//! Fragments of IP packets, in any order and with overlaps, become the packets again.
//!
//! In comes one fragment at a time, with what names its packet; out goes the packet's payload with the fragment that
//! completes it. As in Wireshark there is no timeout, since a capture's clock may jump; fragments that never become a
//! packet are bounded by number and bytes instead, and the oldest packet is given up first.
//!
//! etherparse has a pool for this. It is not used: by its own words it is not safe against running out of memory, it
//! refuses fragments that disagree about the packet's end, and of two fragments with the same bytes it believes the later
//! one, where Wireshark believes the one that begins first.

use super::layer::Addresses;
use crate::model::limits;
use std::collections::{BTreeMap, HashMap};

/// What names a packet (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Who sends the packet to whom.
    pub(crate) addresses: Addresses,
    /// The identification field.
    pub(crate) identification: u32,
    /// The protocol, which is part of the name in IPv4 only.
    pub(crate) protocol: Option<u8>,
    /// The VLAN, for addresses that may exist once in each.
    pub(crate) vlan: u16,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment<'a> {
    /// Where in the packet's payload it begins.
    pub(crate) offset: usize,
    /// Whether others follow.
    pub(crate) more: bool,
    /// Its bytes, all of them.
    pub(crate) bytes: &'a [u8],
}

/// What a fragment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Its packet is complete: [`Fragments::take`] gives the payload.
    Complete,
    /// Its packet waits for others.
    Waits,
    /// Its packet waits for others, and an older one was given up to make room.
    GaveUp,
}

/// The packets that wait for fragments.
///
/// Invariants: `ages` holds exactly the packets of `waiting`, by `age`; `held` is the sum of their sizes and at most
/// [`limits::FRAGMENT_BYTES`] between calls.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    waiting: HashMap<Key, Packet, foldhash::fast::RandomState>,
    ages: BTreeMap<u64, Key>,
    next_age: u64,
    held: usize,
    /// The payload that was completed last.
    complete: Vec<u8>,
}

/// The fragments of one packet.
#[derive(Debug, Default)]
struct Packet {
    age: u64,
    /// In order of offset; of those with the same offset the first that came is first.
    pieces: Vec<Piece>,
    /// The length that the first last fragment to come gave.
    length: Option<usize>,
    held: usize,
}

#[derive(Debug)]
struct Piece {
    offset: usize,
    bytes: Box<[u8]>,
}

impl Piece {
    fn end(&self) -> usize {
        self.offset + self.bytes.len()
    }
}

/// What a piece or a packet costs beside its bytes, so that many small ones count too.
const OVERHEAD: usize = 64;

impl Fragments {
    /// Adds a fragment to its packet.
    #[cold]
    pub(crate) fn add(&mut self, key: Key, fragment: &Fragment<'_>) -> Added {
        let age = self.next_age;
        let packet = self.waiting.entry(key).or_insert_with(|| {
            self.ages.insert(age, key);
            self.next_age += 1;
            Packet {
                age,
                ..Packet::default()
            }
        });
        if packet.pieces.len() >= limits::FRAGMENTS_OF_PACKET {
            self.forget(&key);
            return Added::GaveUp;
        }
        let cost = fragment.bytes.len() + OVERHEAD;
        packet.held += cost;
        self.held += cost;
        packet.insert(fragment);
        if let Some(payload) = packet.join() {
            self.forget(&key);
            self.complete = payload;
            return Added::Complete;
        }
        let mut gave_up = false;
        while self.held > limits::FRAGMENT_BYTES || self.waiting.len() > limits::FRAGMENTED_PACKETS
        {
            let Some((_, &oldest)) = self.ages.first_key_value() else {
                break;
            };
            self.forget(&oldest);
            gave_up = true;
        }
        if gave_up { Added::GaveUp } else { Added::Waits }
    }

    /// Bytes of memory, roughly.
    pub(crate) fn memory(&self) -> usize {
        self.held
    }

    /// The payload of the packet that the last fragment completed.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.complete)
    }

    fn forget(&mut self, key: &Key) {
        if let Some(packet) = self.waiting.remove(key) {
            self.ages.remove(&packet.age);
            self.held -= packet.held;
        }
    }
}

impl Packet {
    fn insert(&mut self, fragment: &Fragment<'_>) {
        if !fragment.more && self.length.is_none() {
            self.length = Some(fragment.offset + fragment.bytes.len());
        }
        let at = self
            .pieces
            .partition_point(|piece| piece.offset <= fragment.offset);
        self.pieces.insert(
            at,
            Piece {
                offset: fragment.offset,
                bytes: fragment.bytes.into(),
            },
        );
    }

    /// The payload, if there is no hole. Where pieces overlap, the one that begins first is believed; what lies behind
    /// the end is left out.
    fn join(&self) -> Option<Vec<u8>> {
        let length = self.length?;
        let mut reached = 0;
        for piece in &self.pieces {
            if piece.offset <= reached {
                reached = reached.max(piece.end());
            }
        }
        if reached < length {
            return None;
        }
        let mut payload = Vec::with_capacity(length);
        for piece in &self.pieces {
            // Without a hole, every piece that begins before the end begins within what is already there.
            if let Some(new) = payload
                .len()
                .checked_sub(piece.offset)
                .and_then(|known| piece.bytes.get(known..))
            {
                let room = length - payload.len();
                payload.extend_from_slice(&new[..new.len().min(room)]);
            }
        }
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn key(identification: u32) -> Key {
        Key {
            addresses: Addresses::V4(Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST),
            identification,
            protocol: Some(6),
            vlan: 0,
        }
    }

    fn add(fragments: &mut Fragments, offset: usize, more: bool, bytes: &[u8]) -> Added {
        let fragment = Fragment {
            offset,
            more,
            bytes,
        };
        fragments.add(key(1), &fragment)
    }

    /// Adds the fragment that completes the packet, and gives the packet.
    fn completed(fragments: &mut Fragments, offset: usize, more: bool, bytes: &[u8]) -> Vec<u8> {
        assert_eq!(add(fragments, offset, more, bytes), Added::Complete);
        fragments.take()
    }

    #[test]
    fn fragments_in_reverse_order_become_the_packet() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, 16, false, b"end"), Added::Waits);
        assert_eq!(add(&mut fragments, 8, true, b"bbbbbbbb"), Added::Waits);
        assert_eq!(
            completed(&mut fragments, 0, true, b"aaaaaaaa"),
            b"aaaaaaaabbbbbbbbend"
        );
        assert_eq!(fragments.held, 0);
        assert!(fragments.waiting.is_empty() && fragments.ages.is_empty());
    }

    #[test]
    fn of_two_overlapping_fragments_the_one_that_begins_first_is_believed() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 8, true, b"BBBBBBBB");
        add(&mut fragments, 0, true, b"aaaaaaaaaaaa");
        assert_eq!(
            completed(&mut fragments, 16, false, b"end"),
            b"aaaaaaaaaaaaBBBBend"
        );
    }

    #[test]
    fn of_two_fragments_at_one_place_the_first_that_came_is_believed() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 0, true, b"aaaaaaaa");
        add(&mut fragments, 0, true, b"AAAAAAAA");
        assert_eq!(completed(&mut fragments, 8, false, b"end"), b"aaaaaaaaend");
    }

    #[test]
    fn what_lies_behind_the_last_fragment_is_left_out() {
        let mut fragments = Fragments::default();
        add(&mut fragments, 0, true, b"aaaaaaaaaaaaaaaa");
        assert_eq!(completed(&mut fragments, 8, false, b"bb"), b"aaaaaaaaaa");
    }

    #[test]
    fn the_oldest_packet_is_given_up_when_too_many_wait() {
        let mut fragments = Fragments::default();
        let first = Fragment {
            offset: 0,
            more: true,
            bytes: b"aaaaaaaa",
        };
        for number in 0..limits::FRAGMENTED_PACKETS as u32 {
            assert_eq!(fragments.add(key(number), &first), Added::Waits);
        }
        assert_eq!(fragments.add(key(u32::MAX), &first), Added::GaveUp);
        assert!(!fragments.waiting.contains_key(&key(0)));
        assert!(fragments.waiting.contains_key(&key(1)));
    }

    #[test]
    fn a_packet_of_too_many_pieces_is_given_up() {
        let mut fragments = Fragments::default();
        for _ in 0..limits::FRAGMENTS_OF_PACKET {
            assert_eq!(add(&mut fragments, 8, true, b"b"), Added::Waits);
        }
        assert_eq!(add(&mut fragments, 8, true, b"b"), Added::GaveUp);
        assert_eq!(fragments.held, 0);
    }

    proptest! {
        #[test]
        fn any_order_and_any_cut_give_the_packet_again(
            payload in proptest::collection::vec(any::<u8>(), 1..400),
            cuts in proptest::collection::vec(0usize..50, 0..8),
            order in any::<prop::sample::Index>(),
        ) {
            let mut edges: Vec<usize> = cuts.iter().map(|cut| cut * 8).filter(|cut| *cut < payload.len()).collect();
            edges.extend([0, payload.len()]);
            edges.sort_unstable();
            edges.dedup();
            let mut pieces: Vec<(usize, &[u8])> = edges.windows(2).map(|edge| (edge[0], &payload[edge[0]..edge[1]])).collect();
            let turn = order.index(pieces.len());
            pieces.rotate_left(turn);
            let mut fragments = Fragments::default();
            let mut last = Added::Waits;
            for (offset, bytes) in pieces {
                last = add(&mut fragments, offset, offset + bytes.len() < payload.len(), bytes);
            }
            prop_assert_eq!(last, Added::Complete);
            prop_assert_eq!(fragments.take(), payload);
        }

        #[test]
        fn what_is_held_is_what_waits(steps in proptest::collection::vec((0u32..4, 0usize..64, any::<bool>(), 1usize..40), 0..200)) {
            let mut fragments = Fragments::default();
            let bytes = [7; 40];
            for (number, offset, more, length) in steps {
                let fragment = Fragment { offset: offset * 8, more, bytes: &bytes[..length] };
                fragments.add(key(number), &fragment);
                prop_assert_eq!(fragments.held, fragments.waiting.values().map(|packet| packet.held).sum::<usize>());
                prop_assert_eq!(fragments.ages.len(), fragments.waiting.len());
            }
        }
    }
}
