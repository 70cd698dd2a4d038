//! The program on one page: each capture is opened, its frames go through the analyzer, the records go to the report.

use super::args::{Analyze, Color, Shared};
use super::{Outcome, messages, notes, signals};
use crate::analyzer::{Analyzer, Options, Source};
use crate::capture::{self, Capture, Filter};
use crate::decode::link_type_name;
use crate::model::{Detail, Record, limits};
use crate::report::{self, Format, Report, View};
use anyhow::Context;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

/// Rows above which a timeline is folded on a terminal.
const ROWS_ON_A_TERMINAL: usize = 60;

/// Bytes of output that are collected before they are written.
const OUTPUT_BUFFER: usize = 256 * 1024;

pub(super) type Output = BufWriter<Box<dyn Write>>;

/// Analyses the captures in turn. One that cannot be read does not keep the others from being read.
pub(super) fn analyze(arguments: &Analyze) -> anyhow::Result<Outcome> {
    let shared = &arguments.shared;
    if let Some(why) = not_together(shared) {
        anyhow::bail!(why);
    }
    if let Some(filter) = &shared.filter {
        Filter::new(filter)?;
    }
    if arguments.follow && arguments.files.len() > 1 {
        anyhow::bail!("`--follow` reads one capture until it is stopped: name one.");
    }
    let waits = arguments.follow || arguments.files.iter().any(|path| path == Path::new("-"));
    // A Ctrl-C on a pipeline is for its first program; we end when that has.
    let stop = match waits {
        true => signals::stop()?,
        false => Arc::default(),
    };
    let mut report = None;
    let mut wrong = Vec::new();
    for path in &arguments.files {
        match one(path, arguments, &stop, &mut report) {
            Err(error) if is_closed_pipe(&error) => break,
            Err(error) if shared.quiet => wrong.push(messages::sentence(&error)),
            Err(error) => {
                messages::error(&messages::sentence(&error));
                wrong.push(String::new());
            }
            Ok(()) => {}
        }
    }
    let worst = report.as_ref().and_then(Report::worst);
    let finished = report.map_or(Ok(()), |report| report.finish().map(drop));
    match finished.map_err(anyhow::Error::from) {
        Err(error) if !is_closed_pipe(&error) => {
            return Err(error.context("the output could not be written"));
        }
        _ => {}
    }
    if wrong.is_empty() {
        return Ok(Outcome::Done(worst));
    }
    if shared.quiet {
        // One line, however many captures could not be read.
        messages::error(&wrong.join("; "));
    }
    Ok(Outcome::CouldNot)
}

/// Analyses one capture into the report, which the first one opens.
fn one(
    path: &Path,
    arguments: &Analyze,
    stop: &Arc<AtomicBool>,
    report: &mut Option<Report<Output>>,
) -> anyhow::Result<()> {
    let shared = &arguments.shared;
    let mut capture = match arguments.follow || path == Path::new("-") {
        true => Capture::follow(path, stop)?,
        false => Capture::open(path)?,
    };
    if let Some(filter) = &shared.filter {
        capture = capture.with_filter(Filter::new(filter)?);
    }
    let report = match report {
        Some(report) => report,
        None => report.insert(open_report(arguments)?),
    };
    let mut analyzer = Analyzer::new(&wanted(shared, jobs(arguments)));
    let damaged = match frames(&mut capture, &mut analyzer, report) {
        Ok(()) => None,
        Err(Stopped::Capture(error)) => Some(error),
        Err(Stopped::Output(error)) => return Err(error.into()),
    };
    let source = Source {
        capture: capture.name().to_owned(),
        format: capture.format(),
        link_types: capture
            .link_types()
            .iter()
            .map(|link| link_type_name(*link))
            .collect(),
        frames: capture.frames(),
        times: capture.first_time().zip(capture.last_time()),
        truncated: capture.truncated().is_some(),
    };
    let summary = analyzer.finish(source, &mut |record: Record| report.record(&record))?;
    report.flush()?;
    if !shared.quiet {
        notes::capture(&summary, capture.truncated(), shared);
    }
    damaged.map_or(Ok(()), |error| Err(error.into()))
}

