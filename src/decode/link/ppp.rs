//! PPP (RFC 1661), in HDLC-like framing (RFC 1662) and over Ethernet (RFC 2516).

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::hdlc;

/// PPP protocol numbers.
mod protocol {
    pub(super) const IPV4: u16 = 0x0021;
    pub(super) const MULTILINK: u16 = 0x003d;
    pub(super) const IPV6: u16 = 0x0057;
    pub(super) const MPLS: u16 = 0x0281;
    pub(super) const MPLS_MULTICAST: u16 = 0x0283;
    /// EtherTypes that some senders use instead.
    pub(super) const ETHER_IPV4: u16 = 0x0800;
    pub(super) const ETHER_IPV6: u16 = 0x86dd;
}

/// Reads the protocol field, which an odd first byte makes one byte long (RFC 1661 §6.5).
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let first = bytes.byte(0)?;
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(first), bytes.skip(1)?)
    } else {
        (bytes.be16(0)?, bytes.skip(2)?)
    };
    Some(match protocol {
        protocol::IPV4 | protocol::ETHER_IPV4 => Step::Next(Layer::Ipv4, rest),
        protocol::IPV6 | protocol::ETHER_IPV6 => Step::Next(Layer::Ipv6, rest),
        protocol::MPLS | protocol::MPLS_MULTICAST => Step::Next(Layer::Mpls, rest),
        // RFC 1990 §3: a packet that is its own first and last fragment.
        protocol::MULTILINK if rest.byte(0)? & 0xc0 == 0xc0 => {
            Step::Next(Layer::Ppp, rest.skip(4)?)
        }
        _ => Step::Other,
    })
}

/// Address and control may be left out; an address of Cisco HDLC says that it is that.
pub(in super::super) fn read_hdlc(bytes: Bytes<'_>) -> Read<'_> {
    match bytes.byte(0)? {
        0xff => read(bytes.skip(2)?),
        hdlc::UNICAST | hdlc::MULTICAST => hdlc::read(bytes),
        _ => read(bytes),
    }
}

/// A PPPoE session (RFC 2516 §4): version and type, code, session, length.
pub(super) fn read_over_ethernet(bytes: Bytes<'_>) -> Read<'_> {
    let length = usize::from(bytes.be16(4)?);
    Some(Step::Next(Layer::Ppp, bytes.skip(6)?.limit(length)))
}
