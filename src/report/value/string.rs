//! JSON strings (RFC 8259 §7), appended to a byte buffer.
//!
//! They carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: these are escaped, so that a terminal that
//! shows the text is safe.

use super::room::Room;
use crate::model::Out;
use wide::{i8x16, u8x16};

/// Bytes that are looked at together: a bit each.
const BLOCK: usize = 32;

/// A block, and what a copy that begins at its end may read: what stands behind a backslash is copied as so many bytes.
const WHOLE: usize = 2 * BLOCK;

/// The same, and what the block before takes of its last character.
const LAST: usize = WHOLE + BLOCK + 16;

/// Room for what a block becomes if each byte needs a backslash, and for a copy behind it.
const ROOM: usize = 3 * BLOCK;

/// Appends `text` as a JSON string, but for the quotation mark that opens it.
pub(super) fn push_string_rest(out: &mut Out, text: &str) {
    push_string_body(out, text.as_bytes());
    out.push(b'"');
}

/// Appends `text`, in UTF-8, as a JSON string without its quotation marks.
pub(super) fn push_string_body(out: &mut Out, text: &[u8]) {
    take_blocks(text, |block, count| {
        if is_hard(block)
            && let Some(taken) = push_hard(out, block, count)
        {
            return taken;
        }
        out.write_behind(b"", |room| write_easy(room, block, count));
        count
    });
}

/// Writes the same of a text that is printable ASCII; nothing of another. Whether it is.
pub(super) fn write_printable<const N: usize>(room: &mut Room<'_, N>, text: &[u8]) -> bool {
    let (before, mut printable) = (room.written(), true);
    take_blocks(text, |block, count| {
        printable &= !is_hard(block);
        room.behind(|room| write_easy(room, block, count));
        count
    });
    if !printable {
        room.take_back(before);
    }
    printable
}

/// Gives a text to `take`, which takes so many bytes of a block at least, and the rest of a character at most. How many it says.
#[inline(always)] // Of two places.
fn take_blocks(text: &[u8], mut take: impl FnMut(&[u8; WHOLE], usize) -> usize) {
    let mut last = [b' '; LAST];
    let (mut taken, mut padded) = (0, None);
    while taken < text.len() {
        let rest = &text[taken..];
        let block = match rest.first_chunk() {
            Some(block) => block,
            None => {
                let from = *padded.get_or_insert_with(|| {
                    pad(&mut last, rest);
                    taken
                });
                let Some(block) = last.get(taken - from..).and_then(|last| last.first_chunk())
                else {
                    return;
                };
                block
            }
        };
        taken += take(block, rest.len().min(BLOCK));
    }
}

/// Begins a block with less than that. Two copies of a length that is known may overlap, and are cheaper than one of any length.
#[inline(always)] // As `take_blocks`.
fn pad(block: &mut [u8; LAST], bytes: &[u8]) {
    match bytes.len() {
        32.. => ends::<32>(block, bytes),
        16.. => ends::<16>(block, bytes),
        8.. => ends::<8>(block, bytes),
        _ => {
            for (to, from) in block.iter_mut().zip(bytes) {
                *to = *from;
            }
        }
    }
}

/// Copies the first and the last so many bytes.
#[inline(always)] // As `take_blocks`.
fn ends<const L: usize>(block: &mut [u8; LAST], bytes: &[u8]) {
    let (Some(first), Some(last)) = (bytes.first_chunk::<L>(), bytes.last_chunk::<L>()) else {
        return;
    };
    block[..L].copy_from_slice(first);
    if let Some(place) = block[..bytes.len().min(WHOLE)].last_chunk_mut() {
        *place = *last;
    }
}

/// Whether something in a block may need more than a backslash in front of it: it is not printable ASCII.
#[inline(always)] // As `take_blocks`.
fn is_hard(block: &[u8; WHOLE]) -> bool {
    // What is not ASCII is negative, and so is one more than DEL.
    let plus = steps(block).map(|step| (step + u8x16::splat(1)).cast_signed());
    let [a, b] = plus.map(|step| step.simd_lt(i8x16::splat(0x21)));
    (a | b).to_bitmask() != 0
}

