//! The sessions for people: a line for each, then the findings and the summary, as a table or in Markdown.
//!
//! Session records come in at their ends; they are shown in order of number, but where there are so many that not all can wait, or live, in the order of their ends.

use super::Options;
use super::grid::{Cells, Column, Cut, Grid, Look, Shown};
use super::markdown::{self, outline};
use super::table::line::{ACCENT, ERROR, Line, PLAIN, WARNING, style};
use super::table::summary::write_summary;
use super::temporary::Temporary;
use super::text::{Count, Escaped, Lasting, Thousands, cut};
use crate::model::{
    Direction, EndKind, Finding, Framing, Record, Resumed, SessionRecord, Severity, Summary,
    Timestamp, limits,
};
use anstyle::Style;
use std::io::{self, BufWriter, Seek, Write};

/// Characters of a Last-Event-ID that a cell quotes.
const ID: usize = 24;

/// The form.
#[derive(Debug)]
pub(super) struct Sessions<W> {
    out: W,
    look: Look,
    grid: Grid,
    /// The findings, as lines.
    findings: Option<BufWriter<Temporary>>,
    /// Whether a capture was written before this one.
    later: bool,
}

impl<W: Write> Sessions<W> {
    /// Sessions into `out`.
    pub(super) fn new(options: Options, look: Look, out: W) -> Sessions<W> {
        Sessions {
            out,
            look,
            grid: Grid::new(columns(options.live), look, options.live),
            findings: None,
            later: false,
        }
    }

    /// No column shows a moment.
    pub(super) fn set_first_time(&mut self, _first: Timestamp) {}

    /// Takes the next record.
    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Session(session) => self.session(session),
            Record::Finding(finding) => self.finding(finding),
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
        self.end()?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn session(&mut self, session: &SessionRecord) -> io::Result<()> {
        let number = session.opening.session;
        let cells = cells(session);
        self.begin_next()?;
        self.grid.row(u64::from(number), cells, &mut self.out)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let file = self
            .findings
            .get_or_insert_with(|| BufWriter::new(Temporary::new(limits::SPOOL_MEMORY)));
        write_finding(finding, self.look, file)
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.begin_next()?;
        if self.end()? {
            writeln!(self.out)?;
        }
        close(self.look, summary, &mut self.out)?;
        self.later = true;
        Ok(())
    }

    /// Sets a capture off from the one before.
    fn begin_next(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.later) {
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// Writes the rows and findings that wait; whether there was any.
    fn end(&mut self) -> io::Result<bool> {
        let rows = self.grid.end(&mut self.out)?;
        let Some(findings) = self.findings.take() else {
            return Ok(rows);
        };
        if rows {
            writeln!(self.out)?;
        }
        let mut file = findings.into_inner().map_err(|error| error.into_error())?;
        file.rewind()?;
        io::copy(&mut file, &mut self.out)?;
        Ok(true)
    }
}

/// Writes the summary's lines.
pub(super) fn close(look: Look, summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    match look {
        Look::Terminal { width, color } => {
            write_summary(summary, width, &mut Line::new(color), out)
        }
        Look::Markdown => {
            let mut lines = Vec::new();
            write_summary(summary, 0, &mut Line::new(false), &mut lines)?;
            outline(&lines, "", out)
        }
    }
}

/// The columns. Where they cannot be measured beforehand, Continues goes too: of most streams it is empty.
fn columns(live: bool) -> Vec<Column> {
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
        column("#", true, Shown::Always, None, 4),
        column("Conn", true, Shown::Telling, Some(0), 5),
        column("Client", false, Shown::Telling, Some(2), 21),
        cut(
            24,
            usize::MAX,
            column("Request", false, Shown::Always, None, 40),
        ),
        column("Status", true, Shown::Telling, Some(3), 6),
        column("Events", true, Shown::Always, None, 7),
        column("Head", true, Shown::Telling, Some(4), 8),
        column("First", true, Shown::Telling, Some(1), 8),
        column("Gap p50", true, Shown::Telling, Some(5), 8),
        column("Gap max", true, Shown::Telling, None, 8),
        column("Lasted", true, Shown::Telling, None, 8),
        cut(
            44,
            64,
            column("Continues", false, Shown::Telling, live.then_some(6), 20),
        ),
        column("Ended by", false, Shown::Always, None, 25),
    ]
}

