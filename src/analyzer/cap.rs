//! Keeps the memory of a whole analysis below a cap: decides which connections are given up, and when.
//!
//! In: which connections are closed and which are over, what they hold, the entries of the 4-tuples, and how many delivered bytes are kept to
//! compare copies with. Out: numbers to give up, and whether those bytes are forgotten, which comes first. What is decided is
//! the same whatever the number of workers and wherever somebody waited for frames: time is counted in epochs, of which frames
//! alone tell the borders, and what an epoch's frames did counts `UNDER_WAY` epochs later, when every worker is done with it. An epoch is
//! the shorter the less room is left, so that those two do not add more than that.

use super::numbers::{Grown, Numbers};
use super::pool::UNDER_WAY;
use crate::model::limits;
use crate::tcp::Flows;
use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Cap {
    /// Bytes.
    limit: usize,
    /// Frames of an epoch at the most.
    most: usize,
    epoch: u32,
    /// Frames and bytes that are left of this epoch.
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
    grown: Grown,
    /// Nothing is left of them, or they were given up: what is still heard of them does not count.
    gone: Numbers,
    /// Connections that were given up while they were open.
    given_up: u64,
}

/// What an epoch made known.
#[derive(Debug)]
struct Known {
    epoch: u32,
    news: Vec<News>,
    /// Delivered bytes that were kept at its end.
    kept: usize,
}

/// What is given up with an epoch's first frame.
#[derive(Debug, Default)]
pub(super) struct GivenUp {
    /// Connections, sorted.
    pub(super) connections: Vec<u32>,
    /// Whether all delivered bytes are forgotten.
    pub(super) delivered: bool,
}

/// What became of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum News {
    /// It is closed; or it was over, and frames came late.
    Closed(u32),
    Over(u32),
    /// It holds so many times `limits::GROWN` beyond what every connection is reckoned with, delivered bytes apart.
    Grows(u32, u32),
    /// Nothing is left of it.
    Gone(u32),
}

impl Cap {
    /// At so many bytes, with epochs of so many frames at the most.
    pub(super) fn new(limit: usize, most: usize) -> Cap {
        let (frames, bytes) = epoch(limit, most);
        Cap {
            limit,
            most,
            epoch: 0,
            frames,
            bytes,
            under_way: VecDeque::new(),
            known: VecDeque::new(),
            kept: 0,
            forgot_in: 0,
            closed: Numbers::default(),
            over: Numbers::default(),
            grown: Grown::default(),
            gone: Numbers::default(),
            given_up: 0,
        }
    }

    /// Connections that were given up while they were open.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Frames and bytes of payload that are left of the epoch: with the frame that reaches either it is over.
    pub(super) fn left(&self) -> (usize, usize) {
        (self.frames, self.bytes)
    }

    /// A batch of so many frames and bytes was handed out. Whether the epoch is over.
    pub(super) fn submitted(&mut self, frames: usize, bytes: usize) -> bool {
        self.under_way.push_back(self.epoch);
        self.frames = self.frames.saturating_sub(frames);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.frames == 0 || self.bytes == 0
    }

    /// The oldest batch came back: what became of connections in it, and the delivered bytes that were kept after it.
    pub(super) fn collected(&mut self, news: impl Iterator<Item = News>, kept: usize) {
        let Some(epoch) = self.under_way.pop_front() else {
            return;
        };
        match self.known.back_mut() {
            Some(known) if known.epoch == epoch => {
                known.news.extend(news);
                known.kept = kept;
            }
            _ => self.known.push_back(Known {
                epoch,
                news: news.collect(),
                kept,
            }),
        }
    }

