//! Capture time as RFC 3339 text in UTC, with nine decimals.
//!
//! Captures hold many frames of one second, so the text of the last second is kept. It never asks a clock.

use super::number::{nine, push_number, push_padded};
use crate::model::{Out, Timestamp};

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Writes times; remembers the last second.
#[derive(Debug)]
pub(crate) struct Utc {
    /// When the second began.
    start: i64,
    /// `2026-11-23T23:52:10.`
    second: [u8; 20],
}

impl Utc {
    /// A writer of times.
    pub(crate) fn new() -> Utc {
        let mut utc = Utc {
            start: 0,
            second: [b' '; 20],
        };
        utc.spell(0);
        utc
    }

    /// Appends `time` as `2026-11-23T23:52:10.123456789Z`.
    pub(crate) fn push(&mut self, out: &mut Out, time: Timestamp) {
        let (second, nanos) = self.parts(time);
        out.write_behind(second, |room: &mut [u8; 10]| {
            *room = [b'Z'; 10];
            room[..9].copy_from_slice(&nanos);
            room.len()
        });
    }

    /// `time` as `2026-11-23T23:52:10.` and nine decimals.
    #[inline]
    pub(super) fn parts(&mut self, time: Timestamp) -> (&[u8; 20], [u8; 9]) {
        let mut nanos = time.0.wrapping_sub(self.start) as u64;
        if nanos >= NANOS_PER_SECOND {
            let second = time.0.div_euclid(NANOS_PER_SECOND as i64);
            // The first second that can be told began before the first moment that can.
            self.start = second.wrapping_mul(NANOS_PER_SECOND as i64);
            nanos = time.0.wrapping_sub(self.start) as u64;
            self.spell(second);
        }
        (&self.second, nine(nanos as u32))
    }

    #[cold]
    fn spell(&mut self, second: i64) {
        let (year, month, day) = civil(second.div_euclid(SECONDS_PER_DAY));
        let of_day = second.rem_euclid(SECONDS_PER_DAY) as u64;
        let mut text = Out::default();
        // 64 bits of nanoseconds reach from 1677 to 2262: a year has four digits.
        push_number(&mut text, year.unsigned_abs());
        for (before, part) in [
            (b'-', month),
            (b'-', day),
            (b'T', of_day / 3600),
            (b':', of_day / 60 % 60),
            (b':', of_day % 60),
        ] {
            text.push(before);
            push_padded(&mut text, part, 2);
        }
        text.push(b'.');
        self.second.copy_from_slice(text.written());
    }
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
fn civil(days: i64) -> (i64, u64, u64) {
    const DAYS_PER_ERA: i64 = 146_097; // 400 years
    let days = days + 719_468; // from 0000-03-01
    let era = days.div_euclid(DAYS_PER_ERA);
    let of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month as u64, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(nanos: i64) -> String {
        let mut out = Out::default();
        Utc::new().push(&mut out, Timestamp(nanos));
        String::from_utf8(out.written().to_vec()).unwrap()
    }

    #[test]
    fn times_are_rfc_3339_with_nine_decimals() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(
            text(1_709_164_799_000_000_001),
            "2024-02-28T23:59:59.000000001Z"
        );
        assert_eq!(
            text(1_709_164_800_000_000_000),
            "2024-02-29T00:00:00.000000000Z"
        );
    }

    #[test]
    fn every_time_agrees_with_jiff() {
        let mut time = i64::MIN;
        while let Some(next) = time.checked_add(12_345_678_901_234_567) {
            let expected = jiff::Timestamp::from_nanosecond(i128::from(time)).unwrap();
            assert_eq!(text(time), format!("{expected:.9}"));
            time = next;
        }
    }

    #[test]
    fn the_second_that_is_remembered_does_not_leak_into_the_next() {
        let mut utc = Utc::new();
        let mut out = Out::default();
        for nanos in [1_000_000_000, 1_999_999_999, 2_000_000_000, 1_000_000_000] {
            utc.push(&mut out, Timestamp(nanos));
            out.push(b'\n');
        }
        assert_eq!(
            String::from_utf8(out.written().to_vec()).unwrap(),
            "1970-01-01T00:00:01.000000000Z\n1970-01-01T00:00:01.999999999Z\n\
             1970-01-01T00:00:02.000000000Z\n1970-01-01T00:00:01.000000000Z\n"
        );
    }
}
