//! The timeline table against the walkthroughs that it was designed from.

mod timeline_script;

use ssetrace::model::*;
use timeline_script::*;

fn walkthrough() -> Vec<Record> {
    let mut s = Script::new(1, "127.0.0.1:60910", "127.0.0.1:8080");
    s.row(
        row(9, "3.568843", '→', "SYN", (0, None, 0))
            .label(Label::Syn)
            .tcp(|tcp| {
                tcp.syn = Some(SynOptions {
                    mss: Some(16_344),
                    window_factor: Some(64),
                    sack: true,
                });
            }),
    );
    s.row(row(11, "3.568919", '←', "SYN ACK", (0, Some(1), 0)).label(Label::SynAck));
    s.row(
        row(13, "3.568946", '→', "ACK", (1, Some(1), 0))
            .label(Label::HandshakeAck)
            .tcp(|tcp| {
                tcp.initial_rtt = Some(103_000);
            }),
    );
    s.row(
        row(15, "3.568953", '←', "ACK", (1, Some(1), 0))
            .label(Label::WindowUpdate)
            .tcp(|tcp| tcp.window = 408_256),
    );
    let sent = at(17, "3.569026");
    let opens = s.opens(
        0,
        request("GET", "/sse/chat", sent),
        response("text/event-stream", Framing::Chunked, at(19, "3.578551")),
    );
    let (request, response) = (
        opens.request.clone().expect("a request"),
        opens.response.clone().expect("a response"),
    );
    s.row(
        row(17, "3.569026", '→', "PSH ACK", (1, Some(1), 676))
            .say(Fact::RequestBegins)
            .say(Fact::Request(request))
            .phase(Phase::NoAnswerYet),
    );
    s.row(row(18, "3.569062", '←', "ACK", (1, Some(677), 0)).acks(17));
    s.row(
        row(19, "3.578551", '←', "PSH ACK", (1, Some(677), 173))
            .say(Fact::ResponseBegins)
            .say(Fact::EventStream)
            .say(Fact::Response {
                head: response,
                unanswered: None,
            })
            .say(Fact::SessionOpens(opens))
            .chunk(1, 5)
            .pending()
            .phase(Phase::Silence),
    );
    s.row(
        row(20, "3.578574", '→', "ACK", (677, Some(174), 0))
            .acks(19)
            .pending(),
    );
    s.row(
        row(21, "3.578625", '←', "PSH ACK", (174, Some(677), 27))
            .chunk(2, 21)
            .pending(),
    );
    s.row(
        row(22, "3.578633", '→', "ACK", (677, Some(201), 0))
            .acks(21)
            .pending(),
    );
    s.row(
        row(23, "3.578668", '←', "PSH ACK", (201, Some(677), 7))
            .chunk(3, 2)
            .event_over(1, "当前时间：1:8:47", (1, 3), "0.0001", at(19, "3.578551")),
    );
    s.row(row(24, "3.578679", '→', "ACK", (677, Some(208), 0)).acks(23));
    s.row(
        row(27, "4.579707", '←', "PSH ACK", (208, Some(677), 10))
            .chunk(4, 5)
            .pending(),
    );
    s.row(
        row(28, "4.579735", '→', "ACK", (677, Some(218), 0))
            .acks(27)
            .pending(),
    );
    s.row(
        row(29, "4.579916", '←', "PSH ACK", (218, Some(677), 27))
            .chunk(5, 21)
            .pending(),
    );
    s.row(
        row(30, "4.579941", '→', "ACK", (677, Some(245), 0))
            .acks(29)
            .pending(),
    );
    s.row(
        row(31, "4.580263", '←', "PSH ACK", (245, Some(677), 7))
            .chunk(6, 2)
            .event_over(
                2,
                "当前时间：1:8:48",
                (4, 6),
                "1.001595",
                at(27, "4.579707"),
            ),
    );
    s.row(row(32, "4.580278", '→', "ACK", (677, Some(252), 0)).acks(31));
    s.row(
        row(37, "5.588801", '←', "PSH ACK", (252, Some(677), 5))
            .say(Fact::TerminatingChunk)
            .say(Fact::ResponseEnd)
            .phase(Phase::Idle),
    );
    s.row(row(38, "5.588818", '→', "ACK", (677, Some(257), 0)).acks(37));
    s.row(row(141, "50.588956", '→', "ACK", (676, Some(257), 0)).label(Label::KeepAlive));
    s.row(row(142, "50.588967", '←', "ACK", (257, Some(677), 0)).label(Label::KeepAliveAck));
    s.row(
        row(181, "65.646163", '←', "FIN ACK", (257, Some(677), 0))
            .teardown(1)
            .phase(Phase::HalfClosed),
    );
    s.row(
        row(182, "65.646189", '→', "ACK", (677, Some(258), 0))
            .label(Label::FinAck)
            .teardown(2)
            .tcp(|tcp| {
                tcp.acknowledges_fin = Some(FrameNo(181));
            }),
    );
    s.row(row(268, "103.463518", '→', "FIN ACK", (677, Some(258), 0)).teardown(3));
    s.row(
        row(270, "103.463539", '←', "ACK", (258, Some(678), 0))
            .label(Label::FinAck)
            .teardown(4)
            .tcp(|tcp| {
                tcp.acknowledges_fin = Some(FrameNo(268));
            }),
    );
    let session = s.session(
        EndKind::TerminatingChunk,
        Some(at(37, "5.588801")),
        |session| {
            session.events = 2;
            session.chunks = Some(6);
            session.time_to_head = Some(9_525_000);
            session.time_to_first_event = Some(9_642_000);
            session.longest_silence = Some(1_008_538_000);
            session.duration = Some(2_019_775_000);
        },
    );
    let mut records = s.records(vec![session]);
    records.push(Record::Summary(Box::new(Summary {
        capture: "captures/walkthrough.pcapng".to_owned(),
        counts: Counts {
            frames: 4_121,
            connections: 12,
            sessions: 1,
            open_sessions: 0,
            events: 2,
            findings: 0,
        },
        first_time: Some(Timestamp(0)),
        last_time: Some(Timestamp(1_775_000_000_000)),
        ..Summary::default()
    })));
    records
}

