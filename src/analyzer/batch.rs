//! A run of frames whose segments are worked off connection by connection.
//!
//! In: located segments, in order of capture. Out: for each worker its own, in order of connection. A connection's state is then fetched
//! into the processor's cache once for all its segments of the batch, and not once for each: with thousands of connections that is most of
//! the time. It copies the payloads, so that it depends on nobody's buffer.

use crate::model::{At, Endpoint, Flags, FrameNo, Segment, TcpOptions, Timestamp, limits};
use crate::tcp::Located;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Frames that wait to be worked off.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) clock: Arc<Clock>,
    /// One for each worker.
    pub(super) parts: Vec<Part>,
    bytes: usize,
}

/// Every frame of a batch, whatever it holds, and the capture's clock at it: the latest time so far.
#[derive(Debug, Default)]
pub(super) struct Clock(Vec<(FrameNo, Timestamp)>);

/// What of a batch belongs to one worker.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Connections are dealt out to these in turn, so that the segments of each lie close together: they come back into the cache
    /// a bucket at a time.
    buckets: [Bucket; BUCKETS],
    /// Connections that others took the 4-tuple from, each with the frame that did.
    pub(super) replaced: Vec<(u32, FrameNo)>,
    /// Connections that are given up before anything else, and the frame at which they are.
    pub(super) given_up: Vec<(u32, FrameNo)>,
}

/// Some of a worker's connections.
const BUCKETS: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Bucket {
    segments: Vec<Kept>,
    /// Options that say more than the time.
    options: Vec<TcpOptions>,
    /// The captured payloads.
    bytes: Vec<u8>,
    /// Places in `segments`, by connection and then as they came.
    order: Vec<u32>,
    /// Kept to be used again.
    counts: Vec<u32>,
}

/// A segment whose payload lies in the bucket, small, since thousands wait.
#[derive(Clone, Copy, Debug)]
struct Kept {
    at: At,
    source: Endpoint,
    destination: Endpoint,
    connection: u32,
    sequence: u32,
    acknowledgment: u32,
    /// Where the payload begins, and how much of it was captured.
    start: u32,
    captured: u32,
    length: u32,
    /// The place of its options, which few segments have.
    options: Option<NonZeroU32>,
    window: u16,
    flags: Flags,
    port_reused: bool,
}

/// What nearly every segment of a connection carries.
const TIME_ONLY: TcpOptions = TcpOptions::TIMESTAMPS;

/// What is left of the segments of one connection, as they came.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) connection: u32,
    bucket: &'a Bucket,
    order: &'a [u32],
}

impl<'a> Run<'a> {
    /// The next segment.
    #[inline]
    pub(super) fn first(&self) -> Option<Segment<'a>> {
        let kept = &self.bucket.segments[*self.order.first()? as usize];
        let start = kept.start as usize;
        let options = kept.options.map(|place| place.get() as usize - 1);
        Some(Segment {
            at: kept.at,
            source: kept.source,
            destination: kept.destination,
            sequence: kept.sequence,
            acknowledgment: kept.acknowledgment,
            flags: kept.flags,
            window: kept.window,
            options: options.map_or(TIME_ONLY, |place| self.bucket.options[place]),
            payload: &self.bucket.bytes[start..start + kept.captured as usize],
            length: kept.length,
        })
    }

    /// Whether the next segment is a SYN that took the 4-tuple over.
    pub(super) fn port_reused(&self) -> bool {
        let first = self.order.first();
        first.is_some_and(|place| self.bucket.segments[*place as usize].port_reused)
    }

    /// Goes on to the segment behind the next.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.order = self.order.get(1..).unwrap_or_default();
    }
}

impl Batch {
    /// An empty batch for so many workers.
    pub(super) fn new(workers: usize) -> Batch {
        Batch {
            clock: Arc::default(),
            parts: (0..workers).map(|_| Part::default()).collect(),
            bytes: 0,
        }
    }

    /// Takes the next frame. `clock` never goes back.
    #[inline]
    pub(super) fn frame(&mut self, at: At, clock: Timestamp) {
        // It is shared only while the batch is worked off.
        if let Some(frames) = Arc::get_mut(&mut self.clock) {
            frames.0.push((at.frame, clock));
        }
    }

    /// Takes what the frame turned out to hold.
    #[inline]
    pub(super) fn segment(&mut self, segment: &Segment<'_>, located: Located) {
        if let Some(old) = located.replaces {
            self.replaced(old, segment.at.frame);
        }
        self.bytes += segment.payload.len();
        let workers = self.parts.len() as u32;
        let place = located.connection / workers;
        let part = &mut self.parts[(located.connection - place * workers) as usize];
        part.buckets[place as usize % BUCKETS].take(segment, located);
    }

    /// Takes note that another connection took a 4-tuple over in `frame`.
    pub(super) fn replaced(&mut self, old: u32, frame: FrameNo) {
        self.part(old).replaced.push((old, frame));
    }

    /// Takes note that connections are given up at `frame`, the next one.
    pub(super) fn give_up(&mut self, connections: &[u32], frame: FrameNo) {
        for connection in connections {
            self.part(*connection).given_up.push((*connection, frame));
        }
    }

