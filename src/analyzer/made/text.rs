//! The text of lines, in blocks: it is neither copied as it grows, nor is there more room than it takes.
//!
//! In: lines, one behind the other. Out: the same, each by its place.

use crate::model::{Out, limits};

#[derive(Debug, Default)]
pub(super) struct Text {
    blocks: Vec<Out>,
    /// The block that the latest line went to.
    last: usize,
}

/// Where a line lies in the text, and where in it the numbers of sessions go.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Line {
    block: u32,
    start: u32,
    /// Behind `start`.
    sessions: u32,
    length: u32,
}

impl Line {
    /// Its length, bytes.
    pub(super) fn len(&self) -> usize {
        self.length as usize
    }
}

/// Where a block has no more room than this, bytes, the next line begins another.
const ROOM: usize = 4 * 1024;

impl Text {
    /// Appends a line, if `write` writes one: it gives the place where the numbers of sessions go.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Out) -> Option<usize>) -> Option<Line> {
        let (block, text) = self.last();
        let start = text.len();
        let sessions = write(text)?;
        let behind = |at: usize| u32::try_from(at - start).ok();
        Some(Line {
            block,
            start: u32::try_from(start).ok()?,
            sessions: behind(sessions)?,
            length: behind(text.len())?,
        })
    }

    /// A line.
    pub(super) fn get(&self, line: Line) -> &[u8] {
        &self.blocks[line.block as usize].written()[line.start as usize..][..line.len()]
    }

    /// A line before and behind the numbers of sessions.
    pub(super) fn parts(&self, line: Line) -> (&[u8], &[u8]) {
        self.get(line).split_at(line.sessions as usize)
    }

    /// Begins anew, and keeps the memory unless it is unusually much.
    pub(super) fn clear(&mut self) {
        self.last = 0;
        self.blocks.truncate(limits::OUT_KEPT / limits::LINES);
        self.blocks.iter_mut().for_each(Out::clear);
    }

    /// The block that the next line goes to, and its number.
    fn last(&mut self) -> (u32, &mut Out) {
        let last = self.blocks.get(self.last);
        if last.is_some_and(|last| last.len() + ROOM > limits::LINES) {
            self.last += 1;
        }
        if self.last == self.blocks.len() {
            self.blocks.push(Out::default());
        }
        (self.last as u32, &mut self.blocks[self.last]) // of a quarter of a MiB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(text: &mut Text, line: &[u8], sessions: usize) -> Option<Line> {
        text.push(|out| {
            let place = out.len() + sessions;
            out.extend_from_slice(line);
            Some(place)
        })
    }

    #[test]
    fn a_line_is_found_again_with_the_place_of_its_sessions() {
        let mut text = Text::default();
        let first = push(&mut text, b"abc", 1).unwrap();
        let second = push(&mut text, b"de", 2).unwrap();
        assert_eq!(text.parts(first), (&b"a"[..], &b"bc"[..]));
        assert_eq!(text.parts(second), (&b"de"[..], &b""[..]));
        assert!(text.push(|_| None).is_none());
    }

    #[test]
    fn lines_of_any_length_lie_in_blocks_and_few_of_these_are_kept() {
        let mut text = Text::default();
        for round in 0..3 {
            let lengths = [1, limits::LINES / 2, 7 * limits::LINES, 0, 3].into_iter();
            let lengths: Vec<usize> = lengths.cycle().take(40).collect();
            let lines: Vec<Line> = lengths
                .iter()
                .map(|length| push(&mut text, &vec![b'a' + round; *length], *length).unwrap())
                .collect();
            for (line, length) in lines.iter().zip(&lengths) {
                assert_eq!(text.get(*line), vec![b'a' + round; *length]);
            }
            assert!(text.blocks.len() > limits::OUT_KEPT / limits::LINES);
            text.clear();
            assert!(text.blocks.len() <= limits::OUT_KEPT / limits::LINES);
            assert!(text.blocks.iter().all(Out::is_empty));
        }
    }
}
