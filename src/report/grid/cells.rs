//! The cells of a row, one behind the other in one text: a row that waits is two pieces of memory.
//!
//! In: what each cell shows. Out: its text and its colour.

use super::super::text::{WriteTo, cut, width};
use crate::model::limits;
use anstyle::Style;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt::{Display, Write};

/// A row's cells. Each is one line of escaped text, of at most `limits::TABLE_CELL` columns.
#[derive(Clone, Debug)]
pub(in super::super) struct Cells {
    text: String,
    /// Where each ends in the text, and its colour.
    ends: SmallVec<[(usize, Style); 13]>,
}

impl Cells {
    /// None yet.
    pub(in super::super) fn new() -> Cells {
        /// Bytes of most rows.
        const USUAL: usize = 160;
        Cells {
            text: String::with_capacity(USUAL),
            ends: SmallVec::new(),
        }
    }

    /// Adds a cell with that text, without a colour.
    pub(in super::super) fn text(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.end(start, Style::new());
    }

    /// Adds a cell that shows a number.
    pub(in super::super) fn number(&mut self, style: Style, number: u64) {
        let start = self.text.len();
        self.text.push_str(itoa::Buffer::new().format(number));
        self.end(start, style);
    }

    /// Adds a cell that shows these words one behind the other, without a colour.
    pub(in super::super) fn words<W: WriteTo>(&mut self, words: impl IntoIterator<Item = W>) {
        let start = self.text.len();
        for (nth, words) in words.into_iter().enumerate() {
            if nth > 0 {
                self.text.push(' ');
            }
            // A string takes whatever is written.
            let _ = words.write_to(&mut self.text);
        }
        self.end(start, Style::new());
    }

    /// Adds a cell that shows that.
    pub(in super::super) fn styled(&mut self, style: Style, shown: impl Display) {
        let start = self.text.len();
        // As above.
        let _ = write!(self.text, "{shown}");
        self.end(start, style);
    }

    /// The cell that begins at `start` is complete.
    fn end(&mut self, start: usize, style: Style) {
        let text = &self.text[start..];
        // No character takes more columns than bytes.
        if text.len() > limits::TABLE_CELL
            && let Cow::Owned(shorter) = cut(text, limits::TABLE_CELL)
        {
            self.text.truncate(start);
            self.text.push_str(&shorter);
        }
        self.ends.push((self.text.len(), style));
    }

    /// A cell's text and its colour; of none that is not there.
    pub(super) fn get(&self, cell: usize) -> (&str, Style) {
        let Some(&(end, style)) = self.ends.get(cell) else {
            return ("", Style::new());
        };
        let start = match cell {
            0 => 0,
            _ => self.ends[cell - 1].0,
        };
        (&self.text[start..end], style)
    }

    /// The columns that a cell takes.
    pub(super) fn width(&self, cell: usize) -> usize {
        width(self.get(cell).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::line::ACCENT;
    use crate::report::text::Escaped;

    #[test]
    fn each_cell_comes_back_with_its_colour_and_what_is_too_long_is_cut() {
        let mut cells = Cells::new();
        cells.text("");
        cells.number(ACCENT, 7);
        cells.words(None::<Escaped<'_>>);
        cells.words([Escaped("é"), Escaped("…")]);
        cells.text(&"中".repeat(limits::TABLE_CELL));
        cells.styled(Style::new(), "behind");
        let texts = [0, 1, 2, 3, 5, 6].map(|cell| cells.get(cell).0);
        assert_eq!(texts, ["", "7", "", "é …", "behind", ""]);
        assert_eq!(cells.get(1).1, ACCENT);
        assert_eq!(cells.get(5).1, Style::new());
        let long = cells.get(4).0;
        assert!(long.ends_with("中…") && cells.width(4) < limits::TABLE_CELL);
    }
}
