//! Juniper's link types: a header with a magic number before what the interface saw.
//!
//! Those of ATM, MLPPP and MLFR interfaces, whose payload has to be guessed, are not read.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

const MAGIC: [u8; 3] = *b"MGC";
/// The link layer's header was stripped, and the protocol follows instead.
const NO_LINK_HEADER: u8 = 0x02;
const INCOMING: u8 = 0x01;
const EXTENSIONS: u8 = 0x80;

/// Whose header stands behind Juniper's.
#[derive(Clone, Copy)]
pub(super) enum Interface {
    /// Ethernet, also below PPPoE.
    Ethernet,
    /// PPP with address and control.
    Ppp,
    /// Frame relay.
    FrameRelay,
    /// Cisco HDLC.
    CiscoHdlc,
    /// A services card's, then IPv4.
    Services,
    /// A voice card's, then IPv4.
    Voice,
    /// A GGSN's, which names the protocol.
    Ggsn,
}

/// Reads Juniper's header and the interface's own.
pub(super) fn read(interface: Interface, bytes: Bytes<'_>) -> Read<'_> {
    let [m0, m1, m2, flags] = bytes.array::<4>(0)?;
    // Old releases wrote no magic number, and no header either.
    let rest = if [m0, m1, m2] != MAGIC {
        bytes
    } else {
        let extensions = if flags & EXTENSIONS != 0 {
            2 + usize::from(bytes.be16(4)?)
        } else {
            0
        };
        let rest = bytes.skip(4 + extensions)?;
        if flags & NO_LINK_HEADER != 0 {
            // A word in the host's order, which is little-endian: the number is in its first byte.
            return Some(payload(u16::from(rest.byte(0)?), rest.skip(4)?));
        }
        rest
    };
    Some(match interface {
        Interface::Ethernet => Step::Next(Layer::Ethernet, rest),
        Interface::Ppp => Step::Next(Layer::Ppp, rest.skip(2)?),
        Interface::FrameRelay => Step::Next(Layer::FrameRelay, rest),
        Interface::CiscoHdlc => Step::Next(Layer::CiscoHdlc, rest),
        Interface::Services => {
            let header = if flags & INCOMING != 0 { 16 } else { 12 };
            Step::Next(Layer::Ipv4, rest.skip(header)?)
        }
        Interface::Voice => Step::Next(Layer::Ipv4, rest.skip(18)?),
        Interface::Ggsn => {
            let protocol = u16::from_le_bytes(rest.array(0)?);
            payload(protocol, rest.skip(4)?)
        }
    })
}

/// What Juniper's protocol numbers stand for.
fn payload(protocol: u16, rest: Bytes<'_>) -> Step<'_> {
    let layer = match protocol {
        2 | 3 => Layer::Ipv4,
        4 | 5 | 8 | 32 => Layer::Mpls,
        6 | 7 => Layer::Ipv6,
        200 => Layer::Ppp,
        202 | 203 => Layer::Llc,
        204 => Layer::Ethernet,
        207 => Layer::FrameRelay,
        208 => Layer::CiscoHdlc,
        _ => return Step::Other,
    };
    Step::Next(layer, rest)
}
