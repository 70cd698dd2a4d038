//! Plain rows: their lines are those of the records that say the same.
#![allow(clippy::unwrap_used)]

mod report_samples;

use proptest::prelude::*;
use report_samples::{START, options};
use smallvec::smallvec;
use ssetrace::model::{
    Annotation, At, Direction, Endpoint, Event, EventRecord, Flags, FrameNo, FrameRecord, Lines,
    Out, Phase, PlainEvent, PlainRow, PlainText, Rail, Record, Span, Stream, TcpFacts, Timestamp,
};
use ssetrace::report::{Format, Report, View};
use ssetrace::timeline::narrate;
use std::num::NonZero;

/// A plain row, and all that belongs to it.
#[derive(Clone, Debug)]
struct Plain {
    row: PlainRow,
    of: Stream,
    event_type: String,
    data: String,
    /// How much of the data is not told again, in front and behind.
    shared: (usize, usize),
}

impl Plain {
    fn text(&self) -> PlainText<'_> {
        PlainText {
            event_type: &self.event_type,
            data: self.data.as_bytes(),
            shared: self.shared,
        }
    }

    /// The records that say the same.
    fn records(&self) -> Vec<Record> {
        let (row, of) = (&self.row, &self.of);
        let mut words = String::new();
        narrate::plain(&mut words, row, &self.text());
        let frame = FrameRecord {
            connection: of.connection,
            client: of.client,
            server: of.server,
            tcp: TcpFacts {
                sequence: row.sequence,
                acknowledgment: Some(row.acknowledgment),
                length: row.length,
                captured: row.length,
                window: row.window,
                acknowledges: row.acknowledged(),
                rtt: Some(row.rtt).filter(|rtt| *rtt != 0),
                labels: row.labels(),
                ..TcpFacts::of(row.at, row.direction, row.flags)
            },
            labels: row.labels(),
            session: Some(of.session),
            sessions: smallvec![of.session],
            rail: Rail::None,
            annotation: Annotation {
                text: words,
                ..Annotation::default()
            },
            phase: Phase::Silence,
            keep: false,
            events: None,
            chunks: None,
            dropped_before: 0,
        };
        let event = row.event.map(|event| EventRecord {
            session: of.session,
            connection: of.connection,
            event: Event {
                number: event.number.get().into(),
                event_type: self.event_type.clone().into(),
                data: self.data.clone(),
                last_event_id: "".into(),
                id: None,
                retry: None,
                span: Span::of(row.at),
                chunks: event
                    .chunk
                    .map(|chunk| (u64::from(chunk.get()), u64::from(chunk.get()))),
                gap: Some(event.gap),
            },
        });
        let event = event.map(|event| Record::Event(Box::new(event)));
        std::iter::once(Record::Frame(Box::new(frame)))
            .chain(event)
            .collect()
    }

    fn write(&self, lines: &mut dyn Lines, out: &mut Out) {
        lines.plain(&self.row, &self.of, &self.text(), out);
    }
}

/// Lines of both ways, of rows that one writer writes one behind the other.
fn both_ways(view: View, format: Format, rows: &[Plain]) -> (String, String) {
    let first = Timestamp(START);
    let mut report = Report::new(options(view, format), Vec::new());
    report.set_first_time(first);
    let mut lines = report.lines(first).unwrap();
    let mut out = Out::default();
    for row in rows {
        row.write(&mut *lines, &mut out);
        for record in row.records() {
            report.record(&record).unwrap();
        }
    }
    let plain = String::from_utf8(out.written().to_vec()).unwrap();
    let mut general = String::from_utf8(report.finish().unwrap()).unwrap();
    if format == Format::Csv {
        let heading = general.find('\n').unwrap();
        general.drain(..=heading);
    }
    (plain, general)
}

/// Texts in which what is special is as frequent as what is not; some are longer than what is looked at together.
fn text() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        any::<char>(),
        proptest::char::range('\0', '\u{a0}'),
        proptest::char::range('\u{2020}', '\u{2070}'),
        Just('…'),
    ];
    let character = prop_oneof![
        6 => proptest::char::range(' ', '~'),
        3 => prop_oneof![Just('"'), Just('\\')],
        1 => special,
    ];
    let mixed = prop::collection::vec(character, 0..300).prop_map(String::from_iter);
    prop_oneof![mixed, "[a-z \"]{0,200}", Just(String::new())]
}

/// Numbers of any length, and some that come again and again.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

fn number32() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..32_u32).prop_map(|(number, shift)| number >> shift)
}

fn not_zero() -> impl Strategy<Value = NonZero<u64>> {
    number().prop_map(|number| NonZero::new(number).unwrap_or(NonZero::<u64>::MIN))
}

