//! What holds for every stream and every segmentation.

use crate::coding::{CODINGS, coded, head, name};
use crate::script::{CHUNKED, CLOSE, GET, Script, chunk};
use proptest::prelude::*;
use ssetrace::model::{Ending, Event, Fact};

/// A line of an event stream, biased to what means something.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let field = prop::sample::select(vec![
        "data", "data: ", "data:", "id: ", "event: ", "retry: ", ":", "", "x: ", "\u{FEFF}",
    ]);
    let value = prop_oneof![
        "[a-z0-9 :]{0,8}".prop_map(String::into_bytes),
        "\\PC{0,4}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]);
    (field, value, end)
        .prop_map(|(field, value, end)| [field.as_bytes(), &value, end.as_bytes()].concat())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(line(), 0..12).prop_map(|lines| lines.concat())
}

/// Where to cut something of any length: fractions of it.
fn cuts() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.0..1.0, 0..10)
}

fn cut<'a>(bytes: &'a [u8], at: &[f64]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = at
        .iter()
        .map(|at| (at * bytes.len() as f64) as usize)
        .collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &bytes[pair[0]..pair[1]])
        .filter(|piece| !piece.is_empty())
        .collect()
}

fn chunked(body: &[u8], at: &[f64]) -> Vec<u8> {
    let mut all = CHUNKED.as_bytes().to_vec();
    for data in cut(body, at) {
        all.extend(chunk(data));
    }
    all.extend(b"0\r\n\r\n");
    all
}

fn script(pieces: &[&[u8]]) -> Script {
    let script = Script::new().client(GET);
    let script = pieces
        .iter()
        .fold(script, |script, piece| script.server(piece));
    script.server_ends(Ending::Fin)
}

