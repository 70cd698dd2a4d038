//! The timeline of a live run: one stream of rows for all connections, told apart by the column S, and a line where a session opens
//! and where it ends.
//!
//! Records come in as they become final and go out at once; what was printed is never printed again. In memory stays, for each open
//! connection, its session and what the next pause needs.

use super::heading::{self, SessionHeading, closing_line};
use super::layout::{Columns, Layout};
use super::line::{BOLD, ERROR, Line, PLAIN};
use super::markdown::Markdown;
use super::{Before, Lines, summary};
use crate::model::{FrameRecord, Record, SessionRecord, Summary, Timestamp, limits};
use crate::report::markdown::outline;
use crate::report::text::Lasting;
use crate::report::time::Clock;
use crate::report::{Format, Options};
use anstyle::{AnsiColor, Style};
use std::collections::HashMap;
use std::io::{self, Write};

/// The sessions' colours in turn; red and yellow keep their meaning.
const COLOURS: [AnsiColor; 4] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Blue,
    AnsiColor::Magenta,
];

/// The timeline of any number of captures, each a stream.
pub(in crate::report) struct LiveTable<W: Write> {
    options: Options,
    clock: Clock,
    out: W,
    line: Line,
    columns: Columns,
    /// The latest session of each connection that is not over.
    sessions: HashMap<u32, u32, foldhash::fast::RandomState>,
    /// The last row of each connection that is not over.
    before: HashMap<u32, Before, foldhash::fast::RandomState>,
    /// The time of the row before, whatever its connection.
    last: Option<Timestamp>,
    /// Whether the heads are written.
    begun: bool,
    /// Whether a capture was written before this one.
    later: bool,
}

impl<W: Write> LiveTable<W> {
    /// Rows into `out`. In Markdown there are neither colours nor a legend, and no line is cut.
    pub(in crate::report) fn new(mut options: Options, out: W) -> LiveTable<W> {
        if options.format == Format::Markdown {
            (options.width, options.color, options.legend) = (0, false, false);
        }
        LiveTable {
            clock: Clock::new(options.time, options.nanoseconds),
            line: Line::new(options.color),
            columns: columns(options),
            options,
            out,
            sessions: HashMap::default(),
            before: HashMap::default(),
            last: None,
            begun: false,
            later: false,
        }
    }

    /// Tells whether the next capture's times have nanoseconds; call it before its first time.
    pub(in crate::report) fn set_nanoseconds(&mut self, nanoseconds: bool) {
        self.options.nanoseconds = nanoseconds;
        self.clock = Clock::new(self.options.time, nanoseconds);
        self.columns = columns(self.options);
    }

    /// The time of the capture's first frame.
    pub(in crate::report) fn set_first_time(&mut self, first: Timestamp) {
        self.clock.set_first(first);
    }

