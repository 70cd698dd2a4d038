//! Where frames come from: saved captures (pcap, pcapng, also compressed), read as a stream from a file or from standard input,
//! one ([`Capture`]) or several as one ([`Merged`]); or
//! interfaces ([`live`]), whose frames can be saved ([`save`]) while they are analysed ([`relay`]).
//!
//! In comes a path or any `Read`; out go [`Frame`]s in the order of the file, each borrowed from the reader's block until the next
//! call, numbered as Wireshark numbers them. A file that ends inside a packet is a fact ([`Capture::truncated`]); one that is damaged
//! is an [`Error`] after the frames before it. Nothing here looks inside a frame, but a BPF [`Filter`] for the link type it was
//! compiled for.

mod ahead;
mod buffer;
mod compression;
mod error;
mod filter;
mod follow;
mod frames;
pub mod live;
mod merge;
mod pcap;
mod pcapng;
pub mod relay;
pub mod save;

pub use compression::Compression;
pub use error::Error;
pub use filter::Filter;
pub use frames::Frames;
pub use merge::Merged;
pub use pcapng::Interface;

use crate::model::{At, Frame, FrameNo, LinkType, Timestamp, limits};
use buffer::Buffer;
use follow::Follow;
use pcap::Pcap;
use pcapng::Pcapng;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A saved capture, read frame by frame.
pub struct Capture {
    name: String,
    compression: Option<Compression>,
    buffer: Buffer,
    format: Format,
    filter: Option<Filter>,
    /// The frame to be handed out next, already taken from the format's reader; its bytes stand in the buffer until the next read.
    pending: Option<Record>,
    /// How many bytes from the buffer's start the format's reader needs to go on.
    wanted: usize,
    frames: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    link_types: Vec<LinkType>,
    truncated: Option<FrameNo>,
    size: Option<u64>,
    /// Whether reads fill the buffer's blocks, so that it costs no memory when somebody keeps them.
    lends: bool,
    /// Whether nothing but number and time is news in usual records that follow the frames so far, and no filter looks at them.
    uniform: bool,
}

