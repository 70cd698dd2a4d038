//! `make bench`: writes captures, runs tcpdump, tshark, tcpflow and ssetrace on them in turn, and prints a table (Markdown) of the ratios.
//!
//! The machine's speed drifts, so the programs run A B A B … and each figure is the median over the rounds of the ratio to tcpdump's
//! `-r FILE -w /dev/null` in the same round. tshark is slower by so much that it gets the first capture once, and a twentieth of it three times; before and behind
//! each of its runs are some of ssetrace. Peak memory is what the kernel accounts for the process, as GNU time prints it: in a run of its own, since a program that another
//! one starts which has just begun itself gets the second core some milliseconds later, which a run of 20 ms feels. Before each run is measured how long a word takes from one core to another
//! and back: where a virtual machine's cores are moved about, that changes from one second to the next, and with it what two threads can do. `SSETRACE_BENCH_FRAMES` sets another size than 4,000,000 frames.

#![allow(clippy::print_stdout, reason = "the table is the result")]

mod captures;
mod cores;

use captures::Shape;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 5;
const ROUNDS_OF_ROWS: usize = 3;

/// What of the first capture tshark reads, beside all of it.
const TSHARKS_SHARE: u64 = 20;

/// Frames of one session of so many events: tshark reassembles the whole response, event by event.
const LONG_ANSWER: u64 = 2 * 40_000;

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
        "| capture | frames | program | median s | ratio | frames/s | peak MiB | between cores, ns |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, shape, frames) in [
        ("2,000 sessions at a time", Shape::Sessions, frames),
        ("the same, twice the length", Shape::Sessions, 2 * frames),
        ("among 90 % bulk", Shape::Bulk, frames),
        ("1 M short connections", Shape::Short, 11 * frames / 4),
        ("one session", Shape::One, 5 * frames / 2),
        ("half lost or out of order", Shape::Lossy, frames),
    ] {
        let (path, written) = write(&folder, shape, frames);
        compare(name, &path, written);
        std::fs::remove_file(&path).expect("the capture goes");
    }
    for (name, shape, frames, times) in [
        (
            "2,000 sessions at a time, beside tshark",
            Shape::Sessions,
            frames,
            1,
        ),
        (
            "a twentieth of it",
            Shape::Sessions,
            frames / TSHARKS_SHARE,
            3,
        ),
        ("one session of 40,000 events", Shape::One, LONG_ANSWER, 1),
    ] {
        let (path, written) = write(&folder, shape, frames);
        beside_tshark(name, &path, written, times);
        std::fs::remove_file(&path).expect("the capture goes");
    }
    println!();
    println!("| capture | beside | time per frame, both cores | `--jobs 1` |");
    println!("|---|---|---|---|");
    for (name, one, beside, other) in [
        (
            "1 M short connections",
            (Shape::Short, 11 * frames / 4),
            "10 k of them",
            (Shape::Short, 11 * frames / 400),
        ),
        (
            "one session of 5 M events",
            (Shape::One, 5 * frames / 2),
            "1 M of them",
            (Shape::One, frames / 2),
        ),
        (
            "half lost or out of order",
            (Shape::Lossy, frames),
            "all in order",
            (Shape::Sessions, frames),
        ),
    ] {
        let both = [one, other].map(|(shape, frames)| write(&folder, shape, frames));
        println!("| {name} | {beside} | {} |", per_frame(&both).join(" | "));
        for (path, _) in both {
            std::fs::remove_file(&path).expect("the capture goes");
        }
    }
}

/// Writes a capture of about so many frames. Where, and how many it has.
fn write(folder: &Path, shape: Shape, frames: u64) -> (PathBuf, u64) {
    let path = folder.join(format!("{shape:?}-{frames}.pcap"));
    let written = captures::write(&path, shape, frames).expect("a capture");
    (path, written)
}

/// A program and its arguments.
type Run = (&'static str, Vec<String>);

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn tcpdump(capture: &str) -> Run {
    (
        "tcpdump -w /dev/null",
        words(&["tcpdump", "-r", capture, "-w", "/dev/null"]),
    )
}

fn ssetrace(name: &'static str, capture: &str, options: &[&str]) -> Run {
    let program = env!("CARGO_BIN_EXE_ssetrace");
    let mut command = words(&[program, "analyze", capture, "-q", "-o", "/dev/null"]);
    command.extend(words(options));
    (name, command)
}

/// Runs the programs in turn and prints a line for each. The one that takes long and needs both cores has rounds of its own: after it
/// some machines are slower for a while.
fn compare(name: &str, path: &Path, frames: u64) {
    let capture = path.to_str().expect("a path in UTF-8");
    let sessions = [
        tcpdump(capture),
        ssetrace("--view sessions", capture, &["--view", "sessions"]),
        ssetrace(
            "--view sessions --jobs 1",
            capture,
            &["--view", "sessions", "--jobs", "1"],
        ),
    ];
    let rows = [
        tcpdump(capture),
        ssetrace("--format jsonl", capture, &["--format", "jsonl"]),
    ];
    let timed = in_turn(&sessions, ROUNDS);
    for (program, runs) in sessions.iter().zip(&timed) {
        tell(name, frames, program, runs, &timed[0]);
    }
    let timed = in_turn(&rows, ROUNDS_OF_ROWS);
    tell(name, frames, &rows[1], &timed[1], &timed[0]);
}

/// How much longer ssetrace takes for a frame of the first capture than for one of the second, with both cores and with one job: the captures in turn.
fn per_frame(captures: &[(PathBuf, u64); 2]) -> [String; 2] {
    let options: [&[&str]; 2] = [
        &["--view", "sessions"],
        &["--view", "sessions", "--jobs", "1"],
    ];
    options.map(|options| {
        let runs = captures.each_ref().map(|(path, _)| {
            let capture = path.to_str().expect("a path in UTF-8");
            ssetrace("", capture, options)
        });
        let timed = in_turn(&runs, ROUNDS);
        let [(_, frames), (_, others)] = captures;
        let pairs = timed[0].iter().zip(&timed[1]);
        let ratios: Vec<f64> = pairs
            .map(|(run, other)| (run.seconds / *frames as f64) / (other.seconds / *others as f64))
            .collect();
        match ratios.is_empty() {
            true => "it failed".to_owned(),
            false => format!("{:.2}", median(ratios)),
        }
    })
}

/// The runs of each program, taken in turn.
fn in_turn(programs: &[Run], rounds: usize) -> Vec<Vec<Done>> {
    let mut done: Vec<Vec<Done>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, command), done) in programs.iter().zip(&mut done) {
            done.extend(run(command));
        }
    }
    done
}

