//! Some of a worker's connections, and their segments of a batch.
//!
//! In: segments in order of capture, each with where its payload lies. Out: runs of them, a connection's at a time.

mod run;

use super::Common;
use crate::decode::Plain;
use crate::model::{
    At, Endpoint, PlainAddresses, PlainHeader, Segment, TcpOptions, fetch_end, limits,
};
use crate::tcp::Located;
pub(in super::super) use run::Run;
use std::net::IpAddr;
use std::ops::Range;

/// Some of a worker's connections.
#[derive(Debug, Default)]
pub(in super::super) struct Bucket {
    segments: Vec<Kept>,
    unusual: Vec<Unusual>,
    /// Addresses of plain segments over IPv6.
    wide: Vec<[u8; 32]>,
    /// Payloads that lie in no block of the batch.
    copied: Vec<u8>,
    /// Places in `segments`, by connection and then as they came.
    order: Vec<u32>,
    /// Kept to be used again.
    counts: Vec<u32>,
}

/// A segment, small, since thousands wait.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Kept {
    at: At,
    /// Read only when the segment is worked off, as is `tcp`: those of IPv4, or the place in `wide`.
    addresses: [u8; 8],
    tcp: [u8; PlainHeader::TCP],
    /// Where the payload begins, and how much of it was captured.
    start: u32,
    captured: u32,
    length: u32,
    connection: u32,
    rest: Rest,
    /// The payload's block, or `COPIED`.
    block: u8,
}

/// Where a payload lies: in one of the batch's blocks, or in `copied`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) block: u8,
    pub(super) start: u32,
}

/// For the block: the payload was copied.
const COPIED: u8 = u8::MAX;

/// The rest of a segment: which options it has, and whether it is one over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
struct Rest(u16);

impl Rest {
    /// The timestamps and nothing else: what most systems send.
    const TIMESTAMPS: Rest = Rest(0);
    /// No option: what Windows sends.
    const NOTHING: Rest = Rest(1);
    /// The same over IPv6.
    const WIDE_TIMESTAMPS: Rest = Rest(2);
    const WIDE_NOTHING: Rest = Rest(3);
    /// At the first place in `unusual`; the places behind follow.
    const UNUSUAL: Rest = Rest(4);
}

const _: () = assert!(
    limits::BATCH_BLOCKS < COPIED as usize
        && limits::BATCH_FRAMES < (u16::MAX - Rest::UNUSUAL.0) as usize
        && size_of::<Kept>() <= 64
);

/// What a segment has that is not a plain one without options but timestamps.
#[derive(Clone, Copy, Debug)]
struct Unusual {
    source: Endpoint,
    destination: Endpoint,
    options: TcpOptions,
    /// Whether it is a SYN that took the 4-tuple over.
    port_reused: bool,
}

/// So many times as many numbers as segments are counted through in about the time that it takes to sort the segments.
const SPARSE: usize = 32;

impl Bucket {
    /// Takes the segment of a plain frame that has no options, or `timestamps`.
    #[inline(always)] // As `Flows::spoken_to`.
    pub(super) fn plain(
        &mut self,
        at: At,
        plain: &Plain<'_>,
        timestamps: bool,
        connection: u32,
        place: Option<Place>,
    ) {
        let place = place.unwrap_or_else(|| self.copy(plain.payload));
        let captured = plain.payload.len() as u32;
        let addresses = self.addresses(plain.header.addresses);
        self.segments.push(Kept {
            at,
            addresses,
            tcp: *plain.header.tcp,
            start: place.start,
            captured,
            length: captured,
            connection,
            rest: match (plain.header.addresses, timestamps) {
                (PlainAddresses::V4(_), true) => Rest::TIMESTAMPS,
                (PlainAddresses::V4(_), false) => Rest::NOTHING,
                (PlainAddresses::V6(_), true) => Rest::WIDE_TIMESTAMPS,
                (PlainAddresses::V6(_), false) => Rest::WIDE_NOTHING,
            },
            block: place.block,
        });
        // It was another core's.
        fetch_end(&self.segments);
    }

