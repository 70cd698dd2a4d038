//! The short ways of nearly all deliveries: those that hold whole events and nothing else.
//!
//! In: the bytes of a delivery. Out: what reading them line by line would give; nothing where they are anything else.

use super::{BOM_LENGTH, Item, Parser, decoded_length, without_space};
use crate::model::{At, limits};
use memchr::memchr2;

impl Parser {
    /// Counts the events at the beginning of `bytes`, which it shortens, that are one line of data with a line feed and a blank line,
    /// as most are: what reading them line by line would do.
    #[inline]
    pub(super) fn whole_events(
        &mut self,
        bytes: &mut &[u8],
        there: At,
        emit: &mut impl FnMut(Item),
    ) {
        if self.unread > 0 || self.skipping {
            return;
        }
        // Nearly every delivery is one of them.
        let only = bytes.strip_prefix(b"data:");
        if let Some(value) = only.and_then(|line| line.strip_suffix(b"\n\n"))
            && value.len() < limits::SSE_LINE
            && is_printable(value)
        {
            let data_bytes = without_space(value).len() as u64;
            emit(Item::Counted { data_bytes, there });
            *bytes = &[];
            return;
        }
        while let Some(line) = bytes.strip_prefix(b"data:")
            && let Some(end) = memchr2(b'\n', b'\r', line)
            && let [b'\n', b'\n', rest @ ..] = &line[end..]
            && end < limits::SSE_LINE
        {
            let data_bytes = decoded_length(without_space(&line[..end]));
            emit(Item::Counted { data_bytes, there });
            *bytes = rest;
        }
    }

    /// The event that `bytes` are, if they are one and nothing else: its type and its data, in UTF-8, behind which the parser stands where it stood before. Only
    /// where it stands between two blocks and the event has no ID; and not of a block that says more.
    #[inline]
    pub fn only_event<'a>(&self, bytes: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
        let between = self.unread == 0 && !self.skipping && !self.skip_line_feed;
        // A parser that counts tells no event's ID.
        let nameless = self.counts || self.last_event_id.is_empty();
        if !between || !nameless || self.bom < BOM_LENGTH {
            return None;
        }
        let (mut lines, line_end): (_, &[u8]) = match bytes {
            [lines @ .., b'\r', b'\n', b'\r', b'\n'] => (lines, b"\r\n"),
            [lines @ .., b'\n', b'\n'] => (lines, b"\n"),
            _ => return None,
        };
        let mut event_type = "message";
        if let Some(line) = lines.strip_prefix(b"event:") {
            let (value, rest) = line.split_at(memchr2(b'\n', b'\r', line)?);
            event_type = std::str::from_utf8(without_space(value)).ok()?;
            lines = rest.strip_prefix(line_end)?;
        }
        let value = lines.strip_prefix(b"data:")?;
        let kind = 1..=limits::PLAIN_TYPE;
        if !kind.contains(&event_type.len()) || bytes.len() > limits::SSE_LINE {
            return None;
        }
        if !is_printable(value) {
            std::str::from_utf8(value).ok()?;
            if memchr2(b'\n', b'\r', value).is_some() {
                return None;
            }
        }
        Some((event_type, without_space(value)))
    }
}

/// Whether no byte of a value is a line's end, nor anything but ASCII. Other control characters are left to those who look closer: one
/// comparison is enough for all of them.
#[inline]
fn is_printable(value: &[u8]) -> bool {
    const LANES: usize = 32;
    let above = |bytes: &[u8]| {
        // Without a way out, so that many bytes are looked at at once.
        bytes
            .iter()
            .fold(true, |all, byte| all & (byte.cast_signed() > 0x0d))
    };
    let (whole, _) = value.as_chunks::<LANES>();
    // What is left over comes with some bytes a second time: one by one they would take longer.
    let end = value.last_chunk::<LANES>();
    above(whole.as_flattened()) && above(end.map_or(value, |end| end))
}
