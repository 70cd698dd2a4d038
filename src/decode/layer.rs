//! What can follow what in a frame: the headers' names, and what reading one of them leads to.
//!
//! A reader of a header gets its bytes and says the next layer; it never calls another reader. So nesting is a loop with
//! a bound (see the decoder), whatever a frame pretends to hold.

use super::bytes::Bytes;
use crate::model::{LinkType, SkipReason};
use std::net::{IpAddr, Ipv4Addr};

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
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// Another header.
    Next(Layer, Bytes<'a>),
    /// This fragment completed a packet, which goes on with the layer.
    Reassembled(Layer, Vec<u8>),
    /// Another protocol than TCP, or a fragment that waits for others.
    Other,
    /// Cannot be read.
    Skip(SkipReason),
}

/// Reading one header; `None` where it is cut short.
pub(crate) type Read<'a> = Option<Step<'a>>;

/// What the headers outside have said about those inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside {
    /// The innermost IP source address.
    pub(crate) source: IpAddr,
    /// The innermost IP destination address.
    pub(crate) destination: IpAddr,
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
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            vlan: 0,
            quoted: false,
            fragment: false,
            guessed: false,
        }
    }
}
