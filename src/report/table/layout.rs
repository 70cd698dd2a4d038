//! The columns of one timeline table, and its rows, pauses and folds as lines.
//!
//! A row comes in with the widths of its columns; lines go out. comfy-table is not used here: a row's continuation lines
//! carry the rail, pauses and folds span the columns, and only a part of the last cell may be cut, none of which its cells
//! can do, while laying out a hundred thousand rows needs them all in memory at once.

use super::Lines;
use super::line::{ACCENT, BOLD, DIM, ERROR, Line, PLAIN, WARNING};
use super::wrap::{Piece, without_parenthesis, wrap};
use crate::model::{Annotation, Direction, FrameRecord, Label, Phase, Rail, Role, Timestamp};
use crate::report::text::{Lasting, width};
use crate::report::time::Clock;
use anstyle::Style;
use std::io::{self, Write};

/// The annotation's columns below which other columns go.
const ANNOTATION: usize = 40;

/// The annotation's columns on terminals too narrow for anything: lines overflow then.
const ANNOTATION_AT_LEAST: usize = 16;

/// Table widths below which the parenthesis of a plain event goes.
const PARENTHESIS: usize = 100;

/// The widths of the columns; 0 for one that is not shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    /// S, where the sessions of a live run are told apart; it stands against the left, one space in.
    session: usize,
    number: usize,
    time: usize,
    flags: usize,
    sequence: usize,
    acknowledgment: usize,
    length: usize,
    /// Of the whole table; 0 for without bound.
    table: usize,
}

impl Columns {
    /// As narrow as the heads allow.
    pub(super) fn new(table: usize) -> Columns {
        Columns {
            session: 0,
            number: " No.".len(),
            time: "Time".len(),
            flags: "Flags".len(),
            sequence: "Seq".len(),
            acknowledgment: "Ack".len(),
            length: "Len".len(),
            table,
        }
    }

    /// As wide as the rows of a live run may become; a Time cell takes `time` columns.
    pub(super) fn live(table: usize, time: usize) -> Columns {
        Columns {
            session: " S99".len(),
            number: "999999".len(),
            time,
            flags: "FIN PSH ACK".len(),
            sequence: "999999999".len(),
            acknowledgment: "999999999".len(),
            length: "65535".len(),
            table,
        }
    }

    /// The column in which what stands behind S begins.
    pub(super) fn behind_session(&self) -> usize {
        self.session + 2
    }

    /// Makes room for a row, whose Time cell takes `time` columns.
    pub(super) fn make_room(&mut self, row: &FrameRecord, time: usize) {
        let tcp = &row.tcp;
        let widen = |column: &mut usize, to: usize| *column = (*column).max(to);
        widen(&mut self.number, 1 + digits(tcp.at.frame.0));
        widen(&mut self.time, time);
        widen(&mut self.flags, flags_width(row));
        widen(&mut self.sequence, digits(tcp.sequence.into()));
        widen(
            &mut self.acknowledgment,
            tcp.acknowledgment.map_or(0, |ack| digits(ack.into())),
        );
        widen(&mut self.length, digits(tcp.length.into()));
    }

    /// Makes room for the Time cell of a pause or a fold.
    pub(super) fn make_room_for_time(&mut self, time: usize) {
        self.time = self.time.max(time);
    }

    /// Drops columns until the annotation has room.
    pub(super) fn narrow(&mut self) {
        if self.table == 0 {
            return;
        }
        if self.rail() + 2 + ANNOTATION > self.table {
            (self.sequence, self.acknowledgment) = (0, 0);
        }
        if self.rail() + 2 + ANNOTATION > self.table {
            self.flags = 0;
        }
    }

    /// The column of the rail; the annotation begins two further on.
    fn rail(&self) -> usize {
        let columns = [
            self.session,
            self.number,
            self.time,
            "Dir".len(),
            self.flags,
            self.sequence,
            self.acknowledgment,
            self.length,
        ];
        columns
            .into_iter()
            .filter(|column| *column > 0)
            .map(|column| column + 2)
            .sum()
    }

