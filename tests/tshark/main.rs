//! Held against tshark, frame by frame: the captures in `fixtures/`, conversations that nobody would make up, and a conversation over
//! each link layer and through each tunnel.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

#[path = "../carriers/mod.rs"]
mod carriers;
#[path = "../common/mod.rs"]
mod common;
mod walk;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fields of tshark whose value stands in our record, by the name that it has there.
const NUMBERS: &[(&str, &str)] = &[
    ("tcp.stream", "connection"),
    ("tcp.seq", "sequence"),
    ("tcp.ack", "acknowledgment"),
    ("tcp.len", "length"),
    ("tcp.window_size", "window"),
    ("tcp.analysis.acks_frame", "acknowledges"),
];

/// Flags of tshark's analysis, and the labels that say the same.
const LABELS: &[(&str, &str)] = &[
    ("tcp.analysis.retransmission", "retransmission"),
    ("tcp.analysis.fast_retransmission", "fast-retransmission"),
    (
        "tcp.analysis.spurious_retransmission",
        "spurious-retransmission",
    ),
    ("tcp.analysis.out_of_order", "out-of-order"),
    ("tcp.analysis.lost_segment", "previous-segment-not-captured"),
    ("tcp.analysis.ack_lost_segment", "acked-unseen-segment"),
    ("tcp.analysis.duplicate_ack", "duplicate-ack"),
    ("tcp.analysis.keep_alive", "keep-alive"),
    ("tcp.analysis.keep_alive_ack", "keep-alive-ack"),
    ("tcp.analysis.window_update", "window-update"),
    ("tcp.analysis.window_full", "window-full"),
    ("tcp.analysis.zero_window", "zero-window"),
    ("tcp.analysis.zero_window_probe", "zero-window-probe"),
    (
        "tcp.analysis.zero_window_probe_ack",
        "zero-window-probe-ack",
    ),
    ("tcp.analysis.reused_ports", "port-reused"),
];

const FLAGS: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

#[test]
fn tshark_gives_every_frame_the_same_numbers() {
    for capture in captures() {
        let Some(theirs) = tshark(&capture) else {
            return;
        };
        compare(&capture, &theirs);
    }
}

