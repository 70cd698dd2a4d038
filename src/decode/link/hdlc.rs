//! Cisco HDLC.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// The addresses.
pub(super) const UNICAST: u8 = 0x0f;
pub(super) const MULTICAST: u8 = 0x8f;

/// Address, control, EtherType.
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let ether_type = bytes.be16(2)?;
    Some(Step::Next(Layer::EtherType(ether_type), bytes.skip(4)?))
}
