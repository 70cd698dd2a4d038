//! One line of a table while it is written: text with its style, columns counted, no space at its end.

use crate::model::Severity;
use crate::report::text::width;
use anstyle::{AnsiColor, Style};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// No style.
pub(in crate::report) const PLAIN: Style = Style::new();
/// Headings, column heads, requests and responses.
pub(in crate::report) const BOLD: Style = Style::new().bold();
/// What tells nothing new.
pub(in crate::report) const DIM: Style = Style::new().dimmed();
/// The one accent.
pub(in crate::report) const ACCENT: Style = AnsiColor::Cyan.on_default();
/// Silence, holes.
pub(in crate::report) const WARNING: Style = AnsiColor::Yellow.on_default();
/// What broke.
pub(in crate::report) const ERROR: Style = AnsiColor::Red.on_default();

/// The style of what is so bad.
pub(in crate::report) fn style(severity: Severity) -> Style {
    match severity {
        Severity::Note => PLAIN,
        Severity::Warning => WARNING,
        Severity::Error => ERROR,
    }
}

/// A line under construction; its string is used again for the next.
#[derive(Debug, Default)]
pub(in crate::report) struct Line {
    colour: bool,
    out: String,
    /// The style that is switched on. Spaces are written in whatever style is on: none of them shows on a space.
    style: Style,
    /// Columns so far, with the spaces that are owed.
    columns: usize,
    /// Spaces that are written when something follows them, so that none end a line.
    owed: usize,
    /// A cell while it is formatted.
    cell: String,
}

impl Line {
    pub(in crate::report) fn new(colour: bool) -> Line {
        Line {
            colour,
            ..Line::default()
        }
    }

    /// The columns so far.
    pub(in crate::report) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds spaces.
    pub(in crate::report) fn space(&mut self, columns: usize) {
        self.owed += columns;
        self.columns += columns;
    }

    /// Adds spaces up to `column`.
    pub(in crate::report) fn space_to(&mut self, column: usize) {
        self.space(column.saturating_sub(self.columns));
    }

    /// Adds `text`.
    pub(in crate::report) fn put(&mut self, style: Style, text: &str) {
        let shown = text.trim_end_matches(' ');
        if !shown.is_empty() {
            let owed = std::mem::take(&mut self.owed);
            self.out.extend(std::iter::repeat_n(' ', owed));
            self.columns += width(shown);
            self.switch_to(style);
            self.out.push_str(shown);
        }
        self.space(text.len() - shown.len());
    }

    /// Adds a cell of `columns`, its text to the left.
    pub(in crate::report) fn left(
        &mut self,
        style: Style,
        columns: usize,
        text: impl fmt::Display,
    ) {
        let end = self.columns + columns;
        self.format(style, 0, text);
        self.space_to(end);
    }

    /// Adds a cell of `columns`, its text to the right.
    pub(in crate::report) fn right(
        &mut self,
        style: Style,
        columns: usize,
        text: impl fmt::Display,
    ) {
        self.format(style, columns, text);
    }

    fn format(&mut self, style: Style, columns: usize, text: impl fmt::Display) {
        let mut cell = std::mem::take(&mut self.cell);
        cell.clear();
        let _ = write!(cell, "{text}");
        self.space(columns.saturating_sub(width(&cell)));
        self.put(style, &cell);
        self.cell = cell;
    }

    fn switch_to(&mut self, style: Style) {
        if self.colour && style != self.style {
            // Writing to a String never fails. A plain style is written, and reset, as nothing.
            let _ = write!(self.out, "{:#}{style}", self.style);
            self.style = style;
        }
    }

    /// Writes the line and begins the next.
    pub(in crate::report) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.switch_to(PLAIN);
        self.out.push('\n');
        out.write_all(self.out.as_bytes())?;
        self.out.clear();
        (self.columns, self.owed) = (0, 0);
        Ok(())
    }
}
