//! What was told of a connection's memory, and when it is looked at again: not with every frame, since adding it up takes as long as some frames.
//!
//! In: what its segments carry, and the sums. Out: steps, where they have changed. It is looked at whenever the worker leaves the connection within an
//! epoch in which that is due; so what was told last when the epoch ends depends on the connection's own frames alone, wherever batches
//! ended.

use crate::model::limits;

#[derive(Debug, Default)]
pub(super) struct Growth {
    /// What was told last, in steps of `limits::GROWN`.
    told: u32,
    /// Bytes of payload so far. It wraps.
    carried: u32,
    /// The epoch in which it was due last.
    due: u32,
    /// Whether it is due in every epoch.
    always: bool,
}

impl Growth {
    /// A segment of `epoch` carried so many bytes of payload: every so many make it due.
    #[inline]
    pub(super) fn carry(&mut self, bytes: usize, epoch: u32) {
        let before = self.carried / limits::CARRIED;
        self.carried = self.carried.wrapping_add(bytes as u32); // a frame has less than 4 GiB
        if self.carried / limits::CARRIED != before {
            self.due = epoch;
        }
    }

    /// More than payload came in `epoch`.
    #[inline]
    pub(super) fn news(&mut self, epoch: u32) {
        self.due = epoch;
    }

    /// Whether it is to be looked at.
    #[inline]
    pub(super) fn is_due(&self, epoch: u32) -> bool {
        self.always || self.due == epoch
    }

    /// It was looked at in `epoch`, for the rest of which that stays due: its [`steps`], where they have changed.
    /// `always`: whether it may grow by more than what it carries.
    pub(super) fn look(
        &mut self,
        epoch: u32,
        held: usize,
        reckoned: usize,
        always: bool,
    ) -> Option<u32> {
        let steps = steps(held, reckoned);
        self.due = epoch;
        self.always = always || held > limits::LARGE;
        (std::mem::replace(&mut self.told, steps) != steps).then_some(steps)
    }
}

/// The steps of `limits::GROWN` by which `held` is more than the bytes that such a connection is `reckoned` with.
pub(super) fn steps(held: usize, reckoned: usize) -> u32 {
    let steps = held.saturating_sub(reckoned).div_ceil(limits::GROWN);
    u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_it_is_due_in_an_epoch_does_not_depend_on_the_borders_of_segments() {
        let bytes = limits::CARRIED as usize * 5 / 2;
        let (mut whole, mut parts) = (Growth::default(), Growth::default());
        for epoch in 1..9 {
            whole.carry(bytes, epoch);
            (0..bytes).for_each(|_| parts.carry(1, epoch));
            assert!(whole.is_due(epoch) && parts.is_due(epoch));
        }
        assert_eq!(whole.carried, parts.carried);
        parts.carry(1, 9);
        assert!(!parts.is_due(9));
        parts.carried = u32::MAX;
        parts.carry(1, 9);
        assert!(parts.is_due(9), "it wraps");
    }

    #[test]
    fn steps_are_told_where_they_change() {
        let mut growth = Growth::default();
        growth.news(5);
        assert_eq!(growth.look(5, 1_000, 4_096, false), None);
        assert!(growth.is_due(5), "more may come in the same epoch");
        assert_eq!(growth.look(5, 4_097, 4_096, true), Some(1));
        assert!(growth.is_due(77), "it decodes");
        let two = 4_097 + limits::GROWN;
        assert_eq!(growth.look(77, two, 4_096, false), Some(2));
        assert_eq!(growth.look(77, two + 1, 4_096, false), None);
        assert_eq!(growth.look(77, 0, 4_096, false), Some(0));
        assert!(!growth.is_due(78));
    }

    #[test]
    fn what_is_large_is_looked_at_in_every_epoch_and_to_its_end() {
        let mut growth = Growth::default();
        growth.news(5);
        growth.look(5, limits::LARGE + 1, 4_096, false);
        assert!(growth.is_due(6));
        growth.look(6, limits::LARGE, 4_096, false);
        // As where there was no such look, wherever batches end.
        assert!(growth.is_due(6) && !growth.is_due(7));
    }
}
