//! Which worker owns a connection, and its place among that worker's connections.
//!
//! In: how the work is to be shared. Out: for a connection's number its worker, and a number without holes. It is the same for a
//! number whatever came before, and has no influence on the output.

/// Numbers are dealt out in rounds: each worker gets so many of every round, the first worker the lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    /// What the first worker gets of a round.
    first: u32,
    /// What each other worker gets.
    other: u32,
    workers: u32,
}

impl Shares {
    /// The shares with so many jobs. One of several is that of the caller, who reads and decodes the frames, which is about half the
    /// work: of two, he also works on a quarter of the connections; of more, on none.
    pub(super) fn of_jobs(jobs: usize) -> Shares {
        match jobs {
            2 => Shares {
                first: 1,
                other: 3,
                workers: 2,
            },
            jobs => Shares::even(jobs.saturating_sub(1)),
        }
    }

    /// The same for each of so many workers, at least one.
    pub(super) fn even(workers: usize) -> Shares {
        Shares {
            first: 1,
            other: 1,
            workers: workers.max(1) as u32,
        }
    }

    /// How many workers there are.
    pub(super) fn workers(&self) -> usize {
        self.workers as usize
    }

    /// The worker that owns a connection, and the connection's place there.
    #[inline]
    pub(super) fn of(&self, connection: u32) -> (usize, u32) {
        if self.workers == 1 {
            return (0, connection);
        }
        let round = self.first + self.other * (self.workers - 1);
        let (rounds, rest) = (connection / round, connection % round);
        if rest < self.first {
            return (0, rounds * self.first + rest);
        }
        let rest = rest - self.first;
        let worker = 1 + rest / self.other;
        (worker as usize, rounds * self.other + rest % self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_place() {
        for shares in [
            Shares::even(1),
            Shares::even(3),
            Shares {
                first: 1,
                other: 3,
                workers: 2,
            },
            Shares {
                first: 2,
                other: 1,
                workers: 4,
            },
        ] {
            let mut places = vec![0; shares.workers()];
            for connection in 0..1_000 {
                let (worker, place) = shares.of(connection);
                assert_eq!(place, places[worker], "{shares:?}: {connection}");
                places[worker] += 1;
            }
        }
    }
}
