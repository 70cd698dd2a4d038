//! Writing words, without a string of one's own: into an annotation, whose stretches have roles, or into a text, which has none.
//!
//! What nearly every frame says goes without the formatter, which takes several times as long.

use crate::model::text::Count;
use crate::model::{Annotation, Role};
use std::fmt::{self, Write};

/// Takes words, one stretch behind the other.
pub(super) trait Say {
    /// What was said so far, to be added to.
    fn text(&mut self) -> &mut String;

    /// Makes a stretch of what was added since the last one ended.
    fn mark(&mut self, role: Role);

    /// Says whether the parentheses may be left out on narrow terminals.
    fn shorten(&mut self, short: bool);

    /// Adds a stretch.
    #[inline]
    fn push(&mut self, role: Role, words: &str) {
        self.text().push_str(words);
        self.mark(role);
    }

    /// Adds `7` or `24–47`.
    fn range(&mut self, role: Role, range: (u64, u64)) {
        push_range(self.text(), range);
        self.mark(role);
    }

    /// Adds `chunk 7` or `chunks 24–47`.
    #[inline(always)] // Where the noun is known, its length is, and the copy is a few instructions.
    fn numbered(&mut self, role: Role, noun: &str, range: (u64, u64)) {
        let text = self.text();
        text.push_str(noun);
        text.push_str(if range.0 == range.1 { " " } else { "s " });
        push_range(text, range);
        self.mark(role);
    }

    /// Adds `1 byte` or `1,448 bytes`.
    fn count(&mut self, role: Role, count: u64, noun: &str) {
        if count >= 1_000 {
            return self.say(role, format_args!("{}", Count(count, noun)));
        }
        let text = self.text();
        push_number(text, count);
        text.push(' ');
        text.push_str(noun);
        if count != 1 {
            text.push('s');
        }
        self.mark(role);
    }

    /// Adds a stretch.
    fn say(&mut self, role: Role, words: fmt::Arguments<'_>) {
        // Writing to a String never fails.
        let _ = self.text().write_fmt(words);
        self.mark(role);
    }
}

impl Say for Annotation {
    fn text(&mut self) -> &mut String {
        &mut self.text
    }

    fn mark(&mut self, role: Role) {
        Annotation::mark(self, role);
    }

    fn shorten(&mut self, short: bool) {
        self.short = short;
    }
}

impl Say for String {
    fn text(&mut self) -> &mut String {
        self
    }

    fn mark(&mut self, _role: Role) {}

    fn shorten(&mut self, _short: bool) {}
}

/// Adds a stretch in front of everything: the end belongs to the text of the wire.
pub(super) fn say_first(words: &mut Annotation, role: Role, first: fmt::Arguments<'_>) {
    let rest = std::mem::take(words);
    words.say(role, first);
    for (at, (role, text)) in rest.stretches().enumerate() {
        if at == 0 {
            words.next();
        }
        words.push(role, text);
    }
    words.short = rest.short;
}

#[inline]
fn push_number(text: &mut String, number: u64) {
    text.push_str(itoa::Buffer::new().format(number));
}

/// `7` or `24–47`.
#[inline(always)] // As above.
fn push_range(text: &mut String, (first, last): (u64, u64)) {
    push_number(text, first);
    if first != last {
        text.push('–');
        push_number(text, last);
    }
}
