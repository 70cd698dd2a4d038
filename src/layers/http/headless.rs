//! Recognises an event stream whose head was not captured: the capture began later, or bytes with the head are missing.
//!
//! Bytes from the beginning of a delivery on come in, where nothing else tells what they are. What is believed in chunks is a whole block: lines that begin
//! with `data:`, `event:`, `id:`, `retry:` or a colon and nothing else, up to a blank line. Without chunks it takes a block with data and another one that
//! ends in a later delivery: chunks may only be out of sight, within a long one. How the first block began nobody knows, so that it is no event: the stream is read
//! from the blank line on that told it. Nothing is copied.

use super::body::{Body, ChunkPart, Step, begins_chunk};
use crate::model::Framing;

/// What may be an event stream, as far as it was seen.
#[derive(Debug)]
pub(super) struct Suspect {
    body: Body,
    framing: Framing,
    block: Block,
    /// No byte was read yet.
    is_new: bool,
    /// Without chunks: a block was seen, in this delivery or before it.
    seen: Option<Seen>,
}

/// Where a block was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    InThisDelivery,
    Before,
}

/// What bytes make of a suspicion.
#[derive(Debug)]
pub(super) enum Verdict<'a> {
    /// It may still be one.
    Undecided(Suspect),
    /// It is one.
    Stream(Stream<'a>),
    /// It is none.
    Other,
}

/// An event stream right behind a blank line.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) body: Body,
    pub(super) framing: Framing,
    /// Bytes of the stream that follow the blank line, with the chunk that they belong to, which counts as the first.
    pub(super) rest: &'a [u8],
    pub(super) part: Option<ChunkPart>,
}

impl Suspect {
    /// What begins with `bytes`, if that may be the middle of an event stream.
    pub(super) fn of(bytes: &[u8]) -> Option<Suspect> {
        let (body, framing, data) = match begins_chunk(bytes) {
            Some(data) => (Body::chunked(), Framing::Chunked, data),
            None => (Body::Close, Framing::Close, bytes),
        };
        let begins = NAMES.iter().any(|name| data.starts_with(name.as_bytes()));
        // Some servers send the header of a chunk in a segment of its own.
        let chunk = framing == Framing::Chunked && (data.is_empty() || data.starts_with(b":"));
        (begins || chunk).then(|| Suspect {
            body,
            framing,
            block: Block::default(),
            is_new: true,
            seen: None,
        })
    }

    /// Whether no byte of it was read yet.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Goes on through `input`, the next delivery or the rest of the first, which it shortens.
    pub(super) fn read<'a>(mut self, input: &mut &'a [u8]) -> Verdict<'a> {
        self.seen = self.seen.map(|_| Seen::Before);
        self.is_new = false;
        while let Some(step) = self.body.step(input) {
            let Step::Data(bytes, part) = step else {
                return Verdict::Other;
            };
            let mut rest = bytes;
            while let Some(line) = self.block.read(&mut rest) {
                let told = match (line, self.framing, self.seen) {
                    (Line::Other, ..) => return Verdict::Other,
                    (Line::Blank, Framing::Chunked, _) | (Line::Blank, _, Some(Seen::Before)) => {
                        true
                    }
                    (Line::Blank, _, None) if !self.block.has_data => return Verdict::Other,
                    (Line::Blank, ..) => false,
                };
                if told {
                    let part = part.map(|part| self.body.renumber(part));
                    return Verdict::Stream(Stream {
                        body: self.body,
                        framing: self.framing,
                        rest,
                        part,
                    });
                }
                self.seen = Some(Seen::InThisDelivery);
            }
        }
        Verdict::Undecided(self)
    }
}

/// The fields of the standard, with their colon.
const NAMES: [&str; 4] = ["data:", "event:", "id:", "retry:"];

/// The block so far.
#[derive(Debug, Default)]
struct Block {
    /// Whether a `data` line was seen.
    has_data: bool,
    /// The names that the unfinished line may still become, as bits, and how many of its bytes were seen; `None` once it is known.
    name: Option<(u8, usize)>,
    /// The unfinished line is known.
    known: bool,
    /// Whether a line was complete.
    has_line: bool,
    /// The last byte was a CR that ended a line: a LF that follows belongs to it.
    skip_line_feed: bool,
}

/// How a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// With its blank line.
    Blank,
    /// With a line that is none of an event stream.
    Other,
}

