//! Node's `eventsource` and this parser read the same streams to the same events: the package over HTTP from a server on loopback, this one
//! from the frames of a capture with the same bytes in the same pieces.
//!
//! The package is fetched with npm into the target folder. Where that cannot be done the test says so and is skipped.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

#[path = "../common/mod.rs"]
mod common;

use common::{ACK, PSH, SSE, Script, analyse};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ssetrace::analyzer::Connections;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PACKAGE: &str = "eventsource@4.1.1";

const STREAMS: usize = 600;

/// Type, data and the ID of an event's own block. The package forgets the last event ID where a block has none, so that the ID that
/// stays is held against the standard alone (tests/whatwg/).
type Seen = (String, String, String);

/// What streams are made of: fields, what looks like fields, line ends, and bytes that a decoder may stumble over.
const WORDS: &[&[u8]] = &[
    b"data",
    b"data:",
    b"data: ",
    b"data:  ",
    b"event",
    b"event:",
    b"event: ",
    b"id",
    b"id:",
    b"id: ",
    b"retry",
    b"retry:",
    b"retry: ",
    b"retry: 10",
    b"retry: 1x",
    b"retry: -1",
    b":",
    b": ",
    b"::",
    b" ",
    b"  ",
    b"\t",
    b"\n",
    b"\n",
    b"\n",
    b"\r",
    b"\r",
    b"\r\n",
    b"\r\n",
    b"\n\n",
    b"\n\n",
    b"\r\r",
    b"\r\n\r\n",
    b"\n\r",
    b"a",
    b"0",
    b"7",
    b"data: x\n\n",
    b"id: 7\n",
    b"id: \0\n",
    b"id: 8\0\n",
    b"event: add\n",
    b"Data: x\n",
    b" data: x\n",
    b"dat: x\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xef",
    b"\xbf",
    b"\xff",
    b"\xc3",
    b"\xc3\xa9",
    b"\xe4\xb8\xad",
    b"\xe4\xb8",
    b"\xf0\x9f\x99\x82",
    b"\xf0\x9f\x99",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf4\x90\x80\x80",
    b"\x85",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\x0b",
    b"\x0c",
    b"{\"a\":[1,2]}",
];

/// A part of a stream: a word, or a line with a field as it should be and a word for its value.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let word = || prop::sample::select(WORDS.to_vec());
    let name = prop::sample::select(vec!["data", "data", "data", "event", "id", "retry", ""]);
    let colon = prop::sample::select(vec![":", ": ", ": ", ""]);
    let end = prop::sample::select(vec![
        "\n", "\n", "\r", "\r\n", "\n\n", "\n\n", "\r\r", "\r\n\r\n",
    ]);
    let line = (name, colon, word(), end).prop_map(|(name, colon, value, end)| {
        [name.as_bytes(), colon.as_bytes(), value, end.as_bytes()].concat()
    });
    prop_oneof![1 => word().prop_map(<[u8]>::to_vec), 3 => line]
}

/// A stream in pieces. It ends in a comment line: the package ends a line at a CR only when it knows the byte behind it.
fn stream() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (
        prop::collection::vec(part(), 0..30),
        prop::collection::vec(1usize..12, 1..30),
        any::<bool>(),
    )
        .prop_map(|(words, lengths, marked)| {
            let mark: &[u8] = if marked { b"\xef\xbb\xbf" } else { b"" };
            let bytes = [mark, &words.concat(), b"\n: end\n"].concat();
            let mut rest = &bytes[..];
            let mut pieces = Vec::new();
            for length in lengths.iter().cycle() {
                let (piece, later) = rest.split_at(rest.len().min(*length));
                pieces.push(piece.to_vec());
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            pieces
        })
}

#[test]
fn the_package_eventsource_and_this_parser_see_the_same_events() {
    let mut runner = TestRunner::deterministic();
    let streams: Vec<Vec<Vec<u8>>> = (0..STREAMS)
        .map(|_| stream().new_tree(&mut runner).unwrap().current())
        .collect();
    let theirs = match package().and_then(|folder| theirs(&folder, &streams)) {
        Ok(theirs) => theirs,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
            return;
        }
    };
    assert_eq!(theirs.len(), streams.len());
    let mut events = 0;
    for (pieces, theirs) in streams.iter().zip(theirs) {
        let ours = ours(pieces);
        let shown = || String::from_utf8_lossy(&pieces.concat()).into_owned();
        assert_eq!(ours, theirs, "{:?} in {pieces:x?}", shown());
        events += ours.len();
    }
    // The streams are worth reading.
    assert!(events > STREAMS, "{events} events");
}

/// The events as a capture gives them: each piece is a chunk in a segment of its own.
fn ours(pieces: &[Vec<u8>]) -> Vec<Seen> {
    let mut script = Script::new()
        .handshake()
        .request("/")
        .answer(SSE.as_bytes());
    for piece in pieces {
        let size = format!("{:x}\r\n", piece.len());
        script = script.server(PSH | ACK, &[size.as_bytes(), piece, b"\r\n"].concat());
    }
    let script = script.answer(b"0\r\n\r\n").teardown();
    analyse(&script.frames(), Connections::Sse)
        .events()
        .iter()
        .map(|event| {
            let id = event.id.clone().unwrap_or_default();
            (event.event_type.to_string(), event.data.clone(), id)
        })
        .collect()
}

/// The events as the package gives them.
fn theirs(folder: &Path, streams: &[Vec<Vec<u8>>]) -> Result<Vec<Vec<Seen>>, String> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/eventsource_npm/read.mjs"
    );
    let mut node = Command::new("node")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node does not run: {error}"))?;
    let hex = |piece: &Vec<u8>| piece.iter().map(|byte| format!("{byte:02x}")).collect();
    let streams: Vec<Vec<String>> = streams
        .iter()
        .map(|pieces| pieces.iter().map(hex).collect())
        .collect();
    let mut stdin = node.stdin.take().unwrap();
    stdin
        .write_all(&serde_json::to_vec(&streams).unwrap())
        .unwrap();
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "node failed: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// The folder in which the package is installed.
fn package() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("eventsource_npm");
    if folder
        .join("node_modules/eventsource/package.json")
        .exists()
    {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).unwrap();
    let installed = Command::new("npm")
        .args([
            "install",
            "--silent",
            "--no-save",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
        ])
        .arg("--prefix")
        .arg(&folder)
        .arg(PACKAGE)
        .status()
        .map_err(|error| format!("npm does not run: {error}"))?;
    if installed.success() {
        Ok(folder)
    } else {
        Err(format!("npm cannot fetch {PACKAGE}"))
    }
}
