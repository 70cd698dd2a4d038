//! Numbers as text: whole numbers and exact seconds, appended to a byte buffer without an allocation.

use super::room::Room;
use crate::model::{Endpoint, Nanos, Out};

/// Appends `value` in decimal.
#[inline]
pub(crate) fn push_number(out: &mut Out, value: u64) {
    push_number_behind(out, b"", value);
}

/// Appends some bytes, then `value` in decimal.
#[inline(always)] // Where the bytes are known, their length is, and the copy is a few instructions.
pub(super) fn push_number_behind(out: &mut Out, bytes: &[u8], value: u64) {
    out.write_behind(bytes, |room: &mut [u8; 24]| {
        let mut room = Room::new(room);
        room.number(value);
        room.written()
    });
}

/// The first number that has more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The text of a number of at most three digits: so many bytes count.
#[inline(always)] // As `push_number_behind`.
pub(super) fn three(value: u64) -> Option<([u8; 4], usize)> {
    let text = *THREE_DIGITS.get(usize::try_from(value).ok()?)?;
    Some((text, text[3].into()))
}

/// A number in decimal. It is written and read as one word: reading what was written in pieces would wait for these.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digits {
    /// At most eight.
    Few {
        /// The first in the lowest byte.
        text: u64,
        /// How many.
        count: u8,
    },
    /// Those of a number that has more.
    Many(u64),
}

impl Digits {
    pub(super) const ZERO: Digits = Digits::Few {
        text: b'0' as u64,
        count: 1,
    };

    /// Those of a number.
    #[inline(always)] // As `push_number_behind`.
    pub(super) fn of(value: u64) -> Digits {
        if value >= EIGHT_DIGITS {
            return Digits::Many(value);
        }
        let digits = digits(value as u32);
        // The first digit is the lowest byte; zero itself has one.
        let zeros = (digits | 1 << 56).trailing_zeros() / 8;
        Digits::Few {
            text: (digits | ASCII) >> (8 * zeros),
            count: 8 - zeros as u8,
        }
    }

    /// Makes them those of the next number, if that differs in the last digit only. Whether it does.
    #[inline(always)] // As `push_number_behind`.
    pub(super) fn count(&mut self) -> bool {
        let Digits::Few { text, count } = self else {
            return false;
        };
        let last = 8 * (u32::from(*count) - 1);
        let counts = (*text >> last) as u8 != b'9';
        if counts {
            *text += 1 << last;
        }
        counts
    }
}

/// The text of any number: so many bytes count.
#[cold]
pub(super) fn long(mut value: u64) -> ([u8; 24], usize) {
    let (mut text, mut count) = ([b' '; 24], 0);
    while count == 0 || value > 0 {
        count += 1;
        text[24 - count] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    text.rotate_right(count);
    (text, count)
}

/// The text of nanoseconds of a second, as nine digits.
#[inline(always)] // As `push_number_behind`.
pub(super) fn nine(nanos: u32) -> [u8; 9] {
    let [a, b, c, d, e, f, g, h] = (digits(nanos / 10) | ASCII).to_le_bytes();
    [a, b, c, d, e, f, g, h, b'0' + (nanos % 10) as u8]
}

/// The same, and how many of them are not trailing zeros.
#[inline(always)] // As `push_number_behind`.
pub(super) fn tail(nanos: u32) -> ([u8; 9], usize) {
    let count = match nanos % 10 {
        // The last digit is the highest byte.
        0 => 8 - digits(nanos / 10).leading_zeros() as usize / 8,
        _ => 9,
    };
    (nine(nanos), count)
}

/// What makes characters of eight digits.
const ASCII: u64 = 0x3030_3030_3030_3030;

/// The eight digits of a number that has no more, the first in the lowest byte: all are found at once, by halves.
#[inline(never)] // In each of its places, its code is more than the processor keeps at hand.
fn digits(value: u32) -> u64 {
    let value = u64::from(value);
    let (high, low) = (value / 10_000, value % 10_000);
    let fours = high | low << 32;
    // 10486 / 2^20 is a hundredth, exact enough for four digits; 103 / 2^10 a tenth, for two.
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    tens | (twos - 10 * tens) << 8
}

/// Appends nanoseconds as seconds, exact: [`Room::seconds`].
pub(crate) fn push_seconds(out: &mut Out, value: Nanos) {
    out.write_behind(b"", |room: &mut [u8; 48]| {
        let mut room = Room::new(room);
        room.seconds(value);
        room.written()
    });
}

/// Appends `value` with leading zeros up to `places` digits, at most nine.
pub(crate) fn push_padded(out: &mut Out, mut value: u64, places: usize) {
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[digits.len().saturating_sub(places)..]);
}

