//! The captures in `fixtures/`: the synthetic ones are what their scripts write, each is small and explained, and tshark
//! reads them without a complaint.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_synthetic_captures_are_byte_for_byte_what_the_scripts_write() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["walkthrough.py", "synthetic.py"] {
        let script = fixtures().join("make").join(script);
        let Ok(status) = Command::new("python3")
            .arg("-B")
            .arg(&script)
            .arg(folder.path())
            .status()
        else {
            return skipped("python3 is not installed");
        };
        assert!(status.success(), "{} failed", script.display());
    }
    let written = captures(folder.path());
    assert!(written.len() > 10);
    for made in written {
        let kept = fixtures().join(made.file_name().unwrap());
        assert!(
            fs::read(&made).unwrap() == fs::read(&kept).unwrap_or_default(),
            "{} differs from what its script writes: `make fixtures`",
            kept.display()
        );
    }
}

#[test]
fn every_capture_is_small_and_has_its_line_in_the_readme() {
    let readme = fs::read_to_string(fixtures().join("README.md")).unwrap();
    let mut total = 0;
    for capture in captures(&fixtures()) {
        let size = fs::metadata(&capture).unwrap().len();
        assert!(size < 200_000, "{} has {size} bytes", capture.display());
        total += size;
        let name = capture.file_name().unwrap().to_str().unwrap();
        assert!(
            readme.contains(&format!("`{name}`")),
            "fixtures/README.md does not explain {name}"
        );
    }
    assert!(total < 2_000_000, "{total} bytes in all");
    let named: BTreeSet<&str> = readme
        .split('`')
        .filter(|word| is_capture(Path::new(word)))
        .collect();
    for name in named {
        assert!(
            fixtures().join(name).exists(),
            "fixtures/README.md explains {name}, which is not there"
        );
    }
}

#[test]
fn tshark_reads_every_capture_without_a_complaint() {
    for capture in captures(&fixtures()) {
        // Severity 0x800000 is an error; malformed packets are of that severity too.
        let Ok(output) = Command::new("tshark")
            .args([
                "-Y",
                "_ws.malformed || _ws.expert.severity >= 8388608",
                "-r",
            ])
            .arg(&capture)
            .output()
        else {
            return skipped("tshark is not installed");
        };
        // That bytes come again is what some of them show.
        let printed = String::from_utf8_lossy(&output.stdout);
        let lines = printed.lines();
        let complaints: Vec<&str> = lines
            .filter(|line| !line.contains("overlaps old data (retransmission?)"))
            .collect();
        assert!(
            complaints.is_empty(),
            "{}:\n{complaints:#?}",
            capture.display()
        );
        let cut =
            String::from_utf8_lossy(&output.stderr).contains("cut short in the middle of a packet");
        assert_eq!(
            cut,
            capture.ends_with("cut-short.pcap"),
            "{}",
            capture.display()
        );
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_capture(path))
        .collect();
    found.sort();
    found
}

fn is_capture(path: &Path) -> bool {
    path.file_stem().is_some()
        && [Some(OsStr::new("pcap")), Some(OsStr::new("pcapng"))].contains(&path.extension())
}

/// Says it past the test harness, which swallows what passing tests print.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
