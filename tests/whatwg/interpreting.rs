//! §9.2.6: decoding, lines, the buffers, and what each kind of line does.

use super::{gives, gives_data, parse};
use ssetrace::layers::sse::{Item, Mark, Parser};

#[test]
fn streams_must_be_decoded_using_the_utf_8_decode_algorithm() {
    gives_data(b"data: a\xFFb\n\n", &["a\u{FFFD}b"]);
    gives_data(b"data: \xE2\x82\n\n", &["\u{FFFD}"]);
    gives_data(b"data: \xF0\x9F\x98x\xC3\n\n", &["\u{FFFD}x\u{FFFD}"]);
    gives_data(b"data: \xED\xA0\x80\n\n", &["\u{FFFD}\u{FFFD}\u{FFFD}"]);
    gives_data(b"data: \xC0\xAF\xF5\n\n", &["\u{FFFD}\u{FFFD}\u{FFFD}"]);
    gives_data(b"dat\xC3a: x\ndata: y\n\n", &["y"]);
}

#[test]
fn a_malformed_byte_never_swallows_the_line_end_behind_it() {
    gives_data(b"data: a\xE2\ndata: b\n\n", &["a\u{FFFD}\nb"]);
    gives_data(b"data: a\xF0\x9F\r\ndata: b\n\n", &["a\u{FFFD}\nb"]);
}

#[test]
fn the_utf_8_decode_algorithm_strips_one_leading_byte_order_mark_if_any() {
    gives_data("\u{FEFF}data: a\n\n", &["a"]);
    gives_data("data: a\n\n", &["a"]);
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
fn a_cr_lf_pair_is_one_way_in_which_a_line_can_end() {
    gives_data("data: a\r\ndata: b\r\n\r\n", &["a\nb"]);
}

#[test]
fn a_single_lf_not_preceded_by_a_cr_is_one_way_in_which_a_line_can_end() {
    gives_data("data: a\ndata: b\n\n", &["a\nb"]);
    // Preceded by the CR of a pair before it, it is single.
    gives_data("data: a\r\n\ndata: b\r\n\n", &["a", "b"]);
}

#[test]
fn a_single_cr_not_followed_by_a_lf_is_one_way_in_which_a_line_can_end() {
    gives_data("data: a\rdata: b\r\r", &["a\nb"]);
    gives_data("data: a\n\rdata: b\n\r", &["a", "b"]);
    // CR, CR LF, LF: three line ends.
    gives_data("data: a\r\r\n\ndata: b\r\r\n", &["a", "b"]);
}

#[test]
fn the_buffers_must_be_initialized_to_the_empty_string() {
    gives("\n\ndata: a\n\n", &[("message", "a", "")]);
    let parser = Parser::new();
    assert_eq!((&**parser.last_event_id(), parser.retry()), ("", None));
    assert!(!parser.pending());
    assert_eq!((parser.unread(), parser.unfinished()), (0, 0));
}

#[test]
fn lines_must_be_processed_in_the_order_they_are_received() {
    gives(
        "data: 1\nid: a\nevent: x\ndata: 2\nevent: y\nid: b\ndata: 3\n\n",
        &[("y", "1\n2\n3", "b")],
    );
}

#[test]
fn if_the_line_is_empty_dispatch_the_event() {
    gives_data("data: a\n\ndata: b\n\n\n\ndata: c\n\n", &["a", "b", "c"]);
    gives_data("\n\r\n\rdata: a\n\n", &["a"]);
}

#[test]
fn a_line_of_white_space_is_not_empty() {
    gives_data("data: a\n \ndata: b\n\n", &["a\nb"]);
    gives_data("data: a\n\t\n\n", &["a"]);
}

#[test]
fn if_the_line_starts_with_a_colon_ignore_the_line() {
    gives_data(":data: x\ndata: a\n: comment\n:\ndata: b\n\n", &["a\nb"]);
    gives_data(":ping\n\n:ping\n\ndata: a\n\n", &["a"]);
}

#[test]
fn what_is_ignored_is_counted_when_its_line_is_complete() {
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
fn the_characters_before_the_first_colon_are_the_field() {
    gives_data("data:a\nda:ta\ndata:b\n\n", &["a\nb"]);
}

#[test]
fn the_characters_after_the_first_colon_are_the_value() {
    gives_data("data:a:b: c\n\n", &["a:b: c"]);
    gives_data("data::\n\n", &[":"]);
}

#[test]
fn if_value_starts_with_a_space_remove_it_from_value() {
    gives_data("data:a\n\ndata: b\n\n", &["a", "b"]);
    gives("event: x\nid: 1\ndata:a\n\n", &[("x", "a", "1")]);
}

#[test]
fn only_one_space_is_removed_and_nothing_else() {
    gives_data("data:  a\n\ndata: \n\ndata:  \n\n", &[" a", "", " "]);
    gives_data("data:\ta\n\ndata:\u{A0}a\n\n", &["\ta", "\u{A0}a"]);
    gives_data("data: a  \n\n", &["a  "]);
}

#[test]
fn otherwise_the_whole_line_is_the_field_name_and_the_empty_string_the_field_value() {
    gives_data("data\n\ndata\ndata\n\n", &["", "\n"]);
    gives("event: x\nevent\ndata: a\n\n", &[("message", "a", "")]);
    gives(
        "id: 1\ndata\n\nid\ndata\n\n",
        &[("message", "", "1"), ("message", "", "")],
    );
}

#[test]
fn once_the_end_of_the_file_is_reached_any_pending_data_must_be_discarded() {
    let parser = gives_data("data: a\n\ndata: b\n", &["a"]);
    assert!(parser.pending());
    assert_eq!(parser.unread(), 8);
    let parser = gives_data("data: a\n\ndata: b", &["a"]);
    assert_eq!(parser.unread(), 7);
}

#[test]
fn if_the_file_ends_before_the_final_empty_line_the_incomplete_event_is_not_dispatched() {
    gives_data("data: a", &[]);
    gives_data("data: a\r", &[]);
    gives_data("data: a\r\n", &[]);
    assert_eq!(
        &**gives_data("id: 1\n\nid: 2\ndata: b\n", &[]).last_event_id(),
        "1",
        "nor is its ID taken over"
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
