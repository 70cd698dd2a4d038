//! Parses an event stream as WHATWG HTML §9.2.5 and §9.2.6 say, whatever the borders at which its bytes arrive.
//!
//! Byte slices come in, each with a mark that says which frames and which chunk carried it; dispatched events, comments and
//! blocks without data go out with the marks of their first and last byte. It knows no clock, no session and no transport,
//! and never keeps more than the caps in `model::limits`.

mod short;

use super::ids;
use super::rope::Rope;
use crate::model::{At, Ids, Span, limits};
use memchr::{memchr, memchr2};
use std::borrow::Cow;
use std::sync::Arc;

/// What carried a run of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The frames.
    pub span: Span,
    /// The data chunk, from 1; `None` if the body is not chunked.
    pub chunk: Option<u64>,
}

/// What the parser says.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An event is dispatched.
    Event(Block),
    /// An event is dispatched, to a parser that counts.
    Counted {
        /// Bytes of its data in UTF-8.
        data_bytes: u64,
        /// Where it was complete.
        there: At,
    },
    /// A blank line ended a block that has fields but no data.
    WithoutData {
        /// The event that is not dispatched, if it was named; never by a parser that counts.
        event_type: Option<String>,
        /// The id field.
        id: Option<String>,
        /// The retry field, milliseconds.
        retry: Option<u64>,
    },
    /// A comment line is complete.
    Comment,
    /// A line or a block passed its cap: the block is given up, reading resumes after the next blank line.
    Oversize {
        /// Bytes of the block so far.
        bytes: u64,
    },
}

/// A block that was dispatched as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `message` unless the block named another.
    pub event_type: Cow<'static, str>,
    /// The data buffer without its last line feed.
    pub data: String,
    /// The last event ID string.
    pub last_event_id: Arc<str>,
    /// The id field of this block.
    pub id: Option<String>,
    /// The retry field of this block, milliseconds.
    pub retry: Option<u64>,
    /// What carried the first byte of its first line that is no comment.
    pub first: Mark,
    /// What carried the byte that ended its blank line.
    pub last: Mark,
}

/// The parser of one stream.
///
/// Invariants: `line` holds bytes only while `partial` is `Field`; nothing is kept of comments and of lines that are skipped.
///
/// What a whole event needs stands at the beginning.
#[derive(Debug)]
#[repr(C)]
pub struct Parser {
    /// Bytes since the end of the last blank line.
    unread: u64,
    /// Whether events are counted and not made.
    counts: bool,
    /// How many bytes of a leading byte order mark were seen; `BOM_LENGTH` once that question is settled.
    bom: u8,
    /// The last byte was a CR that ended a line: a LF that follows belongs to it.
    skip_line_feed: bool,
    /// Fields are ignored up to the next blank line: bytes were missing or a cap was passed.
    skipping: bool,
    /// What the unfinished line is.
    partial: Partial,
    last_event_id: Arc<str>,
    /// The bytes of an unfinished line.
    line: Rope,
    block: Buffers,
    ids: Option<Box<Ids>>,
    retry: Option<u64>,
    /// What carried the unfinished line's first byte.
    line_first: Mark,
    /// What carried the first byte of a byte order mark that is not complete.
    bom_mark: Mark,
}

/// What an unfinished line is, as far as its first byte tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partial {
    /// No byte of it was seen.
    Empty,
    /// It begins with a colon.
    Comment,
    /// It may be a field; its bytes are in `line`.
    Field,
    /// It is skipped: not empty, nothing is kept of it.
    Skipped,
}

/// The buffers of §9.2.6, as bytes: line ends, colons and spaces are never part of a longer UTF-8 sequence, so that decoding
/// field by field gives what decoding the stream gives.
#[derive(Debug, Default)]
struct Buffers {
    /// What carried the first byte of the first line that is no comment.
    first: Option<Mark>,
    /// With a line feed behind each line; empty in a parser that counts.
    data: Rope,
    /// Bytes of the data as they came.
    data_length: usize,
    /// Bytes of the data as they are decoded, in a parser that counts.
    decoded: u64,
    /// Empty in a parser that counts.
    event_type: Vec<u8>,
    /// Bytes of the event type.
    type_length: usize,
    id: Option<String>,
    retry: Option<u64>,
}

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BOM_LENGTH: u8 = BOM.len() as u8;

