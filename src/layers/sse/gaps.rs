//! The gaps between a session's events: how many, the shortest, the median, the 95th percentile, the longest.
//!
//! Nanoseconds come in one by one; percentiles by nearest rank come out, exact up to `limits::EXACT_GAPS` gaps. Beyond that the
//! gaps are counted in buckets whose borders grow with the value, and the percentiles are less than 1 % off; shortest and
//! longest stay exact. Memory is bounded by both.

use crate::model::{Gaps, Nanos, fetch, limits};

/// The gaps of one session.
#[derive(Debug, Default)]
pub(super) struct GapCounter(Kept);

/// Gaps that there is room for from the second event on: a model's answer has some dozens.
const FEW: usize = 32;

#[derive(Debug)]
enum Kept {
    /// Every gap.
    Exact(Vec<Nanos>),
    /// How many gaps fell into each bucket.
    Counted(Box<Buckets>),
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::Exact(Vec::new())
    }
}

impl GapCounter {
    pub(super) fn add(&mut self, gap: Nanos) {
        match &mut self.0 {
            Kept::Exact(gaps) if gaps.len() < limits::EXACT_GAPS => {
                if gaps.is_empty() {
                    gaps.reserve(FEW);
                }
                gaps.push(gap);
            }
            Kept::Exact(gaps) => {
                let mut buckets = Buckets::NEW;
                for gap in gaps.iter().chain([&gap]) {
                    buckets.add(*gap);
                }
                self.0 = Kept::Counted(Box::new(buckets));
            }
            Kept::Counted(buckets) => buckets.add(gap),
        }
    }

    /// Has fetched where the next gap is kept.
    #[inline]
    pub(super) fn fetch(&self) {
        if let Kept::Exact(gaps) = &self.0 {
            gaps.last().into_iter().for_each(fetch);
        }
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        match &self.0 {
            Kept::Exact(gaps) => gaps.capacity() * size_of::<Nanos>(),
            Kept::Counted(buckets) => buckets.memory(),
        }
    }

    /// `None` without a gap.
    pub(super) fn summary(self) -> Option<Gaps> {
        match self.0 {
            Kept::Exact(mut gaps) => {
                let (min, max) = (*gaps.iter().min()?, *gaps.iter().max()?);
                let rank = |percent| nearest_rank(gaps.len() as u64, percent) as usize;
                let (fifty, ninety_five) = (rank(50), rank(95));
                let (below, p95, _) = gaps.select_nth_unstable(ninety_five - 1);
                let p95 = *p95;
                // Of one gap both ranks are the first.
                let p50 = match fifty < ninety_five {
                    true => *below.select_nth_unstable(fifty - 1).1,
                    false => p95,
                };
                Some(Gaps { min, p50, p95, max })
            }
            Kept::Counted(buckets) => {
                let Buckets {
                    count, min, max, ..
                } = *buckets;
                let percentile = |percent| {
                    let gap = buckets.nth(nearest_rank(count, percent));
                    gap.map_or(max, |gap| gap.clamp(min, max))
                };
                Some(Gaps {
                    min,
                    p50: percentile(50),
                    p95: percentile(95),
                    max,
                })
            }
        }
    }
}

/// The rank, from 1, of the smallest value below or at which that share of so many lies.
fn nearest_rank(count: u64, percent: u64) -> u64 {
    (count * percent).div_ceil(100).max(1)
}

/// Counts of gaps, a page of buckets for each power of two: the gaps of one session lie in a few of them.
#[derive(Debug)]
struct Buckets {
    count: u64,
    min: Nanos,
    max: Nanos,
    pages: Vec<Option<Box<Page>>>,
    /// Pages that are there.
    used: usize,
}

type Page = [u32; STEPS as usize];

impl Buckets {
    const NEW: Buckets = Buckets {
        count: 0,
        min: Nanos::MAX,
        max: Nanos::MIN,
        pages: Vec::new(),
        used: 0,
    };

