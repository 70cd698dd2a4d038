//! Which connection a segment belongs to, by Wireshark's rule for `tcp.stream`.
//!
//! Segments and quoted TCP headers come in, in order of capture; connection numbers from 0, in order of first frame, go out.
//! It keeps one small entry for every 4-tuple it has seen, until it is told to forget it: what comes late for an ended connection
//! keeps its number.

mod key;
mod table;

use crate::model::{Endpoint, Flags, PlainHeader, Segment};
use key::Keyed;
use table::Table;

/// All 4-tuples of a capture, those of IPv4 apart: they need half the memory.
///
/// The hash has a random seed: who chooses the addresses in a capture cannot choose the buckets.
#[derive(Debug, Default)]
pub struct Flows {
    v4: Table<2>,
    v6: Table<5>,
    numbers: Numbers,
}

/// What both tables count with.
#[derive(Debug, Default)]
struct Numbers {
    /// The next connection's.
    next: u32,
    /// Stamped on every entry that is used.
    epoch: u32,
}

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The connection's number.
    pub connection: u32,
    /// Whether it is a SYN that takes the 4-tuple over with another initial sequence number.
    pub port_reused: bool,
    /// The connection that had the 4-tuple until now, if it had segments: it is over.
    pub replaces: Option<u32>,
}

impl Flows {
    /// No 4-tuple seen yet.
    pub fn new() -> Flows {
        Flows::default()
    }

    /// Gives the connection of a segment that changes no entry, if it was spoken to of late: the one look-up that nearly every segment
    /// costs.
    #[inline(always)] // So that the segment is never written to memory.
    pub fn spoken_to(&mut self, header: PlainHeader<'_>) -> Option<u32> {
        let (flags, epoch) = (header.flags(), self.numbers.epoch);
        match Keyed::plain(header) {
            Keyed::V4(key, _) => self.v4.of_late(key, flags, epoch),
            Keyed::V6(key, _) => self.v6.of_late(key, flags, epoch),
        }
    }

    /// Gives the connection of a segment.
    pub fn locate(&mut self, segment: &Segment<'_>) -> Located {
        let numbers = &mut self.numbers;
        match Keyed::of(segment.source, segment.destination) {
            Keyed::V4(key, side) => self.v4.locate(key, side, segment, numbers),
            Keyed::V6(key, side) => self.v6.locate(key, side, segment, numbers),
        }
    }

    /// Hears of a TCP header that an ICMP error quotes: an unknown 4-tuple takes a number, and a SYN may take one over. Gives the
    /// connection that it was taken from, if that had segments: it is over.
    pub fn quoted(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        flags: Flags,
    ) -> Option<u32> {
        let numbers = &mut self.numbers;
        match Keyed::of(source, destination) {
            Keyed::V4(key, side) => self.v4.quoted(key, side, sequence, flags, numbers),
            Keyed::V6(key, side) => self.v6.quoted(key, side, sequence, flags, numbers),
        }
    }

    /// How many numbers were given.
    pub fn connections(&self) -> u32 {
        self.numbers.next
    }

    /// How many 4-tuples are kept.
    pub fn kept(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Sets the stamp of all entries that are used from now on.
    pub fn set_epoch(&mut self, epoch: u32) {
        self.numbers.epoch = epoch;
    }

    /// Every entry that is kept: the connection's number and the stamp of its last use.
    pub fn entries(&mut self) -> impl Iterator<Item = (u32, u32)> {
        self.v4.entries().chain(self.v6.entries())
    }

    /// Forgets the 4-tuples of the connections of which `keep` does not hold: what still comes for them is a new connection.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.v4.retain(&mut keep);
        self.v6.retain(&mut keep);
    }

    /// Bytes of memory, as far as the number of entries tells.
    pub fn memory(&self) -> usize {
        self.v4.memory() + self.v6.memory()
    }
}
