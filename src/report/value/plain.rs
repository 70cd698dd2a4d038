//! Plain rows as JSON Lines: the bytes that the fields of [`record`](super::record) give, in few and large pieces. Nearly all lines of a
//! capture are such, and one thread writes those of many streams.

use super::known::{Number, Streams};
use super::room::{Room, Text};
use super::string::{push_string_body, push_string_rest};
use super::utc::Utc;
use super::words::{WORDS, Words};
use crate::model::{Direction, Flags, Out, PlainEvent, PlainRow, PlainText, Stream, Timestamp};
use crate::timeline::narrate;

/// Bytes for a row.
const ROW: usize = 832 + WORDS;

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
    streams: Streams,
    /// How far what the client sends has come, and what the server sends: one row's sequence number is another's acknowledgment number.
    positions: [Number; 2],
    windows: [Number; 2],
    acknowledged: Number,
    /// An event's number is often that of its chunk.
    count: Number,
    /// Words that are escaped in a way of their own.
    escaped: Out,
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

impl PlainLines {
    /// Those of a capture whose first frame is of time `first`.
    pub(crate) fn new(first: Timestamp) -> PlainLines {
        PlainLines {
            first,
            utc: Utc::new(),
            times: Text::EMPTY,
            frame: Number::ZERO,
            streams: Streams::new(),
            positions: [Number::ZERO; 2],
            windows: [Number::ZERO; 2],
            acknowledged: Number::ZERO,
            count: Number::ZERO,
            escaped: Out::default(),
        }
    }

    /// Appends the line of a row.
    pub(crate) fn row(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>, out: &mut Out) {
        out.write_behind(b"", |room: &mut [u8; ROW]| {
            let mut room = Room::new(room);
            self.before_annotation(row, of, &mut room);
            let mut words = Words {
                room: &mut room,
                number: match row.event {
                    None => &mut self.acknowledged,
                    Some(_) => &mut self.count,
                },
                escaped: &mut self.escaped,
            };
            narrate::plain(&mut words, row, text);
            room.put(b"\"}\n");
            room.written()
        });
    }

    #[inline(always)] // Of one place.
    fn before_annotation(&mut self, row: &PlainRow, of: &Stream, room: &mut Room<'_, ROW>) {
        let acknowledges = row.acknowledges.map(|frame| frame.get());
        // Often the frame of the row before.
        if acknowledges.is_some_and(|frame| self.frame.is(frame)) {
            self.acknowledged = self.frame;
        }
        room.put(b"{\"record\":\"frame\",\"frame\":");
        room.digits(self.frame.number(row.at.frame.0));
        let stream = self.streams.of(of);
        room.text(stream.row());
        room.text(&self.times);
        let ends = match row.direction {
            Direction::ToServer => {
                room.put(b",\"direction\":\"client-to-server\",\"source\":\"");
                [stream.client(), stream.server()]
            }
            Direction::ToClient => {
                room.put(b",\"direction\":\"server-to-client\",\"source\":\"");
                [stream.server(), stream.client()]
            }
        };
        room.text(ends[0]);
        room.put(b"\",\"destination\":\"");
        room.text(ends[1]);
        let push = usize::from(row.flags.has(Flags::PSH));
        room.text(&FLAGS[push]);
        let (from, to) = (row.direction as usize, row.direction.reverse() as usize);
        room.digits(self.positions[from].number(row.sequence));
        room.put(b",\"acknowledgment\":");
        room.digits(self.positions[to].number(row.acknowledgment));
        room.put(b",\"length\":");
        room.number(row.length.into());
        room.put(b",\"window\":");
        room.digits(self.windows[from].number(row.window));
        match acknowledges {
            None => room.put(b",\"acknowledges\":null,\"rtt\":"),
            Some(frame) => {
                room.put(b",\"acknowledges\":");
                room.digits(self.acknowledged.number(frame));
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
        room.text(stream.sessions());
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

    /// Appends the line of a row's event. If the row has a line, that was the last.
    pub(crate) fn event(
        &mut self,
        row: &PlainRow,
        event: PlainEvent,
        of: &Stream,
        text: &PlainText<'_>,
        out: &mut Out,
    ) {
        let usual = text.event_type == "message";
        out.write_behind(b"", |room: &mut [u8; EVENT]| {
            let mut room = Room::new(room);
            room.text(self.streams.of(of).event());
            room.digits(self.count.number(event.number.get()));
            room.text(&self.times);
            match usual {
                true => room.put(b",\"type\":\"message\",\"data\":\""),
                false => room.put(b",\"type\":\""),
            }
            room.written()
        });
        if !usual {
            push_string_rest(out, text.event_type);
            out.extend_from_slice(b",\"data\":\"");
        }
        push_string_body(out, text.data);
        out.write_behind(b"", |room: &mut [u8; EVENT]| {
            let mut room = Room::new(room);
            let frame = self.frame.number(row.at.frame.0);
            room.put(b"\",\"last_event_id\":\"\",\"id\":null,\"retry\":null,\"first_frame\":");
            room.digits(frame);
            room.put(b",\"frame\":");
            room.digits(frame);
            match event.chunk {
                None => room.put(b",\"chunks\":null,\"gap\":"),
                Some(chunk) => {
                    let chunk = self.count.number(chunk.get());
                    room.put(b",\"chunks\":{\"first\":");
                    room.digits(chunk);
                    room.put(b",\"last\":");
                    room.digits(chunk);
                    room.put(b"},\"gap\":");
                }
            }
            room.seconds(event.gap);
            room.put(b"}\n");
            room.written()
        });
    }
}
