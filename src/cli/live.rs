//! `ssetrace live` on one page: interfaces are opened, rights given up, frames numbered, saved and analysed as they come.

use super::args::Live as Arguments;
use super::output::{Output, buffered, is_closed_pipe, look, unwritable};
use super::run::{not_together, wanted};
use super::status::{Status, Tally};
use super::{Outcome, files, messages, notes, signals};
use crate::analyzer::{Analyzer, Source};
use crate::capture::live::{self, Drops, Live, Next, Opened, Settings, rights};
use crate::capture::save::Save;
use crate::decode::link_type_name;
use crate::model::{At, Finding, Frame, FrameNo, LiveRun, Record, Severity, Summary, Timestamp};
use crate::report::Report;
use anyhow::Context;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long nothing may happen before the clock and the status line are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Frames of a run without a pause after which rows are passed on and the clock is looked at.
const FRAMES: u64 = 1_024;

/// Captures until the count, the duration, a signal, or the interfaces end it.
pub(super) fn live(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let shared = &arguments.shared;
    if let Some(why) = not_together(shared) {
        anyhow::bail!(why);
    }
    files::check(arguments)?;
    let mut interfaces: Vec<String> = Vec::new();
    for name in &arguments.interfaces {
        // Named twice, each of its frames would come twice.
        if !interfaces.contains(name) {
            interfaces.push(name.clone());
        }
    }
    if interfaces.is_empty() {
        interfaces.push(live::loopback()?);
    }
    let opened = Opened::open(&Settings {
        interfaces,
        filter: shared.filter.clone(),
        snaplen: arguments.snaplen,
        buffer: arguments.buffer_size,
        promiscuous: arguments.promiscuous,
    })?;
    let files = files::open(arguments, &opened)?;
    let owner = rights::owner();
    if !arguments.no_drop {
        // A file that root made for somebody would be of no use to them.
        if let Some(owner) = owner {
            for file in &files.new {
                let _ = std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()));
            }
        }
        rights::drop_to(owner).context("the rights cannot be given up (`--no-drop` keeps them)")?;
        // Root's TMPDIR may be closed to whoever we are now; /tmp is everybody's.
        if owner.is_some() && tempfile::tempfile().is_err() {
            let _ = tempfile::env::override_temp_dir(Path::new("/tmp"));
        }
    }
    let stop = signals::stop()?;
    if !shared.quiet {
        messages::tell(&listening(arguments, &opened));
        for name in opened.beside_any() {
            messages::note(&format!(
                "`-i any` captures on {name} too: its frames come twice, the second time as retransmissions."
            ));
        }
    }
    let status = Status::new(shared.quiet);
    let mut options = look(shared, false);
    options.live = true;
    // Where the results go to a terminal, they go above the status line.
    let out = match options.terminal {
        true => status.beside(files.out),
        false => files.out,
    };
    Run {
        arguments,
        report: Report::new(options, buffered(out)),
        save: files.save,
        unsaved: None,
        live: opened.start(&stop),
        stop,
        status,
        tally: Tally::new(shared.view.into()),
        times: None,
        frames: Vec::new(),
    }
    .run()
}

/// `listening on lo, filter "tcp port 8080"; Ctrl-C ends`.
fn listening(arguments: &Arguments, opened: &Opened) -> String {
    let names: Vec<&str> = opened
        .sources()
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    let mut words = format!("listening on {}", names.join(", "));
    if arguments.interfaces.is_empty() {
        words += ", the loopback interface (`-i` names another)";
    }
    if let Some(filter) = &arguments.shared.filter {
        words += &format!(", filter \"{filter}\"");
    }
    words + "; Ctrl-C ends"
}

/// A capture that runs.
struct Run<'a> {
    arguments: &'a Arguments,
    report: Report<Output>,
    save: Option<Save>,
    /// Why frames could not be saved any more.
    unsaved: Option<io::Error>,
    live: Live,
    stop: Arc<AtomicBool>,
    status: Status,
    tally: Tally,
    /// The time of the first and of the last frame.
    times: Option<(Timestamp, Timestamp)>,
    /// Frames of each interface.
    frames: Vec<u64>,
}

