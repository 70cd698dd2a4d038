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
    text: Arc<Out>,
}

impl Written {
    pub(super) fn new(lines: Option<Box<dyn Lines>>) -> Written {
        Written {
            lines,
            text: Arc::default(),
        }
    }

    /// Adds the lines of a plain row.
    #[inline]
    pub(super) fn plain(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>) {
        let Some((lines, out)) = open(&mut self.lines, &mut self.text) else {
            return;
        };
        lines.plain(row, of, text, out);
    }

    /// Adds a row's line: what stands before and behind the numbers of its sessions, and these.
    pub(super) fn row(
        &mut self,
        (before, behind): (&[u8], &[u8]),
        session: Option<u32>,
        touched: &[u32],
    ) {
        if let Some((lines, out)) = open(&mut self.lines, &mut self.text) {
            out.extend_from_slice(before);
            lines.frame_sessions(session, touched, out);
            out.extend_from_slice(behind);
        }
    }

    /// Adds an event's line: what stands before and behind the number of its session, and that.
    pub(super) fn event(&mut self, (before, behind): (&[u8], &[u8]), session: u32) {
        if let Some((lines, out)) = open(&mut self.lines, &mut self.text) {
            out.extend_from_slice(before);
            lines.event_session(session, out);
            out.extend_from_slice(behind);
        }
    }

    /// Passes on a record, behind the lines before it, or as one of them.
    pub(super) fn record(&mut self, record: Record, sink: &mut Sink<'_>) -> io::Result<()> {
        if let Some((lines, out)) = open(&mut self.lines, &mut self.text)
            && lines.record(&record, out)
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
        sink(Record::Lines(Arc::clone(&self.text)))?;
        match Arc::get_mut(&mut self.text) {
            Some(text) => text.clear(),
            // Somebody keeps it.
            None => self.text = Arc::default(),
        }
        Ok(())
    }
}

/// Who writes, and where. Nobody else has the text before it is passed on.
#[inline]
fn open<'a>(
    lines: &'a mut Option<Box<dyn Lines>>,
    text: &'a mut Arc<Out>,
) -> Option<(&'a mut dyn Lines, &'a mut Out)> {
    Some((lines.as_deref_mut()?, Arc::get_mut(text)?))
}
