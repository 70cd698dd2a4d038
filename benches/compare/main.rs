//! `make bench`: writes captures, runs tcpdump, tshark and ssetrace on them in turn, and prints the ratios.
//!
//! The machine's speed drifts, so the programs run A B A B … and each figure is the median of the runs' ratios to tcpdump's
//! `-r FILE -w /dev/null` of the same round. Peak memory is what the kernel accounts (`/usr/bin/time -v`'s figure), read from `wait4` by GNU time.

#![allow(clippy::print_stdout, reason = "the table is the result")]

mod captures;

use captures::Shape;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 5;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let frames = std::env::var("SSETRACE_BENCH_FRAMES")
        .ok()
        .and_then(|frames| frames.parse().ok())
        .unwrap_or(4_000_000);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("captures");
    std::fs::create_dir_all(&folder).expect("a folder for the captures");
    println!(
        "{:<38} {:>9} {:>9} {:>8} {:>12} {:>9}",
        "capture, program", "frames", "median s", "ratio", "frames/s", "peak MiB"
    );
    for (name, shape, frames) in [
        ("sessions", Shape::Sessions, frames),
        ("sessions, twice the length", Shape::Sessions, 2 * frames),
        ("among 90 % bulk", Shape::Bulk, frames),
        ("short connections", Shape::Short, frames),
        ("one session", Shape::One, frames),
        ("half lost or out of order", Shape::Lossy, frames),
    ] {
        let path = folder.join(format!("{shape:?}-{frames}.pcap"));
        let written = captures::write(&path, shape, frames).expect("a capture");
        compare(name, &path, written);
        let _ = std::fs::remove_file(&path);
    }
}

/// Runs the programs in turn and prints a line for each.
fn compare(name: &str, path: &Path, frames: u64) {
    let capture = path.to_str().expect("a path in UTF-8");
    let ssetrace = env!("CARGO_BIN_EXE_ssetrace");
    let programs: [(&str, Vec<&str>); 3] = [
        (
            "tcpdump -w /dev/null",
            vec!["tcpdump", "-r", capture, "-w", "/dev/null"],
        ),
        (
            "ssetrace --view sessions",
            vec![
                ssetrace,
                "analyze",
                capture,
                "--view",
                "sessions",
                "-q",
                "-o",
                "/dev/null",
            ],
        ),
        (
            "ssetrace --format jsonl",
            vec![
                ssetrace,
                "analyze",
                capture,
                "--format",
                "jsonl",
                "-q",
                "-o",
                "/dev/null",
            ],
        ),
    ];
    let mut seconds = vec![Vec::new(); programs.len()];
    let mut peak = vec![0u64; programs.len()];
    for _ in 0..ROUNDS {
        for (index, (_, command)) in programs.iter().enumerate() {
            if let Some((time, memory)) = run(command) {
                seconds[index].push(time);
                peak[index] = peak[index].max(memory);
            }
        }
    }
    for (index, (program, _)) in programs.iter().enumerate() {
        if seconds[index].len() < ROUNDS {
            println!(
                "{:<38} {frames:>9} (not there, or it failed)",
                format!("{name}: {program}")
            );
            continue;
        }
        let ratios = seconds[index]
            .iter()
            .zip(&seconds[0])
            .map(|(own, tcpdump)| own / tcpdump)
            .collect();
        let median_seconds = median(seconds[index].clone());
        println!(
            "{:<38} {frames:>9} {median_seconds:>9.3} {:>8.2} {:>12.0} {:>9.1}",
            format!("{name}: {program}"),
            median(ratios),
            frames as f64 / median_seconds,
            peak[index] as f64 / 1024.0,
        );
    }
}

/// Seconds and peak KiB of one run; `None` where the program or GNU time is missing, or the run failed.
fn run(command: &[&str]) -> Option<(f64, u64)> {
    let begin = Instant::now();
    let done = Command::new("/usr/bin/time")
        .args(["-f", "peak %M"])
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let seconds = begin.elapsed().as_secs_f64();
    let stderr = String::from_utf8_lossy(&done.stderr);
    let peak = stderr
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("peak "))?
        .trim()
        .parse()
        .ok()?;
    done.status.success().then_some((seconds, peak))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
