//! JSON objects (RFC 8259), appended field by field to a byte buffer: no tree is built, and a frame costs no allocation.

use super::number::{push_endpoint, push_number, push_seconds};
use super::string::push_string;
use super::{Fields, Name, Spoken, record};
use crate::model::{Endpoint, FrameRecord, Nanos, Out, Timestamp};
use std::collections::BTreeMap;

/// An object that is being written.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    out: &'a mut Out,
    spoken: &'a mut Spoken,
    /// Whether the next field is the first of its object.
    first: bool,
}

impl<'a> Json<'a> {
    /// Appends an object to `out`: a field `record` with `name`, then what `fields` tells.
    pub(crate) fn record(
        out: &'a mut Out,
        spoken: &'a mut Spoken,
        name: &'static str,
        fields: impl FnOnce(&mut Json<'a>),
    ) {
        let mut json = Json::begin(out, spoken, name);
        fields(&mut json);
        json.end();
    }

    /// Appends the beginning of an object: a field `record` with `name`.
    #[inline(always)] // Where the name is known, its length is, and the copy is a few instructions.
    pub(crate) fn begin(out: &'a mut Out, spoken: &'a mut Spoken, name: &'static str) -> Json<'a> {
        out.extend_from_slice(b"{\"record\":\"");
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        Json::inside(out, spoken)
    }

    /// Goes on with an object that has a field.
    pub(crate) fn inside(out: &'a mut Out, spoken: &'a mut Spoken) -> Json<'a> {
        Json {
            out,
            spoken,
            first: false,
        }
    }

    /// Bytes in the buffer so far.
    pub(crate) fn written(&self) -> usize {
        self.out.len()
    }

    /// Appends the end of the object.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    /// True or false.
    pub(crate) fn truth(&mut self, name: Name, value: bool) {
        self.name(name);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A list of objects.
    pub(crate) fn objects<T>(&mut self, name: Name, items: &[T], fields: impl Fn(&mut Self, &T)) {
        self.name(name);
        self.out.push(b'[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            self.inner(|json| fields(json, item));
        }
        self.out.push(b']');
        self.first = false;
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: Name, values: &[String]) {
        self.name(name);
        self.list(values.iter(), |out, value| push_string(out, value));
    }

    /// An object of counts by name.
    pub(crate) fn counts(&mut self, name: Name, counts: &BTreeMap<&'static str, u64>) {
        self.name(name);
        self.out.push(b'{');
        for (place, (&reason, &count)) in counts.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            push_string(self.out, reason);
            self.out.push(b':');
            push_number(self.out, count);
        }
        self.out.push(b'}');
    }

    #[inline(always)] // Where the name is known, its length is, and the copy is a few instructions.
    fn name(&mut self, name: Name) {
        let text = name.json.as_bytes();
        self.out.extend_from_slice(match self.first {
            true => &text[1..],
            false => text,
        });
        self.first = false;
    }

    fn inner(&mut self, fields: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        self.first = true;
        fields(self);
        self.first = false;
        self.out.push(b'}');
    }

    fn list<T>(&mut self, values: impl Iterator<Item = T>, push: impl Fn(&mut Out, T)) {
        self.out.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            push(self.out, value);
        }
        self.out.push(b']');
    }

    #[inline(always)] // As `name`.
    fn or_null<T>(&mut self, name: Name, value: Option<T>, push: impl FnOnce(&mut Self, T)) {
        self.name(name);
        match value {
            Some(value) => push(self, value),
            None => self.out.extend_from_slice(b"null"),
        }
    }
}

impl Fields for Json<'_> {
    #[inline(always)] // As `name`.
    fn text<'b>(&mut self, name: Name, value: impl Into<Option<&'b str>>) {
        self.or_null(name, value.into(), |json, value| {
            push_string(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn word(&mut self, name: Name, value: &'static str) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    #[inline(always)] // As `name`.
    fn number(&mut self, name: Name, value: impl Into<Option<u64>>) {
        self.or_null(name, value.into(), |json, value| {
            push_number(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn seconds(&mut self, name: Name, value: impl Into<Option<Nanos>>) {
        self.or_null(name, value.into(), |json, value| {
            push_seconds(json.out, value);
        });
    }

    #[inline(always)] // As `name`.
    fn time(&mut self, name: Name, value: impl Into<Option<Timestamp>>) {
        self.or_null(name, value.into(), |json, value| {
            json.out.push(b'"');
            json.spoken.utc.push(json.out, value);
            json.out.push(b'"');
        });
    }

    #[inline(always)] // As `name`.
    fn endpoint(&mut self, name: Name, value: Endpoint) {
        self.name(name);
        self.out.push(b'"');
        push_endpoint(self.out, value);
        self.out.push(b'"');
    }

    fn ends(&mut self, frame: &FrameRecord) {
        if let Some(known) = self.spoken.known(frame) {
            return self.out.extend_from_slice(known);
        }
        let start = self.out.len();
        record::ends(&mut Json::inside(self.out, self.spoken), frame);
        self.spoken.remember(frame, &self.out.written()[start..]);
    }

    #[inline(always)] // As `name`.
    fn words(&mut self, name: Name, values: impl Iterator<Item = &'static str>) {
        self.name(name);
        self.out.push(b'[');
        let none = self.out.len();
        for value in values {
            self.out.push(b'"');
            self.out.extend_from_slice(value.as_bytes());
            self.out.extend_from_slice(b"\",");
        }
        if self.out.len() > none {
            self.out.pop();
        }
        self.out.push(b']');
    }

    #[inline(always)] // As `name`.
    fn numbers(&mut self, name: Name, values: impl Iterator<Item = u64>) {
        self.name(name);
        self.list(values, push_number);
    }

    fn object<T: ?Sized>(
        &mut self,
        name: Name,
        value: Option<&T>,
        fields: impl FnOnce(&mut Self, Option<&T>),
    ) {
        self.or_null(name, value, |json, value| {
            json.inner(|json| fields(json, Some(value)));
        });
    }

    #[inline(always)] // As `name`.
    fn null(&mut self, name: Name) {
        self.or_null(name, None::<()>, |_, ()| {});
    }
}
