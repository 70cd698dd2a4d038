//! JSON: one document for each capture, on one line.
//!
//! Records come in mixed, the document has an array for each kind. The view's first array is written as its records come; the others wait, in
//! memory while they are small and else in an unnamed temporary file, so that memory stays bounded whatever the capture's size.

use super::View;
use super::jsonl::Objects;
use super::temporary::Temporary;
use crate::model::{Out, Record, Timestamp, limits};
use std::io::{self, BufWriter, Seek, Write};

/// The arrays of a document, in order.
const ARRAYS: [Array; 5] = [
    Array::Frames,
    Array::Events,
    Array::Sessions,
    Array::Connections,
    Array::Findings,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Array {
    Frames,
    Events,
    Sessions,
    Connections,
    Findings,
}

impl Array {
    fn name(self) -> &'static str {
        match self {
            Array::Frames => "frames",
            Array::Events => "events",
            Array::Sessions => "sessions",
            Array::Connections => "connections",
            Array::Findings => "findings",
        }
    }

    fn of(record: &Record) -> Option<Array> {
        match record {
            Record::Frame(_) => Some(Array::Frames),
            Record::Event(_) => Some(Array::Events),
            Record::Session(_) => Some(Array::Sessions),
            Record::Connection(_) => Some(Array::Connections),
            Record::Finding(_) => Some(Array::Findings),
            Record::SessionOpens(_) | Record::Lines(_) | Record::Summary(_) => None,
        }
    }

    fn shown_in(self, view: View) -> bool {
        match view {
            View::Timeline => true,
            View::Sessions => matches!(self, Array::Sessions | Array::Findings),
            View::Events => self == Array::Events,
        }
    }

    /// The array that needs not wait.
    fn first_of(view: View) -> Array {
        match view {
            View::Timeline => Array::Frames,
            View::Sessions => Array::Sessions,
            View::Events => Array::Events,
        }
    }
}

/// The form.
#[derive(Debug)]
pub(crate) struct Json<W> {
    writer: W,
    view: View,
    objects: Objects,
    object: Out,
    document: Option<Document>,
}

/// A document whose beginning is written.
#[derive(Debug, Default)]
struct Document {
    /// Whether the first array has an element.
    begun: bool,
    /// The arrays that wait; `None` without an element. By place in `ARRAYS`.
    waiting: [Option<BufWriter<Temporary>>; ARRAYS.len()],
}

impl<W: Write> Json<W> {
    /// Documents of the records that `view` takes, into `writer`.
    pub(crate) fn new(view: View, writer: W) -> Json<W> {
        Json {
            writer,
            view,
            objects: Objects::new(view),
            object: Out::default(),
            document: None,
        }
    }

    /// The time of the capture's first frame.
    pub(crate) fn set_first_time(&mut self, first: Timestamp) {
        self.objects.set_first_time(first);
    }

    /// Writes the record or lets it wait; a summary ends the document.
    pub(crate) fn record(&mut self, record: &Record) -> io::Result<()> {
        self.object.clear();
        if !self.objects.push(&mut self.object, record) {
            return Ok(());
        }
        if self.document.is_none() {
            self.begin()?;
        }
        let document = self.document.get_or_insert_default();
        match Array::of(record) {
            None => {
                let summary = std::mem::take(&mut self.object);
                self.end(summary.written())?;
                self.object = summary;
                Ok(())
            }
            Some(array) if array == Array::first_of(self.view) => {
                if document.begun {
                    self.writer.write_all(b",")?;
                }
                document.begun = true;
                self.writer.write_all(self.object.written())
            }
            Some(array) => {
                let place = &mut document.waiting[array as usize];
                match place {
                    Some(file) => file.write_all(b",")?,
                    None => {
                        *place = Some(BufWriter::new(Temporary::new(limits::SPOOL_MEMORY)));
                    }
                }
                place
                    .as_mut()
                    .map_or(Ok(()), |file| file.write_all(self.object.written()))
            }
        }
    }

    /// Passes on what the writer holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Closes a document that never got its summary (its `summary` is null), and gives the writer back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.document.is_some() {
            self.end(b"null")?;
        }
        self.writer.flush()?;
        Ok(self.writer)
    }

    /// Writes all up to the first array's bracket.
    fn begin(&mut self) -> io::Result<()> {
        self.document = Some(Document::default());
        self.writer.write_all(br#"{"schema":"ssetrace/1""#)?;
        for array in ARRAYS {
            if array == Array::first_of(self.view) {
                return write!(self.writer, r#","{}":["#, array.name());
            }
            write!(self.writer, r#","{}":null"#, array.name())?;
        }
        Ok(())
    }

    /// Closes the first array, and writes those that waited and the summary.
    fn end(&mut self, summary: &[u8]) -> io::Result<()> {
        let Some(mut document) = self.document.take() else {
            return Ok(());
        };
        self.writer.write_all(b"]")?;
        let first = Array::first_of(self.view);
        for array in ARRAYS.into_iter().skip(first as usize + 1) {
            let waiting = document.waiting[array as usize].take();
            if !array.shown_in(self.view) {
                write!(self.writer, r#","{}":null"#, array.name())?;
                continue;
            }
            write!(self.writer, r#","{}":["#, array.name())?;
            if let Some(waiting) = waiting {
                let mut file = waiting.into_inner().map_err(|error| error.into_error())?;
                file.rewind()?;
                io::copy(&mut file, &mut self.writer)?;
            }
            self.writer.write_all(b"]")?;
        }
        self.writer.write_all(br#","summary":"#)?;
        self.writer.write_all(summary)?;
        self.writer.write_all(b"}\n")
    }
}
