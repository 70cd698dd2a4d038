//! §9.2.6: "the appropriate steps to dispatch the event".

use super::{gives, gives_data};
use ssetrace::layers::sse::{Item, Mark, Parser};

#[test]
fn set_the_last_event_id_string_to_the_value_of_the_last_event_id_buffer() {
    gives("id: 7\n\ndata: a\n\n", &[("message", "a", "7")]);
    assert_eq!(&**gives_data("id: 7\n\n", &[]).last_event_id(), "7");
    assert_eq!(&**gives_data("id: 7\n", &[]).last_event_id(), "");
}

#[test]
fn the_buffer_does_not_get_reset_so_the_string_remains_until_the_next_time_it_is_set() {
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
fn if_the_data_buffer_is_an_empty_string_set_the_buffers_to_the_empty_string_and_return() {
    gives("event: x\n\ndata: a\n\n", &[("message", "a", "")]);
    gives("event: x\nid: 1\nretry: 5\n\n\n\n", &[]);
}

#[test]
fn blocks_of_fields_without_data_are_told_with_what_they_set() {
    let mut items = Vec::new();
    Parser::new().push(
        b"id: 7\n\nretry: 5\n\nevent: x\n\nid: 8\0\n\n: c\n\n",
        Mark::default(),
        |item| items.push(item),
    );
    let without = |event_type: Option<&str>, id: Option<&str>, retry| Item::WithoutData {
        event_type: event_type.map(str::to_owned),
        id: id.map(str::to_owned),
        retry,
    };
    assert_eq!(
        items,
        [
            without(None, Some("7"), None),
            without(None, None, Some(5)),
            without(Some("x"), None, None),
            without(None, None, None),
            Item::Comment
        ]
    );
}

#[test]
fn if_the_data_buffers_last_character_is_a_lf_remove_it() {
    gives_data("data: a\ndata\n\n", &["a\n"]);
    gives_data("data\ndata\ndata\n\n", &["\n\n"]);
    gives_data("data\n\n", &[""]);
    gives_data("data:\n\n", &[""]);
}

#[test]
fn initialize_its_type_to_message_its_data_to_data_its_last_event_id_to_the_string() {
    gives("id: 3\ndata: a\n\n", &[("message", "a", "3")]);
}

#[test]
fn if_the_event_type_buffer_is_not_the_empty_string_change_the_type_to_it() {
    gives("event: x\ndata: a\n\n", &[("x", "a", "")]);
    gives("event:\ndata: a\n\n", &[("message", "a", "")]);
    gives("event: message\ndata: a\n\n", &[("message", "a", "")]);
    gives("event: x\nevent\ndata: a\n\n", &[("message", "a", "")]);
}

#[test]
fn set_the_data_buffer_and_the_event_type_buffer_to_the_empty_string() {
    gives(
        "event: x\nid: 1\ndata: a\n\ndata: b\n\n\n\ndata: c\n\n",
        &[
            ("x", "a", "1"),
            ("message", "b", "1"),
            ("message", "c", "1"),
        ],
    );
}

#[test]
fn an_event_without_an_id_has_the_last_seen_id_as_its_last_event_id() {
    gives(
        "id: 1\n\n:c\n\nevent: y\n\ndata: a\n\nid: 2\0\ndata: b\n\n",
        &[("message", "a", "1"), ("message", "b", "1")],
    );
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
