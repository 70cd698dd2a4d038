//! Captures that mean harm, through the whole program: what they may cost in memory is bounded, and the bounds stand here.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.
#![cfg(target_os = "linux")]

mod common;

use common::feed::{AT_REST, Feed};
use common::{ACK, FIN, PSH, SSE, SYN, Script, analyse, chunk};
use serde_json::Value;
use ssetrace::analyzer::Connections;
use std::io::Write;

/// What one direction may hold behind a hole in pieces of one byte: `limits::REASSEMBLY_PIECES`, 144 bytes each with the tree and the allocator.
const PIECES: u64 = (64 << 10) * 144;

/// What an open connection may take with the entry of its 4-tuple: `limits::OPEN_CONNECTION` and the table's share.
const OPEN: u64 = 4 << 10;

#[test]
fn half_open_connections_cost_what_is_reckoned_for_them() {
    const CONNECTIONS: u32 = 100_000;
    let mut feed = Feed::new(&[]);
    for client in 0..CONNECTIONS {
        feed.segment(client, true, (client, 0), SYN, 1_000, b"");
    }
    for client in 0..CONNECTIONS {
        feed.segment(
            client,
            false,
            (7, client.wrapping_add(1)),
            SYN | ACK,
            1_000,
            b"",
        );
    }
    let outcome = feed.finish();
    assert_eq!(outcome.summary["connections"], CONNECTIONS);
    let bound = AT_REST + u64::from(CONNECTIONS) * OPEN;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
}

#[test]
fn half_open_connections_stay_within_the_cap() {
    let mut feed = Feed::new(&["--memory", "32M"]);
    for client in 0..100_000 {
        feed.segment(client, true, (client, 0), SYN, 1_000, b"");
    }
    let outcome = feed.finish();
    let bound = AT_REST + (48 << 20);
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
}

/// With `--memory 32M`: beside the cap stand the frames and records of the batches under way, and room that the allocator cannot give back.
const CAPPED: u64 = AT_REST + (32 << 20) + (28 << 20);

/// Event streams that open one after the other. The server's next number in each.
fn streams(feed: &mut Feed, count: u32, coding: &str) -> u32 {
    let request = b"GET / HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{coding}\r\n");
    let asked = 1 + request.len() as u32;
    for client in 0..count {
        feed.segment(client, true, (0, 0), SYN, 65_535, b"");
        feed.segment(client, false, (0, 1), SYN | ACK, 65_535, b"");
        feed.segment(client, true, (1, 1), ACK, 65_535, request);
        feed.segment(client, false, (1, asked), ACK, 65_535, head.as_bytes());
    }
    1 + head.len() as u32
}

/// Each of some streams gets pieces of an unfinished line in turn, the first of them so many bytes behind what came before. 64 KiB for each stream.
fn lines_within_the_cap(behind: u32, view: &str) {
    const STREAMS: u32 = 1_500;
    let piece = [b'x'; 1_424];
    let mut feed = Feed::new(&["--memory", "32M", "--view", view]);
    let begin = streams(&mut feed, STREAMS, "") + behind;
    for place in 0..46 {
        for client in 0..STREAMS {
            let number = begin + place * piece.len() as u32;
            feed.segment(client, false, (number, 1), ACK, 65_535, &piece);
        }
    }
    let outcome = feed.finish();
    let ended =
        |record: &&Value| record["record"] == "session" && record["end"]["kind"] == "timeout";
    assert!(outcome.records.iter().filter(ended).count() > 500);
    assert!(outcome.peak < CAPPED, "{} of {CAPPED} bytes", outcome.peak);
}

#[test]
fn what_waits_behind_holes_stays_within_the_cap() {
    lines_within_the_cap(1_000, "sessions");
}

#[test]
fn unfinished_lines_stay_within_the_cap() {
    lines_within_the_cap(0, "sessions");
    lines_within_the_cap(0, "timeline");
}

#[test]
fn decoders_stay_within_the_cap() {
    const STREAMS: u32 = 4_000;
    let mut feed = Feed::new(&["--memory", "32M", "--view", "sessions"]);
    let begin = streams(&mut feed, STREAMS, "Content-Encoding: gzip\r\n");
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    coder.write_all(b"data: one\n\n").unwrap();
    coder.flush().unwrap();
    for client in 0..STREAMS {
        feed.segment(client, false, (begin, 1), ACK, 65_535, coder.get_ref());
    }
    let outcome = feed.finish();
    assert!(outcome.peak < CAPPED, "{} of {CAPPED} bytes", outcome.peak);
}

#[test]
fn rows_that_wait_for_an_answer_stay_within_the_cap() {
    const CONNECTIONS: u32 = 3_000;
    let mut feed = Feed::new(&["--memory", "32M"]);
    let request = b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
    for client in 0..CONNECTIONS {
        feed.segment(client, true, (0, 0), SYN, 65_535, b"");
        feed.segment(client, true, (1, 0), ACK, 65_535, request);
    }
    for place in 0..40 {
        for client in 0..CONNECTIONS {
            let number = 1 + request.len() as u32 + place;
            feed.segment(client, true, (number, 0), ACK, 65_535, b"x");
        }
    }
    let outcome = feed.finish();
    assert!(outcome.peak < CAPPED, "{} of {CAPPED} bytes", outcome.peak);
}

