//! §9.2.5: the format's media type, and the productions that describe it, "the character set for which is Unicode".

use super::{gives, gives_data, parse, reading};
use proptest::prelude::*;
use ssetrace::layers::Stack;
use ssetrace::model::{At, Delivery, Detail, Direction, Fact, Span};

/// Whether a response with that Content-Type is read as an event stream.
fn opens(content_type: &str) -> bool {
    let mut said = Vec::new();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n");
    let span = Span::of(At::default());
    let data = Delivery::Data {
        bytes: head.as_bytes(),
        span,
    };
    Stack::new(Detail::Frames).deliver(Direction::ToClient, data, &mut said);
    said.iter()
        .any(|said| matches!(said.fact, Fact::SessionOpens(_)))
}

#[test]
fn this_event_stream_formats_mime_type_is_text_event_stream() {
    assert!(opens("text/event-stream"));
    // A MIME type is compared without case, and its parameters do not matter (MIME Sniffing §4.4).
    for same in [
        "Text/Event-Stream",
        "text/event-stream;",
        "text/event-stream; charset=\"UTF-8\"",
        "text/event-stream;charset=windows-1252;a=b",
        "text/event-stream ; a=\"text/html, x\"",
    ] {
        assert!(opens(same), "{same}");
    }
    for other in [
        "text/event-streams",
        "text/event",
        "text/event-stream+json",
        "x bogus",
        "text/x-bogus",
        "application/x-ndjson",
        "",
    ] {
        assert!(!opens(other), "{other}");
    }
}

#[test]
fn a_stream_is_an_optional_byte_order_mark_and_any_number_of_events() {
    gives_data("", &[]);
    gives_data("\u{FEFF}", &[]);
    gives_data("data:a\n\n", &["a"]);
    gives_data("\u{FEFF}data:a\n\ndata:b\n\n", &["a", "b"]);
}

#[test]
fn an_event_is_any_number_of_comments_and_fields_and_an_end_of_line() {
    gives_data("\n\n\n", &[]);
    gives_data(":a\n\ndata:1\n\n", &["1"]);
    gives_data(":a\ndata:1\n:b\ndata:2\n:c\n\n", &["1\n2"]);
}

#[test]
fn a_comment_is_a_colon_any_characters_and_an_end_of_line() {
    gives_data(":\n: \n::\n:data:x\n:\u{0}\u{10FFFF}\ndata:1\n\n", &["1"]);
}

#[test]
fn a_field_is_name_characters_then_perhaps_a_colon_perhaps_a_space_and_any_characters() {
    gives_data("data\n\n", &[""]);
    gives_data("data:\n\n", &[""]);
    gives_data("data: \n\n", &[""]);
    gives_data("data:1\n\n", &["1"]);
    gives_data("data: 1\n\n", &["1"]);
    gives_data("data: :\n\n", &[":"]);
}

#[test]
fn an_end_of_line_is_cr_lf_or_cr_or_lf() {
    for end in ["\r\n", "\r", "\n"] {
        gives_data(format!("data:1{end}data:2{end}{end}"), &["1\n2"]);
    }
}

#[test]
fn a_name_character_is_any_scalar_value_but_lf_cr_and_colon() {
    for name in [
        "\u{0}",
        "\t",
        "\u{B}",
        "\u{C}",
        " ",
        "9",
        ";",
        "\u{7F}",
        "\u{10FFFF}",
    ] {
        let stream = format!("{name}:a\ndata{name}:b\n{name}data:c\n{name}\ndata:d\n\n");
        gives_data(stream, &["d"]);
    }
}

#[test]
fn any_character_is_any_scalar_value_but_lf_and_cr() {
    let all = "\u{0}\u{1}\t\u{B}\u{C}\u{E}\u{1F} :\u{7F}\u{85}\u{2028}\u{2029}\u{D7FF}\u{E000}\u{FFFE}\u{FFFF}\u{10FFFF}";
    gives(
        format!("event:{all}\nid:i{}\ndata:{all}\n\n", &all[1..]),
        &[(all, all, &format!("i{}", &all[1..]))],
    );
}

/// *any-char*, with what means something more often than by chance.
fn any_characters() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        3 => prop::sample::select(vec![' ', ':', '0', '9', 'x', '\u{0}', '\u{FEFF}', 'é', '日']),
        1 => any::<char>().prop_filter("no end of line", |c| !['\r', '\n'].contains(c)),
    ];
    prop::collection::vec(character, 0..6).prop_map(String::from_iter)
}

fn end_of_line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["\r\n", "\r", "\n"])
}

fn comment() -> impl Strategy<Value = String> {
    (any_characters(), end_of_line()).prop_map(|(text, end)| format!(":{text}{end}"))
}

fn field() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        6 => prop::sample::select(vec!["data", "event", "id", "retry"]).prop_map(str::to_owned),
        1 => any_characters().prop_map(|name| format!("n{}", name.replace(':', ""))),
    ];
    let value = prop::option::of((prop::sample::select(vec![":", ": "]), any_characters()));
    (name, value, end_of_line()).prop_map(|(name, value, end)| match value {
        Some((colon, value)) => format!("{name}{colon}{value}{end}"),
        None => format!("{name}{end}"),
    })
}

fn event() -> impl Strategy<Value = String> {
    let line = prop_oneof![1 => comment(), 4 => field()];
    (prop::collection::vec(line, 0..5), end_of_line())
        .prop_map(|(lines, end)| format!("{}{end}", lines.concat()))
}

fn stream() -> impl Strategy<Value = String> {
    let bom = prop::sample::select(vec!["", "\u{FEFF}"]);
    (bom, prop::collection::vec(event(), 0..5))
        .prop_map(|(bom, events)| format!("{bom}{}", events.concat()))
}

/// Read whole and in pieces a stream gives what the steps give.
fn is_read_by_the_steps(stream: &[u8], cuts: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let steps = reading::interpret(stream);
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    let pieces: Vec<&[u8]> = places
        .windows(2)
        .map(|ends| &stream[ends[0]..ends[1]])
        .collect();
    let (seen, parser) = parse(&pieces);
    prop_assert_eq!(seen, steps.events);
    prop_assert_eq!(&**parser.last_event_id(), steps.last_event_id);
    prop_assert_eq!(parser.retry(), steps.reconnection_time);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_the_stream_production_describes_is_read_by_the_steps(
        stream in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        is_read_by_the_steps(stream.as_bytes(), &cuts)?;
    }

    #[test]
    fn and_so_is_what_it_does_not_describe(
        mut stream in stream().prop_map(String::into_bytes),
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        for (place, byte) in broken {
            let place = place.index(stream.len() + 1);
            stream.insert(place, byte);
        }
        is_read_by_the_steps(&stream, &cuts)?;
    }
}