impl Run<'_> {
    fn run(mut self) -> anyhow::Result<Outcome> {
        let mut analyzer = Analyzer::new(&wanted(&self.arguments.shared, NonZeroUsize::MIN));
        self.frames = vec![0; self.live.sources().len()];
        let captured = self.capture(&mut analyzer);
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.end(analyzer, captured.is_ok());
        let mut worst = None;
        for done in [captured.map(|()| None), ended] {
            match done {
                Err(error) if !is_closed_pipe(&error) => return Err(error),
                done => worst = worst.max(done.ok().flatten()),
            }
        }
        Ok(Outcome::Done(worst))
    }

    /// Takes frames until something ends it.
    fn capture(&mut self, analyzer: &mut Analyzer) -> anyhow::Result<()> {
        let deadline = self
            .arguments
            .duration
            .map(|duration| Instant::now() + duration);
        let past = |deadline: Option<Instant>| deadline.is_some_and(|end| Instant::now() >= end);
        loop {
            let report = &mut self.report;
            let tally = &mut self.tally;
            match self.live.next() {
                Next::Frame(frame) => {
                    tally.frames += 1;
                    if self.times.is_none() {
                        report.set_first_time(frame.time);
                    }
                    let first = self.times.map_or(frame.time, |(first, _)| first);
                    self.times = Some((first, frame.time));
                    if let Some(frames) = self.frames.get_mut(frame.interface) {
                        *frames += 1;
                    }
                    if let Some(save) = &mut self.save
                        && let Err(error) =
                            save.frame(frame.interface, frame.time, frame.bytes, frame.wire_length)
                    {
                        self.unsaved = Some(error);
                        return Ok(());
                    }
                    let numbered = Frame {
                        at: At {
                            frame: FrameNo(tally.frames),
                            time: frame.time,
                        },
                        link: frame.link,
                        bytes: frame.bytes,
                        wire_length: frame.wire_length,
                        block: None,
                    };
                    let frames = tally.frames;
                    let taken = analyzer.frame(&numbered, &mut |record| {
                        tally.see(&record);
                        report.record(&record)
                    });
                    taken.map_err(unwritable)?;
                    if self.arguments.count == Some(frames) {
                        return Ok(());
                    }
                    if frames.is_multiple_of(FRAMES) {
                        self.show(analyzer)?;
                        if past(deadline) || self.unsaved.is_some() {
                            return Ok(());
                        }
                    }
                }
                Next::Waits => {
                    self.show(analyzer)?;
                    if self.unsaved.is_some() {
                        return Ok(());
                    }
                    let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
                    if left == Some(Duration::ZERO) {
                        self.stop.store(true, Ordering::Relaxed);
                    }
                    self.live.wait(match left {
                        None | Some(Duration::ZERO) => LOOK,
                        Some(left) => left.min(LOOK),
                    });
                }
                Next::Ended => return Ok(()),
            }
        }
    }

    /// Passes on what is final, to the capture file first.
    fn show(&mut self, analyzer: &mut Analyzer) -> anyhow::Result<()> {
        if let Some(save) = &mut self.save
            && let Err(error) = save.flush()
        {
            self.unsaved = Some(error);
        }
        let (report, tally) = (&mut self.report, &mut self.tally);
        let settled = analyzer.settle(&mut |record| {
            tally.see(&record);
            report.record(&record)
        });
        settled.and_then(|()| report.flush()).map_err(unwritable)?;
        for (name, why) in self.live.ended() {
            self.status.above(|| tell_end(self.arguments, &name, &why));
        }
        self.status.update(&self.tally, self.live.drops().all());
        Ok(())
    }

    /// Completes the capture file, the results, and says what is to be said. Where the results cannot be written any more
    /// (not `whole`) the capture file is completed all the same, and the other way round.
    fn end(mut self, analyzer: Analyzer, whole: bool) -> anyhow::Result<Option<Severity>> {
        let sources = self.live.sources().to_vec();
        let ended = self.live.end();
        let each: Vec<Drops> = ended.iter().map(|(_, drops, _)| *drops).collect();
        let drops = each.iter().fold(Drops::default(), |sum, drops| Drops {
            kernel: sum.kernel + drops.kernel,
            interface: sum.interface + drops.interface,
        });
        let saved = match (self.unsaved.take(), self.save.take()) {
            (Some(error), _) => Err(error),
            (None, Some(save)) => save.finish(&each, &self.frames),
            (None, None) => Ok(()),
        };
        self.status.end();
        let mut worst = None;
        if whole {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            let mut link_types: Vec<String> = Vec::new();
            for source in &sources {
                let name = link_type_name(source.link);
                if !link_types.contains(&name) {
                    link_types.push(name);
                }
            }
            let source = Source {
                capture: names.join(", "),
                format: "live".to_owned(),
                link_types,
                frames: self.tally.frames,
                times: self.times,
                truncated: false,
            };
            let written = self.arguments.write.as_ref().filter(|_| saved.is_ok());
            let live = LiveRun {
                dropped_by_kernel: drops.kernel,
                dropped_by_interface: drops.interface,
                written: written.map(|path| files::shown(path, self.arguments.ring)),
            };
            let (report, tally) = (&mut self.report, &mut self.tally);
            let shared = &self.arguments.shared;
            let finished = analyzer.finish(source, &mut |record| match record {
                Record::Summary(summary) => close(report, *summary, &live),
                record => {
                    tally.see(&record);
                    report.record(&record)
                }
            });
            let summary = finished.map_err(unwritable)?;
            worst = self.report.worst();
            self.report.finish().map_err(unwritable)?;
            if !shared.quiet {
                notes::live(&summary, self.tally.shown, shared);
            }
        }
        saved.context(files::UNSAVED)?;
        for (source, _, why) in &ended {
            if let Some(why) = why {
                tell_end(self.arguments, &source.name, why);
            }
        }
        if drops.all() > 0 && !self.arguments.shared.quiet {
            messages::note(&lost(drops));
        }
        Ok(worst)
    }
}

/// Tells that an interface has ended, and why.
fn tell_end(arguments: &Arguments, name: &str, why: &str) {
    if !arguments.shared.quiet {
        messages::note(&format!("{name} ended: {why}."));
    }
}

/// Writes the summary, and before it what was dropped.
fn close<W: Write>(report: &mut Report<W>, mut summary: Summary, live: &LiveRun) -> io::Result<()> {
    let drops = Drops {
        kernel: live.dropped_by_kernel,
        interface: live.dropped_by_interface,
    };
    if drops.all() > 0 {
        summary.counts.findings += 1;
        report.record(&Record::Finding(Box::new(Finding {
            code: "capture-drops",
            severity: Severity::Warning,
            session: None,
            connection: None,
            frames: Vec::new(),
            text: lost(drops),
        })))?;
    }
    summary.live = Some(live.clone());
    report.record(&Record::Summary(Box::new(summary)))
}

/// What was dropped, what it means, and what to do.
fn lost(drops: Drops) -> String {
    format!(
        "{} dropped by the kernel and {} by the interface came faster than they could be taken: streams have gaps there; \
         capture less with a filter (-f), or give the kernel a larger --buffer-size.",
        messages::counted(drops.kernel, "frame"),
        drops.interface
    )
}
