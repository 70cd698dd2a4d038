//! CSV (RFC 4180, but lines end in LF): a header line, then a line for each frame, session or event, with the fields of the JSON record in its order.
//!
//! A field that does not apply is empty, an empty text is `""`; lists are joined by spaces; the fields of an inner object stand side by side as
//! `request.method`. Controls (but LF and tab) show as `\u{…}`. Findings, connections and the summary are not written.

use super::View;
use super::escape::push_escaped;
use super::value::{self, Fields, Name, Utc, push_endpoint, push_number, push_seconds};
use crate::model::{
    Endpoint, Event, FrameRecord, Lines, Nanos, Out, PlainRow, PlainText, Record, Stream, Timestamp,
};
use crate::timeline::narrate;
use std::io::{self, Write};

const FRAMES: &str = "frame,connection,time,time_relative,direction,source,destination,flags,sequence,acknowledgment,length,window,\
    acknowledges,rtt,conflict.bytes,conflict.frame,labels,session,sessions,annotation\n";

const EVENTS: &str = "session,connection,number,time,time_relative,type,data,last_event_id,id,retry,first_frame,frame,chunks.first,chunks.last,gap\n";

const SESSIONS: &str = "session,connection,stream,client,server,\
    request.frame,request.method,request.target,request.authority,request.last_event_id,\
    response.frame,response.status,response.version,response.content_type,response.framing,response.content_encoding,\
    events,comments,chunks,body_bytes,data_bytes,wire_bytes,segments,time_to_head,time_to_first_event,duration,\
    gaps.min,gaps.p50,gaps.p95,gaps.max,rate,\
    heartbeats.min,heartbeats.p50,heartbeats.p95,heartbeats.max,incomplete_event,missing.bytes,missing.holes,missing.frames,end.kind,end.frame,end.by,reconnects,\
    reconnection.delay,reconnection.retry,reconnection.attempts,reconnection.missed,reconnection.repeated\n";

/// The form.
#[derive(Debug)]
pub(crate) struct Csv<W> {
    writer: W,
    view: View,
    utc: Utc,
    first: Option<Timestamp>,
    line: Out,
    /// Whether the header line is written.
    begun: bool,
}

impl<W: Write> Csv<W> {
    /// Lines of the records that `view` takes, into `writer`.
    pub(crate) fn new(view: View, writer: W) -> Csv<W> {
        Csv {
            writer,
            view,
            utc: Utc::new(),
            first: None,
            line: Out::default(),
            begun: false,
        }
    }

    /// What writes its rows and events in other threads.
    pub(crate) fn lines(&self, first: Timestamp) -> CsvLines {
        CsvLines::new(self.view, first)
    }

    /// The time of the capture's first frame.
    pub(crate) fn set_first_time(&mut self, first: Timestamp) {
        self.first = Some(first);
    }

    /// Writes a line, if the view takes the record.
    pub(crate) fn record(&mut self, record: &Record) -> io::Result<()> {
        self.begin()?;
        self.line.clear();
        let (line, utc) = (&mut self.line, &mut self.utc);
        match (self.view, record) {
            (View::Timeline, Record::Frame(frame)) => {
                let first = *self.first.get_or_insert(frame.tcp.at.time);
                CsvLine::line(line, utc, |fields| value::frame(fields, frame, first));
            }
            (View::Events, Record::Event(event)) => {
                let first = *self.first.get_or_insert(event.event.span.there.time);
                CsvLine::line(line, utc, |fields| value::event(fields, event, first));
            }
            (View::Sessions, Record::Session(session)) => {
                CsvLine::line(line, utc, |fields| value::session(fields, session));
            }
            (_, Record::Lines(lines)) => return self.writer.write_all(lines.written()),
            (_, Record::Summary(_)) => self.first = None,
            _ => {}
        }
        self.writer.write_all(self.line.written())
    }

    /// Passes on what the writer holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Gives the writer back; the header line is there even without a record.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.begin()?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let header = match self.view {
            View::Timeline => FRAMES,
            View::Sessions => SESSIONS,
            View::Events => EVENTS,
        };
        self.writer.write_all(header.as_bytes())
    }
}

/// A line that is being written.
#[derive(Debug)]
struct CsvLine<'a> {
    out: &'a mut Out,
    utc: &'a mut Utc,
    /// Whether the next field is the first of its line.
    first: bool,
}

impl<'a> CsvLine<'a> {
    /// Appends a line to `out` with what `fields` tells.
    fn line(out: &'a mut Out, utc: &'a mut Utc, fields: impl FnOnce(&mut CsvLine<'a>)) {
        let mut line = CsvLine {
            out,
            utc,
            first: true,
        };
        fields(&mut line);
        line.out.push(b'\n');
    }

    fn place(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn spaced<T>(&mut self, values: impl Iterator<Item = T>, push: impl Fn(&mut Out, T)) {
        self.place();
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.out.push(b' ');
            }
            push(self.out, value);
        }
    }
}

