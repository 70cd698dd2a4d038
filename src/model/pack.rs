//! What is hardly ever looked at again, in few bytes: numbers take as many as they need, and those that lie near each other are kept as differences.
//!
//! What is packed names its parts in one place, for both ways: [`Pack`] writes them, or puts in their place what was written. Reading never fails and never
//! panics: beyond the end there are zeros.

use super::{At, Endpoint, FrameNo, Timestamp};
use std::net::IpAddr;

/// Goes through the parts of something. Each call either writes a value or replaces it by the one that was written.
#[derive(Debug)]
pub struct Pack<'a> {
    way: Way<'a>,
    /// The frame, the time and the sequence number that came last.
    frame: u64,
    time: u64,
    sequence: u32,
}

#[derive(Debug)]
enum Way<'a> {
    Writes(&'a mut Vec<u8>),
    Reads(&'a [u8]),
}

/// Bits of a number in a byte; the highest tells whether more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

impl<'a> Pack<'a> {
    /// Writes behind `bytes`.
    pub fn writes(bytes: &'a mut Vec<u8>) -> Pack<'a> {
        Pack::new(Way::Writes(bytes))
    }

    /// Reads from the beginning of `bytes`.
    pub fn reads(bytes: &'a [u8]) -> Pack<'a> {
        Pack::new(Way::Reads(bytes))
    }

    fn new(way: Way<'a>) -> Pack<'a> {
        Pack {
            way,
            frame: 0,
            time: 0,
            sequence: 0,
        }
    }

    /// A number: the smaller, the fewer bytes.
    pub fn number(&mut self, number: &mut u64) {
        match &mut self.way {
            Way::Writes(bytes) => {
                let mut rest = *number;
                while rest >= u64::from(MORE) {
                    bytes.push(rest as u8 | MORE); // its low bits
                    rest >>= BITS;
                }
                bytes.push(rest as u8);
            }
            Way::Reads(bytes) => {
                *number = 0;
                let mut shift = 0;
                while let Some((byte, rest)) = bytes.split_first() {
                    *bytes = rest;
                    *number |= u64::from(byte & !MORE) << shift;
                    shift += BITS;
                    if byte & MORE == 0 || shift >= u64::BITS {
                        break;
                    }
                }
            }
        }
    }

    /// A number of another type, which it fits into again.
    pub fn small<T: Copy + Default + Into<u64> + TryFrom<u64>>(&mut self, number: &mut T) {
        let mut wide = (*number).into();
        self.number(&mut wide);
        *number = T::try_from(wide).unwrap_or_default();
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: &mut i64) {
        let mut folded = (*number << 1 ^ *number >> 63).cast_unsigned();
        self.number(&mut folded);
        *number = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
    }

    /// How many of something there are.
    pub fn length(&mut self, length: usize) -> usize {
        let mut number = length as u64;
        self.number(&mut number);
        number as usize
    }

    /// A truth.
    pub fn flag(&mut self, flag: &mut bool) {
        let mut number = u8::from(*flag);
        self.small(&mut number);
        *flag = number != 0;
    }

    /// One of a few values; the first where it is none of them.
    pub fn choice<T: Copy + PartialEq>(&mut self, choice: &mut T, of: &[T]) {
        let place = of.iter().position(|value| value == choice).unwrap_or(0);
        let place = self.length(place);
        if let Some(value) = of.get(place) {
            *choice = *value;
        }
    }

    /// Something that may be missing.
    pub fn option<T: Default>(
        &mut self,
        option: &mut Option<T>,
        part: impl FnOnce(&mut Pack<'a>, &mut T),
    ) {
        let mut some = option.is_some();
        self.flag(&mut some);
        match some {
            true => part(self, option.get_or_insert_default()),
            false => *option = None,
        }
    }

    /// A frame's number, as the difference to the one that came before.
    pub fn frame(&mut self, frame: &mut FrameNo) {
        let mut step = frame.0.wrapping_sub(self.frame).cast_signed();
        self.signed(&mut step);
        self.frame = self.frame.wrapping_add(step.cast_unsigned());
        frame.0 = self.frame;
    }

    /// A time, as the difference to the one that came before.
    pub fn time(&mut self, time: &mut Timestamp) {
        let mut step = time.0.cast_unsigned().wrapping_sub(self.time).cast_signed();
        self.signed(&mut step);
        self.time = self.time.wrapping_add(step.cast_unsigned());
        time.0 = self.time.cast_signed();
    }

    /// A frame and its time.
    pub fn at(&mut self, at: &mut At) {
        self.frame(&mut at.frame);
        self.time(&mut at.time);
    }

    /// A sequence number, as the difference to the one that came before.
    pub fn sequence(&mut self, sequence: &mut u32) {
        let step = sequence.wrapping_sub(self.sequence).cast_signed();
        let mut step = i64::from(step);
        self.signed(&mut step);
        self.sequence = self.sequence.wrapping_add(step as u32); // it has come from 32 bits
        *sequence = self.sequence;
    }

    /// An address and a port.
    pub fn endpoint(&mut self, end: &mut Endpoint) {
        let mut is_v6 = end.address.is_ipv6();
        self.flag(&mut is_v6);
        let bits = match end.address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let (mut high, mut low) = ((bits >> 64) as u64, bits as u64); // both halves
        if is_v6 {
            self.number(&mut high);
        }
        self.number(&mut low);
        end.address = match is_v6 {
            true => IpAddr::V6((u128::from(high) << 64 | u128::from(low)).into()),
            false => IpAddr::V4((low as u32).into()), // as it was written
        };
        self.small(&mut end.port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end() -> impl Strategy<Value = Endpoint> {
        let address = prop_oneof![
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u8; 16]>().prop_map(IpAddr::from),
        ];
        (address, any::<u16>()).prop_map(|(address, port)| Endpoint { address, port })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            numbers in prop::collection::vec(any::<(u64, i64, u64, i64, u32, u16, Option<bool>)>(), 0..9),
            ends in prop::collection::vec(end(), 0..4),
        ) {
            let pass = |pack: &mut Pack<'_>, (mut a, mut b, c, d, mut e, mut f, mut g): (u64, i64, u64, i64, u32, u16, Option<bool>)| {
                let mut at = At { frame: FrameNo(c), time: Timestamp(d) };
                pack.number(&mut a);
                pack.signed(&mut b);
                pack.at(&mut at);
                pack.sequence(&mut e);
                pack.small(&mut f);
                pack.option(&mut g, Pack::flag);
                (a, b, at.frame.0, at.time.0, e, f, g)
            };
            let end = |pack: &mut Pack<'_>, mut end: Endpoint| {
                pack.endpoint(&mut end);
                end
            };
            let mut bytes = Vec::new();
            let mut pack = Pack::writes(&mut bytes);
            for &number in &numbers {
                prop_assert_eq!(pass(&mut pack, number), number);
            }
            for &written in &ends {
                prop_assert_eq!(end(&mut pack, written), written);
            }
            let mut pack = Pack::reads(&bytes);
            for &number in &numbers {
                prop_assert_eq!(pass(&mut pack, Default::default()), number);
            }
            let blank = Endpoint { address: [0, 0, 0, 0].into(), port: 0 };
            for &written in &ends {
                prop_assert_eq!(end(&mut pack, blank), written);
            }
        }

        #[test]
        fn what_nobody_wrote_is_read_as_something(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut pack = Pack::reads(&bytes);
            for _ in 0..9 {
                pack.signed(&mut 0);
                pack.at(&mut At::default());
                pack.choice(&mut 'a', &['a', 'b']);
                pack.option(&mut None, Pack::small::<u8>);
                pack.endpoint(&mut Endpoint { address: [0; 16].into(), port: 0 });
            }
        }
    }

    #[test]
    fn what_lies_near_takes_few_bytes() {
        let mut bytes = Vec::new();
        let mut pack = Pack::writes(&mut bytes);
        for frame in [1_000_000, 1_000_004, 1_000_002] {
            pack.frame(&mut FrameNo(frame));
        }
        pack.choice(&mut 'c', &['a', 'b', 'c']);
        assert_eq!(bytes.len(), 3 + 1 + 1 + 1);
    }
}
