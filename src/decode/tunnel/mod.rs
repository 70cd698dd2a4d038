//! Tunnels: headers between an outer packet and a packet or frame of another network.
//!
//! In come the bytes behind the outer packet's headers, out goes what the tunnel carries.

mod geneve;
mod gre;
mod gtp;
mod l2tp;
mod teredo;
mod vxlan;

use super::bytes::Bytes;
use super::layer::{Layer, Read, Step, Tunnel};

/// Reads one tunnel's header.
pub(super) fn read(tunnel: Tunnel, bytes: Bytes<'_>) -> Read<'_> {
    match tunnel {
        Tunnel::Gre => gre::read(bytes),
        Tunnel::Erspan => gre::read_erspan(bytes),
        Tunnel::Vxlan => vxlan::read(bytes),
        Tunnel::VxlanGpe => vxlan::read_gpe(bytes),
        Tunnel::Geneve => geneve::read(bytes),
        Tunnel::Gtp => gtp::read(bytes),
        Tunnel::L2tp => l2tp::read(bytes),
        Tunnel::Teredo => teredo::read(bytes),
        // RFC 6830 §5.3: eight bytes of flags, nonce or map version, and instance, then IP.
        Tunnel::Lisp => Some(Step::Next(Layer::RawIp, bytes.skip(8)?)),
        // RFC 3378 §3: four bits of version, twelve reserved ones.
        Tunnel::EtherIp => Some(Step::Next(Layer::Ethernet, bytes.skip(2)?)),
    }
}
