//! WHATWG HTML §9.2.5 "Parsing an event stream" and §9.2.6 "Interpreting an event stream", sentence by sentence.
//!
//! Each case is named after what the standard says and is run whole, byte by byte, and cut in two at every place.

use ssetrace::layers::sse::{Item, Mark, Parser};

/// What a page's EventSource would see: type, data, lastEventId.
type Seen = (String, String, String);

fn parse(pieces: &[&[u8]]) -> (Vec<Seen>, Parser) {
    let mut parser = Parser::new();
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    for piece in pieces {
        parser.push(piece, Mark::default(), |item| {
            if let Item::Event(block) = item {
                sizes.push(block.data.len() as u64);
                seen.push((
                    block.event_type.into_owned(),
                    block.data,
                    block.last_event_id.to_string(),
                ));
            }
        });
    }
    let mut counting = Parser::counting();
    let mut counted = Vec::new();
    for piece in pieces {
        counting.push(piece, Mark::default(), |item| {
            if let Item::Counted { data_bytes, .. } = item {
                counted.push(data_bytes);
            }
        });
    }
    assert_eq!(counted, sizes, "counted without being made");
    assert_eq!(counting.last_event_id(), parser.last_event_id());
    (seen, parser)
}

/// The stream gives these events, however it is cut; returns the parser as it is at the end of the stream.
fn gives(stream: impl AsRef<[u8]>, events: &[(&str, &str, &str)]) -> Parser {
    let stream = stream.as_ref();
    let expected: Vec<Seen> = events
        .iter()
        .map(|(kind, data, id)| ((*kind).into(), (*data).into(), (*id).into()))
        .collect();
    let (seen, parser) = parse(&[stream]);
    assert_eq!(seen, expected, "whole");
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(parse(&single).0, expected, "byte by byte");
    for cut in 0..=stream.len() {
        let (before, after) = stream.split_at(cut);
        let (seen, cut_parser) = parse(&[before, after]);
        assert_eq!(seen, expected, "cut at {cut}");
        assert_eq!(cut_parser.retry(), parser.retry(), "cut at {cut}");
        assert_eq!(cut_parser.unread(), parser.unread(), "cut at {cut}");
        assert_eq!(cut_parser.pending(), parser.pending(), "cut at {cut}");
        assert_eq!(
            cut_parser.last_event_id(),
            parser.last_event_id(),
            "cut at {cut}"
        );
    }
    parser
}

/// The data of `message` events without an ID.
fn gives_data(stream: impl AsRef<[u8]>, data: &[&str]) -> Parser {
    let events: Vec<_> = data.iter().map(|data| ("message", *data, "")).collect();
    gives(stream, &events)
}

// §9.2.5

#[test]
fn event_streams_must_always_be_encoded_as_utf_8() {
    gives_data("data: 当前时间 €\n\n", &["当前时间 €"]);
}

#[test]
fn malformed_bytes_become_replacement_characters() {
    gives_data(b"data: a\xFFb\n\n", &["a\u{FFFD}b"]);
    gives_data(b"data: \xE2\x82\n\n", &["\u{FFFD}"]);
    gives_data(b"data: \xF0\x9F\x98x\xC3\n\n", &["\u{FFFD}x\u{FFFD}"]);
    gives_data(b"data: \xED\xA0\x80\n\n", &["\u{FFFD}\u{FFFD}\u{FFFD}"]);
}

#[test]
fn a_malformed_byte_never_swallows_the_line_end_behind_it() {
    gives_data(b"data: a\xE2\ndata: b\n\n", &["a\u{FFFD}\nb"]);
}

#[test]
fn the_utf_8_decode_algorithm_strips_one_leading_byte_order_mark() {
    gives_data("\u{FEFF}data: a\n\n", &["a"]);
}

#[test]
fn a_second_byte_order_mark_is_part_of_the_first_field_name() {
    gives_data("\u{FEFF}\u{FEFF}data: a\ndata: b\n\n", &["b"]);
}

#[test]
fn a_byte_order_mark_later_in_the_stream_is_no_byte_order_mark() {
    gives_data(
        "data: a\n\n\u{FEFF}data: b\n\ndata: \u{FEFF}c\n\n",
        &["a", "\u{FEFF}c"],
    );
    gives_data("\n\u{FEFF}data: b\n\n", &[]);
}

