//! Link layers: from a capture's link-layer header type to the network layer.
//!
//! In comes a frame with its LINKTYPE_ value, out goes the layer behind its header.

mod cooked;
pub(super) mod ethernet;
mod loopback;
mod names;

pub use names::link_type_name;

use super::bytes::Bytes;
use super::layer::{Layer, Read, Step};
use super::skip;
use crate::model::LinkType;

/// Reads the link-layer header of a frame. The numbers are those of files (`https://www.tcpdump.org/linktypes.html`); 12
/// and 14 are what old versions of libpcap wrote for raw IP.
#[inline]
pub(super) fn read(link: LinkType, bytes: Bytes<'_>) -> Read<'_> {
    match link.0 {
        0 => loopback::read_null(bytes),
        1 => ethernet::read(bytes),
        12 | 14 | 101 => Some(Step::Next(Layer::RawIp, bytes)),
        108 => loopback::read_loop(bytes),
        113 => cooked::read_v1(bytes),
        228 => Some(Step::Next(Layer::Ipv4, bytes)),
        229 => Some(Step::Next(Layer::Ipv6, bytes)),
        276 => cooked::read_v2(bytes),
        _ => Some(Step::Skip(skip::UNKNOWN_LINK)),
    }
}

/// IPv4 or IPv6, told by the version.
pub(super) fn raw_ip(bytes: Bytes<'_>) -> Read<'_> {
    Some(match bytes.byte(0)? >> 4 {
        4 => Step::Next(Layer::Ipv4, bytes),
        6 => Step::Next(Layer::Ipv6, bytes),
        _ => Step::Other,
    })
}
