//! Plain rows as JSON Lines: the bytes that the fields of [`record`](super::record) give, in few and large pieces. Nearly all lines of a
//! capture are such, and one thread writes those of many streams.

use super::room::{Room, Text};
use super::string::{push_string_body, push_string_rest};
use super::utc::Utc;
use crate::model::{
    Direction, Endpoint, Flags, Out, PlainEvent, PlainRow, PlainText, Stream, Timestamp,
};
use std::net::{IpAddr, Ipv4Addr};

/// Bytes for a row up to its annotation.
const ROW: usize = 832;

/// Bytes for an event up to its type, or behind its data.
const EVENT: usize = 320;

/// Bytes for both times.
const TIMES: usize = 96;

/// Writes plain rows, and remembers what it will likely write again.
#[derive(Debug)]
pub(crate) struct PlainLines {
    first: Timestamp,
    utc: Utc,
    times: Text<TIMES>,
    frame: Number,
    connection: Number,
    session: Number,
    client: Known<Endpoint, 48>,
    server: Known<Endpoint, 48>,
    /// How far what the client sends has come, and what the server sends: one row's sequence number is another's acknowledgment number.
    positions: [Number; 2],
    windows: [Number; 2],
}

/// With and without PSH.
const FLAGS: [Text<40>; 2] = [
    Text::of(r#"","flags":["ACK"],"sequence":"#),
    Text::of(r#"","flags":["PSH","ACK"],"sequence":"#),
];

/// Of rows without an event, with one, with one in a chunk.
const LABELS: [[Text<64>; 2]; 3] = [
    [
        Text::of(r#","conflict":null,"labels":["ack"],"session":"#),
        Text::of(r#","conflict":null,"labels":["push","ack"],"session":"#),
    ],
    [
        Text::of(r#","conflict":null,"labels":["event"],"session":"#),
        Text::of(r#","conflict":null,"labels":["push","event"],"session":"#),
    ],
    [
        Text::of(r#","conflict":null,"labels":["chunk","event"],"session":"#),
        Text::of(r#","conflict":null,"labels":["push","chunk","event"],"session":"#),
    ],
];

type Number = Known<u64, 24>;

/// What was written of something.
#[derive(Debug)]
struct Known<T, const L: usize> {
    of: T,
    text: Text<L>,
}

impl<T: Copy + PartialEq, const L: usize> Known<T, L> {
    /// The text of `this`, as `write` writes it.
    #[inline(always)] // As `Room::new`.
    fn learn(&mut self, this: T, write: impl FnOnce(&mut Room<'_, L>, T)) -> &Text<L> {
        if self.of != this {
            self.of = this;
            self.text.write(|room| write(room, this));
        }
        &self.text
    }
}

impl Number {
    const ZERO: Number = Known {
        of: 0,
        text: Text::of("0"),
    };

    #[inline(always)] // As `Room::new`.
    fn number(&mut self, value: impl Into<u64>) -> &Text<24> {
        self.learn(value.into(), |room, value| room.number(value))
    }
}

impl Known<Endpoint, 48> {
    const UNSPECIFIED: Known<Endpoint, 48> = Known {
        of: Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        },
        text: Text::of("0.0.0.0:0"),
    };

    #[inline(always)] // As `Room::new`.
    fn endpoint(&mut self, endpoint: Endpoint) -> &Text<48> {
        self.learn(endpoint, |room, endpoint| room.endpoint(endpoint))
    }
}

impl PlainLines {
    /// Those of a capture whose first frame is of time `first`.
    pub(crate) fn new(first: Timestamp) -> PlainLines {
        PlainLines {
            first,
            utc: Utc::new(),
            times: Text::EMPTY,
            frame: Number::ZERO,
            connection: Number::ZERO,
            session: Number::ZERO,
            client: Known::UNSPECIFIED,
            server: Known::UNSPECIFIED,
            positions: [Number::ZERO; 2],
            windows: [Number::ZERO; 2],
        }
    }

    /// Appends the line of a row.
    pub(crate) fn row(&mut self, row: &PlainRow, of: &Stream, words: &str, out: &mut Out) {
        out.write_behind(b"", |room: &mut [u8; ROW]| {
            let mut room = Room::new(room);
            self.before_annotation(row, of, &mut room);
            room.written()
        });
        push_string_body(out, words.as_bytes());
        out.extend_from_slice(b"\"}\n");
    }

    #[inline(always)] // Of one place.
    fn before_annotation(&mut self, row: &PlainRow, of: &Stream, room: &mut Room<'_, ROW>) {
        // Often the frame of the row before.
        let acknowledges = row.acknowledges.map(|frame| frame.get());
        let known = (acknowledges == Some(self.frame.of)).then_some(self.frame.text);
        room.put(b"{\"record\":\"frame\",\"frame\":");
        room.text(self.frame.number(row.at.frame.0));
        room.put(b",\"connection\":");
        room.text(self.connection.number(of.connection));
        room.text(&self.times);
        self.ends(row.direction, of, room);
        let push = usize::from(row.flags.has(Flags::PSH));
        room.text(&FLAGS[push]);
        let (from, to) = (row.direction as usize, row.direction.reverse() as usize);
        room.text(self.positions[from].number(row.sequence));
        room.put(b",\"acknowledgment\":");
        room.text(self.positions[to].number(row.acknowledgment));
        room.put(b",\"length\":");
        room.number(row.length.into());
        room.put(b",\"window\":");
        room.text(self.windows[from].number(row.window));
        match (acknowledges, known) {
            (None, _) => room.put(b",\"acknowledges\":null,\"rtt\":"),
            (Some(frame), known) => {
                room.put(b",\"acknowledges\":");
                match known {
                    Some(known) => room.text(&known),
                    None => room.number(frame),
                }
                room.put(b",\"rtt\":");
            }
        }
        match row.rtt {
            0 => room.put(b"null"),
            rtt => room.seconds(rtt),
        }
        let brings = row
            .event
            .map_or(0, |event| 1 + usize::from(event.chunk.is_some()));
        room.text(&LABELS[brings][push]);
        let session = self.session.number(of.session);
        room.text(session);
        room.put(b",\"sessions\":[");
        room.text(session);
        room.put(b"],\"annotation\":\"");
    }

    /// Remembers both times of a row, for its line and that of its event: to be called before these are written.
    #[inline]
    pub(crate) fn times(&mut self, row: &PlainRow) {
        let (second, nanos) = self.utc.parts(row.at.time);
        self.times.write(|room| {
            room.put(b",\"time\":\"");
            room.put(second);
            room.put(&nanos);
            room.put(b"Z\",\"time_relative\":");
            room.seconds(row.at.time.since(self.first));
        });
    }

    #[inline(always)] // As `before_annotation`.
    fn ends(&mut self, direction: Direction, of: &Stream, room: &mut Room<'_, ROW>) {
        let client = self.client.endpoint(of.client);
        let server = self.server.endpoint(of.server);
        let (source, destination) = match direction {
            Direction::ToServer => {
                room.put(b",\"direction\":\"client-to-server\",\"source\":\"");
                (client, server)
            }
            Direction::ToClient => {
                room.put(b",\"direction\":\"server-to-client\",\"source\":\"");
                (server, client)
            }
        };
        room.text(source);
        room.put(b"\",\"destination\":\"");
        room.text(destination);
    }

    /// Appends the line of a row's event. If the row has a line, that was the last.
    pub(crate) fn event(
        &mut self,
        row: &PlainRow,
        event: PlainEvent,
        of: &Stream,
        text: &PlainText<'_>,
        out: &mut Out,
    ) {
        out.write_behind(b"", |room: &mut [u8; EVENT]| {
            let mut room = Room::new(room);
            room.put(b"{\"record\":\"event\",\"session\":");
            room.text(self.session.number(of.session));
            room.put(b",\"connection\":");
            room.text(self.connection.number(of.connection));
            room.put(b",\"number\":");
            room.number(event.number.get().into());
            room.text(&self.times);
            room.written()
        });
        match text.event_type {
            "message" => out.extend_from_slice(b",\"type\":\"message\",\"data\":\""),
            event_type => {
                out.extend_from_slice(b",\"type\":\"");
                push_string_rest(out, event_type);
                out.extend_from_slice(b",\"data\":\"");
            }
        }
        push_string_body(out, text.data);
        out.write_behind(b"", |room: &mut [u8; EVENT]| {
            let mut room = Room::new(room);
            let frame = self.frame.number(row.at.frame.0);
            room.put(b"\",\"last_event_id\":\"\",\"id\":null,\"retry\":null,\"first_frame\":");
            room.text(frame);
            room.put(b",\"frame\":");
            room.text(frame);
            match event.chunk {
                None => room.put(b",\"chunks\":null,\"gap\":"),
                Some(chunk) => {
                    let mut text = Text::<24>::EMPTY;
                    text.write(|room| room.number(chunk.get().into()));
                    room.put(b",\"chunks\":{\"first\":");
                    room.text(&text);
                    room.put(b",\"last\":");
                    room.text(&text);
                    room.put(b"},\"gap\":");
                }
            }
            room.seconds(event.gap);
            room.put(b"}\n");
            room.written()
        });
    }
}