#[test]
fn the_walkthrough_at_120_columns() {
    assert_lines(
        &table(terminal(120, 60), &walkthrough()),
        "
Session 0  GET /sse/chat → 200 text/event-stream, chunked
  connection 1 · 127.0.0.1:60910 → 127.0.0.1:8080 · No. 9–270
  2 events in 6 chunks · head 9.5 ms after the request · first event 9.6 ms · longest silence 1.01 s
  ended by the terminating chunk after 2.02 s

 No.        Time  Dir  Flags    Seq  Ack  Len    Annotation
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
   9    3.568843   →   SYN        0         0    handshake 1/3: client opens (MSS 16344, window scale 64, SACK)
  11    3.568919   ←   SYN ACK    0    1    0    handshake 2/3: server accepts
  13    3.568946   →   ACK        1    1    0    handshake 3/3: connection open, RTT 0.103 ms
  15    3.568953   ←   ACK        1    1    0    window update: 65535 → 408256 bytes
  17    3.569026   →   PSH ACK    1    1  676    request GET /sse/chat
  18    3.569062   ←   ACK        1  677    0    acknowledges No. 17
  19    3.578551   ←   PSH ACK    1  677  173  ┌ 200 text/event-stream: the stream opens · chunk 1, 5 bytes
  20    3.578574   →   ACK      677  174    0  │ acknowledges No. 19
  21    3.578625   ←   PSH ACK  174  677   27  │ chunk 2, 21 bytes
  22    3.578633   →   ACK      677  201    0  │ acknowledges No. 21
  23    3.578668   ←   PSH ACK  201  677    7  └ event 1 (chunks 1–3, No. 19–23) message \"当前时间：1:8:47\"
  24    3.578679   →   ACK      677  208    0    acknowledges No. 23
         +1.00 s                               ┆ silence
  27    4.579707   ←   PSH ACK  208  677   10  ┌ chunk 4, 5 bytes
  28    4.579735   →   ACK      677  218    0  │ acknowledges No. 27
  29    4.579916   ←   PSH ACK  218  677   27  │ chunk 5, 21 bytes
  30    4.579941   →   ACK      677  245    0  │ acknowledges No. 29
  31    4.580263   ←   PSH ACK  245  677    7  └ event 2 (chunks 4–6, No. 27–31) message \"当前时间：1:8:48\"
  32    4.580278   →   ACK      677  252    0    acknowledges No. 31
         +1.01 s                               ┆ silence
  37    5.588801   ←   PSH ACK  252  677    5    terminating chunk: response complete
  38    5.588818   →   ACK      677  257    0    acknowledges No. 37
        +45.00 s                               ┆ idle
 141   50.588956   →   ACK      676  257    0    TCP keep-alive
 142   50.588967   ←   ACK      257  677    0    TCP keep-alive ACK
        +15.06 s                               ┆ idle
 181   65.646163   ←   FIN ACK  257  677    0    teardown 1: server closes
 182   65.646189   →   ACK      677  258    0    teardown 2: acknowledges the server's FIN (No. 181)
        +37.82 s                               ┆ half closed
 268  103.463518   →   FIN ACK  677  258    0    teardown 3: client closes
 270  103.463539   ←   ACK      258  678    0    teardown 4: acknowledges the client's FIN (No. 268)

→ client to server  ← server to client  ┌ │ └ bytes of an event not yet complete  ● event whole in one frame
walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections · 1 SSE session, 2 events · no findings
",
    );
}

