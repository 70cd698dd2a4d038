//! Breaks an annotation into lines, and cuts its text of the wire.
//!
//! An annotation and the columns of a line come in; the lines come out, as stretches with their styles' roles. Lines break
//! at ` · `, before the text of the wire, and at spaces, but never between a number and its unit.

use crate::model::{Annotation, Role};
use crate::report::text::{before_ellipsis, fit, fits, width};

/// Columns below which cut text of the wire is not worth beginning on a line that other words share.
const WORTH_BEGINNING: usize = 16;

/// A line: bytes of the annotation's text, and whether they end in a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cut: bool,
}

impl Piece {
    /// A line that is not cut.
    pub(super) fn whole(start: usize, end: usize) -> Piece {
        Piece {
            start,
            end,
            cut: false,
        }
    }
}

/// The annotation without its parenthesis.
pub(super) fn without_parenthesis(annotation: &Annotation) -> Annotation {
    let mut shorter = Annotation::default();
    for (role, text) in annotation.stretches() {
        if role != Role::Parenthesis {
            shorter.push(role, text);
        }
    }
    shorter
}

/// Breaks `annotation` into lines of at most `columns`; the first has `first` columns.
pub(super) fn wrap(annotation: &Annotation, first: usize, columns: usize) -> Vec<Piece> {
    let text = annotation.text.as_str();
    if fits(text, first) {
        return vec![Piece::whole(0, text.len())];
    }
    let tails = Tails::of(annotation);
    let mut lines = Lines {
        text,
        lines: Vec::new(),
        first,
        columns,
    };
    lines.put_words(tails.named);
    let end = tails.second.unwrap_or(text.len());
    match tails.second {
        // Two texts have a line each, unless both fit on one.
        Some(second) if !lines.fits_somewhere(tails.named, text.len()) => {
            lines.put_text(tails.named, tails.wire, end);
            lines.put_text(second, second, text.len());
        }
        _ => lines.put_text(tails.named, tails.wire, text.len()),
    }
    lines.lines
}

/// Where the texts of the wire are.
struct Tails {
    /// Where the word that names the first text begins (an event's type, `id`), if it has one, else the text.
    named: usize,
    /// Where the first text begins.
    wire: usize,
    /// Where the ` to ` of a second one begins.
    second: Option<usize>,
}

impl Tails {
    fn of(annotation: &Annotation) -> Tails {
        let text = annotation.text.as_str();
        let mut tails = Tails {
            named: text.len(),
            wire: text.len(),
            second: None,
        };
        let (mut start, mut before, mut role_before) = (0, 0, Role::Wire);
        for &(end, role) in &annotation.marks {
            if role == Role::Wire && tails.wire < start {
                let to = text[before..start].trim_start();
                tails.second = Some(start - to.len());
            } else if role == Role::Wire {
                let words = &text[before..start];
                let name = words.trim_end().rfind(' ').map_or(0, |space| space + 1);
                let named = role_before == Role::Plain && !words.trim().is_empty();
                tails.wire = start;
                tails.named = if named { before + name } else { start };
            }
            (before, role_before) = (start, role);
            start = end as usize;
        }
        tails
    }
}

/// Lines that fill up with consecutive pieces of `text`.
struct Lines<'a> {
    text: &'a str,
    lines: Vec<Piece>,
    first: usize,
    columns: usize,
}

