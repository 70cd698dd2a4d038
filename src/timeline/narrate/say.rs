//! Writing words, without a string of one's own: into an annotation, whose stretches have roles, or into a text, which has none.
//!
//! What nearly every frame says goes without the formatter, which takes several times as long.

use crate::model::text::Count;
use crate::model::{Annotation, Role};
use std::fmt::{self, Write};

/// Takes words, one stretch behind the other.
pub trait Say {
    /// Adds words of the program's own: they have no control, quotation mark or backslash, so that no form need escape them.
    fn put(&mut self, words: &'static str);

    /// Adds a quotation mark.
    fn put_quotation_mark(&mut self);

    /// Adds a number in decimal.
    fn put_number(&mut self, number: u64);

    /// Adds a text if all of it is printable ASCII. Whether it is.
    fn put_ascii(&mut self, text: &[u8]) -> bool;

    /// Adds any text.
    fn put_text(&mut self, text: &str);

    /// Makes a stretch of what was added since the last one ended.
    fn mark(&mut self, _role: Role) {}

    /// Says whether the parentheses may be left out on narrow terminals.
    fn shorten(&mut self, _short: bool) {}

    /// Adds a stretch.
    #[inline(always)] // As `numbered`.
    fn push(&mut self, role: Role, words: &'static str) {
        self.put(words);
        self.mark(role);
    }

    /// Adds `7` or `24–47`.
    #[inline(always)] // As `numbered`.
    fn range(&mut self, role: Role, (first, last): (u64, u64)) {
        self.put_number(first);
        if first != last {
            self.put("–");
            self.put_number(last);
        }
        self.mark(role);
    }

    /// Adds `chunk 7` or `chunks 24–47`.
    #[inline(always)] // Where the noun is known, its length is, and the copy is a few instructions.
    fn numbered(&mut self, role: Role, noun: &'static str, range: (u64, u64)) {
        self.put(noun);
        match range.0 == range.1 {
            true => self.put(" "),
            false => self.put("s "),
        }
        self.range(role, range);
    }

    /// Adds `1 byte` or `1,448 bytes`.
    fn count(&mut self, role: Role, count: u64, noun: &'static str) {
        if count >= 1_000 {
            return self.say(role, format_args!("{}", Count(count, noun)));
        }
        self.put_number(count);
        self.put(" ");
        self.put(noun);
        if count != 1 {
            self.put("s");
        }
        self.mark(role);
    }

    /// Adds a stretch.
    #[cold]
    fn say(&mut self, role: Role, words: fmt::Arguments<'_>) {
        self.put_text(&words.to_string());
        self.mark(role);
    }
}

impl Say for Annotation {
    fn put(&mut self, words: &'static str) {
        self.text.put(words);
    }

    fn put_quotation_mark(&mut self) {
        self.text.put_quotation_mark();
    }

    fn put_number(&mut self, number: u64) {
        self.text.put_number(number);
    }

    fn put_ascii(&mut self, text: &[u8]) -> bool {
        self.text.put_ascii(text)
    }

    fn put_text(&mut self, text: &str) {
        self.text.put_text(text);
    }

    fn mark(&mut self, role: Role) {
        Annotation::mark(self, role);
    }

    fn shorten(&mut self, short: bool) {
        self.short = short;
    }

    fn say(&mut self, role: Role, words: fmt::Arguments<'_>) {
        // Writing to a String never fails.
        let _ = self.text.write_fmt(words);
        self.mark(role);
    }
}

impl Say for String {
    fn put(&mut self, words: &'static str) {
        self.push_str(words);
    }

    fn put_quotation_mark(&mut self) {
        self.push('"');
    }

    fn put_number(&mut self, number: u64) {
        self.push_str(itoa::Buffer::new().format(number));
    }

    fn put_ascii(&mut self, text: &[u8]) -> bool {
        match std::str::from_utf8(text) {
            Ok(text) if is_printable(text.as_bytes()) => {
                self.push_str(text);
                true
            }
            _ => false,
        }
    }

    fn put_text(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Whether it is printable ASCII: a character and a column for each byte.
pub(super) fn is_printable(text: &[u8]) -> bool {
    text.iter()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

/// Adds a stretch in front of everything: the end belongs to the text of the wire.
pub(super) fn say_first(words: &mut Annotation, role: Role, first: fmt::Arguments<'_>) {
    let rest = std::mem::take(words);
    words.say(role, first);
    for (at, (role, text)) in rest.stretches().enumerate() {
        if at == 0 {
            words.next();
        }
        Annotation::push(words, role, text);
    }
    words.short = rest.short;
}
