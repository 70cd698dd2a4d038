//! One timeline table in Markdown: a row for each frame, pause and fold, with all columns.

use super::Lines;
use crate::model::{Direction, FrameRecord, Phase, Timestamp};
use crate::report::markdown;
use crate::report::text::Lasting;
use crate::report::time::Clock;
use anstyle::Style;
use std::io::{self, Write};

/// Writes the rows of one table.
pub(super) struct Markdown<'a, W> {
    pub(super) clock: &'a Clock,
    pub(super) out: &'a mut W,
    /// What stands in the column S, where there is one.
    pub(super) tag: Option<(Style, String)>,
}

impl<W: Write> Markdown<'_, W> {
    /// A row that has only a number, a time, a sign in the rail and words.
    fn between(&mut self, number: &str, time: &str, rail: &str, words: &str) -> io::Result<()> {
        let cells = [number, time, "", "", "", "", "", rail, words];
        self.cells(&cells)
    }

    fn cells(&mut self, cells: &[&str]) -> io::Result<()> {
        let tag = self.tag.iter().map(|(_, tag)| tag.as_str());
        markdown::row(tag.chain(cells.iter().copied()), self.out)
    }
}

impl<W: Write> Lines for Markdown<'_, W> {
    fn heads(&mut self) -> io::Result<()> {
        let heads = [
            "No.",
            "Time",
            "Dir",
            "Flags",
            "Seq",
            "Ack",
            "Len",
            "",
            "Annotation",
        ];
        let right = [true, true, false, false, true, true, true, false, false];
        self.cells(&heads)?;
        let tag = self.tag.iter().map(|_| false);
        markdown::rule(tag.chain(right), self.out)
    }

    fn row(&mut self, row: &FrameRecord, before: Option<Timestamp>) -> io::Result<()> {
        let tcp = &row.tcp;
        let mut time = String::new();
        self.clock.write(&mut time, tcp.at.time, before);
        let direction = match tcp.direction {
            Direction::ToServer => "→",
            Direction::ToClient => "←",
        };
        let flags: Vec<&str> = tcp.flags.names().collect();
        let acknowledgment = tcp.acknowledgment.map(|number| number.to_string());
        let mut rail = [0; 4];
        let cells = [
            &tcp.at.frame.to_string(),
            &time,
            direction,
            &flags.join(" "),
            &tcp.sequence.to_string(),
            acknowledgment.as_deref().unwrap_or_default(),
            &tcp.length.to_string(),
            row.rail.sign().encode_utf8(&mut rail).trim(),
            &row.annotation.text,
        ];
        self.cells(&cells)
    }

    fn pause(&mut self, time: &str, phase: Phase) -> io::Result<()> {
        self.between("", time, "┆", phase.word())
    }

    fn fold(&mut self, span: Lasting, words: &str) -> io::Result<()> {
        self.between("⋮", &span.to_string(), "⋮", words)
    }
    fn words(&mut self, _style: Style, words: &str) -> io::Result<()> {
        self.between("", "", "", words)
    }
}