impl Fields for CsvLine<'_> {
    fn text<'b>(&mut self, _name: Name, value: impl Into<Option<&'b str>>) {
        self.place();
        if let Some(text) = value.into() {
            push_text(self.out, text);
        }
    }

    fn word(&mut self, _name: Name, value: &'static str) {
        self.place();
        self.out.extend_from_slice(value.as_bytes());
    }

    fn number(&mut self, _name: Name, value: impl Into<Option<u64>>) {
        self.place();
        if let Some(value) = value.into() {
            push_number(self.out, value);
        }
    }

    fn seconds(&mut self, _name: Name, value: impl Into<Option<Nanos>>) {
        self.place();
        if let Some(value) = value.into() {
            push_seconds(self.out, value);
        }
    }

    fn time(&mut self, _name: Name, value: impl Into<Option<Timestamp>>) {
        self.place();
        if let Some(value) = value.into() {
            self.utc.push(self.out, value);
        }
    }

    fn endpoint(&mut self, _name: Name, value: Endpoint) {
        self.place();
        push_endpoint(self.out, value);
    }

    fn words(&mut self, _name: Name, values: impl Iterator<Item = &'static str>) {
        self.spaced(values, |out, word| out.extend_from_slice(word.as_bytes()));
    }

    fn numbers(&mut self, _name: Name, values: impl Iterator<Item = u64>) {
        self.spaced(values, push_number);
    }

    fn object<T: ?Sized>(
        &mut self,
        _name: Name,
        value: Option<&T>,
        fields: impl FnOnce(&mut Self, Option<&T>),
    ) {
        fields(self, value);
    }

    /// Nothing: a column comes with its first value.
    fn null(&mut self, _name: Name) {}
}

/// The lines of rows and events, for the threads that make them.
#[derive(Debug)]
pub(crate) struct CsvLines {
    view: View,
    utc: Utc,
    first: Timestamp,
    /// The words of a plain row.
    words: String,
}

impl CsvLines {
    /// Of what `view` takes of a capture whose first frame is of time `first`.
    pub(crate) fn new(view: View, first: Timestamp) -> CsvLines {
        CsvLines {
            view,
            utc: Utc::new(),
            first,
            words: String::new(),
        }
    }

    fn inside<'a>(&'a mut self, out: &'a mut Out, first: bool) -> CsvLine<'a> {
        CsvLine {
            out,
            utc: &mut self.utc,
            first,
        }
    }
}

impl Lines for CsvLines {
    fn another(&self) -> Box<dyn Lines> {
        Box::new(CsvLines::new(self.view, self.first))
    }

    fn frame(&mut self, frame: &FrameRecord, out: &mut Out) -> Option<usize> {
        if self.view != View::Timeline {
            return None;
        }
        let first = self.first;
        let mut line = self.inside(out, true);
        value::frame_before(&mut line, frame, first);
        let sessions = line.out.len();
        value::frame_behind(&mut line, frame);
        line.out.push(b'\n');
        Some(sessions)
    }

    fn frame_sessions(&mut self, session: Option<u32>, touched: &[u32], out: &mut Out) {
        value::frame_sessions(&mut self.inside(out, false), session, touched);
    }

    fn event(&mut self, connection: u32, event: &Event, out: &mut Out) -> Option<usize> {
        if self.view != View::Events {
            return None;
        }
        let first = self.first;
        let session = out.len();
        let mut line = self.inside(out, false);
        value::event_behind(&mut line, connection, event, first);
        line.out.push(b'\n');
        Some(session)
    }

    fn event_session(&mut self, session: u32, out: &mut Out) {
        value::event_session(&mut self.inside(out, true), session);
    }

    fn record(&mut self, record: &Record, _out: &mut Out) -> bool {
        match record {
            Record::SessionOpens(_) | Record::Connection(_) => true,
            Record::Session(_) => self.view != View::Sessions,
            _ => false,
        }
    }

    fn plain(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>, out: &mut Out) {
        let first = self.first;
        match (self.view, row.event) {
            (View::Timeline, _) => {
                self.words.clear();
                narrate::plain(&mut self.words, row, text);
                let (words, utc) = (self.words.as_str(), &mut self.utc);
                CsvLine::line(out, utc, |fields| {
                    value::plain_row(fields, row, of, words, first);
                });
            }
            (View::Events, Some(event)) => {
                CsvLine::line(out, &mut self.utc, |fields| {
                    value::plain_event(fields, row, event, of, text, first);
                });
            }
            _ => {}
        }
    }
}

fn push_text(out: &mut Out, text: &str) {
    let quoted = text.is_empty() || text.contains(['"', ',', '\n']);
    if !quoted {
        push_escaped(out, text, |character| character == '\t');
        return;
    }
    out.push(b'"');
    for (place, part) in text.split('"').enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\"\"");
        }
        push_escaped(out, part, |character| matches!(character, '\t' | '\n'));
    }
    out.push(b'"');
}
