//! Streams that mean harm, through the whole program: what a few bytes may cost in memory and in time is bounded, and the bounds stand here.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

mod coded;
mod codings;
mod endless;
mod many;
mod time;

use common::feed::Outcome;

/// All that can be asked for.
const VIEWS: [&str; 3] = ["sessions", "timeline", "events"];

const GET: &[u8] = b"GET /events HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n";

/// An event stream that ends with the connection.
const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// The head of such a stream with a content coding.
fn coded_head(coding: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: {coding}\r\n\r\n"
    )
}

/// The words of all rows.
fn words(outcome: &Outcome) -> Vec<&str> {
    let rows = outcome.records.iter();
    rows.filter_map(|record| record["annotation"].as_str())
        .collect()
}