    /// Takes any segment.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        located: Located,
        place: Option<Place>,
    ) {
        let place = place.unwrap_or_else(|| self.copy(segment.payload));
        let v4 = addresses_of_v4(segment);
        let rest = match segment.options {
            _ if located.port_reused || v4.is_none() => self.keep_unusual(segment, located),
            TcpOptions::TIMESTAMPS => Rest::TIMESTAMPS,
            TcpOptions::NONE => Rest::NOTHING,
            _ => self.keep_unusual(segment, located),
        };
        self.segments.push(Kept {
            at: segment.at,
            addresses: v4.unwrap_or_default(),
            tcp: PlainHeader::tcp_of(segment),
            start: place.start,
            captured: segment.payload.len() as u32,
            length: segment.length,
            connection: located.connection,
            rest,
            block: place.block,
        });
    }

    #[inline(never)]
    fn copy(&mut self, payload: &[u8]) -> Place {
        let start = self.copied.len() as u32; // at most BATCH_BYTES and one frame
        self.copied.extend_from_slice(payload);
        Place {
            block: COPIED,
            start,
        }
    }

    #[inline(never)]
    fn keep_unusual(&mut self, segment: &Segment<'_>, located: Located) -> Rest {
        let place = self.unusual.len() as u16; // fewer than frames of a batch
        self.unusual.push(Unusual {
            source: segment.source,
            destination: segment.destination,
            options: segment.options,
            port_reused: located.port_reused,
        });
        Rest(Rest::UNUSUAL.0 + place)
    }

    /// What is kept for a segment's addresses.
    #[inline(always)]
    fn addresses(&mut self, addresses: PlainAddresses<'_>) -> [u8; 8] {
        match addresses {
            PlainAddresses::V4(both) => *both,
            PlainAddresses::V6(both) => {
                self.wide.push(*both);
                (self.wide.len() as u64 - 1).to_ne_bytes()
            }
        }
    }

    /// The addresses of a plain segment over IPv6.
    #[inline]
    fn wide(&self, kept: &Kept) -> Option<&[u8; 32]> {
        self.wide.get(u64::from_ne_bytes(kept.addresses) as usize)
    }

    #[inline]
    fn unusual(&self, kept: &Kept) -> Option<&Unusual> {
        let place = kept.rest.0.checked_sub(Rest::UNUSUAL.0)?;
        self.unusual.get(usize::from(place))
    }

    #[inline(always)]
    fn payload<'a>(&'a self, kept: &Kept, common: &'a Common) -> &'a [u8] {
        let bytes = match kept.block {
            COPIED => &self.copied,
            block => common.blocks[usize::from(block)].bytes(),
        };
        let start = kept.start as usize;
        &bytes[start..start + kept.captured as usize]
    }

    /// Puts the segments in order of connection. The numbers of the bucket's connections are apart by a multiple of 2^`step`.
    pub(in super::super) fn group(&mut self, step: u32) {
        let connections = || self.segments.iter().map(|kept| kept.connection);
        let lowest = connections().min().unwrap_or(0);
        let highest = connections().max().unwrap_or(0);
        let nth = |connection: u32| ((connection - lowest) >> step) as usize;
        let numbers = nth(highest) + 1;
        if numbers > SPARSE * self.segments.len() {
            self.order.extend(0..self.segments.len() as u32);
            let segments = &self.segments;
            self.order
                .sort_by_key(|place| segments[*place as usize].connection);
            return;
        }
        // A counting sort: connections that speak at the same time have numbers that lie close together.
        self.counts.clear();
        self.counts.resize(numbers, 0);
        for connection in connections() {
            self.counts[nth(connection)] += 1;
        }
        let mut before = 0;
        for count in &mut self.counts {
            before += std::mem::replace(count, before);
        }
        self.order.resize(self.segments.len(), 0);
        for (place, connection) in (0..).zip(connections()) {
            let next = &mut self.counts[nth(connection)];
            self.order[*next as usize] = place;
            *next += 1;
        }
    }

    /// The segments in the order of `group`, a connection's at a time.
    pub(in super::super) fn runs<'a>(
        &'a self,
        common: &'a Common,
    ) -> impl Iterator<Item = Run<'a>> {
        let connection = |place: &u32| self.segments[*place as usize].connection;
        let runs = self
            .order
            .chunk_by(move |one, next| connection(one) == connection(next));
        runs.scan(0, move |end, order| {
            *end += order.len() as u32; // as their places
            Run::new(common, self, order, *end)
        })
    }

    /// What [`Run::place`] tells of a run.
    pub(in super::super) fn run<'a>(
        &'a self,
        common: &'a Common,
        place: &Range<u32>,
    ) -> Option<Run<'a>> {
        let order = self.order.get(place.start as usize..place.end as usize)?;
        Run::new(common, self, order, place.end)
    }

    /// Makes room for the next batch.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
        self.unusual.clear();
        self.wide.clear();
        self.copied.clear();
        self.order.clear();
    }
}

/// Source and destination, where they are of IPv4.
fn addresses_of_v4(segment: &Segment<'_>) -> Option<[u8; 8]> {
    match (segment.source.address, segment.destination.address) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let both = u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits());
            Some(both.to_be_bytes())
        }
        _ => None,
    }
}
