//! Records made by hand: full ones, in which every field has a value, and bare ones, in which every field that may be missing is.
#![allow(dead_code, clippy::unwrap_used)] // each test file takes what it needs

use smallvec::smallvec;
use ssetrace::model::{
    Annotation, At, Conflict, ConnectionRecord, Counts, Direction, End, EndKind, Endpoint, Event,
    EventRecord, Exchange, Finding, Flags, FrameNo, FrameRecord, Framing, Gaps, Handshake, Label,
    LabelSet, Missing, OtherStream, Phase, Protocol, Rail, Reconnect, Record, RequestHead,
    ResponseHead, Resumed, Role, SessionOpening, SessionRecord, Severity, Span, Summary, TcpFacts,
    Teardown, TeardownKind, Timestamp,
};
use ssetrace::report::{Format, Options, Report, View};
use std::sync::Arc;

/// 2026-11-23T23:50:00Z, the time of frame 0.
pub(crate) const START: i64 = 1_795_477_800_000_000_000;

/// What `options` makes of `records`.
pub(crate) fn written(options: Options, records: &[Record]) -> String {
    let mut report = Report::new(options, Vec::new());
    report.set_first_time(Timestamp(START));
    for record in records {
        report.record(record).unwrap();
    }
    String::from_utf8(report.finish().unwrap()).unwrap()
}

/// The options of a form.
pub(crate) fn options(view: View, format: Format) -> Options {
    Options {
        view,
        format,
        ..Options::default()
    }
}

/// Frame `frame`, `frame` milliseconds after the start.
pub(crate) fn at(frame: u64) -> At {
    At {
        frame: FrameNo(frame),
        time: Timestamp(START + frame as i64 * 1_000_000),
    }
}

/// From `first` to `there`.
pub(crate) fn span(first: u64, there: u64) -> Span {
    Span {
        first: at(first),
        there: at(there),
    }
}

/// `text`, `10.0.0.1:8080` or `[::1]:8080`.
pub(crate) fn endpoint(text: &str) -> Endpoint {
    let socket: std::net::SocketAddr = text.parse().unwrap();
    Endpoint {
        address: socket.ip(),
        port: socket.port(),
    }
}

/// A frame with all fields.
pub(crate) fn full_frame() -> FrameRecord {
    let mut annotation = Annotation::default();
    annotation.push(Role::Accent, "event 1");
    annotation.push(Role::Wire, " message \"hi\"");
    let labels: LabelSet = [Label::Event, Label::Push, Label::Chunk]
        .into_iter()
        .collect();
    FrameRecord {
        connection: 1,
        client: endpoint("127.0.0.1:60910"),
        server: endpoint("127.0.0.1:8080"),
        tcp: TcpFacts {
            at: at(23),
            direction: Direction::ToClient,
            flags: Flags::ACK | Flags::PSH,
            sequence: 201,
            acknowledgment: Some(677),
            length: 7,
            captured: 7,
            window: 408_256,
            window_before: Some(408_256),
            acknowledges: Some(FrameNo(17)),
            acks_unseen: false,
            rtt: Some(9_000),
            initial_rtt: None,
            labels,
            syn: None,
            duplicate: None,
            acknowledges_fin: None,
            teardown: None,
            repeats: None,
            hole: 0,
            conflict: Some(Conflict {
                bytes: 3,
                first: FrameNo(21),
            }),
            late: 0,
            fills_hole: None,
            waiting: false,
            closed: 0,
        },
        labels,
        session: Some(0),
        sessions: smallvec![0, 1],
        rail: Rail::Closes,
        annotation,
        phase: Phase::Silence,
        keep: true,
        events: Some((1, 1, None)),
        chunks: Some((3, 3)),
        dropped_before: 0,
    }
}

