//! `ssetrace live` on one page: interfaces are opened, rights given up, frames saved, numbered and analysed as they come.

use super::args::Live as Arguments;
use super::output::{Output, buffered, is_closed_pipe, look, unwritable};
use super::run::{not_together, wanted};
use super::status::{Status, Tally};
use super::{Outcome, files, messages, notes, signals};
use crate::analyzer::{Analyzer, Source};
use crate::capture::live::{self, Drops, Opened, Settings, rights};
use crate::capture::relay::{Bounds, Ended, Next, Relay};
use crate::decode::link_type_name;
use crate::model::{At, Finding, Frame, FrameNo, LiveRun, Record, Severity, Summary, Timestamp};
use crate::report::Report;
use anyhow::Context;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long nothing may happen before the status line is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Frames of a run without a pause after which rows are passed on.
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
    let now = Instant::now();
    let bounds = Bounds {
        count: arguments.count,
        deadline: arguments
            .duration
            .and_then(|duration| now.checked_add(duration)),
    };
    Run {
        arguments,
        report: Report::new(options, buffered(out)),
        relay: Relay::start(opened.start(&stop), files.save, bounds, &stop),
        status,
        tally: Tally::new(shared.view.into()),
        times: None,
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
    relay: Relay,
    status: Status,
    tally: Tally,
    /// The time of the first and of the last frame.
    times: Option<(Timestamp, Timestamp)>,
}

impl Run<'_> {
    fn run(mut self) -> anyhow::Result<Outcome> {
        let mut analyzer = Analyzer::new(&wanted(&self.arguments.shared, NonZeroUsize::MIN));
        let captured = self.capture(&mut analyzer);
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
        loop {
            let report = &mut self.report;
            let tally = &mut self.tally;
            match self.relay.next().context(files::UNREAD)? {
                Next::Frame(frame) => {
                    tally.frames += 1;
                    if self.times.is_none() {
                        report.set_first_time(frame.time);
                    }
                    let first = self.times.map_or(frame.time, |(first, _)| first);
                    self.times = Some((first, frame.time));
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
                    if frames.is_multiple_of(FRAMES) {
                        self.show(analyzer)?;
                    }
                }
                Next::Waits => {
                    self.show(analyzer)?;
                    self.relay.wait(LOOK);
                }
                Next::Ended => return Ok(()),
            }
        }
    }

    /// Passes on what is final.
    fn show(&mut self, analyzer: &mut Analyzer) -> anyhow::Result<()> {
        let (report, tally) = (&mut self.report, &mut self.tally);
        let settled = analyzer.settle(&mut |record| {
            tally.see(&record);
            report.record(&record)
        });
        settled.and_then(|()| report.flush()).map_err(unwritable)?;
        for (name, why) in self.relay.news() {
            self.status.above(|| tell_end(self.arguments, &name, &why));
        }
        let (drops, behind) = (self.relay.drops(), self.relay.behind());
        self.status.update(&self.tally, drops.all(), behind);
        Ok(())
    }

    /// Completes the results, and says what is to be said. Where they cannot be written any more (not `whole`) the capture file is
    /// completed all the same, and the other way round.
    fn end(mut self, analyzer: Analyzer, whole: bool) -> anyhow::Result<Option<Severity>> {
        let sources = self.relay.sources().to_vec();
        let news = self.relay.news();
        let Ended {
            sources: ended,
            saved,
        } = self.relay.end();
        let drops: Drops = ended.iter().map(|(_, drops, _)| *drops).sum();
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
        let untold = ended
            .into_iter()
            .filter_map(|(source, _, why)| Some((source.name, why?)));
        for (name, why) in news.into_iter().chain(untold) {
            tell_end(self.arguments, &name, &why);
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