/// What stops the analysis of a capture before its end.
enum Stopped {
    /// The capture is damaged.
    Capture(capture::Error),
    /// The results could not be written.
    Output(io::Error),
}

impl From<capture::Error> for Stopped {
    fn from(error: capture::Error) -> Stopped {
        Stopped::Capture(error)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Output(error)
    }
}

/// Gives every frame of a capture to the analyzer, and what becomes final to the report.
fn frames(
    capture: &mut Capture,
    analyzer: &mut Analyzer,
    report: &mut Report<Output>,
) -> Result<(), Stopped> {
    if capture.wait()? {
        report.set_nanoseconds(capture.nanoseconds());
        report.set_first_time(capture.first_time().unwrap_or_default());
    }
    let grows = capture.size().is_none();
    loop {
        // Before a wait for more input, what is final is passed on.
        if grows && !capture.ready()? {
            analyzer.settle(&mut |record| report.record(&record))?;
            report.flush()?;
        }
        let Some(frame) = capture.next()? else {
            return Ok(());
        };
        analyzer.frame(&frame, &mut |record| report.record(&record))?;
    }
}

/// Worker threads. One thread reads for all of them: many more have nothing to do.
fn jobs(arguments: &Analyze) -> NonZeroUsize {
    const USEFUL: NonZeroUsize = NonZeroUsize::new(8).unwrap();
    let cores =
        || thread::available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(USEFUL));
    arguments.jobs.unwrap_or_else(cores)
}

fn open_report(arguments: &Analyze) -> anyhow::Result<Report<Output>> {
    let shared = &arguments.shared;
    let mut options = look(shared, false);
    // Who looks at a pipe on a terminal wants to see rows as they come; who saves them wants the tables of a saved capture.
    let pipe = arguments.files == [Path::new("-")] && !regular_input();
    options.live = arguments.follow || (pipe && options.terminal);
    let out: Box<dyn Write> = match &shared.output {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?,
        ),
        None => Box::new(io::stdout().lock()),
    };
    Ok(Report::new(options, buffered(out)))
}

/// Whether standard input is a file, all of which is there.
fn regular_input() -> bool {
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    input
        .and_then(|input| input.metadata())
        .is_ok_and(|metadata| metadata.is_file())
}

/// Output that is collected before it is written.
pub(super) fn buffered(out: Box<dyn Write>) -> Output {
    BufWriter::with_capacity(OUTPUT_BUFFER, out)
}

/// How the results look.
pub(super) fn look(shared: &Shared, nanoseconds: bool) -> report::Options {
    let terminal = shared.output.is_none() && io::stdout().is_terminal();
    let color = match shared.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let columns = terminal_size::terminal_size().map_or(0, |(width, _)| usize::from(width.0));
    report::Options {
        view: shared.view.into(),
        format: shared.format.into(),
        width: shared.width.unwrap_or(if terminal { columns } else { 0 }),
        color,
        time: shared.time.into(),
        max_rows: shared
            .max_rows
            .unwrap_or(if terminal { ROWS_ON_A_TERMINAL } else { 0 }),
        legend: terminal && !shared.quiet,
        nanoseconds,
        live: false,
        terminal,
    }
}

/// What is wanted of the analyzer.
pub(super) fn wanted(shared: &Shared, jobs: NonZeroUsize) -> Options {
    Options {
        connections: shared.connections.clone(),
        detail: match View::from(shared.view) {
            View::Timeline => Detail::Frames,
            View::Events => Detail::Events,
            View::Sessions => Detail::Sessions,
        },
        show_secrets: shared.show_secrets,
        jobs,
        memory: shared.memory.unwrap_or(limits::MEMORY),
    }
}

/// Why two options do not go together.
pub(super) fn not_together(shared: &Shared) -> Option<&'static str> {
    let (view, format) = (View::from(shared.view), Format::from(shared.format));
    match (view, format) {
        (View::Timeline | View::Sessions, Format::Raw) => {
            Some("`--format raw` prints the data of events: use it with `--view events`.")
        }
        _ => None,
    }
}

/// Whether whoever read the output has gone: a normal end.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
