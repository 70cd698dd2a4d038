//! What is left of the segments of one connection.
//!
//! In: places in its bucket, in the order of the capture. Out: segments, one after the other.

use super::super::Common;
use super::{Bucket, COPIED, Kept, Rest};
use crate::model::{FrameNo, PlainAddresses, PlainHeader, Segment, TcpOptions, fetch, fetch_lines};
use std::ops::Range;

/// What is left of the segments of one connection, as they came.
#[derive(Clone, Copy)]
pub(in super::super::super) struct Run<'a> {
    pub(in super::super::super) connection: u32,
    /// Where `order` ends in the bucket's.
    end: u32,
    common: &'a Common,
    bucket: &'a Bucket,
    order: &'a [u32],
}

/// Segments of a run that are fetched before it is worked off.
const FETCHED: usize = 8;

impl<'a> Run<'a> {
    /// The segments of one connection at these places of its bucket: `order` is a part of the bucket's order, up to its `end`.
    pub(super) fn new(
        common: &'a Common,
        bucket: &'a Bucket,
        order: &'a [u32],
        end: u32,
    ) -> Option<Run<'a>> {
        let first = bucket.segments.get(*order.first()? as usize)?;
        Some(Run {
            connection: first.connection,
            end,
            common,
            bucket,
            order,
        })
    }

    /// The next segment.
    #[inline(always)] // So that a segment that passes is never written to memory.
    pub(in super::super::super) fn first(&self) -> Option<Segment<'a>> {
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
    pub(in super::super::super) fn is_over(&self) -> bool {
        self.order.is_empty()
    }

    /// The block of the batch that the next segment's payload lies in.
    #[inline]
    pub(in super::super::super) fn block(&self) -> Option<u8> {
        let block = self.kept()?.block;
        (block != COPIED).then_some(block)
    }

    /// Where what is left lies in its bucket.
    pub(in super::super::super) fn place(&self) -> Range<u32> {
        self.end - self.order.len() as u32..self.end
    }

    /// How many segments are left.
    #[inline]
    pub(in super::super::super) fn left(&self) -> usize {
        self.order.len()
    }

    /// Whether the next segment is a SYN that took the 4-tuple over.
    pub(in super::super::super) fn port_reused(&self) -> bool {
        self.kept()
            .and_then(|kept| self.bucket.unusual(kept))
            .is_some_and(|unusual| unusual.port_reused)
    }

    /// The frame of the next segment.
    pub(in super::super::super) fn frame(&self) -> Option<FrameNo> {
        self.kept().map(|kept| kept.at.frame)
    }

    fn kept(&self) -> Option<&'a Kept> {
        let first = self.order.first()?;
        self.bucket.segments.get(*first as usize)
    }

    /// Has its first segments fetched, without their payloads.
    #[inline]
    pub(in super::super::super) fn fetch(&self) {
        for place in self.order.iter().take(FETCHED) {
            fetch(&self.bucket.segments[*place as usize]);
        }
    }

    /// Has the payloads fetched of its first segments: the lines of the cache that they begin with.
    #[inline]
    pub(in super::super::super) fn fetch_payloads(&self) {
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
    pub(in super::super::super) fn advance(&mut self) {
        self.order = self.order.get(1..).unwrap_or_default();
    }
}
