//! JSON Lines and JSON documents: what is written reads back as what was recorded.

#![allow(clippy::unwrap_used)] // helpers of tests

mod report_samples;

use proptest::prelude::*;
use report_samples::*;
use serde_json::{Value, json};
use ssetrace::model::{FrameNo, Record, SessionRecord, Timestamp};
use ssetrace::report::{Format, Options, Report, View};

fn lines(view: View, records: &[Record]) -> Vec<Value> {
    written(options(view, Format::Jsonl), records)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn line(record: Record) -> Value {
    let lines = lines(View::Timeline, &[record]);
    assert_eq!(lines.len(), 1);
    lines.into_iter().next().unwrap()
}

#[test]
fn a_frame_has_every_field_of_the_reference() {
    assert_eq!(
        line(Record::Frame(Box::new(full_frame()))),
        json!({
            "record": "frame", "frame": 23, "connection": 1,
            "time": "2026-11-23T23:50:00.023000000Z", "time_relative": 0.023,
            "direction": "server-to-client", "source": "127.0.0.1:8080", "destination": "127.0.0.1:60910",
            "flags": ["PSH", "ACK"], "sequence": 201, "acknowledgment": 677, "length": 7, "window": 408256,
            "acknowledges": 17, "rtt": 0.000009, "conflict": {"bytes": 3, "frame": 21}, "labels": ["push", "chunk", "event"],
            "session": 0, "sessions": [0, 1], "annotation": "event 1 message \"hi\"",
        })
    );
}

#[test]
fn what_does_not_apply_to_a_frame_is_null_or_an_empty_list() {
    assert_eq!(
        line(Record::Frame(Box::new(bare_frame()))),
        json!({
            "record": "frame", "frame": 1, "connection": 1,
            "time": "2026-11-23T23:50:00.001000000Z", "time_relative": 0.001,
            "direction": "client-to-server", "source": "127.0.0.1:60910", "destination": "127.0.0.1:8080",
            "flags": [], "sequence": 201, "acknowledgment": null, "length": 7, "window": 408256,
            "acknowledges": null, "rtt": null, "conflict": null, "labels": [], "session": null, "sessions": [], "annotation": "",
        })
    );
}

#[test]
fn an_event_has_every_field_of_the_reference() {
    assert_eq!(
        line(Record::Event(Box::new(event(0, 1, "a\nb")))),
        json!({
            "record": "event", "session": 0, "connection": 1, "number": 1,
            "time": "2026-11-23T23:50:00.014000000Z", "time_relative": 0.014,
            "type": "message", "data": "a\nb", "last_event_id": "7", "id": "7", "retry": 3000,
            "first_frame": 10, "frame": 14, "chunks": {"first": 1, "last": 3}, "gap": 0.0506,
        })
    );
    let bare = line(Record::Event(Box::new(bare_event())));
    assert_eq!(
        [&bare["id"], &bare["retry"], &bare["chunks"], &bare["gap"]],
        [&Value::Null; 4]
    );
    assert_eq!(bare["last_event_id"], "");
}

#[test]
fn a_session_has_every_field_of_the_reference() {
    assert_eq!(
        line(Record::Session(Box::new(session(1)))),
        json!({
            "record": "session", "session": 1, "connection": 2, "stream": 1,
            "client": "127.0.0.1:60910", "server": "127.0.0.1:8080",
            "request": {"frame": 17, "method": "GET", "target": "/sse/chat", "authority": "127.0.0.1:8080", "last_event_id": "1:1"},
            "response": {"frame": 19, "status": 200, "version": "HTTP/1.1", "content_type": "text/event-stream;charset=UTF-8",
                "framing": "chunked", "content_encoding": "gzip"},
            "events": 2, "comments": 1, "chunks": 6, "body_bytes": 104, "data_bytes": 60,
            "wire_bytes": 260, "segments": 6,
            "time_to_head": 0.009489, "time_to_first_event": 0.0096, "duration": 2.02,
            "gaps": {"min": 0.000000001, "p50": 0.000002, "p95": 0.003, "max": 1.01},
            "rate": 0.99, "heartbeats": {"min": 1, "p50": 1, "p95": 1, "max": 1},
            "incomplete_event": 3, "missing": {"bytes": 27, "holes": 1, "frames": [14, 17]}, "end": {"kind": "terminating-chunk", "frame": 37, "by": "server"}, "reconnects": 0,
            "reconnection": {"delay": 0.209, "retry": 200, "attempts": 1, "missed": 0, "repeated": 0},
            "llm": null, "mcp": null,
        })
    );
    let bare = line(Record::Session(Box::new(bare_session())));
    for field in [
        "stream",
        "request",
        "chunks",
        "time_to_head",
        "time_to_first_event",
        "duration",
        "gaps",
        "missing",
        "rate",
        "heartbeats",
        "reconnects",
        "reconnection",
    ] {
        assert_eq!(bare[field], Value::Null, "{field}");
    }
    assert_eq!(
        bare["end"],
        json!({"kind": "open", "frame": null, "by": null})
    );
}

#[test]
fn a_connection_a_finding_and_a_summary_have_every_field_of_the_reference() {
    assert_eq!(
        line(Record::Connection(Box::new(connection()))),
        json!({
            "record": "connection", "connection": 1, "client": "[::1]:60910", "server": "[::1]:8080", "frames": 26, "conflicts": 1,
            "handshake": {"syn": 9, "syn_ack": 11, "ack": 13, "rtt": 0.000103},
            "teardown": {"kind": "fin", "frames": [181, 182]}, "sessions": [0],
            "other_streams": [{"frame": 50, "content_type": "application/x-ndjson", "pieces": 4}], "protocol": "http1",
        })
    );
    assert_eq!(
        line(Record::Connection(Box::new(bare_connection()))),
        json!({
            "record": "connection", "connection": 1, "client": "[::1]:60910", "server": "[::1]:8080", "frames": 26, "conflicts": 1,
            "handshake": {"syn": null, "syn_ack": null, "ack": null, "rtt": null},
            "teardown": {"kind": "open", "frames": []}, "sessions": [], "other_streams": [], "protocol": "none",
        })
    );
    assert_eq!(
        line(Record::Finding(Box::new(finding()))),
        json!({
            "record": "finding", "code": "stop-204", "severity": "note", "session": 0, "connection": 1, "frames": [60],
            "text": "the client was told 204 (No. 60): no more reconnects",
        })
    );
    assert_eq!(
        line(Record::Summary(Box::new(summary()))),
        json!({
            "record": "summary", "capture": "walkthrough.pcapng", "format": "pcapng", "link_types": ["NULL", "ETHERNET"],
            "frames": 4121, "first_time": "2026-11-23T23:50:00.000000000Z", "last_time": "2026-11-24T00:19:35.000000000Z",
            "truncated": true, "skipped": {"IPv4 header": 3, "TCP header": 1},
            "connections": 12, "sessions": 1, "events": 2, "findings": 0,
        })
    );
    let empty = line(Record::Summary(Box::default()));
    assert_eq!(
        [&empty["first_time"], &empty["last_time"]],
        [&Value::Null; 2]
    );
}

#[test]
fn each_view_takes_its_records_in_the_order_in_which_they_came() {
    let names = |view| -> Vec<String> {
        lines(view, &one_of_each())
            .iter()
            .map(|line| line["record"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(View::Timeline).join(" "),
        "frame frame event event session session finding finding connection connection summary"
    );
    assert_eq!(
        names(View::Sessions).join(" "),
        "session session finding finding summary"
    );
    assert_eq!(names(View::Events).join(" "), "event event summary");
}

#[test]
fn a_document_holds_the_same_records_by_kind() {
    let records = one_of_each();
    let lines = lines(View::Timeline, &records);
    let of = |name: &str| -> Value {
        lines
            .iter()
            .filter(|line| line["record"] == name)
            .cloned()
            .collect()
    };
    let document: Value =
        serde_json::from_str(&written(options(View::Timeline, Format::Json), &records)).unwrap();
    assert_eq!(
        document,
        json!({
            "schema": "ssetrace/1", "frames": of("frame"), "events": of("event"), "sessions": of("session"),
            "connections": of("connection"), "findings": of("finding"), "summary": of("summary")[0],
        })
    );
}

#[test]
fn a_document_of_a_narrower_view_has_null_for_what_it_does_not_show() {
    let records = one_of_each();
    let document = |view| -> Value {
        serde_json::from_str(&written(options(view, Format::Json), &records)).unwrap()
    };
    let sessions = document(View::Sessions);
    for field in ["frames", "events", "connections"] {
        assert_eq!(sessions[field], Value::Null, "{field}");
    }
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(sessions["findings"].as_array().unwrap().len(), 2);
    let events = document(View::Events);
    for field in ["frames", "sessions", "connections", "findings"] {
        assert_eq!(events[field], Value::Null, "{field}");
    }
    assert_eq!(events["events"].as_array().unwrap().len(), 2);
    assert_eq!(events["summary"]["record"], "summary");
}

#[test]
fn several_captures_make_a_document_a_line_each_with_its_own_first_time() {
    let mut report = Report::new(options(View::Events, Format::Json), Vec::new());
    for later in [0, 5_000_000] {
        report.set_first_time(Timestamp(START + later));
        report
            .record(&Record::Event(Box::new(event(0, 1, "x"))))
            .unwrap();
        report
            .record(&Record::Summary(Box::new(summary())))
            .unwrap();
    }
    let text = String::from_utf8(report.finish().unwrap()).unwrap();
    let relative: Vec<Value> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["events"][0]["time_relative"].clone()
        })
        .collect();
    assert_eq!(relative, [json!(0.014), json!(0.009)]);
}

#[test]
fn a_document_without_its_summary_is_closed_and_one_without_a_record_is_not_begun() {
    let document = written(
        options(View::Timeline, Format::Json),
        &[Record::Frame(Box::new(full_frame()))],
    );
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["summary"], Value::Null);
    assert_eq!(document["frames"].as_array().unwrap().len(), 1);
    assert_eq!(document["events"], json!([]));
    assert_eq!(written(options(View::Timeline, Format::Json), &[]), "");
}

