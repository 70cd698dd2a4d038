//! Frames a body (RFC 9112 §6, §7): how much of what comes belongs to it, and what its chunks are.
//!
//! Bytes come in over any borders; data, complete chunks, the terminating chunk and breaches of the syntax come out step by step.
//! Nothing is copied or kept but numbers.

use super::fields::is_token;
use crate::model::limits;
use memchr::memchr;

/// A body in the making.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes are still to come.
    Length(u64),
    /// Chunked transfer coding.
    Chunked(Chunked),
    /// Everything up to the end of the connection.
    Close,
}

/// One step through the bytes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Data of the body, with the chunk that it belongs to.
    Data(&'a [u8], Option<ChunkPart>),
    /// The terminating chunk with its trailer section is complete: the body is over.
    Terminating,
    /// The last byte of the length is there: the body is over.
    Full,
    /// The chunked coding is broken, in words; reading resumes at the next plausible chunk header.
    Broken(&'static str),
}

/// A chunk and how much of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkPart {
    /// From 1.
    pub(super) number: u64,
    /// Its data bytes in all.
    pub(super) size: u64,
    /// Its data bytes so far.
    pub(super) have: u64,
}

impl ChunkPart {
    /// Whether the last data byte is there.
    pub(super) fn is_complete(self) -> bool {
        self.have == self.size
    }
}

/// Where missing bytes leave a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The hole lies within the body, or within one chunk and the CR LF behind it: the body goes on behind it.
    Inside,
    /// It holds nothing but what stands between a chunk's data and the next chunk header.
    LineEnd,
    /// The hole ends with the body's last byte.
    ToTheEnd,
    /// The hole goes on behind the body's last byte.
    Beyond,
    /// The next chunk header has to be found first.
    SeeksChunk,
    /// Nothing tells where the body ends.
    Lost,
}

impl Body {
    /// A chunked body at its beginning.
    pub(super) fn chunked() -> Body {
        Body::Chunked(Chunked {
            number: 0,
            state: State::Size(SizeLine::default()),
        })
    }

    /// The next step through `input`, which it shortens; `None` when the input is used up.
    #[inline(always)] // It stands in the loop over every delivery, and its steps are large to hand over.
    pub(super) fn step<'a>(&mut self, input: &mut &'a [u8]) -> Option<Step<'a>> {
        match self {
            Body::Length(0) => Some(Step::Full),
            Body::Length(_) | Body::Close if input.is_empty() => None,
            Body::Length(left) => {
                let data = split_off(input, *left);
                *left -= data.len() as u64;
                Some(Step::Data(data, None))
            }
            Body::Close => Some(Step::Data(std::mem::take(input), None)),
            Body::Chunked(chunked) => chunked.step(input),
        }
    }

    /// The chunk that begins `input`, which it shortens, if it lies there whole: what [`step`](Body::step) would give, and the line end
    /// behind it.
    #[inline]
    pub(super) fn whole_chunk<'a>(&mut self, input: &mut &'a [u8]) -> Option<(&'a [u8], u64)> {
        let Body::Chunked(chunked) = self else {
            return None;
        };
        let (data, rest) = chunked.first_in(input)?;
        chunked.number += 1;
        *input = rest;
        Some((data, chunked.number))
    }

    /// The data that `input` is, if it is one chunk, whole, with the chunk's number, or if it lies in a body without chunks and does not end it. It
    /// is not taken yet.
    #[inline]
    pub(super) fn only_part<'a>(&self, input: &'a [u8]) -> Option<(&'a [u8], Option<u64>)> {
        match self {
            Body::Chunked(chunked) => match chunked.first_in(input)? {
                (data, []) => Some((data, Some(chunked.number + 1))),
                _ => None,
            },
            Body::Length(left) => (*left > input.len() as u64).then_some((input, None)),
            Body::Close => Some((input, None)),
        }
    }

    /// Takes what [`only_part`](Body::only_part) gave of so many bytes.
    #[inline]
    pub(super) fn take_part(&mut self, bytes: usize) {
        match self {
            Body::Chunked(chunked) => chunked.number += 1,
            Body::Length(left) => *left -= bytes as u64,
            Body::Close => {}
        }
    }

    /// So many bytes are missing (0 if nobody knows how many). How many of them are data, as far as anybody knows.
    pub(super) fn gap(&mut self, bytes: u64) -> (Over, u64) {
        match self {
            Body::Close => (Over::Inside, bytes),
            Body::Length(left) if bytes > 0 && bytes < *left => {
                *left -= bytes;
                (Over::Inside, bytes)
            }
            Body::Length(left) if bytes > 0 && bytes == *left => {
                *left = 0;
                (Over::ToTheEnd, bytes)
            }
            Body::Length(left) if bytes > 0 => (Over::Beyond, std::mem::take(left)),
            Body::Length(_) => (Over::Lost, 0),
            Body::Chunked(chunked) => chunked.gap(bytes),
        }
    }

    /// Complete data chunks so far; `None` if not chunked.
    pub(super) fn chunks(&self) -> Option<u64> {
        match self {
            Body::Chunked(chunked) => Some(chunked.complete()),
            _ => None,
        }
    }

    /// Whether the next chunk header has to be found first.
    pub(super) fn seeks_chunk(&self) -> bool {
        matches!(self, Body::Chunked(chunked) if matches!(chunked.state, State::Seek | State::Guess { .. }))
    }

    /// The chunk that is being read counts as the first; `part` is what was said of it.
    pub(super) fn renumber(&mut self, part: ChunkPart) -> ChunkPart {
        let first = ChunkPart { number: 1, ..part };
        if let Body::Chunked(chunked) = self {
            chunked.number = 1;
            if let State::Data(part) = &mut chunked.state {
                *part = first;
            }
        }
        first
    }

    /// The chunk whose data is not complete.
    pub(super) fn partial_chunk(&self) -> Option<ChunkPart> {
        match self {
            Body::Chunked(Chunked {
                state: State::Data(part),
                ..
            }) => Some(*part),
            _ => None,
        }
    }
}