    /// The next epoch begins; every batch that is `UNDER_WAY` epochs old was collected. `apart`: what others than connections hold, bytes. What is
    /// given up with its first frame.
    pub(super) fn next_epoch(&mut self, flows: &mut Flows, apart: usize) -> GivenUp {
        self.epoch += 1;
        flows.set_epoch(self.epoch);
        while let Some(known) = self
            .known
            .pop_front_if(|known| known.epoch + UNDER_WAY as u32 <= self.epoch)
        {
            // What was kept before everything was forgotten counts no more.
            let forgotten = known.epoch < self.forgot_in;
            self.kept = if forgotten { 0 } else { known.kept };
            known.news.into_iter().for_each(|news| self.hear(news));
        }
        let delivered = self.kept > self.limit / limits::DELIVERED_SHARE;
        if delivered {
            (self.kept, self.forgot_in) = (0, self.epoch);
        }
        let mut connections = Vec::new();
        let mut held = self.held(flows) + apart;
        let (above, down_to) = limits::MEMORY_KEPT;
        if held > self.limit / 16 * above {
            connections = self.choose(held - self.limit / 16 * down_to, flows);
            held = self.held(flows) + apart;
        }
        (self.frames, self.bytes) = epoch(self.limit.saturating_sub(held), self.most);
        GivenUp {
            connections,
            delivered,
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Closed(number) | News::Over(number) | News::Grows(number, _)
                if self.gone.has(number) => {}
            News::Closed(number) => {
                self.closed.insert(number);
                self.over.remove(number);
            }
            News::Over(number) => {
                self.closed.insert(number);
                self.over.insert(number);
                self.grown.set(number, 0);
            }
            // It may have been heard of before it was over.
            News::Grows(number, _) if self.over.has(number) => {}
            News::Grows(number, steps) => {
                self.grown.set(number, steps);
            }
            News::Gone(number) => {
                self.forget(number);
            }
        }
    }

    /// Nothing is left of a connection. The steps that it had.
    fn forget(&mut self, number: u32) -> u32 {
        self.closed.insert(number);
        self.over.insert(number);
        self.gone.insert(number);
        self.grown.set(number, 0)
    }

    /// What the connections hold, delivered bytes among it.
    fn held(&self, flows: &Flows) -> usize {
        let open = (flows.connections() as usize).saturating_sub(self.closed.count);
        let closed = self.closed.count - self.over.count;
        flows.memory()
            + flows.kept() * limits::ENDED_CONNECTION
            + open * limits::OPEN_CONNECTION
            + closed * limits::CLOSED_CONNECTION
            + self.grown.memory()
            + self.kept
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
        closed.sort_unstable();
        open.sort_unstable();
        let entry = flows.memory() / flows.kept().max(1) + limits::ENDED_CONNECTION;
        let closed = closed.into_iter();
        let in_order = closed.chain(open.into_iter().map(|(_, connection)| connection));
        let mut given_up = Vec::new();
        for connection in in_order {
            if excess == 0 {
                break;
            }
            let rest = match (self.closed.has(connection), self.over.has(connection)) {
                (_, true) => 0,
                (true, false) => limits::CLOSED_CONNECTION,
                (false, false) => limits::OPEN_CONNECTION,
            };
            self.given_up += u64::from(!self.closed.has(connection));
            let grown = self.forget(connection) as usize * limits::GROWN;
            excess = excess.saturating_sub(entry + rest + grown);
            given_up.push(connection);
        }
        given_up.sort_unstable();
        flows.retain(|connection| !self.gone.has(connection));
        given_up
    }
}

