//! The lines of rows are the same whichever way they are made: the short way of rows in the middle of a stream, or as records.

mod common;

use common::{ACK, PSH, SSE, Script, analyse_with, chunk, lines_within};
use proptest::prelude::*;
use ssetrace::analyzer::Connections;
use ssetrace::model::Timestamp;
use ssetrace::model::limits::MEMORY;
use ssetrace::report::{self, Format, Report, View};

/// What happens next on a connection.
#[derive(Clone, Debug)]
enum Step {
    /// These bytes of the stream in a chunk and a segment of their own. It acknowledges all that the client sent, or all but so many bytes.
    Event(String, u32),
    /// These in one chunk and two segments.
    Cut(String),
    /// These in one segment, a chunk each.
    Together(String, String),
    /// The client sends so many bytes of the request's body.
    Speak(usize),
    /// The client acknowledges all, or all but so many bytes.
    Acknowledge(u32),
    /// The client says that its window is so large from now on.
    Window(u16),
    /// The last segment comes once more.
    Again,
    /// The server probes.
    KeepAlive,
}

/// The data of an event: a model's, so that neighbours have much in common, or anything.
fn data() -> impl Strategy<Value = String> {
    let word = "[a-z \u{e9}\u{4e2d}\"\\\\]{0,9}";
    let token = word.prop_map(|word| {
        format!("{{\"id\":\"chatcmpl-1\",\"choices\":[{{\"delta\":{{\"content\":\"{word}\"}}}}]}}")
    });
    prop_oneof![4 => token, 1 => "[ -~]{0,300}", 1 => "[\u{1}-\u{9}\u{80}-\u{2030}]{0,20}"]
}

/// A block of the stream.
fn block() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    let kind = prop::sample::select(vec!["", "", "message", "delta", "\u{4e2d}"]);
    (data(), 0..15, end, kind).prop_map(|(data, form, end, kind)| match form {
        0 => format!("data: {data}{end}data: {data}{end}{end}"),
        1 => format!(": {data}{end}{end}"),
        2 => format!("id: 7{end}data: {data}{end}{end}"),
        3 => format!("retry: 5{end}data: {data}{end}{end}"),
        4 => format!("\u{feff}data: {data}{end}{end}"),
        5..8 => format!("event: {kind}{end}data:{data}{end}{end}"),
        _ => format!("data: {data}{end}{end}"),
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (block(), prop_oneof![5 => Just(0), 1 => 0..30_u32]).prop_map(|(block, but)| Step::Event(block, but)),
        1 => block().prop_map(Step::Cut),
        1 => (block(), block()).prop_map(|(one, two)| Step::Together(one, two)),
        1 => (1..20_usize).prop_map(Step::Speak),
        9 => Just(Step::Acknowledge(0)),
        1 => (0..300_u32).prop_map(Step::Acknowledge),
        3 => prop::sample::select(vec![0, 900, 0xffff]).prop_map(Step::Window),
        1 => Just(Step::Again),
        1 => Just(Step::KeepAlive),
    ]
}

/// A connection with one stream after another, each in one of the framings.
fn connection(port: u16) -> impl Strategy<Value = Vec<(Timestamp, Vec<u8>)>> {
    let stream = (prop::collection::vec(step(), 0..25), 0..3);
    prop::collection::vec(stream, 1..3).prop_map(move |streams| {
        let mut script = Script::new().port(port).handshake();
        for (steps, framing) in streams {
            let chunked = framing == 0;
            let head = match framing {
                0 => SSE.to_owned(),
                1 => SSE.replace("Transfer-Encoding: chunked", "Content-Length: 100000"),
                _ => SSE.replace("Transfer-Encoding: chunked\r\n", ""),
            };
            script = ask(script, &steps).answer(head.as_bytes());
            let part = |text: &str| match chunked {
                true => chunk(text),
                false => text.as_bytes().to_vec(),
            };
            for step in steps {
                script = match step {
                    Step::Event(block, but) => {
                        acknowledging_all_but(but, script.server(PSH | ACK, &part(&block)))
                    }
                    Step::Cut(block) => {
                        let bytes = part(&block);
                        let (one, two) = bytes.split_at(bytes.len() / 2);
                        script.server(ACK, one).server(PSH | ACK, two)
                    }
                    Step::Together(one, two) => {
                        let bytes = [part(&one), part(&two)].concat();
                        script.server(PSH | ACK, &bytes)
                    }
                    Step::Speak(bytes) => script.client(PSH | ACK, &b"x".repeat(bytes)),
                    Step::Acknowledge(but) => acknowledging_all_but(but, script.client(ACK, b"")),
                    Step::Window(size) => script.window(size).client(ACK, b""),
                    Step::Again => again(script, 0),
                    Step::KeepAlive => again(script, 1),
                };
            }
            if !chunked {
                return script.teardown().frames();
            }
            script = script.answer(b"0\r\n\r\n");
        }
        script.teardown().frames()
    })
}