/// A frame without all that may be missing.
pub(crate) fn bare_frame() -> FrameRecord {
    let full = full_frame();
    FrameRecord {
        tcp: TcpFacts {
            at: at(1),
            direction: Direction::ToServer,
            flags: Flags::default(),
            acknowledgment: None,
            acknowledges: None,
            rtt: None,
            conflict: None,
            labels: LabelSet::EMPTY,
            ..full.tcp
        },
        labels: LabelSet::EMPTY,
        session: None,
        sessions: smallvec![],
        annotation: Annotation::default(),
        events: None,
        chunks: None,
        ..full
    }
}

/// Event `number` of session `session` with `data`, with all fields.
pub(crate) fn event(session: u32, number: u64, data: &str) -> EventRecord {
    EventRecord {
        session,
        connection: session + 1,
        event: Event {
            number,
            event_type: "message".into(),
            data: data.to_owned(),
            last_event_id: Arc::from("7"),
            id: Some("7".to_owned()),
            retry: Some(3000),
            span: span(10 * number, 10 * number + 4),
            chunks: Some((3 * number - 2, 3 * number)),
            gap: Some(50_600_000),
        },
    }
}

/// An event without all that may be missing.
pub(crate) fn bare_event() -> EventRecord {
    let full = event(0, 1, "");
    EventRecord {
        event: Event {
            last_event_id: Arc::from(""),
            id: None,
            retry: None,
            chunks: None,
            gap: None,
            ..full.event
        },
        ..full
    }
}

/// How session `session` began, with all fields.
pub(crate) fn opening(session: u32) -> SessionOpening {
    SessionOpening {
        session,
        connection: session + 1,
        client: endpoint("127.0.0.1:60910"),
        server: endpoint("127.0.0.1:8080"),
        exchange: Exchange {
            request: Some(Arc::new(RequestHead {
                span: span(17, 17),
                method: "GET".into(),
                target: "/sse/chat".into(),
                version: "HTTP/1.1".into(),
                authority: Some("127.0.0.1:8080".into()),
                last_event_id: Some("1:1".into()),
                fields: vec![],
            })),
            request_end: Some(at(17)),
            response: Some(Arc::new(ResponseHead {
                span: span(19, 19),
                status: 200,
                reason: "OK".into(),
                version: "HTTP/1.1".into(),
                content_type: Some("text/event-stream;charset=UTF-8".into()),
                media_type: Some("text/event-stream".into()),
                framing: Some(Framing::Chunked),
                content_encoding: Some("gzip".into()),
                fields: vec![],
            })),
            first: true,
            stream: Some(1),
        },
        at: at(19),
        reconnects: session.checked_sub(1).map(|earlier| Reconnect {
            session: earlier,
            delay: 209_000_000,
            retry: Some(200),
            attempts: 1,
        }),
    }
}

/// Session `session` with all fields (`reconnects` but in session 0).
pub(crate) fn session(session: u32) -> SessionRecord {
    SessionRecord {
        opening: opening(session),
        events: 2,
        comments: 1,
        chunks: Some(6),
        body_bytes: 104,
        data_bytes: 60,
        wire_bytes: 260,
        segments: 6,
        time_to_head: Some(9_489_000),
        time_to_first_event: Some(9_600_000),
        duration: Some(2_020_000_000),
        gaps: Some(Gaps {
            min: 1,
            p50: 2_000,
            p95: 3_000_000,
            max: 1_010_000_000,
        }),
        rate: Some(990_000_000),
        heartbeats: Some(Gaps {
            min: 1_000_000_000,
            p50: 1_000_000_000,
            p95: 1_000_000_000,
            max: 1_000_000_000,
        }),
        longest_silence: Some(1_010_000_000),
        incomplete_event: 3,
        missing: Some(Box::new(Missing {
            bytes: Some(27),
            holes: 1,
            between: vec![(FrameNo(14), FrameNo(17))],
        })),
        lost: false,
        end: End {
            kind: EndKind::TerminatingChunk,
            at: Some(at(37)),
            by: Some(Direction::ToClient),
        },
        resumed: Resumed {
            missed: Some(0),
            repeated: Some(0),
        },
    }
}