impl Block {
    /// Goes on through `input`, which it shortens. How the block ended, if it did.
    fn read(&mut self, input: &mut &[u8]) -> Option<Line> {
        while let Some((byte, rest)) = input.split_first() {
            let end = matches!(byte, b'\n' | b'\r');
            if std::mem::take(&mut self.skip_line_feed) && *byte == b'\n' {
                *input = rest;
                continue;
            }
            if self.known {
                let skip = memchr::memchr2(b'\n', b'\r', input).unwrap_or(input.len());
                *input = input.get(skip..).unwrap_or_default();
                let (end, rest) = input.split_first()?;
                self.skip_line_feed = *end == b'\r';
                (self.known, self.has_line) = (false, true);
                *input = rest;
                continue;
            }
            match self.name {
                None if end => {
                    *input = rest;
                    self.skip_line_feed = *byte == b'\r';
                    if std::mem::take(&mut self.has_line) {
                        return Some(Line::Blank);
                    }
                    continue;
                }
                None if *byte == b':' => self.known = true,
                _ => {
                    let (names, seen) = self.name.unwrap_or((0b1111, 0));
                    let fits = |name: &str| name.as_bytes().get(seen) == Some(byte);
                    let left = (0..NAMES.len())
                        .filter(|place| names & 1 << place != 0 && fits(NAMES[*place]))
                        .fold(0u8, |left, place| left | 1 << place);
                    match left {
                        0 => return Some(Line::Other),
                        _ if *byte == b':' => {
                            self.has_data |= left == 1;
                            (self.known, self.name) = (true, None);
                        }
                        _ => self.name = Some((left, seen + 1)),
                    }
                }
            }
            *input = rest;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left behind the blank line that told the stream, and its framing.
    fn told(pieces: &[&str]) -> Option<(String, Framing)> {
        let mut suspect = Suspect::of(pieces[0].as_bytes())?;
        for piece in pieces {
            let mut input = piece.as_bytes();
            match suspect.read(&mut input) {
                Verdict::Undecided(same) => suspect = same,
                Verdict::Stream(stream) => {
                    let rest = String::from_utf8(stream.rest.to_vec()).unwrap();
                    return Some((rest, stream.framing));
                }
                Verdict::Other => return None,
            }
        }
        None
    }

    #[test]
    fn a_whole_block_tells_an_event_stream_in_chunks_wherever_it_is_cut() {
        let chunked = |rest: &str| Some((rest.to_owned(), Framing::Chunked));
        assert_eq!(told(&["9\r\ndata: x\n\n\r\n"]), chunked(""));
        assert_eq!(
            told(&["5\r\ndata:\r\n", "1\r\nx\r\n", "3\r\n\n\ni\r\n"]),
            chunked("i")
        );
        assert_eq!(told(&["9\r\n", "data: x\n\n", "\r\n"]), chunked(""));
        assert_eq!(told(&["4\r\n: c\n\r\n", "1\r\n\n\r\n"]), chunked(""));
        assert_eq!(
            told(&["20\r\nid: 7\r\ndat", "a: b\r", "\n\r", "\nid: 8"]),
            chunked("")
        );
        // The LF of the line's end is not the blank line.
        assert_eq!(
            told(&["20\r\ndata: a\r", "\ndata: b\r", "\n\rid: 9"]),
            chunked("id: 9")
        );
    }

    #[test]
    fn without_chunks_it_takes_another_block_in_a_later_delivery() {
        let close = |rest: &str| Some((rest.to_owned(), Framing::Close));
        assert_eq!(
            told(&["data: x\n\ndata: y\n\n", ": c\n\ndata: z"]),
            close("data: z")
        );
        assert_eq!(told(&["data: x\n\nev", "ent: a\r\r"]), close(""));
        for other in [
            &["data: x\n\ndata: y\n\n"][..],
            &["data: x\n\n", "\r\n9\r\ndata: y\n\n\r\n"],
            &["id: 7\n\n", "data: x\n\n"],
        ] {
            assert_eq!(told(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for other in [
            &["data: x\nother: y\n\n", "data: x\n\n"][..],
            &["data x\n\n", "data: x\n\n"],
            &[": c\n\n"],
            &["\n\n"],
            &["5\r\ndata:\r\n", "zz\r\n"],
            &["5\r\ndata:\r\n", "0\r\n\r\n"],
            &["dat: x\n\n"],
            &["HTTP/1.1 200 OK\r\n\r\n"],
        ] {
            assert_eq!(told(other), None, "{other:?}");
        }
    }
}
