//! The line that says how far a long capture was read: on a terminal only, and not with `-q`.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

mod common;

use common::{ACK, PSH, SSE, Script};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const EVENTS: usize = 600_000;

/// A capture that takes a while.
fn long_capture() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("long.pcap");
    let mut script = Script::new()
        .handshake()
        .request("/")
        .answer(SSE.as_bytes());
    for _ in 0..EVENTS {
        script = script.server(PSH | ACK, &common::chunk("data: x\n\n"));
    }
    std::fs::write(&path, common::pcap(&script.frames())).unwrap();
    path
}

/// What ssetrace writes to a terminal while its results go elsewhere; `None` where `script` makes none.
fn on_a_terminal(capture: &Path, arguments: &str) -> Option<String> {
    let command = format!(
        "{} analyze {} --format jsonl {arguments}",
        env!("CARGO_BIN_EXE_ssetrace"),
        capture.display()
    );
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn on_a_terminal_a_long_capture_tells_how_far_it_was_read() {
    let skipped = |why: &str| {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    };
    let capture = long_capture();
    let begun = Instant::now();
    let Some(shown) = on_a_terminal(&capture, "-o /dev/null") else {
        return skipped("script(1) makes no terminal here");
    };
    if begun.elapsed() < Duration::from_millis(1_500) {
        return skipped("this machine is too fast for the capture to be long");
    }
    assert!(shown.contains("long.pcap: "), "{shown}");
    assert!(
        shown.contains(" %, ") && shown.contains(" s left"),
        "{shown}"
    );
    // It is erased in the end.
    assert!(shown.ends_with("\r\u{1b}[2K"), "{shown:?}");
    let quiet = on_a_terminal(&capture, "-q -o /dev/null");
    assert_eq!(quiet.as_deref(), Some(""));
    let elsewhere = Command::new(env!("CARGO_BIN_EXE_ssetrace"))
        .args(["analyze", "--view", "sessions"])
        .arg(&capture)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&elsewhere.stderr), "");
}
