//! Linux cooked captures, what the "any" device writes: version 1 (113) and version 2 (276).

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::ethernet;
use crate::model::LinkType;

/// Version 1: packet type, ARPHRD_ type, address length, address, protocol.
#[inline]
pub(super) fn read_v1(bytes: Bytes<'_>) -> Read<'_> {
    let hardware = bytes.be16(2)?;
    let protocol = bytes.be16(14)?;
    read(hardware, protocol, bytes.skip(16)?)
}

/// Version 2: protocol, reserved, interface index, ARPHRD_ type, packet type, address length, address.
#[inline]
pub(super) fn read_v2(bytes: Bytes<'_>) -> Read<'_> {
    let protocol = bytes.be16(0)?;
    let hardware = bytes.be16(8)?;
    read(hardware, protocol, bytes.skip(20)?)
}

/// ARPHRD_ types whose frames have no EtherType in the protocol field.
mod hardware {
    pub(super) const FRAME_RELAY: u16 = 770;
    pub(super) const WIFI: u16 = 801;
    pub(super) const WIFI_PRISM: u16 = 802;
    pub(super) const WIFI_RADIOTAP: u16 = 803;
    pub(super) const NETLINK: u16 = 824;
}

/// Numbers that Linux uses where there is no EtherType (LINUX_SLL_P_).
mod internal {
    pub(super) const ETHERNET: u16 = 3;
    pub(super) const LLC: u16 = 4;
    pub(super) const PPP_HDLC: u16 = 7;
    pub(super) const LAST: u16 = 1536;
}

#[inline]
fn read(hardware: u16, protocol: u16, rest: Bytes<'_>) -> Read<'_> {
    if hardware == hardware::NETLINK {
        return Some(Step::Other);
    }
    if protocol > internal::LAST {
        return Some(ethernet::step(protocol, rest));
    }
    let layer = match (hardware, protocol) {
        (hardware::FRAME_RELAY, _) => Layer::FrameRelay,
        (hardware::WIFI, _) => Layer::Link(LinkType(105)),
        (hardware::WIFI_PRISM, _) => Layer::Link(LinkType(119)),
        (hardware::WIFI_RADIOTAP, _) => Layer::Link(LinkType(127)),
        (_, internal::ETHERNET) => Layer::Ethernet,
        (_, internal::LLC) => Layer::Llc,
        (_, internal::PPP_HDLC) => Layer::PppHdlc,
        _ => return Some(Step::Other),
    };
    Some(Step::Next(layer, rest))
}
