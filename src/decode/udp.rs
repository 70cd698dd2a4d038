//! UDP (RFC 768): the ports below which Wireshark looks for a tunnel.
//!
//! In comes a datagram, out goes the tunnel that one of its ports is registered for. Nothing in the datagram says that it
//! is that tunnel, so from here on the layers are a guess.

use super::bytes::Bytes;
use super::layer::{Layer, Outside, Read, Step, Tunnel};

/// Source port, destination port, length, checksum.
const HEADER: usize = 8;

/// Reads the header.
pub(crate) fn read<'a>(bytes: Bytes<'a>, outside: &mut Outside) -> Read<'a> {
    let source = bytes.be16(0)?;
    let destination = bytes.be16(2)?;
    // Wireshark asks for the lower port first: it is the registered one more often.
    let Some(layer) = tunnel(source.min(destination)).or_else(|| tunnel(source.max(destination)))
    else {
        return Some(Step::Other);
    };
    let length = usize::from(bytes.be16(4)?);
    if length < HEADER {
        return Some(Step::Other);
    }
    outside.guessed = true;
    Some(Step::Next(layer, bytes.limit(length).skip(HEADER)?))
}

/// What a port is registered for, or used for by default where it is not: 8472 is Linux's VXLAN port (and OTV's, which
/// begins alike).
fn tunnel(port: u16) -> Option<Layer> {
    Some(Layer::Tunnel(match port {
        1701 => Tunnel::L2tp,
        2123 | 2152 | 3386 => Tunnel::Gtp,
        3544 => Tunnel::Teredo,
        4341 => Tunnel::Lisp,
        4754 => Tunnel::Gre,
        4789 | 8472 => Tunnel::Vxlan,
        4790 => Tunnel::VxlanGpe,
        6081 => Tunnel::Geneve,
        6635 => return Some(Layer::Mpls),
        _ => return None,
    }))
}
