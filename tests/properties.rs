//! What must hold of every capture: earlier records never change, and how bytes were cut into segments changes no event.

mod common;

use common::{
    ACK, Analysed, PSH, Piece, SSE, Script, analyse, analyse_sessions, analyse_with,
    analyse_within, chunk, lines_within,
};
use proptest::prelude::*;
use ssetrace::analyzer::Connections;
use ssetrace::model::limits::MEMORY;
use ssetrace::model::{Record, Timestamp};
use ssetrace::report::View;

/// An event's text, with what may make a parser stumble.
fn text() -> impl Strategy<Value = String> {
    "[a-z:\u{4e2d}\u{1f600} ]{0,12}"
}

/// A block of the stream.
fn block() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\r", "\r\n"]);
    (text(), text(), 0..6, end).prop_map(|(one, two, kind, end)| match kind {
        0 => format!("data: {one}{end}{end}"),
        1 => format!("data: {one}{end}data:{two}{end}{end}"),
        2 => format!("event: {one}{end}id: {two}{end}data{end}{end}"),
        3 => format!(": {one}{end}{end}"),
        4 => format!("retry: 10{end}{end}"),
        _ => format!("id: {one}{end}{end}"),
    })
}

/// A whole response body, in chunks that have nothing to do with its blocks.
fn body() -> impl Strategy<Value = Vec<u8>> {
    (
        prop::collection::vec(block(), 0..8),
        prop::collection::vec(1usize..30, 1..20),
    )
        .prop_map(|(blocks, sizes)| {
            let stream = blocks.concat();
            let mut body = Vec::new();
            let mut rest = stream.as_bytes();
            let mut sizes = sizes.iter().cycle();
            while !rest.is_empty() {
                let (now, later) = rest.split_at((*sizes.next().expect("a cycle")).min(rest.len()));
                body.extend(format!("{:x}\r\n", now.len()).bytes());
                body.extend(now);
                body.extend(b"\r\n");
                rest = later;
            }
            body.extend(b"0\r\n\r\n");
            body
        })
}

/// Two connections whose frames are interleaved; of some captures the beginning is missing.
fn capture() -> impl Strategy<Value = Vec<(Timestamp, Vec<u8>)>> {
    let missing = prop_oneof![2 => Just(0.0), 1 => 0.0..0.8];
    (whole_capture(), missing).prop_map(|(mut frames, missing)| {
        frames.drain(..(frames.len() as f64 * missing) as usize);
        frames
    })
}

fn whole_capture() -> impl Strategy<Value = Vec<(Timestamp, Vec<u8>)>> {
    let script = |port| {
        (body(), body(), prop::collection::vec(1usize..60, 0..40), any::<bool>(), 0usize..4).prop_map(move |(first, second, cuts, stream_first, end)| {
            let json = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
            let stream = |body: &[u8]| [SSE.as_bytes(), body].concat();
            let mut script = Script::new().port(port).handshake().request("/one");
            script = if stream_first { script.answer_cut(&stream(&first), &cuts) } else { script.answer_cut(json, &cuts) };
            script = script.request("/two").answer_cut(&stream(&second), &cuts);
            match end {
                0 => script,
                1 => script.teardown(),
                2 => script.server(common::RST | ACK, b""),
                _ => script.request("/three").answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\ndata: y").teardown(),
            }
        })
    };
    (
        script(50_000),
        script(50_001),
        prop::collection::vec(any::<bool>(), 200),
    )
        .prop_map(|(one, two, turns)| {
            let (mut one, mut two) = (
                one.frames().into_iter().peekable(),
                two.frames().into_iter().peekable(),
            );
            let mut frames = Vec::new();
            let mut turns = turns.into_iter().cycle();
            while one.peek().is_some() || two.peek().is_some() {
                let frame = if turns.next() == Some(true) {
                    one.next().or_else(|| two.next())
                } else {
                    two.next().or_else(|| one.next())
                };
                frames.extend(frame);
            }
            for (index, frame) in frames.iter_mut().enumerate() {
                frame.0 = Timestamp(1_700_000_000_000_000_000 + index as i64 * 40_000_000);
            }
            frames
        })
}

fn shown(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| format!("{record:?}")).collect()
}

/// Type, data, last event ID and chunks of an event.
type Seen = (String, String, String, Option<(u64, u64)>);

