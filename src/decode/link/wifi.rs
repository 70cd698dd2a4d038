//! 802.11 data frames, bare or behind a radio header (radiotap, Prism, AVS, PPI).
//!
//! A protected frame is not decrypted, and a fragment of a frame is not joined with the others.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::super::skip;
use crate::model::LinkType;

/// Fields of the first byte of frame control (802.11 §9.2.4.1).
mod control {
    pub(super) const VERSION: u8 = 0x03;
    pub(super) const TYPE: u8 = 0x0c;
    pub(super) const DATA: u8 = 0x08;
    /// Of a data frame: there is none.
    pub(super) const NULL: u8 = 0x40;
    /// Of a data frame: a QoS control field follows the addresses.
    pub(super) const QOS: u8 = 0x80;
}

/// Flags, the second byte of frame control.
mod flag {
    pub(super) const TO_AND_FROM_DS: u8 = 0x03;
    pub(super) const MORE_FRAGMENTS: u8 = 0x04;
    pub(super) const PROTECTED: u8 = 0x40;
    /// With QoS: an HT control field follows (+HTC).
    pub(super) const ORDER: u8 = 0x80;
}

/// Of the QoS control field: the payload is an A-MSDU.
const A_MSDU: u8 = 0x80;

/// The MAC header without fourth address, QoS and HT control.
const HEADER: usize = 24;

/// Reads the MAC header.
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    read_padded(bytes, false)
}

/// `padded`: some drivers put the payload on a multiple of four bytes.
fn read_padded(bytes: Bytes<'_>, padded: bool) -> Read<'_> {
    let frame = bytes.byte(0)?;
    let flags = bytes.byte(1)?;
    if frame & (control::VERSION | control::TYPE) != control::DATA || frame & control::NULL != 0 {
        return Some(Step::Other);
    }
    if flags & flag::PROTECTED != 0 {
        return Some(Step::Skip(skip::ENCRYPTED));
    }
    let fragment_number = bytes.byte(22)? & 0x0f;
    if flags & flag::MORE_FRAGMENTS != 0 || fragment_number != 0 {
        return Some(Step::Other);
    }
    let mut header = HEADER;
    if flags & flag::TO_AND_FROM_DS == flag::TO_AND_FROM_DS {
        header += 6;
    }
    let mut aggregate = false;
    if frame & control::QOS != 0 {
        aggregate = bytes.byte(header)? & A_MSDU != 0;
        header += 2;
        if flags & flag::ORDER != 0 {
            header += 4;
        }
    }
    if padded {
        header = header.next_multiple_of(4);
    }
    let payload = bytes.skip(header)?;
    let payload = if aggregate {
        last_subframe(payload)?
    } else {
        payload
    };
    Some(Step::Next(Layer::Llc, payload))
}

/// The last frame of an A-MSDU (802.11 §9.3.2.2): destination, source, length, and padding to four bytes between them. A
/// frame of a capture is one segment here; of several, Wireshark too shows the last.
fn last_subframe(aggregate: Bytes<'_>) -> Option<Bytes<'_>> {
    const HEADER: usize = 14;
    let mut rest = aggregate;
    loop {
        let length = usize::from(rest.be16(12)?);
        let subframe = rest.skip(HEADER)?.limit(length);
        match rest.skip((HEADER + length).next_multiple_of(4)) {
            Some(next) if next.length() > HEADER => rest = next,
            _ => return Some(subframe),
        }
    }
}

/// Radiotap: version, length, bit maps of the fields present, and the fields.
pub(super) fn read_radiotap(bytes: Bytes<'_>) -> Read<'_> {
    const FLAGS_PRESENT: u32 = 1 << 1;
    const TIMESTAMP_PRESENT: u32 = 1;
    const MORE_BIT_MAPS: u32 = 1 << 31;
    const FRAME_CHECK_SEQUENCE: u8 = 0x10;
    const DATA_PADDED: u8 = 0x20;

    let length = usize::from(u16::from_le_bytes(bytes.array(2)?));
    let first = u32::from_le_bytes(bytes.array(4)?);
    let mut fields = 8;
    let mut map = first;
    while map & MORE_BIT_MAPS != 0 {
        map = u32::from_le_bytes(bytes.array(fields)?);
        fields += 4;
    }
    let mut flags = 0;
    if first & FLAGS_PRESENT != 0 {
        if first & TIMESTAMP_PRESENT != 0 {
            fields = fields.next_multiple_of(8) + 8;
        }
        flags = bytes.byte(fields)?;
    }
    let mut frame = bytes.skip(length)?;
    if flags & FRAME_CHECK_SEQUENCE != 0 {
        frame = frame.without_trailer(4);
    }
    read_padded(frame, flags & DATA_PADDED != 0)
}

/// Prism's header of 144 bytes, AVS's with its length in the second word, or none at all: all were written under both
/// link types.
pub(super) fn read_prism_or_avs(bytes: Bytes<'_>) -> Read<'_> {
    const PRISM: [u32; 2] = [0x41, 0x44];
    const PRISM_LENGTH: usize = 144;
    const AVS: [u32; 2] = [0x8021_1001, 0x8021_1002];
    let word = bytes.be32(0)?;
    let length = if AVS.contains(&word) {
        bytes.be32(4)? as usize
    } else if PRISM.contains(&word) || PRISM.contains(&word.swap_bytes()) {
        PRISM_LENGTH
    } else {
        0
    };
    read(bytes.skip(length)?)
}

/// PPI: version, flags, length, and the link type of what follows.
pub(super) fn read_ppi(bytes: Bytes<'_>) -> Read<'_> {
    let length = usize::from(u16::from_le_bytes(bytes.array(2)?));
    let link = u32::from_le_bytes(bytes.array(4)?);
    if length < 8 {
        return Some(Step::Skip(skip::LINK_BAD));
    }
    Some(Step::Next(Layer::Link(LinkType(link)), bytes.skip(length)?))
}
