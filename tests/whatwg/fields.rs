//! §9.2.6: "The steps to process the field".

use super::{gives, gives_data};

#[test]
fn field_names_must_be_compared_literally_with_no_case_folding_performed() {
    gives_data(
        "Data: a\nDATA: b\n data: c\ndata : d\ndatas: e\ndat: f\ndaṫa: g\n\n",
        &[],
    );
    gives(
        "Event: x\nID: 1\nRetry: 5\ndata: a\n\n",
        &[("message", "a", "")],
    );
}

#[test]
fn if_the_field_name_is_event_set_the_event_type_buffer_to_field_value() {
    gives("event: add\ndata: 1\n\n", &[("add", "1", "")]);
    gives("data: 1\nevent: add\n\n", &[("add", "1", "")]);
    gives("event: a\nevent: b\ndata: 1\n\n", &[("b", "1", "")]);
    gives("event:  x \ndata: 1\n\n", &[(" x ", "1", "")]);
    gives("event: a\0b\ndata: 1\n\n", &[("a\0b", "1", "")]);
}

#[test]
fn if_the_field_name_is_data_append_the_field_value_and_a_single_lf_to_the_data_buffer() {
    gives_data("data: YHOO\ndata: +2\ndata: 10\n\n", &["YHOO\n+2\n10"]);
    gives_data("data: a\nevent:\ndata: b\n\n", &["a\nb"]);
    gives_data("data: c\0d\n\n", &["c\0d"]);
    gives_data("data\ndata\ndata: x\ndata\n\n", &["\n\nx\n"]);
}

#[test]
fn if_the_field_name_is_id_and_the_value_has_no_null_set_the_last_event_id_buffer_to_it() {
    gives("id: 1\ndata: a\n\n", &[("message", "a", "1")]);
    gives("data: a\nid: 1\n\n", &[("message", "a", "1")]);
    gives("id: 1\nid: 2\ndata: a\n\n", &[("message", "a", "2")]);
    gives("id: é 1 \ndata: a\n\n", &[("message", "a", "é 1 ")]);
}

#[test]
fn an_id_without_a_value_sets_the_last_event_id_buffer_to_the_empty_string() {
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
fn otherwise_an_id_with_a_null_is_ignored() {
    gives(
        "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        &[("message", "a", "1"), ("message", "b", "1")],
    );
    for null in ["\0", "\0\0", "x\0", "\0x", "x\0x", " \0"] {
        gives(
            format!("id: 1\nid:{null}\ndata: a\n\n"),
            &[("message", "a", "1")],
        );
        gives(
            format!("id:{null}\nid: 1\ndata: a\n\n"),
            &[("message", "a", "1")],
        );
    }
}

#[test]
fn if_the_field_name_is_retry_and_the_value_consists_of_only_ascii_digits_it_is_the_reconnection_time()
 {
    assert_eq!(gives_data("retry: 2000\n\n", &[]).retry(), Some(2000));
    assert_eq!(gives_data("retry:0\n\n", &[]).retry(), Some(0));
    assert_eq!(
        gives_data("retry: 2000\nretry: 1000\n\n", &[]).retry(),
        Some(1000)
    );
}

#[test]
fn the_field_value_is_interpreted_as_an_integer_in_base_ten() {
    assert_eq!(gives_data("retry:003\n\n", &[]).retry(), Some(3));
    assert_eq!(gives_data("retry:0010\n\n", &[]).retry(), Some(10));
    let largest = "18446744073709551615";
    for beyond in [largest, "18446744073709551616", "99999999999999999999999"] {
        let parser = gives_data(format!("retry: {beyond}\n\n"), &[]);
        assert_eq!(parser.retry(), Some(u64::MAX), "no clock counts further");
    }
}

#[test]
fn the_reconnection_time_is_set_with_the_line_and_not_with_the_event() {
    assert_eq!(gives_data("retry: 7\n", &[]).retry(), Some(7));
    assert_eq!(gives_data("retry: 7\ndata: x", &[]).retry(), Some(7));
    assert_eq!(gives_data("retry: 7", &[]).retry(), None);
}

#[test]
fn otherwise_retry_is_ignored() {
    for bogus in [
        "1000x", "-1", "+1", "1.5", " 5", "5 ", "", "0x10", "٣", "1e3", "1\0",
    ] {
        let parser = gives_data(format!("retry:2000\nretry: {bogus}\n\n"), &[]);
        assert_eq!(parser.retry(), Some(2000), "{bogus:?}");
    }
    assert_eq!(gives_data("retry\ndata: a\n\n", &["a"]).retry(), None);
}

#[test]
fn otherwise_the_field_is_ignored() {
    gives_data("foo: x\ndata: a\nbar\n\n", &["a"]);
    gives_data("foo: x\n\ndata: a\n\n", &["a"]);
}
