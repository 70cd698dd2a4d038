//! Records of a capture file that lies in memory.

use crate::material::{Captured, Conversation, ETHERNET};
use criterion::{Criterion, Throughput};
use ssetrace::capture::Capture;
use ssetrace::capture::live::Source;
use ssetrace::capture::save::{Described, Save};
use std::fs;
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

/// The frames as a pcapng file, as a live run saves them.
fn pcapng(frames: &[Captured]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let described = Described {
        sources: vec![Source {
            name: "eth0".to_owned(),
            link: ETHERNET,
            snaplen: 262_144,
        }],
        filter: None,
    };
    let out = file.reopen().expect("the file again");
    let mut save = Save::stream(out, described).expect("a header");
    for captured in frames {
        let frame = captured.frame();
        save.frame(0, frame.at.time, frame.bytes, frame.wire_length)
            .expect("a block");
    }
    save.flush().expect("the last blocks");
    fs::read(file.path()).expect("what was saved")
}
