//! Which connection a segment belongs to, by Wireshark's rule for `tcp.stream`.
//!
//! Segments and quoted TCP headers come in, in order of capture; connection numbers from 0, in order of first frame, go out.
//! It keeps one small entry for every 4-tuple it has seen, until it is told to forget it: what comes late for an ended connection
//! keeps its number.

use super::sequence::SeqNo;
use crate::model::{Endpoint, Flags, PlainHeader, Segment, word_of};
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

/// All 4-tuples of a capture, those of IPv4 apart: they need half the memory.
///
/// The hash has a random seed: who chooses the addresses in a capture cannot choose the buckets.
#[derive(Debug)]
pub struct Flows {
    v4: HashMap<Key<2>, Flow, RandomState>,
    v6: HashMap<Key<5>, Flow, RandomState>,
    /// Entries of IPv4 that were used of late and that another segment without SYN changes in nothing but the stamp: these lie in the
    /// processor's cache when the tables do not.
    recent: Box<[Recent; RECENT]>,
    /// Random too: what places in `recent` are told by.
    seeds: [u64; 2],
    next: u32,
    /// Stamped on every entry that is used.
    epoch: u32,
}

/// A power of two, so that a hash's low bits are a place; several for each of the connections that usually speak at a time.
const RECENT: usize = 16 * 1024;

/// A connection that was spoken to of late.
#[derive(Clone, Copy, Debug)]
struct Recent {
    /// `NOBODY` where there is none.
    key: Key<2>,
    connection: u32,
    /// The stamp that its entry is due.
    last_used: u32,
}

/// No endpoint's word has a bit above the 48th.
const NOBODY: Key<2> = Key([u64::MAX; 2]);

impl Recent {
    const NONE: Recent = Recent {
        key: NOBODY,
        connection: 0,
        last_used: 0,
    };
}

impl Default for Flows {
    fn default() -> Flows {
        let v4: HashMap<_, _, RandomState> = HashMap::default();
        Flows {
            seeds: [0, 1].map(|seed| v4.hasher().hash_one(seed)),
            v4,
            v6: HashMap::default(),
            recent: Box::new([Recent::NONE; RECENT]),
            next: 0,
            epoch: 0,
        }
    }
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

/// What a header did to the entry of its 4-tuple.
struct Found<'a> {
    flow: &'a mut Flow,
    /// The sender's place in it.
    side: usize,
    /// Whether it is a SYN that has just taken the 4-tuple over.
    taken_over: bool,
    /// The connection that it took it from, if that had segments.
    replaces: Option<u32>,
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
        let (from, to) = header.ends();
        self.of_late(Key::of_words(from, to), header.flags())
    }

    #[inline(always)] // As `spoken_to`.
    fn of_late(&mut self, key: Key<2>, flags: Flags) -> Option<u32> {
        let recent = &mut self.recent[key.place(self.seeds)];
        if recent.key != key || flags.has(Flags::SYN) {
            return None;
        }
        recent.last_used = self.epoch;
        Some(recent.connection)
    }

    /// Gives the connection of a segment.
    pub fn locate(&mut self, segment: &Segment<'_>) -> Located {
        let (IpAddr::V4(_), IpAddr::V4(_)) = (segment.source.address, segment.destination.address)
        else {
            return self.locate_in_tables(segment).0;
        };
        let key = Key::of_v4(segment.source, segment.destination).0;
        if let Some(connection) = self.of_late(key, segment.flags) {
            return Located {
                connection,
                port_reused: false,
                replaces: None,
            };
        }
        self.locate_anew(segment, key)
    }

    /// Gives the connection of a segment that was not spoken to of late, and remembers that it is.
    #[inline(never)]
    fn locate_anew(&mut self, segment: &Segment<'_>, key: Key<2>) -> Located {
        let place = key.place(self.seeds);
        let before = std::mem::replace(&mut self.recent[place], Recent::NONE);
        self.stamp(&before);
        let (located, settled) = self.locate_in_tables(segment);
        if settled && !segment.flags.has(Flags::SYN) {
            self.recent[place] = Recent {
                key,
                connection: located.connection,
                last_used: self.epoch,
            };
        }
        located
    }

    /// Gives an entry the stamp that it is due.
    fn stamp(&mut self, recent: &Recent) {
        if recent.key != NOBODY
            && let Some(flow) = self.v4.get_mut(&recent.key)
        {
            flow.last_used = flow.last_used.max(recent.last_used);
        }
    }

    /// Gives every entry the stamp that it is due, and forgets what was used of late.
    fn settle(&mut self) {
        for place in 0..RECENT {
            let recent = std::mem::replace(&mut self.recent[place], Recent::NONE);
            self.stamp(&recent);
        }
    }

    /// As [`locate`](Flows::locate); and whether nothing but a SYN changes the entry any more.
    #[inline(never)]
    fn locate_in_tables(&mut self, segment: &Segment<'_>) -> (Located, bool) {
        let Found {
            flow,
            side,
            taken_over,
            replaces,
        } = self.find(
            segment.source,
            segment.destination,
            segment.sequence,
            segment.flags,
        );
        flow.has_segments = true;

        let number = SeqNo(segment.sequence);
        let syn = segment.flags.has(Flags::SYN);
        let ack = segment.flags.has(Flags::ACK);
        if !flow.known[side] || syn && ack {
            flow.learn(side, if syn { number } else { number.minus(1) });
        }
        if ack && !flow.known[1 - side] {
            flow.learn(1 - side, SeqNo(segment.acknowledgment).minus(1));
        }
        let located = Located {
            connection: flow.connection,
            port_reused: taken_over,
            replaces,
        };
        (located, flow.known == [true; 2])
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
        let replaces = self.find(source, destination, sequence, flags).replaces;
        if replaces.is_some() {
            self.settle();
        }
        replaces
    }

    /// How many numbers were given.
    pub fn connections(&self) -> u32 {
        self.next
    }

    /// How many 4-tuples are kept.
    pub fn kept(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Sets the stamp of all entries that are used from now on.
    pub fn set_epoch(&mut self, epoch: u32) {
        self.epoch = epoch;
    }

    /// Every entry that is kept: the connection's number and the stamp of its last use.
    pub fn entries(&mut self) -> impl Iterator<Item = (u32, u32)> {
        self.settle();
        let flows = self.v4.values().chain(self.v6.values());
        flows.map(|flow| (flow.connection, flow.last_used))
    }

    /// Forgets the 4-tuples of the connections of which `keep` does not hold: what still comes for them is a new connection.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.settle();
        self.v4.retain(|_, flow| keep(flow.connection));
        self.v6.retain(|_, flow| keep(flow.connection));
        self.v4.shrink_to(self.v4.len() / 2 * 3);
        self.v6.shrink_to(self.v6.len() / 2 * 3);
    }

    /// Bytes of memory, as far as the number of entries tells.
    pub fn memory(&self) -> usize {
        // A table doubles when it is 7/8 full, and the old one is there until the new one is filled: three times the entries at worst.
        3 * (self.v4.len() * (size_of::<(Key<2>, Flow)>() + 1)
            + self.v6.len() * (size_of::<(Key<5>, Flow)>() + 1))
    }

    /// The entry of a header's 4-tuple, made where there is none, and made anew where the header is a SYN that takes it over.
    fn find(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        flags: Flags,
    ) -> Found<'_> {
        let next = self.next;
        let (flow, side) = match (source.address, destination.address) {
            (IpAddr::V4(_), IpAddr::V4(_)) => {
                let (key, side) = Key::of_v4(source, destination);
                let flow = self.v4.entry(key).or_insert_with(|| Flow::new(next));
                (flow, side)
            }
            _ => {
                let key = wide_key(source.min(destination), source.max(destination));
                let flow = self.v6.entry(key).or_insert_with(|| Flow::new(next));
                (flow, usize::from(source > destination))
            }
        };
        flow.last_used = self.epoch;
        let pure_syn = flags.has(Flags::SYN) && !flags.has(Flags::ACK);
        let taken_over = pure_syn && flow.known[side] && flow.bases[side] != SeqNo(sequence);
        let mut replaces = None;
        if taken_over {
            replaces = flow.has_segments.then_some(flow.connection);
            *flow = Flow::new(next);
            flow.last_used = self.epoch;
        }
        if flow.connection == next {
            self.next += 1;
        }
        Found {
            flow,
            side,
            taken_over,
            replaces,
        }
    }
}

