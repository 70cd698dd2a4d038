//! The line at the terminal's bottom that says how far things are: on standard error, and only where that is a terminal.
//!
//! Rows that are printed meanwhile go above it: whoever writes them to the same terminal does so through [`Beside`].

use super::messages::counted;
use crate::model::Record;
use crate::report::View;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
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
        let target = match quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        let now = Instant::now();
        Status {
            bar,
            begun: now,
            changed: now,
            frames: 0,
        }
    }

    /// `out`, whose lines go above this one.
    pub(super) fn beside(&self, out: Box<dyn Write>) -> Box<dyn Write> {
        match self.bar.is_hidden() {
            true => out,
            false => Box::new(Beside {
                bar: self.bar.clone(),
                out,
                begun: Vec::new(),
            }),
        }
    }

    /// Shows `00:14 · 1,482 frames, 86/s · 3 sessions, 2 open · 412 events · 0 dropped`, if it is time to.
    pub(super) fn update(&mut self, tally: &Tally, dropped: u64) {
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
        self.bar.set_message(format!(
            "{clock} · {}, {rate:.0}/s · {}, {} open · {} · {dropped} dropped",
            counted(tally.frames, "frame"),
            counted(tally.sessions, "session"),
            tally.open,
            counted(tally.events, "event"),
        ));
    }

    /// Erases the line.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A writer to the terminal that has the status line. It passes on whole lines only: the status line, drawn behind half of
/// one, would be erased together with it.
struct Beside {
    bar: ProgressBar,
    out: Box<dyn Write>,
    /// The beginning of a line whose end has yet to come.
    begun: Vec<u8>,
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None => 0,
        };
        let (lines, begun) = bytes.split_at(lines);
        if !lines.is_empty() {
            self.bar.suspend(|| {
                self.out.write_all(&self.begun)?;
                self.out.write_all(lines)?;
                // A line that waits would go below the status line.
                self.out.flush()
            })?;
            self.begun.clear();
        }
        self.begun.extend_from_slice(begun);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What ends without a line end, as `--format raw` may. There is nobody left to tell of an error.
        let _ = self.out.write_all(&self.begun);
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    struct Sent(Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            let _ = self.0.send(b"|".to_vec());
            Ok(())
        }
    }

    #[test]
    fn only_whole_lines_go_above_the_status_line() {
        let (sender, sent) = channel();
        let mut beside = Beside {
            bar: ProgressBar::hidden(),
            out: Box::new(Sent(sender)),
            begun: Vec::new(),
        };
        for part in ["row 1\nro", "w", " 2\n", "row 3\nend"] {
            assert_eq!(beside.write(part.as_bytes()).ok(), Some(part.len()));
        }
        drop(beside);
        let sent: Vec<u8> = sent.iter().flatten().collect();
        assert_eq!(
            String::from_utf8_lossy(&sent),
            "row 1\n|row 2\n|row 3\n|end|"
        );
    }
}