    /// Takes the next record.
    pub(in crate::report) fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::SessionOpens(opening) => {
                self.sessions.insert(opening.connection, opening.session);
                let heading = SessionHeading::opens(opening);
                let words = heading.opening_line(&opening.client.to_string(), self.room());
                self.between(opening.session, BOLD, &words)
            }
            Record::Frame(row) => self.row(row),
            Record::Event(_) | Record::Lines(_) => Ok(()),
            Record::Session(session) => self.session(session),
            Record::Finding(finding) => {
                // At once, as all here: a run of days keeps nothing for its end.
                self.begin()?;
                let mut lines = Vec::new();
                let width = self.options.width;
                heading::write_finding(finding, width, &mut self.line, &mut lines)?;
                self.outside(&lines)
            }
            Record::Connection(connection) => {
                self.sessions.remove(&connection.connection);
                self.before.remove(&connection.connection);
                Ok(())
            }
            Record::Summary(summary) => self.summary(summary),
        }
    }

    /// Passes on what is written; the heads at the latest now, so that one sees that it runs.
    pub(in crate::report) fn flush(&mut self) -> io::Result<()> {
        if !self.later {
            self.begin()?;
        }
        self.out.flush()
    }

    /// Gives the writer back.
    pub(in crate::report) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn row(&mut self, row: &FrameRecord) -> io::Result<()> {
        self.begin()?;
        self.clock.start_at(row.tcp.at.time);
        let session = row
            .session
            .or_else(|| self.sessions.get(&row.connection).copied());
        let tag = match session {
            Some(session) => (colour(session), format!("S{session}")),
            None => (PLAIN, format!("C{}", row.connection)),
        };
        let pause = self
            .before
            .get(&row.connection)
            .and_then(|before| before.pause(row));
        if self.before.len() >= limits::LIVE_CONNECTIONS {
            // A pause of each that goes on is not shown.
            self.before.clear();
        }
        self.before.insert(row.connection, Before::of(row));
        let last = self.last.replace(row.tcp.at.time);
        self.lines(Some(tag), |lines| {
            if let Some((length, phase)) = pause {
                lines.pause(&format!("+{}", Lasting(length)), phase)?;
            }
            lines.row(row, last)
        })
    }

    fn session(&mut self, record: &SessionRecord) -> io::Result<()> {
        let session = record.opening.session;
        let (broken, words) = closing_line(record);
        self.between(session, if broken { ERROR } else { PLAIN }, &words)
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.begin()?;
        self.line.end(&mut self.out)?;
        let (line, width) = (&mut self.line, self.options.width);
        let mut lines = Vec::new();
        if std::mem::take(&mut self.options.legend) {
            summary::write_legend(width, line, &mut lines)?;
        }
        summary::write_summary(summary, width, line, &mut lines)?;
        self.outside(&lines)?;
        // The next capture begins anew, with all its numbers.
        self.clock = Clock::new(self.options.time, self.options.nanoseconds);
        self.sessions.clear();
        self.before.clear();
        (self.last, self.begun, self.later) = (None, false, true);
        Ok(())
    }

    /// Writes lines that are no rows.
    fn outside(&mut self, lines: &[u8]) -> io::Result<()> {
        match self.options.format {
            Format::Markdown => outline(lines, "", &mut self.out),
            _ => self.out.write_all(lines),
        }
    }

    /// Writes the heads, once.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        if std::mem::take(&mut self.later) {
            self.line.end(&mut self.out)?;
        }
        self.lines(None, |lines| lines.heads())
    }

    /// A line between rows, about a session.
    fn between(&mut self, session: u32, style: Style, words: &str) -> io::Result<()> {
        self.begin()?;
        let tag = (colour(session), format!("S{session}"));
        self.lines(Some(tag), |lines| lines.words(style, words))
    }

    /// The columns behind S and its space.
    fn room(&self) -> usize {
        self.options
            .width
            .saturating_sub(self.columns.behind_session())
    }

    fn lines(
        &mut self,
        tag: Option<(Style, String)>,
        write: impl FnOnce(&mut dyn Lines) -> io::Result<()>,
    ) -> io::Result<()> {
        let (clock, out) = (&self.clock, &mut self.out);
        let tag = Some(tag.unwrap_or_else(|| (BOLD, "S".to_owned())));
        if self.options.format == Format::Markdown {
            write(&mut Markdown { clock, out, tag })
        } else {
            write(&mut Layout {
                columns: self.columns,
                line: &mut self.line,
                clock,
                out,
                tag,
            })
        }
    }
}

/// Widths for what no row was seen of yet: those of a stream that runs for a day.
fn columns(options: Options) -> Columns {
    let clock = Clock::new(options.time, options.nanoseconds);
    let mut moment = String::new();
    clock.write(&mut moment, Timestamp(0), None);
    let mut columns = Columns::live(options.width, moment.len().max(10));
    columns.narrow();
    columns
}

fn colour(session: u32) -> Style {
    let colour = COLOURS.get(session as usize % COLOURS.len());
    colour.map_or(PLAIN, |colour| colour.on_default())
}
