//! Apple's PKTAP (258): which interface and process, then a frame of any link type.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::super::skip;
use crate::model::LinkType;

/// The shortest header there is.
const SHORTEST: usize = 108;
/// The record type of a packet.
const PACKET: u32 = 1;

/// Length, record type, link type, all in little-endian order, and more that is not needed here.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let length = u32::from_le_bytes(bytes.array(0)?) as usize;
    let record = u32::from_le_bytes(bytes.array(4)?);
    let link = u32::from_le_bytes(bytes.array(8)?);
    if length < SHORTEST {
        return Some(Step::Skip(skip::LINK_BAD));
    }
    if record != PACKET {
        return Some(Step::Other);
    }
    Some(Step::Next(Layer::Link(LinkType(link)), bytes.skip(length)?))
}
