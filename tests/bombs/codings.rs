//! Content codings: bodies of a gibibyte each.

use super::coded::{CODINGS, bomb};
use super::common::feed::{AT_REST, Feed};
use super::{GET, VIEWS, coded_head, words};

/// What one frame may give, bytes: `limits::DECODED_FREE`, `limits::DECODED_ITEMS_AT_ONCE` events, and what waits of others, `limits::ITEMS`.
const AT_ONCE: u64 = (1 << 20) + (64 << 10) * 1_024 + (64 << 20);

#[test]
fn bodies_that_become_a_gibibyte_are_given_up_and_their_sessions_go_on() {
    let mut bodies = Vec::new();
    for coding in CODINGS {
        bodies.push((coding, "x", bomb(coding, "x")));
    }
    // Lines of one event, events, comments, blank lines.
    for unit in ["data: x\n", "data\n\n", ":\n", "\n"] {
        bodies.push(("gzip", unit, bomb("gzip", unit)));
    }
    bodies.push(("zstd", "data\n\n", bomb("zstd", "data\n\n")));
    for view in VIEWS {
        let mut feed = Feed::new(&["--view", view]);
        for ((coding, _, body), client) in bodies.iter().zip(0..) {
            feed.say(client, true, GET);
            feed.say(client, false, coded_head(coding).as_bytes());
            feed.say(client, false, body);
        }
        let outcome = feed.finish();
        let bound = AT_REST + AT_ONCE;
        assert!(
            outcome.peak < bound,
            "{view}: {} of {bound} bytes",
            outcome.peak
        );
        assert_eq!(outcome.summary["sessions"], bodies.len());
        if view == "timeline" {
            let given_up = |words: &&str| words.contains("decompression-limit");
            let given_up = words(&outcome).into_iter().filter(given_up).count();
            assert_eq!(given_up, bodies.len());
        }
        if view != "events" {
            let sessions = outcome.records.iter();
            let sessions = sessions.filter(|record| record["record"] == "session");
            for (session, (coding, unit, body)) in sessions.zip(&bodies) {
                assert_eq!(session["body_bytes"], body.len(), "{coding} of {unit:?}");
                assert_eq!(session["end"]["kind"], "open");
            }
        }
    }
}