/// The decoder of the chunked transfer coding (RFC 9112 §7.1).
#[derive(Debug)]
pub(super) struct Chunked {
    /// The last data chunk whose header was complete, from 1; 0 before the first.
    number: u64,
    state: State,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A chunk-size line.
    Size(SizeLine),
    /// Chunk data; at least one byte is missing.
    Data(ChunkPart),
    /// The CR LF after chunk data.
    DataEnd,
    /// The LF after chunk data, after its CR.
    DataEndLineFeed,
    /// A line of the trailer section: its length so far, without a CR at its end.
    Trailer { length: usize, cr: bool },
    /// Lost: the next chunk header.
    Seek,
    /// Lost: the rest of something that may be a chunk, so many data bytes and then CR LF. Only that proves its header.
    Guess { left: u64, cr: bool },
}

/// A chunk-size line so far: `1*HEXDIG [ chunk-ext ] CRLF`.
#[derive(Clone, Copy, Debug, Default)]
struct SizeLine {
    size: u64,
    /// Bytes of the line.
    length: usize,
    /// Whether a digit was seen.
    digit: bool,
    /// The digits are over: white space or an extension began.
    after_digits: bool,
}

impl Chunked {
    /// Data chunks whose last byte was there (or lay in a hole that was stepped over).
    fn complete(&self) -> u64 {
        match self.state {
            State::Data(_) => self.number - 1,
            _ => self.number,
        }
    }

