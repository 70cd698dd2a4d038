//! A frame's headers, from the link layer to TCP.

use crate::material::{Captured, Conversation};
use criterion::{Criterion, Throughput};
use ssetrace::decode::Decoder;
use ssetrace::model::Decoded;
use std::hint::black_box;

/// The bytes of an Ethernet header, and of an IPv4 header without options.
const ETHERNET: usize = 14;
const IPV4: usize = 20;

pub(crate) fn measure(criterion: &mut Criterion) {
    let plain = Conversation::new().frames;
    let wrapped = |wrap: fn(&[u8]) -> Vec<u8>| {
        let frames = plain.iter().map(|frame| frame.with(wrap(&frame.bytes)));
        frames.collect::<Vec<Captured>>()
    };
    let fragments = plain.iter().flat_map(fragments).collect::<Vec<Captured>>();
    let mut group = criterion.benchmark_group("decode");
    for (name, frames, segments) in [
        ("Ethernet, IPv4", &plain, plain.len()),
        ("VLAN, IPv6", &wrapped(vlan_and_ipv6), plain.len()),
        ("VXLAN", &wrapped(vxlan), plain.len()),
        ("IPv4 in two fragments", &fragments, plain.len()),
    ] {
        group.throughput(Throughput::Elements(frames.len() as u64));
        group.bench_function(name, |bencher| {
            let mut decoder = Decoder::new();
            bencher.iter(|| assert_eq!(decode(&mut decoder, frames), segments));
        });
    }
    group.finish();
}

/// How many segments are in the frames.
fn decode(decoder: &mut Decoder, frames: &[Captured]) -> usize {
    let mut segments = 0;
    for captured in frames {
        if let Decoded::Tcp(segment) = decoder.decode(&captured.frame()) {
            black_box(segment);
            segments += 1;
        }
    }
    segments
}

/// With a tag (IEEE 802.1Q), and the addresses as mapped ones.
fn vlan_and_ipv6(frame: &[u8]) -> Vec<u8> {
    let (ip, tcp) = frame[ETHERNET..].split_at(IPV4);
    let mapped = |address: &[u8]| [&[0; 10][..], &[0xff; 2], address].concat();
    let mut out = frame[..12].to_vec();
    out.extend([0x81, 0, 0, 7, 0x86, 0xdd]);
    out.extend([0x60, 0, 0, 0]);
    out.extend((tcp.len() as u16).to_be_bytes());
    out.extend([6, 64]);
    out.extend(mapped(&ip[12..16]));
    out.extend(mapped(&ip[16..20]));
    out.extend(tcp);
    out
}

/// In a tunnel (RFC 7348) between two hosts.
fn vxlan(frame: &[u8]) -> Vec<u8> {
    const PORT: u16 = 4789;
    let length = 8 + 8 + frame.len() as u16;
    let mut out = vec![0; 12];
    out.extend([8, 0, 0x45, 0]);
    out.extend((IPV4 as u16 + length).to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    out.extend(50_000_u16.to_be_bytes());
    out.extend(PORT.to_be_bytes());
    out.extend(length.to_be_bytes());
    out.extend([0, 0, 8, 0, 0, 0, 0, 0, 1, 0]);
    out.extend(frame);
    out
}

/// The same packet in two.
fn fragments(frame: &Captured) -> [Captured; 2] {
    const MORE: u8 = 0x20;
    let (headers, data) = frame.bytes.split_at(ETHERNET + IPV4);
    let middle = data.len() / 16 * 8;
    let part = |flags: u8, offset: usize, data: &[u8]| {
        let mut bytes = [headers, data].concat();
        let ip = &mut bytes[ETHERNET..];
        ip[2..4].copy_from_slice(&((IPV4 + data.len()) as u16).to_be_bytes());
        ip[6..8].copy_from_slice(&[flags, (offset / 8) as u8]);
        frame.with(bytes)
    };
    [
        part(MORE, 0, &data[..middle]),
        part(0, middle, &data[middle..]),
    ]
}
