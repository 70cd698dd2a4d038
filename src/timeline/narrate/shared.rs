//! What an event shares with the one before it, and so need not be shown again: a model's tokens differ only in the middle
//! of the same JSON.
//!
//! The data of one event after another comes in; how many bytes to leave out in front and behind goes out. At most
//! [`SHARED_TEXT`] bytes at each end of an event are kept and compared.

use crate::model::fetch_lines;
use crate::model::limits::SHARED_TEXT;

/// Characters that must be shared in front, at least, to be left out.
const FRONT: usize = 16;

/// Characters that must be shared behind, at least, to be left out.
const BEHIND: usize = 8;

/// The event before the next one.
#[derive(Debug, Default)]
pub(super) struct Previous {
    /// The first [`SHARED_TEXT`] bytes followed by the last, or all where that is no more than both.
    ends: Vec<u8>,
    /// Its length in bytes; 0 also where there was none.
    length: usize,
}

/// The ends of an event.
#[derive(Clone, Copy)]
struct Ends<'a> {
    /// At most [`SHARED_TEXT`] bytes.
    head: &'a [u8],
    /// As many.
    tail: &'a [u8],
    length: usize,
}

impl<'a> Ends<'a> {
    /// Those of an event of so many bytes, of which no less than the ends are there.
    fn of(bytes: &'a [u8], length: usize) -> Ends<'a> {
        let (head, _) = bytes.split_at(bytes.len().min(SHARED_TEXT));
        let (_, tail) = bytes.split_at(bytes.len() - head.len());
        Ends { head, tail, length }
    }
}

impl Previous {
    /// Makes room for events of so many bytes: it is as if one had been [kept](Previous::keep).
    pub(super) fn make_room(&mut self, bytes: usize) {
        let bytes = bytes.min(2 * SHARED_TEXT);
        if bytes > self.ends.capacity() {
            self.ends = Vec::with_capacity(bytes.next_power_of_two());
        }
    }

    /// Keeps `bytes` as the event before the next one.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.length = bytes.len();
        self.ends.clear();
        if bytes.len() <= 2 * SHARED_TEXT {
            self.ends.extend_from_slice(bytes);
        } else {
            let Ends { head, tail, .. } = Ends::of(bytes, bytes.len());
            self.ends.extend_from_slice(head);
            self.ends.extend_from_slice(tail);
        }
    }

    /// Has each line of the cache fetched that the ends lie in.
    pub(super) fn fetch(&self) {
        fetch_lines(&self.ends, usize::MAX);
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        self.ends.capacity()
    }

    /// What the event that is kept [shares](shared) with the next.
    pub(super) fn shared(&self, next: &[u8]) -> (usize, usize) {
        shared_with(Ends::of(&self.ends, self.length), next)
    }
}

/// How many bytes of `next`, which is UTF-8, to leave out in front and behind, where `before` was the event before it; both are character borders. Nothing of
/// a text that says the same as the one before or is its beginning: what is left would tell nobody anything.
pub(super) fn shared(before: &[u8], next: &[u8]) -> (usize, usize) {
    shared_with(Ends::of(before, before.len()), next)
}

fn shared_with(before: Ends<'_>, next: &[u8]) -> (usize, usize) {
    let Ends { head, tail, length } = before;
    let alike = common_in_front(head, next);
    if alike == next.len() {
        return (0, 0);
    }
    let front = cut_in_front(&next[..alike])
        .filter(|cut| has_characters(&next[..*cut], FRONT))
        .unwrap_or(0);
    // What is shared in front is not shared behind a second time.
    let left = (next.len() - alike).min(length - alike).min(tail.len());
    let alike = common_behind(&tail[tail.len() - left..], &next[next.len() - left..]);
    let behind = cut_behind(&next[next.len() - alike..])
        .filter(|cut| has_characters(&next[next.len() - cut..], BEHIND))
        .unwrap_or(0);
    (front, behind)
}

/// How many bytes two texts have in common at their beginning.
fn common_in_front(a: &[u8], b: &[u8]) -> usize {
    let parts = a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0);
    let far = 32 * parts.take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[far..], &b[far..]);
    let mut alike = far;
    for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
        match u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b) {
            0 => alike += 8,
            other => return alike + other.trailing_zeros() as usize / 8,
        }
    }
    let rest = a[alike - far..].iter().zip(&b[alike - far..]);
    alike + rest.take_while(|(a, b)| a == b).count()
}

/// How many bytes two texts have in common at their end.
fn common_behind(a: &[u8], b: &[u8]) -> usize {
    let mut alike = 0;
    for (a, b) in a
        .as_rchunks()
        .1
        .iter()
        .rev()
        .zip(b.as_rchunks().1.iter().rev())
    {
        match u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b) {
            0 => alike += 8,
            other => return alike + other.leading_zeros() as usize / 8,
        }
    }
    let (a, b) = (&a[..a.len() - alike], &b[..b.len() - alike]);
    let rest = a.iter().rev().zip(b.iter().rev());
    alike + rest.take_while(|(a, b)| a == b).count()
}

