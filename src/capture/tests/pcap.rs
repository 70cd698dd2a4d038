//! The classic format and its variants.

use super::build::{File, pcap};
use super::*;

#[test]
fn every_magic_number_is_read_in_both_byte_orders() {
    for order in [Order::Little, Order::Big] {
        let file = |magic| {
            File::new(order)
                .pcap(magic, 4, 1)
                .record(7, 8, &[1, 2, 3], 9)
        };
        let microseconds = read(&file(0xa1b2_c3d4).bytes);
        assert_eq!(
            microseconds.frames,
            [(1, 7_000_008_000, 1, vec![1, 2, 3], 9)]
        );
        assert_eq!(microseconds.capture.format(), "pcap");
        let nanoseconds = read(&file(0xa1b2_3c4d).bytes);
        assert_eq!(
            nanoseconds.frames,
            [(1, 7_000_000_008, 1, vec![1, 2, 3], 9)]
        );
        assert_eq!(nanoseconds.capture.format(), "pcap (nanoseconds)");
        let modified = File::new(order)
            .pcap(0xa1b2_cd34, 4, 1)
            .u32(7)
            .u32(8)
            .u32(3)
            .u32(9)
            .raw(&[0xee; 8])
            .raw(&[1, 2, 3])
            .bytes;
        let modified = read(&modified);
        assert_eq!(modified.frames, microseconds.frames);
        assert_eq!(modified.capture.format(), "pcap (modified)");
    }
}

#[test]
fn the_upper_bits_of_the_link_type_are_no_part_of_it() {
    let file = File::new(Order::Little)
        .pcap(0xa1b2_c3d4, 4, 0x4400_0001)
        .record(0, 0, &[1], 1);
    let whole = read(&file.bytes);
    assert_eq!(whole.frames[0].2, 1);
    assert_eq!(whole.capture.link_types(), [LinkType(1)]);
}

#[test]
fn files_before_version_2_4_have_their_lengths_the_other_way_round() {
    for minor in [2, 3] {
        let file = File::new(Order::Big)
            .pcap(0xa1b2_c3d4, minor, 1)
            .u32(1)
            .u32(0)
            .u32(90)
            .u32(3)
            .raw(&[1, 2, 3]);
        let whole = read(&file.bytes);
        assert_eq!(whole.frames, [(1, 1_000_000_000, 1, vec![1, 2, 3], 90)]);
    }
}

#[test]
fn a_cut_file_gives_all_frames_before_the_cut_and_says_which_packet_it_ends_in() {
    let file = pcap(3);
    let second = 24 + 76;
    let third = second + 77;
    for length in 24..=file.len() {
        let whole = read(&file[..length]);
        assert!(whole.error.is_none());
        let (frames, truncated) = match length {
            24 => (0, None),
            _ if length < second => (0, Some(FrameNo(1))),
            _ if length == second => (1, None),
            _ if length < third => (1, Some(FrameNo(2))),
            _ if length == third => (2, None),
            _ if length < file.len() => (2, Some(FrameNo(3))),
            _ => (3, None),
        };
        assert_eq!(
            (whole.frames.len(), whole.capture.truncated()),
            (frames, truncated),
            "{length} bytes"
        );
    }
}

#[test]
fn an_absurd_length_is_damage_after_the_frames_before_it() {
    let mut file = pcap(2);
    let broken = file.len();
    file.extend([0xff; 64]);
    let whole = read(&file);
    assert_eq!(whole.frames.len(), 2);
    assert_eq!(
        whole.error.unwrap().to_string(),
        format!(
            "test.cap is damaged at byte {broken}, where packet 3 should be: there is a record that claims to hold 4294967295 bytes, and a frame has at most 262144; what comes before was read, for the rest capture or copy it again."
        )
    );
}

#[test]
fn a_usb_frame_may_be_longer_than_the_block_it_is_read_into() {
    let frame = vec![7; 3 * limits::CAPTURE_READ];
    let file = File::new(Order::Little)
        .pcap(0xa1b2_c3d4, 4, 220)
        .record(0, 0, &[1], 1)
        .record(1, 0, &frame, frame.len() as u32)
        .record(2, 0, &[2], 1);
    let whole = read(&file.bytes);
    let lengths: Vec<usize> = whole.frames.iter().map(|frame| frame.3.len()).collect();
    assert_eq!(lengths, [1, frame.len(), 1]);
}

#[test]
fn frames_are_the_same_wherever_the_reads_and_blocks_end() {
    let file = pcap(40_000);
    let whole = read(&file);
    assert_eq!(whole.frames.len(), 40_000);
    for (number, frame) in whole.frames.iter().enumerate() {
        assert_eq!(frame.0, number as u64 + 1);
        assert_eq!(frame.1, number as i64 * 1_000_000_000 + 5_000);
        assert!(frame.3.iter().all(|byte| *byte == number as u8));
    }
    let short = pcap(50);
    assert_eq!(read_byte_by_byte(&short).frames, read(&short).frames);
}

#[test]
fn counts_times_and_bytes_are_known_at_the_end() {
    let file = pcap(5);
    let whole = read(&file);
    assert_eq!(whole.capture.frames(), 5);
    assert_eq!(whole.capture.first_time(), Some(Timestamp(5_000)));
    assert_eq!(whole.capture.last_time(), Some(Timestamp(4_000_005_000)));
    assert_eq!(whole.capture.bytes_read(), file.len() as u64);
    assert_eq!(whole.capture.size(), None);
    assert_eq!(whole.capture.name(), "test.cap");
}
