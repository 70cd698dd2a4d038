//! Who works on connections: one or more threads, and the caller wherever it would wait for them.
//!
//! In: batches, one after the other. Out: what each worker made of them, batch by batch. At most a few batches are under way at a time. Of a
//! batch of which much was made, what is complete comes before the rest is made.

mod desk;

use super::Options;
use super::batch::{Batch, Common, Part};
use super::collected::Collected;
use super::made::Made;
use super::share::Shares;
use super::worker::Worker;
use crate::model::{FrameNo, Lines};
use desk::{Desk, Done, Order};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// Batches that may be under way: enough that nobody waits for the other, few enough that memory stays small.
pub(super) const UNDER_WAY: usize = 2;

pub(super) struct Pool {
    desk: Arc<Desk>,
    shares: Shares,
    /// How many batches may be under way.
    most: usize,
    /// What those that are have in common.
    under_way: VecDeque<Arc<Common>>,
    /// To be used again.
    common: Common,
    parts: Vec<Part>,
    made: Vec<Made>,
}

/// Passes on what is complete.
pub(super) type Merge<'a> = dyn FnMut(&mut Collected) -> io::Result<()> + 'a;

impl Pool {
    /// As many threads as there are jobs, with the caller's.
    pub(super) fn new(options: &Options, lines: Option<&dyn Lines>, shares: Shares) -> Pool {
        let worker = || Worker::new(options, lines.map(Lines::another), shares);
        let desk = Desk::new((0..shares.workers()).map(|_| worker()));
        let threads = options.jobs.get() - 1;
        for _ in 0..threads {
            let desk = Arc::clone(&desk);
            std::thread::spawn(move || desk.serve());
        }
        Pool {
            desk,
            shares,
            most: if threads == 0 { 1 } else { UNDER_WAY },
            under_way: VecDeque::new(),
            common: Common::default(),
            parts: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Hands out a batch and leaves an empty one in its place. Where [`is_busy`](Pool::is_busy), one has to be collected first.
    pub(super) fn submit(&mut self, batch: &mut Batch) {
        let (common, parts) = batch.end();
        let common = Arc::new(common);
        let orders = parts.into_iter().map(|part| {
            let made = self.made.pop().unwrap_or_default();
            Order::batch(Arc::clone(&common), part, made)
        });
        self.desk.give(orders);
        self.under_way.push_back(common);
        let part = |_| self.parts.pop().unwrap_or_else(|| Part::new(self.shares));
        let parts = (0..self.shares.workers()).map(part).collect();
        batch.begin(parts, std::mem::take(&mut self.common));
    }

    /// Whether a batch has to be collected before the next is submitted.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.len() >= self.most
    }

    /// Waits for the oldest batch and puts what each worker made of it into `into`, for [`give_back`](Pool::give_back). What comes in pieces goes to
    /// `merge` up to the last. False if no batch is under way.
    ///
    /// # Errors
    /// Those of `merge`.
    pub(super) fn collect(
        &mut self,
        into: &mut Collected,
        merge: &mut Merge<'_>,
    ) -> io::Result<bool> {
        if self.under_way.is_empty() {
            return Ok(false);
        }
        self.receive_all(into);
        while let Some((whose, until)) = into.waits_for() {
            merge(into)?;
            into.drop_passed_on();
            let made = self.receive(whose, until);
            into.take_piece(whose, made);
        }
        // Every worker has let go of it.
        let common = self.under_way.pop_front().and_then(Arc::into_inner);
        self.common = common.unwrap_or_default();
        // They may be read into again.
        self.common.blocks.clear();
        Ok(true)
    }

    /// Takes back what was collected, to be used again.
    pub(super) fn give_back(&mut self, collected: &mut Collected) {
        self.made.extend(collected.clear());
    }

    /// The capture is over, and nothing is under way: what that makes final.
    pub(super) fn finish(&mut self, into: &mut Collected) {
        let workers = 0..self.shares.workers();
        self.desk.give(workers.map(|_| Order::the_end()));
        self.receive_all(into);
    }

    /// What each worker made next.
    fn receive_all(&mut self, into: &mut Collected) {
        for whose in 0..self.shares.workers() {
            let made = self.receive(whose, None);
            into.take(made);
        }
    }

    /// What a worker made next, a piece up to the frame `until`.
    fn receive(&mut self, whose: usize, until: Option<FrameNo>) -> Made {
        let Done { made, part } = self.desk.receive(whose, until);
        self.parts.extend(part);
        made
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.desk.close();
    }
}
