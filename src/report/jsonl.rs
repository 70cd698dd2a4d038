//! JSON Lines: one object a line, written as the records become final.
//!
//! Records come in, lines go out. It never waits for a later record, and never allocates for a frame once its buffer has grown.

use super::View;
use super::value::{self, Json, PlainLines, Spoken};
use crate::model::{
    Event, FrameRecord, Lines, Out, PlainRow, PlainText, Record, Stream, Timestamp,
};
use std::io::{self, Write};

/// Writes records as JSON objects.
#[derive(Debug)]
pub(crate) struct Objects {
    view: View,
    spoken: Spoken,
    first: Option<Timestamp>,
}

impl Objects {
    /// For the records that `view` takes.
    pub(crate) fn new(view: View) -> Objects {
        Objects {
            view,
            spoken: Spoken::new(),
            first: None,
        }
    }

    /// The time of the capture's first frame.
    pub(crate) fn set_first_time(&mut self, first: Timestamp) {
        self.first = Some(first);
    }

    /// Appends `record` to `out`; whether the view takes it. The summary ends a capture: the next one has its own first time.
    pub(crate) fn push(&mut self, out: &mut Out, record: &Record) -> bool {
        if !self.view.takes(record) {
            return false;
        }
        let spoken = &mut self.spoken;
        match record {
            Record::SessionOpens(_) | Record::Lines(_) => return false,
            Record::Frame(frame) => {
                let first = *self.first.get_or_insert(frame.tcp.at.time);
                Json::record(out, spoken, "frame", |json| {
                    value::frame(json, frame, first);
                });
            }
            Record::Event(event) => {
                let first = *self.first.get_or_insert(event.event.span.there.time);
                Json::record(out, spoken, "event", |json| {
                    value::event(json, event, first);
                });
            }
            Record::Session(session) => {
                Json::record(out, spoken, "session", |json| value::session(json, session));
            }
            Record::Finding(finding) => {
                Json::record(out, spoken, "finding", |json| value::finding(json, finding));
            }
            Record::Connection(connection) => {
                Json::record(out, spoken, "connection", |json| {
                    value::connection(json, connection);
                });
            }
            Record::Summary(summary) => {
                Json::record(out, spoken, "summary", |json| value::summary(json, summary));
                self.first = None;
            }
        }
        true
    }
}

/// The form.
#[derive(Debug)]
pub(crate) struct Jsonl<W> {
    writer: W,
    objects: Objects,
    line: Out,
}

impl<W: Write> Jsonl<W> {
    /// Lines of the records that `view` takes, into `writer`.
    pub(crate) fn new(view: View, writer: W) -> Jsonl<W> {
        Jsonl {
            writer,
            objects: Objects::new(view),
            line: Out::default(),
        }
    }

    /// What writes its rows and events in other threads.
    pub(crate) fn lines(&self, first: Timestamp) -> JsonLines {
        JsonLines::new(self.objects.view, first)
    }

    /// The time of the capture's first frame.
    pub(crate) fn set_first_time(&mut self, first: Timestamp) {
        self.objects.set_first_time(first);
    }

    /// Writes a line, if the view takes the record.
    pub(crate) fn record(&mut self, record: &Record) -> io::Result<()> {
        if let Record::Lines(lines) = record {
            return self.writer.write_all(lines.written());
        }
        self.line.clear();
        if self.objects.push(&mut self.line, record) {
            self.line.push(b'\n');
            self.writer.write_all(self.line.written())?;
        }
        Ok(())
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

/// The lines of rows and events, for the threads that make them, and of other records.
#[derive(Debug)]
pub(crate) struct JsonLines {
    objects: Objects,
    plain: PlainLines,
    first: Timestamp,
}

impl JsonLines {
    /// Of what `view` takes of a capture whose first frame is of time `first`.
    pub(crate) fn new(view: View, first: Timestamp) -> JsonLines {
        JsonLines {
            objects: Objects::new(view),
            plain: PlainLines::new(first),
            first,
        }
    }
}

impl Lines for JsonLines {
    fn another(&self) -> Box<dyn Lines> {
        Box::new(JsonLines::new(self.objects.view, self.first))
    }

    fn frame(&mut self, frame: &FrameRecord, out: &mut Out) -> Option<usize> {
        if self.objects.view != View::Timeline {
            return None;
        }
        let mut json = Json::begin(out, &mut self.objects.spoken, "frame");
        value::frame_before(&mut json, frame, self.first);
        let sessions = json.written();
        value::frame_behind(&mut json, frame);
        json.end();
        out.push(b'\n');
        Some(sessions)
    }

    fn frame_sessions(&mut self, session: Option<u32>, touched: &[u32], out: &mut Out) {
        let mut json = Json::inside(out, &mut self.objects.spoken);
        value::frame_sessions(&mut json, session, touched);
    }

    fn event(&mut self, connection: u32, event: &Event, out: &mut Out) -> Option<usize> {
        if self.objects.view == View::Sessions {
            return None;
        }
        let mut json = Json::begin(out, &mut self.objects.spoken, "event");
        let session = json.written();
        value::event_behind(&mut json, connection, event, self.first);
        json.end();
        out.push(b'\n');
        Some(session)
    }

    fn event_session(&mut self, session: u32, out: &mut Out) {
        let mut json = Json::inside(out, &mut self.objects.spoken);
        value::event_session(&mut json, session);
    }

    fn record(&mut self, record: &Record, out: &mut Out) -> bool {
        let line = match record {
            Record::SessionOpens(_) => return true,
            Record::Session(_) | Record::Connection(_) => self.objects.push(out, record),
            _ => return false,
        };
        if line {
            out.push(b'\n');
        }
        true
    }

    fn plain(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>, out: &mut Out) {
        self.plain.times(row);
        if self.objects.view == View::Timeline {
            self.plain.row(row, of, text, out);
        }
        if self.objects.view != View::Sessions
            && let Some(event) = row.event
        {
            self.plain.event(row, event, of, text, out);
        }
    }
}
