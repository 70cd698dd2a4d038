//! The program on one page: each capture is opened, its frames go through the analyzer, the records go to the report.

use super::args::{Analyze, Shared};
use super::output::{
    Output, allow_many_files, buffered, is_closed_pipe, is_same_file, look, output, unwritable,
};
use super::progress::Progress;
use super::{Outcome, messages, notes, signals};
use crate::analyzer::{Analyzer, Options, Source};
use crate::capture::{self, Capture, Filter, Frames, Merged};
use crate::decode::link_type_name;
use crate::model::{Detail, Record, Timestamp, limits};
use crate::report::{Format, Report, View};
use anyhow::Context;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Analyses the captures in turn, or as one. One that cannot be read does not keep the others from being read.
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
    let waits = arguments.follow || arguments.files.iter().any(|path| is_stream(path));
    // A Ctrl-C on a pipeline is for its first program; we end when that has.
    let stop = match waits {
        true => signals::stop()?,
        false => Arc::default(),
    };
    Run {
        arguments,
        stop,
        // How much is to come is known of files only.
        progress: Progress::new(shared.quiet || waits),
        report: None,
        unread: Vec::new(),
    }
    .run()
}

/// A run over saved captures.
struct Run<'a> {
    arguments: &'a Analyze,
    stop: Arc<AtomicBool>,
    progress: Progress,
    /// Opened with the first capture that can be read: for nothing no file is overwritten.
    report: Option<Report<Output>>,
    /// Why captures could not be read, or not to their end.
    unread: Vec<String>,
}

impl Run<'_> {
    fn run(mut self) -> anyhow::Result<Outcome> {
        let quiet = self.arguments.shared.quiet;
        let done = self.captures().and_then(|()| {
            let report = self.report.take();
            let worst = report.as_ref().and_then(Report::worst);
            let finished = report.map_or(Ok(()), |report| report.finish().map(drop));
            finished.map(|()| worst).map_err(unwritable)
        });
        let worst = match done {
            // Whoever read has gone: a normal end.
            Err(error) if is_closed_pipe(&error) => self.report.as_ref().and_then(Report::worst),
            Err(error) if !quiet || self.unread.is_empty() => return Err(error),
            Err(error) => {
                self.unread.push(messages::sentence(&error));
                None
            }
            Ok(worst) => worst,
        };
        if self.unread.is_empty() {
            return Ok(Outcome::Done(worst));
        }
        if quiet {
            // One line, however many captures could not be read.
            messages::error(&self.unread.join("; "));
        }
        Ok(Outcome::CouldNot)
    }

    /// Goes through the captures; an error is one of the output, which ends the run.
    fn captures(&mut self) -> anyhow::Result<()> {
        if !self.arguments.merge {
            for path in &self.arguments.files {
                let opened = self.open(path);
                match (opened, self.filter()) {
                    (Ok(capture), Some(filter)) => self.one(capture.with_filter(filter))?,
                    (Ok(capture), None) => self.one(capture)?,
                    (Err(error), _) => self.tell([error]),
                }
            }
            return Ok(());
        }
        allow_many_files();
        let mut captures = Vec::new();
        for path in &self.arguments.files {
            match self.open(path) {
                Ok(capture) => captures.push(capture),
                Err(error) => self.tell([error]),
            }
        }
        if captures.is_empty() {
            return Ok(());
        }
        let merged = Merged::new(captures);
        match self.filter() {
            Some(filter) => self.one(merged.with_filter(filter)),
            None => self.one(merged),
        }
    }

    fn open(&self, path: &Path) -> Result<Capture, capture::Error> {
        match self.arguments.follow || is_stream(path) {
            true => Capture::follow(path, &self.stop),
            false => Capture::open(path),
        }
    }

    /// The filter, which was compiled before.
    fn filter(&self) -> Option<Filter> {
        let filter = self.arguments.shared.filter.as_deref()?;
        Filter::new(filter).ok()
    }

    /// Tells what could not be read, now or at the end.
    fn tell(&mut self, errors: impl IntoIterator<Item = capture::Error>) {
        for error in errors {
            let sentence = messages::sentence(&error.into());
            if !self.arguments.shared.quiet {
                messages::error(&sentence);
            }
            self.unread.push(sentence);
        }
    }

    /// Analyses one capture into the report.
    fn one(&mut self, mut capture: impl Frames) -> anyhow::Result<()> {
        let shared = &self.arguments.shared;
        let mut broken = capture.wait().err();
        let first = capture.times().map(|(first, _)| first);
        let report = match &mut self.report {
            Some(report) => report,
            None => self
                .report
                .insert(open_report(self.arguments, &self.progress, first)?),
        };
        if let Some(first) = first {
            report.set_nanoseconds(capture.nanoseconds());
            report.set_first_time(first);
        }
        self.progress.begin();
        let lines = first.and_then(|first| report.lines(first));
        let mut analyzer = Analyzer::with_lines(&wanted(shared, jobs(self.arguments)), lines);
        let view = View::from(shared.view);
        let mut shown = false;
        let mut take = |report: &mut Report<Output>, record: &Record| {
            shown = shown || (view.takes(record) && !matches!(record, Record::Summary(_)));
            report.record(record)
        };
        while broken.is_none() {
            // Before a wait for more input, what is final is passed on.
            if capture.may_wait() {
                match capture.ready() {
                    Ok(true) => {}
                    Ok(false) => {
                        let settled = analyzer.settle(&mut |record| take(report, &record));
                        settled.and_then(|()| report.flush()).map_err(unwritable)?;
                    }
                    Err(error) => {
                        broken = Some(error);
                        continue;
                    }
                }
            }
            self.progress.frame(&capture);
            match capture.next() {
                Ok(Some(frame)) => analyzer
                    .frame(&frame, &mut |record| take(report, &record))
                    .map_err(unwritable)?,
                Ok(None) => break,
                Err(error) => broken = Some(error),
            }
        }
        self.progress.end();
        let source = Source {
            capture: capture.name(),
            format: capture.format(),
            link_types: capture
                .link_types()
                .iter()
                .map(|link| link_type_name(*link))
                .collect(),
            frames: capture.frames(),
            times: capture.times(),
            truncated: !capture.cuts().is_empty(),
        };
        let summary = analyzer
            .finish(source, &mut |record| take(report, &record))
            .and_then(|summary| report.flush().map(|()| summary))
            .map_err(unwritable)?;
        let mut damage = capture.damage();
        damage.extend(broken);
        if !shared.quiet {
            notes::capture(&summary, &capture.cuts(), shared);
            // What is damaged has an error that says more.
            if damage.is_empty() {
                notes::no_results(&summary, shown, shared);
            }
        }
        self.tell(damage);
        Ok(())
    }
}

