//! docs/json.md and the JSON Schema against what the program writes: neither says more nor less.

#![allow(clippy::unwrap_used)] // helpers of tests

mod report_samples;

use report_samples::*;
use serde_json::Value;
use ssetrace::model::{EndKind, Framing, Label, Protocol, Record, Severity, TeardownKind};
use ssetrace::report::{Format, View};
use std::collections::BTreeSet;

const DOCS: &str = include_str!("../docs/json.md");
const SCHEMA: &str = include_str!("../docs/schema/ssetrace-1.schema.json");
const RECORDS: [&str; 6] = [
    "frame",
    "event",
    "session",
    "connection",
    "finding",
    "summary",
];

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn lines(records: &[Record]) -> Vec<Value> {
    written(options(View::Timeline, Format::Jsonl), records)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Every record, full and bare, and every value of every enumeration.
fn many_records() -> Vec<Record> {
    let mut records = one_of_each();
    for kind in [
        EndKind::TerminatingChunk,
        EndKind::ContentLength,
        EndKind::Fin,
        EndKind::Rst,
        EndKind::EndStream,
        EndKind::StreamReset,
        EndKind::Timeout,
        EndKind::Open,
    ] {
        let mut session = session(1);
        session.end.kind = kind;
        records.push(Record::Session(Box::new(session)));
    }
    for framing in [
        None,
        Some(Framing::Chunked),
        Some(Framing::ContentLength),
        Some(Framing::Close),
        Some(Framing::Http2),
        Some(Framing::Http3),
    ] {
        let mut session = session(1);
        let mut response = (**session.opening.exchange.response.as_ref().unwrap()).clone();
        response.framing = framing;
        session.opening.exchange.response = Some(response.into());
        records.push(Record::Session(Box::new(session)));
    }
    for protocol in [
        Protocol::None,
        Protocol::Unknown,
        Protocol::Http1,
        Protocol::Http2,
        Protocol::Tls,
        Protocol::WebSocket,
    ] {
        let mut connection = connection();
        connection.protocol = protocol;
        records.push(Record::Connection(Box::new(connection)));
    }
    for kind in [TeardownKind::Open, TeardownKind::Fin, TeardownKind::Rst] {
        let mut connection = connection();
        connection.teardown.kind = kind;
        records.push(Record::Connection(Box::new(connection)));
    }
    for severity in [Severity::Note, Severity::Warning, Severity::Error] {
        let mut finding = finding();
        finding.severity = severity;
        records.push(Record::Finding(Box::new(finding)));
    }
    let mut frame = full_frame();
    frame.labels = Label::ALL.iter().copied().collect();
    records.push(Record::Frame(Box::new(frame)));
    records
}

/// The fields of a written object, inner ones with their object's name and a dot; those of the first element for a list of objects.
fn paths(object: &Value, prefix: &str, into: &mut BTreeSet<String>) {
    for (name, value) in object.as_object().unwrap() {
        into.insert(format!("{prefix}{name}"));
        let inner = match value {
            Value::Array(elements) => elements.first().unwrap_or(&Value::Null),
            value => value,
        };
        if inner.is_object() && name != "skipped" {
            paths(inner, &format!("{prefix}{name}."), into);
        }
    }
}

fn written_paths(record: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for line in lines(&many_records()) {
        if line["record"] == record {
            paths(&line, "", &mut all);
        }
    }
    all
}

/// The first cells, without their backticks, of the table rows of `section`.
fn first_cells(section: &str) -> Vec<String> {
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(cell, _)| cell.to_owned())
        .collect()
}

/// The part of the page between `heading` and the next one.
fn section(heading: &str) -> &'static str {
    let (_, after) = DOCS
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no {heading}"));
    after.split("\n#").next().unwrap()
}

fn schema_paths(object: &Value, prefix: &str, into: &mut BTreeSet<String>) {
    let properties = object["properties"].as_object().unwrap();
    let required: BTreeSet<&str> = object["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        required,
        properties.keys().map(String::as_str).collect(),
        "null, never missing"
    );
    for (name, property) in properties {
        into.insert(format!("{prefix}{name}"));
        for inner in [property, &property["items"]] {
            if inner["properties"].is_object() {
                schema_paths(inner, &format!("{prefix}{name}."), into);
            }
        }
    }
}

#[test]
fn the_page_names_every_field_that_is_written_and_no_other() {
    for record in RECORDS {
        let page: BTreeSet<String> = first_cells(section(&format!("### `{record}`")))
            .into_iter()
            .collect();
        assert_eq!(page, written_paths(record), "{record}");
    }
}

#[test]
fn the_page_names_every_label_in_order() {
    let labels: Vec<&str> = Label::ALL.iter().map(|label| label.name()).collect();
    assert_eq!(first_cells(section("## Labels")), labels);
}

#[test]
fn the_schema_names_every_field_that_is_written_and_no_other() {
    let schema = schema();
    for record in RECORDS {
        let mut named = BTreeSet::new();
        schema_paths(&schema["$defs"][record], "", &mut named);
        assert_eq!(named, written_paths(record), "{record}");
    }
}

#[test]
fn the_schema_names_every_label_in_order() {
    let named = schema()["$defs"]["label"]["enum"].clone();
    let labels: Vec<&str> = Label::ALL.iter().map(|label| label.name()).collect();
    assert_eq!(named, Value::from(labels));
}

#[test]
fn every_record_and_document_is_valid_by_the_schema() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let records = many_records();
    let mut written_values = lines(&records);
    for view in [View::Timeline, View::Sessions, View::Events] {
        let documents = written(options(view, Format::Json), &records);
        for document in documents.lines() {
            written_values.push(serde_json::from_str(document).unwrap());
        }
    }
    for value in written_values {
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{value}: {errors:?}");
    }
}

#[test]
fn the_schema_refuses_a_record_with_a_field_missing_or_of_another_type() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for line in lines(&one_of_each()) {
        for name in line.as_object().unwrap().keys() {
            let mut without = line.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(!validator.is_valid(&without), "{name} missing");
            let mut wrong = line.clone();
            wrong[name] = Value::from(vec![Value::from(vec![1])]);
            assert!(!validator.is_valid(&wrong), "{name} of another type");
        }
    }
}
