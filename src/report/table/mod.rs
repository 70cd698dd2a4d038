//! The timeline for people: one table for each connection, in connection order, headed by its sessions.
//!
//! Records come in as they become final, those of many connections interleaved; text goes out. Rows wait in a spool until
//! their connection is over and no earlier one can show rows any more; in memory stays what heads the tables of those that are not over, and an index.

mod connection;
mod fold;
mod heading;
mod layout;
pub(super) mod line;
pub(super) mod live;
mod markdown;
mod spool;
pub(super) mod summary;
mod waiting;
mod wrap;

use super::markdown::outline;
use super::text::Lasting;
use super::time::Clock;
use super::{Format, Options};
use crate::model::{
    ConnectionRecord, Finding, FrameRecord, Nanos, Phase, Record, SessionRecord, Summary, Timestamp,
};
use anstyle::Style;
use fold::{Fold, Planned};
use heading::SessionHeading;
use layout::{Columns, Layout};
use line::Line;
use markdown::Markdown;
use spool::{Cursor, Rows};
use std::io::{self, Write};
use waiting::{Table, Waiting};

/// Rows that a table's columns are measured by.
const MEASURED: u64 = 4_096;

/// A pause of so long between two rows is a row of its own.
const PAUSE: Nanos = 500_000_000;

/// The timeline tables of any number of captures.
pub struct TimelineTable<W: Write> {
    options: Options,
    clock: Clock,
    out: W,
    line: Line,
    waiting: Waiting,
    /// Connections below this one show no rows any more but those that came.
    settled: u32,
    /// Findings about no connection, or about one whose table is printed.
    findings: Vec<Finding>,
    /// Whether a table was printed: what follows it is set off by an empty line.
    printed: bool,
    legend_due: bool,
}

impl<W: Write> TimelineTable<W> {
    /// Tables into `out`, which should be buffered. As Markdown they are neither narrowed nor coloured, and have no legend.
    pub fn new(mut options: Options, out: W) -> TimelineTable<W> {
        if options.format == Format::Markdown {
            (options.width, options.color, options.legend) = (0, false, false);
        }
        TimelineTable {
            options,
            clock: Clock::new(options.time, options.nanoseconds),
            out,
            line: Line::new(options.color),
            waiting: Waiting::new(),
            settled: 0,
            findings: Vec::new(),
            printed: false,
            legend_due: options.legend,
        }
    }

    /// Tells whether the next capture's times have nanoseconds; call it before its first time.
    pub fn set_nanoseconds(&mut self, nanoseconds: bool) {
        self.options.nanoseconds = nanoseconds;
        self.clock = Clock::new(self.options.time, nanoseconds);
    }

    /// Tells the time of the capture's first frame; call it before the first record of each capture. Without it the first
    /// row's time stands in.
    pub fn set_first_time(&mut self, first: Timestamp) {
        self.clock.set_first(first);
    }

