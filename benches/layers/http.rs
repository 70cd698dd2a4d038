//! Heads and the chunked coding of HTTP/1.1.

use crate::material::{Conversation, chunk};
use crate::stack::Talk;
use criterion::{Criterion, Throughput};

pub(crate) const REQUEST: &[u8] = b"GET /v1/events?since=17 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: text/event-stream\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nReferer: https://example.com/chat\r\nOrigin: https://example.com\r\nConnection: keep-alive\r\nCookie: session=2f8a9c\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-site\r\nCache-Control: no-cache\r\n\r\n";

/// A response's head, with the coding of its content.
pub(crate) fn head(coding: Option<&str>) -> Vec<u8> {
    let coding = coding.map_or(String::new(), |coding| {
        format!("Content-Encoding: {coding}\r\n")
    });
    format!(
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: nginx\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n{coding}Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\nVary: Origin\r\nAccess-Control-Allow-Origin: https://example.com\r\nStrict-Transport-Security: max-age=31536000\r\nX-Request-Id: 7f3c\r\n\r\n"
    )
    .into_bytes()
}

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http");
    let response = head(None);
    group.throughput(Throughput::Bytes((REQUEST.len() + response.len()) as u64));
    group.bench_function("a request head and a response head", |bencher| {
        bencher.iter(|| {
            let mut talk = Talk::new();
            talk.client(REQUEST);
            talk.server(&response);
            assert!(talk.goes_on());
        });
    });
    let pieces: Vec<Vec<u8>> = Conversation::new()
        .events()
        .iter()
        .flat_map(|event| in_three(event))
        .collect();
    let bytes: usize = pieces.iter().map(Vec::len).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("chunks, three an event", |bencher| {
        bencher.iter(|| {
            let mut talk = Talk::new();
            talk.client(REQUEST);
            talk.server(&response);
            pieces.iter().for_each(|piece| talk.server(piece));
            assert!(talk.goes_on());
        });
    });
    group.finish();
}

/// As Spring's SseEmitter sends an event: the field's name, the value and the line ends are a chunk and a segment each.
fn in_three(event: &[u8]) -> [Vec<u8>; 3] {
    let (name, rest) = event.split_at(b"data:".len());
    let (value, ends) = rest.split_at(rest.len() - b"\n\n".len());
    [name, value, ends].map(chunk)
}
