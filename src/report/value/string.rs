//! JSON strings (RFC 8259 §7), appended to a byte buffer.
//!
//! They carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: these are escaped, so that a terminal that
//! shows the text is safe.

use crate::model::Out;
use wide::{i8x16, u8x16};

/// Bytes that are looked at together: a bit each.
const BLOCK: usize = 64;

/// Half of that: what stands behind a backslash is copied as so many bytes.
const HALF: usize = BLOCK / 2;

/// A block, and what a copy that begins at its end may read.
const WHOLE: usize = BLOCK + HALF;

/// Room for what a block becomes if each byte needs a backslash, and for a copy behind it.
const ROOM: usize = 2 * BLOCK + HALF;

/// Appends `text` as a JSON string, but for the quotation mark that opens it.
pub(super) fn push_string_rest(out: &mut Out, text: &str) {
    push_string_body(out, text.as_bytes());
    out.push(b'"');
}

/// Appends `text`, in UTF-8, as a JSON string without its quotation marks.
pub(super) fn push_string_body(out: &mut Out, text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut last = [b' '; WHOLE];
        let (block, count) = match rest.first_chunk() {
            Some(block) => (block, BLOCK),
            None => {
                pad(&mut last, rest);
                (&last, rest.len().min(BLOCK))
            }
        };
        rest = &rest[push_block(out, block, count)..];
    }
}

/// Begins a block with less than that. Two copies of a length that is known may overlap, and are cheaper than one of any length.
#[inline(always)] // As `push_block`.
fn pad(block: &mut [u8; WHOLE], bytes: &[u8]) {
    match bytes.len() {
        64.. => ends::<64>(block, bytes),
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
#[inline(always)] // As `push_block`.
fn ends<const L: usize>(block: &mut [u8; WHOLE], bytes: &[u8]) {
    let (Some(first), Some(last)) = (bytes.first_chunk::<L>(), bytes.last_chunk::<L>()) else {
        return;
    };
    block[..L].copy_from_slice(first);
    if let Some(place) = block[..bytes.len().min(WHOLE)].last_chunk_mut() {
        *place = *last;
    }
}

/// Appends the first `count` bytes of a block, and of the character that goes on behind them what belongs to it. How many that are.
#[inline(always)] // Of one place.
fn push_block(out: &mut Out, block: &[u8; WHOLE], count: usize) -> usize {
    let steps = steps(block);
    // What is not ASCII is negative, and so is one more than DEL.
    let plus = steps.map(|step| (step + u8x16::splat(1)).cast_signed());
    let hard = plus.map(|step| step.simd_lt(i8x16::splat(0x21)));
    let [a, b, c, d] = hard;
    if (a | b | c | d).to_bitmask() != 0
        && let Some(taken) = push_hard(out, block, count)
    {
        return taken;
    }
    push_easy(out, block, count);
    count
}

/// A block's parts that are looked at in one go.
#[inline(always)] // As `push_block`.
fn steps(block: &[u8; WHOLE]) -> [u8x16; 4] {
    let step = |place: usize| {
        let step = block[place..].first_chunk();
        u8x16::new(*step.unwrap_or(&[0; 16]))
    };
    [step(0), step(16), step(32), step(48)]
}

/// A bit for each byte of a block that is marked.
#[inline(always)] // As `push_block`.
fn bits(marks: [u8x16; 4]) -> u64 {
    let [a, b, c, d] = marks.map(|step| u64::from(step.to_bitmask()));
    a | b << 16 | (c | d << 16) << 32
}

/// Marks what needs a backslash, if nothing needs more.
#[inline(always)] // As `push_block`.
fn special(step: u8x16) -> u8x16 {
    step.simd_eq(u8x16::splat(b'"')) | step.simd_eq(u8x16::splat(b'\\'))
}

/// Appends the first `count` bytes of a block in which nothing needs more than a backslash in front of it.
#[inline(always)] // As `push_block`.
fn push_easy(out: &mut Out, block: &[u8; WHOLE], count: usize) {
    let special = bits(steps(block).map(special));
    out.write_behind(b"", |room: &mut [u8; ROOM]| {
        let more = write_half(room, block, special, [0, 0]);
        count + write_half(room, block, special >> HALF, [HALF, more])
    });
}

/// Writes the half of a block that begins at `place`, with a backslash in front of each special byte. `more` backslashes are written, and how many then are.
#[inline(always)] // As `push_block`.
fn write_half(
    room: &mut [u8; ROOM],
    block: &[u8; WHOLE],
    special: u64,
    [place, mut more]: [usize; 2],
) -> usize {
    let mut special = special as u32;
    room[(place + more) % (2 * BLOCK)..][..HALF].copy_from_slice(&block[place..][..HALF]);
    while special != 0 {
        let at = place + special.trailing_zeros() as usize;
        let to = (at + more) % (2 * BLOCK);
        room[to] = b'\\';
        room[to + 1..][..HALF].copy_from_slice(&block[at..][..HALF]);
        more += 1;
        special &= special - 1;
    }
    more
}

/// What [`push_block`] does where something must be escaped by more than a backslash; nothing, if nothing must.
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
