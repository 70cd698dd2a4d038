//! Keeps the memory of a whole analysis below a cap: decides which connections are given up, and when.
//!
//! In: numbers of connections that are closed and that are over, the entries of the 4-tuples, and how many delivered bytes are kept to compare
//! copies with. Out: numbers to give up, and whether those bytes are forgotten, which comes first. What is decided is
//! the same whatever the number of workers and wherever somebody waited for frames: time is counted in epochs, of which frames
//! alone tell the borders, and what an epoch's frames ended counts `UNDER_WAY` epochs later, when every worker is done with it.

use super::pool::UNDER_WAY;
use crate::model::limits;
use crate::tcp::Flows;
use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Cap {
    /// Bytes.
    limit: usize,
    epoch: u32,
    /// Frames and bytes of this epoch.
    frames: usize,
    bytes: usize,
    /// The epochs of the batches that are under way.
    under_way: VecDeque<u32>,
    /// What epochs made known, in their order.
    known: VecDeque<Known>,
    /// Delivered bytes that are kept, and the epoch that began with forgetting all of them.
    kept: usize,
    forgot_in: u32,
    /// Closed, or over.
    closed: Numbers,
    over: Numbers,
    /// Connections that were given up while they were open.
    given_up: u64,
}

/// What an epoch made known.
#[derive(Debug)]
struct Known {
    epoch: u32,
    ends: Vec<Ends>,
    /// Delivered bytes that were kept at its end.
    kept: usize,
}

/// What is given up with the next epoch's first frame.
#[derive(Debug, Default)]
pub(super) struct GivenUp {
    /// Connections, sorted.
    pub(super) connections: Vec<u32>,
    /// Whether all delivered bytes are forgotten.
    pub(super) delivered: bool,
}

/// How far the end of a connection has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ends {
    /// It is closed; or it was over, and frames came late.
    Closed(u32),
    Over(u32),
}

impl Cap {
    pub(super) fn new(limit: usize) -> Cap {
        Cap {
            limit,
            epoch: 0,
            frames: 0,
            bytes: 0,
            under_way: VecDeque::new(),
            known: VecDeque::new(),
            kept: 0,
            forgot_in: 0,
            closed: Numbers::default(),
            over: Numbers::default(),
            given_up: 0,
        }
    }

    /// Connections that were given up while they were open.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// A frame with so many bytes of payload was taken. Whether the epoch is over with it.
    pub(super) fn frame(&mut self, bytes: usize) -> bool {
        self.frames += 1;
        self.bytes += bytes;
        self.frames >= limits::BATCH_FRAMES || self.bytes >= limits::BATCH_BYTES
    }

    /// A batch was handed out.
    pub(super) fn submitted(&mut self) {
        self.under_way.push_back(self.epoch);
    }

    /// The oldest batch came back: what ended in it, and the delivered bytes that were kept after it.
    pub(super) fn collected(&mut self, ends: impl Iterator<Item = Ends>, kept: usize) {
        let Some(epoch) = self.under_way.pop_front() else {
            return;
        };
        match self.known.back_mut() {
            Some(known) if known.epoch == epoch => {
                known.ends.extend(ends);
                known.kept = kept;
            }
            _ => self.known.push_back(Known {
                epoch,
                ends: ends.collect(),
                kept,
            }),
        }
    }

    /// The next epoch begins; every batch that is `UNDER_WAY` epochs old was collected. What is given up with its first frame.
    pub(super) fn next_epoch(&mut self, flows: &mut Flows) -> GivenUp {
        self.epoch += 1;
        (self.frames, self.bytes) = (0, 0);
        flows.set_epoch(self.epoch);
        while let Some(known) = self.known.front()
            && known.epoch + UNDER_WAY as u32 <= self.epoch
        {
            let Some(Known { epoch, ends, kept }) = self.known.pop_front() else {
                break;
            };
            // What was kept before everything was forgotten counts no more.
            self.kept = if epoch < self.forgot_in { 0 } else { kept };
            for end in ends {
                match end {
                    Ends::Closed(number) => {
                        self.closed.insert(number);
                        self.over.remove(number);
                    }
                    Ends::Over(number) => {
                        self.closed.insert(number);
                        self.over.insert(number);
                    }
                }
            }
        }
        let open = (flows.connections() as usize).saturating_sub(self.closed.count);
        let closed = self.closed.count - self.over.count;
        let delivered = self.kept > self.limit / limits::DELIVERED_SHARE;
        if delivered {
            (self.kept, self.forgot_in) = (0, self.epoch);
        }
        let held = held(flows, open, closed) + self.kept;
        let connections = if held > self.limit {
            // A quarter at once, so that this comes seldom.
            self.choose(held - self.limit / 4 * 3, flows)
        } else {
            Vec::new()
        };
        GivenUp {
            connections,
            delivered,
        }
    }

