//! At the cap of memory connections are given up: first those that are over, then those that were silent longest, and the same
//! ones whoever works on them and whenever somebody waited.

mod common;

use common::{ACK, Analysed, FIN, PSH, RST, SSE, Script, analyse_within};
use ssetrace::analyzer::Connections;
use ssetrace::model::{EndKind, Record, Summary, Timestamp};

/// So many connections pass while one stream is open.
const PASSING: u16 = 12_000;

fn stream() -> Script {
    Script::new()
        .port(1_000)
        .handshake()
        .request("/stream")
        .answer(SSE.as_bytes())
        .answer(&common::chunk("data: one\n\n"))
}

/// A stream that says one event, then other connections, each closed by `close`, then the stream's second event.
fn capture(close: impl Fn(Script) -> Script) -> Vec<(Timestamp, Vec<u8>)> {
    let begun = stream().frames();
    let whole = stream().answer(&common::chunk("data: two\n\n")).frames();
    let mut frames = begun.clone();
    for port in 0..PASSING {
        let passing = Script::new().port(20_000 + port).handshake().request("/");
        frames.extend(close(passing).frames());
    }
    frames.extend_from_slice(&whole[begun.len()..]);
    for (place, (time, _)) in (0..).zip(&mut frames) {
        *time = Timestamp(place * 1_000_000);
    }
    frames
}

fn summary(analysed: &Analysed) -> &Summary {
    let last = analysed.records.last();
    match last {
        Some(Record::Summary(summary)) => summary,
        _ => panic!("the last record is the summary"),
    }
}

fn within(frames: &[(Timestamp, Vec<u8>)], memory: usize) -> Analysed {
    analyse_within(frames, Connections::Sse, usize::MAX, 1, memory)
}

#[test]
fn of_those_that_are_open_the_one_that_was_silent_longest_is_given_up() {
    let frames = capture(|passing| passing.server(ACK, b"").client(ACK, b""));
    let analysed = within(&frames, 20_000_000);
    let sessions = analysed.sessions();
    assert_eq!(
        (sessions[0].events, sessions[0].end.kind),
        (1, EndKind::Timeout)
    );
    // What goes on after that is recognised as a stream under way.
    assert_eq!(sessions.len(), 2);
    assert!(sessions[1].opening.exchange.response.is_none());
    assert!(summary(&analysed).given_up > 0);
    let untouched = within(&frames, usize::MAX);
    assert_eq!(untouched.sessions()[0].events, 2);
}

#[test]
fn the_same_connections_are_given_up_whatever_the_number_of_workers_and_the_waits() {
    let frames = capture(|passing| {
        if passing.port % 3 == 0 {
            passing.server(FIN | ACK, b"")
        } else {
            passing.server(RST | ACK, b"")
        }
    });
    let alone = analyse_within(&frames, Connections::All, usize::MAX, 1, 4_000_000);
    assert!(summary(&alone).given_up > 0);
    for (jobs, batch) in [(2, usize::MAX), (3, usize::MAX), (1, 1_000), (2, 7_777)] {
        let other = analyse_within(&frames, Connections::All, batch, jobs, 4_000_000);
        assert!(
            alone.records.len() == other.records.len()
                && format!("{:?}", alone.records) == format!("{:?}", other.records),
            "{jobs} jobs, waits after {batch} frames"
        );
    }
}

/// Connections side by side, each frame of which comes again, a little later and with another byte.
fn with_copies() -> Vec<(Timestamp, Vec<u8>)> {
    let talk = |port| {
        let mut script = Script::new().port(port).handshake().request("/");
        for _ in 0..700 {
            script = script.server(PSH | ACK, &[b'x'; 1_400]);
        }
        let data = script.pieces.len() - 700;
        for at in (data..script.pieces.len() - 20).rev() {
            let mut copy = script.pieces[at].clone();
            copy.payload[700] = b'y';
            script.pieces.insert(at + 20, copy);
        }
        script.frames()
    };
    let talks: Vec<_> = (1_000..1_012).map(talk).collect();
    let mut frames = Vec::new();
    for place in 0..talks[0].len() {
        frames.extend(talks.iter().map(|talk| talk[place].clone()));
    }
    for (place, (time, _)) in (0..).zip(&mut frames) {
        *time = Timestamp(place * 1_000_000);
    }
    frames
}

#[test]
fn what_copies_are_compared_with_has_its_share_and_is_forgotten_alike_by_all() {
    let frames = with_copies();
    let conflicts = |memory, jobs, batch| -> Vec<u64> {
        let analysed = analyse_within(&frames, Connections::All, batch, jobs, memory);
        let rows = analysed.rows();
        let conflicting = rows.iter().filter(|row| row.tcp.conflict.is_some());
        conflicting.map(|row| row.tcp.at.frame.0).collect()
    };
    let all = conflicts(usize::MAX, 1, usize::MAX);
    assert_eq!(all.len(), 12 * 680);
    let some = conflicts(2_000_000, 1, usize::MAX);
    assert!(
        some.len() < all.len() && some.len() > all.len() / 2,
        "{}",
        some.len()
    );
    for (jobs, batch) in [(2, usize::MAX), (3, usize::MAX), (1, 1_000), (2, 7_777)] {
        assert!(
            some == conflicts(2_000_000, jobs, batch),
            "{jobs} jobs, waits after {batch} frames"
        );
    }
}
