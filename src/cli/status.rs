//! What a live run says of itself at the terminal's bottom: how long, how many frames, sessions and events, what was dropped.

use super::bottom;
use super::messages::counted;
use crate::model::Record;
use crate::report::View;
use indicatif::ProgressBar;
use std::io::Write;
use std::time::{Duration, Instant};

/// How often the line changes.
const CHANGES: Duration = Duration::from_millis(500);

/// What was counted of a live run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    view: View,
    /// Whether there was anything to show.
    pub(super) shown: bool,
    pub(super) frames: u64,
    sessions: u64,
    open: u64,
    events: u64,
}

impl Tally {
    /// Nothing yet; `view` is what is shown.
    pub(super) fn new(view: View) -> Tally {
        Tally {
            view,
            shown: false,
            frames: 0,
            sessions: 0,
            open: 0,
            events: 0,
        }
    }

    /// Counts a record.
    pub(super) fn see(&mut self, record: &Record) {
        self.shown = self.shown || self.view.takes(record);
        match record {
            Record::SessionOpens(_) => {
                self.sessions += 1;
                self.open += 1;
            }
            Record::Session(_) => self.open = self.open.saturating_sub(1),
            Record::Event(_) => self.events += 1,
            _ => {}
        }
    }
}

/// The status line.
pub(super) struct Status {
    bar: ProgressBar,
    begun: Instant,
    changed: Instant,
    /// The frames at the last change.
    frames: u64,
}

impl Status {
    /// A line, which stays hidden where standard error is no terminal, or `quiet`.
    pub(super) fn new(quiet: bool) -> Status {
        let now = Instant::now();
        Status {
            bar: bottom::line(quiet),
            begun: now,
            changed: now,
            frames: 0,
        }
    }

    /// `out`, whose lines go above this one.
    pub(super) fn beside(&self, out: Box<dyn Write>) -> Box<dyn Write> {
        bottom::beside(&self.bar, out)
    }

    /// Shows `00:14 · 1,482 frames, 86/s · 3 sessions, 2 open · 412 events · 0 dropped`, if it is time to;
    /// and how many bytes of saved frames have yet to be analysed, where that is so.
    pub(super) fn update(&mut self, tally: &Tally, dropped: u64, behind: u64) {
        let since = self.changed.elapsed();
        if self.bar.is_hidden() || since < CHANGES {
            return;
        }
        let rate = (tally.frames - self.frames) as f64 / since.as_secs_f64();
        (self.frames, self.changed) = (tally.frames, Instant::now());
        let seconds = self.begun.elapsed().as_secs();
        let clock = match seconds / 3_600 {
            0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
            hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
        };
        let behind = match behind {
            0 => String::new(),
            bytes => format!(" · {} MB behind", bytes.div_ceil(1_000_000)),
        };
        self.bar.set_message(format!(
            "{clock} · {}, {rate:.0}/s · {}, {} open · {} · {dropped} dropped{behind}",
            counted(tally.frames, "frame"),
            counted(tally.sessions, "session"),
            tally.open,
            counted(tally.events, "event"),
        ));
    }

    /// Does what writes to the terminal, above the line.
    pub(super) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Erases the line.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
