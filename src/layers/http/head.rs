//! Collects the bytes of one message head (start line and fields), over whatever borders they arrive, up to the cap.
//!
//! A head that lies whole in one delivery is never copied. Of one that does not, each piece's frames are remembered, so that
//! the frame in which any of its bytes was there can be told.

use crate::model::{At, Span, limits};
use memchr::memchr;

/// A head in the making.
#[derive(Debug, Default)]
pub(super) struct HeadBuffer {
    bytes: Vec<u8>,
    /// The end of each piece in `bytes`, and its frames; ascending.
    pieces: Vec<(usize, Span)>,
}

/// What `take` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All bytes belong to the head, and more must come.
    More,
    /// The first so many bytes complete the head.
    Complete(usize),
    /// The head is longer than the cap.
    TooLong,
}

/// A complete head: its bytes, with the frames of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// From the start line to the empty line.
    pub(super) bytes: &'a [u8],
    pieces: &'a [(usize, Span)],
    last: Span,
}

impl HeadBuffer {
    /// Whether no byte of a head was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was collected so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.pieces.capacity() * size_of::<(usize, Span)>()
    }

    /// Takes the next bytes, as far as they belong to the head.
    pub(super) fn take(&mut self, bytes: &[u8], span: Span) -> Taken {
        let known = self.bytes.len();
        if known == 0
            && let Some(end) = end_of_head(bytes, 0)
        {
            return if end <= limits::HTTP_HEAD {
                Taken::Complete(end)
            } else {
                Taken::TooLong
            };
        }
        // The end of a head is at most "\n\r\n" long: two bytes before may belong to it.
        self.bytes.extend_from_slice(bytes);
        let end = end_of_head(&self.bytes, known.saturating_sub(2));
        self.bytes.truncate(end.unwrap_or(self.bytes.len()));
        if self.bytes.len() > limits::HTTP_HEAD {
            return Taken::TooLong;
        }
        self.pieces.push((self.bytes.len(), span));
        match end {
            Some(end) => Taken::Complete(end - known),
            None => Taken::More,
        }
    }

    /// Keeps bytes that may be those of a head.
    pub(super) fn hold(&mut self, bytes: &[u8], span: Span) {
        self.bytes.extend_from_slice(bytes);
        self.pieces.push((self.bytes.len(), span));
    }

    /// The head that `take` just found complete, `length` bytes into `bytes`.
    pub(super) fn complete<'a>(&'a self, bytes: &'a [u8], length: usize, span: Span) -> Head<'a> {
        Head {
            bytes: if self.bytes.is_empty() {
                &bytes[..length]
            } else {
                &self.bytes
            },
            pieces: &self.pieces,
            last: span,
        }
    }

    /// Ready for the next head. Gives large buffers back.
    pub(super) fn clear(&mut self) {
        *self = HeadBuffer::default();
    }
}

impl Head<'_> {
    /// The same head with other bytes, as many.
    pub(super) fn read_as<'b>(&'b self, bytes: &'b [u8]) -> Head<'b> {
        Head { bytes, ..*self }
    }

    /// From the first byte's carrier to the frame in which the head was complete.
    pub(super) fn span(&self) -> Span {
        match self.pieces.first() {
            Some((_, first)) => first.join(self.last),
            None => self.last,
        }
    }

    /// The frame in which the byte at `offset` was there.
    pub(super) fn there(&self, offset: usize) -> At {
        let piece = self.pieces.partition_point(|(end, _)| *end <= offset);
        self.pieces
            .get(piece)
            .map_or(self.last.there, |(_, span)| span.there)
    }

    /// Where `part`, a slice of the head, begins.
    pub(super) fn offset_of(&self, part: &[u8]) -> usize {
        (part.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize)
    }
}

/// Where the empty line after the fields ends. RFC 9112 §2.2: a line may end with a bare LF.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr(b'\n', bytes.get(at..)?) {
        at += found + 1;
        match bytes.get(at..) {
            Some([b'\n', ..]) => return Some(at + 1),
            Some([b'\r', b'\n', ..]) => return Some(at + 2),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FrameNo, Timestamp};

    fn span(frame: u64) -> Span {
        Span::of(At {
            frame: FrameNo(frame),
            time: Timestamp(0),
        })
    }

    #[test]
    fn a_head_ends_at_its_empty_line_wherever_it_is_cut() {
        for text in [
            "A\r\nb: c\r\n\r\nrest",
            "A\nb: c\n\nrest",
            "A\r\nb: c\n\r\nrest",
        ] {
            let bytes = text.as_bytes();
            let length = text.len() - 4;
            for cut in 1..length {
                let mut buffer = HeadBuffer::default();
                assert_eq!(buffer.take(&bytes[..cut], span(1)), Taken::More);
                let rest = &bytes[cut..];
                assert_eq!(
                    buffer.take(rest, span(2)),
                    Taken::Complete(length - cut),
                    "{text:?} cut at {cut}"
                );
                let head = buffer.complete(rest, length - cut, span(2));
                assert_eq!(head.bytes, &bytes[..length]);
                assert_eq!(head.there(cut - 1).frame, FrameNo(1));
                assert_eq!(head.there(cut).frame, FrameNo(2));
                assert_eq!(head.span(), span(1).join(span(2)));
            }
        }
    }

    #[test]
    fn a_head_in_one_piece_is_not_copied() {
        let mut buffer = HeadBuffer::default();
        assert_eq!(buffer.take(b"A\r\n\r\nrest", span(1)), Taken::Complete(5));
        assert!(buffer.is_empty());
        assert_eq!(
            buffer.complete(b"A\r\n\r\nrest", 5, span(1)).bytes,
            b"A\r\n\r\n"
        );
    }

    #[test]
    fn a_head_without_an_end_stops_at_the_cap() {
        let mut buffer = HeadBuffer::default();
        let line = [b'x'; 1024];
        let rounds = (0..).take_while(|_| buffer.take(&line, span(1)) == Taken::More);
        assert_eq!(rounds.count(), limits::HTTP_HEAD / line.len());
    }
}