#[test]
fn a_byte_order_mark_that_breaks_off_belongs_to_the_first_line() {
    gives_data(b"\xEF\xBBdata: a\ndata: b\n\n", &["b"]);
    gives_data(b"\xEFdata: a\ndata: b\n\n", &["b"]);
}

#[test]
fn lines_are_separated_by_cr_lf_pairs_by_single_lf_or_by_single_cr() {
    gives_data(
        "data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\n",
        &["a", "b", "c", "d"],
    );
    gives_data("data: a\rdata: b\ndata: c\r\n\r", &["a\nb\nc"]);
}

#[test]
fn lf_followed_by_cr_are_two_line_ends() {
    gives_data("data: a\n\rdata: b\n\r", &["a", "b"]);
}

#[test]
fn an_event_is_dispatched_when_a_cr_ends_its_blank_line_and_a_lf_behind_it_changes_nothing() {
    let mut parser = Parser::new();
    let mut events = 0;
    parser.push(b"data: a\r\n\r", Mark::default(), |_| events += 1);
    assert_eq!((events, parser.unread(), parser.pending()), (1, 0, false));
    let mut more = 0;
    parser.push(b"\n", Mark::default(), |_| more += 1);
    assert_eq!((more, parser.unread(), parser.pending()), (0, 0, false));
}

#[test]
fn no_other_character_ends_a_line() {
    gives_data(
        "data: a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f\n\n",
        &["a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f"],
    );
}

#[test]
fn the_stream_may_begin_with_blank_lines() {
    gives_data("\n\r\n\rdata: a\n\n", &["a"]);
}

#[test]
fn an_empty_stream_gives_nothing() {
    let parser = gives_data("", &[]);
    assert_eq!(parser.unread(), 0);
}

// §9.2.6: the buffers

#[test]
fn the_data_the_event_type_and_the_last_event_id_buffer_are_initialized_to_the_empty_string() {
    gives("\n\ndata: a\n\n", &[("message", "a", "")]);
    let parser = Parser::new();
    assert_eq!((&**parser.last_event_id(), parser.retry()), ("", None));
    assert!(!parser.pending());
}

#[test]
fn the_last_event_id_buffer_is_not_reset_when_an_event_is_dispatched_and_the_others_are() {
    gives(
        "event: x\nid: 1\ndata: a\n\ndata: b\n\n\n\ndata: c\n\n",
        &[
            ("x", "a", "1"),
            ("message", "b", "1"),
            ("message", "c", "1"),
        ],
    );
}

// §9.2.6: the lines

#[test]
fn lines_are_processed_in_the_order_in_which_they_are_received() {
    gives(
        "data: 1\nid: a\nevent: x\ndata: 2\nevent: y\nid: b\ndata: 3\n\n",
        &[("y", "1\n2\n3", "b")],
    );
}

#[test]
fn if_the_line_is_empty_dispatch_the_event() {
    gives_data("data: a\n\ndata: b\n\n\n\ndata: c\n\n", &["a", "b", "c"]);
}

#[test]
fn a_line_of_white_space_is_not_empty() {
    gives_data("data: a\n \ndata: b\n\n", &["a\nb"]);
}

#[test]
fn if_the_line_starts_with_a_colon_ignore_the_line() {
    gives_data(":data: x\ndata: a\n: comment\n:\ndata: b\n\n", &["a\nb"]);
}

#[test]
fn a_comment_between_blank_lines_dispatches_nothing() {
    gives_data(":ping\n\n:ping\n\ndata: a\n\n", &["a"]);
}

#[test]
fn comments_are_counted_when_their_line_is_complete() {
    let mut parser = Parser::new();
    let mut comments = 0;
    for piece in [
        ":",
        "ping",
        " more",
        "\r",
        "\n:second\n",
        "data: :no\n",
        ":third",
    ] {
        parser.push(piece.as_bytes(), Mark::default(), |item| {
            comments += u32::from(item == Item::Comment);
        });
    }
    assert_eq!(comments, 2);
}

#[test]
fn the_characters_before_the_first_colon_are_the_field_the_characters_after_it_the_value() {
    gives_data("data:a:b: c\n\n", &["a:b: c"]);
}

#[test]
fn if_the_value_starts_with_a_space_remove_it_from_the_value() {
    gives_data("data:a\n\ndata: b\n\n", &["a", "b"]);
}