#[test]
fn single_bytes_in_reverse_order_cost_what_may_wait_behind_a_hole() {
    // An optimised build takes less than two seconds for a million: docs/tcp.md.
    const BYTES: u32 = 100_000;
    let mut feed = Feed::new(&["--connections", "all"]);
    feed.segment(1, true, (0, 0), SYN, 65_535, b"");
    feed.segment(1, false, (0, 1), SYN | ACK, 65_535, b"");
    for left in (1..=BYTES).rev() {
        feed.segment(1, false, (left, 1), ACK, 65_535, b"x");
    }
    let outcome = feed.finish();
    let frames = outcome
        .records
        .iter()
        .filter(|record| record["record"] == "frame");
    assert_eq!(frames.count(), 2 + BYTES as usize);
    let bound = AT_REST + PIECES + OPEN;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
}

#[test]
fn a_window_that_stays_closed_costs_nothing() {
    let mut feed = Feed::new(&["--connections", "all"]);
    feed.segment(1, true, (0, 0), SYN, 0, b"");
    feed.segment(1, false, (0, 1), SYN | ACK, 0, b"");
    feed.segment(1, true, (1, 1), ACK, 0, b"");
    for _ in 0..20_000 {
        feed.segment(1, false, (1, 1), ACK, 0, b"x");
        feed.segment(1, true, (1, 1), ACK, 0, b"");
    }
    let outcome = feed.finish();
    let probes = outcome.records.iter().filter(|record| {
        let labels = record["labels"].as_array();
        labels.is_some_and(|labels| labels.contains(&"zero-window-probe".into()))
    });
    assert_eq!(probes.count(), 20_000);
    assert!(outcome.peak < AT_REST + OPEN, "{} bytes", outcome.peak);
}

#[test]
fn segments_that_are_never_acknowledged_and_numbers_in_no_order_cost_a_bounded_list() {
    let mut feed = Feed::new(&["--connections", "all"]);
    feed.segment(1, true, (0, 0), SYN, 65_535, b"");
    // Every number is half a circle, a quarter, … from the one before.
    let mut number = 1_u32;
    for step in 0..30_000_u32 {
        number = number.wrapping_mul(0x9e37_79b1).wrapping_add(step);
        feed.segment(1, false, (number, 1), ACK, 65_535, b"xy");
        feed.segment(1, true, (1, number.wrapping_add(3)), ACK, 65_535, b"");
    }
    let outcome = feed.finish();
    // `limits::UNACKED_SEGMENTS`, 24 bytes each in a list that doubles, and what waits behind holes.
    let bound = AT_REST + 2 * 10_000 * 24 + PIECES + OPEN;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
}

#[test]
fn what_copies_are_compared_with_takes_its_share_of_the_memory_and_no_more() {
    // 64 KiB of each of a thousand connections are 64 MiB.
    const CONNECTIONS: u32 = 1_000;
    let mut feed = Feed::new(&["--connections", "all", "--memory", "64M"]);
    let payload = [b'x'; 1_400];
    for frame in 0..50 {
        for client in 0..CONNECTIONS {
            feed.segment(client, false, (1 + 1_400 * frame, 1), ACK, 65_535, &payload);
        }
    }
    let outcome = feed.finish();
    // `limits::DELIVERED_SHARE`, and what comes until it is seen: three times `limits::BATCH_BYTES`. Batches under way hold as much again.
    let bound = AT_REST + (4 << 20) + 2 * 3 * (4 << 20) + u64::from(CONNECTIONS) * OPEN;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
}

#[test]
fn of_bytes_that_overlap_with_other_content_the_first_count_and_the_row_says_so() {
    let mut script = Script::new()
        .handshake()
        .request("/events")
        .answer(SSE.as_bytes());
    let before = script.pieces.len();
    let body = chunk("data: one\n\n");
    script = script
        .server(PSH | ACK, &body[..5])
        .server(PSH | ACK, &body[5..])
        .client(ACK, b"");
    script.pieces.swap(before, before + 1);
    // Before the hole is filled the second part comes again, and says "two".
    let mut other = script.pieces[before].clone();
    let at = other
        .payload
        .windows(3)
        .position(|bytes| bytes == b"one")
        .unwrap();
    other.payload[at..at + 3].copy_from_slice(b"two");
    script.pieces.insert(before + 1, other);
    let script = script.server(FIN | ACK, b"");
    let analysed = analyse(&script.frames(), Connections::Sse);
    assert_eq!(analysed.events()[0].data, "one");
    let row = analysed.rows()[before + 1];
    let words = &row.annotation.text;
    assert!(
        words.contains("conflicts with No. 7: 3 bytes differ, the first copy counts"),
        "{words}"
    );
}
