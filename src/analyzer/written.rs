//! Lines that are final, up to some kilobytes, on their way out.
//!
//! In: lines without the numbers of their sessions, plain rows and records, in the order of the output. Out: text.

use super::Sink;
use crate::model::{Lines, Out, PlainRow, PlainText, Record, Stream, limits};
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Written {
    /// Writes what is missing of lines, and those of plain rows; `None` where no lines are wanted.
    lines: Option<Box<dyn Lines>>,
    text: Out,
}

impl Written {
    pub(super) fn new(lines: Option<Box<dyn Lines>>) -> Written {
        Written {
            lines,
            text: Out::default(),
        }
    }

    /// Adds the lines of a plain row.
    #[inline]
    pub(super) fn plain(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>) {
        if let Some(lines) = &mut self.lines {
            lines.plain(row, of, text, &mut self.text);
        }
    }

    /// Adds a row's line: what stands before and behind the numbers of its sessions, and these.
    pub(super) fn row(
        &mut self,
        (before, behind): (&[u8], &[u8]),
        session: Option<u32>,
        touched: &[u32],
    ) {
        if let Some(lines) = &mut self.lines {
            self.text.extend_from_slice(before);
            lines.frame_sessions(session, touched, &mut self.text);
            self.text.extend_from_slice(behind);
        }
    }

    /// Adds an event's line: what stands before and behind the number of its session, and that.
    pub(super) fn event(&mut self, (before, behind): (&[u8], &[u8]), session: u32) {
        if let Some(lines) = &mut self.lines {
            self.text.extend_from_slice(before);
            lines.event_session(session, &mut self.text);
            self.text.extend_from_slice(behind);
        }
    }

    /// Passes on a record, behind the lines before it, or as one of them.
    pub(super) fn record(&mut self, record: Record, sink: &mut Sink<'_>) -> io::Result<()> {
        if let Some(lines) = &mut self.lines
            && lines.record(&record, &mut self.text)
        {
            return self.pass_on_much(sink);
        }
        self.pass_on(sink)?;
        sink(record)
    }

    /// Passes on the lines, if they are many.
    #[inline]
    pub(super) fn pass_on_much(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        match self.text.len() >= limits::LINES {
            true => self.pass_on(sink),
            false => Ok(()),
        }
    }

    /// Passes on the lines.
    pub(super) fn pass_on(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = Arc::new(std::mem::take(&mut self.text));
        sink(Record::Lines(Arc::clone(&text)))?;
        // Unless somebody keeps it.
        if let Some(text) = Arc::into_inner(text) {
            self.text = text;
            self.text.clear();
        }
        Ok(())
    }
}
