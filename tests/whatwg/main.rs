//! WHATWG HTML §9.2, "Server-sent events", sentence by sentence.
//!
//! Every sentence of §9.2.5 "Parsing an event stream" and §9.2.6 "Interpreting an event stream" that says what becomes of bytes has a case named after it, in the
//! order of the text; the notes and the examples have theirs. Of §9.2.1 to §9.2.4 those have one that can be seen on the wire. A stream is read whole, byte
//! by byte and cut in two at every place, by a parser that makes events and by one that counts them, and each reading is held against
//! [`reading`], which does what the standard's steps say and nothing else.

mod connection;
mod dispatching;
mod examples;
mod fields;
mod grammar;
mod interpreting;
mod parsing;
mod platform_tests;
mod reading;

#[path = "../common/mod.rs"]
mod common;

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
    assert_eq!(counting.retry(), parser.retry());
    (seen, parser)
}

/// The stream gives these events, however it is cut; returns the parser as it is at the end of the stream.
fn gives(stream: impl AsRef<[u8]>, events: &[(&str, &str, &str)]) -> Parser {
    let stream = stream.as_ref();
    let expected: Vec<Seen> = events
        .iter()
        .map(|(kind, data, id)| ((*kind).into(), (*data).into(), (*id).into()))
        .collect();
    let steps = reading::interpret(stream);
    assert_eq!(steps.events, expected, "by the steps");
    let (seen, parser) = parse(&[stream]);
    assert_eq!(seen, expected, "whole");
    assert_eq!(**parser.last_event_id(), *steps.last_event_id);
    assert_eq!(parser.retry(), steps.reconnection_time);
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
