//! A run of frames whose segments are worked off connection by connection.
//!
//! In: located segments, in order of capture. Out: for each worker its own, in order of connection. A connection's state is then fetched
//! into the processor's cache once for all its segments of the batch, and not once for each: with thousands of connections that is most of
//! the time. The blocks that payloads lie in are kept; payloads from elsewhere are copied.

use super::cap::GivenUp;
use super::share::Shares;
use crate::decode::Plain;
use crate::model::{
    At, Block, Endpoint, Frame, FrameNo, PlainAddresses, PlainHeader, Segment, TcpOptions,
    Timestamp, fetch, fetch_end, fetch_lines, limits,
};
use crate::tcp::Located;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Frames that wait to be worked off.
#[derive(Debug)]
pub(super) struct Batch {
    common: Common,
    /// One for each worker.
    pub(super) parts: Vec<Part>,
    shares: Shares,
    bytes: usize,
}

/// What all workers need of a batch.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub(super) clock: Clock,
    /// Batches of one epoch follow each other.
    pub(super) epoch: u32,
    /// Whether all that copies are compared with is forgotten before anything else.
    pub(super) forgets: bool,
    pub(super) blocks: Vec<Block>,
    full: AtomicBool,
}

impl Common {
    /// A worker has made so much of the batch that it hands it on in pieces.
    pub(super) fn fill(&self) {
        self.full.store(true, Relaxed);
    }

    /// Whether one has: then no other makes anything before its turn, or each would hold as much.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Relaxed)
    }
}

/// Every frame of a batch, whatever it holds, and the capture's clock at it: the latest time so far.
#[derive(Debug, Default)]
pub(super) struct Clock(Vec<(FrameNo, Timestamp)>);

/// What of a batch belongs to one worker.
#[derive(Debug)]
pub(super) struct Part {
    /// Connections are dealt out to these in turn, so that the segments of each lie close together: they come back into the cache
    /// a bucket at a time. A power of two of them.
    pub(super) buckets: Vec<Bucket>,
    /// Connections that others took the 4-tuple from, each with the frame that did.
    pub(super) replaced: Vec<(u32, FrameNo)>,
    /// Connections that are given up before anything else, and the frame at which they are.
    pub(super) given_up: Vec<(u32, FrameNo)>,
}

/// So many times as many numbers as segments are counted through in about the time that it takes to sort the segments.
const SPARSE: usize = 32;

/// Some of a worker's connections.
#[derive(Debug, Default)]
pub(super) struct Bucket {
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

/// For `Kept::block`: the payload was copied.
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

/// What is left of the segments of one connection, as they came.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) connection: u32,
    /// Where `order` ends in the bucket's.
    end: u32,
    common: &'a Common,
    bucket: &'a Bucket,
    order: &'a [u32],
}

/// Segments of a run that are fetched before it is worked off.
const FETCHED: usize = 8;

impl<'a> Run<'a> {
    /// The next segment.
    #[inline(always)] // So that a segment that passes is never written to memory.
    pub(super) fn first(&self) -> Option<Segment<'a>> {
        let kept = &self.bucket.segments[*self.order.first()? as usize];
        let mut header = PlainHeader {
            addresses: PlainAddresses::V4(&kept.addresses),
            tcp: &kept.tcp,
        };
        let (source, destination) = header.ends();
        let mut segment = Segment {
            at: kept.at,
            source,
            destination,
            sequence: header.sequence(),
            acknowledgment: header.acknowledgment(),
            flags: header.flags(),
            window: header.window(),
            options: match kept.rest {
                Rest::NOTHING | Rest::WIDE_NOTHING => TcpOptions::NONE,
                _ => TcpOptions::TIMESTAMPS,
            },
            payload: self.bucket.payload(kept, self.common),
            length: kept.length,
        };
        if kept.rest <= Rest::NOTHING {
            return Some(segment);
        }
        if let Some(unusual) = self.bucket.unusual(kept) {
            segment.source = unusual.source;
            segment.destination = unusual.destination;
            segment.options = unusual.options;
        } else if let Some(addresses) = self.bucket.wide(kept) {
            header.addresses = PlainAddresses::V6(addresses);
            (segment.source, segment.destination) = header.ends();
        }
        Some(segment)
    }

    /// Whether no segment is left.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.order.is_empty()
    }

    /// The block of the batch that the next segment's payload lies in.
    #[inline]
    pub(super) fn block(&self) -> Option<u8> {
        let block = self.kept()?.block;
        (block != COPIED).then_some(block)
    }

    /// Where what is left lies in its bucket.
    pub(super) fn place(&self) -> Range<u32> {
        self.end - self.order.len() as u32..self.end
    }

    /// How many segments are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.order.len()
    }

    /// Whether the next segment is a SYN that took the 4-tuple over.
    pub(super) fn port_reused(&self) -> bool {
        self.kept()
            .and_then(|kept| self.bucket.unusual(kept))
            .is_some_and(|unusual| unusual.port_reused)
    }

    /// The frame of the next segment.
    pub(super) fn frame(&self) -> Option<FrameNo> {
        self.kept().map(|kept| kept.at.frame)
    }

    fn kept(&self) -> Option<&'a Kept> {
        let first = self.order.first()?;
        self.bucket.segments.get(*first as usize)
    }

    /// Has its first segments fetched, without their payloads.
    #[inline]
    pub(super) fn fetch(&self) {
        for place in self.order.iter().take(FETCHED) {
            fetch(&self.bucket.segments[*place as usize]);
        }
    }

    /// Has the payloads fetched of its first segments: the lines of the cache that they begin with.
    #[inline]
    pub(super) fn fetch_payloads(&self) {
        const LINES: usize = 5;
        for place in self.order.iter().take(FETCHED) {
            let kept = &self.bucket.segments[*place as usize];
            if kept.captured > 0 {
                fetch_lines(self.bucket.payload(kept, self.common), LINES);
            }
        }
    }

    /// Goes on to the segment behind the next.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.order = self.order.get(1..).unwrap_or_default();
    }
}