fn what_a_client_sees(analysed: &Analysed) -> Vec<Seen> {
    analysed
        .events()
        .iter()
        .map(|event| {
            (
                event.event_type.to_string(),
                event.data.clone(),
                event.last_event_id.to_string(),
                event.chunks,
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_records_of_the_first_frames_are_a_prefix_of_those_of_all(frames in capture(), at in 0.0f64..1.0) {
        for connections in [Connections::Sse, Connections::All] {
            let whole = analyse(&frames, connections.clone());
            let n = (frames.len() as f64 * at) as usize;
            let part = analyse(&frames[..n], connections);
            let (part, whole) = (shown(&part.records[..part.before_the_end]), shown(&whole.records));
            prop_assert!(part.len() <= whole.len());
            for (got, wanted) in part.iter().zip(&whole) {
                prop_assert_eq!(got, wanted);
            }
        }
    }

    #[test]
    fn how_many_frames_are_worked_off_together_and_by_how_many_changes_nothing(frames in capture(), batch in 1usize..40, jobs in 1usize..4) {
        for connections in [Connections::Sse, Connections::All] {
            let together = analyse(&frames, connections.clone());
            let in_turn = analyse_with(&frames, connections, batch, jobs);
            prop_assert_eq!(shown(&together.records), shown(&in_turn.records));
        }
    }

    #[test]
    fn how_much_is_made_before_it_is_handed_on_changes_nothing(
        (first, second) in (capture(), capture()),
        step in prop::sample::select(vec![1_000_000i64, 31_000_000_000]),
        // All connections find room in it, and a sixteenth is for what is made.
        memory in 500_000usize..1_500_000,
        batch in prop_oneof![1usize..400, Just(usize::MAX)],
        jobs in prop::sample::select(vec![1usize, 1, 3, 16]),
    ) {
        // The ports of the first are used again, and some of its connections are over by then.
        let mut frames = [first, second].concat();
        for (place, frame) in (0..).zip(&mut frames) {
            frame.0 = Timestamp(1_700_000_000_000_000_000 + place * step);
        }
        for connections in [Connections::Sse, Connections::All] {
            let together = analyse(&frames, connections.clone());
            let in_turn = analyse_within(&frames, connections, batch, jobs, memory);
            prop_assert_eq!(shown(&together.records), shown(&in_turn.records));
        }
        for view in [View::Sessions, View::Events, View::Timeline] {
            let together = lines_within(&frames, view, usize::MAX, 1, MEMORY);
            let in_turn = lines_within(&frames, view, batch, jobs, memory);
            prop_assert_eq!(together, in_turn);
        }
    }

    #[test]
    fn a_session_is_the_same_whether_or_not_its_frames_are_wanted(
        mut frames in capture(),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        twice in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        swapped in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        batch in 1usize..40,
    ) {
        for at in lost {
            frames.remove(at.index(frames.len()));
        }
        for at in twice {
            let at = at.index(frames.len());
            frames.insert(at, frames[at].clone());
        }
        for at in swapped {
            let at = at.index(frames.len() - 1);
            frames.swap(at, at + 1);
        }
        let (whole, sessions) = (analyse(&frames, Connections::Sse), analyse_sessions(&frames, batch));
        let shown = |analysed: &Analysed| -> Vec<String> {
            analysed.sessions().iter().map(|session| format!("{session:?}")).collect()
        };
        prop_assert_eq!(shown(&whole), shown(&sessions));
    }

    #[test]
    fn the_end_of_the_capture_adds_no_label_to_a_row(frames in capture(), at in 0.0f64..1.0) {
        let whole = analyse(&frames, Connections::All);
        let n = (frames.len() as f64 * at) as usize;
        let part = analyse(&frames[..n], Connections::All);
        for row in part.rows() {
            let same = whole.rows().into_iter().find(|other| other.tcp.at == row.tcp.at).expect("the same row");
            prop_assert!(same.labels.union(row.labels) == same.labels, "{:?} against {:?}", row.labels, same.labels);
        }
    }

    /// With `--connections sse` they wait until a session opens, with `all` none of these does.
    #[test]
    fn rows_of_bytes_that_nobody_knows_are_the_same_whether_they_waited_or_not(
        handshake in any::<bool>(),
        pieces in prop::collection::vec((any::<bool>(), prop_oneof![Just(ACK), Just(PSH | ACK)], "[QR]{0,3}", prop_oneof![9 => Just(1_000u16), 1 => 0u16..9]), 0..40),
        head in any::<bool>(),
        between in any::<bool>(),
    ) {
        let mut script = if handshake { Script::new().handshake() } else { Script::new() };
        for (from_client, flags, bytes, window) in &pieces {
            script = script.window(*window);
            script = match from_client {
                true => script.client(*flags, bytes.as_bytes()),
                false => script.server(*flags, bytes.as_bytes()),
            };
        }
        let (first, second) = SSE.as_bytes().split_at(SSE.len() / 2);
        if head {
            script = script.server(ACK, first);
        }
        if between {
            script = script.client(ACK, b"");
        }
        if head {
            script = script.server(PSH | ACK, second).server(PSH | ACK, &chunk("data: a\n\n"));
        } else {
            script = script.server(PSH | ACK, b"data: a\n\n").server(PSH | ACK, b"data: b\n\ndata: c\n\n");
        }
        let frames = script.frames();
        let (some, all) = (analyse(&frames, Connections::Sse), analyse(&frames, Connections::All));
        prop_assert_eq!(some.sessions().len(), 1);
        let shown = |analysed: &Analysed| -> Vec<String> {
            analysed.rows().iter().map(|row| format!("{row:?}")).collect()
        };
        prop_assert_eq!(shown(&some), shown(&all));
    }

    #[test]
    fn how_a_response_is_cut_into_segments_changes_no_event(body in body(), cuts in prop::collection::vec(1usize..50, 0..60)) {
        let response = [SSE.as_bytes(), &body].concat();
        let script = || Script::new().handshake().request("/events");
        let whole = analyse(&script().answer(&response).teardown().frames(), Connections::Sse);
        let cut = analyse(&script().answer_cut(&response, &cuts).teardown().frames(), Connections::Sse);
        prop_assert_eq!(what_a_client_sees(&whole), what_a_client_sees(&cut));
        prop_assert_eq!(whole.sessions()[0].comments, cut.sessions()[0].comments);
        prop_assert_eq!(whole.sessions()[0].body_bytes, cut.sessions()[0].body_bytes);
    }

    #[test]
    fn segments_out_of_order_and_twice_change_no_event(
        body in body(),
        cuts in prop::collection::vec(1usize..50, 0..40),
        swaps in prop::collection::vec((0usize..60, 1usize..6), 0..30),
        again in prop::collection::vec(0usize..60, 0..20),
    ) {
        let response = [SSE.as_bytes(), &body].concat();
        let script = Script::new().handshake().request("/events");
        let before = script.pieces.len();
        let plain = script.answer_cut(&response, &cuts);
        let wanted = what_a_client_sees(&analyse(&plain.clone().teardown().frames(), Connections::Sse));
        let mut mixed = plain;
        let mut data: Vec<Piece> = mixed.pieces.drain(before..).collect();
        let last = data.pop().expect("the client's ACK");
        let data_len = data.len();
        for (at, by) in swaps {
            let (one, other) = (at % data_len, (at + by) % data_len);
            data.swap(one, other);
        }
        for at in again {
            let at = at % data.len();
            let piece = data[at].clone();
            data.insert(data.len().min(at + 2), piece);
        }
        mixed.pieces.extend(data);
        mixed.pieces.push(last);
        let got = analyse(&mixed.teardown().frames(), Connections::Sse);
        prop_assert_eq!(what_a_client_sees(&got), wanted);
        for event in got.events() {
            prop_assert!(event.span.first.frame <= event.span.there.frame);
        }
    }
}

#[test]
fn of_rows_that_nobody_knew_to_be_wanted_the_last_thousand_are_shown_and_the_others_counted() {
    let mut script = Script::new();
    for _ in 0..1_100 {
        script = script.server(ACK, b"QQ");
    }
    let frames = script
        .server(PSH | ACK, b"data: a\n\n")
        .server(PSH | ACK, b"data: b\n\n")
        .frames();
    let analysed = analyse(&frames, Connections::Sse);
    assert_eq!(analysed.sessions().len(), 1);
    let rows = analysed.rows();
    let dropped = frames.len() - rows.len();
    assert!(dropped >= 1_100 - 1_000);
    assert_eq!(rows[0].dropped_before, dropped as u64);
    assert_eq!(
        rows[0].annotation.text,
        format!("{dropped} earlier rows not kept: too many waited for an answer · 2 bytes")
    );
    assert!(rows[1..].iter().all(|row| row.dropped_before == 0));
}

#[test]
fn an_event_behind_a_hole_completes_when_the_hole_is_filled() {
    let script = Script::new().handshake().request("/events");
    let mut script = script.answer(SSE.as_bytes());
    let before = script.pieces.len();
    script = script
        .server(PSH | ACK, &chunk("data: a\n\n"))
        .server(PSH | ACK, &chunk("data: b\n\n"))
        .client(ACK, b"");
    script.pieces.swap(before, before + 1);
    let analysed = analyse(&script.frames(), Connections::Sse);
    let mut spans = Vec::new();
    for event in analysed.events() {
        spans.push((event.span.first.frame.0, event.span.there.frame.0));
    }
    let (behind, filler) = (before as u64 + 1, before as u64 + 2);
    assert_eq!(spans, [(filler, filler), (behind, filler)]);
}
