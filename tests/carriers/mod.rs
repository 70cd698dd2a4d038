//! Everything that can carry a packet, as bytes: link layers, tags and tunnels.
#![allow(dead_code, reason = "each test crate uses its own part")]

pub(crate) mod frames;
mod link;
mod tunnels;

pub(crate) use link::link_layers;
pub(crate) use tunnels::{of_ipv6, tunnels};

/// The TCP segment of an IPv4 packet between 10.0.0.1 and 10.0.0.2, in IPv6.
pub(crate) fn in_ipv6(packet: &[u8]) -> Vec<u8> {
    let mut carried = frames::ipv6(6, &packet[20..]);
    if packet[15] > packet[19] {
        let (source, destination) = carried[8..40].split_at_mut(16);
        source.swap_with_slice(destination);
    }
    carried
}

/// An IPv4 packet over every link layer and through every tunnel: name, link type, frame.
pub(crate) fn of_ipv4(packet: &[u8]) -> Vec<(&'static str, u32, Vec<u8>)> {
    let mut all = link_layers(packet);
    let tunnels = tunnels(packet).into_iter();
    all.extend(tunnels.map(|(name, frame)| (name, 1, frame)));
    all
}