/// The request: with a body where the client sends one while the answer comes.
fn ask(script: Script, steps: &[Step]) -> Script {
    let body = steps.iter().map(|step| match step {
        Step::Speak(bytes) => *bytes,
        _ => 0,
    });
    match body.sum::<usize>() {
        0 => script.request("/events"),
        length => {
            let head = format!("POST /events HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
            script.client(PSH | ACK, head.as_bytes())
        }
    }
}

/// The last segment acknowledges all but so many bytes.
fn acknowledging_all_but(but: u32, mut script: Script) -> Script {
    if let Some(piece) = script.pieces.last_mut() {
        piece.acknowledgment = piece.acknowledgment.saturating_sub(but);
    }
    script
}

/// The last segment with bytes comes once more; of a keep-alive only its last byte.
fn again(mut script: Script, last: usize) -> Script {
    let with_bytes = script.pieces.iter().rev();
    if let Some(mut piece) = with_bytes
        .clone()
        .find(|piece| !piece.payload.is_empty())
        .cloned()
    {
        if last > 0 {
            let skipped = piece.payload.len() - last;
            piece.sequence += skipped as u32;
            piece.payload.drain(..skipped);
        }
        script.pieces.push(piece);
    }
    script
}

/// Two connections whose frames are interleaved.
fn capture() -> impl Strategy<Value = Vec<(Timestamp, Vec<u8>)>> {
    let turns = prop::collection::vec(any::<bool>(), 1..50);
    (connection(50_000), connection(50_001), turns).prop_map(|(one, two, turns)| {
        let (mut one, mut two) = (one.into_iter().peekable(), two.into_iter().peekable());
        let mut frames = Vec::new();
        for turn in turns.into_iter().cycle() {
            let next = match turn {
                true => one.next().or_else(|| two.next()),
                false => two.next().or_else(|| one.next()),
            };
            let Some(frame) = next else { break };
            frames.push(frame);
        }
        for (index, frame) in (0..).zip(&mut frames) {
            frame.0 = Timestamp(1_700_000_000_000_000_000 + index * 7_000_100);
        }
        frames
    })
}

/// The lines of records.
fn lines_of_records(frames: &[(Timestamp, Vec<u8>)], view: View) -> String {
    let form = report::Options {
        view,
        format: Format::Jsonl,
        ..report::Options::default()
    };
    let mut report = Report::new(form, Vec::new());
    if let Some((first, _)) = frames.first() {
        report.set_first_time(*first);
    }
    for record in analyse_with(frames, Connections::Sse, usize::MAX, 1).records {
        report.record(&record).expect("memory");
    }
    String::from_utf8(report.finish().expect("memory")).expect("text")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn lines_are_those_of_the_records(
        frames in capture(),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        missing in prop_oneof![3 => Just(0.0), 1 => 0.0..0.7_f64],
        batch in prop_oneof![1usize..60, Just(usize::MAX)],
        jobs in 1usize..4,
        // A sixteenth is for what is made: of a batch it comes in pieces.
        memory in prop::sample::select(vec![MEMORY, 1_000_000]),
    ) {
        let mut frames = frames;
        frames.drain(..(frames.len() as f64 * missing) as usize);
        for at in lost {
            frames.remove(at.index(frames.len()));
        }
        let wanted = lines_of_records(&frames, View::Timeline);
        let got = lines_within(&frames, View::Timeline, batch, jobs, memory);
        for (got, wanted) in got.lines().zip(wanted.lines()) {
            prop_assert_eq!(got, wanted);
        }
        prop_assert_eq!(got.len(), wanted.len());
    }
}
