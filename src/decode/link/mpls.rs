//! MPLS labels (RFC 3032), and a guess at what they carry.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};
use super::ethernet;

/// The bit of the last label of a stack.
const BOTTOM: u32 = 0x100;
/// The label of the generic associated channel (RFC 5586), which carries no user's packets.
const ASSOCIATED_CHANNEL: u32 = 13;

/// Reads the label stack. Nothing says what follows it: the first four bits tell (RFC 4928 §3).
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let mut rest = bytes;
    loop {
        let label = rest.be32(0)?;
        rest = rest.skip(4)?;
        if label & BOTTOM != 0 {
            if label >> 12 == ASSOCIATED_CHANNEL {
                return Some(Step::Other);
            }
            break;
        }
    }
    Some(match rest.byte(0)? >> 4 {
        4 => Step::Next(Layer::Ipv4, rest),
        6 => Step::Next(Layer::Ipv6, rest),
        // An Ethernet pseudowire (RFC 4448), with a control word or without: the EtherType is where it makes sense.
        0 => {
            let with_control_word = rest.be16(16).is_some_and(ethernet::is_known);
            let frame = if with_control_word {
                rest.skip(4)?
            } else {
                rest
            };
            Step::Next(Layer::Ethernet, frame)
        }
        _ => Step::Other,
    })
}
