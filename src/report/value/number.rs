//! Numbers as text: whole numbers and exact seconds, appended to a byte buffer without an allocation.

use crate::model::{Endpoint, Nanos, Out};
use std::net::IpAddr;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Appends `value` in decimal.
#[inline]
pub(crate) fn push_number(out: &mut Out, value: u64) {
    if value < EIGHT_DIGITS {
        push_short(out, value as u32);
    } else {
        push_long(out, value);
    }
}

/// The first number that has more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a number of at most eight digits.
#[inline]
fn push_short(out: &mut Out, value: u32) {
    let digits = digits(value);
    // The first digit is the lowest byte; zero itself has one.
    let zeros = (digits.trailing_zeros() / 8).min(7);
    let text = (digits | ASCII) >> (8 * zeros);
    out.push_of_eight(text.to_le_bytes(), 8 - zeros as usize);
}

fn push_long(out: &mut Out, value: u64) {
    push_number(out, value / EIGHT_DIGITS);
    push_eight(out, (value % EIGHT_DIGITS) as u32);
}

/// Appends a number of at most eight digits as eight.
fn push_eight(out: &mut Out, value: u32) {
    out.extend_from_slice(&(digits(value) | ASCII).to_le_bytes());
}

/// Appends nine digits.
pub(crate) fn push_nanoseconds(out: &mut Out, value: u32) {
    push_eight(out, value / 10);
    out.push(b'0' + (value % 10) as u8);
}

/// What makes characters of eight digits.
const ASCII: u64 = 0x3030_3030_3030_3030;

/// The eight digits of a number that has no more, the first in the lowest byte: all are found at once, by halves.
#[inline]
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

/// Appends nanoseconds as seconds: the integer part and as many of nine decimals as are not trailing zeros. Never an exponent,
/// and exact: no float is made.
pub(crate) fn push_seconds(out: &mut Out, value: Nanos) {
    if value < 0 {
        out.push(b'-');
    }
    let nanos = value.unsigned_abs();
    push_number(out, nanos / NANOS_PER_SECOND);
    let fraction = (nanos % NANOS_PER_SECOND) as u32;
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    let (first, last) = (fraction / 10, fraction % 10);
    let digits = digits(first);
    // The last digit is the highest byte.
    let zeros = if last > 0 {
        0
    } else {
        digits.leading_zeros() / 8
    };
    out.push_of_eight((digits | ASCII).to_le_bytes(), 8 - zeros as usize);
    if last > 0 {
        out.push(b'0' + last as u8);
    }
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
    match endpoint.address {
        // By hand: twice for each frame, and the formatter costs several times as much.
        IpAddr::V4(v4) => {
            for octet in v4.octets() {
                let (digits, count) = OCTETS[usize::from(octet)];
                out.push_of_eight(digits, count);
            }
            out.pop();
            out.push(b':');
            push_number(out, u64::from(endpoint.port));
        }
        IpAddr::V6(_) => {
            out.extend_from_slice(endpoint.to_string().as_bytes());
        }
    }
}

/// Each octet in decimal with a dot behind it, and how many bytes that takes.
const OCTETS: [([u8; 8], usize); 256] = {
    let mut octets = [([b'.'; 8], 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let mut skip = if octet < 10 {
            2
        } else if octet < 100 {
            1
        } else {
            0
        };
        octets[octet].1 = 4 - skip;
        let mut place = 0;
        while skip < 3 {
            octets[octet].0[place] = b'0' + digits[skip] as u8;
            place += 1;
            skip += 1;
        }
        octet += 1;
    }
    octets
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