    /// Gives up the oldest of those that are closed and, only where they are not enough, of the others those that were silent longest.
    fn choose(&mut self, mut excess: usize, flows: &mut Flows) -> Vec<u32> {
        let (mut closed, mut open) = (Vec::new(), Vec::new());
        for (connection, last_used) in flows.entries() {
            if self.closed.has(connection) {
                closed.push(connection);
            } else {
                open.push((last_used, connection));
            }
        }
        let entry = flows.memory() / flows.kept().max(1) + limits::ENDED_CONNECTION;
        let mut given_up = Vec::new();
        closed.sort_unstable();
        for connection in closed {
            if excess == 0 {
                break;
            }
            let rest = if self.over.has(connection) {
                0
            } else {
                limits::CLOSED_CONNECTION
            };
            excess = excess.saturating_sub(entry + rest);
            given_up.push(connection);
        }
        open.sort_unstable();
        open.truncate(excess.div_ceil(entry + limits::OPEN_CONNECTION));
        self.given_up += open.len() as u64;
        given_up.extend(open.iter().map(|(_, connection)| connection));
        given_up.sort_unstable();
        flows.retain(|connection| given_up.binary_search(&connection).is_err());
        given_up
    }
}

/// What the connections hold, so many of them open and so many closed, bytes.
fn held(flows: &Flows, open: usize, closed: usize) -> usize {
    flows.memory()
        + flows.kept() * limits::ENDED_CONNECTION
        + open * limits::OPEN_CONNECTION
        + closed * limits::CLOSED_CONNECTION
}

/// A set of connection numbers, a bit each.
#[derive(Debug, Default)]
struct Numbers {
    bits: Vec<u64>,
    count: usize,
}

impl Numbers {
    fn insert(&mut self, number: u32) {
        let place = number as usize / 64;
        if self.bits.len() <= place {
            self.bits.resize(place + 1, 0);
        }
        let bit = 1 << (number % 64);
        self.count += usize::from(self.bits[place] & bit == 0);
        self.bits[place] |= bit;
    }

    fn remove(&mut self, number: u32) {
        if self.has(number) {
            self.count -= 1;
            self.bits[number as usize / 64] &= !(1 << (number % 64));
        }
    }

    fn has(&self, number: u32) -> bool {
        self.bits
            .get(number as usize / 64)
            .is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{At, Endpoint, Flags, Segment, TcpOptions};

    /// Connections 0 up to `count`, each with a segment.
    fn flows(count: u32) -> Flows {
        let mut flows = Flows::new();
        for number in 0..count {
            talk(&mut flows, number);
        }
        flows
    }

    fn talk(flows: &mut Flows, number: u32) -> u32 {
        let end = |address: u32| Endpoint {
            address: std::net::Ipv4Addr::from_bits(address).into(),
            port: 80,
        };
        let segment = Segment {
            at: At::default(),
            source: end(number + 1),
            destination: end(0),
            sequence: 1,
            acknowledgment: 1,
            flags: Flags::ACK,
            window: 1,
            options: TcpOptions::default(),
            payload: b"",
            length: 0,
        };
        flows.locate(&segment).connection
    }

    #[test]
    fn what_is_over_goes_first_and_the_oldest_of_it() {
        let mut flows = flows(10_000);
        let mut cap = Cap::new(usize::MAX);
        // All but the first thousand are over.
        cap.submitted();
        cap.collected((1_000..10_000).map(Ends::Over), 0);
        assert!(cap.next_epoch(&mut flows).connections.is_empty());
        cap.limit = held(&flows, 1_000, 0) - 1;
        let given_up = cap.next_epoch(&mut flows).connections;
        let last = *given_up.last().unwrap();
        assert!(given_up.iter().copied().eq(1_000..=last), "{given_up:?}");
        assert_eq!((flows.kept(), cap.given_up()), (10_000 - given_up.len(), 0));
        assert_eq!(talk(&mut flows, 999), 999, "the open ones are there");
        assert_eq!(talk(&mut flows, 1_000), 10_000, "a new connection");
    }

    #[test]
    fn a_connection_that_was_over_and_holds_on_counts_as_closed_again() {
        let mut flows = flows(2);
        let mut cap = Cap::new(usize::MAX);
        cap.submitted();
        cap.collected(
            [Ends::Over(0), Ends::Over(1), Ends::Closed(1)].into_iter(),
            0,
        );
        cap.next_epoch(&mut flows);
        cap.next_epoch(&mut flows);
        assert_eq!((cap.closed.count, cap.over.count), (2, 1));
        assert!(cap.over.has(0) && !cap.over.has(1));
    }

    #[test]
    fn of_open_connections_those_go_that_were_silent_longest() {
        let mut flows = flows(1_000);
        let mut cap = Cap::new(held(&flows, 1_000, 0));
        assert!(cap.next_epoch(&mut flows).connections.is_empty());
        for number in (0..1_001).filter(|number| number % 2 == 0) {
            talk(&mut flows, number);
        }
        let given_up = cap.next_epoch(&mut flows).connections;
        assert!(given_up.len() > 200 && given_up.iter().all(|number| number % 2 == 1));
        assert_eq!(cap.given_up(), given_up.len() as u64);
    }

    #[test]
    fn above_their_share_delivered_bytes_are_forgotten_once_and_counted_anew() {
        let mut flows = flows(1);
        let mut cap = Cap::new(16 << 20);
        let mut forgets = |kept| {
            cap.submitted();
            cap.collected([].into_iter(), kept);
            let given_up = cap.next_epoch(&mut flows);
            assert!(given_up.connections.is_empty());
            given_up.delivered
        };
        let above = (1 << 20) + 1;
        // What an epoch kept is known with the epoch after the next. The second was before the bytes were forgotten.
        let told = [above, above, 5, 1 << 20, 5, above, 5, 5].map(&mut forgets);
        let forgot = told.iter().enumerate().filter(|(_, forgot)| **forgot);
        assert!(forgot.map(|(at, _)| at).eq([1, 6]), "{told:?}");
    }
}
