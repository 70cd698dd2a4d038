//! §9.2.5: how a stream is encoded, how its lines are separated, and when its events are there.

use super::{gives_data, parse};
use ssetrace::layers::sse::{Mark, Parser};

#[test]
fn event_streams_in_this_format_must_always_be_encoded_as_utf_8() {
    gives_data("data: 当前时间 €\n\n", &["当前时间 €"]);
    gives_data(b"data: \xA4 \x80\n\n", &["\u{FFFD} \u{FFFD}"]);
}

#[test]
fn lines_must_be_separated_by_a_cr_lf_pair_a_single_lf_or_a_single_cr() {
    gives_data(
        "data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\n",
        &["a", "b", "c", "d"],
    );
    gives_data("data: a\rdata: b\ndata: c\r\n\r", &["a\nb\nc"]);
}

#[test]
fn no_other_character_separates_lines() {
    gives_data(
        "data: a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f\n\n",
        &["a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f"],
    );
}

/// With how many bytes of a stream each event is there.
fn there(stream: &str) -> Vec<usize> {
    let (mut parser, mut there) = (Parser::new(), Vec::new());
    for (place, byte) in (1..).zip(stream.bytes()) {
        parser.push(&[byte], Mark::default(), |_| there.push(place));
    }
    there
}

#[test]
fn line_buffering_with_lines_that_end_with_a_single_lf_is_safe() {
    assert_eq!(there("data:a\n\n"), [8]);
    assert_eq!(there("data:a\n\ndata:b\n\n"), [8, 16]);
    // Whole lines at a time.
    assert_eq!(parse(&[b"data:a\n", b"\n"]).0.len(), 1);
}

#[test]
fn different_line_endings_cause_no_delays_in_event_dispatch() {
    // The CR ends the blank line, whatever follows it.
    assert_eq!(there("data:a\r\r"), [8]);
    assert_eq!(there("data:a\r\n\r"), [9]);
    assert_eq!(there("data:a\r\n\r\ndata:b\r\n\r\n"), [9, 19]);
    assert_eq!(there("data:a\n\r"), [8]);
}

#[test]
fn a_lf_behind_the_cr_of_a_blank_line_belongs_to_it() {
    let mut parser = Parser::new();
    let mut events = 0;
    parser.push(b"data: a\r\n\r", Mark::default(), |_| events += 1);
    assert_eq!((events, parser.unread(), parser.pending()), (1, 0, false));
    let mut more = 0;
    parser.push(b"\n", Mark::default(), |_| more += 1);
    assert_eq!((more, parser.unread(), parser.pending()), (0, 0, false));
}
