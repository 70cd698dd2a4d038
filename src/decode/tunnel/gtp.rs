//! GTP: the user plane of mobile networks (3GPP TS 29.281), and version 0 (3GPP TS 09.60).

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// The message that carries a user's packet.
const T_PDU: u8 = 255;
/// Protocol type: GTP rather than GTP'.
const PROTOCOL_TYPE: u8 = 0x10;
/// An extension header, a sequence number or an N-PDU number follows; any of them makes room for all.
const OPTIONAL: u8 = 0x07;
const EXTENSION: u8 = 0x04;

/// Reads the header and its extension headers.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let flags = bytes.byte(0)?;
    if flags & PROTOCOL_TYPE == 0 || bytes.byte(1)? != T_PDU {
        return Some(Step::Other);
    }
    let length = usize::from(bytes.be16(2)?);
    let payload = match flags >> 5 {
        0 => bytes.limit(20 + length).skip(20)?,
        1 => {
            let rest = bytes.limit(8 + length).skip(8)?;
            if flags & OPTIONAL == 0 {
                rest
            } else if flags & EXTENSION == 0 {
                rest.skip(4)?
            } else {
                skip_extensions(rest)?
            }
        }
        _ => return Some(Step::Other),
    };
    Some(match payload.byte(0)? {
        0x45..=0x4e => Step::Next(Layer::Ipv4, payload),
        0x60..=0x6f => Step::Next(Layer::Ipv6, payload),
        // The header does not say what it carries. This is how Wireshark tells an Ethernet PDU.
        _ if matches!(payload.be16(12), Some(0x0800 | 0x0806 | 0x86dd)) => {
            Step::Next(Layer::Ethernet, payload)
        }
        _ => Step::Other,
    })
}

/// TS 29.281 §5.2.1: each extension header begins with its length in 32-bit words and ends with the next one's type.
fn skip_extensions(bytes: Bytes<'_>) -> Option<Bytes<'_>> {
    let mut next = bytes.byte(3)?;
    let mut rest = bytes.skip(4)?;
    while next != 0 {
        let length = usize::from(rest.byte(0)?) * 4;
        next = rest.byte(length.checked_sub(1)?)?;
        rest = rest.skip(length)?;
    }
    Some(rest)
}