#[test]
fn only_one_space_is_removed() {
    gives_data("data:  a\n\ndata: \n\ndata:  \n\n", &[" a", "", " "]);
}

#[test]
fn a_tab_is_no_space() {
    gives_data("data:\ta\n\n", &["\ta"]);
}

#[test]
fn spaces_at_the_end_of_a_value_stay() {
    gives_data("data: a  \n\n", &["a  "]);
}

#[test]
fn a_line_without_a_colon_is_a_field_name_with_an_empty_value() {
    gives_data("data\n\ndata\ndata\n\n", &["", "\n"]);
    gives("event: x\nevent\ndata: a\n\n", &[("message", "a", "")]);
}

// §9.2.6: the fields

#[test]
fn event_sets_the_event_type_buffer_to_the_field_value() {
    gives("event: add\ndata: 1\n\n", &[("add", "1", "")]);
    gives("event: a\nevent: b\ndata: 1\n\n", &[("b", "1", "")]);
    gives("event:\ndata: 1\n\n", &[("message", "1", "")]);
    gives("event:  x \ndata: 1\n\n", &[(" x ", "1", "")]);
}

#[test]
fn data_appends_the_field_value_and_a_line_feed() {
    gives_data("data: YHOO\ndata: +2\ndata: 10\n\n", &["YHOO\n+2\n10"]);
    gives_data("data: a\nevent:\ndata: b\n\n", &["a\nb"]);
}

#[test]
fn id_sets_the_last_event_id_buffer() {
    gives("id: 1\ndata: a\n\n", &[("message", "a", "1")]);
    gives("id: 1\nid: 2\ndata: a\n\n", &[("message", "a", "2")]);
    gives("id: é\ndata: a\n\n", &[("message", "a", "é")]);
}

#[test]
fn an_id_stays_for_the_events_after_it() {
    gives(
        "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
        &[
            ("message", "a", "1"),
            ("message", "b", "1"),
            ("message", "c", "2"),
        ],
    );
}

#[test]
fn an_empty_id_resets_the_last_event_id() {
    gives(
        "id: 1\ndata: a\n\nid\ndata: b\n\nid: 3\ndata: c\n\nid:\ndata: d\n\n",
        &[
            ("message", "a", "1"),
            ("message", "b", ""),
            ("message", "c", "3"),
            ("message", "d", ""),
        ],
    );
}

#[test]
fn an_id_that_contains_null_is_ignored() {
    gives(
        "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        &[("message", "a", "1"), ("message", "b", "1")],
    );
    gives("id: 1\nid: \0\ndata: a\n\n", &[("message", "a", "1")]);
}

#[test]
fn retry_sets_the_reconnection_time_if_it_consists_of_digits_only() {
    assert_eq!(gives_data("retry: 2000\n\n", &[]).retry(), Some(2000));
    assert_eq!(gives_data("retry:003\n\n", &[]).retry(), Some(3));
    assert_eq!(
        gives_data("retry: 2000\nretry: 1000\n\n", &[]).retry(),
        Some(1000)
    );
}

#[test]
fn otherwise_retry_is_ignored() {
    for bogus in ["1000x", "-1", "+1", "1.5", " 5", "5 ", "", "0x10", "٣"] {
        let parser = gives_data(format!("retry:2000\nretry: {bogus}\n\n"), &[]);
        assert_eq!(parser.retry(), Some(2000), "{bogus:?}");
    }
    assert_eq!(gives_data("retry\ndata: a\n\n", &["a"]).retry(), None);
}

#[test]
fn a_retry_too_large_for_any_clock_is_the_largest_number() {
    let parser = gives_data("retry: 99999999999999999999999\n\n", &[]);
    assert_eq!(parser.retry(), Some(u64::MAX));
}

#[test]
fn retry_takes_effect_with_its_line() {
    assert_eq!(gives_data("retry: 7\n", &[]).retry(), Some(7));
}

#[test]
fn any_other_field_is_ignored() {
    gives_data("foo: x\ndata: a\nbar\n\n", &["a"]);
}

#[test]
fn field_names_are_case_sensitive_and_not_trimmed() {
    gives_data(
        "Data: a\nDATA: b\n data: c\ndata : d\ndatas: e\ndat: f\n\n",
        &[],
    );
}

