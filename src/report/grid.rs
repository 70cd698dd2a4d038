//! A table of few columns, for a terminal or as Markdown: which columns are shown, how wide they are, and its rows as lines.
//!
//! Rows of cells come in, lines go out. The first rows wait until the columns are measured; then each row is written as it comes, so that
//! memory stays bounded. Cells are one line of escaped text. It never decides what a cell says.

mod cells;

use super::markdown;
use super::table::line::{BOLD, DIM};
use super::text::{cut, width};
use crate::model::limits;
use anstyle::Style;
pub(super) use cells::Cells;
use std::borrow::Cow;
use std::io::{self, Write};

/// Columns of a cell that may be cut, when nothing else is left to give up.
const CUT_AT_LEAST: usize = 8;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its head.
    pub(super) head: &'static str,
    /// Whether its cells stand to the right.
    pub(super) right: bool,
    /// When it is shown.
    pub(super) shown: Shown,
    /// Where the table is too narrow the column with the lowest number goes first; those without one stay.
    pub(super) drop: Option<u8>,
    /// How its cells are cut where the table is too narrow.
    pub(super) cut: Cut,
    /// Its width where nothing can be measured beforehand.
    pub(super) live: usize,
}

/// When a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Always: the table cannot be read without it.
    Always,
    /// Unless it is empty or says the same in every row of several.
    Telling,
    /// Only if its rows differ.
    Differing,
}

/// How the cells of a column are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Never.
    Never,
    /// To what is left, but other columns go before this one is narrower than the first number; and never wider than the second.
    Between(usize, usize),
}

/// How a grid is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    /// For people: so many columns (0: as many as it needs), with colours or not.
    Terminal {
        /// Columns.
        width: usize,
        /// Whether cells have colours.
        color: bool,
    },
    /// A table in GitHub's Markdown.
    Markdown,
}

/// The table.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    look: Look,
    live: bool,
    /// Rows that wait for the columns to be measured, each with its place.
    waiting: Vec<(u64, Cells)>,
    /// The columns that are shown, with their widths; `None` until the first row is written.
    shown: Option<Vec<(usize, usize)>>,
}

impl Grid {
    /// A table of `columns`; where it is `live` no row waits.
    pub(super) fn new(columns: Vec<Column>, look: Look, live: bool) -> Grid {
        Grid {
            columns,
            look,
            live,
            waiting: Vec::new(),
            shown: None,
        }
    }

    /// Adds a row. If all rows are among the first that wait they are written in order of `place`, else as they came.
    pub(super) fn row(&mut self, place: u64, cells: Cells, out: &mut impl Write) -> io::Result<()> {
        self.waiting.push((place, cells));
        if self.live || self.shown.is_some() || self.waiting.len() == limits::TABLE_SAMPLE {
            self.write(out)?;
        }
        Ok(())
    }