/// Times and durations of any size, of either sign, with and without decimals.
fn nanos() -> impl Strategy<Value = i64> {
    let unit = prop_oneof![Just(1), Just(1_000), Just(1_000_000), Just(1_000_000_000)];
    prop_oneof![
        (-20_000_i64..20_000, unit).prop_map(|(count, unit)| count * unit),
        any::<i64>(),
        Just(0),
        Just(i64::MIN),
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    (any::<std::net::IpAddr>(), any::<u16>()).prop_map(|(address, port)| Endpoint { address, port })
}

fn stream() -> impl Strategy<Value = Stream> {
    (number32(), number32(), endpoint(), endpoint()).prop_map(
        |(session, connection, client, server)| Stream {
            session,
            connection,
            client,
            server,
        },
    )
}

fn row() -> impl Strategy<Value = PlainRow> {
    let time = nanos().prop_map(|nanos| Timestamp(START.saturating_add(nanos)));
    let at = (number(), time).prop_map(|(frame, time)| At {
        frame: FrameNo(frame),
        time,
    });
    let count = || number32().prop_map(|n| NonZero::new(n).unwrap_or(NonZero::<u32>::MIN));
    let event = (count(), prop::option::of(count()), nanos());
    let event = event.prop_map(|(number, chunk, gap)| PlainEvent { number, chunk, gap });
    let tcp = (number32(), number32(), number32(), number32());
    let acknowledged = (prop::option::of(not_zero()), nanos());
    let (to_client, push) = (any::<bool>(), any::<bool>());
    (
        at,
        tcp,
        acknowledged,
        prop::option::of(event),
        to_client,
        push,
    )
        .prop_map(
            |(at, tcp, (acknowledges, rtt), event, to_client, push)| PlainRow {
                at,
                sequence: tcp.0,
                acknowledgment: tcp.1,
                length: tcp.2,
                window: tcp.3,
                acknowledges,
                rtt,
                event,
                direction: match to_client {
                    true => Direction::ToClient,
                    false => Direction::ToServer,
                },
                flags: match push {
                    true => Flags::ACK | Flags::PSH,
                    false => Flags::ACK,
                },
            },
        )
}

/// A part in front and one behind, which end where characters do; or nothing.
fn shared(data: &str, cuts: [prop::sample::Index; 2]) -> (usize, usize) {
    let [front, end] = cuts.map(|cut| data.floor_char_boundary(cut.index(2 * data.len() + 1)));
    match front < end {
        true => (front, data.len() - end),
        false => (0, 0),
    }
}

/// Some rows of few streams. Each may take over what one before it had.
fn rows() -> impl Strategy<Value = Vec<Plain>> {
    let event_type = prop_oneof![Just("message".to_owned()), text()];
    let plain = (
        row(),
        any::<prop::sample::Index>(),
        event_type,
        text(),
        any::<[prop::sample::Index; 2]>(),
        any::<[bool; 6]>(),
    );
    let streams = prop::collection::vec(stream(), 1..4);
    (streams, prop::collection::vec(plain, 1..8)).prop_map(|(streams, rows)| {
        let mut made: Vec<Plain> = Vec::new();
        for (mut row, nth, event_type, data, cuts, same) in rows {
            if let Some(Plain { row: before, .. }) = made.last() {
                let [acknowledges, window, length, sequence, answer, next] = same;
                if acknowledges {
                    row.acknowledges = NonZero::new(before.at.frame.0);
                }
                if window {
                    row.window = before.window;
                }
                if length {
                    row.length = before.length;
                }
                if sequence {
                    row.sequence = before.sequence;
                }
                if next {
                    row.at.frame.0 = before.at.frame.0.wrapping_add(1);
                }
                if answer {
                    row.sequence = before.acknowledgment;
                    row.direction = before.direction.reverse();
                }
            }
            made.push(Plain {
                row,
                of: *nth.get(&streams),
                shared: shared(&data, cuts),
                event_type,
                data,
            });
        }
        made
    })
}

proptest! {
    #[test]
    fn the_lines_of_plain_rows_are_those_of_the_records_that_say_the_same(rows in rows()) {
        for format in [Format::Jsonl, Format::Csv] {
            for view in [View::Timeline, View::Events, View::Sessions] {
                if (view, format) == (View::Sessions, Format::Csv) {
                    continue;
                }
                let (plain, general) = both_ways(view, format, &rows);
                prop_assert_eq!(plain, general);
            }
        }
    }
}

/// The widest of everything: there is room for it.
#[test]
fn the_longest_numbers_and_addresses_have_room() {
    let end = Endpoint {
        address: "1111:2222:3333:4444:5555:6666:7777:8888".parse().unwrap(),
        port: u16::MAX,
    };
    let row = PlainRow {
        at: At {
            frame: FrameNo(u64::MAX),
            time: Timestamp(i64::MIN),
        },
        sequence: u32::MAX,
        acknowledgment: u32::MAX,
        length: u32::MAX,
        window: u32::MAX,
        acknowledges: Some(NonZero::<u64>::MAX),
        rtt: i64::MIN,
        event: Some(PlainEvent {
            number: NonZero::<u32>::MAX,
            chunk: Some(NonZero::<u32>::MAX),
            gap: i64::MIN,
        }),
        direction: Direction::ToClient,
        flags: Flags::ACK | Flags::PSH,
    };
    let plain = Plain {
        row,
        of: Stream {
            session: u32::MAX,
            connection: u32::MAX,
            client: end,
            server: end,
        },
        event_type: "\u{feff}".repeat(100),
        data: "\u{85}".repeat(100),
        shared: (2, 2),
    };
    let other = Plain {
        event_type: "\u{10ffff}".repeat(100),
        data: "\\".repeat(300),
        shared: (0, 0),
        ..plain
    };
    let many = Plain {
        event_type: "\u{10ffff}".repeat(100),
        data: "\u{10ffff}".repeat(300),
        ..plain
    };
    for plain in [plain, other, many] {
        let (plain, general) = both_ways(View::Timeline, Format::Jsonl, &[plain.clone(), plain]);
        assert_eq!(plain, general);
    }
}
