//! Captures written byte by byte, and what is read from them.

mod build;
mod compressed;
mod filters;
mod hostile;
mod merge;
mod pcap;
mod pcapng;

use super::*;
use std::io::Cursor;

/// A frame as it was read: number, time, link type, bytes, length on the wire.
type Read = (u64, i64, u32, Vec<u8>, u32);

/// A whole capture as it was read.
struct Whole {
    frames: Vec<Read>,
    capture: Capture,
    error: Option<Error>,
}

fn open(bytes: &[u8]) -> Result<Capture, Error> {
    Capture::from_reader("test.cap", Cursor::new(bytes.to_vec()))
}

/// Reads all that `capture` gives.
fn drain(mut capture: Capture) -> Whole {
    let mut frames = Vec::new();
    let error = loop {
        match capture.next() {
            Ok(Some(frame)) => frames.push((
                frame.at.frame.0,
                frame.at.time.0,
                frame.link.0,
                frame.bytes.to_vec(),
                frame.wire_length,
            )),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Whole {
        frames,
        capture,
        error,
    }
}

/// Reads all of a capture that can be opened.
fn read(bytes: &[u8]) -> Whole {
    drain(open(bytes).unwrap())
}

/// Why a capture cannot be opened.
fn refusal(bytes: &[u8]) -> String {
    match open(bytes) {
        Ok(_) => panic!("it can be opened"),
        Err(error) => error.to_string(),
    }
}

/// A reader that gives one byte at a time, as the slowest pipe would.
struct ByteByByte(Cursor<Vec<u8>>);

impl io::Read for ByteByByte {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

fn read_byte_by_byte(bytes: &[u8]) -> Whole {
    let reader = ByteByByte(Cursor::new(bytes.to_vec()));
    drain(Capture::from_reader("test.cap", reader).unwrap())
}

#[test]
fn an_empty_file_a_text_and_a_cut_header_are_no_captures() {
    assert_eq!(
        refusal(b""),
        "test.cap is empty: whatever wrote it captured nothing, or has not written to it yet."
    );
    assert_eq!(
        refusal(b"# Example\n"),
        "test.cap is not a packet capture: it begins with \"# Ex\", and pcap, pcapng, gzip, zstd and lz4 begin otherwise."
    );
    assert_eq!(
        refusal(b"\x7fELF"),
        "test.cap is not a packet capture: it begins with bytes 7f 45 4c 46, and pcap, pcapng, gzip, zstd and lz4 begin otherwise."
    );
    assert_eq!(
        refusal(b"\xd4\xc3\xb2\xa1\x02\x00"),
        "test.cap ends inside its file header (pcap): it holds no packet; capture or copy it again."
    );
}

#[test]
fn a_missing_file_a_directory_and_a_forbidden_file_have_their_own_errors() {
    let missing = Capture::open(Path::new("no/such.pcap")).err().unwrap();
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    assert_eq!(missing.to_string(), "no/such.pcap: no such file.");
    let directory = Capture::open(Path::new("src")).err().unwrap();
    assert!(matches!(directory, Error::Directory { .. }), "{directory}");
    let forbidden = Error::opening("a.pcap", io::ErrorKind::PermissionDenied.into());
    assert!(matches!(forbidden, Error::Permission { .. }), "{forbidden}");
}