    /// The data of the chunk that begins `input`, if it lies there whole, and what is behind it.
    #[inline]
    fn first_in<'a>(&self, input: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        if !matches!(self.state, State::Size(SizeLine { length: 0, .. })) {
            return None;
        }
        let (size, rest) = short_line(input)?;
        let (data, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        let rest = rest.strip_prefix(b"\r\n")?;
        (!data.is_empty()).then_some((data, rest))
    }

    #[inline(always)] // As above.
    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Option<Step<'a>> {
        loop {
            match &mut self.state {
                State::Data(part) => {
                    if input.is_empty() {
                        return None;
                    }
                    let data = split_off(input, part.size - part.have);
                    part.have += data.len() as u64;
                    let part = *part;
                    if part.is_complete() {
                        self.state = State::DataEnd;
                    }
                    return Some(Step::Data(data, Some(part)));
                }
                State::Seek => match find_chunk(std::mem::take(input)) {
                    Found::Chunk(rest) => {
                        *input = rest;
                        self.state = State::Size(SizeLine::default());
                    }
                    Found::Perhaps { data, size } => {
                        *input = data;
                        self.state = State::Guess {
                            left: size,
                            cr: false,
                        };
                    }
                    Found::Nothing => return None,
                },
                State::Guess { left, cr } => {
                    let data = split_off(input, *left);
                    *left -= data.len() as u64;
                    match (input.split_first()?, *cr) {
                        ((b'\r', rest), false) => (*input, *cr) = (rest, true),
                        ((b'\n', rest), true) => {
                            *input = rest;
                            self.state = State::Size(SizeLine::default());
                        }
                        _ => self.state = State::Seek,
                    }
                }
                State::Size(line) => match line.read(input) {
                    Line::More => return None,
                    Line::Broken(why) => return Some(self.broken(why)),
                    Line::Ended if line.size == 0 => {
                        self.state = State::Trailer {
                            length: 0,
                            cr: false,
                        };
                    }
                    Line::Ended => {
                        self.number += 1;
                        self.state = State::Data(ChunkPart {
                            number: self.number,
                            size: line.size,
                            have: 0,
                        });
                    }
                },
                State::DataEnd if input.starts_with(b"\r\n") => {
                    *input = &input[2..];
                    self.state = State::Size(SizeLine::default());
                }
                State::DataEnd => match input.split_first()? {
                    (b'\r', rest) => {
                        *input = rest;
                        self.state = State::DataEndLineFeed;
                    }
                    // A bare LF is tolerated, as everywhere.
                    (b'\n', rest) => {
                        *input = rest;
                        self.state = State::Size(SizeLine::default());
                    }
                    _ => return Some(self.broken("chunk data is longer than its chunk-size says")),
                },
                State::DataEndLineFeed => match input.split_first()? {
                    (b'\n', rest) => {
                        *input = rest;
                        self.state = State::Size(SizeLine::default());
                    }
                    _ => return Some(self.broken("chunk data does not end in CR LF")),
                },
                State::Trailer { length, cr } => {
                    let (byte, rest) = input.split_first()?;
                    *input = rest;
                    match byte {
                        b'\n' if *length == 0 => {
                            self.state = State::Size(SizeLine::default());
                            return Some(Step::Terminating);
                        }
                        b'\n' => (*length, *cr) = (0, false),
                        b'\r' if !*cr => *cr = true,
                        _ if *length >= limits::CHUNK_LINE => {
                            return Some(self.broken("a trailer line is too long"));
                        }
                        _ => (*length, *cr) = (*length + 1, *byte == b'\r'),
                    }
                }
            }
        }
    }

    fn gap(&mut self, bytes: u64) -> (Over, u64) {
        // What is left of the chunk's data, and of the CR LF behind it.
        let (data, line_end) = match self.state {
            State::Data(part) => (part.size - part.have, 2),
            State::DataEnd => (0, 2),
            State::DataEndLineFeed => (0, 1),
            _ => (0, 0),
        };
        if bytes == 0 || bytes > data + line_end {
            self.state = State::Seek;
            return (Over::SeeksChunk, 0);
        }
        match &mut self.state {
            State::Data(part) if bytes < data => part.have += bytes,
            state => {
                *state = match data + line_end - bytes {
                    2 => State::DataEnd,
                    1 => State::DataEndLineFeed,
                    _ => State::Size(SizeLine::default()),
                }
            }
        }
        let over = if data == 0 {
            Over::LineEnd
        } else {
            Over::Inside
        };
        (over, bytes.min(data))
    }

    fn broken(&mut self, why: &'static str) -> Step<'static> {
        self.state = State::Seek;
        Step::Broken(why)
    }
}

/// How far a line was read.
enum Line {
    More,
    Ended,
    Broken(&'static str),
}

impl SizeLine {
    #[inline]
    fn read(&mut self, input: &mut &[u8]) -> Line {
        if self.length == 0
            && let Some((size, rest)) = short_line(input)
        {
            self.size = size;
            *input = rest;
            return Line::Ended;
        }
        self.read_on(input)
    }

    fn read_on(&mut self, input: &mut &[u8]) -> Line {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            self.length += 1;
            if self.length > limits::CHUNK_LINE {
                return Line::Broken("a chunk-size line is too long");
            }
            match byte {
                b'\n' if self.digit => return Line::Ended,
                b'\n' => return Line::Broken("a chunk-size line has no digits"),
                _ if self.after_digits => {
                    // RFC 9112 §7.1.1: chunk extensions are ignored; only the line's end is looked for.
                    let skip = memchr(b'\n', input).unwrap_or(input.len());
                    self.length = self.length.saturating_add(skip);
                    *input = &input[skip..];
                }
                b';' | b' ' | b'\t' | b'\r' if self.digit => self.after_digits = true,
                _ => match char::from(*byte).to_digit(16) {
                    None => {
                        return Line::Broken(
                            "a chunk-size line does not begin with a hexadecimal number",
                        );
                    }
                    // Leading zeros may be many; 16 digits are all that a chunk of this world needs.
                    Some(_) if self.size >> 60 != 0 => {
                        return Line::Broken("a chunk-size has more than 16 digits");
                    }
                    Some(digit) => {
                        self.size = self.size << 4 | u64::from(digit);
                        self.digit = true;
                    }
                },
            }
        }
        Line::More
    }
}

