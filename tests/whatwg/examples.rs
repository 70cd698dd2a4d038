//! The streams that §9.2.1 and §9.2.6 show, with the outcomes that the text gives.

use super::{gives, gives_data};

#[test]
fn the_introductions_three_messages() {
    let messages = "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\n";
    let two = [
        "This is the first message.",
        "This is the second message, it\nhas two lines.",
    ];
    let third = "data: This is the third message.\n";
    gives_data(format!("{messages}{third}"), &two);
    let three = [two[0], two[1], "This is the third message."];
    gives_data(format!("{messages}{third}\n"), &three);
}

#[test]
fn the_introductions_stream_that_has_two_event_types() {
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
fn the_default_event_type_is_message() {
    gives("data: x\n\n", &[("message", "x", "")]);
}

#[test]
fn three_lines_of_data_once_followed_by_a_blank_line_are_one_message() {
    let stream = "data: YHOO\ndata: +2\ndata: 10";
    gives_data(stream, &[]);
    gives_data(format!("{stream}\n\n"), &["YHOO\n+2\n10"]);
}

#[test]
fn the_stream_that_contains_four_blocks() {
    let blocks = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
    let first = ("message", "first event", "1");
    let second = ("message", "second event", "");
    // "the last still has to end with a blank line"
    gives(blocks, &[first, second]);
    let third = ("message", " third event", "");
    gives(format!("{blocks}\n"), &[first, second, third]);
    // "if the connection died between this block and the next", the ID is 1; after the third it is reset.
    let end = |of: &str| blocks.find(of).expect("the block") + of.len();
    let died = gives(&blocks[..end("id: 1\n\n")], &[first]);
    assert_eq!(&**died.last_event_id(), "1");
    let died = gives(&blocks[..end("event\nid\n\n")], &[first, second]);
    assert_eq!(&**died.last_event_id(), "");
}

#[test]
fn the_stream_that_fires_two_events() {
    gives_data("data\n\ndata\ndata\n\ndata:", &["", "\n"]);
    // "as would the last block if it was followed by a blank line"
    gives_data("data\n\ndata\ndata\n\ndata:\n\n", &["", "\n", ""]);
}

#[test]
fn the_stream_that_fires_two_identical_events() {
    gives_data("data:test\n\ndata: test\n\n", &["test", "test"]);
}

#[test]
fn a_comment_line_every_15_seconds_or_so() {
    // §9.2.7: it keeps the connection open and fires nothing.
    gives_data(":\n\n: keep-alive\n\ndata: a\n\n:\n", &["a"]);
}
