//! At the cap of memory connections are given up: first those that are over, then those that were silent longest, and the same
//! ones whoever works on them and whenever somebody waited.

mod common;

use common::{ACK, Analysed, FIN, PSH, RST, SSE, Script, analyse_sessions_within, analyse_within};
use ssetrace::analyzer::Connections;
use ssetrace::model::{
    At, EndKind, Endpoint, Flags, Record, Segment, Summary, TcpOptions, Timestamp,
};
use ssetrace::tcp::Connection;
use ssetrace::timeline::{After, Entry, Frames, Rows, Shown, Spare};

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
    let some = conflicts(10_000_000, 1, usize::MAX);
    assert!(
        some.len() < all.len() && some.len() > all.len() / 3,
        "{}",
        some.len()
    );
    for (jobs, batch) in [(2, usize::MAX), (3, usize::MAX), (1, 1_000), (2, 7_777)] {
        assert!(
            some == conflicts(10_000_000, jobs, batch),
            "{jobs} jobs, waits after {batch} frames"
        );
    }
}

/// Streams that are open at the same time, a segment of each in turn. Behind their heads each has `pieces` pieces of its body, the first of which `lost`
/// leaves out.
fn streams(streams: u16, pieces: usize, lost: bool) -> Vec<(Timestamp, Vec<u8>)> {
    let body = [b"data: ", &[b'x'; 994][..]].concat();
    let head = SSE.replace("Transfer-Encoding: chunked\r\n", "");
    let all: Vec<Vec<(Timestamp, Vec<u8>)>> = (0..streams)
        .map(|port| {
            let mut script = Script::new()
                .port(10_000 + port)
                .handshake()
                .request("/stream")
                .answer(head.as_bytes());
            let before = script.pieces.len();
            for _ in 0..pieces {
                script = script.server(PSH | ACK, &body);
            }
            if lost {
                script.pieces.remove(before);
            }
            script.frames()
        })
        .collect();
    let longest = all.iter().map(Vec::len).max().unwrap_or(0);
    let turn = |place: usize| all.iter().filter_map(move |frames| frames.get(place));
    let frames = (0..longest).flat_map(turn).cloned();
    let numbered = (0..).zip(frames);
    numbered
        .map(|(place, (_, bytes))| (Timestamp(place * 1_000_000), bytes))
        .collect()
}

#[test]
fn what_waits_in_buffers_counts_and_the_same_go_whatever_the_number_of_workers_and_the_waits() {
    const MEMORY: usize = 4_000_000;
    for lost in [true, false] {
        let frames = streams(200, 50, lost);
        let analyse = |batch, jobs| {
            [
                analyse_sessions_within(&frames, batch, jobs, MEMORY),
                analyse_within(&frames, Connections::Sse, batch, jobs, MEMORY),
            ]
        };
        let alone = analyse(usize::MAX, 1);
        for analysed in &alone {
            let given_up = summary(analysed).given_up;
            assert!(given_up > 100, "{given_up}");
            let ends = analysed.sessions();
            let timeouts = ends.iter().filter(|s| s.end.kind == EndKind::Timeout);
            assert!(timeouts.count() as u64 >= given_up.min(200) / 2);
        }
        for (batch, jobs) in [(usize::MAX, 2), (usize::MAX, 3), (77, 1), (1_111, 2)] {
            for (alone, other) in alone.iter().zip(analyse(batch, jobs)) {
                assert!(
                    format!("{:?}", alone.records) == format!("{:?}", other.records),
                    "{jobs} jobs, waits after {batch} frames"
                );
            }
        }
        let enough = analyse_sessions_within(&frames, usize::MAX, 1, 16 * MEMORY);
        assert_eq!(summary(&enough).given_up, 0);
    }
}

#[test]
fn of_a_4_tuple_that_is_used_again_and_again_only_the_last_connection_counts() {
    let begun = stream().frames();
    let whole = stream().answer(&common::chunk("data: two\n\n")).frames();
    let mut frames = begun.clone();
    for turn in 0..2_000 {
        // What the server sent is on its way when the client begins anew.
        let mut script = Script::new().handshake().server(PSH | ACK, b"SSH-2.0");
        for piece in &mut script.pieces {
            piece.sequence = piece.sequence.wrapping_add(turn * 100_000);
            piece.acknowledgment = piece.acknowledgment.wrapping_add(turn * 100_000);
        }
        frames.extend(script.frames());
    }
    frames.extend_from_slice(&whole[begun.len()..]);
    for (place, (time, _)) in (0..).zip(&mut frames) {
        *time = Timestamp(place * 1_000_000);
    }
    let analysed = analyse_within(&frames, Connections::All, usize::MAX, 1, 1_000_000);
    assert_eq!(summary(&analysed).given_up, 0);
    assert_eq!(analysed.sessions()[0].events, 2);
}

#[test]
fn a_row_that_waits_counts_alike_whatever_room_its_words_are_written_in() {
    let end = |port| Endpoint {
        address: [127, 0, 0, 1].into(),
        port,
    };
    let syn = Segment {
        at: At::default(),
        source: end(1),
        destination: end(80),
        sequence: 0,
        acknowledgment: 0,
        flags: Flags::SYN,
        window: 0,
        options: TcpOptions::NONE,
        payload: b"",
        length: 0,
    };
    let mut connection = Connection::new(&syn, false, true);
    let heard = connection.hear(&syn, &mut |_, _| {});
    let facts = connection.facts(&syn, &heard);
    let ends = Frames {
        connection: 0,
        client: connection.client(),
        server: connection.server(),
        first: connection.first(),
    };
    let frame = |shown, spare: &mut Spare| {
        let mut rows = Rows::new(shown, false);
        let after = After::default();
        let mut final_row = None;
        rows.frame(ends, &facts, &mut Vec::new(), after, spare, &mut |entry| {
            if let Entry::Row(row) = entry {
                final_row = Some(row);
            }
        });
        if let Some(mut row) = final_row {
            // Another connection's row had more to say.
            row.annotation.text.reserve(100_000);
            spare.give(row);
        }
        rows.memory()
    };
    let mut spare = Spare::default();
    frame(Shown::All, &mut spare);
    let waiting = frame(Shown::Sse, &mut spare);
    assert_eq!(waiting, frame(Shown::Sse, &mut Spare::default()));
}
