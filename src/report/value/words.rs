//! The words of a plain row, written where they go: as a part of a JSON string.

use super::known::Number;
use super::room::Room;
use super::string::{push_string_body, write_printable};
use crate::model::Out;
use crate::timeline::narrate::Say;

/// Bytes for the words: characters of the longest type as `\\u{10ffff}`, those of the longest text, and numbers.
pub(super) const WORDS: usize = 1664;

/// Takes the words.
#[derive(Debug)]
pub(super) struct Words<'a, 'b, const N: usize> {
    pub(super) room: &'a mut Room<'b, N>,
    /// What its numbers likely are.
    pub(super) number: &'a mut Number,
    /// What is escaped in a way of its own.
    pub(super) escaped: &'a mut Out,
}

impl<const N: usize> Say for Words<'_, '_, N> {
    #[inline(always)] // As `Room::new`.
    fn put(&mut self, words: &'static str) {
        self.room.bytes(words.as_bytes());
    }

    #[inline(always)] // As `Room::new`.
    fn put_quotation_mark(&mut self) {
        self.room.put(br#"\""#);
    }

    #[inline(always)] // As `Room::new`.
    fn put_number(&mut self, number: u64) {
        self.room.digits(self.number.number(number));
    }

    #[inline]
    fn put_ascii(&mut self, text: &[u8]) -> bool {
        write_printable(self.room, text)
    }

    fn put_text(&mut self, text: &str) {
        self.escaped.clear();
        push_string_body(self.escaped, text.as_bytes());
        self.room.bytes(self.escaped.written());
    }
}