impl Capture {
    /// Opens the capture at `path`, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Capture, Error> {
        if path == Path::new("-") {
            return Capture::from_reader("standard input", io::stdin());
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|source| Error::opening(&name, source))?;
        if metadata.is_dir() {
            return Err(Error::Directory { name });
        }
        let mut capture = Capture::of(&name, file, metadata.is_file())?;
        capture.size = metadata.is_file().then_some(metadata.len());
        capture.lends = metadata.is_file() && capture.compression.is_none();
        Ok(capture)
    }

    /// Opens a capture that is still being written: standard input for `-`, another program's pipe, or a file, whose end is then the
    /// end so far. When `stop` is set it ends where it is; a pipe's writer has some seconds to end by itself.
    pub fn follow(path: &Path, stop: &Arc<AtomicBool>) -> Result<Capture, Error> {
        let standard = path == Path::new("-");
        let name = match standard {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let opened = match standard {
            true => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            false => File::open(path),
        };
        let opened = opened.and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|source| Error::opening(&name, source))?;
        if metadata.is_dir() {
            return Err(Error::Directory { name });
        }
        let follow = Follow {
            file,
            grows: metadata.is_file() && !standard,
            stop: Arc::clone(stop),
            asked: None,
        };
        Capture::from_reader(&name, follow)
    }

    /// Reads a capture from `reader`; `name` stands in errors.
    pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Result<Capture, Error> {
        Capture::of(name, reader, false)
    }

    fn of(name: &str, reader: impl Read + Send + 'static, whole: bool) -> Result<Capture, Error> {
        let (mut buffer, compression) =
            Buffer::open(reader, whole).map_err(|source| Error::reading(name, None, source))?;
        let format = Format::recognise(name, compression, &mut buffer)?;
        Ok(Capture {
            name: name.to_owned(),
            compression,
            buffer,
            format,
            filter: None,
            pending: None,
            wanted: 0,
            frames: 0,
            first_time: None,
            last_time: None,
            link_types: Vec::new(),
            truncated: None,
            size: None,
            lends: false,
            uniform: false,
        })
    }

    /// Hands out only frames that match `filter`. The others keep their numbers and are counted.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Capture {
        self.filter = Some(filter);
        self.uniform = false;
        self
    }

    /// The next frame (that matches the filter), or `None` at the end. May wait for input.
    #[allow(clippy::should_implement_trait)] // An iterator cannot lend what it owns.
    #[inline(always)] // So that a frame is never written to memory.
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let record = match self.at_hand() {
            Some(record) => record,
            None => {
                self.wait()?;
                match self.pending.take() {
                    Some(record) => record,
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(Frame {
            at: record.at,
            link: record.link,
            bytes: self.buffer.slice(record.start, record.length),
            wire_length: record.wire_length,
            block: self.buffer.block().filter(|_| self.lends),
        }))
    }

    /// The next frame of a uniform file, where it lies whole in the buffer: nearly every one.
    #[inline(always)] // As above.
    fn at_hand(&mut self) -> Option<Record> {
        if !self.uniform || self.pending.is_some() {
            return None;
        }
        let bytes = self.buffer.available();
        // Numbered in each arm, so that nothing is written to memory where the arms meet.
        Some(match &self.format {
            Format::Pcap(pcap) => {
                let packet = pcap.whole(bytes)?;
                self.number(&packet)
            }
            Format::Pcapng(pcapng) => {
                let packet = pcapng.whole(bytes)?;
                self.number(&packet)
            }
        })
    }

    /// Waits until the next frame (that matches the filter) is there: what is known of the capture then holds for it.
    /// Whether there is one.
    pub fn wait(&mut self) -> Result<bool, Error> {
        while !self.ready()? {
            if !self.read()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the next frame is there without reading (and perhaps waiting for) more input. Before a wait, whoever
    /// writes to a person flushes.
    pub fn ready(&mut self) -> Result<bool, Error> {
        while self.pending.is_none() {
            match self.format.step(self.buffer.available()) {
                Ok(Step::Packet(packet)) => self.take(packet)?,
                Ok(Step::Skip(bytes)) => self.buffer.skip(bytes),
                Ok(Step::More(wanted)) => {
                    self.wanted = wanted;
                    return Ok(false);
                }
                Err(Broken(what)) => {
                    return Err(Error::Damaged {
                        name: self.name.clone(),
                        packet: self.frames + 1,
                        at: self.buffer.position(),
                        what,
                    });
                }
            }
        }
        Ok(true)
    }

    /// The capture's name as given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `pcap`, `pcap (nanoseconds)`, `pcap (modified)` or `pcapng`, with `, gzip` and the like where compressed.
    pub fn format(&self) -> String {
        let format = self.format.name();
        match self.compression {
            None => format.to_owned(),
            Some(compression) => format!("{format}, {}", compression.name()),
        }
    }

    /// Whether its clock, or that of an interface described so far, counts finer than microseconds.
    pub fn nanoseconds(&self) -> bool {
        match &self.format {
            Format::Pcap(pcap) => pcap.nanoseconds(),
            Format::Pcapng(pcapng) => pcapng.interfaces().iter().any(Interface::nanoseconds),
        }
    }

    /// Frames of the file so far, whether or not they match the filter.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The time of the file's first frame, whether or not it matches the filter.
    pub fn first_time(&self) -> Option<Timestamp> {
        self.first_time
    }

    /// The time of the file's last frame so far, whether or not it matches the filter.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// The link types of the frames so far, in order of first use.
    pub fn link_types(&self) -> &[LinkType] {
        &self.link_types
    }

    /// The interfaces that the current section of a pcapng file has described so far; none for pcap.
    pub fn interfaces(&self) -> &[Interface] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::Pcapng(pcapng) => pcapng.interfaces(),
        }
    }

    /// The packet inside which the file ended, once the end has been reached.
    pub fn truncated(&self) -> Option<FrameNo> {
        self.truncated
    }

    /// Bytes read from the file so far, as they stand there (before decompression).
    pub fn bytes_read(&self) -> u64 {
        self.buffer.bytes_read()
    }

    /// The file's size in bytes, where it is a regular file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Takes a packet out of the buffer and, if it matches, keeps it pending.
    fn take(&mut self, packet: Packet) -> Result<(), Error> {
        let record = self.number(&packet);
        self.first_time.get_or_insert(record.at.time);
        if !self.link_types.contains(&record.link) {
            self.link_types.push(record.link);
        }
        self.uniform = self.filter.is_none() && self.format.is_usual();
        let bytes = self.buffer.slice(record.start, record.length);
        if match &mut self.filter {
            None => true,
            Some(filter) => filter.matches(record.link, bytes, &self.name)?,
        } {
            self.pending = Some(record);
        }
        Ok(())
    }

    /// Takes a packet out of the buffer and numbers it.
    #[inline(always)] // As `next`.
    fn number(&mut self, packet: &Packet) -> Record {
        self.frames += 1;
        // A Simple Packet Block has no time: that of the frame before keeps durations sensible.
        let time = packet.time.or(self.last_time).unwrap_or_default();
        self.last_time = Some(time);
        Record {
            at: At {
                frame: FrameNo(self.frames),
                time,
            },
            link: packet.link,
            start: self.buffer.consume(packet.total) + packet.start,
            length: packet.length,
            wire_length: packet.wire_length.max(packet.length as u32), // a record's length is a u32
        }
    }

    /// Reads more input; false at its end, where it also notes whether a packet was cut.
    fn read(&mut self) -> Result<bool, Error> {
        let more = self
            .buffer
            .fill(self.wanted)
            .map_err(|source| Error::reading(&self.name, self.compression, source))?;
        if !more && self.buffer.ends_early() {
            self.truncated = Some(FrameNo(self.frames + 1));
        }
        Ok(more)
    }
}