/// Runs tshark and tcpflow, so many times each, with runs of ssetrace before and behind each of theirs, and prints a line for each program; the ratios are
/// to ssetrace's time.
fn beside_tshark(name: &str, path: &Path, frames: u64, times: usize) {
    let capture = path.to_str().expect("a path in UTF-8");
    let fields = ["-Y", "http", "-T", "fields", "-e", "frame.number"];
    let mut tshark = words(&["tshark", "-r", capture]);
    tshark.extend(words(&fields));
    let flow = format!("{}.flow", capture);
    let sessions = ssetrace("--view sessions", capture, &["--view", "sessions"]);
    let others = [
        ("tshark -Y http -T fields", tshark),
        (
            "tcpflow",
            words(&["tcpflow", "-q", "-r", capture, "-o", &flow]),
        ),
    ];
    // A run of some hundredths of a second is no figure.
    let some = || (0..ROUNDS).filter_map(|_| run(&sessions.1));
    let mut own: Vec<Done> = some().collect();
    let mut theirs = others.each_ref().map(|_| Vec::new());
    for _ in 0..times {
        for ((_, command), done) in others.iter().zip(&mut theirs) {
            // They take so long that one run must do for both.
            done.extend(run_for_peak(command));
            own.extend(some());
        }
    }
    tell(name, frames, &sessions, &own, &own);
    for (program, done) in others.iter().zip(&theirs) {
        tell(name, frames, program, done, &own);
    }
    let _ = std::fs::remove_dir_all(flow);
}

/// What a run took: seconds and, if it was run for that, KiB at its peak; and what was between two cores just before it.
#[derive(Clone, Copy)]
struct Done {
    seconds: f64,
    peak: Option<u64>,
    between_cores: f64,
}

/// Prints the line of a program, which is run once more where none of its runs told its peak.
fn tell(name: &str, frames: u64, (program, command): &Run, runs: &[Done], beside: &[Done]) {
    if runs.is_empty() || beside.is_empty() {
        println!("| {name} | {frames} | `{program}` | not there, or it failed | | | | |");
        return;
    }
    let of = |runs: &[Done]| median(runs.iter().map(|run| run.seconds).collect());
    let seconds = of(runs);
    let ratio = if runs.len() == beside.len() {
        let pairs = runs.iter().zip(beside);
        median(
            pairs
                .map(|(run, other)| run.seconds / other.seconds)
                .collect(),
        )
    } else {
        seconds / of(beside)
    };
    let peak = runs.iter().filter_map(|run| run.peak).max();
    let peak = peak.or_else(|| run_for_peak(command)?.peak);
    let peak = peak.map_or("?".to_owned(), |kib| format!("{:.0}", kib as f64 / 1024.0));
    let between = runs.iter().map(|run| run.between_cores).collect();
    println!(
        "| {name} | {frames} | `{program}` | {seconds:.3} | {ratio:.2} | {:.0} | {peak} | {:.0} |",
        frames as f64 / seconds,
        median(between),
    );
}

/// One run; `None` where the program is missing, or the run failed.
fn run(command: &[String]) -> Option<Done> {
    let (done, _) = timed(command)?;
    Some(done)
}

/// One run that also tells the peak of its memory; `None` where GNU time is missing, too.
fn run_for_peak(command: &[String]) -> Option<Done> {
    let time = words(&["/usr/bin/time", "-f", "peak %M"]);
    let (done, stderr) = timed(&[&time, command].concat())?;
    let peak = stderr
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("peak "))?;
    let peak = Some(peak.trim().parse().ok()?);
    Some(Done { peak, ..done })
}

/// One run, and what it said.
fn timed(command: &[String]) -> Option<(Done, String)> {
    let (program, arguments) = command.split_first()?;
    let between_cores = cores::round_trip();
    let begin = Instant::now();
    let done = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let seconds = begin.elapsed().as_secs_f64();
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    let done = done.status.success().then_some(Done {
        seconds,
        peak: None,
        between_cores,
    })?;
    Some((done, stderr))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
