//! JSON strings (RFC 8259 §7), appended to a byte buffer.
//!
//! They carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: these are escaped, so that a terminal that
//! shows the text is safe.

use crate::model::Out;

/// Bytes that are looked at together.
const STEP: usize = 8;

/// Bytes for which room is made together.
const BLOCK: usize = 128;

/// Appends `text` as a JSON string.
pub(crate) fn push_string(out: &mut Out, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut at = 0;
    while at < bytes.len() {
        let block = &bytes[at..bytes.len().min(at + BLOCK)];
        at += push_ascii(out, block);
        // Where ASCII ends a character begins.
        while let Some(byte) = bytes.get(at)
            && !is_easy(*byte)
        {
            at += push_character(out, &text[at..]);
        }
    }
    out.push(b'"');
}

/// Whether it is a character that stands in a string as it is, or behind a backslash.
fn is_easy(byte: u8) -> bool {
    matches!(byte, 0x20..0x7f)
}

/// Appends the bytes up to the first that is not easy; how many these are.
#[inline(always)] // So that the loop over a text keeps its constants in registers.
fn push_ascii(out: &mut Out, block: &[u8]) -> usize {
    let mut taken = 0;
    // Each byte may need a backslash, and a step is written whole.
    out.write(2 * block.len() + STEP, |room| {
        let mut written = 0;
        let (steps, rest) = block.as_chunks::<STEP>();
        for step in steps {
            let whole = write_step(room, step, (&mut written, &mut taken), STEP);
            if !whole {
                return written;
            }
        }
        if !rest.is_empty() {
            let mut last = [b' '; STEP];
            for (byte, of) in last.iter_mut().zip(rest) {
                *byte = *of;
            }
            write_step(room, &last, (&mut written, &mut taken), rest.len());
        }
        written
    });
    taken
}

/// Writes a step, as far as its bytes are easy; whether that is all of it.
#[inline(always)] // As above.
fn write_step(
    room: &mut [u8],
    step: &[u8; STEP],
    (written, taken): (&mut usize, &mut usize),
    length: usize,
) -> bool {
    let word = u64::from_le_bytes(*step);
    let mut special = special(word);
    let mut done = 0;
    while special != 0 {
        let place = special.trailing_zeros() as usize / 8;
        *written = put(room, *written, word, (done, place));
        if !is_easy(step[place]) {
            *taken += place;
            return false;
        }
        room[*written] = b'\\';
        *written += 1;
        done = place;
        special &= special - 1;
    }
    *written = put(room, *written, word, (done, length));
    *taken += length;
    true
}

/// Writes the bytes of a step from one place to another; how much is written then. Eight bytes are, though only those count.
#[inline(always)] // As above.
fn put(room: &mut [u8], written: usize, word: u64, (from, to): (usize, usize)) -> usize {
    let text = (word >> (8 * from)).to_le_bytes();
    room[written..written + STEP].copy_from_slice(&text);
    written + to - from
}

/// Which bytes need a look: all but those of ASCII that stand in a string as they are. The highest bit of each tells.
#[inline(always)] // As above.
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let low = word & !HIGH;
    // Sums of seven bits: none carries into the next byte.
    let no_quote = (low ^ (ONES * b'"' as u64)) + !HIGH;
    let no_backslash = (low ^ (ONES * b'\\' as u64)) + !HIGH;
    let no_control = low + ONES * 0x60;
    let delete = low + ONES;
    (!(no_quote & no_backslash & no_control) | delete | word) & HIGH
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
        push_string(&mut out, text);
        String::from_utf8(out.written().to_vec()).unwrap()
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