/// Worker threads. One thread reads for all of them: many more have nothing to do.
fn jobs(arguments: &Analyze) -> NonZeroUsize {
    const USEFUL: NonZeroUsize = NonZeroUsize::new(8).unwrap();
    let cores =
        || thread::available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(USEFUL));
    let memory = memory(&arguments.shared) / limits::MEMORY_OF_JOB;
    let room = NonZeroUsize::new(memory).unwrap_or(NonZeroUsize::MIN);
    // The output is the same for any number.
    let jobs = arguments.jobs.unwrap_or_else(cores);
    jobs.min(limits::JOBS).min(room)
}

/// The cap on memory, bytes.
fn memory(shared: &Shared) -> usize {
    shared.memory.unwrap_or(limits::MEMORY)
}

/// Opens the report on a capture whose first frame is of time `first`.
fn open_report(
    arguments: &Analyze,
    progress: &Progress,
    first: Option<Timestamp>,
) -> anyhow::Result<Report<Output>> {
    let shared = &arguments.shared;
    let mut options = look(shared, false);
    // Who looks at a pipe on a terminal wants to see rows as they come, and so does who captures at this moment; who has a
    // capture that was saved wants its tables, whatever it comes through.
    let pipe = match &arguments.files[..] {
        [path] => is_stream(path) && (path != Path::new("-") || !regular_input()),
        _ => false,
    };
    let recent = || first.is_some_and(is_recent);
    options.live = arguments.follow || (pipe && (options.terminal || recent()));
    let out: Box<dyn Write> = match output(shared) {
        Some(path) => {
            if let Some(read) = arguments.files.iter().find(|file| is_same_file(file, path)) {
                anyhow::bail!(
                    "{} is the capture that is read: name another file for the results.",
                    read.display()
                );
            }
            let file = File::create(path);
            Box::new(file.with_context(|| format!("{} cannot be written", path.display()))?)
        }
        // Only what goes to the same terminal has to make way.
        None if io::stdout().is_terminal() => progress.beside(Box::new(io::stdout().lock())),
        None => Box::new(io::stdout().lock()),
    };
    Ok(Report::new(options, buffered(out)))
}

/// How old a frame may be that comes from a capture under way: tcpdump writes to a pipe when it has some kilobytes.
const RECENT: Duration = Duration::from_secs(60);

/// Whether this is about now.
fn is_recent(time: Timestamp) -> bool {
    let time = UNIX_EPOCH + Duration::from_nanos(u64::try_from(time.0).unwrap_or(0));
    let age = SystemTime::now().duration_since(time);
    age.unwrap_or_else(|ahead| ahead.duration()) < RECENT
}

/// Whether more may come than is there: standard input, or a pipe that has a name.
fn is_stream(path: &Path) -> bool {
    let neither = |file: fs::Metadata| !file.is_file() && !file.is_dir();
    path == Path::new("-") || path.metadata().is_ok_and(neither)
}

/// Whether standard input is a file, all of which is there.
fn regular_input() -> bool {
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    input
        .and_then(|input| input.metadata())
        .is_ok_and(|metadata| metadata.is_file())
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
        memory: memory(shared),
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