impl Batch {
    /// An empty batch for workers with these shares.
    pub(super) fn new(shares: Shares) -> Batch {
        Batch {
            common: Common::default(),
            parts: (0..shares.workers()).map(|_| Part::new(shares)).collect(),
            shares,
            bytes: 0,
        }
    }

    /// Takes the next frame. `clock` never goes back.
    #[inline]
    pub(super) fn frame(&mut self, at: At, clock: Timestamp) {
        self.common.clock.0.push((at.frame, clock));
    }

    /// Takes the segment of a plain frame that has no options, or `timestamps`.
    #[inline(always)] // As `Flows::spoken_to`.
    pub(super) fn plain(
        &mut self,
        frame: &Frame<'_>,
        plain: &Plain<'_>,
        timestamps: bool,
        connection: u32,
    ) {
        let (bucket, block, start) = self.bucket(frame, plain.payload, connection);
        let captured = plain.payload.len() as u32;
        let addresses = bucket.addresses(plain.header.addresses);
        bucket.segments.push(Kept {
            at: frame.at,
            addresses,
            tcp: *plain.header.tcp,
            start,
            captured,
            length: captured,
            connection,
            rest: match (plain.header.addresses, timestamps) {
                (PlainAddresses::V4(_), true) => Rest::TIMESTAMPS,
                (PlainAddresses::V4(_), false) => Rest::NOTHING,
                (PlainAddresses::V6(_), true) => Rest::WIDE_TIMESTAMPS,
                (PlainAddresses::V6(_), false) => Rest::WIDE_NOTHING,
            },
            block,
        });
        // It was another core's.
        fetch_end(&bucket.segments);
    }

    /// Takes what the frame turned out to hold.
    pub(super) fn segment(&mut self, frame: &Frame<'_>, segment: &Segment<'_>, located: Located) {
        if let Some(old) = located.replaces {
            self.replaced(old, segment.at.frame);
        }
        let (bucket, block, start) = self.bucket(frame, segment.payload, located.connection);
        let v4 = addresses_of_v4(segment);
        let rest = match segment.options {
            _ if located.port_reused || v4.is_none() => bucket.keep_unusual(segment, located),
            TcpOptions::TIMESTAMPS => Rest::TIMESTAMPS,
            TcpOptions::NONE => Rest::NOTHING,
            _ => bucket.keep_unusual(segment, located),
        };
        bucket.segments.push(Kept {
            at: segment.at,
            addresses: v4.unwrap_or_default(),
            tcp: PlainHeader::tcp_of(segment),
            start,
            captured: segment.payload.len() as u32,
            length: segment.length,
            connection: located.connection,
            rest,
            block,
        });
    }

    /// The bucket of a connection, and where a payload for it lies now: the block, and the place in it.
    #[inline(always)]
    fn bucket(
        &mut self,
        frame: &Frame<'_>,
        payload: &[u8],
        connection: u32,
    ) -> (&mut Bucket, u8, u32) {
        self.bytes += payload.len();
        let place = frame.block.and_then(|block| self.common(block, payload));
        let (worker, own) = self.shares.of(connection);
        let buckets = &mut self.parts[worker].buckets;
        let bucket = own as usize & (buckets.len() - 1);
        let bucket = &mut buckets[bucket];
        let (block, start) = place.unwrap_or_else(|| bucket.copy(payload));
        (bucket, block, start)
    }

    /// The place of a payload in the batch's blocks, one of which `block` becomes: its number, and where it begins.
    #[inline]
    fn common(&mut self, block: &Block, payload: &[u8]) -> Option<(u8, u32)> {
        let start = block.place_of(payload)?;
        let is_last = self.common.blocks.last().is_some_and(|last| last.is(block));
        if !is_last && !self.next_block(block) {
            return None;
        }
        let last = self.common.blocks.len() - 1;
        Some((last as u8, u32::try_from(start).ok()?)) // fewer than COPIED
    }

