//! Linux netfilter's log (239): a packet among attributes.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::super::skip;

/// Address family, version, resource.
const HEADER: usize = 4;
/// Attributes (NFULA_PACKET_HDR, NFULA_PAYLOAD).
const PACKET_HEADER: u16 = 1;
const PAYLOAD: u16 = 9;
/// Families (NFPROTO_IPV4, NFPROTO_IPV6).
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// Walks the attributes: length and type in the byte order of the host that captured, value, padding to four bytes.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let family = bytes.byte(0)?;
    let mut rest = bytes.skip(HEADER)?;
    // A length is small, so the order is the one that makes the first one so.
    let first = rest.array::<2>(0)?;
    let number = if u16::from_le_bytes(first) <= u16::from_be_bytes(first) {
        u16::from_le_bytes
    } else {
        u16::from_be_bytes
    };
    let mut ether_type = 0;
    let mut packet = None;
    while rest.length() >= 4 {
        let length = usize::from(number(rest.array(0)?));
        let kind = number(rest.array(2)?) & 0x7fff;
        if length < 4 || length > rest.length() {
            return Some(Step::Skip(skip::LINK_BAD));
        }
        let value = rest.skip(4)?.limit(length - 4);
        match kind {
            PACKET_HEADER if length == 8 => ether_type = value.be16(0)?,
            PAYLOAD => packet = Some(value),
            _ => {}
        }
        let Some(after) = rest.skip(length.next_multiple_of(4)) else {
            break;
        };
        rest = after;
    }
    let Some(packet) = packet else {
        return Some(Step::Other);
    };
    let layer = match (ether_type, family) {
        (0, IPV4) => Layer::Ipv4,
        (0, IPV6) => Layer::Ipv6,
        (0, _) => return Some(Step::Other),
        (ether_type, _) => Layer::EtherType(ether_type),
    };
    Some(Step::Next(layer, packet))
}
