//! Packets in fragments, as frames.

use super::frames::*;
use super::network::{Said, next};
use ssetrace::decode::Decoder;

/// What is said of each frame, in order.
fn all(frames: &[Vec<u8>]) -> Vec<Said> {
    let mut decoder = Decoder::new();
    frames
        .iter()
        .map(|frame| next(&mut decoder, 1, frame, frame.len() as u32))
        .collect()
}

fn v4(identification: u16, protocol: u8, payload: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut edges = vec![0];
    edges.extend(cuts);
    edges.push(payload.len());
    edges
        .windows(2)
        .map(|edge| {
            let more = edge[1] < payload.len();
            let piece = &payload[edge[0]..edge[1]];
            let packet = ipv4_fragment(protocol, identification, edge[0], more, piece);
            ethernet(0x0800, &packet)
        })
        .collect()
}

#[test]
fn a_segment_in_ipv4_fragments_appears_with_the_one_that_completes_it() {
    let frames = v4(1, 6, &tcp(), &[8, 24]);
    assert_eq!(all(&frames), [Said::Other, Said::Other, Said::segment_v4()]);
}

#[test]
fn fragments_come_in_any_order() {
    let mut frames = v4(1, 6, &tcp(), &[8, 24]);
    frames.reverse();
    assert_eq!(all(&frames), [Said::Other, Said::Other, Said::segment_v4()]);
}

#[test]
fn fragments_of_two_packets_are_kept_apart() {
    let first = v4(1, 6, &tcp(), &[16]);
    let second = v4(2, 6, &tcp(), &[16]);
    let frames = [
        first[0].clone(),
        second[0].clone(),
        second[1].clone(),
        first[1].clone(),
    ];
    assert_eq!(
        all(&frames),
        [
            Said::Other,
            Said::Other,
            Said::segment_v4(),
            Said::segment_v4()
        ]
    );
}

#[test]
fn an_identification_can_be_used_again_after_its_packet() {
    let mut frames = v4(1, 6, &tcp(), &[16]);
    frames.extend(v4(1, 6, &tcp(), &[16]));
    let said = all(&frames);
    assert_eq!(said[1], Said::segment_v4());
    assert_eq!(said[3], Said::segment_v4());
}

#[test]
fn a_segment_in_ipv6_fragments_appears_with_the_one_that_completes_it() {
    let segment = tcp();
    let piece = |offset: usize, end: usize| {
        let header = ipv6_fragment(6, 77, offset, end < segment.len());
        ethernet(0x86dd, &ipv6(44, &before(&header, &segment[offset..end])))
    };
    let frames = [piece(24, segment.len()), piece(0, 8), piece(8, 24)];
    assert_eq!(all(&frames), [Said::Other, Said::Other, Said::segment_v6()]);
}

#[test]
fn a_tunnel_in_fragments_carries_fragments() {
    let inner = v4(5, 6, &tcp(), &[24]);
    let tunnelled = |frame: &Vec<u8>| udp(4789, &before(&[8, 0, 0, 0, 0, 0, 1, 0], frame));
    let mut frames = v4(1, 17, &tunnelled(&inner[0]), &[40]);
    frames.extend(v4(2, 17, &tunnelled(&inner[1]), &[40]));
    let said = all(&frames);
    assert_eq!(said[..3], [Said::Other, Said::Other, Said::Other]);
    assert_eq!(said[3], Said::segment_v4());
}

#[test]
fn a_first_fragment_cut_by_the_snaplen_only_names_its_connection() {
    let frame = &v4(1, 6, &tcp(), &[40])[0];
    let mut decoder = Decoder::new();
    let cut = &frame[..frame.len() - 4];
    assert_eq!(next(&mut decoder, 1, cut, frame.len() as u32), Said::Quoted);
}

#[test]
fn fragments_of_private_addresses_are_kept_apart_by_vlan() {
    let in_vlan = |vlan: u16, frame: &Vec<u8>| ethernet(0x8100, &tag(vlan, 0x0800, &frame[14..]));
    let pieces = v4(1, 6, &tcp(), &[16]);
    let frames = [
        in_vlan(1, &pieces[0]),
        in_vlan(2, &pieces[1]),
        in_vlan(1, &pieces[1]),
    ];
    assert_eq!(all(&frames), [Said::Other, Said::Other, Said::segment_v4()]);
}

#[test]
fn a_quoted_fragment_joins_nothing() {
    let pieces = v4(1, 6, &tcp(), &[16]);
    let error = before(&[3, 3, 0, 0, 0, 0, 0, 0], &pieces[0][14..]);
    let frames = [ethernet(0x0800, &ipv4(1, &error)), pieces[1].clone()];
    assert_eq!(all(&frames), [Said::Quoted, Said::Other]);
}
