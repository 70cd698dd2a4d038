//! The events for people: a line for each as it becomes complete, then the summary, as a table or in Markdown.
//!
//! Event records come in, lines go out. Of an event's data only what differs from the session's event before is shown; for each open session
//! the ends of its last event are remembered.

use super::Options;
use super::grid::{Cells, Column, Cut, Grid, Look, Shown};
use super::sessions::close;
use super::table::line::{ACCENT, WARNING};
use super::text::{Escaped, Lasting, Range, cut, width};
use super::time::Clock;
use crate::model::{EventRecord, Nanos, Record, Summary, Timestamp, limits};
use crate::timeline::narrate::EventText;
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A gap of so long is a silence.
const SILENCE: Nanos = 500_000_000;

/// Characters of an event's type and of its ID.
const NAME: usize = 40;

/// The form.
#[derive(Debug)]
pub(super) struct Events<W> {
    out: W,
    options: Options,
    look: Look,
    grid: Grid,
    clock: Clock,
    /// The time of the row before.
    before: Option<Timestamp>,
    /// The last event of each session, as far as the next needs it.
    texts: BTreeMap<u32, EventText>,
    /// Whether a capture was written before this one.
    later: bool,
}

impl<W: Write> Events<W> {
    /// Events into `out`.
    pub(super) fn new(options: Options, look: Look, out: W) -> Events<W> {
        let clock = Clock::new(options.time, options.nanoseconds);
        let mut moment = String::new();
        clock.write(&mut moment, Timestamp(0), None);
        // Seconds grow to three digits before a live table has to give way.
        let time = width(&moment).max(10);
        Events {
            out,
            options,
            look,
            grid: Grid::new(columns(time), look, options.live),
            clock,
            before: None,
            texts: BTreeMap::new(),
            later: false,
        }
    }

    /// Tells whether the next capture's times have nanoseconds; call it before its first time.
    pub(super) fn set_nanoseconds(&mut self, nanoseconds: bool) {
        self.options.nanoseconds = nanoseconds;
        self.clock = Clock::new(self.options.time, nanoseconds);
    }

    /// The time of the capture's first frame.
    pub(super) fn set_first_time(&mut self, first: Timestamp) {
        self.clock.set_first(first);
    }

    /// Takes the next record.
    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Event(event) => self.event(event),
            Record::Session(session) => {
                self.texts.remove(&session.opening.session);
                Ok(())
            }
            Record::Summary(summary) => self.summary(summary),
            _ => Ok(()),
        }
    }

    /// Passes on what is written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes the rows that wait and gives the writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.grid.end(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn event(&mut self, record: &EventRecord) -> io::Result<()> {
        let event = &record.event;
        let complete = event.span.there;
        self.clock.start_at(complete.time);
        let mut time = String::new();
        self.clock.write(&mut time, complete.time, self.before);
        self.before = Some(complete.time);
        if self.texts.len() >= limits::SHARED_SESSIONS && !self.texts.contains_key(&record.session)
        {
            // The next event of each is shown whole once.
            self.texts.clear();
        }
        let data = self.texts.entry(record.session).or_default();
        let silence = match event.gap {
            Some(gap) if gap >= SILENCE => WARNING,
            _ => Style::new(),
        };
        let mut cells = Cells::new();
        cells.styled(ACCENT, format_args!("S{}", record.session));
        cells.number(ACCENT, event.number);
        cells.text(&time);
        match event.gap {
            Some(gap) => {
                cells.styled(silence, Lasting(gap));
                cells.styled(silence, bar(gap));
            }
            None => {
                cells.text("");
                cells.text("");
            }
        }
        cells.words(event.chunks.map(|(first, last)| Range(first, last)));
        cells.words([Range(event.span.first.frame.0, complete.frame.0)]);
        cells.text(&short(&event.event_type));
        cells.text(&event.id.as_deref().map(short).unwrap_or_default());
        cells.text(&data.next(&event.data));
        if std::mem::take(&mut self.later) {
            writeln!(self.out)?;
        }
        self.grid.row(0, cells, &mut self.out)
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        if std::mem::take(&mut self.later) {
            writeln!(self.out)?;
        }
        if self.grid.end(&mut self.out)? {
            writeln!(self.out)?;
        }
        close(self.look, summary, &mut self.out)?;
        self.clock = Clock::new(self.options.time, self.options.nanoseconds);
        self.before = None;
        self.texts.clear();
        self.later = true;
        Ok(())
    }
}

fn columns(time: usize) -> Vec<Column> {
    let column = |head, right, shown, drop, live| Column {
        head,
        right,
        shown,
        drop,
        cut: Cut::Never,
        live,
    };
    let cut = |least, most, column| Column {
        cut: Cut::Between(least, most),
        ..column
    };
    vec![
        column("S", false, Shown::Differing, None, 4),
        column("#", true, Shown::Always, None, 4),
        column("Time", true, Shown::Always, None, time),
        column("Gap", true, Shown::Telling, None, 8),
        column("", false, Shown::Telling, Some(2), 8),
        column("Chunks", true, Shown::Telling, Some(0), 9),
        column("Frames", true, Shown::Always, None, 9),
        cut(8, 24, column("Type", false, Shown::Always, None, 12)),
        cut(4, 24, column("Id", false, Shown::Telling, Some(1), 8)),
        cut(
            28,
            usize::MAX,
            column("Data", false, Shown::Always, None, limits::ANNOTATION_TEXT),
        ),
    ]
}

/// Half a decade a step from 1 ms on, at most eight: absolute, so that live and saved agree.
fn bar(gap: Nanos) -> String {
    const STEPS: [Nanos; 8] = [
        1_000_000,
        3_162_278,
        10_000_000,
        31_622_777,
        100_000_000,
        316_227_766,
        1_000_000_000,
        3_162_277_660,
    ];
    "▪".repeat(STEPS.iter().filter(|step| gap >= **step).count())
}

/// A name from the wire on one line, at most so long as a cell needs.
fn short(name: &str) -> String {
    let beginning = name
        .char_indices()
        .nth(NAME)
        .map_or(name, |(end, _)| &name[..end]);
    let escaped = Escaped(beginning).to_string();
    match beginning.len() < name.len() {
        true => cut(&format!("{escaped}…"), NAME).into_owned(),
        false => escaped,
    }
}
