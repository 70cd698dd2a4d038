//! JSON strings (RFC 8259 §7), appended to a byte buffer.
//!
//! They carry no C0 or C1 control, DEL, line or paragraph separator or bidi control raw: these are escaped, so that a terminal that
//! shows the text is safe.

use super::room::Room;
use crate::model::Out;
use wide::u8x16;

/// Bytes that are looked at together: a bit each.
const BLOCK: usize = 32;

/// A block, and what a copy that begins in it may read: what stands behind a backslash is copied as so many bytes.
const WHOLE: usize = 2 * BLOCK;

/// Bytes that are written in one go.
pub(super) const STRETCH: usize = 256;

/// Room for what they become if each needs a backslash, and for a copy behind the last.
const ROOM: usize = 2 * STRETCH + BLOCK;

/// Appends `text` as a JSON string, but for the quotation mark that opens it.
pub(super) fn push_string_rest(out: &mut Out, text: &str) {
    push_string_body(out, text.as_bytes());
    out.push(b'"');
}

/// Appends `text`, in UTF-8, as a JSON string without its quotation marks.
pub(super) fn push_string_body(out: &mut Out, text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let (stretch, behind) = rest.split_at(stretch(rest));
        let mut hard = false;
        out.write_behind(b"", |room| {
            let (written, printable) = write_easy(room, stretch);
            hard = !printable && is_hard(stretch);
            if hard { 0 } else { written }
        });
        if hard {
            push_hard(out, stretch);
        }
        rest = behind;
    }
}

/// Writes the same of a text of at most [`STRETCH`] bytes, if it is printable ASCII. Whether it is.
#[inline]
pub(super) fn write_printable<const N: usize>(room: &mut Room<'_, N>, text: &[u8]) -> bool {
    let mut whole = false;
    room.behind(|room| {
        let (written, printable) = write_easy(room, text);
        whole = printable && text.len() <= STRETCH;
        if whole { written } else { 0 }
    });
    whole
}

/// How much of a text is written in one go: whole characters.
#[inline]
fn stretch(text: &[u8]) -> usize {
    let Some(next) = text.get(STRETCH - 3..=STRETCH) else {
        return text.len();
    };
    let begins = next.iter().rposition(|byte| byte & 0xc0 != 0x80);
    STRETCH - 3 + begins.unwrap_or(3)
}

/// Writes a stretch as if nothing needed more than a backslash in front of it. How many bytes it becomes, and whether it is printable
/// ASCII, where nothing does.
#[inline(never)] // Of two places.
fn write_easy(room: &mut [u8; ROOM], stretch: &[u8]) -> (usize, bool) {
    let mut easy = Easy {
        room,
        written: 0,
        least: u8x16::splat(b' '),
        most: u8x16::splat(b' '),
    };
    let mut rest = &stretch[..stretch.len().min(STRETCH)];
    while let Some(block) = rest.first_chunk() {
        easy.write(block);
        rest = &rest[BLOCK..];
    }
    let mut last = [b' '; WHOLE + BLOCK];
    pad(&mut last, rest);
    for block in last.windows(WHOLE).step_by(BLOCK) {
        if rest.is_empty() {
            break;
        }
        if let Some(block) = block.first_chunk() {
            easy.write(block);
        }
        let (_, behind) = rest.split_at(rest.len().min(BLOCK));
        easy.written -= BLOCK - (rest.len() - behind.len());
        rest = behind;
    }
    (easy.written, easy.is_printable())
}

/// What [`write_easy`] has written and seen so far.
struct Easy<'a> {
    room: &'a mut [u8; ROOM],
    written: usize,
    /// The least and the greatest byte in each sixteenth place.
    least: u8x16,
    most: u8x16,
}

impl Easy<'_> {
    /// Writes a block.
    #[inline(always)] // Of two places.
    fn write(&mut self, block: &[u8; WHOLE]) {
        let step = |place: usize| {
            let step = block[place..].first_chunk();
            u8x16::new(*step.unwrap_or(&[0; 16]))
        };
        let steps = [step(0), step(16)];
        for step in steps {
            self.least = self.least.min(step);
            self.most = self.most.max(step);
        }
        let [one, two] = steps.map(|step| {
            let special = step.simd_eq(u8x16::splat(b'"')) | step.simd_eq(u8x16::splat(b'\\'));
            special.to_bitmask()
        });
        let mut special = one | two << 16;
        let mut before = self.written;
        self.room[before % (2 * STRETCH)..][..BLOCK].copy_from_slice(&block[..BLOCK]);
        while special != 0 {
            let at = special.trailing_zeros() as usize;
            let to = (before + at) % (2 * STRETCH);
            self.room[to] = b'\\';
            self.room[to + 1..][..BLOCK].copy_from_slice(&block[at..][..BLOCK]);
            before += 1;
            special &= special - 1;
        }
        self.written = before + BLOCK;
    }

    fn is_printable(&self) -> bool {
        let (least, most) = (self.least, self.most);
        let printable = least.simd_eq(least.max(u8x16::splat(b' ')))
            & most.simd_eq(most.min(u8x16::splat(b'~')));
        printable.to_bitmask() == 0xffff
    }
}

/// Begins a block with less than that. Two copies of a length that is known may overlap, and are cheaper than one of any length.
#[inline(always)] // Of one place.
fn pad(block: &mut [u8; WHOLE + BLOCK], bytes: &[u8]) {
    match bytes.len() {
        32.. => ends::<32>(block, bytes),
        16.. => ends::<16>(block, bytes),
        8.. => ends::<8>(block, bytes),
        4.. => ends::<4>(block, bytes),
        _ => {
            for (to, from) in block.iter_mut().zip(bytes) {
                *to = *from;
            }
        }
    }
}

/// Copies the first and the last so many bytes.
#[inline(always)] // As `pad`.
fn ends<const L: usize>(block: &mut [u8; WHOLE + BLOCK], bytes: &[u8]) {
    let (Some(first), Some(last)) = (bytes.first_chunk::<L>(), bytes.last_chunk::<L>()) else {
        return;
    };
    block[..L].copy_from_slice(first);
    if let Some(place) = block[..bytes.len().min(WHOLE)].last_chunk_mut() {
        *place = *last;
    }
}

/// Whether something needs more than a backslash in front of it.
#[inline(never)]
fn is_hard(stretch: &[u8]) -> bool {
    let control = |byte: &u8| matches!(byte, ..0x20 | 0x7f);
    stretch
        .iter()
        .fold(false, |any, byte| any | control(byte))
        // They begin a character that may have to be escaped.
        || memchr::memchr2_iter(0xc2, 0xe2, stretch).any(|at| escaped(&stretch[at..]).is_some())
}

/// Appends a stretch in which something needs more than a backslash in front of it.
#[inline(never)]
fn push_hard(out: &mut Out, stretch: &[u8]) {
    let (mut from, mut at) = (0, 0);
    while at < stretch.len() {
        let Some((code, length)) = escaped(&stretch[at..]) else {
            at += 1;
            continue;
        };
        out.extend_from_slice(&stretch[from..at]);
        push_escape(out, code);
        at += length;
        from = at;
    }
    out.extend_from_slice(&stretch[from..]);
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
    fn a_text_may_be_longer_than_a_stretch() {
        let text = "\"é\n\\ ".repeat(STRETCH) + &"\"".repeat(2 * STRETCH + 1);
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
