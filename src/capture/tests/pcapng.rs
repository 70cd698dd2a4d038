//! Sections, interfaces and blocks.

use super::build::{File, pcapng};
use super::*;
use proptest::prelude::*;

fn none(options: File) -> File {
    options
}

#[test]
fn sections_may_differ_in_byte_order_and_have_interfaces_of_their_own() {
    for order in [Order::Little, Order::Big] {
        let file = File::new(order)
            .section()
            .interface(1, 0, none)
            .interface(113, 0, none)
            .enhanced(1, 2_000_000, &[1, 2, 3], 3)
            .enhanced(0, 3_000_000, &[4], 1)
            .turn()
            .section()
            .interface(276, 0, none)
            .enhanced(0, 4_000_000, &[5, 6], 2);
        let whole = read(&file.bytes);
        assert!(whole.error.is_none());
        assert_eq!(
            whole.frames,
            [
                (1, 2_000_000_000, 113, vec![1, 2, 3], 3),
                (2, 3_000_000_000, 1, vec![4], 1),
                (3, 4_000_000_000, 276, vec![5, 6], 2),
            ]
        );
        assert_eq!(whole.capture.format(), "pcapng");
        let links = [LinkType(113), LinkType(1), LinkType(276)];
        assert_eq!(whole.capture.link_types(), links);
        assert_eq!(whole.capture.interfaces().len(), 1);
    }
}

#[test]
fn times_have_the_resolution_and_the_offset_of_their_interface() {
    // if_tsresol, ticks, nanoseconds.
    let cases: [(u8, u64, i64); 9] = [
        (0, 3, 3_000_000_000),
        (3, 3_001, 3_001_000_000),
        (6, 3_000_001, 3_000_001_000),
        (9, 3_000_000_001, 3_000_000_001),
        (12, 3_000_000_001_999, 3_000_000_001),
        (0x80, 3, 3_000_000_000),
        (0x80 | 10, 3 * 1024 + 512, 3_500_000_000),
        (0x80 | 32, (3 << 32) + (1 << 30), 3_250_000_000),
        (60, u64::MAX, 1),
    ];
    for order in [Order::Little, Order::Big] {
        for (resolution, ticks, nanoseconds) in cases {
            let offset = match order {
                Order::Little => 100_i64.to_le_bytes(),
                Order::Big => 100_i64.to_be_bytes(),
            };
            let file = File::new(order)
                .section()
                .interface(1, 0, |options| options.option(9, &[resolution]))
                .interface(1, 0, |options| {
                    options.option(9, &[resolution]).option(14, &offset)
                })
                .enhanced(0, ticks, &[], 0)
                .enhanced(1, ticks, &[], 0);
            let whole = read(&file.bytes);
            assert_eq!(whole.frames[0].1, nanoseconds, "if_tsresol {resolution}");
            assert_eq!(whole.frames[1].1, nanoseconds + 100_000_000_000);
        }
    }
}

#[test]
fn a_time_past_the_end_of_what_can_be_told_stays_at_the_end() {
    let file = File::new(Order::Little)
        .section()
        .interface(1, 0, none)
        .enhanced(0, u64::MAX, &[], 0);
    assert_eq!(read(&file.bytes).frames[0].1, i64::MAX);
}

#[test]
fn a_simple_packet_has_the_first_interface_the_time_before_it_and_at_most_the_snaplen() {
    let file = File::new(Order::Big)
        .section()
        .interface(101, 5, none)
        .interface(1, 0, none)
        .enhanced(1, 9_000_000, &[1], 1)
        .simple(&[1, 2, 3], 3)
        .simple(&[1, 2, 3, 4, 5], 900);
    let whole = read(&file.bytes);
    assert_eq!(
        whole.frames[1..],
        [
            (2, 9_000_000_000, 101, vec![1, 2, 3], 3),
            (3, 9_000_000_000, 101, vec![1, 2, 3, 4, 5], 900),
        ]
    );
}

