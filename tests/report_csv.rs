//! CSV and raw: what a reader of each gets back.

#![allow(clippy::unwrap_used)] // helpers of tests

mod report_samples;

use proptest::prelude::*;
use report_samples::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use ssetrace::model::Record;
use ssetrace::report::{Format, Options, View};

const VIEWS: [View; 3] = [View::Timeline, View::Sessions, View::Events];

/// The paths of a JSON object's leaves, in the order in which they are written; a list is a leaf.
struct Paths(Vec<String>);

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Paths, D::Error> {
        struct Leaves;
        impl<'de> Visitor<'de> for Leaves {
            type Value = Paths;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Paths, A::Error> {
                let mut all = Vec::new();
                while let Some((name, inner)) = map.next_entry::<String, Paths>()? {
                    for path in inner.0 {
                        all.push(match path.as_str() {
                            "" => name.clone(),
                            path => format!("{name}.{path}"),
                        });
                    }
                }
                Ok(Paths(all))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Paths, A::Error> {
                while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                self.visit_unit()
            }
            fn visit_unit<E>(self) -> Result<Paths, E> {
                Ok(Paths(vec![String::new()]))
            }
            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Paths, E> {
                self.visit_unit()
            }
            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Paths, E> {
                self.visit_unit()
            }
            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Paths, E> {
                self.visit_unit()
            }
        }
        deserializer.deserialize_any(Leaves)
    }
}

/// RFC 4180, with LF: the fields of each line, and whether each was quoted.
fn read(text: &str) -> Vec<Vec<(String, bool)>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut field = String::new();
        let quoted = rest.starts_with('"');
        if quoted {
            rest = &rest[1..];
            loop {
                let (before, after) = rest.split_once('"').expect("a closing quotation mark");
                field.push_str(before);
                rest = after;
                match rest.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        } else {
            let end = rest.find([',', '\n']).expect("an end");
            field.push_str(&rest[..end]);
            assert!(!field.contains('"'));
            rest = &rest[end..];
        }
        row.push((field, quoted));
        if rest.starts_with('\n') {
            rows.push(std::mem::take(&mut row));
        } else {
            assert!(rest.starts_with(','));
        }
        rest = &rest[1..];
    }
    assert!(row.is_empty(), "the last line ends in LF");
    rows
}

fn csv(view: View, records: &[Record]) -> Vec<Vec<(String, bool)>> {
    read(&written(options(view, Format::Csv), records))
}

#[test]
fn the_columns_are_the_fields_of_the_json_record_in_its_order() {
    for (view, record) in [
        (View::Timeline, Record::Frame(Box::new(full_frame()))),
        (View::Sessions, Record::Session(Box::new(session(1)))),
        (View::Events, Record::Event(Box::new(event(0, 1, "x")))),
    ] {
        let json = written(options(view, Format::Jsonl), std::slice::from_ref(&record));
        let Paths(paths) = serde_json::from_str(&json).unwrap();
        let fields: Vec<&str> = paths
            .iter()
            .map(String::as_str)
            .filter(|path| !["record", "llm", "mcp"].contains(path))
            .collect();
        let rows = csv(view, &[record]);
        let header: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(header, fields);
        assert_eq!(rows[1].len(), header.len());
    }
}

#[test]
fn every_line_has_as_many_fields_as_the_header() {
    for view in VIEWS {
        let rows = csv(view, &one_of_each());
        assert_eq!(rows.len(), 3, "{view:?}: header, full and bare");
        for row in &rows {
            assert_eq!(row.len(), rows[0].len(), "{view:?}");
        }
    }
}

#[test]
fn a_capture_without_rows_still_has_its_header() {
    for view in VIEWS {
        assert_eq!(csv(view, &[]).len(), 1);
    }
}

#[test]
fn lists_are_joined_by_spaces_and_null_differs_from_an_empty_text() {
    let rows = csv(View::Timeline, &[Record::Frame(Box::new(full_frame()))]);
    let field = |name: &str| {
        let place = rows[0].iter().position(|(field, _)| field == name).unwrap();
        rows[1][place].0.clone()
    };
    assert_eq!(field("flags"), "PSH ACK");
    assert_eq!(field("labels"), "push chunk event");
    assert_eq!(field("sessions"), "0 1");
    let rows = csv(View::Events, &[Record::Event(Box::new(bare_event()))]);
    let place = |name: &str| rows[0].iter().position(|(field, _)| field == name).unwrap();
    assert_eq!(rows[1][place("last_event_id")], (String::new(), true));
    assert_eq!(rows[1][place("id")], (String::new(), false));
}

#[test]
fn raw_is_the_data_of_each_event_and_a_line_feed() {
    let records: Vec<Record> = ["{\"a\":1}", "", "two\nlines\r\u{1b}"]
        .iter()
        .zip(1..)
        .map(|(data, number)| Record::Event(Box::new(event(0, number, data))))
        .collect();
    let raw = options(View::Events, Format::Raw);
    assert_eq!(written(raw, &records), "{\"a\":1}\n\ntwo\nlines\r\u{1b}\n");
    assert_eq!(
        written(
            Options {
                terminal: true,
                ..raw
            },
            &records
        ),
        "{\"a\":1}\n\ntwo\nlines\\u{d}\\u{1b}\n"
    );
}

/// What may stand raw outside JSON.
fn may_be_raw(character: char) -> bool {
    matches!(character, '\n' | '\t')
        || !(character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// `text` with what must not stand raw as `\u{…}`.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|character| match may_be_raw(character) {
            true => character.to_string(),
            false => character.escape_unicode().to_string(),
        })
        .collect()
}

proptest! {
    #[test]
    fn csv_reads_back_as_the_text_with_its_controls_escaped(data in any::<String>(), event_type in any::<String>()) {
        let mut event = event(0, 1, &data);
        event.event.event_type = event_type.clone().into();
        let records = [Record::Event(Box::new(event))];
        prop_assert!(written(options(View::Events, Format::Csv), &records).chars().all(may_be_raw));
        let rows = csv(View::Events, &records);
        prop_assert_eq!(rows.len(), 2);
        prop_assert_eq!(&rows[1][5].0, &escaped(&event_type));
        prop_assert_eq!(&rows[1][6].0, &escaped(&data));
    }

    #[test]
    fn raw_on_a_terminal_carries_no_control(data in any::<String>()) {
        let raw = Options { terminal: true, ..options(View::Events, Format::Raw) };
        let out = written(raw, &[Record::Event(Box::new(event(0, 1, &data)))]);
        prop_assert!(out.chars().all(may_be_raw));
        prop_assert_eq!(out, escaped(&data) + "\n");
    }
}