#[test]
fn arrays_larger_than_memory_may_hold_come_back_whole() {
    let mut records: Vec<Record> = (0..3_000)
        .map(|number| Record::Event(Box::new(event(0, number + 1, &"x".repeat(1_000)))))
        .collect();
    records.push(Record::Summary(Box::default()));
    let document: Value =
        serde_json::from_str(&written(options(View::Timeline, Format::Json), &records)).unwrap();
    let events = document["events"].as_array().unwrap();
    assert_eq!(events.len(), 3_000);
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, number)| event["number"] == number)
    );
}

#[test]
fn frames_are_written_as_they_come_even_in_a_document() {
    let mut report = Report::new(options(View::Timeline, Format::Json), Vec::new());
    for number in [1, 2] {
        let mut frame = full_frame();
        frame.tcp.at.frame = FrameNo(number);
        report.record(&Record::Frame(Box::new(frame))).unwrap();
    }
    let text = String::from_utf8(report.finish().unwrap()).unwrap();
    assert!(text.starts_with(r#"{"schema":"ssetrace/1","frames":[{"record":"frame","frame":1,"#));
}

/// All controls, bidi controls and separators that must never be raw in JSON.
fn is_raw_control(character: char) -> bool {
    character != '\n' && character.is_control()
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

proptest! {
    #[test]
    fn any_text_in_any_record_reads_back_as_itself(text in any::<String>()) {
        let mut event = event(0, 1, &text);
        event.event.event_type = text.clone().into();
        event.event.id = Some(text.clone());
        let mut frame = full_frame();
        frame.annotation.text.clone_from(&text);
        let mut session: SessionRecord = session(1);
        let mut request = (**session.opening.exchange.request.as_ref().unwrap()).clone();
        request.target = text.as_str().into();
        session.opening.exchange.request = Some(request.into());
        let mut finding = finding();
        finding.text.clone_from(&text);
        let mut connection = connection();
        connection.other_streams[0].content_type.clone_from(&text);
        let mut summary = summary();
        summary.capture.clone_from(&text);
        summary.link_types[0].clone_from(&text);
        let records = [
            Record::Frame(Box::new(frame)),
            Record::Event(Box::new(event)),
            Record::Session(Box::new(session)),
            Record::Finding(Box::new(finding)),
            Record::Connection(Box::new(connection)),
            Record::Summary(Box::new(summary)),
        ];
        for format in [Format::Jsonl, Format::Json] {
            let out = written(options(View::Timeline, format), &records);
            prop_assert!(!out.chars().any(is_raw_control));
        }
        let lines = lines(View::Timeline, &records);
        for (line, place) in [
            (0, "/annotation"), (1, "/data"), (1, "/type"), (1, "/id"), (2, "/request/target"), (3, "/text"),
            (4, "/other_streams/0/content_type"), (5, "/capture"), (5, "/link_types/0"),
        ] {
            let read = lines[line].pointer(place).and_then(Value::as_str);
            prop_assert_eq!(read, Some(text.as_str()));
        }
    }

    #[test]
    fn every_duration_is_an_exact_number(nanos in any::<i64>()) {
        let mut event = event(0, 1, "");
        event.event.gap = Some(nanos);
        let out = written(Options { format: Format::Jsonl, ..Options::default() }, &[Record::Event(Box::new(event))]);
        let written = out.rsplit_once("\"gap\":").unwrap().1.trim_end_matches("}\n");
        prop_assert!(!written.contains(['e', 'E']));
        let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
        let digits: i128 = format!("{}{fraction:0<9}", whole.trim_start_matches('-')).parse().unwrap();
        prop_assert_eq!(if written.starts_with('-') { -digits } else { digits }, i128::from(nanos));
    }
}