#[test]
fn the_walkthrough_at_80_columns_has_no_seq_and_ack() {
    let shown = table(terminal(80, 60), &walkthrough());
    let wanted = "
 No.        Time  Dir  Flags    Len    Annotation
────────────────────────────────────────────────────────────────────────────────
   9    3.568843   →   SYN        0    handshake 1/3: client opens (MSS 16344,
                                       window scale 64, SACK)
  11    3.568919   ←   SYN ACK    0    handshake 2/3: server accepts
  13    3.568946   →   ACK        0    handshake 3/3: connection open,
                                       RTT 0.103 ms
  15    3.568953   ←   ACK        0    window update: 65535 → 408256 bytes
  17    3.569026   →   PSH ACK  676    request GET /sse/chat
  18    3.569062   ←   ACK        0    acknowledges No. 17
  19    3.578551   ←   PSH ACK  173  ┌ 200 text/event-stream: the stream opens ·
                                     │ chunk 1, 5 bytes
  20    3.578574   →   ACK        0  │ acknowledges No. 19
  21    3.578625   ←   PSH ACK   27  │ chunk 2, 21 bytes
  22    3.578633   →   ACK        0  │ acknowledges No. 21
  23    3.578668   ←   PSH ACK    7  └ event 1 (chunks 1–3, No. 19–23)
                                       message \"当前时间：1:8:47\"
  24    3.578679   →   ACK        0    acknowledges No. 23
         +1.00 s                     ┆ silence
";
    let shown: Vec<&str> = shown
        .lines()
        .skip_while(|line| !line.starts_with(" No."))
        .collect();
    assert_lines(&shown[..wanted.lines().count() - 1].join("\n"), wanted);
}

#[test]
fn a_number_and_its_unit_never_part_at_a_line_s_end() {
    for columns in 30..=130 {
        for line in table(terminal(columns, 0), &walkthrough()).lines() {
            let words = line.trim_start_matches([' ', '│', '┆']);
            let unit = ["bytes", "ytes", "ms", "s ", "frames"]
                .iter()
                .find(|unit| words.starts_with(**unit));
            assert_eq!(unit, None, "{columns} columns: {line}");
        }
    }
}