/// A block's parts that are looked at in one go.
#[inline(always)] // As `take_blocks`.
fn steps(block: &[u8; WHOLE]) -> [u8x16; 2] {
    let step = |place: usize| {
        let step = block[place..].first_chunk();
        u8x16::new(*step.unwrap_or(&[0; 16]))
    };
    [step(0), step(16)]
}

/// A bit for each byte of a block that is marked.
#[inline(always)] // As `take_blocks`.
fn bits(marks: [u8x16; 2]) -> u32 {
    let [a, b] = marks.map(|step| step.to_bitmask());
    a | b << 16
}

/// Marks what needs a backslash, if nothing needs more.
#[inline(always)] // As `take_blocks`.
fn special(step: u8x16) -> u8x16 {
    step.simd_eq(u8x16::splat(b'"')) | step.simd_eq(u8x16::splat(b'\\'))
}

/// Writes the first `count` bytes of a block in which nothing needs more than a backslash in front of it. How many they become.
#[inline(always)] // As `take_blocks`.
fn write_easy(room: &mut [u8; ROOM], block: &[u8; WHOLE], count: usize) -> usize {
    let mut special = bits(steps(block).map(special));
    let mut more = 0;
    room[..BLOCK].copy_from_slice(&block[..BLOCK]);
    while special != 0 {
        let at = special.trailing_zeros() as usize;
        let to = (at + more) % WHOLE;
        room[to] = b'\\';
        room[to + 1..][..BLOCK].copy_from_slice(&block[at..][..BLOCK]);
        more += 1;
        special &= special - 1;
    }
    count + more
}

/// Appends a block and the rest of its last character, if something must be escaped by more than a backslash; nothing, if nothing must.
#[inline(never)]
fn push_hard(out: &mut Out, block: &[u8; WHOLE], count: usize) -> Option<usize> {
    let steps = steps(block);
    let same = |step: u8x16, byte: u8| step.simd_eq(u8x16::splat(byte));
    let controls = steps.map(|step| (step & u8x16::splat(0xe0)).simd_eq(u8x16::ZERO));
    // 0xc2 and 0xe2 begin a character that may have to be escaped.
    let others = steps.map(|step| same(step | u8x16::splat(0x20), 0xe2) | same(step, 0x7f));
    let mut hard = bits(controls) | bits(others);
    let mut left = hard;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        if escaped(&block[at..]).is_none() {
            hard &= !(1 << at);
        }
        left &= left - 1;
    }
    if hard == 0 {
        return None;
    }
    hard |= bits(steps.map(special));
    let mut from = 0;
    while hard != 0 {
        let at = hard.trailing_zeros() as usize;
        if let Some((code, length)) = escaped(&block[at..]) {
            out.extend_from_slice(&block[from..at]);
            push_escape(out, code);
            from = at + length;
        }
        hard &= hard - 1;
    }
    let end = count.max(from);
    out.extend_from_slice(&block[from..end]);
    Some(end)
}

/// The code of the character that these bytes begin with and how many it has, if it must be escaped.
#[inline(always)]
fn escaped(bytes: &[u8]) -> Option<(u16, usize)> {
    let (code, length) = match *bytes {
        [byte @ (..0x20 | 0x7f | b'"' | b'\\'), ..] => (u16::from(byte), 1),
        [0xc2, last @ 0x80..=0x9f, ..] => (u16::from(last), 2),
        [0xe2, 0x80, last @ 0xa8..=0xae, ..] => (0x2000 | u16::from(last & 0x3f), 3),
        [0xe2, 0x81, last @ 0xa6..=0xa9, ..] => (0x2040 | u16::from(last & 0x3f), 3),
        _ => return None,
    };
    Some((code, length))
}

fn push_escape(out: &mut Out, code: u16) {
    let short = match u8::try_from(code) {
        Ok(byte @ (b'"' | b'\\')) => byte,
        Ok(b'\n') => b'n',
        Ok(b'\r') => b'r',
        Ok(b'\t') => b't',
        _ => {
            let digits = [12, 8, 4, 0].map(|shift| match (code >> shift & 0xf) as u8 {
                digit @ 0..10 => b'0' + digit,
                digit => b'a' + digit - 10,
            });
            out.extend_from_slice(b"\\u");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
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

    fn must_escape(character: char) -> bool {
        matches!(
            character,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
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
