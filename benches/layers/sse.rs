//! The event stream parser.

use crate::material::Conversation;
use criterion::{Criterion, Throughput};
use ssetrace::layers::sse::{Item, Mark, Parser};
use std::hint::black_box;

/// Payload of a full Ethernet frame.
const SEGMENT: usize = 1_448;

/// A line that is longer than any buffer of a server.
const LONG_LINE: usize = 1024 * 1024;

pub(crate) fn measure(criterion: &mut Criterion) {
    let events = Conversation::new().events();
    let number = events.len();
    let with_cr: Vec<Vec<u8>> = events.iter().map(|event| with_cr(event)).collect();
    let tiny = "data: a\n".repeat(1_000) + "\n";
    let long = format!("data: {}\n\n", "x".repeat(LONG_LINE));
    let cut = |text: &str| {
        text.as_bytes()
            .chunks(SEGMENT)
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut group = criterion.benchmark_group("sse");
    for (name, parser, pieces, blocks) in [
        (
            "events of a model",
            Parser::new as fn() -> Parser,
            events.clone(),
            number,
        ),
        (
            "events of a model, counted",
            Parser::counting,
            events,
            number,
        ),
        ("lines that end in CR", Parser::new, with_cr, number),
        ("a thousand lines of one letter", Parser::new, cut(&tiny), 1),
        ("a line of 1 MiB", Parser::new, cut(&long), 1),
    ] {
        let bytes: usize = pieces.iter().map(Vec::len).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(parse(parser(), &pieces), blocks));
        });
    }
    group.finish();
}

/// How many items the parser makes of the pieces.
fn parse(mut parser: Parser, pieces: &[Vec<u8>]) -> usize {
    let mut items = 0;
    for piece in pieces {
        parser.push(piece, Mark::default(), |item: Item| {
            black_box(item);
            items += 1;
        });
    }
    items
}

fn with_cr(event: &[u8]) -> Vec<u8> {
    let cr = |byte: &u8| if *byte == b'\n' { b'\r' } else { *byte };
    event.iter().map(cr).collect()
}
