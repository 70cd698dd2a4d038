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
        return vec![Piece {
            start: 0,
            end: text.len(),
            cut: false,
        }];
    }
    let (tail, wire) = tail(annotation);
    let mut lines = break_words(&text[..tail], first, columns);
    if tail == text.len() {
        return lines;
    }
    // Where the tail would follow the words, and what is left of that line.
    let alone = lines.is_empty();
    let room = if lines.len() > 1 { columns } else { first };
    let (last_start, gap) = match lines.last() {
        Some(last) => (last.start, &text[last.end..tail]),
        None => (0, ""),
    };
    let used = width(&text[last_start..tail - gap.len()]) + width(gap);
    let left = room.saturating_sub(used);
    let rest = &text[tail..];
    // Text that has to be cut anyhow stays where it is, if a fair piece of it is seen there.
    let stays = fits(rest, left)
        || (!fits(rest, columns) && left >= width(&text[tail..wire]) + WORTH_BEGINNING);
    let (start, room, fitted) = if stays || alone {
        lines.pop();
        (last_start, room, left)
    } else {
        (tail, columns, columns)
    };
    let whole = fits(rest, fitted);
    let end = if whole {
        text.len()
    } else {
        let (head, _) = fit(&text[start..], room.saturating_sub(1));
        start + before_ellipsis(head).len()
    };
    lines.push(Piece {
        start,
        end: end.max(start),
        cut: !whole,
    });
    lines
}

/// Where the text of the wire begins, with the type in front of it and without.
fn tail(annotation: &Annotation) -> (usize, usize) {
    let mut start = 0;
    let mut before = (0, Role::Plain);
    let mut two_before = Role::Plain;
    for &(end, role) in &annotation.marks {
        if role == Role::Wire {
            let words = &annotation.text[before.0..start];
            let named = before.1 == Role::Plain
                && matches!(two_before, Role::Parenthesis | Role::Accent)
                && !words.trim().contains(' ');
            let with_type = if named {
                before.0 + (words.len() - words.trim_start().len())
            } else {
                start
            };
            return (with_type.min(start), start);
        }
        two_before = before.1;
        before = (start, role);
        start = end as usize;
    }
    (annotation.text.len(), annotation.text.len())
}

/// Breaks words into lines: clauses, which ` · ` separates, are kept whole where a line can hold them.
fn break_words(words: &str, first: usize, columns: usize) -> Vec<Piece> {
    let mut lines: Vec<Piece> = Vec::new();
    let mut start = 0;
    for clause in words.split_inclusive(" · ") {
        let (begin, end) = (start, start + clause.len());
        start = end;
        let room = if lines.len() > 1 { columns } else { first };
        match lines.last_mut() {
            Some(line) if fits(words[line.start..end].trim_end(), room) => line.end = end,
            _ => break_at_spaces(words, (begin, end), &mut lines, (first, columns)),
        }
    }
    for line in &mut lines {
        line.end = line.start + words[line.start..line.end].trim_end().len();
    }
    lines.retain(|line| line.start < line.end);
    lines
}

/// Puts a clause on lines of its own, as many as it needs.
fn break_at_spaces(
    words: &str,
    (begin, end): (usize, usize),
    lines: &mut Vec<Piece>,
    (first, columns): (usize, usize),
) {
    let mut line = Piece {
        start: begin,
        end: begin,
        cut: false,
    };
    let mut taken = begin;
    for atom in Atoms(&words[begin..end]) {
        taken += atom.len();
        let room = if lines.is_empty() { first } else { columns };
        if line.end > line.start && !fits(words[line.start..taken].trim_end(), room) {
            lines.push(line);
            line.start = line.end;
        }
        line.end = taken;
    }
    lines.push(line);
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
