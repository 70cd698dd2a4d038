//! Timelines written row by row, for tests of words and tables: each row says what TCP and the layers say of its frame.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use ssetrace::model::*;
use ssetrace::report::table::TimelineTable;
use ssetrace::report::{Options, TimeFormat};
use ssetrace::timeline::narrate::Narrator;
use std::sync::Arc;

/// One connection's script.
pub struct Script {
    pub connection: u32,
    pub client: Endpoint,
    pub server: Endpoint,
    narrator: Narrator,
    pub rows: Vec<FrameRecord>,
    opening: Option<SessionOpening>,
    phase: Phase,
    waiting: bool,
}

/// One row under construction.
pub struct Row {
    pub tcp: TcpFacts,
    pub said: Vec<Said>,
    pending: bool,
    phase: Option<Phase>,
}

/// Nanoseconds of a Time cell.
pub fn nanos(time: &str) -> i64 {
    let (seconds, fraction) = time.split_once('.').unwrap();
    let fraction = format!("{fraction:0<9}");
    seconds.parse::<i64>().unwrap() * 1_000_000_000 + fraction.parse::<i64>().unwrap()
}

pub fn at(frame: u64, time: &str) -> At {
    At {
        frame: FrameNo(frame),
        time: Timestamp(nanos(time)),
    }
}

/// A row: `row(9, "3.568843", '→', "SYN", 0, None, 0)`.
pub fn row(
    frame: u64,
    time: &str,
    arrow: char,
    flags: &str,
    (sequence, acknowledgment, length): (u32, Option<u32>, u32),
) -> Row {
    let mut labels = LabelSet::EMPTY;
    let mut bits = Flags(0);
    for (flag, name) in Flags::NAMES {
        if flags.split(' ').any(|given| given == name) {
            bits = bits | flag;
        }
    }
    if bits.has(Flags::PSH) {
        labels.insert(Label::Push);
    }
    if bits.has(Flags::FIN) {
        labels.insert(Label::Fin);
    }
    if bits.has(Flags::RST) {
        labels.insert(Label::Reset);
    }
    Row {
        tcp: TcpFacts {
            at: at(frame, time),
            direction: if arrow == '→' {
                Direction::ToServer
            } else {
                Direction::ToClient
            },
            flags: bits,
            sequence,
            acknowledgment,
            length,
            captured: length,
            window: 65_535,
            window_before: Some(65_535),
            acknowledges: None,
            acks_unseen: false,
            rtt: None,
            initial_rtt: None,
            labels,
            syn: None,
            duplicate: None,
            acknowledges_fin: None,
            teardown: None,
            repeats: None,
            hole: 0,
            conflict: None,
            late: 0,
            fills_hole: None,
            waiting: false,
            closed: 0,
        },
        said: Vec::new(),
        pending: false,
        phase: None,
    }
}

impl Row {
    pub fn label(mut self, label: Label) -> Row {
        self.tcp.labels.insert(label);
        self
    }

    pub fn tcp(mut self, change: impl FnOnce(&mut TcpFacts)) -> Row {
        change(&mut self.tcp);
        self
    }

    /// A plain ACK of `frame`.
    pub fn acks(self, frame: u64) -> Row {
        self.label(Label::Ack)
            .tcp(|tcp| tcp.acknowledges = Some(FrameNo(frame)))
    }

    pub fn teardown(self, number: u8) -> Row {
        self.tcp(|tcp| tcp.teardown = Some(number))
    }

    /// A fact of session 0 (the first of its connection).
    pub fn say(mut self, fact: Fact) -> Row {
        self.said.push(Said {
            at: self.tcp.at,
            session: Some(0),
            fact,
        });
        self
    }

    pub fn chunk(self, number: u64, bytes: u64) -> Row {
        self.say(Fact::Chunk { number, bytes })
    }

    pub fn event(self, number: u64, data: &str, chunks: (u64, u64), gap: &str) -> Row {
        let span = Span::of(self.tcp.at);
        self.event_over(number, data, chunks, gap, span.first)
    }

    pub fn event_over(
        self,
        number: u64,
        data: &str,
        chunks: (u64, u64),
        gap: &str,
        first: At,
    ) -> Row {
        let span = Span {
            first,
            there: self.tcp.at,
        };
        self.say(Fact::Event(Box::new(Event {
            number,
            event_type: "message".into(),
            data: data.to_owned(),
            last_event_id: Arc::from(""),
            id: None,
            retry: None,
            span,
            chunks: Some(chunks),
            gap: Some(nanos(gap)),
        })))
    }

    /// Bytes are pending after it.
    pub fn pending(mut self) -> Row {
        self.pending = true;
        self
    }

    pub fn phase(mut self, phase: Phase) -> Row {
        self.phase = Some(phase);
        self
    }
}

pub fn endpoint(text: &str) -> Endpoint {
    let (address, port) = text.rsplit_once(':').unwrap();
    Endpoint {
        address: address.parse().unwrap(),
        port: port.parse().unwrap(),
    }
}

impl Script {
    pub fn new(connection: u32, client: &str, server: &str) -> Script {
        Script {
            connection,
            client: endpoint(client),
            server: endpoint(server),
            narrator: Narrator::new(false),
            rows: Vec::new(),
            opening: None,
            phase: Phase::Idle,
            waiting: false,
        }
    }

