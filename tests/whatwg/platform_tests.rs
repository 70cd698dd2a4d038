//! The rules that the `eventsource/format-*` files of web-platform-tests hold browsers to, each with a stream of our own. Those of the media type are in
//! [`grammar`](super::grammar).

use super::{gives, gives_data};

#[test]
fn format_bom() {
    gives_data(
        "\u{FEFF}data:one\n\n\u{FEFF}data:two\n\ndata:three\n\n",
        &["one", "three"],
    );
}

#[test]
fn format_bom_2() {
    gives_data("\u{FEFF}\u{FEFF}data:one\n\ndata:two\n\n", &["two"]);
}

#[test]
fn format_comments() {
    let long = "y".repeat(3_000);
    let stream =
        format!("data:a\n:\0\r:\r\ndata:b\r:{long}\ndata:c\r\n:data:no\n:{long}\rdata:d\n:\n\n");
    // Not cut at every place: it is long.
    let seen = super::parse(&[stream.as_bytes()]).0;
    assert_eq!(
        seen,
        [("message".into(), "a\nb\nc\nd".into(), String::new())]
    );
    let halves = stream.as_bytes().split_at(stream.len() / 2);
    assert_eq!(super::parse(&[halves.0, halves.1]).0, seen);
}

#[test]
fn format_data_before_final_empty_line() {
    let parser = gives("retry:500\ndata:1\n\nid:x\ndata:2", &[("message", "1", "")]);
    assert_eq!((&**parser.last_event_id(), parser.retry()), ("", Some(500)));
}

#[test]
fn format_field_data() {
    gives_data("data:\n\ndata\ndata\n\ndata:x\n\n", &["", "\n", "x"]);
}

#[test]
fn format_field_event() {
    gives(
        "event:up\ndata:1\n\ndata:2\n\n",
        &[("up", "1", ""), ("message", "2", "")],
    );
}

#[test]
fn format_field_event_empty() {
    gives("event: \ndata:1\n\n", &[("message", "1", "")]);
}

#[test]
fn format_field_id() {
    gives("id: …\ndata:1\n\n", &[("message", "1", "…")]);
}

#[test]
fn format_field_id_2() {
    gives(
        "id: …\ndata:1\n\ndata:2\n\ndata:3\n\n",
        &[
            ("message", "1", "…"),
            ("message", "2", "…"),
            ("message", "3", "…"),
        ],
    );
}

#[test]
fn format_field_id_3() {
    let persists = [("message", "a", "8"), ("message", "b", "8")];
    gives("id: 8\ndata: a\n\ndata: b\n\n", &persists);
    let changes = [
        ("message", "a", "8"),
        ("message", "b", "9"),
        ("message", "c", "9"),
    ];
    gives("id: 8\ndata: a\n\nid: 9\ndata: b\n\ndata: c\n\n", &changes);
    let resets = [
        ("message", "a", "8"),
        ("message", "b", ""),
        ("message", "c", ""),
    ];
    gives("id: 8\ndata: a\n\nid:\ndata: b\n\ndata: c\n\n", &resets);
}

#[test]
fn format_field_id_null() {
    for id in ["\0\0", "y\0", "\0y", "y\0y", " \0"] {
        gives(format!("id:{id}\ndata:a\n\n"), &[("message", "a", "")]);
    }
}

#[test]
fn format_field_parsing() {
    gives_data(
        "data:\0\ndata:  b\rData:c\ndata\0:d\ndata:e\r\0data:f\nd-ata:g\rdata_h\ndata:i\rdata:\r\n data:j\ndata:k\n\n",
        &["\0\n b\ne\ni\n\nk"],
    );
}

#[test]
fn format_field_retry() {
    assert_eq!(
        gives_data("retry:03000\ndata:x\n\n", &["x"]).retry(),
        Some(3000)
    );
}

#[test]
fn format_field_retry_bogus() {
    let parser = gives_data("retry:3000\nretry:500y\ndata:x\n\n", &["x"]);
    assert_eq!(parser.retry(), Some(3000));
}

#[test]
fn format_field_retry_empty() {
    assert_eq!(gives_data("retry\ndata:x\n\n", &["x"]).retry(), None);
}

#[test]
fn format_field_unknown() {
    gives_data(
        "data:a\n data\ndata\nother:b\nplain words\n:a comment\ndata:c\n\n",
        &["a\n\nc"],
    );
}

#[test]
fn format_leading_space() {
    gives_data("data:\ta\rdata: \ndata:b\n\n", &["\ta\n\nb"]);
}

#[test]
fn format_newlines() {
    gives_data("data:a\r\ndata\ndata:b\r\n\r", &["a\n\nb"]);
}

#[test]
fn format_null_character() {
    gives_data("data:\0\n\n\n\n", &["\0"]);
}

#[test]
fn format_utf_8() {
    gives_data("data:fine…\n\n", &["fine…"]);
}

#[test]
fn event_data() {
    gives_data(
        "data:a\ndata: a\n\n:\nother:x\n\ndata:\n\ndata:end\n\n",
        &["a\na", "", "end"],
    );
}