/// A frame's place in the buffer's block, absolute.
struct Record {
    at: At,
    link: LinkType,
    start: usize,
    length: usize,
    wire_length: u32,
}

/// What a format's reader makes of the bytes in front of it.
enum Step {
    /// A packet, whole.
    Packet(Packet),
    /// So many bytes that hold no packet.
    Skip(usize),
    /// It needs so many bytes from here on.
    More(usize),
}

/// A packet's place relative to the bytes in front.
///
/// Invariant: `start + length <= total`, and so many bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packet {
    /// Where the frame's bytes begin.
    start: usize,
    /// How many were captured.
    length: usize,
    /// The bytes of the record as a whole.
    total: usize,
    /// `None` where the record has no time.
    time: Option<Timestamp>,
    link: LinkType,
    /// As the record says: damaged ones claim less than `length`.
    wire_length: u32,
}

/// What stands where the next packet should be, in words: "a block that …".
struct Broken(String);

/// The file formats.
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Format {
    /// Whether its records may be usual ones: those of a pcap file are all alike, a pcapng file's are asked one by one.
    fn is_usual(&self) -> bool {
        match self {
            Format::Pcap(pcap) => pcap.is_usual(),
            Format::Pcapng(_) => true,
        }
    }

    /// Recognises the format by its first bytes and reads the file header (of a pcapng file, the first section's).
    fn recognise(
        name: &str,
        compression: Option<Compression>,
        buffer: &mut Buffer,
    ) -> Result<Format, Error> {
        let more = |buffer: &mut Buffer, wanted| {
            buffer
                .fill(wanted)
                .map_err(|source| Error::reading(name, compression, source))
        };
        let cut = |format| Error::HeaderCut {
            name: name.to_owned(),
            format,
        };
        while buffer.available().len() < pcap::FILE_HEADER && more(buffer, pcap::FILE_HEADER)? {}
        let begins = buffer.available();
        if begins.is_empty() {
            return Err(match compression {
                Some(compression) if buffer.ends_early() => cut(compression.name()),
                _ => Error::Empty {
                    name: name.to_owned(),
                },
            });
        }
        if pcap::begins(begins) {
            let Some(pcap) = Pcap::open(begins) else {
                return Err(cut("pcap"));
            };
            buffer.consume(pcap::FILE_HEADER);
            return Ok(Format::Pcap(pcap));
        }
        if !pcapng::begins(begins) {
            return Err(Error::not_a_capture(name, compression, begins));
        }
        let mut pcapng = Pcapng::default();
        loop {
            match pcapng.step(buffer.available()) {
                // The first block is the section header, which holds no packet.
                Ok(Step::Skip(bytes)) => {
                    buffer.skip(bytes);
                    return Ok(Format::Pcapng(pcapng));
                }
                Ok(Step::More(wanted)) => {
                    if !more(buffer, wanted)? {
                        return Err(cut("pcapng"));
                    }
                }
                Ok(Step::Packet(_)) | Err(Broken(_)) => {
                    return Err(Error::BadHeader {
                        name: name.to_owned(),
                    });
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Format::Pcap(pcap) => pcap.name(),
            Format::Pcapng(_) => "pcapng",
        }
    }

    #[inline]
    fn step(&mut self, bytes: &[u8]) -> Result<Step, Broken> {
        match self {
            Format::Pcap(pcap) => pcap.step(bytes),
            Format::Pcapng(pcapng) => pcapng.step(bytes),
        }
    }
}

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// The 32-bit number at byte `at` of `bytes`.
    ///
    /// Panics if it is not inside: only for a constant place in an array, where the compiler sees that it is.
    #[inline(always)]
    fn u32<const N: usize>(self, bytes: &[u8; N], at: usize) -> u32 {
        let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        match self {
            Order::Little => u32::from_le_bytes(four),
            Order::Big => u32::from_be_bytes(four),
        }
    }

    /// The 16-bit number at byte `at` of `bytes`; panics like [`Order::u32`].
    #[inline(always)]
    fn u16<const N: usize>(self, bytes: &[u8; N], at: usize) -> u16 {
        let two = [bytes[at], bytes[at + 1]];
        match self {
            Order::Little => u16::from_le_bytes(two),
            Order::Big => u16::from_be_bytes(two),
        }
    }
}

/// The longest frame that a capture of this link type may hold.
fn longest_frame(link: LinkType) -> usize {
    // D-Bus, EBHSCR, and USB by Linux, USBPcap and Darwin: the link types with a maximum of their own in libpcap or Wireshark.
    match link.0 {
        231 | 279 | 189 | 220 | 249 | 266 | 288 => limits::CAPTURE_LARGE_FRAME,
        _ => limits::CAPTURE_FRAME,
    }
}

#[cfg(test)]
mod tests;
