//! How far a long capture was read: a line on standard error, only where that is a terminal, and only once it takes a while.

use super::bottom::{beside, line};
use super::messages::counted;
use crate::capture::Frames;
use crate::model::text::Escaped;
use indicatif::ProgressBar;
use std::io::Write;
use std::time::{Duration, Instant};

/// Nobody needs to be told of what is over at once.
const FIRST: Duration = Duration::from_millis(500);

/// How often the line changes.
const CHANGES: Duration = Duration::from_millis(200);

/// Frames between two looks at the time.
const FRAMES: u32 = 4_096;

/// The line of one run.
pub(super) struct Progress {
    bar: ProgressBar,
    frames: u32,
    /// When this capture was begun.
    begun: Instant,
    /// When the line changes next.
    next: Instant,
}

impl Progress {
    /// A line, which stays hidden where standard error is no terminal, or `quiet`.
    pub(super) fn new(quiet: bool) -> Progress {
        let now = Instant::now();
        Progress {
            bar: line(quiet),
            frames: 0,
            begun: now,
            next: now + FIRST,
        }
    }

    /// `out`, whose lines go above this one.
    pub(super) fn beside(&self, out: Box<dyn Write>) -> Box<dyn Write> {
        beside(&self.bar, out)
    }

    /// Another capture is begun.
    pub(super) fn begin(&mut self) {
        self.begun = Instant::now();
        self.next = self.begun + FIRST;
    }

    /// Another frame was read. Shows `big.pcap: 42 %, 3,141,592 frames, 12 s left`, if it is time to.
    #[inline]
    pub(super) fn frame(&mut self, capture: &impl Frames) {
        self.frames += 1;
        if self.frames == FRAMES {
            self.frames = 0;
            self.look(capture);
        }
    }

    fn look(&mut self, capture: &impl Frames) {
        let now = Instant::now();
        if self.bar.is_hidden() || now < self.next {
            return;
        }
        let Some((read, size)) = capture.bytes() else {
            return; // Nobody knows how much is to come.
        };
        self.next = now + CHANGES;
        let share = read as f64 / size.max(1) as f64;
        let left = self.begun.elapsed().as_secs_f64() * (1.0 - share) / share.max(f64::EPSILON);
        self.bar.set_message(format!(
            "{}: {:.0} %, {}, {left:.0} s left",
            Escaped(&capture.name()),
            share.min(1.0) * 100.0,
            counted(capture.frames(), "frame"),
        ));
    }

    /// Erases the line.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
        self.bar.reset();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
