//! Frame relay, with the encapsulations of RFC 2427 and of Cisco.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::{ethernet, llc};

/// The bit that ends the address.
const LAST: u8 = 0x01;
/// The control field of unnumbered information.
const UNNUMBERED_INFORMATION: u8 = 0x03;

/// Network layer protocol identifiers (ISO/IEC TR 9577).
mod nlpid {
    pub(super) const PADDING: u8 = 0x00;
    pub(super) const SNAP: u8 = 0x80;
    pub(super) const IPV6: u8 = 0x8e;
    pub(super) const IPV4: u8 = 0xcc;
}

/// The address of two to four bytes, then control and protocol, or an EtherType.
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    if bytes.byte(0)? & LAST != 0 {
        return Some(Step::Other);
    }
    let mut rest = bytes.skip(1)?;
    for _ in 1..4 {
        let last = rest.byte(0)? & LAST != 0;
        rest = rest.skip(1)?;
        if last {
            break;
        }
    }
    let control = rest.byte(0)?;
    if control == UNNUMBERED_INFORMATION {
        rest = rest.skip(1)?;
        if rest.byte(0)? == nlpid::PADDING {
            rest = rest.skip(1)?;
        }
    } else if let Some(ether_type) = rest.be16(0).filter(|field| ethernet::is_known(*field)) {
        // Cisco's encapsulation.
        return Some(Step::Next(Layer::EtherType(ether_type), rest.skip(2)?));
    } else {
        // Unnumbered frames have one byte of control, the others two.
        rest = rest.skip(if control & 3 == 3 { 1 } else { 2 })?;
    }
    let protocol = rest.byte(0)?;
    let payload = rest.skip(1)?;
    match protocol {
        nlpid::IPV4 => Some(Step::Next(Layer::Ipv4, payload)),
        nlpid::IPV6 => Some(Step::Next(Layer::Ipv6, payload)),
        nlpid::SNAP => llc::read_snap(payload, 0),
        _ => Some(Step::Other),
    }
}
