//! Raw: the data of each event and a line feed, as `curl -N` shows a stream once the `data:` in front is taken off.
//!
//! Event records come in, bytes go out. Data of several lines keeps them; types, IDs and comments are not written, nothing is redacted.
//! On a terminal controls are shown as `\u{…}`; elsewhere the bytes are exact.

use super::escape::push_escaped;
use crate::model::{Out, Record, Timestamp};
use std::io::{self, Write};

/// The form.
#[derive(Debug)]
pub(crate) struct Raw<W> {
    writer: W,
    /// Whether a terminal reads.
    terminal: bool,
    line: Out,
}

impl<W: Write> Raw<W> {
    /// Data into `writer`.
    pub(crate) fn new(terminal: bool, writer: W) -> Raw<W> {
        Raw {
            writer,
            terminal,
            line: Out::default(),
        }
    }

    /// Data has no time.
    pub(crate) fn set_first_time(&mut self, _first: Timestamp) {}

    /// Writes an event's data.
    pub(crate) fn record(&mut self, record: &Record) -> io::Result<()> {
        let Record::Event(event) = record else {
            return Ok(());
        };
        let data = &event.event.data;
        if self.terminal {
            self.line.clear();
            push_escaped(&mut self.line, data, |c| matches!(c, '\n' | '\t'));
            self.writer.write_all(self.line.written())?;
        } else {
            self.writer.write_all(data.as_bytes())?;
        }
        self.writer.write_all(b"\n")
    }

    /// Passes on what the writer holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Gives the writer back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.writer.flush()?;
        Ok(self.writer)
    }
}
