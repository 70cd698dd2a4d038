//! Why a capture could not be read, or not to its end. Each displays as one whole sentence: what was read, what is wrong, what to do.

use super::Compression;
use crate::model::limits;
use std::fmt::Write;
use std::io::{self, ErrorKind};

/// Why a capture could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{name}: no such file.")]
    Missing {
        /// The capture.
        name: String,
    },
    /// It is a directory.
    #[error("{name} is a directory: name the capture files in it.")]
    Directory {
        /// The capture.
        name: String,
    },
    /// The file's permissions forbid it.
    #[error("{name}: no permission to read it; its owner can give it with `chmod +r`.")]
    Permission {
        /// The capture.
        name: String,
    },
    /// The file has no bytes.
    #[error("{name} is empty: whatever wrote it captured nothing, or has not written to it yet.")]
    Empty {
        /// The capture.
        name: String,
    },
    /// It is no capture of any known format.
    #[error(
        "{name} is not a packet capture: {unpacked}it begins with {begins}, and pcap, pcapng, gzip, zstd and lz4 begin otherwise."
    )]
    NotACapture {
        /// The capture.
        name: String,
        /// `unpacked (gzip), ` where it was compressed.
        unpacked: String,
        /// Its first bytes, as text in quotes or as hexadecimal numbers.
        begins: String,
    },
    /// The file ends inside its own header.
    #[error(
        "{name} ends inside its file header ({format}): it holds no packet; capture or copy it again."
    )]
    HeaderCut {
        /// The capture.
        name: String,
        /// `pcap`, `pcapng` or the compression.
        format: &'static str,
    },
    /// A pcapng file whose first section header makes no sense.
    #[error(
        "{name} begins like a pcapng file, but its section header is damaged or of an unknown version; capture or copy it again."
    )]
    BadHeader {
        /// The capture.
        name: String,
    },
    /// A record or block in the middle makes no sense.
    #[error(
        "{name} is damaged at byte {at}, where packet {packet} should be: there is {what}; what comes before was read, for the rest capture or copy it again."
    )]
    Damaged {
        /// The capture.
        name: String,
        /// The packet that would have come next.
        packet: u64,
        /// Where its record begins in the (unpacked) file, from 0.
        at: u64,
        /// What stands there instead.
        what: String,
    },
    /// The compressed data make no sense.
    #[error(
        "{name} is damaged: its {} data cannot be unpacked any further ({reason}); what comes before was read, for the rest copy it again.",
        compression.name()
    )]
    Unpacking {
        /// The capture.
        name: String,
        /// How it is compressed.
        compression: Compression,
        /// What the decompressor says.
        reason: String,
    },
    /// The operating system could not read it.
    #[error("{name} cannot be read: {reason}.")]
    Io {
        /// The capture.
        name: String,
        /// What the operating system says. No `source`, which would be told twice.
        reason: io::Error,
    },
    /// A filter that is not in libpcap's language.
    #[error("the filter \"{filter}\" does not compile: {reason} (libpcap).")]
    Filter {
        /// The filter.
        filter: String,
        /// libpcap's reason.
        reason: String,
    },
    /// A filter that cannot be asked of frames of this link type.
    #[error(
        "the filter \"{filter}\" cannot be used on {name}, which has {link} frames: {reason} (libpcap)."
    )]
    FilterForLink {
        /// The filter.
        filter: String,
        /// The capture.
        name: String,
        /// The link type's name.
        link: String,
        /// libpcap's reason.
        reason: String,
    },
}

impl Error {
    /// An error of opening a file.
    pub(super) fn opening(name: &str, source: io::Error) -> Error {
        let name = name.to_owned();
        match source.kind() {
            ErrorKind::NotFound => Error::Missing { name },
            ErrorKind::PermissionDenied => Error::Permission { name },
            ErrorKind::IsADirectory => Error::Directory { name },
            _ => Error::Io {
                name,
                reason: source,
            },
        }
    }

    /// An error of reading from an open file, through a decompressor perhaps.
    pub(super) fn reading(
        name: &str,
        compression: Option<Compression>,
        source: io::Error,
    ) -> Error {
        match compression {
            // What the operating system says has a number; the rest is the decompressor's.
            Some(compression) if source.raw_os_error().is_none() => Error::Unpacking {
                name: name.to_owned(),
                compression,
                reason: source.to_string(),
            },
            _ => Error::opening(name, source),
        }
    }

    /// An error that shows how a file begins that is no capture.
    pub(super) fn not_a_capture(
        name: &str,
        compression: Option<Compression>,
        begins: &[u8],
    ) -> Error {
        Error::NotACapture {
            name: name.to_owned(),
            unpacked: match compression {
                None => String::new(),
                Some(compression) => format!("unpacked ({}), ", compression.name()),
            },
            begins: shown(&begins[..begins.len().min(limits::SHOWN_BEGINNING)]),
        }
    }
}

/// Bytes as text in quotes if they are printable ASCII, else as hexadecimal numbers.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => format!("\"{text}\""),
        _ => {
            let mut hexadecimal = String::from("bytes");
            for byte in bytes {
                // Writing to a String cannot fail.
                let _ = write!(hexadecimal, " {byte:02x}");
            }
            hexadecimal
        }
    }
}