/// What does not depend on frames.
fn timeless(event: &Event) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        event.number,
        event.event_type.to_string(),
        event.data.clone(),
        event.last_event_id.clone(),
        event.id.clone(),
        event.retry,
        event.chunks,
    )
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same_events_chunks_and_numbers(
        body in body(), chunks in cuts(), segments in cuts(),
    ) {
        let bytes = chunked(&body, &chunks);
        let whole = script(&[&bytes]);
        for pieces in [cut(&bytes, &segments), bytes.chunks(1).collect()] {
            let cut = script(&pieces);
            let events = |script: &Script| script.events().into_iter().map(timeless).collect::<Vec<_>>();
            prop_assert_eq!(events(&whole), events(&cut));
            let (a, b) = (whole.endings()[0], cut.endings()[0]);
            prop_assert_eq!(
                (a.events, a.comments, a.chunks, a.body_bytes, a.data_bytes, a.incomplete_event, a.retry, a.end.kind),
                (b.events, b.comments, b.chunks, b.body_bytes, b.data_bytes, b.incomplete_event, b.retry, b.end.kind)
            );
            prop_assert_eq!(a.body_bytes, body.len() as u64);
            let sizes = |script: &Script| -> Vec<_> {
                let chunk = |fact: &Fact| match fact {
                    Fact::Chunk { number, bytes } => Some((*number, *bytes)),
                    _ => None,
                };
                script.said.iter().filter_map(|said| chunk(&said.fact)).collect()
            };
            prop_assert_eq!(sizes(&whole), sizes(&cut));
        }
    }

    #[test]
    fn framing_makes_no_difference_to_the_events(body in body(), chunks in cuts()) {
        let close = [CLOSE.as_bytes(), &body].concat();
        let data = |script: &Script| script.events().iter().map(|event| event.data.clone()).collect::<Vec<_>>();
        prop_assert_eq!(data(&script(&[&chunked(&body, &chunks)])), data(&script(&[&close])));
    }

    #[test]
    fn a_coding_with_a_flush_after_each_event_names_the_same_frames_as_the_plain_stream(
        data in prop::collection::vec("[a-zäöü ]{0,40}", 1..8),
    ) {
        let events: Vec<Vec<u8>> = data.iter().map(|data| format!("data: {data}\n\n").into_bytes()).collect();
        let events: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        let frames = |coding: &str| {
            let script = coded(coding, &events)
                .iter()
                .filter(|piece| !piece.is_empty())
                .fold(Script::stream(&head(name(coding))), |script, piece| script.server(chunk(piece)));
            script.events().into_iter().map(|event| (timeless(event), event.span)).map(|seen| format!("{seen:?}")).collect::<Vec<_>>()
        };
        let plain = frames("identity");
        prop_assert_eq!(plain.len(), data.len());
        for coding in CODINGS {
            prop_assert_eq!(&plain, &frames(coding));
        }
    }

    #[test]
    fn the_frames_of_the_first_deliveries_do_not_depend_on_later_ones(
        body in body(), chunks in cuts(), segments in cuts(), kept in 0..10usize,
    ) {
        let bytes = chunked(&body, &chunks);
        let pieces = cut(&bytes, &segments);
        let kept = kept.min(pieces.len());
        let all = script(&pieces).told();
        let mut first = Script::new().client(GET);
        for piece in &pieces[..kept] {
            first = first.server(piece);
        }
        prop_assert_eq!(&first.told()[..], &all[..first.said.len()]);
    }

    #[test]
    fn behind_a_hole_only_events_are_told_that_were_sent(
        lengths in prop::collection::vec(0..40usize, 1..12), chunks in cuts(), segments in cuts(),
        hole in (0.0..1.0, 0.0..0.5), known in any::<bool>(), framing in 0..3,
    ) {
        let sent: Vec<String> = lengths.iter().enumerate().map(|(n, length)| format!("{n} {}", "x".repeat(*length))).collect();
        let body: String = sent.iter().map(|data| format!("id: 1\ndata: {data}\ndata: {data}\n\n")).collect();
        let (head, bytes) = match framing {
            0 => (CHUNKED.to_owned(), chunked(body.as_bytes(), &chunks)[CHUNKED.len()..].to_vec()),
            1 => (CLOSE.to_owned(), body.into_bytes()),
            _ => (CLOSE.replace("\r\n\r\n", &format!("\r\nContent-Length: {}\r\n\r\n", body.len())), body.into_bytes()),
        };
        let from = (hole.0 * bytes.len() as f64) as usize;
        let to = from + (hole.1 * (bytes.len() - from) as f64) as usize;
        prop_assume!(from < to);
        let missing = if known { to - from } else { 0 };
        let script = Script::new().client(GET).server(head);
        let script = cut(&bytes[..from], &segments).into_iter().fold(script, Script::server);
        let script = script.server_misses(missing as u64);
        let script = cut(&bytes[to..], &segments).into_iter().fold(script, Script::server);
        let script = script.server_ends(Ending::Fin);
        let mut rest = sent.iter().map(|data| format!("{data}\n{data}"));
        for told in script.data_of_events() {
            prop_assert!(rest.any(|data| data == told), "{told:?} was never sent, or not in this order");
        }
        prop_assert_eq!(script.endings().len(), 1);
    }

    #[test]
    fn arbitrary_conversations_never_panic_and_each_session_ends_once(
        turns in prop::collection::vec((any::<bool>(), turn()), 0..30),
    ) {
        let mut script = Script::new();
        for (client, turn) in turns {
            script = match turn {
                Turn::Bytes(bytes) if bytes.is_empty() => script,
                Turn::Bytes(bytes) if client => script.client(bytes),
                Turn::Bytes(bytes) => script.server(bytes),
                Turn::Misses(bytes) if client => script.client_misses(bytes),
                Turn::Misses(bytes) => script.server_misses(bytes),
            };
            let _ = (script.stack.pending(), script.stack.unanswered(), script.stack.protocol());
        }
        let script = script.client_ends(Ending::CaptureEnd).server_ends(Ending::CaptureEnd);
        prop_assert_eq!(script.openings().len(), script.endings().len());
        prop_assert!(!script.stack.open_response());
        for said in &script.said {
            if let Fact::Event(event) = &said.fact {
                prop_assert!(event.span.first.frame <= event.span.there.frame);
                prop_assert_eq!(event.span.there.frame, said.at.frame);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Turn {
    Bytes(Vec<u8>),
    Misses(u64),
}

fn turn() -> impl Strategy<Value = Turn> {
    let known = prop::sample::select(vec![
        GET,
        CHUNKED,
        CLOSE,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 20\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n\u{1f}",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: br, zstd, deflate\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json-seq\r\n\r\n\u{1e}{}\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "CONNECT a HTTP/1.1\r\n\r\n",
        "9\r\ndata: a\n\n\r\n",
        "0\r\n\r\n",
        "5;x\r\n",
        "data: a\r",
        "\n\n",
        "\r\n",
        "HTTP/1.1 ",
    ]);
    prop_oneof![
        8 => (known, any::<prop::sample::Index>(), any::<bool>()).prop_map(|(known, at, whole)| {
            let bytes = known.as_bytes();
            let end = if whole { bytes.len() } else { at.index(bytes.len() + 1) };
            Turn::Bytes(bytes[..end].to_vec())
        }),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Turn::Bytes),
        1 => (0..50u64).prop_map(Turn::Misses),
    ]
}
