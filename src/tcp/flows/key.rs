//! 4-tuples as keys of tables: both directions have one.

use crate::model::{Endpoint, PlainAddresses, PlainHeader, halves};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// A 4-tuple in words, the lower endpoint first. Of IPv4: a word for each endpoint. Else: for each endpoint two words of address, and half
/// a word of port and IP version (an IPv4 address is not the IPv6 address with the same bits).
#[derive(Clone, Copy, Debug, Eq)]
pub(super) struct Key<const WORDS: usize>(pub(super) [u64; WORDS]);

/// The key of source and destination, and the source's place in it.
pub(super) enum Keyed {
    /// Of IPv4.
    V4(Key<2>, usize),
    /// Of IPv6, or of both.
    V6(Key<5>, usize),
}

/// An endpoint that is not one of IPv4 among such: the bytes of the address and the port, in the order of this machine, and the IP version.
#[derive(Clone, Copy)]
struct Wide {
    address: u128,
    rest: u32,
}

impl<const WORDS: usize> PartialEq for Key<WORDS> {
    // The derived one calls a function for more than a few words.
    #[inline(always)]
    fn eq(&self, other: &Key<WORDS>) -> bool {
        let words = self.0.iter().zip(other.0);
        words.fold(0, |apart, (one, other)| apart | one ^ other) == 0
    }
}

impl<const WORDS: usize> Hash for Key<WORDS> {
    // The derived one hands the words over as a run of bytes, whose hash takes twice as long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

impl<const WORDS: usize> Key<WORDS> {
    /// What no endpoints have.
    pub(super) const NOBODY: Key<WORDS> = Key([u64::MAX; WORDS]);

    /// A number that says little about the key: products with factors that nobody knows, folded. The last is a square, since the others leave
    /// steps of addresses or ports as steps, many of which may come to the same place.
    #[inline(always)]
    pub(super) fn mixed(self, seeds: [u64; 2]) -> usize {
        let mut mixed = seeds[1];
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            let other = words.next().copied().unwrap_or_default();
            mixed = folded_product(word ^ seeds[0], other ^ mixed);
        }
        folded_product(mixed, mixed) as usize
    }
}

#[inline(always)]
fn folded_product(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

impl Keyed {
    /// Of a header as it stands.
    #[inline(always)] // As `Flows::spoken_to`.
    pub(super) fn plain(header: PlainHeader<'_>) -> Keyed {
        let [s0, s1, d0, d1, ..] = *header.tcp;
        match header.addresses {
            PlainAddresses::V4(&[a, b, c, d, e, f, g, h]) => {
                Keyed::v4(word([a, b, c, d], [s0, s1]), word([e, f, g, h], [d0, d1]))
            }
            PlainAddresses::V6(addresses) => {
                let [source, destination] = halves(addresses);
                Keyed::v6(Wide::v6(source, [s0, s1]), Wide::v6(destination, [d0, d1]))
            }
        }
    }

    /// Of two endpoints.
    #[inline]
    pub(super) fn of(source: Endpoint, destination: Endpoint) -> Keyed {
        match (source.address, destination.address) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Keyed::v4(
                word(from.octets(), source.port.to_be_bytes()),
                word(to.octets(), destination.port.to_be_bytes()),
            ),
            _ => Keyed::v6(Wide::of(source), Wide::of(destination)),
        }
    }

    #[inline(always)]
    fn v4(from: u64, to: u64) -> Keyed {
        Keyed::V4(Key([from.min(to), from.max(to)]), usize::from(from > to))
    }

    #[inline(always)]
    fn v6(from: Wide, to: Wide) -> Keyed {
        // No branch: which of two directions comes next, no processor foresees.
        let swapped =
            (from.address > to.address) | (from.address == to.address) & (from.rest > to.rest);
        let (low, high) = match swapped {
            true => (to, from),
            false => (from, to),
        };
        let key = Key([
            low.address as u64,
            (low.address >> 64) as u64,
            high.address as u64,
            (high.address >> 64) as u64,
            u64::from(low.rest) << 32 | u64::from(high.rest),
        ]);
        Keyed::V6(key, usize::from(swapped))
    }
}

/// An endpoint of IPv4: the bytes of the address and the port, in the order of this machine; below 2^48.
#[inline(always)]
fn word(address: [u8; 4], port: [u8; 2]) -> u64 {
    u64::from(u32::from_ne_bytes(address)) << 16 | u64::from(u16::from_ne_bytes(port))
}

impl Wide {
    #[inline(always)]
    fn v6(address: [u8; 16], port: [u8; 2]) -> Wide {
        Wide {
            address: u128::from_ne_bytes(address),
            rest: 6 << 16 | u32::from(u16::from_ne_bytes(port)),
        }
    }

    fn of(end: Endpoint) -> Wide {
        let port = end.port.to_be_bytes();
        match end.address {
            IpAddr::V6(v6) => Wide::v6(v6.octets(), port),
            IpAddr::V4(v4) => Wide {
                address: u128::from(v4.to_bits()),
                rest: 4 << 16 | u32::from(u16::from_ne_bytes(port)),
            },
        }
    }
}
