//! One segment over every link layer and through every tunnel.

use super::carriers::{link_layers, of_ipv4, of_ipv6, tunnels};
use super::frames::*;
use super::network::{Said, decode};

/// The segment in IPv4.
pub(crate) fn packet() -> Vec<u8> {
    ipv4(6, &tcp())
}

/// The segment in IPv6.
pub(crate) fn packet_v6() -> Vec<u8> {
    ipv6(6, &tcp())
}

#[test]
fn the_same_segment_over_every_link_layer_decodes_to_the_same() {
    for (name, link, frame) in link_layers(&packet()) {
        assert_eq!(decode(link, &frame), Said::segment_v4(), "{name}");
    }
}

#[test]
fn every_carrier_cut_at_any_byte_is_a_cut_segment_or_none() {
    let all = of_ipv4(&packet()).into_iter().chain(of_ipv6(&packet_v6()));
    for (name, link, frame) in all {
        for length in 0..frame.len() {
            match super::network::decode_cut(link, &frame[..length], frame.len() as u32) {
                Said::Tcp { length, .. } => assert_eq!(length, PAYLOAD.len() as u32, "{name}"),
                Said::Quoted | Said::Other | Said::Skipped(_) => {}
            }
        }
    }
}

#[test]
fn the_same_segment_over_every_tunnel_decodes_to_the_same() {
    for (name, frame) in tunnels(&packet()) {
        assert_eq!(decode(1, &frame), Said::segment_v4(), "{name}");
    }
}

#[test]
fn the_same_segment_over_every_carrier_of_ipv6_decodes_to_the_same() {
    for (name, link, frame) in of_ipv6(&packet_v6()) {
        assert_eq!(
            decode(link, &frame),
            Said::segment_v6(),
            "{name} {:?}",
            &frame[..4]
        );
    }
}
