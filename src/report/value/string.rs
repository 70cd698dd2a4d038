//! JSON strings (RFC 8259 §7), appended to a byte buffer.
//!
//! They carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: these are escaped, so that a terminal that
//! shows the text is safe.

use crate::model::Out;
use wide::{i8x16, u8x16};

/// Bytes that are looked at together.
const STEP: usize = 16;

/// Bytes for which room is made together.
const BLOCK: usize = 512;

/// Room for what a block becomes: each byte may need a backslash, and a step is written whole.
const ROOM: usize = 2 * BLOCK + STEP;

/// Appends `text` as a JSON string, but for the quotation mark that opens it.
pub(super) fn push_string_rest(out: &mut Out, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut taken = 0;
        out.write_behind(b"", |room| {
            let written;
            (taken, written) = write_easy(room, rest.as_bytes());
            written
        });
        rest = &rest[taken..];
        // Where ASCII ends a character begins.
        while let Some(byte) = rest.bytes().next()
            && !is_easy(byte)
        {
            rest = &rest[push_hard(out, rest)..];
        }
    }
    out.push(b'"');
}

/// Whether it is a character that stands in a string as it is, or behind a backslash.
fn is_easy(byte: u8) -> bool {
    matches!(byte, 0x20..0x7f)
}

/// Writes the bytes at the beginning of `text` that are easy, some or all of them. How many these are, and how many were written.
fn write_easy(room: &mut [u8; ROOM], text: &[u8]) -> (usize, usize) {
    // A step may look at the bytes of the next.
    match (text.len() / STEP).saturating_sub(1) * STEP {
        0 => {
            let mut last = [b' '; 3 * STEP];
            last[..text.len()].copy_from_slice(text);
            write_steps(room, &last, text.len())
        }
        steps => write_steps(room, text, steps.min(BLOCK)),
    }
}

/// The same of the first `count` bytes. There are more, as many as a step has.
#[inline]
fn write_steps(room: &mut [u8; ROOM], text: &[u8], count: usize) -> (usize, usize) {
    let mut written = 0;
    for place in (0..count).step_by(STEP) {
        let Some(two) = text[place..].first_chunk::<{ 2 * STEP }>() else {
            return (place, written);
        };
        let step = *two.first_chunk().unwrap_or(&[0; STEP]);
        let (hard, special) = marks(step);
        let end = (hard | 1 << STEP.min(count - place)).trailing_zeros();
        room[written..written + STEP].copy_from_slice(&step);
        let mut special = special & ((1 << end) - 1);
        while special != 0 {
            let at = special.trailing_zeros() as usize % STEP;
            room[written + at] = b'\\';
            let behind = written + at + 1;
            room[behind..behind + STEP].copy_from_slice(&two[at..at + STEP]);
            written += 1;
            special &= special - 1;
        }
        written += end as usize;
        if end < STEP as u32 {
            return (place + end as usize, written);
        }
    }
    (count, written)
}

/// Which bytes are not easy, and which need a backslash: a bit each.
#[inline]
fn marks(step: [u8; STEP]) -> (u32, u32) {
    let step = u8x16::new(step);
    // What is not ASCII is negative.
    let controls = step.cast_signed().simd_lt(i8x16::splat(0x20));
    let deletes = step.simd_eq(u8x16::splat(0x7f));
    let quotes = step.simd_eq(u8x16::splat(b'"'));
    let backslashes = step.simd_eq(u8x16::splat(b'\\'));
    let hard = controls.to_bitmask() | deletes.to_bitmask();
    (hard, (quotes | backslashes).to_bitmask())
}

/// Appends the characters at the beginning of `text`, which are not easy: the first, or all that stand as they are. How many bytes they take there.
fn push_hard(out: &mut Out, text: &str) -> usize {
    let bytes = text.as_bytes();
    let as_they_are = bytes.iter().take_while(|byte| stands(**byte)).count();
    if as_they_are == 0 {
        return push_character(out, text);
    }
    out.extend_from_slice(&bytes[..as_they_are]);
    as_they_are
}

/// Whether it is of a character beyond ASCII none of which is escaped that begin like it.
fn stands(byte: u8) -> bool {
    // U+0080 to U+00BF, U+2000 to U+2FFF.
    byte >= 0x80 && !matches!(byte, 0xc2 | 0xe2)
}

/// Appends the first character of `text`, escaped if it must be; how many bytes it takes there.
fn push_character(out: &mut Out, text: &str) -> usize {
    let Some(character) = text.chars().next() else {
        return 0;
    };
    let length = character.len_utf8();
    match character {
        '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
        _ if must_escape(character) => push_escape(out, character),
        _ => out.extend_from_slice(&text.as_bytes()[..length]),
    }
    length
}

fn must_escape(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn push_escape(out: &mut Out, character: char) {
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
        let mut out = Out::default();
        out.push(b'"');
        push_string_rest(&mut out, text);
        String::from_utf8(out.written().to_vec()).unwrap()
    }

    #[test]
    fn a_text_may_be_longer_than_a_block() {
        let text = "\"é\n\\ ".repeat(BLOCK) + &"\"".repeat(2 * BLOCK + 1);
        assert_eq!(
            serde_json::from_str::<String>(&string(&text)).unwrap(),
            text
        );
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

    /// Texts in which what is special is as frequent as what is not.
    fn text() -> impl Strategy<Value = String> {
        let special = prop_oneof![
            any::<char>(),
            Just('"'),
            Just('\\'),
            proptest::char::range('\0', '\u{a0}'),
            proptest::char::range('\u{2020}', '\u{2070}'),
        ];
        let character = prop_oneof![3 => proptest::char::range(' ', '~'), 1 => special];
        prop::collection::vec(character, 0..80).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_itself_and_carries_no_control(text in text()) {
            let written = string(&text);
            let raw = written.chars().any(must_escape);
            prop_assert!(!raw);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