/// A buffer that grew beyond this is given back after its block, so that one large event does not stay paid for.
const KEPT_CAPACITY: usize = 64 * 1024;

impl Default for Parser {
    fn default() -> Parser {
        Parser::new()
    }
}

impl Parser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Parser {
        Parser::of(false, Arc::from(""))
    }

    /// A parser that counts the events and does not make them.
    pub fn counting() -> Parser {
        // The empty text that all share: no event takes it along.
        Parser::of(true, Arc::default())
    }

    fn of(counts: bool, last_event_id: Arc<str>) -> Parser {
        Parser {
            counts,
            bom: 0,
            bom_mark: Mark::default(),
            partial: Partial::Empty,
            line: Rope::default(),
            line_first: Mark::default(),
            skip_line_feed: false,
            skipping: false,
            block: Buffers::default(),
            last_event_id,
            ids: None,
            retry: None,
            unread: 0,
        }
    }

    /// The next bytes, all carried by `mark`.
    #[inline]
    pub fn push(&mut self, bytes: &[u8], mark: Mark, mut emit: impl FnMut(Item)) {
        let mut rest = bytes;
        if rest.is_empty() {
            return;
        }
        if std::mem::take(&mut self.skip_line_feed)
            && let Some((b'\n', after)) = rest.split_first()
        {
            rest = after;
            // The LF of a blank line's CRLF is part of that line's end; nothing follows it yet.
            if self.unread > 0 {
                self.unread += 1;
            }
        }
        if self.bom < BOM_LENGTH {
            rest = self.strip_byte_order_mark(rest, mark);
        }
        if self.counts {
            self.whole_events(&mut rest, mark.span.there, &mut emit);
        }
        while !rest.is_empty() {
            // Every event ends in an empty line, which needs no search.
            let end = match rest {
                [b'\n', ..] => Some(0),
                _ => memchr2(b'\n', b'\r', rest),
            };
            let Some(end) = end else {
                self.keep(rest, mark, &mut emit);
                return;
            };
            let (line, after) = rest.split_at(end);
            let ended = match after {
                [b'\r', b'\n', ..] => 2,
                [b'\r'] => {
                    self.skip_line_feed = true;
                    1
                }
                _ => 1,
            };
            self.unread += (end + ended) as u64;
            self.end_line(line, mark, &mut emit);
            rest = &after[ended..];
        }
    }

    /// Bytes are missing (0 if nobody knows how many): the unfinished block is lost, and reading resumes after the next blank line.
    pub fn gap(&mut self, bytes: u64) {
        self.bom = BOM_LENGTH;
        self.skip_line_feed = false;
        self.give_up_block();
        self.block.first = None;
        self.unread += bytes;
    }

    /// Nothing more comes: of an unfinished block no more is kept than that it has begun.
    pub fn give_up(&mut self) {
        if self.partial == Partial::Field {
            self.block.first.get_or_insert(self.line_first);
        }
        self.give_up_block();
    }

    /// Bytes of an unfinished block, and of IDs, that are kept, or would be if events were made.
    pub fn unfinished(&self) -> usize {
        let block = &self.block;
        let id = block.id.as_ref().map_or(0, String::len);
        self.line.len() + block.data_length + block.type_length + id + self.ids_length()
    }

    fn ids_length(&self) -> usize {
        self.last_event_id.len() + self.ids.as_ref().map_or(0, |ids| ids.first.len())
    }

    /// Whether bytes of an event that is not complete are there; comments and blank lines do not count.
    pub fn pending(&self) -> bool {
        self.block.first.is_some() || self.partial == Partial::Field
    }

    /// Bytes after the last blank line.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// The last event ID string.
    pub fn last_event_id(&self) -> &Arc<str> {
        &self.last_event_id
    }

    /// The IDs that the stream set; `None` before the first.
    pub fn ids(&self) -> Option<&Ids> {
        self.ids.as_deref()
    }

    /// The reconnection time that the stream set last, milliseconds.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Bytes of memory on the heap.
    pub(super) fn memory(&self) -> usize {
        let Buffers {
            data,
            event_type,
            id,
            ..
        } = &self.block;
        let ids = self
            .ids
            .as_ref()
            .map_or(0, |ids| size_of::<Ids>() + ids.first.len() + ids.last.len());
        self.line.memory()
            + data.memory()
            + event_type.capacity()
            + id.as_ref().map_or(0, String::capacity)
            + self.last_event_id.len()
            + ids
    }

    /// §9.2.5: one leading U+FEFF is ignored ("UTF-8 decode"). Its bytes may come one by one.
    fn strip_byte_order_mark<'a>(&mut self, bytes: &'a [u8], mark: Mark) -> &'a [u8] {
        let seen = usize::from(self.bom);
        let missing = &BOM[seen..];
        if seen == 0 {
            self.bom_mark = mark;
        }
        let fits = bytes
            .iter()
            .zip(missing)
            .take_while(|(a, b)| a == b)
            .count();
        if fits == missing.len() || fits == bytes.len() {
            self.bom += fits as u8;
            self.unread += fits as u64;
            return &bytes[fits..];
        }
        // It is none: what looked like it begins the first line.
        self.bom = BOM_LENGTH;
        if seen > 0 {
            self.partial = Partial::Field;
            self.line_first = self.bom_mark;
            self.line.append(&BOM[..seen]);
        }
        bytes
    }

    /// The beginning or the middle of a line.
    fn keep(&mut self, bytes: &[u8], mark: Mark, emit: &mut impl FnMut(Item)) {
        self.unread += bytes.len() as u64;
        if self.partial == Partial::Empty {
            self.partial = match bytes.first() {
                None => return,
                Some(b':') => Partial::Comment,
                Some(_) if self.skipping => Partial::Skipped,
                Some(_) => {
                    self.line_first = mark;
                    Partial::Field
                }
            };
        }
        if self.partial == Partial::Field {
            if self.line.len() + bytes.len() > limits::SSE_LINE {
                self.oversize(emit);
            } else {
                self.line.append(bytes);
            }
        }
    }

    /// A line is complete: what was kept of it and `tail`.
    fn end_line(&mut self, tail: &[u8], mark: Mark, emit: &mut impl FnMut(Item)) {
        match std::mem::replace(&mut self.partial, Partial::Empty) {
            Partial::Empty => match tail.first() {
                None => self.blank_line(mark, emit),
                Some(b':') => emit(Item::Comment),
                Some(_) if self.skipping => {}
                Some(_) => self.field_line(tail, mark, emit),
            },
            Partial::Comment => emit(Item::Comment),
            Partial::Skipped => {}
            Partial::Field => {
                if self.line.len() + tail.len() > limits::SSE_LINE {
                    self.oversize(emit);
                    self.partial = Partial::Empty;
                    return;
                }
                let line = self.line.end(tail);
                self.field_line(&line, self.line_first, emit);
                self.line.reuse(line);
            }
        }
    }

    /// §9.2.6: "If the line contains a U+003A COLON character (:)" and "Otherwise, the string is not empty but does not contain" one.
    fn field_line(&mut self, line: &[u8], first: Mark, emit: &mut impl FnMut(Item)) {
        self.block.first.get_or_insert(first);
        // Nearly every line is one of data.
        let colon = match line {
            [b'd', b'a', b't', b'a', b':', ..] => Some(4),
            _ => memchr(b':', line),
        };
        let (name, value) = match colon {
            Some(colon) => {
                let value = &line[colon + 1..];
                (&line[..colon], without_space(value))
            }
            None => (line, &b""[..]),
        };
        match name {
            b"data" => {
                let length = self.block.data_length + value.len() + 1;
                if length > limits::SSE_EVENT {
                    self.oversize(emit);
                    self.partial = Partial::Empty;
                    return;
                }
                self.block.data_length = length;
                if self.counts {
                    self.block.decoded += decoded_length(value) + 1;
                } else {
                    self.block.data.append_line(value);
                }
            }
            b"event" => {
                self.block.type_length = value.len();
                if !self.counts {
                    self.block.event_type.clear();
                    self.block.event_type.extend_from_slice(value);
                }
            }
            // "If the field value does not contain U+0000 NULL"
            b"id" if memchr(0, value).is_some() => {}
            b"id" if value.len() > limits::SSE_ID => {
                self.oversize(emit);
                self.partial = Partial::Empty;
            }
            b"id" => self.block.id = Some(String::from_utf8_lossy(value).into_owned()),
            // "If the field value consists of only ASCII digits". An empty value is no number: some browsers ignore it, some go back to their default.
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let milliseconds = value.iter().fold(0u64, |sum, digit| {
                    sum.saturating_mul(10)
                        .saturating_add(u64::from(digit - b'0'))
                });
                self.block.retry = Some(milliseconds);
                self.retry = Some(milliseconds);
            }
            _ => {}
        }
    }

    /// §9.2.6: "dispatch the event".
    fn blank_line(&mut self, mark: Mark, emit: &mut impl FnMut(Item)) {
        self.unread = 0;
        if std::mem::take(&mut self.skipping) {
            self.block.clear();
            return;
        }
        let Some(first) = self.block.first.take() else {
            return;
        };
        let id = self.block.id.take();
        let retry = self.block.retry.take();
        // Step 1: the last event ID string is set whether or not an event is fired.
        if let Some(id) = &id {
            if **id != *self.last_event_id {
                self.last_event_id = Arc::from(id.as_str());
            }
            ids::add(&mut self.ids, &self.last_event_id);
        }
        // Step 2: without data nothing is fired.
        if self.block.data_length == 0 {
            let event_type = std::mem::take(&mut self.block.event_type);
            let event_type = (!event_type.is_empty()).then(|| lossy(event_type));
            self.block.clear();
            emit(Item::WithoutData {
                event_type,
                id,
                retry,
            });
            return;
        }
        // Step 3: one line feed at the end of the data goes.
        if self.counts {
            let data_bytes = self.block.decoded - 1; // one for each line
            self.block.clear();
            emit(Item::Counted {
                data_bytes,
                there: mark.span.there,
            });
            return;
        }
        let mut data = self.block.data.end(b"");
        data.pop();
        let event_type = if self.block.event_type.is_empty() {
            Cow::Borrowed("message")
        } else {
            Cow::Owned(String::from_utf8_lossy(&self.block.event_type).into_owned())
        };
        self.block.clear();
        emit(Item::Event(Block {
            event_type,
            data: lossy(data),
            last_event_id: self.last_event_id.clone(),
            id,
            retry,
            first,
            last: mark,
        }));
    }

    /// A cap was passed.
    fn oversize(&mut self, emit: &mut impl FnMut(Item)) {
        self.block.first.get_or_insert(self.line_first);
        self.give_up_block();
        emit(Item::Oversize { bytes: self.unread });
    }

    /// Forgets the block, but that it has begun, and the unfinished line; skips up to the next blank line.
    fn give_up_block(&mut self) {
        let first = self.block.first;
        self.block = Buffers {
            first,
            ..Buffers::default()
        };
        self.line = Rope::default();
        self.partial = Partial::Skipped;
        self.skipping = true;
    }
}

impl Buffers {
    fn clear(&mut self) {
        self.first = None;
        self.data_length = 0;
        self.decoded = 0;
        self.data.clear();
        self.event_type.clear();
        self.type_length = 0;
        if self.event_type.capacity() > KEPT_CAPACITY {
            self.event_type = Vec::new();
        }
        self.id = None;
        self.retry = None;
    }
}

/// A field's value without the space that may stand before it.
#[inline]
fn without_space(value: &[u8]) -> &[u8] {
    value.strip_prefix(b" ").unwrap_or(value)
}

/// How long bytes are in UTF-8 once [`lossy`] has decoded them.
#[inline]
fn decoded_length(bytes: &[u8]) -> u64 {
    // Faster than `is_ascii`, which stops early: here nearly all are.
    if bytes.iter().fold(0, |all, byte| all | byte) < 0x80 {
        return bytes.len() as u64;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.len() as u64,
        Err(_) => String::from_utf8_lossy(bytes).len() as u64,
    }
}

/// UTF-8 as the Encoding standard decodes it: each malformed sequence becomes U+FFFD.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