impl Lines<'_> {
    /// The columns of the last line, or of the first where there is none.
    fn room(&self) -> usize {
        if self.lines.len() > 1 {
            self.columns
        } else {
            self.first
        }
    }

    /// Where the last line begins and how many of its columns are left when the next piece begins at `from`.
    fn left(&self, from: usize) -> (usize, usize) {
        let start = self.lines.last().map_or(from, |line| line.start);
        let used = width(&self.text[start..from]);
        (start, self.room().saturating_sub(used))
    }

    /// Whether the text from `from` to `to` fits on the last line or on one of its own.
    fn fits_somewhere(&self, from: usize, to: usize) -> bool {
        let (_, left) = self.left(from);
        fits(&self.text[from..to], left.max(self.columns))
    }

    /// Puts words, up to `end`. Clauses, which ` · ` separates, are kept whole where a line can hold them, then their
    /// parts, which commas separate, then words.
    fn put_words(&mut self, end: usize) {
        let text = self.text;
        for clause in text[..end].split_inclusive(" · ") {
            if self.put_whole(clause) {
                continue;
            }
            // It takes several lines anyhow, and so begins on one of its own.
            let mut begins = !self.lines.is_empty();
            for part in Parts(clause) {
                if begins && fits(part.trim_end(), self.columns) {
                    begins = false;
                    self.put_anyway(part.len());
                    continue;
                }
                if !begins && self.put_whole(part) {
                    continue;
                }
                for atom in Atoms(part) {
                    if std::mem::take(&mut begins) || !self.put_whole(atom) {
                        self.put_broken(atom);
                    }
                }
            }
        }
        for line in &mut self.lines {
            line.end = line.start + text[line.start..line.end].trim_end().len();
        }
        self.lines.retain(|line| line.start < line.end);
    }

    /// Puts the next piece on the last line, or on a new one, if either can hold it whole.
    fn put_whole(&mut self, piece: &str) -> bool {
        let begin = self.lines.last().map_or(0, |line| line.end);
        let end = begin + piece.len();
        let room = self.room();
        match self.lines.last_mut() {
            Some(line) if fits(self.text[line.start..end].trim_end(), room) => {
                line.end = end;
                return true;
            }
            None if fits(piece.trim_end(), room) => {}
            Some(_) if fits(piece.trim_end(), self.columns) => {}
            _ => return false,
        }
        self.put_anyway(piece.len());
        true
    }

    /// Puts the next piece on lines of its own, broken between two numbers, or anywhere if need be.
    fn put_broken(&mut self, mut piece: &str) {
        let between = |word: &str| piece.find(word).map(|at| at + word.len());
        if !fits(piece.trim_end(), self.columns)
            && let Some(at) = between("→ ").or_else(|| between(" to "))
            && at < piece.len()
        {
            let (from, to) = piece.split_at(at);
            self.put_broken(from);
            if !self.put_whole(to) {
                self.put_broken(to);
            }
            return;
        }
        while !fits(piece.trim_end(), self.columns) {
            let (head, _) = fit(piece, self.columns);
            if head.is_empty() {
                break;
            }
            self.put_anyway(head.len());
            piece = &piece[head.len()..];
        }
        self.put_anyway(piece.len());
    }

    /// Puts the next piece on a line of its own, which it may overflow.
    fn put_anyway(&mut self, length: usize) {
        let start = self.lines.last().map_or(0, |line| line.end);
        self.lines.push(Piece::whole(start, start + length));
    }

    /// Puts a text of the wire, with the type in front of it from `named` on, up to `end`: on the last line if it fits,
    /// else on one of its own, else parted from its type. Text that has to be cut anyhow stays where a fair piece of it
    /// is seen.
    fn put_text(&mut self, named: usize, wire: usize, end: usize) {
        if named == end {
            return;
        }
        let text = &self.text[named..end];
        let (start, left) = self.left(named);
        let name = width(&self.text[named..wire]);
        if fits(text, left) || self.lines.is_empty() {
            self.cut(named, start, end);
        } else if fits(text, self.columns) {
            self.lines.push(Piece::whole(named, end));
        } else if name < left && name > 0 && fits(&self.text[wire..end], self.columns) {
            self.extend(named, wire);
            self.lines.push(Piece::whole(wire, end));
        } else if left >= name + WORTH_BEGINNING {
            self.cut(named, start, end);
        } else if name < left && name > 0 {
            self.extend(named, wire);
            self.lines.push(Piece::whole(wire, wire));
            self.cut(wire, wire, end);
        } else {
            self.lines.push(Piece::whole(named, named));
            self.cut(named, named, end);
        }
    }

    /// Makes the last line go on with the type between `named` and `wire`.
    fn extend(&mut self, named: usize, wire: usize) {
        let end = named + self.text[named..wire].trim_end().len();
        if let Some(line) = self.lines.last_mut() {
            line.end = end;
        }
    }

    /// Makes the last line, which begins at `start`, go on with the text from `from` to `end`, as much as fits.
    fn cut(&mut self, from: usize, start: usize, end: usize) {
        let room = self.room();
        self.lines.pop();
        let line = &self.text[start..end];
        if fits(line, room) {
            return self.lines.push(Piece::whole(start, end));
        }
        let (head, _) = fit(line, room.saturating_sub(1));
        let shown = start + before_ellipsis(head).len();
        self.lines.push(Piece {
            start,
            end: shown.max(from),
            cut: true,
        });
    }
}

/// The parts of a clause, each with what separates it from the next: a comma, or a colon before a number.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let comma = self.0.find(", ").map(|at| at + 2);
        let colon = self.0.find(": ").map(|at| at + 2);
        let colon = colon.filter(|at| self.0[*at..].starts_with(|c: char| c.is_ascii_digit()));
        let end = comma.into_iter().chain(colon).min().unwrap_or(self.0.len());
        let (part, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(part)
    }
}

/// Words with the spaces behind them, where a number and its unit, and a noun and its number, are one.
struct Atoms<'a>(&'a str);

impl<'a> Iterator for Atoms<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let mut end = 0;
        loop {
            let rest = &self.0[end..];
            let word = rest.find(' ').map_or(rest.len(), |space| space + 1);
            end += word;
            let next = &self.0[end..];
            let number_behind = rest[..word]
                .trim_end()
                .ends_with(|c: char| c.is_ascii_digit());
            let number_ahead = next.starts_with(|c: char| c.is_ascii_digit());
            let dot = next.starts_with('·');
            if next.is_empty() || !(number_behind || number_ahead || dot) {
                break;
            }
        }
        let (atom, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(atom)
    }
}