    fn add(&mut self, gap: Nanos) {
        self.count += 1;
        self.min = self.min.min(gap);
        self.max = self.max.max(gap);
        let bucket = bucket_of(gap);
        let (page, place) = (bucket / STEPS as usize, bucket % STEPS as usize);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let page = self.pages[page].get_or_insert_with(|| {
            self.used += 1;
            Box::new([0; STEPS as usize])
        });
        page[place] = page[place].saturating_add(1);
    }

    fn memory(&self) -> usize {
        size_of::<Buckets>()
            + self.pages.capacity() * size_of::<Option<Box<Page>>>()
            + self.used * size_of::<Page>()
    }

    /// A value near the gap of that rank, from 1.
    fn nth(&self, rank: u64) -> Option<Nanos> {
        let mut below = 0;
        for (number, page) in self.pages.iter().enumerate() {
            for (place, count) in page.iter().flat_map(|page| page.iter()).enumerate() {
                below += u64::from(*count);
                if below >= rank {
                    return Some(middle_of(number * STEPS as usize + place));
                }
            }
        }
        None
    }
}

/// Each power of two is cut into so many buckets of equal width: a bucket's middle is at most 1/256 of the value away.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 7;

/// Bucket 0 takes what is not positive; then values below `STEPS` one by one; then `STEPS` buckets for each power of two up to 2^62.
fn bucket_of(gap: Nanos) -> usize {
    let value = match u64::try_from(gap) {
        Ok(value) if value > 0 => value,
        _ => return 0,
    };
    if value < STEPS {
        return value as usize;
    }
    let shift = value.ilog2() - STEP_BITS;
    // The shifted value lies in STEPS..2 * STEPS, so each shift has its own run of STEPS buckets.
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

fn middle_of(bucket: usize) -> Nanos {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket as Nanos;
    }
    let shift = bucket / STEPS - 1;
    let low = (bucket % STEPS + STEPS) << shift;
    (low + ((1u64 << shift) >> 1)) as Nanos
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(gaps: impl IntoIterator<Item = Nanos>) -> GapCounter {
        let mut counter = GapCounter::default();
        for gap in gaps {
            counter.add(gap);
        }
        counter
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let gaps = counted([40, 10, 30, 20]).summary().unwrap();
        assert_eq!(
            gaps,
            Gaps {
                min: 10,
                p50: 20,
                p95: 40,
                max: 40
            }
        );
        assert_eq!(counted([7]).summary().unwrap().p50, 7);
        assert_eq!(counted([]).summary(), None);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_gaps_in_order(mut gaps in prop::collection::vec(-50..50_i64, 1..120)) {
            let summary = counted(gaps.iter().copied()).summary().unwrap();
            gaps.sort_unstable();
            let at = |percent: usize| gaps[(gaps.len() * percent).div_ceil(100) - 1];
            let wanted = Gaps { min: gaps[0], p50: at(50), p95: at(95), max: gaps[gaps.len() - 1] };
            prop_assert_eq!(summary, wanted);
        }
    }

    #[test]
    fn beyond_the_exact_gaps_percentiles_are_less_than_one_percent_off() {
        let many = 3 * limits::EXACT_GAPS as i64;
        let gaps = counted((1..=many).map(|n| n * 1_000_003))
            .summary()
            .unwrap();
        for (got, share) in [(gaps.p50, 50), (gaps.p95, 95)] {
            let exact = (many * share + 99) / 100 * 1_000_003;
            assert!((got - exact).abs() * 100 < exact, "{got} for {exact}");
        }
        assert_eq!((gaps.min, gaps.max), (1_000_003, many * 1_000_003));
    }

    #[test]
    fn every_gap_has_a_bucket_whose_middle_is_near() {
        for gap in (0..63).flat_map(|bit| [(1i64 << bit) - 1, 1 << bit, (1 << bit) + 1]) {
            let bucket = bucket_of(gap);
            assert!(bucket < 64 * STEPS as usize);
            assert!((middle_of(bucket) - gap).abs() <= gap / 128, "{gap}");
        }
        assert_eq!(bucket_of(i64::MIN), 0);
        assert!(bucket_of(i64::MAX) < 64 * STEPS as usize);
    }
}