/// A session without all that may be missing.
pub(crate) fn bare_session() -> SessionRecord {
    SessionRecord {
        opening: SessionOpening {
            exchange: Exchange::default(),
            reconnects: None,
            ..opening(0)
        },
        chunks: None,
        time_to_head: None,
        time_to_first_event: None,
        duration: None,
        gaps: None,
        rate: None,
        heartbeats: None,
        longest_silence: None,
        missing: None,
        end: End {
            kind: EndKind::Open,
            at: None,
            by: None,
        },
        ..session(0)
    }
}

/// A connection with all fields.
pub(crate) fn connection() -> ConnectionRecord {
    ConnectionRecord {
        connection: 1,
        client: endpoint("[::1]:60910"),
        server: endpoint("[::1]:8080"),
        frames: 26,
        conflicts: 1,
        span: (at(9), at(270)),
        handshake: Handshake {
            syn: Some(FrameNo(9)),
            syn_ack: Some(FrameNo(11)),
            ack: Some(FrameNo(13)),
            rtt: Some(103_000),
        },
        teardown: Teardown {
            kind: TeardownKind::Fin,
            frames: smallvec![FrameNo(181), FrameNo(182)],
        },
        sessions: vec![0],
        other_streams: vec![OtherStream {
            frame: FrameNo(50),
            content_type: "application/x-ndjson".to_owned(),
            pieces: 4,
        }],
        protocol: Protocol::Http1,
    }
}

/// A connection without all that may be missing.
pub(crate) fn bare_connection() -> ConnectionRecord {
    ConnectionRecord {
        handshake: Handshake::default(),
        teardown: Teardown::default(),
        sessions: vec![],
        other_streams: vec![],
        protocol: Protocol::None,
        ..connection()
    }
}

/// A finding with all fields.
pub(crate) fn finding() -> Finding {
    Finding {
        code: "stop-204",
        severity: Severity::Note,
        session: Some(0),
        connection: Some(1),
        frames: vec![FrameNo(60)],
        text: "the client was told 204 (No. 60): no more reconnects".to_owned(),
    }
}

/// A finding about no session.
pub(crate) fn bare_finding() -> Finding {
    Finding {
        session: None,
        connection: None,
        frames: vec![],
        ..finding()
    }
}

/// A summary with all fields.
pub(crate) fn summary() -> Summary {
    Summary {
        capture: "walkthrough.pcapng".to_owned(),
        format: "pcapng".to_owned(),
        link_types: vec!["NULL".to_owned(), "ETHERNET".to_owned()],
        counts: Counts {
            frames: 4_121,
            connections: 12,
            sessions: 1,
            open_sessions: 0,
            events: 2,
            findings: 0,
        },
        first_time: Some(Timestamp(START)),
        last_time: Some(Timestamp(START + 1_775_000_000_000)),
        truncated: true,
        skipped: [("IPv4 header", 3), ("TCP header", 1)].into(),
        given_up: 0,
        live: None,
    }
}

/// One record of each kind, full and bare, in a lawful order.
pub(crate) fn one_of_each() -> Vec<Record> {
    vec![
        Record::Frame(Box::new(bare_frame())),
        Record::SessionOpens(Box::new(opening(0))),
        Record::Frame(Box::new(full_frame())),
        Record::Event(Box::new(event(0, 1, "hi"))),
        Record::Event(Box::new(bare_event())),
        Record::Session(Box::new(bare_session())),
        Record::Session(Box::new(session(1))),
        Record::Finding(Box::new(finding())),
        Record::Finding(Box::new(bare_finding())),
        Record::Connection(Box::new(connection())),
        Record::Connection(Box::new(bare_connection())),
        Record::Summary(Box::new(summary())),
    ]
}
