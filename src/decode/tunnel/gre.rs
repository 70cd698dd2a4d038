//! GRE (RFC 1701, RFC 2784, RFC 2890), the enhanced form of PPTP (RFC 2637), and ERSPAN inside it.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step, Tunnel};

/// The flags of the first half-word.
mod flag {
    pub(super) const CHECKSUM: u16 = 0x8000;
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    pub(super) const ACKNOWLEDGMENT: u16 = 0x0080;
    pub(super) const VERSION: u16 = 0x0007;
}

/// Protocol types that are no EtherTypes, or lead elsewhere than in an Ethernet frame.
mod protocol {
    pub(super) const ERSPAN_3: u16 = 0x22eb;
    pub(super) const EOIP: u16 = 0x6400;
    pub(super) const FRAME_RELAY: u16 = 0x6559;
    pub(super) const ARUBA_FIRST: u16 = 0x8200;
    pub(super) const ARUBA_LAST: u16 = 0x8370;
    pub(super) const PPP: u16 = 0x880b;
    pub(super) const WCCP: u16 = 0x883e;
    pub(super) const ERSPAN: u16 = 0x88be;
}

/// Reads the header with all that its flags announce.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let flags = bytes.be16(0)?;
    let protocol = bytes.be16(2)?;
    let enhanced = protocol == protocol::PPP && flags & flag::VERSION != 0;
    let mut header = 4;
    if flags & (flag::CHECKSUM | flag::ROUTING) != 0 {
        header += 4;
    }
    if flags & flag::KEY != 0 {
        header += 4;
    }
    if flags & flag::SEQUENCE != 0 {
        header += 4;
    }
    if enhanced && flags & flag::ACKNOWLEDGMENT != 0 {
        header += 4;
    }
    let mut rest = bytes.skip(header)?;
    if flags & flag::ROUTING != 0 {
        rest = skip_routing(rest)?;
    }
    if rest.length() == 0 {
        return Some(Step::Other);
    }
    let layer = match protocol {
        protocol::PPP => Layer::PppHdlc,
        protocol::EOIP => Layer::Ethernet,
        protocol::FRAME_RELAY => Layer::FrameRelay,
        protocol::WCCP => {
            // Version 2 of WCCP puts four bytes before the packet, under the same type (draft-wilson-wrec-wccp-v2 §4.13).
            if rest.byte(0)? >> 4 != 4 {
                rest = rest.skip(4)?;
            }
            Layer::Ipv4
        }
        protocol::ERSPAN_3 => Layer::Tunnel(Tunnel::Erspan),
        // Type I of ERSPAN has no header, which is told by the missing sequence number.
        protocol::ERSPAN if flags & flag::SEQUENCE == 0 => Layer::Ethernet,
        protocol::ERSPAN => Layer::Tunnel(Tunnel::Erspan),
        // Aruba's access points number their radios in the second digit.
        protocol::ARUBA_FIRST..=protocol::ARUBA_LAST if protocol & 0xf == 0 => Layer::Wifi,
        ether_type => Layer::EtherType(ether_type),
    };
    Some(Step::Next(layer, rest))
}

/// RFC 1701: source route entries, of which the last has neither family nor length.
fn skip_routing(bytes: Bytes<'_>) -> Option<Bytes<'_>> {
    let mut rest = bytes;
    loop {
        let family = rest.be16(0)?;
        let length = rest.byte(3)?;
        rest = rest.skip(4 + usize::from(length))?;
        if family == 0 && length == 0 {
            return Some(rest);
        }
    }
}

/// ERSPAN (draft-foschiano-erspan): type II has version 1 and eight bytes, type III version 2 and twelve, or twenty with
/// the platform's subheader.
pub(super) fn read_erspan(bytes: Bytes<'_>) -> Read<'_> {
    const FRAME_TYPE: u16 = 0x7c00;
    const SUBHEADER: u16 = 0x0001;
    let header = match bytes.byte(0)? >> 4 {
        1 => 8,
        2 => {
            let field = bytes.be16(10)?;
            if field & FRAME_TYPE != 0 {
                return Some(Step::Other);
            }
            if field & SUBHEADER == 0 { 12 } else { 20 }
        }
        _ => return Some(Step::Other),
    };
    Some(Step::Next(Layer::Ethernet, bytes.skip(header)?))
}
