//! Which worker owns a connection, and its place among that worker's connections.
//!
//! Numbers are dealt out in turn. Who owns a connection is the same whatever came before, and has no influence on the output.

use crate::model::limits;
use std::num::NonZeroUsize;

/// How connections are dealt out to workers: their number is a power of two, since a division takes longer than all else that is done here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    workers: u32,
}

/// Workers for each job, so that whoever is free finds one that nobody works with, and all are done at about the same time.
const FOR_EACH_JOB: usize = 4;

/// So many workers are enough, unless there are more jobs: what each makes is merged.
const ENOUGH: usize = 32;

/// Buckets of all workers together, if they are not many.
const BUCKETS: u32 = 32;

/// Buckets of one worker at the least.
const BUCKETS_LEAST: u32 = 4;

impl Shares {
    /// The shares with so many jobs. One needs no more than one worker.
    pub(super) fn of_jobs(jobs: NonZeroUsize) -> Shares {
        let workers = match jobs.min(limits::JOBS).get() {
            1 => 1,
            jobs => (FOR_EACH_JOB * jobs).min(ENOUGH).max(jobs),
        };
        Shares {
            workers: workers.next_power_of_two() as u32, // of a few
        }
    }

    /// How many workers there are: at least one.
    pub(super) fn workers(&self) -> usize {
        self.workers as usize
    }

    /// How many buckets each has, a power of two.
    pub(super) fn buckets(&self) -> u32 {
        (BUCKETS / self.workers).max(BUCKETS_LEAST)
    }

    /// The connections of a bucket have numbers that are apart by a multiple of this power of two.
    pub(super) fn step(&self) -> u32 {
        (self.workers * self.buckets()).trailing_zeros()
    }

    /// The worker that owns a connection, and the connection's place there.
    #[inline]
    pub(super) fn of(&self, connection: u32) -> (usize, u32) {
        let worker = connection & (self.workers - 1);
        (worker as usize, connection >> self.workers.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_place() {
        for (jobs, workers) in [(1, 1), (2, 8), (3, 16), (5, 32), (33, 64), (1_000, 64)] {
            let shares = Shares::of_jobs(NonZeroUsize::new(jobs).unwrap());
            assert_eq!(shares.workers(), workers);
            assert_eq!(1 << shares.step(), shares.buckets() as usize * workers);
            let mut places = vec![0; workers];
            for connection in 0..1_000 {
                let (worker, place) = shares.of(connection);
                assert_eq!(place, places[worker], "{jobs} jobs: {connection}");
                places[worker] += 1;
            }
        }
    }
}
