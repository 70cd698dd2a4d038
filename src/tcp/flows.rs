//! Which connection a segment belongs to, by Wireshark's rule for `tcp.stream`.
//!
//! Segments and quoted TCP headers come in, in order of capture; connection numbers from 0, in order of first frame, go out.
//! It keeps one small entry for every 4-tuple it has seen, for good: what comes late for an ended connection keeps its number.

use super::sequence::SeqNo;
use crate::model::{Endpoint, Flags, Segment};
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// All 4-tuples of a capture.
///
/// The hash has a random seed: who chooses the addresses in a capture cannot choose the buckets.
#[derive(Debug, Default)]
pub struct Flows {
    flows: HashMap<Key, Flow, RandomState>,
    next: u32,
}

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The connection's number.
    pub connection: u32,
    /// Whether this is the first segment with that number.
    pub is_new: bool,
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

    /// Gives the connection of a segment. The one look-up that every segment costs.
    pub fn locate(&mut self, segment: &Segment<'_>) -> Located {
        let (flow, side, mut port_reused) = self.find(
            segment.source,
            segment.destination,
            segment.sequence,
            segment.flags,
        );
        let is_new = !flow.has_segments;
        flow.has_segments = true;
        port_reused &= is_new;
        let replaces = flow.replaces.take();

        let number = SeqNo(segment.sequence);
        let syn = segment.flags.has(Flags::SYN);
        let ack = segment.flags.has(Flags::ACK);
        if flow.bases[side].is_none() || syn && ack {
            flow.bases[side] = Some(if syn { number } else { number.minus(1) });
        }
        if ack {
            let peer = &mut flow.bases[1 - side];
            peer.get_or_insert(SeqNo(segment.acknowledgment).minus(1));
        }
        Located {
            connection: flow.connection,
            is_new,
            port_reused,
            replaces,
        }
    }

    /// Hears of a TCP header that an ICMP error quotes: an unknown 4-tuple takes a number, and a SYN may take one over.
    pub fn quoted(&mut self, source: Endpoint, destination: Endpoint, sequence: u32, flags: Flags) {
        self.find(source, destination, sequence, flags);
    }

    /// How many numbers were given.
    pub fn connections(&self) -> u32 {
        self.next
    }

    /// The entry of a 4-tuple after a header with this number and these flags, the sender's side in it, and whether that
    /// header is a SYN that has just taken it over.
    fn find(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        flags: Flags,
    ) -> (&mut Flow, usize, bool) {
        let forward = source <= destination;
        let side = usize::from(!forward);
        let key = if forward {
            Key::new(source, destination)
        } else {
            Key::new(destination, source)
        };
        let next = &mut self.next;
        let mut number = || {
            let number = *next;
            *next += 1;
            number
        };
        match self.flows.entry(key) {
            Entry::Vacant(entry) => (entry.insert(Flow::new(number(), None)), side, false),
            Entry::Occupied(entry) => {
                let flow = entry.into_mut();
                let pure_syn = flags.has(Flags::SYN) && !flags.has(Flags::ACK);
                let taken_over =
                    pure_syn && flow.bases[side].is_some_and(|base| base != SeqNo(sequence));
                if taken_over {
                    let replaces = if flow.has_segments {
                        Some(flow.connection)
                    } else {
                        flow.replaces
                    };
                    *flow = Flow::new(number(), replaces);
                }
                (flow, side, taken_over)
            }
        }
    }
}

/// The newest connection of a 4-tuple.
#[derive(Debug)]
struct Flow {
    connection: u32,
    /// A connection with segments that a quoted SYN or a SYN has taken the 4-tuple from, until it is told.
    replaces: Option<u32>,
    /// What relative sequence numbers of the lower and the higher endpoint are counted from, once known.
    bases: [Option<SeqNo>; 2],
    has_segments: bool,
}

impl Flow {
    fn new(connection: u32, replaces: Option<u32>) -> Flow {
        Flow {
            connection,
            replaces,
            bases: [None; 2],
            has_segments: false,
        }
    }
}

/// A 4-tuple, the lower endpoint first, so that both directions have one key: two words for each address, one for the
/// ports and the IP versions (an IPv4 address is not the IPv6 address with the same bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key([u64; 5]);

impl Key {
    fn new(low: Endpoint, high: Endpoint) -> Key {
        let (low_bits, low_version) = bits(low.address);
        let (high_bits, high_version) = bits(high.address);
        let ports = u64::from(low.port) << 16 | u64::from(high.port);
        let versions = low_version << 8 | high_version;
        Key([
            low_bits[0],
            low_bits[1],
            high_bits[0],
            high_bits[1],
            ports << 16 | versions,
        ])
    }
}

impl Hash for Key {
    // The derived one hands the words over as a run of bytes, whose hash takes twice as long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
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
    size_of::<(Key, Flow)>() <= 80,
    "an entry outlives its connection"
);
