//! Asks the processor for memory that will be needed soon: it comes into the cache while something else is worked off.
//!
//! A hint, which changes nothing but time. Whoever reads the memory instead waits for it.

use prefetch_index::prefetch_index;
use std::slice;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Asks for the line that `of` begins in.
#[inline(always)]
pub fn fetch<T>(of: &T) {
    prefetch_index(slice::from_ref(of), 0);
}

/// Asks for the line that `first` begins in and the ones behind it, so many in all: whatever stands behind `first`, of which nothing is read.
#[inline(always)]
pub fn fetch_behind(first: &bool, lines: usize) {
    for line in 0..lines {
        prefetch_index(slice::from_ref(first), line * LINE);
    }
}

/// Asks for the line that the next element of `list` will begin in.
#[inline(always)]
pub fn fetch_end<T>(list: &[T]) {
    prefetch_index(list, list.len());
}

/// Asks for the lines that `bytes` lie in, the first so many.
#[inline(always)]
pub fn fetch_lines(bytes: &[u8], most: usize) {
    for line in 0..bytes.len().div_ceil(LINE).min(most) {
        prefetch_index(bytes, line * LINE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_may_lie_behind_all_that_there_is() {
        let list = vec![[7_u64; 8]; 3];
        fetch(&list[0]);
        fetch_end(&list);
        fetch_end::<u64>(&[]);
        fetch_behind(&true, 1_000_000);
        fetch_lines(&[1; 100], usize::MAX);
        fetch_lines(&[], usize::MAX);
        assert_eq!(list, [[7; 8]; 3]);
    }
}
