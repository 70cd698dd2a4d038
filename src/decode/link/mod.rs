//! Link layers: from a capture's link-layer header type to the network layer.
//!
//! In comes a frame with its LINKTYPE_ value, out goes the layer behind its header.

mod cooked;
pub(super) mod ethernet;
pub(super) mod frame_relay;
pub(super) mod hdlc;
mod juniper;
pub(super) mod llc;
mod loopback;
pub(super) mod mpls;
mod names;
mod nflog;
mod pktap;
pub(super) mod ppp;
pub(super) mod wifi;

pub use names::link_type_name;

use super::bytes::Bytes;
use super::layer::{Layer, Read, Step};
use super::skip;
use crate::model::LinkType;
use juniper::Interface;

/// Reads the link-layer header of a frame. The numbers are those of files (`https://www.tcpdump.org/linktypes.html`); 12
/// and 14 are what old versions of libpcap wrote for raw IP.
#[inline]
pub(super) fn read(link: LinkType, bytes: Bytes<'_>) -> Read<'_> {
    match link.0 {
        1 => ethernet::read(bytes),
        0 => loopback::read_null(bytes),
        113 => cooked::read_v1(bytes),
        12 | 14 | 101 => raw_ip(bytes),
        276 => cooked::read_v2(bytes),
        _ => read_less_common(link, bytes),
    }
}

#[inline(never)]
fn read_less_common(link: LinkType, bytes: Bytes<'_>) -> Read<'_> {
    match link.0 {
        9 | 50 => ppp::read_hdlc(bytes),
        51 => ppp::read_over_ethernet(bytes),
        104 | 112 => hdlc::read(bytes),
        105 => wifi::read(bytes),
        107 => frame_relay::read(bytes),
        108 => loopback::read_loop(bytes),
        119 => wifi::read_prism(bytes),
        127 => wifi::read_radiotap(bytes),
        133 => juniper::read(Interface::Ggsn, bytes),
        136 => juniper::read(Interface::Services, bytes),
        163 => wifi::read_avs(bytes),
        // pppd's: a direction where HDLC has its address, then control.
        166 => ppp::read(bytes.skip(2)?),
        167 | 178 => juniper::read(Interface::Ethernet, bytes),
        179 => juniper::read(Interface::Ppp, bytes),
        180 => juniper::read(Interface::FrameRelay, bytes),
        181 => juniper::read(Interface::CiscoHdlc, bytes),
        183 => juniper::read(Interface::Voice, bytes),
        192 => wifi::read_ppi(bytes),
        // One byte of direction first.
        204 => ppp::read_hdlc(bytes.skip(1)?),
        205 => hdlc::read(bytes.skip(1)?),
        206 => frame_relay::read(bytes.skip(1)?),
        219 => mpls::read(bytes),
        228 => Some(Step::Next(Layer::Ipv4, bytes)),
        229 => Some(Step::Next(Layer::Ipv6, bytes)),
        239 => nflog::read(bytes),
        258 => pktap::read(bytes),
        _ => Some(Step::Skip(skip::UNKNOWN_LINK)),
    }
}

/// IPv4 or IPv6, told by the version.
#[inline]
pub(super) fn raw_ip(bytes: Bytes<'_>) -> Read<'_> {
    Some(match bytes.byte(0)? >> 4 {
        4 => Step::Next(Layer::Ipv4, bytes),
        6 => Step::Next(Layer::Ipv6, bytes),
        _ => Step::Other,
    })
}
