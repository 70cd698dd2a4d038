//! Content codings, with a flush behind each event.

use crate::http::{REQUEST, head};
use crate::material::{Conversation, chunk};
use crate::stack::Talk;
use criterion::{Criterion, Throughput};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// The first events of the conversation as node's zlib codes them (brotli, quality 5, window 18, BROTLI_OPERATION_FLUSH behind each), each piece
/// behind its length in 16 bits. No encoder of it is among the crates.
const BROTLI: &[u8] = include_bytes!("events.br");

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut events = Conversation::new().events();
    let brotli = pieces(BROTLI);
    events.truncate(brotli.len());
    let gzip = GzEncoder::new(Vec::new(), Compression::default());
    let zstd = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("an encoder");
    let decoded: usize = events.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("content coding");
    group.throughput(Throughput::Bytes(decoded as u64));
    for (coding, pieces) in [
        ("gzip", flushed(gzip, &events, GzEncoder::get_mut)),
        ("br", brotli),
        ("zstd", flushed(zstd, &events, |encoder| encoder.get_mut())),
    ] {
        let head = head(Some(coding));
        let chunks: Vec<Vec<u8>> = pieces.iter().map(|piece| chunk(piece)).collect();
        group.bench_function(coding, |bencher| {
            bencher.iter(|| {
                let mut talk = Talk::new();
                talk.client(REQUEST);
                talk.server(&head);
                chunks.iter().for_each(|chunk| talk.server(chunk));
                assert!(talk.goes_on());
            });
        });
    }
    group.finish();
}

/// What an encoder makes of each event.
fn flushed<W: Write>(
    mut encoder: W,
    events: &[Vec<u8>],
    out: impl Fn(&mut W) -> &mut Vec<u8>,
) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for event in events {
        encoder.write_all(event).expect("room");
        encoder.flush().expect("room");
        pieces.push(std::mem::take(out(&mut encoder)));
    }
    pieces
}

/// Pieces that stand behind their lengths.
fn pieces(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while let [high, low, rest @ ..] = bytes {
        let (piece, rest) = rest.split_at(u16::from_be_bytes([*high, *low]).into());
        pieces.push(piece.to_vec());
        bytes = rest;
    }
    pieces
}