    /// The columns of the annotation, on a line that has come to `column`.
    fn room(&self, column: usize) -> usize {
        match self.table {
            0 => usize::MAX,
            table => table.saturating_sub(column).max(ANNOTATION_AT_LEAST),
        }
    }
}

/// Writes the lines of one table.
pub(super) struct Layout<'a, W> {
    pub(super) columns: Columns,
    pub(super) line: &'a mut Line,
    pub(super) clock: &'a Clock,
    pub(super) out: &'a mut W,
    /// What stands in the column S, where there is one.
    pub(super) tag: Option<(Style, String)>,
}

impl<W: Write> Lines for Layout<'_, W> {
    fn heads(&mut self) -> io::Result<()> {
        let columns = self.columns;
        self.tag();
        self.line.right(BOLD, columns.number, "No.");
        self.line.space(2);
        self.line.right(BOLD, columns.time, "Time");
        self.line.space(2);
        self.line.put(BOLD, "Dir");
        self.line.space(2);
        if columns.flags > 0 {
            self.line.left(BOLD, columns.flags, "Flags");
            self.line.space(2);
        }
        if columns.sequence > 0 {
            self.line.right(BOLD, columns.sequence, "Seq");
            self.line.space(2);
            self.line.right(BOLD, columns.acknowledgment, "Ack");
            self.line.space(2);
        }
        self.line.right(BOLD, columns.length, "Len");
        self.line.space(4);
        self.line.put(BOLD, "Annotation");
        let rule = match columns.table {
            0 => self.line.columns(),
            table => table,
        };
        self.line.end(self.out)?;
        self.line.put(DIM, &"─".repeat(rule));
        self.line.end(self.out)
    }

    fn row(&mut self, row: &FrameRecord, before: Option<Timestamp>) -> io::Result<()> {
        let (columns, tcp) = (self.columns, &row.tcp);
        // A row that tells nothing new is dim as a whole.
        let cells = match row.annotation.marks.as_slice() {
            [(_, Role::Dim)] => DIM,
            _ => PLAIN,
        };
        self.tag();
        self.line.right(cells, columns.number, tcp.at.frame);
        self.line.space(2);
        let mut time = String::new();
        self.clock.write(&mut time, tcp.at.time, before);
        self.line.right(cells, columns.time, time);
        self.line.space(3);
        let arrow = match tcp.direction {
            Direction::ToServer => "→",
            Direction::ToClient => "←",
        };
        self.line.put(cells, arrow);
        self.line.space(3);
        if columns.flags > 0 {
            self.line.left(cells, columns.flags, FlagNames(row));
            self.line.space(2);
        }
        if columns.sequence > 0 {
            self.line.right(cells, columns.sequence, tcp.sequence);
            self.line.space(2);
            match tcp.acknowledgment {
                Some(ack) => self.line.right(cells, columns.acknowledgment, ack),
                None => self.line.space(columns.acknowledgment),
            }
            self.line.space(2);
        }
        self.line.right(cells, columns.length, tcp.length);
        self.line.space(2);
        self.rail(row.rail);
        let below = if row.rail.continues() {
            ("│", ACCENT)
        } else {
            (" ", PLAIN)
        };
        let bold_wire = row.labels.has(Label::Request);
        let shorter;
        let annotation = if row.annotation.short && (1..PARENTHESIS).contains(&columns.table) {
            shorter = without_parenthesis(&row.annotation);
            &shorter
        } else {
            &row.annotation
        };
        self.annotation(annotation, below, bold_wire)
    }

    fn pause(&mut self, time: &str, phase: Phase) -> io::Result<()> {
        let style = match phase {
            Phase::Silence | Phase::NoAnswerYet => WARNING,
            Phase::Idle | Phase::HalfClosed => DIM,
        };
        self.tag();
        self.line.space(self.columns.number + 2);
        self.line.right(style, self.columns.time, time);
        self.line.space_to(self.columns.rail());
        self.line.put(style, "┆");
        self.line.space(1);
        self.line.put(style, phase.word());
        self.line.end(self.out)
    }

    fn fold(&mut self, span: Lasting, words: &str) -> io::Result<()> {
        self.line.right(DIM, self.columns.number, "⋮");
        self.line.space(2);
        self.line.right(DIM, self.columns.time, span);
        self.line.space_to(self.columns.rail());
        self.line.put(DIM, "⋮");
        let mut annotation = Annotation::default();
        annotation.push(Role::Dim, words);
        self.annotation(&annotation, ("⋮", DIM), false)
    }

    fn words(&mut self, style: Style, words: &str) -> io::Result<()> {
        self.tag();
        let begins = self.line.columns();
        let mut clauses = words.split(" · ").peekable();
        while let Some(clause) = clauses.next() {
            if self.line.columns() > begins {
                self.line.put(style, " ·");
                // The dot behind the clause has to fit too.
                let dot = if clauses.peek().is_some() { 2 } else { 0 };
                let end = self.line.columns() + 1 + width(clause) + dot;
                if self.columns.table > 0 && end > self.columns.table {
                    self.line.end(self.out)?;
                    self.line.space(begins + 2);
                } else {
                    self.line.space(1);
                }
            }
            self.line.put(style, clause);
        }
        self.line.end(self.out)
    }
}

