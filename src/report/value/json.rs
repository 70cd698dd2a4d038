//! JSON objects (RFC 8259), appended field by field to a byte buffer: no tree is built, and a frame costs no allocation.
//!
//! Strings carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: they are escaped, so that a terminal that shows the text is safe.

use super::Fields;
use super::number::{push_endpoint, push_number, push_seconds};
use super::utc::Utc;
use crate::model::{Endpoint, Nanos, Timestamp};
use std::collections::BTreeMap;

/// An object that is being written.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    out: &'a mut Vec<u8>,
    utc: &'a mut Utc,
    /// Whether the next field is the first of its object.
    first: bool,
}

impl<'a> Json<'a> {
    /// Appends an object to `out`: a field `record` with `name`, then what `fields` tells.
    pub(crate) fn record(
        out: &'a mut Vec<u8>,
        utc: &'a mut Utc,
        name: &'static str,
        fields: impl FnOnce(&mut Json<'a>),
    ) {
        let mut json = Json {
            out,
            utc,
            first: true,
        };
        json.out.push(b'{');
        json.words_of("record", name);
        fields(&mut json);
        json.out.push(b'}');
    }

    /// A name that needs no escaping.
    pub(crate) fn words_of(&mut self, name: &'static str, word: &'static str) {
        self.name(name);
        self.word(word);
    }

    /// True or false.
    pub(crate) fn truth(&mut self, name: &'static str, value: bool) {
        self.name(name);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A list of objects.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        items: &[T],
        fields: impl Fn(&mut Self, &T),
    ) {
        self.name(name);
        self.out.push(b'[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            self.inner(|json| fields(json, item));
        }
        self.out.push(b']');
        self.first = false;
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str, values: &[String]) {
        self.name(name);
        self.list(values.iter(), |out, value| push_string(out, value));
    }

    /// An object of counts by name.
    pub(crate) fn counts(&mut self, name: &'static str, counts: &BTreeMap<&'static str, u64>) {
        self.name(name);
        self.out.push(b'{');
        for (place, (&reason, &count)) in counts.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            push_string(self.out, reason);
            self.out.push(b':');
            push_number(self.out, count);
        }
        self.out.push(b'}');
    }

    #[inline(always)] // Where the name is known, its length is, and the copy is a few instructions.
    fn name(&mut self, name: &'static str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.word(name);
        self.out.push(b':');
    }

    #[inline(always)] // As above.
    fn word(&mut self, word: &'static str) {
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    fn inner(&mut self, fields: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        self.first = true;
        fields(self);
        self.first = false;
        self.out.push(b'}');
    }

    fn list<T>(&mut self, values: impl Iterator<Item = T>, push: impl Fn(&mut Vec<u8>, T)) {
        self.out.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            push(self.out, value);
        }
        self.out.push(b']');
    }

    #[inline(always)] // As `name`.
    fn or_null<T>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        push: impl FnOnce(&mut Self, T),
    ) {
        self.name(name);
        match value {
            Some(value) => push(self, value),
            None => self.out.extend_from_slice(b"null"),
        }
    }
}

impl Fields for Json<'_> {
    #[inline(always)] // As `name`.
    fn text<'b>(&mut self, name: &'static str, value: impl Into<Option<&'b str>>) {
        self.or_null(name, value.into(), |json, value| {
            push_string(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn number(&mut self, name: &'static str, value: impl Into<Option<u64>>) {
        self.or_null(name, value.into(), |json, value| {
            push_number(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn seconds(&mut self, name: &'static str, value: impl Into<Option<Nanos>>) {
        self.or_null(name, value.into(), |json, value| {
            push_seconds(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn time(&mut self, name: &'static str, value: impl Into<Option<Timestamp>>) {
        self.or_null(name, value.into(), |json, value| {
            json.out.push(b'"');
            json.utc.push(json.out, value);
            json.out.push(b'"');
        });
    }

    #[inline(always)] // As `name`.
    fn endpoint(&mut self, name: &'static str, value: Endpoint) {
        self.name(name);
        self.out.push(b'"');
        push_endpoint(self.out, value);
        self.out.push(b'"');
    }

    #[inline(always)] // As `name`.
    fn words(&mut self, name: &'static str, values: impl Iterator<Item = &'static str>) {
        self.name(name);
        self.list(values, |out, value| {
            out.push(b'"');
            out.extend_from_slice(value.as_bytes());
            out.push(b'"');
        });
    }

    #[inline(always)] // As `name`.
    fn numbers(&mut self, name: &'static str, values: impl Iterator<Item = u64>) {
        self.name(name);
        self.list(values, push_number);
    }

    fn object<T: ?Sized>(
        &mut self,
        name: &'static str,
        value: Option<&T>,
        fields: impl FnOnce(&mut Self, Option<&T>),
    ) {
        self.or_null(name, value, |json, value| {
            json.inner(|json| fields(json, Some(value)));
        });
    }

    #[inline(always)] // As `name`.
    fn null(&mut self, name: &'static str) {
        self.or_null(name, None::<()>, |_, ()| {});
    }
}

/// Appends `text` as a JSON string.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut written = 0;
    for (place, byte) in text.bytes().enumerate() {
        if PLAIN[usize::from(byte)] {
            continue;
        }
        if matches!(byte, b'"' | b'\\') {
            // The character itself stands at the beginning of the next run.
            out.extend_from_slice(&text.as_bytes()[written..place]);
            out.push(b'\\');
            written = place;
            continue;
        }
        // Continuation bytes are plain, so that a character begins at `place`, and `written` is the end of an earlier one.
        let Some(character) = text[place..].chars().next() else {
            break;
        };
        if must_escape(character) {
            out.extend_from_slice(&text.as_bytes()[written..place]);
            push_escape(out, character);
            written = place + character.len_utf8();
        }
    }
    out.extend_from_slice(&text.as_bytes()[written..]);
    out.push(b'"');
}

/// Bytes that need no look at the character they are part of: all but the quotation mark, the backslash, C0 and DEL, and the first
/// bytes of the characters of `must_escape` (U+0080–U+00BF begin with C2, U+2000–U+2FFF with E2).
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain[0x7f] = false;
    plain[0xc2] = false;
    plain[0xe2] = false;
    plain
};

fn must_escape(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn push_escape(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            // All of `must_escape` are below U+10000: four digits say them.
            let code = character as u32;
            out.extend_from_slice(b"\\u");
            for shift in [12, 8, 4, 0] {
                let digit = (code >> shift & 0xf) as u8;
                out.push(match digit {
                    0..10 => b'0' + digit,
                    _ => b'a' + digit - 10,
                });
            }
            return;
        }
    };
    out.push(b'\\');
    out.push(short);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        push_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn controls_and_bidi_controls_are_escaped_and_other_text_is_not() {
        assert_eq!(
            string("a\"\\\n\t\r\0\u{7f}\u{85}"),
            r#""a\"\\\n\t\r\u0000\u007f\u0085""#
        );
        assert_eq!(
            string("\u{2028}\u{202e}\u{2066}\u{2069}"),
            r#""\u2028\u202e\u2066\u2069""#
        );
        assert_eq!(string("当前时间：é…–🙂"), "\"当前时间：é…–🙂\"");
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_itself_and_carries_no_control(text in any::<String>()) {
            let written = string(&text);
            let raw = written.chars().any(must_escape);
            prop_assert!(!raw);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
