//! Records of a capture file that lies in memory.

use crate::material::{Captured, Conversation};
use criterion::{Criterion, Throughput};
use ssetrace::capture::Capture;
use std::hint::black_box;
use std::io::Cursor;

pub(crate) fn measure(criterion: &mut Criterion) {
    let conversation = Conversation::new();
    let mut group = criterion.benchmark_group("capture");
    group.throughput(Throughput::Elements(conversation.frames.len() as u64));
    let pcapng = pcapng(&conversation.frames);
    for (name, file) in [("pcap", &conversation.file), ("pcapng", &pcapng)] {
        group.bench_function(name, |bencher| bencher.iter(|| read(file)));
    }
    group.finish();
}

fn read(file: &[u8]) {
    let reader = Cursor::new(file.to_vec());
    let mut capture = Capture::from_reader("memory", reader).expect("a capture");
    while let Some(frame) = capture.next().expect("a frame") {
        black_box(frame.bytes);
    }
}

/// The frames as a pcapng file with one interface, whose times are in nanoseconds.
fn pcapng(frames: &[Captured]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = (12 + body.len() + padding) as u32;
        file.extend_from_slice(&kind.to_le_bytes());
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(body);
        file.extend(std::iter::repeat_n(0, padding));
        file.extend_from_slice(&length.to_le_bytes());
    };
    // Section header: byte order, version 1.0, length unknown.
    let mut section = [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0].to_vec();
    section.extend_from_slice(&[0xff; 8]);
    block(0x0a0d_0d0a, &section);
    // Interface: Ethernet, no snaplen; if_tsresol 9.
    block(
        1,
        &[1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0],
    );
    for captured in frames {
        let frame = captured.frame();
        let time = frame.at.time.0 as u64;
        let numbers = [
            0,
            (time >> 32) as u32,
            time as u32,
            frame.bytes.len() as u32,
            frame.wire_length,
        ];
        let mut body: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        body.extend_from_slice(frame.bytes);
        block(6, &body);
    }
    file
}