#[test]
fn the_obsolete_packet_block_is_read() {
    let file = File::new(Order::Little)
        .section()
        .interface(1, 0, none)
        .interface(113, 0, none)
        .block(2, |body| {
            body.u16(1)
                .u16(77)
                .u32(0)
                .u32(6_000_000)
                .u32(2)
                .u32(8)
                .raw(&[1, 2])
        });
    let whole = read(&file.bytes);
    assert_eq!(whole.frames, [(1, 6_000_000_000, 113, vec![1, 2], 8)]);
}

#[test]
fn interfaces_tell_their_name_snaplen_and_frame_check_sequence() {
    let file = File::new(Order::Big)
        .section()
        .interface(1, 96, |options| {
            options.option(2, b"eth0").option(13, &[4]).option(0, &[])
        })
        .enhanced(0, 0, &[], 0);
    let whole = read(&file.bytes);
    let [interface] = whole.capture.interfaces() else {
        panic!("one interface")
    };
    assert_eq!(interface.name.as_deref(), Some("eth0"));
    assert_eq!((interface.snaplen, interface.fcs_length), (96, Some(4)));
    assert_eq!(interface.link, LinkType(1));
}

#[test]
fn unknown_blocks_and_secrets_are_skipped_however_long_they_are() {
    let long = vec![0xaa; 3 * limits::CAPTURE_READ];
    let file = File::new(Order::Little)
        .section()
        .block(0x0000_0bad, |body| body.raw(&long))
        .interface(1, 0, none)
        .block(10, |body| body.u32(0x544c_534b).u32(4).raw(b"KEYS"))
        .enhanced(0, 0, &[1], 1)
        .block(5, |body| body.raw(&[0; 12]))
        .enhanced(0, 0, &[2], 1);
    let whole = read(&file.bytes);
    assert!(whole.error.is_none());
    assert_eq!(whole.frames.len(), 2);
    assert_eq!(whole.capture.truncated(), None);
}

#[test]
fn broken_options_do_not_keep_packets_from_being_read() {
    let broken = |options: File| options.option(2, b"lo").u16(9).u16(400).raw(&[1, 2, 3, 4]);
    let file = File::new(Order::Little)
        .section()
        .interface(1, 0, broken)
        .block(6, |body| {
            broken(body.u32(0).u32(0).u32(8).u32(4).u32(4).raw(&[1, 2, 3, 4]))
        });
    let whole = read(&file.bytes);
    assert!(whole.error.is_none());
    assert_eq!(whole.frames, [(1, 8_000, 1, vec![1, 2, 3, 4], 4)]);
    let name = whole.capture.interfaces()[0].name.as_deref();
    assert_eq!(name, Some("lo"));
}

#[test]
fn a_block_length_without_its_padding_is_read() {
    let file = File::new(Order::Little)
        .section()
        .interface(1, 0, none)
        .u32(6)
        .u32(33)
        .u32(0)
        .u32(0)
        .u32(8)
        .u32(1)
        .u32(1)
        .raw(&[7, 0, 0, 0])
        .u32(33)
        .enhanced(0, 9, &[8], 1);
    let whole = read(&file.bytes);
    assert!(whole.error.is_none());
    let bytes: Vec<_> = whole.frames.iter().map(|frame| frame.3.clone()).collect();
    assert_eq!(bytes, [[7], [8]]);
}