/// Appends `127.0.0.1:8080` or `[::1]:8080`.
pub(crate) fn push_endpoint(out: &mut Out, endpoint: Endpoint) {
    out.write_behind(b"", |room: &mut [u8; 48]| {
        let mut room = Room::new(room);
        room.endpoint(endpoint);
        room.written()
    });
}

/// Each number of at most three digits in decimal, and how many digits it has.
static THREE_DIGITS: [[u8; 4]; 1000] = {
    let mut numbers = [[b' '; 4]; 1000];
    let mut number = 0;
    while number < 1000 {
        let (mut count, mut rest) = (0, number);
        while count == 0 || rest > 0 {
            let [first, second, ..] = numbers[number];
            numbers[number] = [b'0' + (rest % 10) as u8, first, second, 0];
            rest /= 10;
            count += 1;
        }
        numbers[number][3] = count;
        number += 1;
    }
    numbers
};

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: Nanos) -> String {
        let mut out = Out::default();
        push_seconds(&mut out, value);
        String::from_utf8(out.written().to_vec()).unwrap()
    }

    #[test]
    fn seconds_are_exact_and_have_no_trailing_zeros() {
        assert_eq!(seconds(0), "0");
        assert_eq!(seconds(3_568_843_000), "3.568843");
        assert_eq!(seconds(1), "0.000000001");
        assert_eq!(seconds(-1_500_000_000), "-1.5");
        assert_eq!(seconds(10), "0.00000001");
        assert_eq!(seconds(100_000), "0.0001");
        assert_eq!(seconds(60_000_000_000), "60");
        assert_eq!(seconds(Nanos::MAX), "9223372036.854775807");
        assert_eq!(seconds(Nanos::MIN), "-9223372036.854775808");
    }

    #[test]
    fn eight_digits_are_those_of_the_formatter() {
        for value in (0..100_000_000).step_by(9_973).chain(0..20_000) {
            let wanted = format!("{value:08}");
            assert_eq!((digits(value) | ASCII).to_le_bytes(), wanted.as_bytes());
        }
    }

    #[test]
    fn numbers_are_what_the_formatter_writes() {
        for value in [
            0,
            1,
            9,
            10,
            99,
            100,
            12_345,
            9_999_999,
            10_000_000,
            99_999_999,
            100_000_000,
            100_000_001,
            10_000_000_000_000_001,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut out = Out::default();
            push_number(&mut out, value);
            assert_eq!(
                String::from_utf8(out.written().to_vec()).unwrap(),
                value.to_string()
            );
        }
    }

    #[test]
    fn an_endpoint_is_what_the_formatter_writes() {
        for address in [
            "127.0.0.1",
            "10.0.255.9",
            "255.255.255.255",
            "99.100.7.0",
            "::1",
            "fe80::1:2",
        ] {
            let endpoint = Endpoint {
                address: address.parse().unwrap(),
                port: 8080,
            };
            let mut out = Out::default();
            push_endpoint(&mut out, endpoint);
            assert_eq!(
                String::from_utf8(out.written().to_vec()).unwrap(),
                endpoint.to_string()
            );
        }
    }
}
