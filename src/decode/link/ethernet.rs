//! Ethernet, its tags, and what an EtherType stands for wherever one is found.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Outside, Read, Step};
use super::ppp;

/// EtherTypes (IEEE registry).
mod ether_type {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const ETHERNET: u16 = 0x6558;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    pub(super) const JUMBO_LLC: u16 = 0x8870;
    pub(super) const PROVIDER_BRIDGE: u16 = 0x88a8;
    pub(super) const BACKBONE_BRIDGE: u16 = 0x88e7;
    pub(super) const FABRIC_PATH: u16 = 0x8903;
    pub(super) const VN_TAG: u16 = 0x8926;
    pub(super) const HSR: u16 = 0x892f;
    pub(super) const E_TAG: u16 = 0x893f;
    pub(super) const OLD_QINQ: u16 = 0x9100;
    pub(super) const REDUNDANCY_TAG: u16 = 0xf1c1;
}

/// The longest length field of 802.3.
const LONGEST_802_3: u16 = 1500;
/// What Novell's IPX begins with where others have LLC.
const RAW_IPX: u16 = 0xffff;

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
        _ => type_or_length(ether_type, bytes.skip(14)?),
    }
}

/// Whether something is known to follow this EtherType.
pub(super) fn is_known(ether_type: u16) -> bool {
    matches!(
        ether_type,
        ether_type::IPV4
            | ether_type::IPV6
            | ether_type::VLAN
            | ether_type::PROVIDER_BRIDGE
            | ether_type::MPLS
            | ether_type::PPPOE_SESSION
    )
}

/// Cisco FabricPath: an outer Ethernet header with addresses of its own and a tag, and an outer frame check sequence.
#[cold]
fn fabric_path(header: usize, bytes: Bytes<'_>) -> Read<'_> {
    Some(Step::Next(
        Layer::Ethernet,
        bytes.skip(header)?.without_trailer(4),
    ))
}

/// What follows the last field of an Ethernet header or of a VLAN tag: a type, or below 1,501 a length (802.3 §3.2.6).
#[inline]
fn type_or_length(field: u16, rest: Bytes<'_>) -> Read<'_> {
    Some(match field {
        1..=LONGEST_802_3 if rest.be16(0) != Some(RAW_IPX) => {
            Step::Next(Layer::Llc, rest.limit(usize::from(field)))
        }
        ether_type => step(ether_type, rest),
    })
}

/// What follows an EtherType, IP at once.
#[inline]
pub(super) fn step(ether_type: u16, rest: Bytes<'_>) -> Step<'_> {
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
        ether_type::VLAN | ether_type::OLD_QINQ => {
            if outside.vlan == 0 {
                outside.vlan = bytes.be16(0)? & 0x0fff;
            }
            type_or_length(bytes.be16(2)?, bytes.skip(4)?)
        }
        ether_type::PROVIDER_BRIDGE => type_or_length(bytes.be16(2)?, bytes.skip(4)?),
        // 802.1ah: the service's identifier and the customer's addresses.
        ether_type::BACKBONE_BRIDGE => type_or_length(bytes.be16(16)?, bytes.skip(18)?),
        // 802.1BR.
        ether_type::E_TAG => type_or_length(bytes.be16(6)?, bytes.skip(8)?),
        // Tags of four bytes: Cisco's VN-Tag, IEC 62439-3 and 802.1CB.
        ether_type::VN_TAG | ether_type::HSR | ether_type::REDUNDANCY_TAG => {
            type_or_length(bytes.be16(4)?, bytes.skip(6)?)
        }
        ether_type::MPLS | ether_type::MPLS_MULTICAST => Some(Step::Next(Layer::Mpls, bytes)),
        ether_type::PPPOE_SESSION => ppp::read_over_ethernet(bytes),
        ether_type::JUMBO_LLC => Some(Step::Next(Layer::Llc, bytes)),
        ether_type::ETHERNET => Some(Step::Next(Layer::Ethernet, bytes)),
        _ => Some(Step::Other),
    }
}