    /// Begins the next batch in these parts.
    pub(super) fn renew(&mut self, mut parts: Vec<Part>) {
        parts.iter_mut().for_each(Part::clear);
        self.parts = parts;
        self.bytes = 0;
        // What the workers still look at is left to them.
        match Arc::get_mut(&mut self.clock) {
            Some(clock) => clock.0.clear(),
            None => self.clock = Arc::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clock.0.is_empty()
    }

    /// Bytes of payload so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The part of the worker that owns a connection: numbers are dealt out in turn.
    fn part(&mut self, connection: u32) -> &mut Part {
        let workers = self.parts.len();
        &mut self.parts[connection as usize % workers]
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

    /// The clock at the batch's end.
    pub(super) fn last(&self) -> Timestamp {
        self.0
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
    /// The segments, a connection's together and as they came.
    pub(super) fn buckets(&mut self) -> &mut [Bucket] {
        &mut self.buckets
    }

    /// Makes room for the next batch.
    fn clear(&mut self) {
        self.buckets.iter_mut().for_each(Bucket::clear);
        self.replaced.clear();
        self.given_up.clear();
    }
}

impl Bucket {
    #[inline]
    fn take(&mut self, segment: &Segment<'_>, located: Located) {
        let start = self.bytes.len() as u32; // at most BATCH_BYTES and one frame
        self.bytes.extend_from_slice(segment.payload);
        let options = if segment.options == TIME_ONLY {
            None
        } else {
            self.options.push(segment.options);
            NonZeroU32::new(self.options.len() as u32)
        };
        self.segments.push(Kept {
            at: segment.at,
            source: segment.source,
            destination: segment.destination,
            connection: located.connection,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            start,
            captured: segment.payload.len() as u32,
            length: segment.length,
            options,
            window: segment.window,
            flags: segment.flags,
            port_reused: located.port_reused,
        });
    }

    /// Puts the segments in order of connection.
    pub(super) fn group(&mut self) {
        let connections = self.segments.iter().map(|kept| kept.connection);
        let (Some(lowest), Some(highest)) = (connections.clone().min(), connections.max()) else {
            return;
        };
        let numbers = (highest - lowest) as usize + 1;
        if numbers > 4 * limits::BATCH_FRAMES {
            self.order.extend(0..self.segments.len() as u32);
            let segments = &self.segments;
            self.order
                .sort_by_key(|place| segments[*place as usize].connection);
            return;
        }
        // A counting sort: connections that speak at the same time have numbers that lie close together.
        self.counts.clear();
        self.counts.resize(numbers, 0);
        for kept in &self.segments {
            self.counts[(kept.connection - lowest) as usize] += 1;
        }
        let mut before = 0;
        for count in &mut self.counts {
            before += std::mem::replace(count, before);
        }
        self.order.resize(self.segments.len(), 0);
        for (place, kept) in (0..).zip(&self.segments) {
            let next = &mut self.counts[(kept.connection - lowest) as usize];
            self.order[*next as usize] = place;
            *next += 1;
        }
    }

    /// The segments in the order of `group`, a connection's at a time.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let segments = &self.segments;
        let connection = |place: &u32| segments[*place as usize].connection;
        self.order
            .chunk_by(move |one, next| connection(one) == connection(next))
            .map(move |order| Run {
                connection: connection(&order[0]),
                bucket: self,
                order,
            })
    }

    /// Makes room for the next batch.
    fn clear(&mut self) {
        self.segments.clear();
        self.options.clear();
        self.bytes.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(connections: &[u32]) -> Batch {
        let mut batch = Batch::new(1);
        for (frame, connection) in (1..).zip(connections) {
            let at = At {
                frame: FrameNo(frame),
                time: Timestamp(frame as i64 * 10),
            };
            let here = Endpoint {
                address: [127, 0, 0, 1].into(),
                port: 1,
            };
            batch.frame(at, at.time);
            let payload = [frame as u8];
            let segment = Segment {
                at,
                source: here,
                destination: here,
                sequence: 0,
                acknowledgment: 0,
                flags: Flags::ACK,
                window: 0,
                options: TcpOptions::default(),
                payload: &payload,
                length: 1,
            };
            batch.segment(
                &segment,
                Located {
                    connection: *connection,
                    port_reused: false,
                    replaces: None,
                },
            );
        }
        batch
    }

    fn order(mut batch: Batch) -> Vec<(u32, u8)> {
        let mut order = Vec::new();
        for part in &mut batch.parts {
            for bucket in part.buckets() {
                bucket.group();
                for mut run in bucket.runs() {
                    while let Some(segment) = run.first() {
                        order.push((run.connection, segment.payload[0]));
                        run.advance();
                    }
                }
            }
        }
        order
    }

    #[test]
    fn segments_come_by_connection_and_then_as_they_were_captured() {
        let near = batch(&[7, 3, 7, 3, 9]);
        assert_eq!(order(near), [(3, 2), (3, 4), (7, 1), (7, 3), (9, 5)]);
        let far = batch(&[4_000_000_000, 0, 4_000_000_000]);
        assert_eq!(order(far), [(0, 2), (4_000_000_000, 1), (4_000_000_000, 3)]);
        assert_eq!(order(batch(&[])), []);
    }

    #[test]
    fn a_deadline_is_met_by_the_first_frame_whose_clock_has_reached_it() {
        let clock = batch(&[0, 0, 0]).clock;
        assert_eq!(clock.first_frame_at(Timestamp(20)), Some(FrameNo(2)));
        assert_eq!(clock.first_frame_at(Timestamp(21)), Some(FrameNo(3)));
        assert_eq!(clock.first_frame_at(Timestamp(31)), None);
        assert_eq!(clock.at(FrameNo(2)), Timestamp(20));
    }
}