    /// Keeps a block, if there is room for another.
    #[inline(never)]
    fn next_block(&mut self, block: &Block) -> bool {
        let room = self.common.blocks.len() < limits::BATCH_BLOCKS;
        if room {
            self.common.blocks.push(block.clone());
        }
        room
    }

    /// Takes note that another connection took a 4-tuple over in `frame`.
    pub(super) fn replaced(&mut self, old: u32, frame: FrameNo) {
        self.part(old).replaced.push((old, frame));
    }

    /// An epoch begins with `frame`, the next one: what is given up at it.
    pub(super) fn begin_epoch(&mut self, given_up: &GivenUp, frame: FrameNo) {
        self.common.epoch += 1;
        self.common.forgets = given_up.delivered;
        for connection in &given_up.connections {
            self.part(*connection).given_up.push((*connection, frame));
        }
    }

    /// Ends the batch: what all workers need of it, and the part of each.
    pub(super) fn end(&mut self) -> (Common, Vec<Part>) {
        self.bytes = 0;
        let next = Common {
            epoch: self.common.epoch,
            ..Common::default()
        };
        let common = std::mem::replace(&mut self.common, next);
        (common, std::mem::take(&mut self.parts))
    }

    /// Begins the next batch in these parts, with the memory of what one of before had in common.
    pub(super) fn begin(&mut self, mut parts: Vec<Part>, mut common: Common) {
        parts.iter_mut().for_each(Part::clear);
        self.parts = parts;
        common.clock.0.clear();
        common.blocks.clear();
        *common.full.get_mut() = false;
        common.epoch = self.common.epoch;
        common.forgets = false;
        self.common = common;
    }

    /// Frames so far.
    pub(super) fn frames(&self) -> usize {
        self.common.clock.0.len()
    }

    /// Bytes of payload so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The part of the worker that owns a connection.
    fn part(&mut self, connection: u32) -> &mut Part {
        &mut self.parts[self.shares.of(connection).0]
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

impl Clock {
    /// The clock at a frame of the batch.
    pub(super) fn at(&self, frame: FrameNo) -> Timestamp {
        let place = self.0.partition_point(|(other, _)| *other < frame);
        self.0
            .get(place)
            .map_or(Timestamp(i64::MIN), |(_, clock)| *clock)
    }

    /// The clock at the last frame before another, or at the batch's end.
    pub(super) fn before(&self, frame: Option<FrameNo>) -> Timestamp {
        let place = frame.map_or(self.0.len(), |frame| {
            self.0.partition_point(|(other, _)| *other < frame)
        });
        self.0[..place]
            .last()
            .map_or(Timestamp(i64::MIN), |(_, clock)| *clock)
    }

    /// The first frame of the batch at which the clock has reached `deadline`.
    pub(super) fn first_frame_at(&self, deadline: Timestamp) -> Option<FrameNo> {
        let place = self.0.partition_point(|(_, clock)| *clock < deadline);
        self.0.get(place).map(|(frame, _)| *frame)
    }
}

impl Part {
    /// An empty part of a worker with these shares.
    pub(super) fn new(shares: Shares) -> Part {
        Part {
            buckets: (0..shares.buckets()).map(|_| Bucket::default()).collect(),
            replaced: Vec::new(),
            given_up: Vec::new(),
        }
    }

    /// Makes room for the next batch.
    fn clear(&mut self) {
        self.buckets.iter_mut().for_each(Bucket::clear);
        self.replaced.clear();
        self.given_up.clear();
    }
}

impl Bucket {
    #[inline(never)]
    fn copy(&mut self, payload: &[u8]) -> (u8, u32) {
        let start = self.copied.len() as u32; // at most BATCH_BYTES and one frame
        self.copied.extend_from_slice(payload);
        (COPIED, start)
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
    pub(super) fn group(&mut self, step: u32) {
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
    pub(super) fn runs<'a>(&'a self, common: &'a Common) -> impl Iterator<Item = Run<'a>> {
        let connection = |place: &u32| self.segments[*place as usize].connection;
        let runs = self
            .order
            .chunk_by(move |one, next| connection(one) == connection(next));
        runs.scan(0, move |end, order| {
            *end += order.len() as u32; // as their places
            Some(Run {
                connection: connection(&order[0]),
                end: *end,
                common,
                bucket: self,
                order,
            })
        })
    }

    /// What [`Run::place`] tells of a run.
    pub(super) fn run<'a>(&'a self, common: &'a Common, place: &Range<u32>) -> Option<Run<'a>> {
        let order = self.order.get(place.start as usize..place.end as usize)?;
        let first = self.segments.get(*order.first()? as usize)?;
        Some(Run {
            connection: first.connection,
            end: place.end,
            common,
            bucket: self,
            order,
        })
    }

    /// Makes room for the next batch.
    fn clear(&mut self) {
        self.segments.clear();
        self.unusual.clear();
        self.wide.clear();
        self.copied.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests;