/// How many frames and bytes an epoch may have that begins with so much room, so that what they add finds room too.
fn epoch(room: usize, most: usize) -> (usize, usize) {
    let frames = (room / limits::FRAME_ADDS).clamp(limits::EPOCH_FRAMES, most);
    let bytes = (room / 8).clamp(limits::EPOCH_BYTES, limits::BATCH_BYTES);
    (frames, bytes)
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

    /// A cap that holds at most what it holds now, and what it keeps free.
    fn full(flows: &Flows) -> Cap {
        let mut cap = Cap::new(usize::MAX, limits::BATCH_FRAMES);
        cap.limit = cap.held(flows).div_ceil(limits::MEMORY_KEPT.0) * 16;
        cap
    }

    fn hear(cap: &mut Cap, news: impl IntoIterator<Item = News>) {
        cap.submitted(0, 0);
        cap.collected(news.into_iter(), 0);
    }

    /// The connections that are given up with it.
    fn next_epoch(cap: &mut Cap, flows: &mut Flows) -> Vec<u32> {
        cap.next_epoch(flows, 0).connections
    }

    #[test]
    fn what_is_over_goes_first_and_the_oldest_of_it() {
        let mut flows = flows(10_000);
        let mut cap = Cap::new(usize::MAX, limits::BATCH_FRAMES);
        // All but the first thousand are over.
        hear(&mut cap, (1_000..10_000).map(News::Over));
        assert!(next_epoch(&mut cap, &mut flows).is_empty());
        cap.next_epoch(&mut flows, 0);
        cap.limit = cap.held(&flows) / limits::MEMORY_KEPT.0 * 16;
        let given_up = next_epoch(&mut cap, &mut flows);
        let last = *given_up.last().unwrap();
        assert!(given_up.iter().copied().eq(1_000..=last), "{given_up:?}");
        assert_eq!((flows.kept(), cap.given_up()), (10_000 - given_up.len(), 0));
        assert_eq!(talk(&mut flows, 999), 999, "the open ones are there");
        assert_eq!(talk(&mut flows, 1_000), 10_000, "a new connection");
    }

    #[test]
    fn a_connection_that_was_over_and_holds_on_counts_as_closed_again() {
        let mut flows = flows(2);
        let mut cap = Cap::new(usize::MAX, limits::BATCH_FRAMES);
        hear(&mut cap, [News::Over(0), News::Over(1), News::Closed(1)]);
        cap.next_epoch(&mut flows, 0);
        cap.next_epoch(&mut flows, 0);
        assert_eq!((cap.closed.count, cap.over.count), (2, 1));
        assert!(cap.over.has(0) && !cap.over.has(1));
    }

    #[test]
    fn of_open_connections_those_go_that_were_silent_longest() {
        let mut flows = flows(1_000);
        let mut cap = full(&flows);
        assert!(next_epoch(&mut cap, &mut flows).is_empty());
        for number in (0..1_001).filter(|number| number % 2 == 0) {
            talk(&mut flows, number);
        }
        let given_up = next_epoch(&mut cap, &mut flows);
        assert!(given_up.len() > 150 && given_up.iter().all(|number| number % 2 == 1));
        assert_eq!(cap.given_up(), given_up.len() as u64);
    }

    #[test]
    fn what_a_connection_holds_beyond_the_usual_counts_until_it_is_over() {
        let mut flows = flows(1_000);
        let mut cap = full(&flows);
        let usual = cap.held(&flows);
        hear(&mut cap, [News::Grows(7, 64), News::Grows(8, 3)]);
        hear(&mut cap, [News::Grows(8, 0)]);
        assert!(next_epoch(&mut cap, &mut flows).is_empty(), "not known yet");
        let given_up = next_epoch(&mut cap, &mut flows);
        assert_eq!(
            given_up.first(),
            Some(&0),
            "it was silent no longer than others"
        );
        assert!(given_up.contains(&7) && cap.grown.memory() == 0);
        hear(&mut cap, [News::Over(901), News::Grows(901, 64)]);
        hear(&mut cap, [News::Closed(902), News::Grows(902, 64)]);
        hear(&mut cap, [News::Gone(902), News::Closed(902)]);
        cap.next_epoch(&mut flows, 0);
        cap.next_epoch(&mut flows, 0);
        assert!(cap.held(&flows) < usual && cap.grown.memory() == 0);
        assert_eq!(cap.closed.count, cap.over.count);
    }

    #[test]
    fn what_is_given_up_is_not_counted_again_when_its_end_is_heard_of() {
        let mut flows = flows(1_000);
        let mut cap = full(&flows);
        cap.limit -= 16;
        let given_up = next_epoch(&mut cap, &mut flows);
        let held = cap.held(&flows);
        assert!(held <= cap.limit / 16 * limits::MEMORY_KEPT.1);
        hear(
            &mut cap,
            given_up.iter().map(|number| News::Grows(*number, 9)),
        );
        hear(
            &mut cap,
            given_up.iter().map(|number| News::Closed(*number)),
        );
        for _ in 0..3 {
            assert!(next_epoch(&mut cap, &mut flows).is_empty());
        }
        assert_eq!(cap.held(&flows), held);
    }

    #[test]
    fn an_epoch_is_the_shorter_the_less_room_is_left() {
        let mut flows = flows(1_000);
        let mut cap = Cap::new(limits::MEMORY, limits::BATCH_FRAMES);
        cap.next_epoch(&mut flows, 0);
        assert_eq!(cap.left(), (limits::BATCH_FRAMES, limits::BATCH_BYTES));
        cap.next_epoch(&mut flows, limits::MEMORY / 8 * 7);
        assert!(cap.frames * limits::FRAME_ADDS < limits::MEMORY / 8);
        cap.next_epoch(&mut flows, 2 * limits::MEMORY);
        assert_eq!(cap.left(), (limits::EPOCH_FRAMES, limits::EPOCH_BYTES));
    }

    #[test]
    fn above_their_share_delivered_bytes_are_forgotten_once_and_counted_anew() {
        let mut flows = flows(1);
        let mut cap = Cap::new(16 << 20, limits::BATCH_FRAMES);
        let mut forgets = |kept| {
            cap.submitted(0, 0);
            cap.collected([].into_iter(), kept);
            let given_up = cap.next_epoch(&mut flows, 0);
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
