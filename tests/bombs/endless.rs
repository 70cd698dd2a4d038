//! What has no end: lines, events, heads, comments, chunk extensions, trailers.

use super::common::SYN;
use super::common::feed::{AT_REST, Feed};
use super::{GET, STREAM, VIEWS, words};
use ssetrace::model::limits;

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The same in the middle of its first trailer.
const TRAILER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ";

/// What is sent of each, bytes: more than every cap but that of a line and of an event.
const LENGTH: usize = 1 << 20;

/// What begins it, what is repeated, and what is said of it.
const ENDLESS: [(&str, &str, Option<&str>); 15] = [
    (STREAM, "data: x", None),
    (STREAM, "data: x\n", None),
    (STREAM, "x", None),
    (STREAM, ":", None),
    (STREAM, ": comment\n", None),
    (STREAM, "\n", None),
    (STREAM, "event: x\n", None),
    (STREAM, "id: x\n", None),
    (STREAM, "field: x\n", None),
    (
        "HTTP/1.1 200 OK\r\nX: ",
        "x",
        Some("longer than any client takes"),
    ),
    (
        "HTTP/1.1 200 OK\r\n",
        "X: y\r\n",
        Some("longer than any client takes"),
    ),
    (CHUNKED, "0", Some("chunk-size line is too long")),
    (CHUNKED, "1;", Some("chunk-size line is too long")),
    (TRAILER, "x", Some("trailer line is too long")),
    (TRAILER, "x\r\nX: y", None),
];

#[test]
fn what_has_no_end_costs_no_more_than_the_cap_of_what_it_is() {
    for view in VIEWS {
        let mut feed = Feed::new(&["--view", view, "--connections", "all"]);
        for ((begins, again, _), client) in ENDLESS.iter().zip(0..) {
            feed.say(client, true, GET);
            feed.say(client, false, begins.as_bytes());
            let piece = again.repeat(60_000 / again.len());
            for _ in 0..LENGTH / piece.len() {
                feed.say_in(piece.len(), client, false, piece.as_bytes());
            }
        }
        let outcome = feed.finish();
        // Two lines and an event are kept, in buffers that double as they grow.
        let bound = AT_REST + 3 * 2 * LENGTH as u64;
        assert!(
            outcome.peak < bound,
            "{view}: {} of {bound} bytes",
            outcome.peak
        );
        if view == "timeline" {
            let words = words(&outcome);
            for (_, again, said) in ENDLESS {
                if let Some(said) = said {
                    assert!(words.iter().any(|words| words.contains(said)), "{again:?}");
                }
            }
        }
    }
}

#[test]
fn a_line_beyond_its_cap_is_forgotten() {
    let mut feed = Feed::new(&["--connections", "all"]);
    feed.say(1, true, GET);
    feed.say(1, false, STREAM.as_bytes());
    let piece = [b'x'; 60_000];
    for _ in 0..3 * limits::SSE_LINE / piece.len() {
        feed.say_in(piece.len(), 1, false, &piece);
    }
    feed.say(1, false, b"\n\ndata: y\n\n");
    let outcome = feed.finish();
    // When its buffer doubles for the last time, both are there.
    let bound = AT_REST + 3 * limits::SSE_LINE as u64;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
    assert_eq!(outcome.events, 1);
    assert!(
        words(&outcome)
            .iter()
            .any(|words| words.contains("oversize"))
    );
}

#[test]
fn of_syns_without_end_no_more_rows_wait_than_may() {
    let mut feed = Feed::new(&[]);
    for _ in 0..50_000 {
        feed.segment(1, true, (0, 0), SYN, 65_535, b"");
    }
    feed.say(1, true, GET);
    feed.say(1, false, STREAM.as_bytes());
    let outcome = feed.finish();
    let bound = AT_REST + 2 * 1_024 * limits::WAITING_ROWS as u64;
    assert!(outcome.peak < bound, "{} of {bound} bytes", outcome.peak);
    let rows = outcome.records.iter();
    let rows = rows.filter(|record| record["record"] == "frame").count();
    assert_eq!(rows, limits::WAITING_ROWS + 1, "and the one of the answer");
    assert!(
        words(&outcome)
            .iter()
            .any(|words| words.contains("earlier rows not kept"))
    );
}
