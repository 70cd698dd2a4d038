//! A run of frames whose segments are worked off connection by connection.
//!
//! In: located segments, in order of capture. Out: for each worker its own, in order of connection. A connection's state is then fetched
//! into the processor's cache once for all its segments of the batch, and not once for each: with thousands of connections that is most of
//! the time. The blocks that payloads lie in are kept; payloads from elsewhere are copied.

mod bucket;

use super::cap::GivenUp;
use super::share::Shares;
use crate::decode::Plain;
use crate::model::{At, Block, Frame, FrameNo, Segment, Timestamp, limits};
use crate::tcp::Located;
pub(super) use bucket::Run;
use bucket::{Bucket, Place};
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
        let (bucket, place) = self.bucket(frame, plain.payload, connection);
        bucket.plain(frame.at, plain, timestamps, connection, place);
    }

    /// Takes what the frame turned out to hold.
    pub(super) fn segment(&mut self, frame: &Frame<'_>, segment: &Segment<'_>, located: Located) {
        if let Some(old) = located.replaces {
            self.replaced(old, segment.at.frame);
        }
        let (bucket, place) = self.bucket(frame, segment.payload, located.connection);
        bucket.segment(segment, located, place);
    }

    /// The bucket of a connection, and where a payload for it lies, if that is in one of the batch's blocks.
    #[inline(always)]
    fn bucket(
        &mut self,
        frame: &Frame<'_>,
        payload: &[u8],
        connection: u32,
    ) -> (&mut Bucket, Option<Place>) {
        self.bytes += payload.len();
        let place = frame.block.and_then(|block| self.common(block, payload));
        let (worker, own) = self.shares.of(connection);
        let buckets = &mut self.parts[worker].buckets;
        let bucket = own as usize & (buckets.len() - 1);
        (&mut buckets[bucket], place)
    }

    /// The place of a payload in the batch's blocks, one of which `block` becomes.
    #[inline]
    fn common(&mut self, block: &Block, payload: &[u8]) -> Option<Place> {
        let start = block.place_of(payload)?;
        let is_last = self.common.blocks.last().is_some_and(|last| last.is(block));
        if !is_last && !self.next_block(block) {
            return None;
        }
        let last = self.common.blocks.len() - 1;
        Some(Place {
            block: last as u8, // one of a few
            start: u32::try_from(start).ok()?,
        })
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

#[cfg(test)]
mod tests;
