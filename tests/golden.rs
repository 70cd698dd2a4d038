//! What the program prints of each capture in `fixtures/`, held as files beside it. `SSETRACE_BLESS=1` writes them again.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The ending of a golden's name, and the options that make it.
type Made = (&'static str, &'static [&'static str]);

/// What every capture has.
const EVERY: &[Made] = &[
    ("table", &["--width", "120"]),
    ("jsonl", &["--format", "jsonl"]),
];

const NARROW: Made = ("80.table", &["--width", "80", "--max-rows", "60"]);
const FOLDED: Made = ("folded.table", &["--width", "120", "--max-rows", "40"]);
const SESSIONS: Made = ("sessions.table", &["--view", "sessions", "--width", "120"]);
const SESSIONS_80: Made = (
    "sessions.80.table",
    &["--view", "sessions", "--width", "80"],
);
const EVENTS: Made = ("events.table", &["--view", "events", "--width", "120"]);
const EVENTS_80: Made = ("events.80.table", &["--view", "events", "--width", "80"]);

/// What some captures have besides.
const SOME: &[(&str, &[Made])] = &[
    (
        "walkthrough.pcap",
        &[
            NARROW,
            SESSIONS,
            EVENTS,
            ("json", &["--format", "json"]),
            ("csv", &["--format", "csv"]),
            ("markdown", &["--format", "markdown"]),
            ("events.raw", &["--view", "events", "--format", "raw"]),
            ("60.table", &["--width", "60", "--max-rows", "60"]),
            ("wide.table", &[]),
            ("all.table", &["--connections", "all", "--width", "120"]),
        ],
    ),
    ("llm-tokens.pcap", &[NARROW, FOLDED, EVENTS_80]),
    ("many-events-in-one-segment.pcap", &[NARROW]),
    (
        "one-event-over-30-segments.pcap",
        &[NARROW, FOLDED, EVENTS, EVENTS_80],
    ),
    ("loss-and-reordering.pcap", &[NARROW, EVENTS]),
    ("spring-thread.pcap", &[NARROW, EVENTS]),
    ("spring-one-thread.pcap", &[EVENTS]),
    (
        "node-fields.pcap",
        &[
            EVENTS,
            ("events.csv", &["--view", "events", "--format", "csv"]),
            (
                "events.markdown",
                &["--view", "events", "--format", "markdown"],
            ),
        ],
    ),
    (
        "node-reconnect.pcap",
        &[
            NARROW,
            SESSIONS,
            SESSIONS_80,
            ("sessions.csv", &["--view", "sessions", "--format", "csv"]),
            (
                "sessions.markdown",
                &["--view", "sessions", "--format", "markdown"],
            ),
        ],
    ),
    ("pipelined.pcap", &[SESSIONS]),
    ("comes-back.pcap", &[SESSIONS, SESSIONS_80]),
    ("two-interfaces.pcapng", &[SESSIONS]),
    (
        "sse-beside-websocket.pcap",
        &[("all.table", &["--connections", "all", "--width", "120"])],
    ),
];

#[test]
fn what_is_printed_of_each_capture_is_its_golden() {
    let mut wrong = Vec::new();
    for golden in goldens() {
        let printed = printed(&golden.capture, golden.options);
        if std::env::var_os("SSETRACE_BLESS").is_some() {
            fs::write(&golden.path, printed).unwrap();
        } else if fs::read(&golden.path).unwrap_or_default() != printed {
            wrong.push(format!(
                "{}{}",
                golden.name(),
                difference(&golden.path, &printed)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nIf this is what should be printed: SSETRACE_BLESS=1 cargo test --test golden\n",
        wrong.join("\n")
    );
}

#[test]
fn every_golden_belongs_to_a_capture() {
    let known: BTreeSet<PathBuf> = goldens().into_iter().map(|golden| golden.path).collect();
    let endings = ["table", "jsonl", "json", "csv", "markdown", "raw"];
    for path in files() {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) {
            assert!(known.contains(&path), "nothing writes {}", path.display());
        }
    }
}

#[test]
fn every_record_in_the_goldens_is_valid_by_the_schema() {
    let schema = include_str!("../docs/schema/ssetrace-1.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    for golden in goldens() {
        let ending = golden.path.extension().unwrap().to_str().unwrap();
        if !["json", "jsonl"].contains(&ending) {
            continue;
        }
        for line in fs::read_to_string(&golden.path).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            if let Err(error) = schema.validate(&record) {
                panic!("{}: {error}\n{line}", golden.name());
            }
        }
    }
}

#[test]
fn no_line_of_a_table_is_wider_than_was_asked_for_or_ends_in_a_space() {
    for golden in goldens() {
        let text = fs::read_to_string(&golden.path).unwrap();
        let width = golden
            .options
            .iter()
            .skip_while(|option| **option != "--width")
            .nth(1);
        for line in text.lines().filter(|_| golden.name().ends_with("table")) {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            let width = width.map_or(usize::MAX, |width| width.parse().unwrap());
            assert!(
                columns <= width,
                "{}: {columns} columns: {line}",
                golden.name()
            );
            assert_eq!(line.trim_end(), line, "{}", golden.name());
        }
    }
}

/// A file that holds what the program prints.
struct Golden {
    capture: PathBuf,
    path: PathBuf,
    options: &'static [&'static str],
}

impl Golden {
    fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    }
}

fn goldens() -> Vec<Golden> {
    let captures: Vec<PathBuf> = files()
        .into_iter()
        .filter(|path| is_capture(path))
        .collect();
    for (name, _) in SOME {
        let there = captures.iter().any(|path| path.ends_with(name));
        assert!(there, "there is no fixtures/{name}");
    }
    let mut goldens = Vec::new();
    for capture in captures {
        let more = SOME.iter().find(|(name, _)| capture.ends_with(name));
        for (ending, options) in EVERY.iter().chain(more.map_or(&[][..], |(_, more)| more)) {
            goldens.push(Golden {
                path: capture.with_extension(ending),
                capture: capture.clone(),
                options,
            });
        }
    }
    goldens
}

/// What the program prints, without a terminal, in a place where time is UTC.
fn printed(capture: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_ssetrace"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TZ", "UTC")
        .arg("analyze")
        .arg(Path::new("fixtures").join(capture.file_name().unwrap()))
        .args(options)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", capture.display());
    output.stdout
}

/// The first line that differs.
fn difference(golden: &Path, printed: &[u8]) -> String {
    let Ok(golden) = fs::read_to_string(golden) else {
        return " is not there".to_owned();
    };
    let printed = String::from_utf8_lossy(printed);
    let mut lines = golden.lines();
    let mut numbered = (1..).zip(printed.lines());
    let differs = numbered.find_map(|(number, now)| {
        let was = lines.next().unwrap_or("(its end)");
        (was != now).then(|| format!(", line {number}\n  was {was}\n  now {now}"))
    });
    differs.unwrap_or_else(|| ": the end is missing".to_owned())
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn is_capture(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "pcap" || ending == "pcapng")
}