/// With `SSETRACE_WALKS` so many captures, each from another seed: for a night.
#[test]
fn tshark_says_the_same_of_random_conversations() {
    let captures = std::env::var("SSETRACE_WALKS").map_or(1, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..captures {
        let path = folder.path().join(format!("walk-{seed}.pcap"));
        std::fs::write(&path, walk::capture(seed, 400)).unwrap();
        let Some(theirs) = tshark(&path) else {
            return;
        };
        compare(&path, &theirs);
        for (_, label) in LABELS {
            let says = |frame: &&Value| frame["labels"].as_array().unwrap().contains(&json!(label));
            assert!(
                theirs.values().filter(says).count() > 5,
                "{label} hardly occurs"
            );
        }
    }
}

/// Carriers that tshark does not read, or only when it is told how.
const NOT_BY_TSHARK: &[&str] = &[
    // It believes in an Ethernet header there only if it knows who made the card.
    "Ethernet over MPLS with a control word",
    "Ethernet over MPLS without a control word",
    // It reads the lengths in the byte order of the file.
    "NFLOG, big-endian",
    // The port is another protocol's by name; Linux has it for VXLAN unless told otherwise.
    "VXLAN on Linux's port",
    // Families that no BSD has.
    "NULL of Linux",
    "NULL of Linux, big-endian",
    "NULL of Windows",
    "NULL of Windows, big-endian",
];

#[test]
fn tshark_finds_the_same_segments_over_every_carrier() {
    let conversation = |port| {
        let script = common::Script::new().port(port).handshake();
        script.request("/events").teardown().frames()
    };
    let packets = conversation(1);
    let names = |of: Vec<(&'static str, u32, Vec<u8>)>| -> Vec<&'static str> {
        of.into_iter().map(|(name, _, _)| name).collect()
    };
    let v4 = names(carriers::of_ipv4(&packets[0].1));
    let v6 = names(carriers::of_ipv6(&carriers::in_ipv6(&packets[0].1)));
    let mut file = Vec::new();
    block(
        &mut file,
        0x0a0d_0d0a,
        &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0],
    );
    let mut told = Vec::new();
    for (port, name) in (1_u16..).zip(v4.iter().chain(&v6)) {
        if NOT_BY_TSHARK.contains(name) {
            continue;
        }
        let place = usize::from(port) - 1;
        let interface = told.len() as u32;
        told.push(name);
        for (number, (_, packet)) in conversation(port).iter().enumerate() {
            let (_, link, frame) = match place.checked_sub(v4.len()) {
                None => carriers::of_ipv4(packet).swap_remove(place),
                Some(place) => carriers::of_ipv6(&carriers::in_ipv6(packet)).swap_remove(place),
            };
            if number == 0 {
                let link = link as u16;
                block(&mut file, 1, &[&link.to_le_bytes()[..], &[0; 6]].concat());
            }
            let mut body = Vec::new();
            let time = 1_700_000_000_000_000_u64 + number as u64 * 1_000;
            let length = frame.len() as u32;
            for word in [interface, (time >> 32) as u32, time as u32, length, length] {
                body.extend(word.to_le_bytes());
            }
            body.extend(frame);
            body.resize(body.len().next_multiple_of(4), 0);
            block(&mut file, 6, &body);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carriers.pcapng");
    std::fs::write(&path, file).unwrap();
    let Some(theirs) = tshark(&path) else {
        return;
    };
    let ours = ssetrace(&path);
    let frames = packets.len() as u64;
    for (place, name) in (0..).zip(&told) {
        for number in place * frames + 1..=(place + 1) * frames {
            let ours = ours.get(&number).unwrap_or(&Value::Null);
            let theirs = theirs.get(&number).unwrap_or(&Value::Null);
            assert_eq!(ours, theirs, "{name}, frame {number}");
        }
    }
    assert_eq!(ours.len(), told.len() * packets.len());
}

/// A block of a pcapng file.
fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    // The section header ends in a length that is not known.
    let unknown: &[u8] = if kind == 0x0a0d_0d0a { &[0xff; 8] } else { &[] };
    let length = (12 + body.len() + unknown.len()) as u32;
    file.extend(kind.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(body);
    file.extend(unknown);
    file.extend(length.to_le_bytes());
}

/// Both say the same of each frame.
fn compare(capture: &Path, theirs: &BTreeMap<u64, Value>) {
    let ours = ssetrace(capture);
    let name = capture.file_name().unwrap().to_string_lossy();
    assert!(!theirs.is_empty(), "{name}: tshark found no TCP");
    for (number, theirs) in theirs {
        let ours = ours.get(number).unwrap_or(&Value::Null);
        assert_eq!(ours, theirs, "{name}, frame {number}");
    }
    assert_eq!(ours.len(), theirs.len(), "{name}: frames");
}

/// What tshark says of each TCP frame, by its number; `None`, and a word about it, where it is not installed.
fn tshark(capture: &Path) -> Option<BTreeMap<u64, Value>> {
    let mut command = Command::new("tshark");
    command.args(["-T", "fields", "-E", "occurrence=l", "-Y", "tcp", "-r"]);
    command.arg(capture);
    let names = ["frame.number", "tcp.flags", "tcp.analysis.ack_rtt"];
    let numbers = NUMBERS.iter().map(|(field, _)| *field);
    let labels = LABELS.iter().map(|(field, _)| *field);
    let fields: Vec<&str> = names.into_iter().chain(numbers).chain(labels).collect();
    for field in &fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        let _ = writeln!(std::io::stderr(), "skipped: tshark is not installed");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let frames = text.lines().map(|line| {
        let values: BTreeMap<&str, &str> = fields.iter().copied().zip(line.split('\t')).collect();
        let bits = u16::from_str_radix(values["tcp.flags"].trim_start_matches("0x"), 16).unwrap();
        let flags = (0..).zip(FLAGS).filter(|(bit, _)| bits & (1 << bit) != 0);
        let mut frame = json!({
            "flags": flags.map(|(_, name)| name).collect::<Vec<_>>(),
            "rtt": nanoseconds(values["tcp.analysis.ack_rtt"]),
        });
        for (field, name) in NUMBERS {
            frame[name] = values[field].parse::<u64>().ok().into();
        }
        if bits & 0x10 == 0 {
            // Ours is null without ACK; tshark shows the number that means nothing then.
            frame["acknowledgment"] = Value::Null;
        }
        let told = LABELS.iter().filter(|(field, _)| !values[field].is_empty());
        frame["labels"] = told.map(|(_, label)| *label).collect();
        (values["frame.number"].parse().unwrap(), frame)
    });
    Some(frames.collect())
}

/// What the records say of each frame, in the same form.
fn ssetrace(capture: &Path) -> BTreeMap<u64, Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_ssetrace"))
        .args(["analyze", "--connections", "all", "--format", "jsonl", "-q"])
        .arg(capture)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let frames = records.filter(|record: &Value| record["record"] == "frame");
    let frames = frames.map(|record| {
        let mut frame = json!({
            "flags": record["flags"],
            "rtt": nanoseconds(&record["rtt"].to_string()),
        });
        for (_, name) in NUMBERS {
            frame[name] = record[name].clone();
        }
        let labels: Vec<&Value> = record["labels"].as_array().unwrap().iter().collect();
        let told = LABELS
            .iter()
            .filter(|(_, label)| labels.contains(&&json!(label)));
        frame["labels"] = told.map(|(_, label)| *label).collect();
        (record["frame"].as_u64().unwrap(), frame)
    });
    frames.collect()
}

/// Seconds in decimal as whole nanoseconds.
fn nanoseconds(seconds: &str) -> Option<i64> {
    let seconds: f64 = seconds.parse().ok()?;
    Some((seconds * 1e9).round() as i64)
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let is_capture = |path: &PathBuf| {
        let ending = path.extension();
        ending.is_some_and(|ending| ending == "pcap" || ending == "pcapng")
    };
    let paths = std::fs::read_dir(folder).unwrap();
    paths
        .map(|entry| entry.unwrap().path())
        .filter(is_capture)
        .collect()
}
