//! Compressed captures, by content and never by name.

use super::build::{File, pcap, pcapng};
use super::*;
use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let blocks = FrameInfo::new().block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(blocks, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A pcap file whose frames hold nothing that repeats, so that packed it is about as long, in many blocks.
fn incompressible(frames: u32) -> Vec<u8> {
    let mut random = 1_u64;
    let mut file = File::new(Order::Little).pcap(0xa1b2_c3d4, 4, 1);
    for number in 0..frames {
        let mut frame = Vec::new();
        for _ in 0..10 {
            // Knuth's multiplier.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            frame.extend((random >> 16).to_le_bytes());
        }
        file = file.record(number, 0, &frame, 80);
    }
    file.bytes
}

type Pack = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Pack); 3] = [("gzip", gzip), ("zstd", zstd), ("lz4", lz4)];

#[test]
fn compressed_captures_are_read_like_the_others() {
    for (name, pack) in ALL {
        for plain in [pcap(5_000), pcapng(5_000)] {
            let packed = pack(&plain);
            let (whole, expected) = (read(&packed), read(&plain));
            assert_eq!(whole.frames, expected.frames);
            assert!(whole.error.is_none());
            assert_eq!(whole.capture.truncated(), None);
            assert_eq!(whole.capture.bytes_read(), packed.len() as u64);
            assert!(whole.capture.format().ends_with(&format!(", {name}")));
        }
        let short = pack(&pcap(9));
        assert_eq!(read_byte_by_byte(&short).frames, read(&pcap(9)).frames);
    }
}

#[test]
fn several_members_one_after_the_other_are_one_capture() {
    let plain = pcap(200);
    let (front, back) = plain.split_at(5_000);
    for (_, pack) in ALL {
        let packed = [pack(front), pack(back)].concat();
        assert_eq!(read(&packed).frames, read(&plain).frames);
    }
}

#[test]
fn compressed_data_that_are_cut_off_are_a_cut_and_no_error() {
    let plain = incompressible(20_000);
    for (name, pack) in ALL {
        let packed = pack(&plain);
        let whole = read(&packed[..packed.len() / 2]);
        assert!(whole.error.is_none(), "{name}");
        assert!((5_000..15_000).contains(&whole.frames.len()), "{name}");
        let after = FrameNo(whole.frames.len() as u64 + 1);
        assert_eq!(whole.capture.truncated(), Some(after), "{name}");
    }
    // Nothing but the checksum is missing: all packets are there, and yet the file was not written to its end.
    let packed = gzip(&plain);
    let whole = read(&packed[..packed.len() - 3]);
    assert_eq!(whole.frames.len(), 20_000);
    assert_eq!(whole.capture.truncated(), Some(FrameNo(20_001)));
    assert_eq!(
        refusal(&packed[..5]),
        "test.cap ends inside its file header (gzip): it holds no packet; capture or copy it again."
    );
}

#[test]
fn compressed_data_that_are_damaged_are_an_error_after_the_frames_before_it() {
    let plain = incompressible(20_000);
    for (name, pack) in ALL {
        let mut packed = pack(&plain);
        let middle = packed.len() / 2;
        packed[middle..middle + 200_000].fill(0xff);
        let whole = read(&packed);
        let error = whole.error.map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("damaged")), "{name}");
        assert!((5_000..15_000).contains(&whole.frames.len()), "{name}");
    }
}

#[test]
fn compressed_text_is_no_capture() {
    assert_eq!(
        refusal(&gzip(b"hello")),
        "test.cap is not a packet capture: unpacked (gzip), it begins with \"hell\", and pcap, pcapng, gzip, zstd and lz4 begin otherwise."
    );
    assert!(refusal(&gzip(b"")).contains("is empty"));
}

#[test]
fn a_zstd_window_above_the_cap_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(limits::ZSTD_WINDOW_LOG + 1).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.write_all(&pcap(10)).unwrap();
    let refused = refusal(&encoder.finish().unwrap());
    assert!(
        refused.contains("zstd data cannot be unpacked"),
        "{refused}"
    );
}