/// Whether a cut may be at this byte.
fn cuts(byte: u8) -> bool {
    const CUTS: [bool; 256] = {
        let mut cuts = [false; 256];
        let mut bytes: &[u8] = b"{}[],";
        while let [byte, rest @ ..] = bytes {
            cuts[*byte as usize] = true;
            bytes = rest;
        }
        cuts
    };
    CUTS[usize::from(byte)]
}

/// Where to cut a shared beginning: before its last opening bracket, or behind its last comma (with the spaces that follow)
/// or closing bracket, whichever comes last. These are ASCII, so the cut is a character border.
fn cut_in_front(shared: &[u8]) -> Option<usize> {
    let at = shared.iter().rposition(|byte| cuts(*byte))?;
    Some(match shared[at] {
        b'{' | b'[' => at,
        b',' => {
            let spaces = shared[at + 1..].iter().take_while(|byte| **byte == b' ');
            at + 1 + spaces.count()
        }
        _ => at + 1,
    })
}

/// How much of a shared end to cut: behind its first closing bracket, or from its first comma or opening bracket on,
/// whichever comes first.
fn cut_behind(shared: &[u8]) -> Option<usize> {
    let at = shared.iter().position(|byte| cuts(*byte))?;
    Some(match shared[at] {
        b'}' | b']' => shared.len() - at - 1,
        _ => shared.len() - at,
    })
}

fn has_characters(text: &[u8], at_least: usize) -> bool {
    // None takes more than four bytes, and all but the first of them continue it.
    let begins = |byte: &&u8| **byte & 0xc0 != 0x80;
    text.len() >= 4 * at_least || text.iter().filter(begins).nth(at_least - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn left(before: &str, text: &str) -> String {
        let mut previous = Previous::default();
        previous.keep(before.as_bytes());
        let (front, behind) = previous.shared(text.as_bytes());
        let dots = |cut| if cut > 0 { "…" } else { "" };
        let middle = &text[front..text.len() - behind];
        format!("{}{middle}{}", dots(front), dots(behind))
    }

    #[test]
    fn the_same_json_around_a_token_is_left_out() {
        let chunk = |delta: &str| {
            format!(
                "{{\"id\":\"chatcmpl-A9x\",\"choices\":[{{\"index\":0,\"delta\":{{{delta}}},\"finish_reason\":null}}]}}"
            )
        };
        assert_eq!(
            left(&chunk("\"content\":\"\""), &chunk("\"content\":\"The \"")),
            "…{\"content\":\"The \"}…"
        );
        assert_eq!(
            left(
                &chunk("\"content\":\"Them\""),
                &chunk("\"content\":\"The \"")
            ),
            "…{\"content\":\"The \"}…"
        );
        let same = chunk("\"content\":\"a\"");
        assert_eq!(left(&same, &same), same);
    }

    #[test]
    fn short_likeness_and_plain_text_are_shown_whole() {
        assert_eq!(
            left("{\"seq\":2,\"load\":20}", "{\"seq\":3,\"load\":22}"),
            "{\"seq\":3,\"load\":22}"
        );
        assert_eq!(
            left("当前时间：1:8:47", "当前时间：1:8:48"),
            "当前时间：1:8:48"
        );
        assert_eq!(left("", "{}"), "{}");
    }

    #[test]
    fn only_the_ends_of_long_texts_are_compared() {
        let long = |middle: &str| format!("[{}{middle}{}]", "0,".repeat(4_000), ",1".repeat(4_000));
        let (front, behind) = {
            let (before, next) = (long("a"), long("b"));
            let mut previous = Previous::default();
            previous.keep(before.as_bytes());
            let kept = previous.shared(next.as_bytes());
            assert_eq!(kept, shared(before.as_bytes(), next.as_bytes()));
            kept
        };
        assert!(front <= SHARED_TEXT && front > SHARED_TEXT - 4, "{front}");
        assert!(
            behind <= SHARED_TEXT && behind > SHARED_TEXT - 4,
            "{behind}"
        );
    }

    proptest! {
        #[test]
        fn cuts_are_character_borders_within_the_text(
            before in "[{},\\[\\]a时]{0,80}", text in "[{},\\[\\]a时]{0,80}"
        ) {
            let mut previous = Previous::default();
            previous.keep(before.as_bytes());
            let (front, behind) = previous.shared(text.as_bytes());
            prop_assert_eq!((front, behind), shared(before.as_bytes(), text.as_bytes()));
            prop_assert!(front + behind <= text.len());
            prop_assert!(text.is_char_boundary(front) && text.is_char_boundary(text.len() - behind));
            prop_assert!(front == 0 || before.starts_with(&text[..front]));
            prop_assert!(behind == 0 || before.ends_with(&text[text.len() - behind..]));
        }
    }
}
