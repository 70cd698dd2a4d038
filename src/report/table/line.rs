//! One line of a table while it is written: text with its style, columns counted, no space at its end.

use crate::report::text::width;
use anstyle::{AnsiColor, Style};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// No style.
pub(super) const PLAIN: Style = Style::new();
/// Headings, column heads, requests and responses.
pub(super) const BOLD: Style = Style::new().bold();
/// What tells nothing new.
pub(super) const DIM: Style = Style::new().dimmed();
/// The one accent.
pub(super) const ACCENT: Style = AnsiColor::Cyan.on_default();
/// Silence, holes.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
/// What broke.
pub(super) const ERROR: Style = AnsiColor::Red.on_default();

/// A line under construction; its string is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Line {
    colour: bool,
    out: String,
    /// Columns so far, with the spaces that are owed.
    columns: usize,
    /// Spaces that are written when something follows them, so that none end a line.
    owed: usize,
    /// A cell while it is formatted.
    cell: String,
}

impl Line {
    pub(super) fn new(colour: bool) -> Line {
        Line {
            colour,
            ..Line::default()
        }
    }

    /// The columns so far.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds spaces.
    pub(super) fn space(&mut self, columns: usize) {
        self.owed += columns;
        self.columns += columns;
    }

    /// Adds spaces up to `column`.
    pub(super) fn space_to(&mut self, column: usize) {
        self.space(column.saturating_sub(self.columns));
    }

    /// Adds `text`.
    pub(super) fn put(&mut self, style: Style, text: &str) {
        let shown = text.trim_end_matches(' ');
        if !shown.is_empty() {
            let spaces = std::mem::take(&mut self.owed);
            self.out.extend(std::iter::repeat_n(' ', spaces));
            self.columns += width(shown);
            if self.colour && style != PLAIN {
                // Writing to a String never fails.
                let _ = write!(self.out, "{style}{shown}{style:#}");
            } else {
                self.out.push_str(shown);
            }
        }
        self.space(text.len() - shown.len());
    }

    /// Adds a cell of `columns`, its text to the left.
    pub(super) fn left(&mut self, style: Style, columns: usize, text: impl fmt::Display) {
        let end = self.columns + columns;
        self.format(style, 0, text);
        self.space_to(end);
    }

    /// Adds a cell of `columns`, its text to the right.
    pub(super) fn right(&mut self, style: Style, columns: usize, text: impl fmt::Display) {
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

    /// Writes the line and begins the next.
    pub(super) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.out.push('\n');
        out.write_all(self.out.as_bytes())?;
        self.out.clear();
        (self.columns, self.owed) = (0, 0);
        Ok(())
    }
}