#[test]
fn damage_in_the_middle_is_an_error_after_the_frames_before_it() {
    let start = || {
        File::new(Order::Little)
            .section()
            .interface(1, 0, none)
            .enhanced(0, 0, &[1], 1)
    };
    let cases = [
        (
            start().u32(6).u32(4).raw(&[0; 20]),
            "a block that claims to be 4 bytes long",
        ),
        (
            start().u32(6).u32(0xffff_fff0).raw(&[0; 20]),
            "a block that claims to be 4294967280 bytes long",
        ),
        (
            start().u32(6).u32(32).raw(&[0; 20]).u32(36),
            "a block whose two lengths differ",
        ),
        (
            start().enhanced(3, 0, &[1], 1),
            "a packet of interface 3, and the section describes only 1",
        ),
        (
            start().section().simple(&[1], 1),
            "a packet of interface 0, and the section describes only 0",
        ),
        (
            start().block(6, |body| body.u32(0).u32(0).u32(0).u32(100).u32(100)),
            "a block that claims to hold 100 bytes, more than itself or a frame can have",
        ),
        (
            start().block(3, |body| body),
            "a block that claims to hold 12 bytes, more than itself or a frame can have",
        ),
        (
            start().block(6, |body| body),
            "a packet block too short for its header",
        ),
        (
            start().block(1, |body| body),
            "a damaged interface description",
        ),
        (
            start().block(0x0a0d_0d0a, |body| body.u32(0x1a2b_3c4d).u16(2).u16(0)),
            "a section of an unknown version",
        ),
        (
            start().block(0x0a0d_0d0a, |body| body.u32(0x1111_1111)),
            "a section header without a byte order",
        ),
    ];
    for (file, what) in cases {
        let whole = read(&file.bytes);
        assert_eq!(whole.frames.len(), 1, "{what}");
        let error = whole.error.unwrap().to_string();
        assert!(error.contains(what), "{error} has not: {what}");
        assert!(error.contains("where packet 2 should be"), "{error}");
    }
}

#[test]
fn a_section_header_that_is_cut_or_of_another_version_cannot_be_opened() {
    let section = File::new(Order::Little).section().bytes;
    let cut = refusal(&section[..20]);
    assert!(cut.contains("inside its file header (pcapng)"), "{cut}");
    let cut = refusal(&section[..5]);
    assert!(cut.contains("inside its file header (pcapng)"), "{cut}");
    let other = File::new(Order::Little).block(0x0a0d_0d0a, |body| {
        body.u32(0x1a2b_3c4d).u16(9).u16(0).raw(&[0; 8])
    });
    let other = refusal(&other.bytes);
    assert!(other.contains("section header is damaged"), "{other}");
}

#[test]
fn a_cut_is_told_for_every_length_and_frames_do_not_depend_on_how_they_are_read() {
    let file = pcapng(3);
    let header = 28 + 20;
    for length in 28..file.len() {
        let whole = read(&file[..length]);
        assert!(whole.error.is_none());
        let complete = length == 28 || length == header || length == header + 92;
        let complete = complete || length == header + 92 + 96;
        assert_eq!(whole.capture.truncated().is_none(), complete, "{length}");
        let inside = whole.capture.truncated().map_or(0, |packet| packet.0);
        assert!(complete || inside == whole.frames.len() as u64 + 1);
    }
    assert_eq!(read_byte_by_byte(&file).frames, read(&file).frames);
    let long = read(&pcapng(40_000));
    assert_eq!(long.frames.len(), 40_000);
    assert_eq!(long.frames[39_999].1, 39_999_000_005_000);
}

/// A block or two of a section.
#[derive(Clone, Debug)]
enum Piece {
    Enhanced(u32, u64, Vec<u8>, u32),
    WithComment(u32, Vec<u8>),
    Simple(Vec<u8>),
    Interface(u16, u8),
    Section,
    Turn,
}

/// Packets of a few interfaces for the most part.
fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let frame = || proptest::collection::vec(any::<u8>(), 0..9);
    let id = || prop_oneof![4 => Just(0), 4 => Just(1), 1 => 2_u32..5];
    let ticks = prop_oneof![9 => any::<u32>().prop_map(u64::from), 1 => any::<u64>()];
    let resolution = prop_oneof![Just(6), Just(9), Just(12), Just(0x80 | 10)];
    let piece = prop_oneof![
        20 => (id(), ticks, frame(), 0_u32..20)
            .prop_map(|(id, ticks, frame, wire)| Piece::Enhanced(id, ticks, frame, wire)),
        2 => (id(), frame()).prop_map(|(id, frame)| Piece::WithComment(id, frame)),
        2 => frame().prop_map(Piece::Simple),
        2 => (0_u16..3, resolution).prop_map(|(link, resolution)| Piece::Interface(link, resolution)),
        1 => Just(Piece::Section),
        1 => Just(Piece::Turn),
    ];
    proptest::collection::vec(piece, 0..40)
}

