//! 802.11 data frames, bare or behind a radio header (radiotap, Prism, AVS, PPI).
//!
//! A protected frame is not decrypted, and a fragment of a frame is not joined with the others.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::super::skip;
use super::ethernet;
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
    pub(super) const FROM_DS: u8 = 0x02;
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
    // A last fragment is read as if it were whole: some cards join the fragments and leave the number. Where they do
    // not, what it begins with is no LLC.
    if flags & flag::MORE_FRAGMENTS != 0 {
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
    if aggregate {
        return Some(Step::Next(Layer::Llc, last_subframe(payload)?));
    }
    let payload = payload.skip(mesh_control(flags, payload))?;
    // Outside a BSS, as between cars, an EtherType stands in place of LLC (802.11-2016 §5.1.4).
    match payload.be16(0).filter(|field| ethernet::is_known(*field)) {
        Some(ether_type) => Some(Step::Next(Layer::EtherType(ether_type), payload.skip(2)?)),
        None => Some(Step::Next(Layer::Llc, payload)),
    }
}

/// The length of the mesh control field (802.11 §9.2.4.7.3) before LLC and SNAP, or 0. The bit that should announce it
/// does not do so on every card, so as in Wireshark its own flags and what follows it tell.
fn mesh_control(flags: u8, payload: Bytes<'_>) -> usize {
    const SNAP: u16 = 0xaaaa;
    const LONGEST_EXTENSION: u8 = 2;
    match payload.byte(0) {
        Some(extension) if flags & flag::FROM_DS != 0 && extension <= LONGEST_EXTENSION => {
            let length = 6 + 6 * usize::from(extension);
            if payload.be16(length) == Some(SNAP) {
                length
            } else {
                0
            }
        }
        _ => 0,
    }
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
    let first = match bytes.byte(0)? {
        0 => u32::from_le_bytes(bytes.array(4)?),
        // Of another version only the length is known.
        _ => 0,
    };
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

/// AVS: its length is in the second word.
pub(super) fn read_avs(bytes: Bytes<'_>) -> Read<'_> {
    read(bytes.skip(bytes.be32(4)? as usize)?)
}

/// Prism's header of 144 bytes, AVS's, or none: some drivers wrote all three under this link type.
pub(super) fn read_prism(bytes: Bytes<'_>) -> Read<'_> {
    const PRISM: [u32; 2] = [0x41, 0x44];
    const PRISM_LENGTH: usize = 144;
    const AVS: [u32; 2] = [0x8021_1001, 0x8021_1002];
    let word = bytes.be32(0)?;
    if AVS.contains(&word) {
        read_avs(bytes)
    } else if PRISM.contains(&word) || PRISM.contains(&word.swap_bytes()) {
        read(bytes.skip(PRISM_LENGTH)?)
    } else {
        read(bytes)
    }
}

/// PPI: version, flags, length, and the link type of what follows.
pub(super) fn read_ppi(bytes: Bytes<'_>) -> Read<'_> {
    // The header has eight bytes, whatever it says.
    let length = usize::from(u16::from_le_bytes(bytes.array(2)?)).max(8);
    let link = u32::from_le_bytes(bytes.array(4)?);
    Some(Step::Next(Layer::Link(LinkType(link)), bytes.skip(length)?))
}
