//! IPv4, IPv6, ICMP and what the lengths of a packet mean.

use super::frames::*;
use ssetrace::decode::{Decoder, link_type_name, skip};
use ssetrace::model::{At, Decoded, Frame, FrameNo, LinkType, Timestamp};

/// What the decoder said, without borrows.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Tcp {
        ends: String,
        sequence: u32,
        acknowledgment: u32,
        flags: u8,
        window: u16,
        payload: Vec<u8>,
        length: u32,
    },
    Quoted,
    Other,
    Skipped(&'static str),
}

impl Said {
    fn segment(ends: &str) -> Said {
        Said::Tcp {
            ends: ends.to_owned(),
            sequence: 0x1122_3344,
            acknowledgment: 0x5566_7788,
            flags: 0x18,
            window: 0x01f5,
            payload: PAYLOAD.to_vec(),
            length: PAYLOAD.len() as u32,
        }
    }

    /// The segment of [`tcp`] in IPv4.
    pub(crate) fn segment_v4() -> Said {
        Said::segment("10.0.0.1:49152 10.0.0.2:8080")
    }

    /// The segment of [`tcp`] in IPv6.
    pub(crate) fn segment_v6() -> Said {
        Said::segment("[2001:db8::1]:49152 [2001:db8::2]:8080")
    }
}

/// What a decoder makes of a frame that was captured whole.
pub(crate) fn decode(link: u32, bytes: &[u8]) -> Said {
    decode_cut(link, bytes, bytes.len() as u32)
}

/// What a decoder makes of a frame that was longer on the wire.
pub(crate) fn decode_cut(link: u32, bytes: &[u8], wire_length: u32) -> Said {
    next(&mut Decoder::new(), link, bytes, wire_length)
}

