//! Ethernet, its tags, and what an EtherType stands for wherever one is found.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Outside, Read, Step};

/// EtherTypes (IEEE registry).
mod ether_type {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const PROVIDER_BRIDGE: u16 = 0x88a8;
    pub(super) const OLD_QINQ: u16 = 0x9100;
    pub(super) const FABRIC_PATH: u16 = 0x8903;
}

/// Ethernet: destination, source, type or length.
#[inline]
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let ether_type = bytes.be16(12)?;
    match ether_type {
        ether_type::FABRIC_PATH => fabric_path(16, bytes),
        ether_type::VLAN | ether_type::PROVIDER_BRIDGE
            if bytes.be16(16) == Some(ether_type::FABRIC_PATH) =>
        {
            fabric_path(20, bytes)
        }
        _ => Some(step(ether_type, bytes.skip(14)?)),
    }
}

/// Cisco FabricPath: an outer Ethernet header with addresses of its own and a tag, and an outer frame check sequence.
#[cold]
fn fabric_path(header: usize, bytes: Bytes<'_>) -> Read<'_> {
    Some(Step::Next(
        Layer::Ethernet,
        bytes.skip(header)?.without_trailer(4),
    ))
}

/// IP at once, the rest by EtherType.
#[inline]
fn step(ether_type: u16, rest: Bytes<'_>) -> Step<'_> {
    let layer = match ether_type {
        ether_type::IPV4 => Layer::Ipv4,
        ether_type::IPV6 => Layer::Ipv6,
        other => Layer::EtherType(other),
    };
    Step::Next(layer, rest)
}

/// What follows an EtherType.
pub(in super::super) fn read_payload<'a>(
    ether_type: u16,
    bytes: Bytes<'a>,
    outside: &mut Outside,
) -> Read<'a> {
    match ether_type {
        ether_type::IPV4 => Some(Step::Next(Layer::Ipv4, bytes)),
        ether_type::IPV6 => Some(Step::Next(Layer::Ipv6, bytes)),
        ether_type::VLAN | ether_type::PROVIDER_BRIDGE | ether_type::OLD_QINQ => {
            let tag = bytes.be16(0)?;
            if outside.vlan == 0 {
                outside.vlan = tag & 0x0fff;
            }
            Some(step(bytes.be16(2)?, bytes.skip(4)?))
        }
        _ => Some(Step::Other),
    }
}