    /// Writes the rows that wait and makes ready for another table; whether there was a row at all.
    pub(super) fn end(&mut self, out: &mut impl Write) -> io::Result<bool> {
        if self.shown.is_none() {
            self.waiting.sort_by_key(|(place, _)| *place);
        }
        self.write(out)?;
        Ok(self.shown.take().is_some())
    }

    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let shown = match self.shown.take() {
            Some(shown) => shown,
            None => {
                let shown = self.measure(&rows);
                self.heads(&shown, out)?;
                shown
            }
        };
        match self.look {
            Look::Terminal { color, .. } => {
                let mut line = String::new();
                for (_, cells) in &rows {
                    let cells = shown.iter().map(|&(column, room)| {
                        let (text, style) = cells.get(column);
                        let (text, columns) = self.cut(text, column, room);
                        (paint(text, style, color), columns)
                    });
                    self.line(&shown, cells, &mut line);
                    out.write_all(line.as_bytes())?;
                }
            }
            Look::Markdown => {
                for (_, cells) in &rows {
                    let cells = shown.iter().map(|&(column, _)| cells.get(column).0);
                    markdown::row(cells, out)?;
                }
            }
        }
        self.shown = Some(shown);
        Ok(())
    }

    fn heads(&self, shown: &[(usize, usize)], out: &mut impl Write) -> io::Result<()> {
        let columns = || shown.iter().map(|&(column, _)| self.columns[column]);
        let (table, color) = match self.look {
            Look::Terminal { width, color } => (width, color),
            Look::Markdown => {
                markdown::row(columns().map(|column| column.head), out)?;
                return markdown::rule(columns().map(|column| column.right), out);
            }
        };
        let heads = columns().map(|column| {
            let head = paint(Cow::Borrowed(column.head), BOLD, color);
            (head, width(column.head))
        });
        let mut line = String::new();
        self.line(shown, heads, &mut line);
        out.write_all(line.as_bytes())?;
        let rule = match (table, shown.split_last()) {
            (0, Some(((last, _), before))) => {
                before.iter().map(|(_, room)| room + 2).sum::<usize>()
                    + 1
                    + self.columns[*last].head.len()
            }
            _ => table,
        };
        writeln!(out, "{}", paint("─".repeat(rule).into(), DIM, color))
    }

    /// Makes the line of a row of cells, each with the columns it takes, padded to its column's room.
    fn line<'a>(
        &self,
        shown: &[(usize, usize)],
        cells: impl Iterator<Item = (Cow<'a, str>, usize)>,
        line: &mut String,
    ) {
        line.clear();
        for (&(column, room), (text, columns)) in shown.iter().zip(cells) {
            let pad = room.saturating_sub(columns);
            let (before, after) = if self.columns[column].right {
                (pad, 0)
            } else {
                (0, pad)
            };
            spaces(line, before + 1);
            line.push_str(&text);
            spaces(line, after + 1);
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
    }

    /// A cell's text, cut to its room, and the columns it takes.
    fn cut<'a>(&self, text: &'a str, column: usize, room: usize) -> (Cow<'a, str>, usize) {
        let bounded = match (self.look, self.columns[column].cut) {
            (Look::Terminal { width: 1.., .. }, Cut::Between(..)) => room,
            _ => usize::MAX,
        };
        // Of nearly all, every byte is a column.
        if text.len() <= bounded && text.is_ascii() {
            return (Cow::Borrowed(text), text.len());
        }
        let text = cut(text, bounded);
        let columns = width(&text);
        (text, columns)
    }

    /// Which columns are shown, and how wide.
    fn measure(&self, rows: &[(u64, Cells)]) -> Vec<(usize, usize)> {
        let table = match self.look {
            Look::Terminal { width, .. } => width,
            Look::Markdown => 0,
        };
        let mut shown: Vec<(usize, usize)> = (0..self.columns.len())
            .filter(|&column| self.live || self.tells(column, rows))
            .map(|column| (column, self.natural_width(column, rows)))
            .collect();
        if table == 0 {
            return shown;
        }
        while self.least_width(&shown) > table {
            let order = |&(column, _): &(usize, usize)| self.columns[column].drop;
            let Some(first) = shown.iter().filter_map(order).min() else {
                break;
            };
            shown.retain(|place| order(place) != Some(first));
        }
        self.share(table, &mut shown);
        shown
    }

    /// Whether a column says anything.
    fn tells(&self, column: usize, rows: &[(u64, Cells)]) -> bool {
        let mut texts = rows.iter().map(|(_, cells)| cells.get(column).0);
        let first = texts.next().unwrap_or_default();
        let differ = texts.any(|text| text != first);
        match self.columns[column].shown {
            Shown::Always => true,
            Shown::Telling => differ || (rows.len() == 1 && !first.is_empty()),
            Shown::Differing => differ,
        }
    }

    fn natural_width(&self, column: usize, rows: &[(u64, Cells)]) -> usize {
        let head = width(self.columns[column].head);
        if self.live {
            return head.max(self.columns[column].live);
        }
        rows.iter()
            .map(|(_, cells)| cells.width(column))
            .fold(head, usize::max)
    }

    /// The table's width when every cell that may be cut is, as far as it should be.
    fn least_width(&self, shown: &[(usize, usize)]) -> usize {
        let least = |&(column, natural): &(usize, usize)| match self.columns[column].cut {
            Cut::Never => natural,
            Cut::Between(least, _) => natural.min(least),
        };
        between(shown.len()) + shown.iter().map(least).sum::<usize>()
    }

    /// Gives what is left to the columns that may be cut: first to those that have a bound, the rest to those without.
    fn share(&self, table: usize, shown: &mut [(usize, usize)]) {
        let never = shown
            .iter()
            .filter(|(column, _)| self.columns[*column].cut == Cut::Never);
        let taken = between(shown.len()) + never.map(|(_, natural)| natural).sum::<usize>();
        let mut places: Vec<usize> = (0..shown.len()).collect();
        let bound = |column: usize| match self.columns[column].cut {
            Cut::Never => None,
            Cut::Between(least, most) => Some((least, most)),
        };
        places.retain(|&place| bound(shown[place].0).is_some());
        places.sort_by_key(|&place| bound(shown[place].0).map(|(_, most)| most));
        // What the ones that come later must have at least is not given away.
        let least = |(column, natural): (usize, usize)| {
            bound(column).map_or(0, |(least, _)| least.min(natural))
        };
        let mut owed: usize = places.iter().map(|&place| least(shown[place])).sum();
        let mut left = table.saturating_sub(taken);
        for place in places {
            let (column, natural) = shown[place];
            owed -= least(shown[place]);
            let most = bound(column).map_or(natural, |(_, most)| most);
            let room = natural
                .min(most)
                .min(left.saturating_sub(owed))
                .max(least(shown[place]).min(CUT_AT_LEAST));
            left = left.saturating_sub(room);
            shown[place].1 = room;
        }
        // Later rows may need more than those that were measured.
        if let Some((last, room)) = shown.last_mut()
            && bound(*last).is_some()
        {
            *room += left;
        }
    }
}

/// What stands between and before `columns` columns.
fn between(columns: usize) -> usize {
    1 + 2 * columns.saturating_sub(1)
}

fn paint(text: Cow<'_, str>, style: Style, color: bool) -> Cow<'_, str> {
    if color && style != Style::new() && !text.is_empty() {
        Cow::Owned(format!("{style}{text}{style:#}"))
    } else {
        text
    }
}

fn spaces(line: &mut String, count: usize) {
    const SPACES: &str = "                                ";
    let mut left = count;
    while left > 0 {
        let some = left.min(SPACES.len());
        line.push_str(&SPACES[..some]);
        left -= some;
    }
}
