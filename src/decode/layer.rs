//! What can follow what in a frame: the headers' names, and what reading one of them leads to.
//!
//! A reader of a header gets its bytes and says the next layer; it never calls another reader. So nesting is a loop with
//! a bound (see the decoder), whatever a frame pretends to hold.

use super::bytes::Bytes;
use crate::model::{Endpoint, LinkType, SkipReason};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How the bytes that come next begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// A link-layer header as in a capture file.
    Link(LinkType),
    /// An Ethernet header: destination, source, type or length.
    Ethernet,
    /// What an EtherType stands for.
    EtherType(u16),
    /// An 802.2 LLC header.
    Llc,
    /// PPP, from its protocol field on.
    Ppp,
    /// PPP in HDLC-like framing, whose address and control may be left out (RFC 1662).
    PppHdlc,
    /// Cisco HDLC: address, control, EtherType.
    CiscoHdlc,
    /// A frame relay header.
    FrameRelay,
    /// An 802.11 MAC header.
    Wifi,
    /// MPLS labels.
    Mpls,
    /// IPv4, or IPv6 where the version says so.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// IPv4 or IPv6; anything else is another protocol.
    RawIp,
    /// What an IP protocol number stands for.
    IpProtocol(u8),
    /// A tunnel's header.
    Tunnel(Tunnel),
}

/// Headers that carry packets of another network, over IP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tunnel {
    /// GRE (RFC 2784, RFC 2890) and its enhanced form of PPTP (RFC 2637).
    Gre,
    /// Cisco ERSPAN with a header: types II and III.
    Erspan,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// VXLAN with a next protocol (draft-ietf-nvo3-vxlan-gpe).
    VxlanGpe,
    /// GENEVE (RFC 8926).
    Geneve,
    /// GTP's user plane (3GPP TS 29.281), and version 0.
    Gtp,
    /// L2TP version 2 (RFC 2661).
    L2tp,
    /// Teredo (RFC 4380).
    Teredo,
    /// LISP's data plane (RFC 6830).
    Lisp,
    /// EtherIP (RFC 3378).
    EtherIp,
}

/// What reading one header led to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// Another header.
    Next(Layer, Bytes<'a>),
    /// This fragment completed a packet, which [`super::fragments::Fragments::take`] gives and which begins so.
    Reassembled(Layer),
    /// Another protocol than TCP, or a fragment that waits for others.
    Other,
    /// Cannot be read.
    Skip(SkipReason),
}

/// Reading one header; `None` where it is cut short.
pub(crate) type Read<'a> = Option<Step<'a>>;

/// Source and destination of an IP packet, which are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Addresses {
    /// Of IPv4.
    V4(Ipv4Addr, Ipv4Addr),
    /// Of IPv6.
    V6(Ipv6Addr, Ipv6Addr),
}

impl Addresses {
    /// The two ends of a connection between these addresses.
    #[inline]
    pub(crate) fn with_ports(self, source: u16, destination: u16) -> (Endpoint, Endpoint) {
        let end = |address, port| Endpoint { address, port };
        match self {
            Addresses::V4(from, to) => (
                end(IpAddr::V4(from), source),
                end(IpAddr::V4(to), destination),
            ),
            Addresses::V6(from, to) => (
                end(IpAddr::V6(from), source),
                end(IpAddr::V6(to), destination),
            ),
        }
    }
}

/// What the headers outside have said about those inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside {
    /// The innermost IP addresses.
    pub(crate) addresses: Addresses,
    /// The first VLAN identifier other than 0, or 0: fragments of private addresses are kept apart by it.
    pub(crate) vlan: u16,
    /// Inside a packet that an ICMP error quotes.
    pub(crate) quoted: bool,
    /// Inside the first fragment of a packet whose fragments were not all captured: lengths mean nothing.
    pub(crate) fragment: bool,
    /// Behind a UDP port: that the payload is the tunnel which uses this port is a guess.
    pub(crate) guessed: bool,
}

impl Outside {
    /// Before the first header.
    pub(crate) fn nothing() -> Outside {
        Outside {
            addresses: Addresses::V4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED),
            vlan: 0,
            quoted: false,
            fragment: false,
            guessed: false,
        }
    }
}
