//! What is left of a batch of which much was made: it is worked off frame by frame, so that what is complete can be passed on before the rest is made.
//!
//! In: the runs that are left. Out: the same, fewer, and all that is complete.

use super::super::batch::{Common, Part, Run};
use super::super::made::Made;
use super::Worker;
use crate::model::FrameNo;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is left of a worker's part of a batch.
#[derive(Debug, Default)]
pub(in super::super) struct Unfinished {
    /// The runs.
    runs: BinaryHeap<Reverse<Left>>,
    /// How many of the connections are settled that others took the 4-tuple from.
    pub(super) replaced: usize,
    /// Whether a piece of it was passed on already.
    goes_on: bool,
}

/// A run: the next frame, the bucket, and the place in it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Left {
    frame: FrameNo,
    bucket: usize,
    place: (u32, u32),
}

impl Unfinished {
    /// Whether anything was left.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds what is left of a run, if anything is.
    pub(super) fn add(&mut self, bucket: usize, run: &Run<'_>) {
        if let Some(frame) = run.frame() {
            let place = run.place();
            self.runs.push(Reverse(Left {
                frame,
                bucket,
                place: (place.start, place.end),
            }));
        }
    }
}

impl Worker {
    /// Works off what is left until so much was made that it should be passed on, or up to a frame: all that is complete. Nothing once all is worked off.
    pub(super) fn in_frame_order(
        &mut self,
        left: &mut Unfinished,
        common: &Common,
        part: &Part,
        until: Option<FrameNo>,
        made: &mut Made,
    ) -> Option<Made> {
        // It gets on by a frame each time. The first piece is what was made so far.
        let mut gets_on = false;
        while let Some(Reverse(next)) = left.runs.pop() {
            let frame = next.frame;
            let ends = made.fills(self.room) || until.is_some_and(|until| until <= frame);
            if !left.goes_on || gets_on && ends {
                left.runs.push(Reverse(next));
                self.settle(part, left, common, Some(frame), made);
                self.write(made);
                left.goes_on = true;
                return Some(made.take_before(frame));
            }
            gets_on = true;
            let (start, end) = next.place;
            let bucket = part.buckets.get(next.bucket);
            let Some(mut run) = bucket.and_then(|bucket| bucket.run(common, &(start..end))) else {
                continue;
            };
            if !self.short(&mut run, 1, made)
                && let Some(segment) = run.first()
            {
                let reused = run.port_reused();
                self.segment(run.connection, &segment, reused, &common.clock, made);
                run.advance();
            }
            if run.is_over() {
                self.run(&mut run, &common.clock, made);
            }
            left.add(next.bucket, &run);
            self.write_some(made);
        }
        None
    }
}