#[test]
fn null_in_other_values_is_kept() {
    gives("event: a\0b\ndata: c\0d\n\n", &[("a\0b", "c\0d", "")]);
}

// §9.2.6: dispatching

#[test]
fn the_last_event_id_string_is_set_also_where_no_event_is_fired() {
    gives("id: 7\n\ndata: a\n\n", &[("message", "a", "7")]);
    assert_eq!(&**gives_data("id: 7\n\n", &[]).last_event_id(), "7");
}

#[test]
fn if_the_data_buffer_is_empty_nothing_is_fired_and_the_event_type_is_forgotten() {
    gives("event: x\n\ndata: a\n\n", &[("message", "a", "")]);
}

#[test]
fn blocks_without_data_that_set_something_are_told_apart_from_those_that_do_not() {
    let mut items = Vec::new();
    Parser::new().push(
        b"id: 7\n\nretry: 5\n\nevent: x\n\nid: 8\0\n\n: c\n\n",
        Mark::default(),
        |item| items.push(item),
    );
    let without = |id: Option<&str>, retry| Item::WithoutData {
        id: id.map(str::to_owned),
        retry,
    };
    assert_eq!(
        items,
        [
            without(Some("7"), None),
            without(None, Some(5)),
            Item::Comment
        ]
    );
}

#[test]
fn one_line_feed_at_the_end_of_the_data_is_removed() {
    gives_data("data: a\ndata\n\n", &["a\n"]);
    gives_data("data\ndata\ndata\n\n", &["\n\n"]);
}

#[test]
fn data_without_a_value_fires_an_event_with_empty_data() {
    gives_data("data\n\n", &[""]);
    gives_data("data:\n\n", &[""]);
}

#[test]
fn an_event_tells_the_fields_of_its_own_block() {
    let mut blocks = Vec::new();
    Parser::new().push(
        b"id: 1\nretry: 9\ndata: a\n\ndata: b\n\n",
        Mark::default(),
        |item| {
            if let Item::Event(block) = item {
                blocks.push((block.id, block.retry));
            }
        },
    );
    assert_eq!(blocks, [(Some("1".to_owned()), Some(9)), (None, None)]);
}

#[test]
fn once_the_end_of_the_file_is_reached_pending_data_is_discarded() {
    let parser = gives_data("data: a\n\ndata: b\n", &["a"]);
    assert!(parser.pending());
    assert_eq!(parser.unread(), 8);
    let parser = gives_data("data: a\n\ndata: b", &["a"]);
    assert_eq!(parser.unread(), 7);
}

#[test]
fn the_id_of_a_block_that_was_discarded_is_not_taken_over() {
    assert_eq!(
        &**gives_data("id: 1\n\nid: 2\ndata: b\n", &[]).last_event_id(),
        "1"
    );
}

#[test]
fn comments_and_blank_lines_leave_nothing_pending() {
    for stream in [
        "",
        "\n\n",
        ":c\n",
        ":c",
        "data: a\n\n:c",
        "data: a\r\n\r\n:c\r\n",
    ] {
        assert!(!parse(&[stream.as_bytes()]).1.pending(), "{stream:?}");
    }
    for stream in ["d", "data: a", "data: a\n", ":c\nid", "id: 1\n:c\n"] {
        assert!(parse(&[stream.as_bytes()]).1.pending(), "{stream:?}");
    }
}

// The standard's own examples

#[test]
fn the_standards_example_of_a_stock_ticker() {
    gives_data("data: YHOO\ndata: +2\ndata: 10\n\n", &["YHOO\n+2\n10"]);
}

#[test]
fn the_standards_example_with_event_types() {
    gives(
        "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
        &[
            ("add", "73857293", ""),
            ("remove", "2153", ""),
            ("add", "113411", ""),
        ],
    );
}

#[test]
fn the_standards_example_with_three_blocks() {
    gives(
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        &[
            ("message", "first event", "1"),
            ("message", "second event", ""),
        ],
    );
}

#[test]
fn the_standards_example_with_empty_data() {
    gives_data("data\n\ndata\ndata\n\ndata:", &["", "\n"]);
}

#[test]
fn the_standards_example_with_and_without_a_space() {
    gives_data("data:test\n\ndata: test\n\n", &["test", "test"]);
}