/// What `decoder` makes of its next frame.
pub(crate) fn next(decoder: &mut Decoder, link: u32, bytes: &[u8], wire_length: u32) -> Said {
    let frame = Frame {
        at: At {
            frame: FrameNo(1),
            time: Timestamp(0),
        },
        link: LinkType(link),
        bytes,
        wire_length,
        block: None,
    };
    match decoder.decode(&frame) {
        Decoded::Tcp(segment) => {
            assert!(segment.payload.len() <= segment.length as usize);
            Said::Tcp {
                ends: format!("{} {}", segment.source, segment.destination),
                sequence: segment.sequence,
                acknowledgment: segment.acknowledgment,
                flags: segment.flags.0,
                window: segment.window,
                payload: segment.payload.to_vec(),
                length: segment.length,
            }
        }
        Decoded::Quoted { .. } => Said::Quoted,
        Decoded::Other => Said::Other,
        Decoded::Skipped(reason) => {
            assert!(skip::ALL.contains(&reason));
            Said::Skipped(reason.0)
        }
    }
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What is said of a packet in Ethernet.
fn on_ethernet(ether_type: u16, packet: &[u8]) -> Said {
    decode(1, &ethernet(ether_type, packet))
}

#[test]
fn padding_and_a_frame_check_sequence_are_no_payload() {
    let mut frame = ethernet(IPV4, &ipv4(6, &tcp()));
    frame.extend([0; 6]);
    frame.extend([1, 2, 3, 4]);
    assert_eq!(decode(1, &frame), Said::segment_v4());
    let mut frame = ethernet(IPV6, &ipv6(6, &tcp()));
    frame.extend([0; 10]);
    assert_eq!(decode(1, &frame), Said::segment_v6());
}

#[test]
fn a_total_length_of_zero_means_the_captured_length() {
    let mut packet = ipv4(6, &tcp());
    packet[2..4].fill(0);
    assert_eq!(on_ethernet(IPV4, &packet), Said::segment_v4());
}

#[test]
fn a_total_length_behind_the_end_of_the_frame_means_the_frame() {
    let mut packet = ipv4(6, &tcp());
    packet[2] = 0xff;
    assert_eq!(on_ethernet(IPV4, &packet), Said::segment_v4());
}

#[test]
fn ip_options_are_stepped_over() {
    let mut packet = ipv4(6, &before(&[1, 1, 1, 0], &tcp()));
    packet[0] = 0x46;
    assert_eq!(on_ethernet(IPV4, &packet), Said::segment_v4());
}

#[test]
fn a_payload_cut_by_the_snaplen_keeps_its_length() {
    let frame = ethernet(IPV4, &ipv4(6, &tcp()));
    let cut = decode_cut(1, &frame[..frame.len() - 5], frame.len() as u32);
    let Said::Tcp {
        payload, length, ..
    } = cut
    else {
        panic!("{cut:?}");
    };
    assert_eq!((payload.as_slice(), length), (&PAYLOAD[..7], 12));
}

#[test]
fn extension_headers_of_ipv6_are_stepped_over() {
    let mut chain = vec![43, 0, 1, 4, 0, 0, 0, 0]; // hop-by-hop
    chain.extend([60, 0, 0, 0, 0, 0, 0, 0]); // routing
    chain.extend([51, 1, 1, 12]); // destination options, two units
    chain.extend([0; 12]);
    chain.extend([44, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]); // authentication
    chain.extend([0; 12]);
    chain.extend(ipv6_fragment(6, 9, 0, false)); // an atomic fragment
    assert_eq!(
        on_ethernet(IPV6, &ipv6(0, &before(&chain, &tcp()))),
        Said::segment_v6()
    );
}

#[test]
fn a_jumbo_payload_length_is_believed() {
    let mut segment = tcp();
    segment.resize(70_000, b'x');
    let length = (8 + segment.len() as u32).to_be_bytes();
    let options = before(&[6, 0, 0xc2, 4], &length);
    let mut packet = ipv6(0, &before(&options, &segment));
    packet[4..6].fill(0);
    packet.extend([0; 20]);
    let said = on_ethernet(IPV6, &packet);
    let Said::Tcp { length, .. } = said else {
        panic!("{said:?}");
    };
    assert_eq!(length, 70_000 - 32);
}

#[test]
fn what_esp_encloses_is_another_protocol() {
    assert_eq!(on_ethernet(IPV6, &ipv6(50, &tcp())), Said::Other);
    assert_eq!(on_ethernet(IPV4, &ipv4(50, &tcp())), Said::Other);
}

#[test]
fn a_bad_checksum_drops_nothing() {
    let mut packet = ipv4(6, &tcp());
    packet[10] = 0xff;
    packet[36] ^= 0xff;
    assert_eq!(on_ethernet(IPV4, &packet), Said::segment_v4());
}

#[test]
fn an_icmp_error_quotes_a_header_and_sends_nothing() {
    let quoted = before(&[3, 3, 0, 0, 0, 0, 0, 0], &ipv4(6, &tcp()));
    assert_eq!(on_ethernet(IPV4, &ipv4(1, &quoted)), Said::Quoted);
    let quoted = before(&[1, 4, 0, 0, 0, 0, 0, 0], &ipv6(6, &tcp()));
    assert_eq!(on_ethernet(IPV6, &ipv6(58, &quoted)), Said::Quoted);
}

#[test]
fn an_icmp_error_with_eight_bytes_of_tcp_is_another_protocol() {
    let quoted = before(&[11, 0, 0, 0, 0, 0, 0, 0], &ipv4(6, &tcp())[..28]);
    assert_eq!(on_ethernet(IPV4, &ipv4(1, &quoted)), Said::Other);
    let redirect = before(&[5, 0, 0, 0, 10, 0, 0, 9], &ipv4(6, &tcp()));
    assert_eq!(on_ethernet(IPV4, &ipv4(1, &redirect)), Said::Other);
    let echo = before(&[8, 0, 0, 0, 0, 0, 0, 0], &ipv4(6, &tcp()));
    assert_eq!(on_ethernet(IPV4, &ipv4(1, &echo)), Said::Other);
}

#[test]
fn what_cannot_be_read_is_skipped_with_a_reason() {
    assert_eq!(decode(147, &[0; 60]), Said::Skipped("unknown link type"));
    assert_eq!(decode(1, &[0; 13]), Said::Skipped("link header cut short"));
    let frame = ethernet(IPV4, &ipv4(6, &tcp()));
    assert_eq!(
        decode(1, &frame[..33]),
        Said::Skipped("IP header cut short")
    );
    assert_eq!(
        decode(1, &frame[..49]),
        Said::Skipped("TCP header cut short")
    );
    let mut bad = frame;
    bad[14] = 0x55;
    assert_eq!(decode(1, &bad), Said::Skipped("bad IP header"));
    bad[14] = 0x44;
    assert_eq!(decode(1, &bad), Said::Skipped("bad IP header"));
    let gre = ethernet(IPV4, &ipv4(47, &[0xb0, 0, 8]));
    assert_eq!(decode(1, &gre), Said::Skipped("tunnel header cut short"));
}

#[test]
fn other_protocols_are_not_skipped() {
    assert_eq!(on_ethernet(0x0806, &[0; 28]), Said::Other);
    assert_eq!(on_ethernet(IPV4, &ipv4(17, &udp(53, b"x"))), Said::Other);
    assert_eq!(on_ethernet(IPV4, &ipv4(17, &[])), Said::Other);
    assert_eq!(on_ethernet(0, &[0; 46]), Said::Other);
}

#[test]
fn a_udp_port_of_a_tunnel_is_no_promise() {
    // A name server's answer to a client that took VXLAN's port.
    let answer = ipv4(17, &udp(4789, &[0x12; 9]));
    assert_eq!(on_ethernet(IPV4, &answer), Said::Other);
    assert_eq!(
        on_ethernet(IPV4, &ipv4(17, &udp(2152, &[0x30]))),
        Said::Other
    );
}

#[test]
fn a_protected_frame_of_802_11_is_encrypted() {
    let frame = wifi([0x08, 0x41], &[], &snap(IPV4, &ipv4(6, &tcp())));
    assert_eq!(decode(105, &frame), Said::Skipped("encrypted"));
}

#[test]
fn frames_of_802_11_without_data_are_another_protocol() {
    for control in [0x48, 0xc8, 0x80, 0xb4] {
        let frame = wifi([control, 0x01], &[0, 0], &[]);
        assert_eq!(decode(105, &frame), Said::Other, "{control:#x}");
    }
}

#[test]
fn a_family_of_other_systems_is_ipv6_only_if_the_packet_says_so() {
    let packet = ipv4(6, &tcp());
    assert_eq!(decode(0, &before(&[23, 0, 0, 0], &packet)), Said::Other);
    assert_eq!(decode(0, &before(&[7, 0, 0, 0], &packet)), Said::Other);
}

#[test]
fn headers_without_end_are_given_up() {
    let mut frame = tcp();
    for _ in 0..200 {
        frame = ipv4(4, &frame);
    }
    assert_eq!(decode(228, &frame), Said::Skipped("nested too deep"));
}

#[test]
fn every_link_type_that_is_read_has_a_name() {
    for link in 0..300 {
        if decode(link, &[0; 4]) != Said::Skipped("unknown link type") {
            assert!(!link_type_name(LinkType(link)).contains(' '), "{link}");
        }
    }
}