/// A chunk-size line of at most four digits and nothing else, whole at the beginning of `input`, as nearly all are: the size and the rest.
#[inline]
fn short_line(input: &[u8]) -> Option<(u64, &[u8])> {
    let mut size = 0;
    for (place, byte) in input.iter().take(5).enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if place > 0 && input.get(place + 1) == Some(&b'\n') => {
                return Some((size, &input[place + 2..]));
            }
            _ => return None,
        };
        size = size << 4 | u64::from(digit);
    }
    None
}

/// The first `most` bytes of `input`, which goes on behind them.
#[inline]
fn split_off<'a>(input: &mut &'a [u8], most: u64) -> &'a [u8] {
    let length = usize::try_from(most).map_or(input.len(), |most| most.min(input.len()));
    let (data, rest) = input.split_at(length);
    *input = rest;
    data
}

/// The data of the chunk that `input` begins with, as far as it is there, if it may be one.
pub(super) fn begins_chunk(input: &[u8]) -> Option<&[u8]> {
    match look_at(input) {
        Found::Chunk(_) | Found::Perhaps { .. } => {
            let line = memchr(b'\n', input)?;
            input.get(line + 1..)
        }
        Found::Nothing => None,
    }
}

/// What `find_chunk` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found<'a> {
    /// A chunk, at the beginning of this.
    Chunk(&'a [u8]),
    /// What may be one: its data, as far as it is there, and how long that is in all.
    Perhaps { data: &'a [u8], size: u64 },
    /// Nothing like it.
    Nothing,
}

/// Looks for a chunk header after a loss: at the beginning of `input` or after a line's end. A number alone proves nothing, data
/// may hold one: the CR LF after the chunk's data must be there. Where it is not there yet, only the beginning of `input` is
/// believed, since a sender's writes begin there. A header right behind a header is the true one: the other is the end of the
/// data of the chunk before.
fn find_chunk(input: &[u8]) -> Found<'_> {
    let at_start = look_at(input);
    let mut found = Found::Nothing;
    let mut rest = input;
    for _ in 0..SEEK_LINES {
        match (look_at(rest), found) {
            (here @ Found::Chunk(_), _) => found = here,
            (here @ Found::Perhaps { .. }, Found::Chunk(_)) => return here,
            (Found::Nothing, Found::Chunk(_)) => return found,
            (Found::Perhaps { .. } | Found::Nothing, _) => {}
        }
        let Some(end) = memchr(b'\n', rest) else {
            break;
        };
        rest = &rest[end + 1..];
    }
    match found {
        Found::Nothing => at_start,
        _ => found,
    }
}

/// So many lines of a delivery are tried, so that a hostile one costs no more than it weighs.
const SEEK_LINES: usize = 256;

/// The longest chunk that is believed where a header is guessed, bytes.
const SEEK_CHUNK: u64 = 64 * 1024 * 1024;

fn look_at(input: &[u8]) -> Found<'_> {
    let digits = input
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    if !(1..=8).contains(&digits) {
        return Found::Nothing;
    }
    let size = input[..digits].iter().fold(0, |size, digit| {
        size << 4 | u64::from(char::from(*digit).to_digit(16).unwrap_or(0))
    });
    let after = &input[digits..];
    let Some(end) = memchr(b'\n', after) else {
        return Found::Nothing;
    };
    let Some(extension) = after[..end].strip_suffix(b"\r") else {
        return Found::Nothing;
    };
    let plausible = match extension.trim_ascii_start().split_first() {
        None => true,
        Some((b';', name)) => name
            .trim_ascii_start()
            .first()
            .is_some_and(|byte| is_token(*byte)),
        Some(_) => false,
    };
    let data = &after[end + 1..];
    match data.get(size as usize..) {
        _ if !plausible || size > SEEK_CHUNK => Found::Nothing,
        Some(end) if end.starts_with(b"\r\n") => Found::Chunk(input),
        // Trailers after a guessed terminating chunk are too much to believe.
        _ if size == 0 => Found::Nothing,
        None | Some([] | [b'\r']) => Found::Perhaps { data, size },
        Some(_) => Found::Nothing,
    }
}
