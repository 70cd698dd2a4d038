//! What is left of a batch of which much was made: it is worked off frame by frame, so that what is complete can be passed on before the rest is made.
//!
//! In: the runs that are left. Out: the same, fewer, and all that is complete.

use super::super::batch::{Common, Part, Run};
use super::super::made::Made;
use super::Worker;
use crate::model::FrameNo;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// What is left of a worker's part of a batch.
#[derive(Debug, Default)]
pub(in super::super) struct Unfinished {
    /// The runs, by the bucket and the place in it.
    pub(super) runs: Vec<(usize, Range<u32>)>,
    /// How many of the connections are settled that others took the 4-tuple from.
    pub(super) replaced: usize,
    /// Whether a piece of it was passed on already.
    goes_on: bool,
}

impl Worker {
    /// Works off what is left until so much was made that it should be passed on: all that is complete. Nothing once all is worked off.
    pub(super) fn in_frame_order(
        &mut self,
        left: &mut Unfinished,
        common: &Common,
        part: &Part,
        made: &mut Made,
    ) -> Option<Made> {
        let places = std::mem::take(&mut left.runs);
        let runs = places.into_iter().filter_map(|(bucket, place)| {
            let run = part.buckets.get(bucket)?.run(common, &place)?;
            Some((bucket, run))
        });
        let mut runs: Vec<(usize, Run<'_>)> = runs.collect();
        let next = |run: &Run<'_>, place| Some(Reverse((run.frame()?, place)));
        let mut order: BinaryHeap<Reverse<(FrameNo, usize)>> = runs
            .iter()
            .zip(0..)
            .filter_map(|((_, run), place)| next(run, place))
            .collect();
        // It gets on by a frame each time, also where what was made of later frames fills the room.
        let mut gets_on = !left.goes_on;
        let waits = !left.goes_on && common.is_full();
        while let Some(Reverse((frame, place))) = order.pop() {
            if waits || gets_on && made.fills(self.room) {
                self.settle(part, left, common, Some(frame), made);
                made.write(&mut self.lines, &mut self.spare);
                let runs = runs.iter().filter(|(_, run)| !run.is_over());
                left.runs = runs.map(|(bucket, run)| (*bucket, run.place())).collect();
                left.goes_on = true;
                return Some(made.take_before(frame));
            }
            gets_on = true;
            let (_, run) = &mut runs[place];
            if !self.short(run, 1, made)
                && let Some(segment) = run.first()
            {
                let reused = run.port_reused();
                self.segment(run.connection, &segment, reused, &common.clock, made);
                run.advance();
            }
            if run.is_over() {
                self.run(run, &common.clock, made);
            }
            order.extend(next(run, place));
        }
        None
    }
}
