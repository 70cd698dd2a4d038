//! Which worker owns a connection, and its place among that worker's connections.
//!
//! Numbers are dealt out in turn. Who owns a connection is the same whatever came before, and has no influence on the output.

use crate::model::Detail;

/// How connections are dealt out to workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    workers: u32,
}

impl Shares {
    /// The shares with so many jobs. The caller reads and decodes the frames, and, where `lines` are wanted, writes those of plain rows: where no rows
    /// are made, or those, that is nearly half of the work, and one of several jobs.
    pub(super) fn of_jobs(jobs: usize, detail: Detail, lines: bool) -> Shares {
        let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
        let half = detail == Detail::Sessions || (detail == Detail::Frames && lines);
        let reader = u32::from(half);
        Shares {
            workers: jobs.saturating_sub(reader).max(1),
        }
    }

    /// How many workers there are: at least one.
    pub(super) fn workers(&self) -> usize {
        self.workers as usize
    }

    /// The worker that owns a connection, and the connection's place there.
    #[inline]
    pub(super) fn of(&self, connection: u32) -> (usize, u32) {
        // A division takes longer than all else that is done here.
        if self.workers == 1 {
            return (0, connection);
        }
        let place = connection / self.workers;
        ((connection - place * self.workers) as usize, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_place() {
        for jobs in [1, 2, 3, 5] {
            let shares = Shares::of_jobs(jobs, Detail::Sessions, false);
            assert_eq!(shares.workers(), jobs.max(2) - 1);
            let rows = |lines| Shares::of_jobs(jobs, Detail::Frames, lines).workers();
            assert_eq!((rows(false), rows(true)), (jobs, jobs.max(2) - 1));
            let mut places = vec![0; shares.workers()];
            for connection in 0..1_000 {
                let (worker, place) = shares.of(connection);
                assert_eq!(place, places[worker], "{jobs} jobs: {connection}");
                places[worker] += 1;
            }
        }
    }
}
