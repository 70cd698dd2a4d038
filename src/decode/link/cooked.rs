//! Linux cooked captures, what the "any" device writes: version 1 (113) and version 2 (276).

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

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

/// ARPHRD_ types for which the protocol field means something else than an EtherType.
mod hardware {
    pub(super) const NETLINK: u16 = 824;
}

/// The largest number that Linux uses for a frame whose protocol has no EtherType.
const LAST_INTERNAL: u16 = 1536;

#[inline]
fn read(hardware: u16, protocol: u16, rest: Bytes<'_>) -> Read<'_> {
    if hardware == hardware::NETLINK || protocol <= LAST_INTERNAL {
        return Some(Step::Other);
    }
    Some(Step::Next(Layer::EtherType(protocol), rest))
}