/// The newest connection of a 4-tuple.
#[derive(Debug)]
struct Flow {
    connection: u32,
    /// What relative sequence numbers of the key's first and second endpoint are counted from, once known.
    bases: [SeqNo; 2],
    known: [bool; 2],
    has_segments: bool,
    last_used: u32,
}

impl Flow {
    fn new(connection: u32) -> Flow {
        Flow {
            connection,
            bases: [SeqNo(0); 2],
            known: [false; 2],
            has_segments: false,
            last_used: 0,
        }
    }

    fn learn(&mut self, side: usize, base: SeqNo) {
        self.bases[side] = base;
        self.known[side] = true;
    }
}

/// A 4-tuple, the endpoint of the lower word first, so that both directions have one key. Of IPv4: a word for each endpoint. Else: two words for each address, one for the ports and the IP versions (an IPv4 address is not the IPv6 address with the same bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Hash for Key<WORDS> {
    // The derived one hands the words over as a run of bytes, whose hash takes twice as long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

impl Key<2> {
    /// The key of two endpoints of IPv4, and the first one's place in it.
    #[inline]
    fn of_v4(source: Endpoint, destination: Endpoint) -> (Key<2>, usize) {
        let word = |end: Endpoint| match end.address {
            IpAddr::V4(v4) => word_of(v4, end.port),
            IpAddr::V6(_) => 0,
        };
        let (from, to) = (word(source), word(destination));
        (Key::of_words(from, to), usize::from(from > to))
    }

    #[inline]
    fn of_words(from: u64, to: u64) -> Key<2> {
        Key([from.min(to), from.max(to)])
    }

    /// Its place among those that were used of late: a multiplication whose factors nobody knows, folded.
    #[inline]
    fn place(self, seeds: [u64; 2]) -> usize {
        let factor = |word: usize| u128::from(self.0[word] ^ seeds[word]);
        let product = factor(0) * factor(1);
        ((product >> 64) as u64 ^ product as u64) as usize % RECENT
    }
}

fn wide_key(low: Endpoint, high: Endpoint) -> Key<5> {
    let ports = u64::from(low.port) << 16 | u64::from(high.port);
    let (low, high) = (bits(low.address), bits(high.address));
    let versions = low.1 << 8 | high.1;
    Key([
        low.0[0],
        low.0[1],
        high.0[0],
        high.0[1],
        ports << 16 | versions,
    ])
}

fn bits(address: IpAddr) -> ([u64; 2], u64) {
    match address {
        IpAddr::V4(v4) => ([u64::from(v4.to_bits()), 0], 4),
        IpAddr::V6(v6) => {
            let bits = v6.to_bits();
            ([bits as u64, (bits >> 64) as u64], 6)
        }
    }
}

const _: () = assert!(
    size_of::<(Key<5>, Flow)>() <= 64,
    "an entry outlives its connection"
);
