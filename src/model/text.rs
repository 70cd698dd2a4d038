//! How text from the wire, durations and counts are written wherever people read them.
//!
//! Values come in, characters go out, nothing is allocated. Nothing here knows of columns or colours, and nothing that
//! could steer a terminal or turn its writing direction gets through [`Escaped`].

use super::Nanos;
use std::fmt::{self, Write};

/// What can be written without the formatter, which takes as long as all else that is done for a cell.
pub trait WriteTo {
    /// Writes it.
    ///
    /// # Errors
    /// Those of `out`.
    fn write_to(&self, out: &mut impl Write) -> fmt::Result;
}

/// A duration as people read it: three decimals below 1 ms, one below 100 ms, none below 1 s, two decimals of seconds
/// below 100 s, then whole seconds. Never µs.
#[derive(Clone, Copy, Debug)]
pub struct Lasting(pub Nanos);

impl Lasting {
    /// The number as written, in thousandths, with its decimals and its unit. Rounded before the unit is chosen, so that
    /// 999.6 ms is 1.00 s and not 1000 ms.
    pub(crate) fn parts(self) -> (u64, u8, &'static str) {
        let nanos = self.0.unsigned_abs();
        let round = |unit: u64| nanos.saturating_add(unit / 2) / unit;
        match nanos {
            _ if round(1_000) < 1_000 => (round(1_000), 3, "ms"),
            _ if round(100_000) < 1_000 => (round(100_000), 1, "ms"),
            _ if round(1_000_000) < 1_000 => (round(1_000_000), 0, "ms"),
            _ if round(10_000_000) < 10_000 => (round(10_000_000), 2, "s"),
            _ => (round(1_000_000_000), 0, "s"),
        }
    }

    /// The number alone.
    pub fn number(self) -> impl fmt::Display {
        Number(self)
    }

    /// The unit alone.
    pub fn unit(self) -> &'static str {
        self.parts().2
    }
}

impl WriteTo for Lasting {
    fn write_to(&self, out: &mut impl Write) -> fmt::Result {
        let (number, decimals, unit) = self.parts();
        write_decimal(out, self.0 < 0, number, decimals)?;
        out.write_str(" ")?;
        out.write_str(unit)
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

struct Number(Lasting);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, decimals, _) = self.0.parts();
        write_decimal(f, self.0.0 < 0, number, decimals)
    }
}

/// Writes a number with so many decimals, of whose last it is a multiple.
fn write_decimal(f: &mut impl Write, negative: bool, number: u64, decimals: u8) -> fmt::Result {
    if negative {
        f.write_char('-')?;
    }
    let scale = 10u64.pow(u32::from(decimals));
    write_number(f, number / scale)?;
    if decimals > 0 {
        // The digits behind a one, so that leading zeros stay.
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(scale + number % scale);
        f.write_str(".")?;
        f.write_str(&digits[1..])?;
    }
    Ok(())
}

/// Writes a number without the formatter's padding, of which nothing is wanted here.
pub(super) fn write_number(f: &mut impl Write, number: u64) -> fmt::Result {
    f.write_str(itoa::Buffer::new().format(number))
}

/// A count with commas between thousands: `1,448`.
#[derive(Clone, Copy, Debug)]
pub struct Thousands(pub u64);

impl WriteTo for Thousands {
    fn write_to(&self, out: &mut impl Write) -> fmt::Result {
        if self.0 < 1_000 {
            return write_number(out, self.0);
        }
        let mut scale = 1u64;
        while self.0 / scale >= 1_000 {
            scale *= 1_000;
        }
        write!(out, "{}", self.0 / scale)?;
        while scale > 1 {
            scale /= 1_000;
            write!(out, ",{:03}", self.0 / scale % 1_000)?;
        }
        Ok(())
    }
}

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// A count with its noun: `1 event`, `1,448 bytes`.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a>(pub u64, pub &'a str);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Thousands(self.0).fmt(f)?;
        f.write_str(" ")?;
        f.write_str(self.1)?;
        f.write_str(if self.0 == 1 { "" } else { "s" })
    }
}

/// A range of numbers: `7`, `24–47`.
#[derive(Clone, Copy, Debug)]
pub struct Range(pub u64, pub u64);

impl WriteTo for Range {
    fn write_to(&self, out: &mut impl Write) -> fmt::Result {
        write_number(out, self.0)?;
        if self.0 != self.1 {
            out.write_str("–")?;
            write_number(out, self.1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Text from the wire on one line: LF as `\n`, tab as `\t`, CR as `\r`, other controls and all that turns the writing
/// direction or breaks a line as `\u{…}`.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl WriteTo for Escaped<'_> {
    fn write_to(&self, out: &mut impl Write) -> fmt::Result {
        let mut rest = self.0;
        if rest.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_str(rest);
        }
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| must_escape(*c)) {
            out.write_str(&rest[..at])?;
            write_char_escaped(out, c)?;
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_str(rest)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Writes `c`, escaped if it must be.
pub fn write_char_escaped(out: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        '\r' => out.write_str("\\r"),
        c if must_escape(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => out.write_char(c),
    }
}

/// Whether `c` must not reach a terminal as it is: C0, DEL, C1, the bidirectional controls and marks, the line and
/// paragraph separators, and the byte order mark, which nobody would see.
pub fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'
            | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_before_its_unit_is_chosen() {
        let written = |nanos: Nanos| Lasting(nanos).to_string();
        assert_eq!(written(0), "0.000 ms");
        assert_eq!(written(103_000), "0.103 ms");
        assert_eq!(written(999_499), "0.999 ms");
        assert_eq!(written(999_500), "1.0 ms");
        assert_eq!(written(9_480_000), "9.5 ms");
        assert_eq!(written(99_949_999), "99.9 ms");
        assert_eq!(written(99_950_000), "100 ms");
        assert_eq!(written(999_499_999), "999 ms");
        assert_eq!(written(999_500_000), "1.00 s");
        assert_eq!(written(45_001_000_000), "45.00 s");
        assert_eq!(written(99_995_000_000), "100 s");
        assert_eq!(written(1_775_400_000_000), "1775 s");
        assert_eq!(written(-350_000_000), "-350 ms");
        assert_eq!(written(Nanos::MIN), "-9223372037 s");
    }

    #[test]
    fn thousands_are_separated_by_commas() {
        let written = |count: u64| Thousands(count).to_string();
        assert_eq!(written(0), "0");
        assert_eq!(written(999), "999");
        assert_eq!(written(1_000), "1,000");
        assert_eq!(written(1_002_003), "1,002,003");
        assert_eq!(written(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(Count(1, "event").to_string(), "1 event");
        assert_eq!(Count(0, "event").to_string(), "0 events");
    }

    #[test]
    fn what_steers_a_terminal_is_escaped_and_all_else_is_left_alone() {
        let written = |text: &str| Escaped(text).to_string();
        assert_eq!(written("a\nb\tc\rd"), "a\\nb\\tc\\rd");
        assert_eq!(
            written("\u{1b}[31m\u{7f}\u{9b}"),
            "\\u{1b}[31m\\u{7f}\\u{9b}"
        );
        assert_eq!(written("x\u{202e}y\u{2066}"), "x\\u{202e}y\\u{2066}");
        assert_eq!(written("当前时间 👩‍💻 \"q\""), "当前时间 👩‍💻 \"q\"");
    }
}
