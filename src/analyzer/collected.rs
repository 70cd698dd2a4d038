//! What the workers made of a batch, in one order.
//!
//! In: what each worker made, in pieces where it is much. Out: the places of the items in the order of the output, those of which no
//! piece that is still to come has an earlier one; and what became of connections.
//!
//! The first piece of a worker has items of any frames, and stays until all were passed on. The others follow in the order of the frames.

use super::cap::News;
use super::made::{Made, What};
use super::order::Key;
use crate::model::{FrameNo, fetch};

#[derive(Debug, Default)]
pub(super) struct Collected {
    /// What each worker made first and, if there are further pieces, the latest of each.
    pub(super) made: Vec<Made>,
    /// How many items of each were passed on.
    next: Vec<usize>,
    /// The order of the next one of each, or `NONE`.
    heads: Vec<u128>,
    /// How many of each [`soon`](Collected::soon) has told.
    told: Vec<usize>,
    /// The first frame of which items may come with another piece, of each worker.
    befores: Vec<Option<FrameNo>>,
    /// The first of these.
    before: Option<FrameNo>,
    news: Vec<News>,
    /// Bytes that the workers' connections keep to compare copies with.
    kept: usize,
}

/// Keys that lie in a few lines of the processor's cache.
const KEYS: usize = 8;

/// Behind every item.
const NONE: u128 = u128::MAX;

impl Collected {
    /// Takes what a worker made, the first piece where it comes in pieces. Of all workers in turn.
    pub(super) fn take(&mut self, made: Made) {
        self.befores.push(made.before);
        self.put(self.made.len(), made);
    }

    /// Takes the worker's next piece: all of the one before was passed on.
    pub(super) fn take_piece(&mut self, whose: usize, made: Made) {
        let workers = self.befores.len();
        self.befores[whose] = made.before;
        self.put(workers + whose, made);
    }

    fn put(&mut self, place: usize, made: Made) {
        self.news.extend(news(&made));
        self.kept += made.kept;
        let places = self.made.len().max(place + 1);
        self.made.resize_with(places, Made::default);
        self.next.resize(places, 0);
        self.heads.resize(places, NONE);
        self.told.resize(places, 0);
        self.heads[place] = head(&made, 0);
        (self.next[place], self.told[place]) = (0, 0);
        self.made[place] = made;
        self.before = self.befores.iter().copied().flatten().min();
    }

    /// Drops the pieces of which all was passed on: their memory is not held while the next is made, whoever does it.
    pub(super) fn drop_passed_on(&mut self) {
        for (made, next) in self.made.iter_mut().zip(&self.next) {
            if *next == made.keys().len() {
                *made = Made::default();
            }
        }
    }

    /// The worker whose next piece is missing, before more can be passed on, and the frame where the next one's is: what it makes of that one and later
    /// ones would have to wait.
    pub(super) fn waits_for(&self) -> Option<(usize, Option<FrameNo>)> {
        let first = self.before?;
        let whose = self
            .befores
            .iter()
            .position(|before| *before == Some(first))?;
        let others = self.befores.iter().copied().flatten();
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
        (self.news.drain(..), std::mem::take(&mut self.kept))
    }

    /// Makes room for the next batch. What each worker made, empty.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Made> {
        self.made.truncate(self.befores.len());
        self.befores.clear();
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

    /// What a worker made, cut into pieces at some frames: the first has all of the connections with even numbers.
    fn pieces(items: &[(u64, u32)], cuts: &[u64]) -> Vec<Made> {
        let ends = cuts.iter().copied().map(Some).chain([None]);
        let mut left = items.to_vec();
        ends.enumerate()
            .map(|(number, end)| {
                let is_of_it = |(frame, connection): &(u64, u32)| {
                    end.is_none_or(|end| *frame < end) || number == 0 && connection % 2 == 0
                };
                let (own, rest): (Vec<(u64, u32)>, _) =
                    left.iter().partition(|item| is_of_it(item));
                left = rest;
                piece(&own, end)
            })
            .collect()
    }

    /// A piece before which no item is missing up to a frame, if another follows.
    fn piece(items: &[(u64, u32)], before: Option<u64>) -> Made {
        let mut piece = made(items);
        piece.before = before.map(FrameNo);
        piece
    }

    #[test]
    fn the_next_piece_is_the_earliest_and_need_not_reach_further_than_where_the_next_one_is_missing()
     {
        let mut collected = Collected::default();
        for before in [Some(7), Some(3), None, Some(5)] {
            collected.take(piece(&[(9, 0)], before));
        }
        assert_eq!(collected.waits_for(), Some((1, Some(FrameNo(5)))));
        collected.take_piece(1, piece(&[(3, 1), (4, 1)], Some(6)));
        assert_eq!(collected.waits_for(), Some((3, Some(FrameNo(6)))));
        let passed_on = std::iter::from_fn(|| collected.next());
        assert_eq!(
            passed_on.map(|(_, key)| key.frame.0).collect::<Vec<_>>(),
            [3, 4]
        );
        collected.take_piece(3, piece(&[], None));
        collected.take_piece(1, piece(&[], None));
        assert_eq!(collected.waits_for(), Some((0, None)));
        collected.take_piece(0, piece(&[], None));
        assert_eq!(collected.waits_for(), None);
        assert_eq!(collected.clear().count(), 4, "one for each worker");
    }

    #[test]
    fn what_was_passed_on_is_dropped_before_the_next_piece_is_made() {
        let mut collected = Collected::default();
        collected.take(piece(&[(1, 0), (8, 0)], Some(5)));
        collected.take(piece(&[(2, 1)], None));
        while collected.next().is_some() {}
        collected.drop_passed_on();
        let left = |collected: &Collected| {
            collected
                .made
                .iter()
                .map(|made| made.keys().len())
                .collect::<Vec<_>>()
        };
        assert_eq!(left(&collected), [2, 0], "one waits");
        collected.take_piece(0, piece(&[(7, 0)], None));
        while collected.next().is_some() {}
        collected.drop_passed_on();
        assert_eq!(left(&collected), [0, 0, 0]);
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
            for pieces in &mut workers {
                collected.take(pieces.next().unwrap());
            }
            while let Some((worker, _)) = collected.waits_for() {
                pass_on(&mut collected);
                collected.drop_passed_on();
                collected.take_piece(worker, workers[worker].next().unwrap());
            }
            pass_on(&mut collected);
            let mut wanted = items.clone();
            wanted.sort_unstable();
            prop_assert_eq!(order, wanted);
            prop_assert_eq!(collected.news().0.count(), items.len());
        }
    }
}
