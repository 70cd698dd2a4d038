//! What people and programs read: one file an output form.
//!
//! Records come in as they become final, text goes out to a writer. A report never looks at a frame's bytes, never keeps more than
//! its form needs (rows that must wait go to an unnamed temporary file), and knows of the terminal only what [`Options`] says.

mod csv;
mod escape;
mod events;
mod grid;
mod json;
mod jsonl;
mod markdown;
mod raw;
mod sessions;
pub mod table;
mod temporary;
pub mod text;
pub mod time;
mod value;

use crate::model::{Lines, Record, Severity, Timestamp};
use csv::Csv;
use events::Events;
use grid::Look;
use json::Json;
use jsonl::Jsonl;
use raw::Raw;
use sessions::Sessions;
use std::io::{self, Write};
use table::TimelineTable;
use table::live::LiveTable;

/// What to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The numbered frames with all that is said of them.
    #[default]
    Timeline,
    /// A line for each session.
    Sessions,
    /// The decoded events.
    Events,
}

impl View {
    /// Whether the machine-readable forms of this view write `record`.
    pub fn takes(self, record: &Record) -> bool {
        match (self, record) {
            (_, Record::SessionOpens(_)) => false,
            (_, Record::Lines(lines)) => !lines.is_empty(),
            (View::Timeline, _) | (_, Record::Summary(_)) => true,
            (View::Sessions, record) => {
                matches!(record, Record::Session(_) | Record::Finding(_))
            }
            (View::Events, record) => matches!(record, Record::Event(_)),
        }
    }
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON object a line.
    Jsonl,
    /// One JSON document for each capture.
    Json,
    /// Comma-separated values (RFC 4180, with LF).
    Csv,
    /// Tables in GitHub's Markdown.
    Markdown,
    /// The events' data alone; [`View::Events`] only.
    Raw,
}

/// What the Time column says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// Seconds since the capture's first frame.
    #[default]
    Relative,
    /// Seconds since the row before.
    Delta,
    /// Date and time in UTC.
    Utc,
    /// Date and time where this machine is.
    Local,
    /// Seconds since 1970-01-01T00:00:00Z.
    Epoch,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What to show.
    pub view: View,
    /// How it is written.
    pub format: Format,
    /// Columns of a table; 0: never wrapped, cut or narrowed.
    pub width: usize,
    /// Whether a table has colours.
    pub color: bool,
    /// The Time column.
    pub time: TimeFormat,
    /// Rows of one timeline above which routine rows are folded; 0: never.
    pub max_rows: usize,
    /// Whether a legend closes the timeline table.
    pub legend: bool,
    /// Whether the capture's times have nanoseconds: nine decimals in tables, not six.
    pub nanoseconds: bool,
    /// Whether rows must appear as they come: fixed widths, nothing waits for the end.
    pub live: bool,
    /// Whether a terminal reads the output: `raw` then shows controls as `\u{…}`.
    pub terminal: bool,
}

/// A report that is being written: one for any number of captures, each closed by its summary.
pub struct Report<W: Write> {
    form: Form<W>,
    worst: Option<Severity>,
}

enum Form<W: Write> {
    Jsonl(Box<Jsonl<W>>),
    Json(Box<Json<W>>),
    Csv(Csv<W>),
    Raw(Raw<W>),
    Timeline(Box<TimelineTable<W>>),
    Live(Box<LiveTable<W>>),
    Sessions(Box<Sessions<W>>),
    Events(Box<Events<W>>),
}

/// Runs the same call on whichever form it is.
macro_rules! each {
    ($form:expr, $name:ident => $call:expr) => {
        match $form {
            Form::Jsonl($name) => $call,
            Form::Json($name) => $call,
            Form::Csv($name) => $call,
            Form::Raw($name) => $call,
            Form::Timeline($name) => $call,
            Form::Live($name) => $call,
            Form::Sessions($name) => $call,
            Form::Events($name) => $call,
        }
    };
}

impl<W: Write> Report<W> {
    /// A report into `writer`, which should be buffered: a report writes row by row.
    pub fn new(options: Options, writer: W) -> Report<W> {
        let view = options.view;
        let look = match options.format {
            Format::Markdown => Look::Markdown,
            _ => Look::Terminal {
                width: options.width,
                color: options.color,
            },
        };
        let form = match (options.format, view) {
            (Format::Jsonl, _) => Form::Jsonl(Box::new(Jsonl::new(view, writer))),
            (Format::Json, _) => Form::Json(Box::new(Json::new(view, writer))),
            (Format::Csv, _) => Form::Csv(Csv::new(view, writer)),
            (Format::Raw, _) => Form::Raw(Raw::new(options.terminal, writer)),
            (Format::Table | Format::Markdown, View::Timeline) if options.live => {
                Form::Live(Box::new(LiveTable::new(options, writer)))
            }
            (Format::Table | Format::Markdown, View::Timeline) => {
                Form::Timeline(Box::new(TimelineTable::new(options, writer)))
            }
            (Format::Table | Format::Markdown, View::Sessions) => {
                Form::Sessions(Box::new(Sessions::new(options, look, writer)))
            }
            (Format::Table | Format::Markdown, View::Events) => {
                Form::Events(Box::new(Events::new(options, look, writer)))
            }
        };
        Report { form, worst: None }
    }

    /// What writes this report's rows and events in other threads, for a capture whose first frame is of time `first`: what it has
    /// written is to come as [`Record::Lines`]. `None` where the form needs the records.
    pub fn lines(&self, first: Timestamp) -> Option<Box<dyn Lines>> {
        match &self.form {
            Form::Jsonl(form) => Some(Box::new(form.lines(first))),
            Form::Csv(form) => Some(Box::new(form.lines(first))),
            Form::Json(_)
            | Form::Raw(_)
            | Form::Timeline(_)
            | Form::Live(_)
            | Form::Sessions(_)
            | Form::Events(_) => None,
        }
    }

    /// Tells the time of the capture's first frame; call it before the first record of each capture.
    pub fn set_first_time(&mut self, first: Timestamp) {
        each!(&mut self.form, form => form.set_first_time(first));
    }

    /// Tells whether the next capture's times have nanoseconds ([`Options::nanoseconds`]); call it before its first time.
    pub fn set_nanoseconds(&mut self, nanoseconds: bool) {
        match &mut self.form {
            Form::Timeline(form) => form.set_nanoseconds(nanoseconds),
            Form::Events(form) => form.set_nanoseconds(nanoseconds),
            Form::Live(form) => form.set_nanoseconds(nanoseconds),
            // The machine-readable forms always have them, the table of sessions has no times.
            Form::Jsonl(_) | Form::Json(_) | Form::Csv(_) | Form::Raw(_) | Form::Sessions(_) => {}
        }
    }

    /// The worst of the findings so far, whether or not the view shows them.
    pub fn worst(&self) -> Option<Severity> {
        self.worst
    }

    /// Takes the next record, in the order in which records become final. All of them: each form picks what its view shows.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        if let Record::Finding(finding) = record {
            self.worst = self.worst.max(Some(finding.severity));
        }
        each!(&mut self.form, form => form.record(record))
    }

    /// Passes on what is buffered, so that a reader sees all rows that are final.
    pub fn flush(&mut self) -> io::Result<()> {
        each!(&mut self.form, form => form.flush())
    }

    /// Writes what had to wait for the end, flushes, and gives the writer back.
    pub fn finish(self) -> io::Result<W> {
        each!(self.form, form => form.finish())
    }
}
