//! What the layers are measured with: frames of the comparison's captures, and what lies in them.

use crate::captures::{self, Shape};
use ssetrace::capture::Capture;
use ssetrace::decode;
use ssetrace::model::{At, Frame, LinkType, Segment};
use std::fs;
use tempfile::TempPath;

/// The 14 bytes in front of IP.
pub(crate) const ETHERNET: LinkType = LinkType(1);

/// Frames of the one conversation that most layers are measured with.
const CONVERSATION: u64 = 4_000;

/// The frames with which it opens, handshake and heads.
const OPENING: usize = 6;

/// The frames with which it closes.
const CLOSING: usize = 4;

/// A capture file, which goes when nobody needs it any more.
pub(crate) fn file(shape: Shape, frames: u64) -> TempPath {
    let file = tempfile::NamedTempFile::new().expect("a file for the capture");
    let path = file.into_temp_path();
    captures::write(&path, shape, frames).expect("a capture");
    path
}

/// A frame that is kept.
pub(crate) struct Captured {
    at: At,
    pub(crate) bytes: Vec<u8>,
}

impl Captured {
    /// The frame of that number and time with other bytes.
    pub(crate) fn with(&self, bytes: Vec<u8>) -> Captured {
        Captured { at: self.at, bytes }
    }

    pub(crate) fn frame(&self) -> Frame<'_> {
        Frame {
            at: self.at,
            link: ETHERNET,
            bytes: &self.bytes,
            wire_length: self.bytes.len() as u32,
            block: None,
        }
    }
}

/// One client with one stream, from the handshake to the last ACK.
pub(crate) struct Conversation {
    /// The pcap file.
    pub(crate) file: Vec<u8>,
    pub(crate) frames: Vec<Captured>,
}

impl Conversation {
    pub(crate) fn new() -> Conversation {
        let path = file(Shape::One, CONVERSATION);
        let mut capture = Capture::open(&path).expect("a capture");
        let mut frames = Vec::new();
        while let Some(frame) = capture.next().expect("a frame") {
            let bytes = frame.bytes.to_vec();
            frames.push(Captured {
                at: frame.at,
                bytes,
            });
        }
        let file = fs::read(&path).expect("the capture again");
        Conversation { file, frames }
    }

    pub(crate) fn segments(&self) -> Vec<Segment<'_>> {
        let segments = self
            .frames
            .iter()
            .map(|frame| Some(decode::plain(&frame.frame())?.segment(frame.at)));
        segments.map(|segment| segment.expect("TCP")).collect()
    }

    /// The frames in the middle, in pairs: a chunk and its ACK.
    pub(crate) fn middle(segments: &[Segment<'_>]) -> std::ops::Range<usize> {
        OPENING..segments.len() - CLOSING
    }

    /// The events of the stream, each with the blank line that ends it.
    pub(crate) fn events(&self) -> Vec<Vec<u8>> {
        let segments = self.segments();
        let middle = &segments[Self::middle(&segments)];
        let chunks = middle.iter().step_by(2).map(|segment| segment.payload);
        chunks.map(data_of).collect()
    }
}

/// The data of a chunk.
fn data_of(chunk: &[u8]) -> Vec<u8> {
    let line = chunk
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a size");
    chunk[line + 1..chunk.len() - 2].to_vec()
}

/// The data as a chunk.
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", data.len());
    [size.as_bytes(), data, b"\r\n"].concat()
}
