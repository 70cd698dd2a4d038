//! What the workers made of a batch, in one order.
//!
//! In: what each worker made, in pieces where it is much. Out: the places of the items in the order of the output, those of which no
//! piece that is still to come has an earlier one; and what became of connections.

use super::cap::News;
use super::made::{Made, What};
use super::order::Key;
use crate::model::{FrameNo, fetch};

#[derive(Debug, Default)]
pub(super) struct Collected {
    /// What each worker made, or a piece of it, and how many of its items were passed on.
    pub(super) made: Vec<Made>,
    next: Vec<usize>,
    /// The order of the next one of each, or `NONE`.
    heads: Vec<u128>,
    /// How many of each [`soon`](Collected::soon) has told.
    told: Vec<usize>,
    /// The first frame of which items may come with another piece.
    before: Option<FrameNo>,
    news: Vec<News>,
}

/// Keys that lie in a few lines of the processor's cache.
const KEYS: usize = 8;

/// Behind every item.
const NONE: u128 = u128::MAX;

impl Collected {
    /// Takes what the worker made, or the next piece of it: the one before was passed on.
    pub(super) fn take(&mut self, whose: usize, made: Made) {
        self.news.extend(news(&made));
        if whose == self.made.len() {
            self.made.push(Made::default());
            self.next.push(0);
            self.heads.push(NONE);
            self.told.push(0);
        }
        self.heads[whose] = head(&made, 0);
        self.made[whose] = made;
        self.before = self.made.iter().filter_map(|made| made.before).min();
    }

    /// Drops the pieces of which all was passed on: their memory is not held while the next is made, whoever does it.
    pub(super) fn drop_passed_on(&mut self) {
        for whose in 0..self.made.len() {
            let made = &mut self.made[whose];
            if self.next[whose] == made.keys().len() {
                made.let_go();
                self.next[whose] = 0;
                self.heads[whose] = NONE;
                self.told[whose] = 0;
            }
        }
    }

    /// The worker whose next piece is missing, before more can be passed on, and the frame where the next one's is: what it makes of that one and later
    /// ones would have to wait.
    pub(super) fn waits_for(&self) -> Option<(usize, Option<FrameNo>)> {
        let first = self.before?;
        let whose = self
            .made
            .iter()
            .position(|made| made.before == self.before)?;
        let others = self.made.iter().filter_map(|made| made.before);
        Some((whose, others.filter(|before| *before > first).min()))
    }

    /// What comes next in the order of the output: whose, and where it is.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(usize, Key)> {
        let mut first = (*self.heads.first()?, 0);
        for (whose, head) in self.heads.iter().enumerate().skip(1) {
            // No branch: which of several comes next, no processor foresees.
            let earlier = *head < first.0;
            first = (
                select(earlier, *head, first.0),
                select(earlier, whose, first.1),
            );
        }
        let (_, whose) = first;
        let next = &mut self.next[whose];
        let key = *self.made[whose].keys().get(*next)?;
        if self.before.is_some_and(|before| before <= key.frame) {
            return None;
        }
        *next += 1;
        self.heads[whose] = head(&self.made[whose], *next);
        Some((whose, key))
    }

    /// Tells what comes next, up to twice so many, as far as that was not told before: of each worker as much, since connections are dealt out in turn.
    #[inline]
    pub(super) fn soon(&mut self, count: usize, mut tell: impl FnMut(&Made, &Key)) {
        let count = 2 * count / self.made.len().max(1);
        for ((made, next), told) in self.made.iter().zip(&self.next).zip(&mut self.told) {
            let keys = made.keys();
            let end = keys.len().min(next + count);
            for key in keys.get(*told..end).unwrap_or_default() {
                tell(made, key);
            }
            *told = end.max(*told);
            // Another core's, as what it tells of.
            keys.get(end + KEYS).into_iter().for_each(fetch);
        }
    }

    /// What became of connections, those of each in order, and the bytes that all keep to compare copies with.
    pub(super) fn news(&mut self) -> (impl Iterator<Item = News>, usize) {
        let kept = self.made.iter().map(|made| made.kept).sum();
        (self.news.drain(..), kept)
    }

    /// Makes room for the next batch. What each worker made, empty.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Made> {
        self.next.clear();
        self.heads.clear();
        self.told.clear();
        self.made.iter_mut().for_each(Made::clear);
        self.made.drain(..)
    }
}

/// The order of an item of these.
#[inline]
fn head(made: &Made, nth: usize) -> u128 {
    made.keys().get(nth).map_or(NONE, Key::order)
}

#[inline(always)]
fn select<T>(one: bool, this: T, that: T) -> T {
    std::hint::select_unpredictable(one, this, that)
}

fn news(made: &Made) -> impl Iterator<Item = News> {
    let ends = made.items.iter().filter_map(|item| match item.what {
        What::Closes | What::HoldsOn => Some(News::Closed(item.connection)),
        What::Over(_) => Some(News::Over(item.connection)),
        _ => None,
    });
    let grown = made.grown.iter();
    let grown = grown.map(|(connection, steps)| News::Grows(*connection, *steps));
    let gone = made.gone.iter().copied().map(News::Gone);
    ends.chain(grown).chain(gone)
}

#[cfg(test)]
mod tests {
    use super::super::made::tests::{items, made};
    use super::*;
    use proptest::prelude::*;

    /// What each worker made, cut into pieces at some frames.
    fn pieces(items: &[(u64, u32)], cuts: &[u64]) -> Vec<Made> {
        let mut all = made(items);
        let mut pieces: Vec<Made> = cuts
            .iter()
            .map(|cut| all.take_before(FrameNo(*cut)))
            .collect();
        all.sort();
        pieces.push(all);
        pieces
    }

    proptest! {
        #[test]
        fn those_of_several_workers_come_in_one_order(
            items in items(),
            cuts in prop::collection::vec(prop::collection::btree_set(0..13_u64, 0..4), 1..4),
        ) {
            let mut collected = Collected::default();
            let mut order = Vec::new();
            let mut pass_on = |collected: &mut Collected| {
                while let Some((_, key)) = collected.next() {
                    order.push((key.frame.0, key.connection));
                }
            };
            let mut workers: Vec<_> = (0..cuts.len())
                .map(|worker| {
                    let own = items.iter().copied().filter(|(_, connection)| *connection as usize % cuts.len() == worker);
                    let cuts: Vec<u64> = cuts[worker].iter().copied().collect();
                    pieces(&own.collect::<Vec<_>>(), &cuts).into_iter()
                })
                .collect();
            for (worker, pieces) in workers.iter_mut().enumerate() {
                collected.take(worker, pieces.next().unwrap());
            }
            while let Some((worker, _)) = collected.waits_for() {
                pass_on(&mut collected);
                collected.drop_passed_on();
                collected.take(worker, workers[worker].next().unwrap());
            }
            pass_on(&mut collected);
            let mut wanted = items.clone();
            wanted.sort_unstable();
            prop_assert_eq!(order, wanted);
            prop_assert_eq!(collected.news().0.count(), items.len());
        }
    }
}