fn cells(session: &SessionRecord) -> Cells {
    let opening = &session.opening;
    let exchange = &opening.exchange;
    let response = exchange.response.as_deref();
    let framing = response
        .and_then(|head| head.framing)
        .or(session.chunks.map(|_| Framing::Chunked));
    let (style, end) = ended_by(session, framing);
    let mut cells = Cells::new();
    cells.number(ACCENT, opening.session.into());
    cells.number(PLAIN, opening.connection.into());
    cells.words([opening.client]);
    match &exchange.request {
        Some(head) => cells.words([Escaped(&head.method), Escaped(&head.target)]),
        None => cells.text("(not captured)"),
    }
    match response {
        Some(head) => cells.number(PLAIN, head.status.into()),
        None => cells.text(""),
    }
    cells.words([Thousands(session.events)]);
    let gaps = session.gaps;
    for lasted in [
        session.time_to_head,
        session.time_to_first_event,
        gaps.map(|gaps| gaps.p50),
        gaps.map(|gaps| gaps.max),
        session.duration,
    ] {
        cells.words(lasted.map(Lasting));
    }
    cells.text(&continues(session));
    cells.styled(style, end);
    cells
}

/// `0 at "1:1", +209 ms`: the earlier session, the ID from which the client asked to go on, and the time from that session's end until it came back;
/// then how often it tried, and what the IDs say.
fn continues(session: &SessionRecord) -> String {
    let Some(earlier) = session.opening.reconnects else {
        return String::new();
    };
    let mut words = earlier.session.to_string();
    let request = session.opening.exchange.request.as_deref();
    if let Some(id) = request.and_then(|request| request.goes_on_from()) {
        words += &format!(" at \"{}\"", cut(&Escaped(id).to_string(), ID));
    }
    words += &format!(", +{}", Lasting(earlier.delay));
    if earlier.attempts > 1 {
        words += &format!(", {}", Count(earlier.attempts, "attempt"));
    }
    words + &resumed(session.resumed, ", ")
}

/// `, 4 IDs missed`: what the IDs of a stream say that continues another, each behind `before`; nothing where it goes on as it should.
pub(super) fn resumed(resumed: Resumed, before: &str) -> String {
    [(resumed.missed, "missed"), (resumed.repeated, "repeated")]
        .into_iter()
        .filter_map(|(ids, what)| Some((ids.filter(|ids| *ids > 0)?, what)))
        .map(|(ids, what)| format!("{before}{} {what}", Count(ids, "ID")))
        .collect()
}

/// What ended a session.
fn ended_by(session: &SessionRecord, framing: Option<Framing>) -> (Style, &'static str) {
    let end = session.end;
    match (end.kind, framing) {
        (EndKind::Fin, _) if end.by == Some(Direction::ToServer) => (ERROR, "client's FIN"),
        (EndKind::Rst, _) if end.by == Some(Direction::ToServer) => (ERROR, "client's RST"),
        (EndKind::Fin, Some(Framing::Chunked | Framing::ContentLength)) if session.lost => {
            (WARNING, "FIN, its end not captured")
        }
        (EndKind::TerminatingChunk | EndKind::ContentLength, _) if session.lost => {
            (WARNING, "its end not captured")
        }
        (EndKind::TerminatingChunk, _) => (PLAIN, "terminating chunk"),
        (EndKind::ContentLength, _) => (PLAIN, "Content-Length"),
        (EndKind::Fin, Some(Framing::Chunked)) => (ERROR, "FIN, no terminating chunk"),
        (EndKind::Fin, Some(Framing::ContentLength)) => (ERROR, "FIN before Content-Length"),
        (EndKind::Fin, _) => (PLAIN, "FIN"),
        (EndKind::Rst, _) => (ERROR, "RST"),
        (EndKind::EndStream, _) => (PLAIN, "END_STREAM"),
        (EndKind::StreamReset, _) => (ERROR, "RST_STREAM"),
        (EndKind::Timeout, _) => (ERROR, "given up"),
        (EndKind::Open, _) => (PLAIN, "(still open)"),
    }
}

/// Writes `session 2: the client came back …`; above a note with severity and code in front of the text.
fn write_finding(finding: &Finding, look: Look, out: &mut impl Write) -> io::Result<()> {
    let mut place = match (finding.session, finding.connection) {
        (Some(session), _) => format!("session {session}"),
        (None, Some(connection)) => format!("connection {connection}"),
        (None, None) => "capture".to_owned(),
    };
    let style = style(finding.severity);
    if finding.severity > Severity::Note {
        place += &format!(", {} {}", finding.severity.name(), finding.code);
    }
    let text = Escaped(&finding.text).to_string();
    match look {
        Look::Markdown => writeln!(out, "- {place}: {}", markdown::text(&text)),
        Look::Terminal { width, color } => {
            let mut line = Line::new(color);
            line.put(style, &format!("{place}:"));
            for word in text.split(' ') {
                if width > 0 && line.columns() + 1 + super::text::width(word) > width {
                    line.end(out)?;
                    line.space(2);
                } else {
                    line.space(1);
                }
                line.put(PLAIN, word);
            }
            line.end(out)
        }
    }
}
