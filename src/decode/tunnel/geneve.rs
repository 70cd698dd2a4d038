//! GENEVE (RFC 8926).

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// The header without options.
const HEADER: usize = 8;

/// Version and length of the options in 32-bit words, flags, EtherType, network identifier.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let options = usize::from(bytes.byte(0)? & 0x3f) * 4;
    let ether_type = bytes.be16(2)?;
    Some(Step::Next(
        Layer::EtherType(ether_type),
        bytes.skip(HEADER + options)?,
    ))
}