/// Always with an interface or two to go on with.
fn file(pieces: Vec<Piece>) -> Vec<u8> {
    let opens = |file: File| file.section().interface(1, 0, none).interface(1, 0, none);
    let add = |file: File, piece| match piece {
        Piece::Enhanced(id, ticks, frame, wire) => file.enhanced(id, ticks, &frame, wire),
        Piece::WithComment(id, frame) => file.block(6, |body| {
            let length = frame.len() as u32;
            let body = body.u32(id).u32(0).u32(7).u32(length).u32(length);
            body.raw(&frame).pad().option(1, b"why").option(0, &[])
        }),
        Piece::Simple(frame) => file.simple(&frame, frame.len() as u32),
        Piece::Interface(link, resolution) => {
            file.interface(link, 0, |options| options.option(9, &[resolution]))
        }
        Piece::Section => opens(file),
        Piece::Turn => opens(file.turn()),
    };
    let file = opens(File::new(Order::Little));
    pieces.into_iter().fold(file, add).bytes
}

/// Reads a file block by block, each in one go and at length. How many could be read in one go.
fn read_both_ways(bytes: &[u8]) -> usize {
    let mut reader = Pcapng::default();
    let mut seen = Vec::new();
    let mut in_one_go = 0;
    let mut rest = bytes;
    loop {
        let short = reader.whole(rest);
        let taken = match reader.step(rest) {
            Ok(Step::Packet(packet)) => {
                if short.is_some() {
                    assert_eq!(short, Some(packet));
                    assert!(seen.contains(&packet.link));
                    in_one_go += 1;
                }
                seen.push(packet.link);
                packet.total
            }
            other => {
                assert_eq!(short, None);
                match other {
                    Ok(Step::Skip(bytes)) => bytes,
                    _ => return in_one_go,
                }
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
}

proptest! {
    #[test]
    fn packets_that_are_read_in_one_go_are_those_that_are_read_at_length(
        pieces in pieces(),
        damage in proptest::option::weighted(0.3, (48_usize..600, any::<u8>())),
    ) {
        let mut bytes = file(pieces);
        if let Some((place, value)) = damage && let Some(byte) = bytes.get_mut(place) {
            *byte = value;
        }
        read_both_ways(&bytes);
    }
}

#[test]
fn what_every_tool_writes_is_read_in_one_go_from_the_second_packet_on() {
    assert_eq!(read_both_ways(&pcapng(9)), 8);
    let two = |id| Piece::WithComment(id, vec![7]);
    assert_eq!(read_both_ways(&file(vec![two(0), two(1), two(0)])), 2);
    assert_eq!(
        read_both_ways(&file(vec![two(0), Piece::Turn, two(0), two(0)])),
        0
    );
}

#[test]
fn damaged_packets_are_not_read_in_one_go() {
    let start = || File::new(Order::Little).section().interface(1, 0, none);
    let start = || start().enhanced(0, 0, &[], 0);
    let long = vec![7; limits::CAPTURE_FRAME + 1];
    for file in [
        start().enhanced(0, 0, &long, 0),
        // Its length is repeated where its padding should be.
        start().u32(6).u32(33).raw(&[0; 21]).u32(33).raw(&[0; 3]),
        // In the byte order of the section before.
        start()
            .turn()
            .section()
            .interface(1, 0, none)
            .turn()
            .enhanced(0, 0, &[], 0),
    ] {
        assert_eq!(read_both_ways(&file.bytes), 0);
    }
}
