//! What waits between the saving of frames and their analysis: a bounded number of bytes, and behind them a part of the capture file.
//!
//! Lots of blocks go in, in order, and come out in order. When the lots that wait are as many bytes as may wait, what comes then is only
//! remembered as a part of the file, however long that becomes; where there is no file the one who brings it waits.
//!
//! Invariant: what is `behind` was saved after everything in `lots`.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two threads.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes of lots that may wait.
    most: usize,
}

#[derive(Default)]
struct State {
    lots: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The part of the file that has yet to be read.
    behind: Option<Range<u64>>,
    /// Nothing more comes.
    ended: bool,
    /// Nobody takes anything any more.
    left: bool,
    /// Interfaces that have ended, and why.
    news: Vec<(String, String)>,
}

/// What is taken out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Blocks.
    Lot(Vec<u8>),
    /// Blocks that stand in the file: as many as one likes, see [`Queue::read`].
    Saved(Range<u64>),
    /// Nothing for now.
    Nothing,
}

impl Queue {
    /// Nothing waits; at most so many bytes will.
    pub(super) fn new(most: usize) -> Queue {
        Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
        }
    }

    /// Brings a lot, which stands at `saved` in the file, if there is one that can be read. False when nobody takes it any more.
    pub(super) fn bring(&self, lot: Vec<u8>, saved: Option<Range<u64>>) -> bool {
        let mut state = self.state();
        loop {
            if state.left {
                return false;
            }
            if let (Some(behind), Some(saved)) = (&mut state.behind, &saved) {
                behind.end = saved.end;
                break;
            }
            if !state.is_full(&lot, self.most) {
                state.bytes += lot.len();
                state.lots.push_back(lot);
                break;
            }
            if saved.is_some() {
                state.behind = saved;
                break;
            }
            state = self.wait(state);
        }
        self.changed.notify_all();
        true
    }

    /// Takes what is next.
    pub(super) fn take(&self) -> Taken {
        let mut state = self.state();
        if let Some(lot) = state.lots.pop_front() {
            state.bytes -= lot.len();
            self.changed.notify_all();
            return Taken::Lot(lot);
        }
        match &state.behind {
            Some(behind) => Taken::Saved(behind.clone()),
            None => Taken::Nothing,
        }
    }

    /// The file was read up to there.
    pub(super) fn read(&self, to: u64) {
        let mut state = self.state();
        if let Some(behind) = &mut state.behind {
            behind.start = to;
            if behind.is_empty() {
                state.behind = None;
            }
        }
    }

    /// Waits until something can be taken, at most for `most`.
    pub(super) fn wait_for_more(&self, most: Duration) {
        let idle =
            |state: &mut State| state.lots.is_empty() && state.behind.is_none() && !state.ended;
        drop(self.changed.wait_timeout_while(self.state(), most, idle));
    }

    /// How many bytes of the file have yet to be read.
    pub(super) fn behind(&self) -> u64 {
        let state = self.state();
        state
            .behind
            .as_ref()
            .map_or(0, |behind| behind.end - behind.start)
    }

    /// Nothing more comes.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    /// Nobody takes anything any more.
    pub(super) fn leave(&self) {
        self.state().left = true;
        self.changed.notify_all();
    }

    /// Tells of interfaces that have ended, and why.
    pub(super) fn tell(&self, news: Vec<(String, String)>) {
        if !news.is_empty() {
            self.state().news.extend(news);
        }
    }

    /// What was told since the last time.
    pub(super) fn news(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().news)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No state is half changed when somebody panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether `lot` is more than may wait. One lot may, however long it is.
    fn is_full(&self, lot: &[u8], most: usize) -> bool {
        !self.lots.is_empty() && self.bytes + lot.len() > most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    fn lot(number: u8) -> Vec<u8> {
        vec![number; 10]
    }

    #[test]
    fn what_does_not_fit_is_a_part_of_the_file_until_all_of_it_is_read() {
        let queue = Queue::new(25);
        for number in 0..5_u8 {
            let start = u64::from(number) * 10;
            assert!(queue.bring(lot(number), Some(start..start + 10)));
        }
        assert_eq!(queue.behind(), 30);
        assert_eq!(queue.take(), Taken::Lot(lot(0)));
        // There is room again, but what is behind comes first.
        assert!(queue.bring(lot(5), Some(50..60)));
        assert_eq!(queue.take(), Taken::Lot(lot(1)));
        assert_eq!(queue.take(), Taken::Saved(20..60));
        queue.read(50);
        assert_eq!(queue.take(), Taken::Saved(50..60));
        queue.read(60);
        assert_eq!(queue.take(), Taken::Nothing);
        assert!(queue.bring(lot(6), Some(60..70)));
        assert_eq!(queue.take(), Taken::Lot(lot(6)));
        assert_eq!(queue.take(), Taken::Nothing);
    }

    #[test]
    fn without_a_file_what_does_not_fit_waits_for_room_or_until_nobody_takes_it() {
        let queue = Arc::new(Queue::new(25));
        let brings = Arc::clone(&queue);
        let bringing = thread::spawn(move || {
            (0..5)
                .map(|number| brings.bring(lot(number), None))
                .collect::<Vec<_>>()
        });
        for number in 0..2 {
            queue.wait_for_more(Duration::from_secs(10));
            assert_eq!(queue.take(), Taken::Lot(lot(number)));
        }
        queue.leave();
        let brought = bringing.join().unwrap_or_default();
        assert_eq!(brought[..2], [true; 2]);
        assert!(!brought[4]);
    }

    #[test]
    fn a_lot_that_is_longer_than_may_wait_is_not_kept_out() {
        let queue = Queue::new(5);
        assert!(queue.bring(lot(1), None));
        assert_eq!(queue.take(), Taken::Lot(lot(1)));
    }
}
