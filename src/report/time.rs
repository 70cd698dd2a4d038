//! The Time column: one moment of the capture, in the form that was asked for.
//!
//! A capture time comes in, characters go out. Nothing here reads the machine's clock; `local` reads its time zone.

use super::TimeFormat;
use crate::model::{Nanos, Timestamp};
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Writes moments.
#[derive(Clone, Debug)]
pub struct Clock {
    format: TimeFormat,
    nanoseconds: bool,
    first: Option<Timestamp>,
    zone: TimeZone,
}

impl Clock {
    /// A clock that writes `format`, with nine decimals if the capture counts nanoseconds, else with six.
    pub fn new(format: TimeFormat, nanoseconds: bool) -> Clock {
        let zone = match format {
            TimeFormat::Local => TimeZone::system(),
            _ => TimeZone::UTC,
        };
        Clock {
            format,
            nanoseconds,
            first: None,
            zone,
        }
    }

    /// Sets the time of the capture's first frame.
    pub fn set_first(&mut self, first: Timestamp) {
        self.first = Some(first);
    }

    /// Takes `time` for that of the capture's first frame if nobody has said better.
    pub fn start_at(&mut self, time: Timestamp) {
        self.first.get_or_insert(time);
    }

    /// Appends `time`; `before` is the row before.
    pub fn write(&self, out: &mut String, time: Timestamp, before: Option<Timestamp>) {
        match self.format {
            TimeFormat::Relative => self.seconds(out, time.since(self.first.unwrap_or(time))),
            TimeFormat::Delta => self.seconds(out, time.since(before.unwrap_or(time))),
            TimeFormat::Epoch => self.seconds(out, time.0),
            TimeFormat::Utc | TimeFormat::Local => self.date(out, time),
        }
    }

    fn seconds(&self, out: &mut String, nanos: Nanos) {
        if nanos < 0 {
            out.push('-');
        }
        let nanos = nanos.unsigned_abs();
        // Writing to a String never fails.
        let _ = write!(out, "{}.", nanos / 1_000_000_000);
        self.decimals(out, nanos % 1_000_000_000);
    }

    fn decimals(&self, out: &mut String, nanos: u64) {
        let _ = if self.nanoseconds {
            write!(out, "{nanos:09}")
        } else {
            write!(out, "{:06}", nanos / 1_000)
        };
    }

    fn date(&self, out: &mut String, time: Timestamp) {
        // Every i64 of nanoseconds is a year between 1677 and 2262, well within jiff's.
        let Ok(moment) = jiff::Timestamp::from_nanosecond(i128::from(time.0)) else {
            return self.seconds(out, time.0);
        };
        let civil = self.zone.to_datetime(moment);
        let _ = write!(out, "{} ", civil.date());
        let _ = write!(
            out,
            "{:02}:{:02}:{:02}.",
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        self.decimals(out, civil.subsec_nanosecond().unsigned_abs().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: TimeFormat, nanoseconds: bool, time: i64) -> String {
        let mut clock = Clock::new(format, nanoseconds);
        clock.set_first(Timestamp(1_000_000_000));
        let mut out = String::new();
        clock.write(&mut out, Timestamp(time), Some(Timestamp(3_000_000_000)));
        out
    }

    #[test]
    fn each_form_has_six_decimals_or_nine() {
        let time = 4_568_843_999;
        assert_eq!(written(TimeFormat::Relative, false, time), "3.568843");
        assert_eq!(written(TimeFormat::Relative, true, time), "3.568843999");
        assert_eq!(written(TimeFormat::Delta, false, time), "1.568843");
        assert_eq!(written(TimeFormat::Epoch, false, time), "4.568843");
        assert_eq!(
            written(TimeFormat::Utc, false, time),
            "1970-01-01 00:00:04.568843"
        );
        assert_eq!(written(TimeFormat::Relative, false, 0), "-1.000000");
    }
}
