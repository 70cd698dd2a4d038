//! VXLAN (RFC 7348) and its extension that names the next protocol.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// Flags, reserved or next protocol, network identifier, reserved.
const HEADER: usize = 8;

/// VXLAN always carries Ethernet.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    Some(Step::Next(Layer::Ethernet, bytes.skip(HEADER)?))
}

/// VXLAN-GPE.
pub(super) fn read_gpe(bytes: Bytes<'_>) -> Read<'_> {
    let layer = match bytes.byte(3)? {
        1 => Layer::Ipv4,
        2 => Layer::Ipv6,
        3 => Layer::Ethernet,
        5 => Layer::Mpls,
        _ => return Some(Step::Other),
    };
    Some(Step::Next(layer, bytes.skip(HEADER)?))
}
