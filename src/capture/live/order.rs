//! Joins what several interfaces captured into one order, by time.
//!
//! Batches of frames come in, each interface's in its own order; single frames go out. The earliest frame at hand goes out as soon
//! as every other interface has shown a later one; an interface that says nothing holds the others up for [`HOLD`] at most. A frame
//! that comes later than that goes out behind frames with later times: order here is what decides a frame's number, and a number
//! once given stays.

use super::reader::Batch;
use crate::model::Timestamp;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a frame waits for earlier ones of other interfaces: longer than a reader takes to hand a frame on (a block of the kernel's,
/// 10 ms and at most a tick more, and a turn of the scheduler), and well below what an eye notices.
const HOLD: Duration = Duration::from_millis(40);

/// What waits, one queue for each interface.
pub(super) struct Order {
    queues: Vec<VecDeque<Batch>>,
    /// The interface of the frame that was lent last.
    lent: Option<usize>,
}

/// A frame and its interface.
pub(super) struct Ordered<'a> {
    pub(super) interface: usize,
    pub(super) time: Timestamp,
    pub(super) bytes: &'a [u8],
    pub(super) wire_length: u32,
}

impl Order {
    pub(super) fn new(interfaces: usize) -> Order {
        Order {
            queues: (0..interfaces).map(|_| VecDeque::new()).collect(),
            lent: None,
        }
    }

    /// Takes a batch; an empty one changes nothing.
    pub(super) fn take(&mut self, batch: Batch) {
        if !batch.is_over()
            && let Some(queue) = self.queues.get_mut(batch.interface)
        {
            queue.push_back(batch);
        }
    }

    /// Whether the next frame is certain whatever comes.
    pub(super) fn is_ready(&self) -> bool {
        self.queues.iter().all(|queue| self.head(queue).is_some())
    }

    /// The next frame, if its place is certain, or if nothing more comes. The clock is looked at only where it decides.
    pub(super) fn next(
        &mut self,
        ended: bool,
        now: impl FnOnce() -> Instant,
    ) -> Option<Ordered<'_>> {
        self.drop_lent();
        if !ended && !self.is_ready() && self.due(now()) != Some(Duration::ZERO) {
            return None;
        }
        let interface = self.earliest()?;
        self.lent = Some(interface);
        let frame = self.queues.get_mut(interface)?.front_mut()?.next()?;
        Some(Ordered {
            interface,
            time: frame.0,
            bytes: frame.1,
            wire_length: frame.2,
        })
    }

    /// In how long the earliest frame has waited for long enough; `None` where no frame waits.
    pub(super) fn due(&self, now: Instant) -> Option<Duration> {
        if self.queues.len() == 1 {
            return self.head(self.queues.first()?).map(|_| Duration::ZERO);
        }
        let queue = self.queues.get(self.earliest()?)?;
        let batch = self.head(queue)?;
        Some(HOLD.saturating_sub(now.saturating_duration_since(batch.arrived)))
    }

    /// The interface whose first frame is the earliest; of several the first.
    fn earliest(&self) -> Option<usize> {
        let times = self
            .queues
            .iter()
            .enumerate()
            .filter_map(|(interface, queue)| {
                let time = self.head(queue)?.first_time()?;
                Some((time, interface))
            });
        times.min().map(|(_, interface)| interface)
    }

    /// The first batch with frames left. Only the one that was lent from last may be over.
    fn head<'a>(&self, queue: &'a VecDeque<Batch>) -> Option<&'a Batch> {
        queue.iter().find(|batch| !batch.is_over())
    }

    fn drop_lent(&mut self) {
        if let Some(queue) = self.lent.take().and_then(|lent| self.queues.get_mut(lent))
            && queue.front().is_some_and(Batch::is_over)
        {
            queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(interface: usize, arrived: Instant, times: &[i64]) -> Batch {
        let mut batch = Batch::new(interface);
        batch.arrived = arrived;
        for time in times {
            batch.push(Timestamp(*time), &[interface as u8], 1);
        }
        batch
    }

    fn times(order: &mut Order, ended: bool, now: Instant) -> Vec<i64> {
        let mut times = Vec::new();
        while let Some(frame) = order.next(ended, || now) {
            times.push(frame.time.0);
        }
        times
    }

    #[test]
    fn one_interface_waits_for_nobody() {
        let now = Instant::now();
        let mut order = Order::new(1);
        order.take(batch(0, now, &[3, 1]));
        order.take(batch(0, now, &[2]));
        assert_eq!(times(&mut order, false, now), [3, 1, 2]);
    }

    #[test]
    fn two_interfaces_are_joined_by_time_as_far_as_both_have_frames() {
        let now = Instant::now();
        let mut order = Order::new(2);
        order.take(batch(0, now, &[1, 4, 6]));
        order.take(batch(1, now, &[2, 3]));
        assert_eq!(times(&mut order, false, now), [1, 2, 3]);
        order.take(batch(1, now, &[5]));
        assert_eq!(times(&mut order, false, now), [4, 5]);
        assert_eq!(times(&mut order, true, now), [6]);
    }

    #[test]
    fn an_interface_that_says_nothing_holds_the_other_up_for_a_bounded_time() {
        let now = Instant::now();
        let mut order = Order::new(2);
        order.take(batch(0, now, &[1]));
        assert_eq!(times(&mut order, false, now), [0_i64; 0]);
        assert_eq!(order.due(now), Some(HOLD));
        assert_eq!(times(&mut order, false, now + HOLD), [1]);
        assert_eq!(order.due(now), None);
    }

    #[test]
    fn a_frame_that_comes_too_late_goes_out_behind() {
        let now = Instant::now();
        let mut order = Order::new(2);
        order.take(batch(0, now, &[5]));
        assert_eq!(times(&mut order, false, now + HOLD), [5]);
        order.take(batch(1, now + HOLD, &[2]));
        assert_eq!(times(&mut order, false, now + HOLD * 2), [2]);
    }
}
