//! Numbers as text: whole numbers and exact seconds, appended to a byte buffer without an allocation.

use crate::model::{Endpoint, Nanos};
use std::io::Write;
use std::net::IpAddr;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Appends `value` in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, mut value: u64) {
    // u64::MAX has 20 digits.
    let mut digits = [b'0'; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[digits.len() - length..]);
}

/// Appends nanoseconds as seconds: the integer part and as many of nine decimals as are not trailing zeros. Never an exponent,
/// and exact: no float is made.
pub(crate) fn push_seconds(out: &mut Vec<u8>, value: Nanos) {
    if value < 0 {
        out.push(b'-');
    }
    let nanos = value.unsigned_abs();
    push_number(out, nanos / NANOS_PER_SECOND);
    let mut fraction = nanos % NANOS_PER_SECOND;
    if fraction == 0 {
        return;
    }
    let mut places = 9;
    // Most clocks tick in microseconds.
    if fraction.is_multiple_of(1_000) {
        fraction /= 1_000;
        places = 6;
    }
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    out.push(b'.');
    push_padded(out, fraction, places);
}

/// Appends `value` with leading zeros up to `places` digits, at most nine.
pub(crate) fn push_padded(out: &mut Vec<u8>, mut value: u64, places: usize) {
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[digits.len().saturating_sub(places)..]);
}

/// Appends `127.0.0.1:8080` or `[::1]:8080`.
pub(crate) fn push_endpoint(out: &mut Vec<u8>, endpoint: Endpoint) {
    match endpoint.address {
        // By hand: twice for each frame, and the formatter costs several times as much.
        IpAddr::V4(v4) => {
            let mut text = [0; 16];
            let mut length = 0;
            for octet in v4.octets() {
                let (digits, count) = OCTETS[usize::from(octet)];
                // Four octets with their dots take 16 bytes at most.
                text[length..length + 4].copy_from_slice(&digits);
                length += count;
            }
            out.extend_from_slice(&text[..length - 1]);
            out.push(b':');
            push_number(out, u64::from(endpoint.port));
        }
        IpAddr::V6(_) => {
            // A Vec takes every write.
            let _ = write!(out, "{endpoint}");
        }
    }
}

/// Each octet in decimal with a dot behind it, and how many bytes that takes.
const OCTETS: [([u8; 4], usize); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
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
        let mut out = Vec::new();
        push_seconds(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn seconds_are_exact_and_have_no_trailing_zeros() {
        assert_eq!(seconds(0), "0");
        assert_eq!(seconds(3_568_843_000), "3.568843");
        assert_eq!(seconds(1), "0.000000001");
        assert_eq!(seconds(-1_500_000_000), "-1.5");
        assert_eq!(seconds(60_000_000_000), "60");
        assert_eq!(seconds(Nanos::MAX), "9223372036.854775807");
        assert_eq!(seconds(Nanos::MIN), "-9223372036.854775808");
    }

    #[test]
    fn numbers_are_what_the_formatter_writes() {
        for value in [0, 1, 9, 10, 12_345, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
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
            let mut out = Vec::new();
            push_endpoint(&mut out, endpoint);
            assert_eq!(String::from_utf8(out).unwrap(), endpoint.to_string());
        }
    }
}
