//! Sequence numbers (RFC 9293 §3.4): positions on a circle of 2^32, compared by the shorter way round.
//!
//! Raw numbers of segments come in; comparisons and differences go out. Nothing here ever panics or saturates: the circle wraps.

use crate::model::Pack;

/// A sequence number as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SeqNo(pub(super) u32);

impl SeqNo {
    /// Its part in what waits in few bytes.
    pub(super) fn pack(&mut self, pack: &mut Pack<'_>) {
        pack.sequence(&mut self.0);
    }

    /// The number `bytes` further on.
    pub(super) fn plus(self, bytes: u32) -> SeqNo {
        SeqNo(self.0.wrapping_add(bytes))
    }

    /// The number `bytes` earlier.
    pub(super) fn minus(self, bytes: u32) -> SeqNo {
        SeqNo(self.0.wrapping_sub(bytes))
    }

    /// How far `self` lies behind `earlier`; negative where it lies before it.
    pub(super) fn since(self, earlier: SeqNo) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The distance from `base`, as a relative number of Wireshark's.
    pub(super) fn relative_to(self, base: SeqNo) -> u32 {
        self.0.wrapping_sub(base.0)
    }

    /// Whether `self` lies behind `other`. Two numbers half the circle apart lie both behind and before each other, as in Wireshark.
    pub(super) fn is_after(self, other: SeqNo) -> bool {
        other.since(self) < 0
    }

    /// Whether `self` lies before `other`.
    pub(super) fn is_before(self, other: SeqNo) -> bool {
        self.since(other) < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_goes_the_shorter_way_round_the_circle() {
        assert!(SeqNo(2).is_after(SeqNo(u32::MAX)));
        assert!(SeqNo(u32::MAX).is_before(SeqNo(2)));
        assert_eq!(SeqNo(2).since(SeqNo(u32::MAX)), 3);
        assert!(!SeqNo(7).is_after(SeqNo(7)) && !SeqNo(7).is_before(SeqNo(7)));
    }
}