impl<W: Write> Layout<'_, W> {
    /// The column S and the space behind it.
    fn tag(&mut self) {
        if let Some((style, tag)) = &self.tag {
            let end = self.line.columns() + self.columns.behind_session();
            self.line.space(1);
            self.line.put(*style, tag);
            self.line.space(1);
            self.line.space_to(end);
        }
    }

    fn rail(&mut self, rail: Rail) {
        let mut sign = [0; 4];
        self.line.put(ACCENT, rail.sign().encode_utf8(&mut sign));
    }

    /// The rest of a row behind its rail, and its continuation lines, which carry `below` as rail.
    fn annotation(
        &mut self,
        annotation: &Annotation,
        below: (&str, Style),
        bold_wire: bool,
    ) -> io::Result<()> {
        self.line.space(1);
        let begin = self.columns.rail() + 2;
        let (first, room) = (
            self.columns.room(self.line.columns()),
            self.columns.room(begin),
        );
        if room == usize::MAX {
            let all = Piece::whole(0, annotation.text.len());
            self.stretches(annotation, all, bold_wire);
            return self.line.end(self.out);
        }
        for (number, piece) in wrap(annotation, first, room).into_iter().enumerate() {
            if number > 0 {
                self.line.space_to(begin - 2);
                self.line.put(below.1, below.0);
                self.line.space_to(begin);
            }
            self.stretches(annotation, piece, bold_wire);
            self.line.end(self.out)?;
        }
        Ok(())
    }

    fn stretches(&mut self, annotation: &Annotation, piece: Piece, bold_wire: bool) {
        let mut start = 0;
        let mut style = PLAIN;
        for &(end, role) in &annotation.marks {
            let end = end as usize;
            let (from, to) = (start.max(piece.start), end.min(piece.end));
            start = end;
            if from < to {
                style = match role {
                    Role::Wire if bold_wire => BOLD,
                    Role::Plain | Role::Wire => PLAIN,
                    Role::Strong => BOLD,
                    Role::Accent => ACCENT,
                    Role::Dim | Role::Parenthesis => DIM,
                    Role::Warning => WARNING,
                    Role::Error => ERROR,
                };
                self.line.put(style, &annotation.text[from..to]);
            }
        }
        if piece.cut {
            self.line.put(style, "…");
        }
    }
}

/// The names of a row's flags, and the columns they take.
struct FlagNames<'a>(&'a FrameRecord);

impl std::fmt::Display for FlagNames<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, name) in self.0.flags().names().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

fn flags_width(row: &FrameRecord) -> usize {
    let count = row.flags().names().count();
    (count * 4).saturating_sub(1)
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}
