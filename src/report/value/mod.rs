//! The fields of records as the machine-readable forms write them: one list of fields for JSON and CSV, so that the two cannot drift apart.
//!
//! Records come in, fields with their names and units go out to a [`Fields`]. It never decides which records are written.

mod json;
mod known;
mod number;
mod plain;
mod record;
mod room;
mod spoken;
mod string;
mod utc;
mod words;

pub(crate) use json::Json;
pub(crate) use number::{push_endpoint, push_number, push_seconds};
pub(crate) use plain::PlainLines;
pub(crate) use record::{
    connection, event, event_behind, event_session, finding, frame, frame_before, frame_behind,
    frame_sessions, plain_event, plain_row, session, summary,
};
pub(crate) use spoken::Spoken;
pub(crate) use utc::Utc;

use crate::model::{Endpoint, FrameRecord, Nanos, Timestamp};

/// A field's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// As JSON writes it behind another field.
    json: &'static str,
    /// The same, with the quotation mark that opens a string.
    string: &'static str,
}

/// The name of a field: `name!("frame")`. It needs no escaping.
macro_rules! name {
    ($name:literal) => {
        super::Name {
            json: concat!(",\"", $name, "\":"),
            string: concat!(",\"", $name, "\":\""),
        }
    };
}
use name;

/// What a record's fields are told to, in order. A form that has no `null` (CSV) leaves the place empty.
pub(crate) trait Fields {
    /// Text, as it is: escaping is the form's.
    fn text<'a>(&mut self, name: Name, value: impl Into<Option<&'a str>>);

    /// A name that needs no escaping.
    fn word(&mut self, name: Name, value: &'static str);

    /// A whole number.
    fn number(&mut self, name: Name, value: impl Into<Option<u64>>);

    /// A duration in seconds, exact to the nanosecond.
    fn seconds(&mut self, name: Name, value: impl Into<Option<Nanos>>);

    /// A time (RFC 3339, UTC, nanoseconds).
    fn time(&mut self, name: Name, value: impl Into<Option<Timestamp>>);

    /// An address and port.
    fn endpoint(&mut self, name: Name, value: Endpoint);

    /// A frame's direction, ends and flags.
    fn ends(&mut self, frame: &FrameRecord)
    where
        Self: Sized,
    {
        record::ends(self, frame);
    }

    /// A frame's labels.
    fn labels(&mut self, frame: &FrameRecord)
    where
        Self: Sized,
    {
        record::labels(self, frame);
    }

    /// A list of names that need no escaping.
    fn words(&mut self, name: Name, values: impl Iterator<Item = &'static str>);

    /// A list of numbers.
    fn numbers(&mut self, name: Name, values: impl Iterator<Item = u64>);

    /// An object of its own, or `null`. `fields` hears `None` only from a form that has a place for each inner field and must leave it empty.
    fn object<T: ?Sized>(
        &mut self,
        name: Name,
        value: Option<&T>,
        fields: impl FnOnce(&mut Self, Option<&T>),
    );

    /// A field for what is not known yet in any record: always `null`.
    fn null(&mut self, name: Name);
}