    /// Adds a row.
    #[allow(clippy::needless_pass_by_value, reason = "a script reads better so")]
    pub fn row(&mut self, row: Row) -> &mut Script {
        let mut annotation = Annotation::default();
        let told = self
            .narrator
            .frame(&row.tcp, &row.said, row.pending, &mut annotation);
        let mut labels = row.tcp.labels;
        for said in &row.said {
            let label = match said.fact {
                Fact::Request(_) => Label::Request,
                Fact::Response { .. } => Label::ResponseHead,
                Fact::Event(_) => Label::Event,
                Fact::Chunk { .. } => Label::Chunk,
                Fact::TerminatingChunk => Label::TerminatingChunk,
                Fact::ResponseEnd => Label::ResponseEnd,
                Fact::Comment => Label::Comment,
                _ => continue,
            };
            labels.insert(label);
        }
        self.phase = row.phase.unwrap_or(self.phase);
        self.rows.push(FrameRecord {
            connection: self.connection,
            client: self.client,
            server: self.server,
            tcp: row.tcp,
            labels,
            session: None,
            sessions: Default::default(),
            rail: told.rail,
            annotation,
            phase: self.phase,
            keep: told.keep,
            events: told.events,
            chunks: told.chunks,
            dropped_before: 0,
        });
        self
    }

    /// The session's opening: request and response head.
    pub fn opens(
        &mut self,
        session: u32,
        request: RequestHead,
        response: ResponseHead,
    ) -> Box<Exchange> {
        let exchange = Exchange {
            request: Some(Arc::new(request)),
            request_end: None,
            response: Some(Arc::new(response)),
            first: true,
            stream: None,
        };
        self.opening = Some(SessionOpening {
            session,
            connection: self.connection,
            client: self.client,
            server: self.server,
            at: exchange.response.as_ref().unwrap().span.there,
            exchange: exchange.clone(),
            reconnects: None,
        });
        Box::new(exchange)
    }

    /// A session record with nothing but zeros, to be changed.
    pub fn session(
        &self,
        kind: EndKind,
        end: Option<At>,
        change: impl FnOnce(&mut SessionRecord),
    ) -> Record {
        let mut record = SessionRecord {
            opening: self.opening.clone().unwrap(),
            events: 0,
            comments: 0,
            chunks: None,
            body_bytes: 0,
            data_bytes: 0,
            wire_bytes: 0,
            segments: 0,
            time_to_head: None,
            time_to_first_event: None,
            duration: None,
            gaps: None,
            rate: None,
            heartbeats: None,
            longest_silence: None,
            incomplete_event: 0,
            missing: None,
            lost: false,
            end: End {
                kind,
                at: end,
                by: end.map(|_| Direction::ToClient),
            },
            resumed: Resumed::default(),
        };
        change(&mut record);
        Record::Session(Box::new(record))
    }

    pub fn over(&self) -> Record {
        Record::Connection(Box::new(ConnectionRecord {
            connection: self.connection,
            client: self.client,
            server: self.server,
            frames: self.rows.len() as u64,
            conflicts: 0,
            span: (
                self.rows.first().unwrap().tcp.at,
                self.rows.last().unwrap().tcp.at,
            ),
            handshake: Handshake::default(),
            teardown: Teardown::default(),
            sessions: vec![],
            other_streams: vec![],
            protocol: Protocol::Http1,
        }))
    }

    /// All records: the opening, the rows, what `more` adds, and the connection.
    pub fn records(&self, more: Vec<Record>) -> Vec<Record> {
        let mut records = Vec::new();
        if let Some(opening) = &self.opening {
            records.push(Record::SessionOpens(Box::new(opening.clone())));
        }
        records.extend(self.rows.iter().cloned().map(Box::new).map(Record::Frame));
        records.extend(more);
        records.push(self.over());
        records
    }
}

pub fn request(method: &str, target: &str, at: At) -> RequestHead {
    RequestHead {
        span: Span::of(at),
        method: method.into(),
        target: target.into(),
        version: "HTTP/1.1".into(),
        ..RequestHead::default()
    }
}

pub fn response(media_type: &str, framing: Framing, at: At) -> ResponseHead {
    ResponseHead {
        span: Span::of(at),
        status: 200,
        version: "HTTP/1.1".into(),
        content_type: Some(media_type.into()),
        media_type: Some(media_type.into()),
        framing: Some(framing),
        ..ResponseHead::default()
    }
}

/// A terminal of `width` columns without colours.
pub fn terminal(width: usize, max_rows: usize) -> Options {
    Options {
        width,
        max_rows,
        legend: true,
        ..Options::default()
    }
}

/// What `records` look like; the capture began at 0.
pub fn table(options: Options, records: &[Record]) -> String {
    let mut table = TimelineTable::new(options, Vec::new());
    if options.time == TimeFormat::Relative {
        table.set_first_time(Timestamp(0));
    }
    for record in records {
        table.record(record).unwrap();
    }
    String::from_utf8(table.finish().unwrap()).unwrap()
}

/// Compares line by line, so that the first difference is easy to see.
#[track_caller]
pub fn assert_lines(shown: &str, wanted: &str) {
    let wanted = wanted.strip_prefix('\n').unwrap_or(wanted);
    let (shown_lines, wanted_lines) = (shown.lines(), wanted.lines());
    for (number, (shown_line, wanted_line)) in shown_lines.zip(wanted_lines).enumerate() {
        assert_eq!(shown_line, wanted_line, "line {}\n{shown}", number + 1);
    }
    assert_eq!(shown.lines().count(), wanted.lines().count(), "{shown}");
}
