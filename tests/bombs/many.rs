//! Bombs on hundreds of connections at once, their frames among each other in one batch.

use super::coded::{deflated, gzip};
use super::common::feed::{AT_REST, Feed, Outcome};
use super::{GET, VIEWS, coded_head, words};

const CONNECTIONS: u32 = 500;

/// What a decoder of deflate takes, bytes.
const INFLATE: u64 = 48 << 10;

/// What a session remembers of the times between its events, bytes: `limits::EXACT_GAPS` of them.
const GAPS: u64 = 8 << 10;

/// The same answer on every connection, a segment of each in turn.
fn at_once(more: &[&str], answer: &[u8]) -> Outcome {
    let mut feed = Feed::new(more);
    for client in 0..CONNECTIONS {
        feed.say(client, true, GET);
    }
    for segment in answer.chunks(1_460) {
        for client in 0..CONNECTIONS {
            feed.say(client, false, segment);
        }
    }
    feed.finish()
}

#[test]
fn events_of_a_batch_are_handed_on_before_they_fill_the_memory() {
    // Of 6 bytes each, that take fifty times as much: 300 MB. A sixteenth of the memory is for those that wait.
    let events = 2_000;
    let answer = [
        coded_head("gzip").as_bytes(),
        &gzip(&b"data\n\n".repeat(events)),
    ]
    .concat();
    for (view, jobs) in [("timeline", "1"), ("events", "3")] {
        let outcome = at_once(
            &["--view", view, "--memory", "64M", "--jobs", jobs],
            &answer,
        );
        assert_eq!(outcome.events, events as u64 * u64::from(CONNECTIONS));
        // Several pieces of it are under way, and the allocator keeps for a while what was given back.
        let bound = AT_REST + u64::from(CONNECTIONS) * (INFLATE + GAPS) + (128 << 20);
        assert!(
            outcome.peak < bound,
            "{view}: {} of {bound} bytes",
            outcome.peak
        );
    }
}

#[test]
fn what_a_coded_body_leaves_unfinished_is_bounded_by_its_length() {
    let line = deflated(&format!("data: {}", "x".repeat(60_000)), 1);
    let lines = format!("data: {}\n", "x".repeat(1_000)).repeat(60);
    let bodies = [
        ("deflate", [&[0x78, 0xDA], line.as_slice()].concat()),
        ("gzip", gzip(lines.as_bytes())),
        ("zstd", zstd::encode_all(&[b'x'; 60_000][..], 3).unwrap()),
    ];
    for (coding, body) in bodies {
        let answer = [coded_head(coding).as_bytes(), &body].concat();
        // What is kept does not depend on the view.
        let views = if coding == "gzip" {
            &VIEWS
        } else {
            &VIEWS[1..2]
        };
        for view in views {
            let outcome = at_once(&["--view", view], &answer);
            let bound = AT_REST + u64::from(CONNECTIONS) * (8 << 10);
            assert!(
                outcome.peak < bound,
                "{coding}, {view}: {} of {bound} bytes",
                outcome.peak
            );
            if *view == "timeline" {
                let given_up = |words: &&str| words.contains("decompression-limit");
                let given_up = words(&outcome).into_iter().filter(given_up).count();
                assert_eq!(given_up, CONNECTIONS as usize, "{coding}");
            }
        }
    }
}
