//! What was saved is read again by the reader of saved captures.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{Described, Ring, Save, block};
use crate::capture::Capture;
use crate::capture::live::{Drops, Source};
use crate::model::{LinkType, Timestamp};
use std::os::unix::fs::FileExt;
use std::path::Path;

fn described(interfaces: usize) -> Described {
    let source = |number| Source {
        name: format!("eth{number}"),
        link: LinkType(1),
        snaplen: 262_144,
    };
    Described {
        sources: (0..interfaces).map(source).collect(),
        filter: Some("tcp port 80".to_owned()),
    }
}

/// A frame's block.
fn framed(save: &Save, interface: usize, time: i64, bytes: &[u8], wire_length: u32) -> Vec<u8> {
    let mut block = Vec::new();
    block::frame(
        save.form(),
        interface,
        Timestamp(time),
        bytes,
        wire_length,
        &mut block,
    );
    block
}

/// Time, bytes and wire length of each frame of a file.
fn read(path: &Path) -> Vec<(i64, Vec<u8>, u32)> {
    let mut capture = Capture::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next().unwrap() {
        frames.push((frame.at.time.0, frame.bytes.to_vec(), frame.wire_length));
    }
    assert_eq!(capture.truncated(), None);
    frames
}

#[test]
fn what_was_saved_is_read_with_every_nanosecond() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.pcapng", "a.pcap"] {
        let path = folder.path().join(name);
        let (mut save, new) = Save::file(&path, described(1)).unwrap();
        assert_eq!(new.len(), 1);
        let time = 1_700_000_000_123_456_789;
        let block = framed(&save, 0, time, b"frame", 99);
        let place = save.write(&block).unwrap();
        let mut back = vec![0; block.len()];
        save.take_back()
            .unwrap()
            .read_exact_at(&mut back, place.start)
            .unwrap();
        assert_eq!(back, block);
        assert_eq!(place.end, path.metadata().unwrap().len());
        let expected = [(time, b"frame".to_vec(), 99)];
        assert_eq!(read(&path), expected, "at once, {name}");
        save.finish(Timestamp(time), &[Drops::default()], &[1])
            .unwrap();
        assert_eq!(read(&path), expected, "at the end, {name}");
    }
}

#[test]
fn several_interfaces_have_a_description_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    let (mut save, _) = Save::file(&path, described(2)).unwrap();
    let blocks = [
        framed(&save, 0, 1, b"one", 3),
        framed(&save, 1, 2, b"two", 3),
    ];
    save.write(&blocks.concat()).unwrap();
    save.finish(Timestamp(2), &[Drops::default(); 2], &[1, 1])
        .unwrap();
    let mut capture = Capture::open(&path).unwrap();
    while capture.next().unwrap().is_some() {}
    let names: Vec<_> = capture
        .interfaces()
        .iter()
        .map(|interface| interface.name.clone().unwrap_or_default())
        .collect();
    assert_eq!(names, ["eth0", "eth1"]);
}

#[test]
fn a_ring_keeps_the_latest_frames_in_files_that_can_always_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    let ring = Ring::new(2, 512 * 1024).unwrap();
    let (mut save, _) = Save::ring(&path, ring, described(1)).unwrap();
    let files: Vec<_> = ring.paths(&path).collect();
    assert_eq!(files[1].file_name().unwrap(), "a-2.pcapng");
    assert!(read(&files[1]).is_empty());
    let bytes = vec![7; 100_000];
    // Wherever a lot ends.
    for times in [0..2, 2..9, 9..12] {
        let blocks: Vec<_> = times
            .map(|time| framed(&save, 0, time, &bytes, 100_000))
            .collect();
        save.write(&blocks.concat()).unwrap();
    }
    assert!(save.take_back().is_none());
    save.finish(Timestamp(11), &[Drops::default()], &[12])
        .unwrap();
    let times = |path| read(path).iter().map(|frame| frame.0).collect::<Vec<_>>();
    // Five frames fit: 0–4 were overwritten by 10 and 11.
    assert_eq!(times(&files[0]), [10, 11]);
    assert_eq!(times(&files[1]), [5, 6, 7, 8, 9]);
    for file in &files {
        assert!(file.metadata().unwrap().len() <= 512 * 1024);
    }
}
