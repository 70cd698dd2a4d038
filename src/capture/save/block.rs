//! The bytes of both file formats: headers, frames, statistics (draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap), little-endian.
//!
//! Values come in, whole blocks are appended to a buffer.

use super::{Described, Form};
use crate::capture::live::Drops;
use crate::model::Timestamp;

/// pcap's magic number where its times are nanoseconds.
const NANOSECONDS: u32 = 0xa1b2_3c4d;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// What begins a file.
pub(super) fn header(form: Form, described: &Described, out: &mut Vec<u8>) {
    match form {
        Form::Pcap => {
            let source = described.sources.first();
            put(out, NANOSECONDS);
            // Version 2.4, then two fields that are 0.
            out.extend_from_slice(&[2, 0, 4, 0]);
            put(out, 0);
            put(out, 0);
            put(out, source.map_or(0, |source| source.snaplen));
            put(out, source.map_or(0, |source| source.link.0));
        }
        Form::Pcapng => {
            block(out, SECTION_HEADER, |out| {
                put(out, 0x1a2b_3c4d);
                // Version 1.0, a section of unknown length.
                out.extend_from_slice(&[1, 0, 0, 0]);
                out.extend_from_slice(&[0xff; 8]);
                // shb_userappl
                option(
                    out,
                    4,
                    concat!("ssetrace ", env!("CARGO_PKG_VERSION")).as_bytes(),
                );
                end_of_options(out);
            });
            for source in &described.sources {
                block(out, INTERFACE_DESCRIPTION, |out| {
                    // A link type has 16 bits, then 16 that are 0.
                    put(out, source.link.0 & 0xffff);
                    put(out, source.snaplen);
                    // if_name, if_tsresol (10⁻⁹ s), if_filter (as text)
                    option(out, 2, source.name.as_bytes());
                    option(out, 9, &[9]);
                    if let Some(filter) = &described.filter {
                        let mut text = vec![0];
                        text.extend_from_slice(filter.as_bytes());
                        option(out, 11, &text);
                    }
                    end_of_options(out);
                });
            }
        }
    }
}

/// A frame.
pub(in crate::capture) fn frame(
    form: Form,
    interface: usize,
    time: Timestamp,
    bytes: &[u8],
    wire_length: u32,
    out: &mut Vec<u8>,
) {
    // No system captured before 1970; the clock of one that pretends to is taken for stopped.
    let nanos = u64::try_from(time.0).unwrap_or(0);
    let length = bytes.len() as u32;
    match form {
        Form::Pcap => {
            put(out, (nanos / 1_000_000_000) as u32);
            put(out, (nanos % 1_000_000_000) as u32);
            put(out, length);
            put(out, wire_length);
            out.extend_from_slice(bytes);
        }
        Form::Pcapng => block(out, ENHANCED_PACKET, |out| {
            put(out, interface as u32);
            put_time(out, nanos);
            put(out, length);
            put(out, wire_length);
            padded(out, bytes);
        }),
    }
}

/// What an interface captured and dropped.
pub(super) fn statistics(
    interface: usize,
    last: Timestamp,
    drops: Drops,
    frames: u64,
    out: &mut Vec<u8>,
) {
    block(out, INTERFACE_STATISTICS, |out| {
        put(out, interface as u32);
        put_time(out, u64::try_from(last.0).unwrap_or(0));
        // isb_ifdrop, isb_osdrop, isb_usrdeliv
        option(out, 5, &drops.interface.to_le_bytes());
        option(out, 7, &drops.kernel.to_le_bytes());
        option(out, 8, &frames.to_le_bytes());
        end_of_options(out);
    });
}

/// A block: its type, its length, its body, its length again.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put(out, kind);
    put(out, 0);
    body(out);
    let length = (out.len() + 4 - start) as u32;
    put(out, length);
    // It stands where the 0 was put above.
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    // A value has at most 65,535 bytes: a filter that is longer is cut.
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    padded(out, value);
}

fn end_of_options(out: &mut Vec<u8>) {
    put(out, 0);
}

/// Bytes, and zeros up to a multiple of four.
fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.resize(out.len() + bytes.len().wrapping_neg() % 4, 0);
}

/// A time: the upper half first.
fn put_time(out: &mut Vec<u8>, nanos: u64) {
    put(out, (nanos >> 32) as u32);
    put(out, nanos as u32);
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}
