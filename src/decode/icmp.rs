//! The packets that ICMP (RFC 792) and ICMPv6 (RFC 4443) errors quote.
//!
//! In comes an ICMP message, out goes the packet inside it if it is an error, marked as quoted: its TCP header says which
//! connection had trouble, but nothing was sent by it here.

use super::bytes::Bytes;
use super::layer::{Layer, Outside, Read, Step};

/// Type, code, checksum, and four bytes that depend on the type.
const HEADER: usize = 8;

/// ICMP types that quote a packet.
mod v4 {
    pub(super) const UNREACHABLE: u8 = 3;
    pub(super) const SOURCE_QUENCH: u8 = 4;
    pub(super) const REDIRECT: u8 = 5;
    pub(super) const TIME_EXCEEDED: u8 = 11;
    pub(super) const PARAMETER_PROBLEM: u8 = 12;
}

/// ICMP over IPv4.
pub(crate) fn read_v4<'a>(bytes: Bytes<'a>, outside: &mut Outside) -> Read<'a> {
    match bytes.byte(0)? {
        v4::UNREACHABLE
        | v4::SOURCE_QUENCH
        | v4::REDIRECT
        | v4::TIME_EXCEEDED
        | v4::PARAMETER_PROBLEM => {
            outside.quoted = true;
            let mut packet = bytes.skip(HEADER)?;
            if bytes.byte(0)? == v4::REDIRECT {
                // RFC 792: the header and 64 bits. What more there is, Wireshark does not look at.
                let header = usize::from(packet.byte(0)? & 0x0f) * 4;
                packet = packet.limit(header + 8);
            }
            Some(Step::Next(Layer::Ipv4, packet))
        }
        _ => Some(Step::Other),
    }
}

/// ICMP over IPv6: 1 to 4 are destination unreachable, packet too big, time exceeded and parameter problem.
pub(crate) fn read_v6<'a>(bytes: Bytes<'a>, outside: &mut Outside) -> Read<'a> {
    match bytes.byte(0)? {
        1..=4 => {
            outside.quoted = true;
            Some(Step::Next(Layer::Ipv6, bytes.skip(HEADER)?))
        }
        _ => Some(Step::Other),
    }
}
