//! The analysis of a connection that is over, in few bytes.
//!
//! An [`Analysis`] goes in and comes out again. Sequence numbers, windows, scales, the count of duplicate ACKs and the initial RTT are
//! kept; the times of segments are not, since what comes this late is late for every rule that compares with them.

use super::super::sequence::SeqNo;
use super::{Analysis, Flow, Probe, Scale};
use crate::model::{FrameNo, Nanos, Timestamp};

/// The state of an analysis without its times.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct Frozen {
    flows: [FrozenFlow; 2],
    bits: [u16; 2],
    initial_rtt: ShortNanos,
}

/// A span of time in half the bytes: a 27-bit number of units of 1, 2, 4, … ns. To the nanosecond below 134 ms, to the microsecond below
/// 134 s, which is as exact as the clocks it comes from.
#[derive(Clone, Copy, Debug)]
struct ShortNanos(u32);

const UNITS: u32 = 27;

impl ShortNanos {
    fn new(nanos: Nanos) -> ShortNanos {
        let Ok(nanos) = u64::try_from(nanos) else {
            // A clock that went back: as long as can be, as in the rules.
            return ShortNanos(u32::MAX);
        };
        let shift = (u64::BITS - nanos.leading_zeros())
            .saturating_sub(UNITS)
            .min(31);
        let units = (nanos >> shift).min((1 << UNITS) - 1);
        ShortNanos(shift << UNITS | units as u32)
    }

    fn nanos(self) -> Nanos {
        let units = u64::from(self.0 & ((1 << UNITS) - 1));
        (units << (self.0 >> UNITS)).cast_signed()
    }
}

#[derive(Clone, Copy, Debug)]
struct FrozenFlow {
    base: SeqNo,
    next: SeqNo,
    ackable: SeqNo,
    last_ack: SeqNo,
    /// 0 where it is not known, or does not fit.
    duplicates_of: u32,
    window: u16,
    duplicates: u16,
}

/// The low bits hold the shift count, or one of these two.
const SCALE: u16 = 0x1F;
const SCALE_UNKNOWN: u16 = 0x1F;
const SCALE_UNUSED: u16 = 0x1E;
const HAS_BASE: u16 = 1 << 5;
const HAS_ACKED: u16 = 1 << 6;
const HAS_WINDOW: u16 = 1 << 7;
const WINDOW_OF_SYN: u16 = 1 << 8;
const KEEP_ALIVE: u16 = 1 << 9;
const ZERO_WINDOW_PROBE: u16 = 1 << 10;

/// So long ago that nothing is measured from it.
const LONG_AGO: Timestamp = Timestamp(i64::MIN);

impl Frozen {
    /// `None` where the analysis does not fit: a SYN waits for the ACK that tells the initial RTT, or a side went back with what it
    /// acknowledges or changed its scale at the last moment.
    pub(in crate::tcp) fn new(analysis: &Analysis) -> Option<Frozen> {
        let frozen = Frozen {
            flows: analysis.flows.each_ref().map(FrozenFlow::new),
            bits: analysis.flows.each_ref().map(bits),
            initial_rtt: ShortNanos::new(analysis.initial_rtt),
        };
        let rest = |flow: &Flow| (flow.acked, flow.shown, flow.duplicates, flow.duplicates_of);
        let fits = analysis.flows.each_ref().map(rest) == frozen.thaw().flows.each_ref().map(rest);
        let awaits_ack = analysis.syn_time != Timestamp(0) && analysis.initial_rtt == 0;
        (fits && !awaits_ack).then_some(frozen)
    }

    pub(in crate::tcp) fn thaw(&self) -> Analysis {
        Analysis {
            flows: [
                self.flows[0].thaw(self.bits[0]),
                self.flows[1].thaw(self.bits[1]),
            ],
            syn_time: Timestamp(0),
            initial_rtt: self.initial_rtt.nanos(),
        }
    }
}

impl FrozenFlow {
    fn new(flow: &Flow) -> FrozenFlow {
        FrozenFlow {
            base: flow.base.unwrap_or_default(),
            next: flow.next,
            ackable: flow.ackable,
            last_ack: flow.last_ack,
            duplicates_of: u32::try_from(flow.duplicates_of.0).unwrap_or(0),
            window: flow.window.unwrap_or_default(),
            duplicates: match flow.duplicates {
                u32::MAX => u16::MAX,
                count => u16::try_from(count).unwrap_or(u16::MAX - 1),
            },
        }
    }

    fn thaw(&self, bits: u16) -> Flow {
        let scale = match bits & SCALE {
            SCALE_UNKNOWN => Scale::Unknown,
            SCALE_UNUSED => Scale::Unused,
            shift => Scale::Shift(shift as u8),
        };
        let window_of_syn = bits & WINDOW_OF_SYN != 0;
        let window = (bits & HAS_WINDOW != 0).then_some(self.window);
        Flow {
            base: (bits & HAS_BASE != 0).then_some(self.base),
            next: self.next,
            ackable: self.ackable,
            last_ack: self.last_ack,
            acked: (bits & HAS_ACKED != 0).then_some(self.last_ack),
            window,
            shown: window.map(|window| match scale {
                Scale::Shift(shift) if !window_of_syn => u32::from(window) << shift,
                _ => u32::from(window),
            }),
            scale,
            window_of_syn,
            probe: match bits {
                _ if bits & KEEP_ALIVE != 0 => Some(Probe::KeepAlive),
                _ if bits & ZERO_WINDOW_PROBE != 0 => Some(Probe::ZeroWindow),
                _ => None,
            },
            duplicates: match self.duplicates {
                u16::MAX => u32::MAX,
                count => u32::from(count),
            },
            duplicates_of: FrameNo(u64::from(self.duplicates_of)),
            next_time: LONG_AGO,
            last_time: LONG_AGO,
        }
    }
}

fn bits(flow: &Flow) -> u16 {
    let mut bits = match flow.scale {
        Scale::Unknown => SCALE_UNKNOWN,
        Scale::Unused => SCALE_UNUSED,
        Scale::Shift(shift) => u16::from(shift),
    };
    for (bit, set) in [
        (HAS_BASE, flow.base.is_some()),
        (HAS_ACKED, flow.acked.is_some()),
        (HAS_WINDOW, flow.window.is_some()),
        (WINDOW_OF_SYN, flow.window_of_syn),
        (KEEP_ALIVE, flow.probe == Some(Probe::KeepAlive)),
        (ZERO_WINDOW_PROBE, flow.probe == Some(Probe::ZeroWindow)),
    ] {
        if set {
            bits |= bit;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_span_of_time_is_as_exact_as_a_clock() {
        for nanos in [
            0,
            1,
            133_999_999,
            134_217_727,
            500_123_000,
            119_999_999_000,
            -5,
        ] {
            let kept = ShortNanos::new(nanos).nanos();
            let exact = match nanos {
                0..134_217_728 => kept == nanos,
                134_217_728.. => (0..1_000).contains(&(nanos - kept)),
                _ => kept > 1 << 57,
            };
            assert!(exact, "{nanos}: {kept}");
        }
    }
}