    /// Tells that connections below `below` are over or show nothing any more, so that tables may be printed before the
    /// end of the capture. Never needed; without it all tables wait for the summary.
    pub fn settled(&mut self, below: u32) -> io::Result<()> {
        self.settled = self.settled.max(below);
        self.print_settled()
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::SessionOpens(opening) => {
                let heading = SessionHeading::opens(opening);
                let table = self.waiting.table(opening.connection)?;
                table.sessions.push(heading);
                Ok(())
            }
            Record::Frame(row) => self.row(row),
            Record::Event(_) | Record::Lines(_) => Ok(()),
            Record::Session(session) => self.session(session),
            Record::Finding(finding) => self.finding(finding),
            Record::Connection(connection) => self.over(connection),
            Record::Summary(summary) => self.summary(summary),
        }
    }

    /// Passes on what is written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Prints the tables that still wait, and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.print_all()?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn row(&mut self, row: &FrameRecord) -> io::Result<()> {
        self.clock.start_at(row.tcp.at.time);
        self.waiting.push(row)
    }

    fn session(&mut self, record: &SessionRecord) -> io::Result<()> {
        let opening = &record.opening;
        let table = self.waiting.table(opening.connection)?;
        let heading = table
            .sessions
            .iter_mut()
            .find(|heading| heading.session == opening.session);
        match heading {
            Some(heading) => heading.ends(record),
            None => {
                let mut heading = SessionHeading::opens(opening);
                heading.ends(record);
                table.sessions.push(heading);
            }
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let table = match finding.connection {
            Some(connection) => self.waiting.get(connection)?,
            None => None,
        };
        match table {
            Some(table) => {
                let width = self.options.width;
                heading::write_finding(finding, width, &mut self.line, &mut table.findings)?;
            }
            None => self.findings.push(finding.clone()),
        }
        Ok(())
    }

    fn over(&mut self, record: &ConnectionRecord) -> io::Result<()> {
        let (number, width) = (record.connection, self.options.width);
        if let Some(table) = self.waiting.get(number)? {
            table.write_heading(number, Some(record), width, &mut self.line)?;
        }
        self.print_settled()?;
        self.waiting.put_away(number)
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.print_all()?;
        if self.printed {
            self.line.end(&mut self.out)?;
        }
        let mut lines = Vec::new();
        self.closing(summary, &mut lines)?;
        self.outline(&lines, "")?;
        // The next capture begins anew, with all its numbers.
        self.clock = Clock::new(self.options.time, self.options.nanoseconds);
        self.waiting = Waiting::new();
        self.settled = 0;
        self.printed = true;
        Ok(())
    }

    /// What stands behind the tables: findings about none of them, the legend, the summary.
    fn closing(&mut self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let (line, width) = (&mut self.line, self.options.width);
        for finding in std::mem::take(&mut self.findings) {
            heading::write_finding(&finding, width, line, out)?;
        }
        if self.printed && std::mem::take(&mut self.legend_due) {
            summary::write_legend(width, line, out)?;
        }
        summary::write_summary(summary, width, line, out)
    }

    /// Prints lines that are not a table's; in Markdown the indented ones are a list, and `before` stands before the others.
    fn outline(&mut self, lines: &[u8], before: &str) -> io::Result<()> {
        match self.options.format {
            Format::Markdown => outline(lines, before, &mut self.out),
            _ => self.out.write_all(lines),
        }
    }

    /// Prints the tables that are over and have no unsettled connection before them.
    fn print_settled(&mut self) -> io::Result<()> {
        while let Some((connection, table)) = self.waiting.first(Some(self.settled))? {
            self.print(connection, table)?;
        }
        Ok(())
    }

    fn print_all(&mut self) -> io::Result<()> {
        while let Some((connection, table)) = self.waiting.first(None)? {
            self.print(connection, table)?;
        }
        Ok(())
    }

    fn print(&mut self, connection: u32, mut table: Table) -> io::Result<()> {
        if std::mem::replace(&mut self.printed, true) {
            self.line.end(&mut self.out)?;
        }
        table.write_heading(connection, None, self.options.width, &mut self.line)?;
        self.outline(&table.heading, "## ")?;
        if table.rows.count() > 0 {
            self.line.end(&mut self.out)?;
            self.rows(&table.rows)?;
        }
        self.waiting.spool.forget(&table.rows);
        Ok(())
    }

    /// Prints rows block by block: first the block's folds are planned, then its lines are written.
    fn rows(&mut self, rows: &Rows) -> io::Result<()> {
        let fold = self.options.max_rows > 0 && rows.count() > self.options.max_rows as u64;
        let columns = self.measure(rows)?;
        let (clock, out) = (&self.clock, &mut self.out);
        let (mut layout, mut markdown);
        let lines: &mut dyn Lines = if self.options.format == Format::Markdown {
            markdown = Markdown {
                clock,
                out,
                tag: None,
            };
            &mut markdown
        } else {
            layout = Layout {
                columns,
                line: &mut self.line,
                clock,
                out,
                tag: None,
            };
            &mut layout
        };
        lines.heads()?;
        let (mut planning, mut printing) = (Cursor::default(), Cursor::default());
        let mut before: Option<Before> = None;
        let mut planned_before: Option<Before> = None;
        let mut planned: Vec<Planned> = Vec::new();
        let mut hidden = Fold::default();
        loop {
            planned.clear();
            while fold
                && planned.len() < fold::BLOCK
                && let Some(row) = self.waiting.spool.next(rows, &mut planning)?
            {
                let pause = planned_before.is_some_and(|before| before.pause(&row).is_some());
                planned_before = Some(Before::of(&row));
                planned.push(Planned::of(&row, pause));
            }
            let shown = fold::plan(&planned);
            let block = if fold { shown.len() } else { usize::MAX };
            if block == 0 {
                break;
            }
            for at in 0..block {
                let Some(row) = self.waiting.spool.next(rows, &mut printing)? else {
                    break;
                };
                let pause = before.and_then(|before| before.pause(&row));
                let shown = shown.get(at).is_none_or(|shown| *shown);
                if (shown || pause.is_some()) && !hidden.is_empty() {
                    let hidden = std::mem::take(&mut hidden);
                    lines.fold(hidden.span(), &hidden.words())?;
                }
                if let Some((length, phase)) = pause {
                    lines.pause(&format!("+{}", Lasting(length)), phase)?;
                }
                if shown {
                    lines.row(&row, before.map(|before| before.time))?;
                } else {
                    hidden.add(&row);
                }
                before = Some(Before::of(&row));
            }
            if !hidden.is_empty() {
                let hidden = std::mem::take(&mut hidden);
                lines.fold(hidden.span(), &hidden.words())?;
            }
            if !fold {
                break;
            }
        }
        Ok(())
    }

    /// The columns' widths, from the first rows.
    fn measure(&mut self, rows: &Rows) -> io::Result<Columns> {
        let mut columns = Columns::new(self.options.width);
        let mut cursor = Cursor::default();
        let mut before: Option<Before> = None;
        let mut cell = String::new();
        for _ in 0..MEASURED {
            let Some(row) = self.waiting.spool.next(rows, &mut cursor)? else {
                break;
            };
            cell.clear();
            let time = row.tcp.at.time;
            self.clock
                .write(&mut cell, time, before.map(|before| before.time));
            columns.make_room(&row, cell.len());
            if let Some((pause, _)) = before.and_then(|before| before.pause(&row)) {
                columns.make_room_for_time(Lasting(pause).to_string().len() + 1);
            }
            before = Some(Before::of(&row));
        }
        columns.narrow();
        Ok(columns)
    }
}

/// Where the rows of one table go.
trait Lines {
    /// The heads and the rule.
    fn heads(&mut self) -> io::Result<()>;

    /// A frame's row; `before` is the time of the row before.
    fn row(&mut self, row: &FrameRecord, before: Option<Timestamp>) -> io::Result<()>;

    /// A pause.
    fn pause(&mut self, time: &str, phase: Phase) -> io::Result<()>;

    /// Folded rows: the time they span, and what they were.
    fn fold(&mut self, span: Lasting, words: &str) -> io::Result<()>;

    /// Words instead of a row.
    fn words(&mut self, style: Style, words: &str) -> io::Result<()>;
}

/// What the next row needs to know of the one before.
#[derive(Clone, Copy, Debug)]
struct Before {
    time: Timestamp,
    phase: Phase,
}

impl Before {
    fn of(row: &FrameRecord) -> Before {
        Before {
            time: row.tcp.at.time,
            phase: row.phase,
        }
    }

    /// The pause between this row and `row`, if it is worth one of its own.
    fn pause(self, row: &FrameRecord) -> Option<(Nanos, Phase)> {
        let pause = row.tcp.at.time.since(self.time);
        (pause >= PAUSE).then_some((pause, self.phase))
    }
}
