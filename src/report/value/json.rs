//! JSON objects (RFC 8259), appended field by field to a byte buffer: no tree is built, and a frame costs no allocation.

use super::number::{push_endpoint, push_number_behind, push_seconds};
use super::spoken::{self, Spoken};
use super::string::push_string_rest;
use super::{Fields, Name, record};
use crate::model::{Endpoint, FrameRecord, Nanos, Out, Timestamp};
use std::collections::BTreeMap;

/// An object that is being written.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    out: &'a mut Out,
    spoken: &'a mut Spoken,
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
        Json { out, spoken }
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
        self.inside_of(*b"[]", |json| {
            for item in items {
                json.out.push(b',');
                json.inside_of(*b"{}", |json| fields(json, item));
            }
        });
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: Name, values: &[String]) {
        self.name(name);
        self.inside_of(*b"[]", |json| {
            for value in values {
                json.out.extend_from_slice(b",\"");
                push_string_rest(json.out, value);
            }
        });
    }

    /// An object of counts by name.
    pub(crate) fn counts(&mut self, name: Name, counts: &BTreeMap<&'static str, u64>) {
        self.name(name);
        self.inside_of(*b"{}", |json| {
            for (&reason, &count) in counts {
                json.out.extend_from_slice(b",\"");
                push_string_rest(json.out, reason);
                push_number_behind(json.out, b":", count);
            }
        });
    }

    #[inline(always)] // As `begin`.
    fn name(&mut self, name: Name) {
        self.out.extend_from_slice(name.json.as_bytes());
    }

    /// What is written inside of brackets has a comma in front of each part: the first becomes the opening bracket.
    #[inline(always)] // As `begin`.
    fn inside_of(&mut self, [open, close]: [u8; 2], write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        write(self);
        match self.out.len() > start {
            true => self.out.replace(start, open),
            false => self.out.push(open),
        }
        self.out.push(close);
    }
}

impl Fields for Json<'_> {
    #[inline(always)] // As `begin`.
    fn text<'b>(&mut self, name: Name, value: impl Into<Option<&'b str>>) {
        match value.into() {
            Some(value) => {
                self.out.extend_from_slice(name.string.as_bytes());
                push_string_rest(self.out, value);
            }
            None => self.null(name),
        }
    }

    #[inline(always)] // As `begin`.
    fn word(&mut self, name: Name, value: &'static str) {
        self.out.extend_from_slice(name.string.as_bytes());
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    #[inline(always)] // As `begin`.
    fn number(&mut self, name: Name, value: impl Into<Option<u64>>) {
        match value.into() {
            Some(value) => push_number_behind(self.out, name.json.as_bytes(), value),
            None => self.null(name),
        }
    }

    #[inline(always)] // As `begin`.
    fn seconds(&mut self, name: Name, value: impl Into<Option<Nanos>>) {
        match value.into() {
            Some(value) => {
                self.name(name);
                push_seconds(self.out, value);
            }
            None => self.null(name),
        }
    }

    #[inline(always)] // As `begin`.
    fn time(&mut self, name: Name, value: impl Into<Option<Timestamp>>) {
        match value.into() {
            Some(value) => {
                self.out.extend_from_slice(name.string.as_bytes());
                self.spoken.utc.push(self.out, value);
                self.out.push(b'"');
            }
            None => self.null(name),
        }
    }

    #[inline(always)] // As `begin`.
    fn endpoint(&mut self, name: Name, value: Endpoint) {
        self.out.extend_from_slice(name.string.as_bytes());
        push_endpoint(self.out, value);
        self.out.push(b'"');
    }

    #[inline]
    fn ends(&mut self, frame: &FrameRecord) {
        let (ends, nth) = (spoken::ends(frame), frame.tcp.direction as usize);
        match self.spoken.ends[nth].get(&ends) {
            Some(known) => self.out.extend_from_slice(known),
            None => {
                let text = self.out.len();
                record::ends(self, frame);
                self.spoken.ends[nth].remember(ends, &self.out.written()[text..]);
            }
        }
    }

    #[inline]
    fn labels(&mut self, frame: &FrameRecord) {
        let (labels, nth) = (frame.labels, frame.tcp.direction as usize);
        match self.spoken.labels[nth].get(&labels) {
            Some(known) => self.out.extend_from_slice(known),
            None => {
                let text = self.out.len();
                record::labels(self, frame);
                self.spoken.labels[nth].remember(labels, &self.out.written()[text..]);
            }
        }
    }

    fn words(&mut self, name: Name, values: impl Iterator<Item = &'static str>) {
        self.name(name);
        self.inside_of(*b"[]", |json| {
            for value in values {
                json.out.extend_from_slice(b",\"");
                json.out.extend_from_slice(value.as_bytes());
                json.out.push(b'"');
            }
        });
    }

    #[inline(always)] // As `begin`.
    fn numbers(&mut self, name: Name, values: impl Iterator<Item = u64>) {
        self.name(name);
        self.inside_of(*b"[]", |json| {
            for value in values {
                push_number_behind(json.out, b",", value);
            }
        });
    }

    fn object<T: ?Sized>(
        &mut self,
        name: Name,
        value: Option<&T>,
        fields: impl FnOnce(&mut Self, Option<&T>),
    ) {
        match value {
            Some(value) => {
                self.name(name);
                self.inside_of(*b"{}", |json| fields(json, Some(value)));
            }
            None => self.null(name),
        }
    }

    #[inline(always)] // As `begin`.
    fn null(&mut self, name: Name) {
        self.out.write_behind(name.json.as_bytes(), |room| {
            *room = *b"null";
            room.len()
        });
    }
}
