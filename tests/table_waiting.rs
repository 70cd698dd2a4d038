//! Tables that wait come out the same, however the records of their connections came in.

#[path = "report_samples/mod.rs"]
mod report_samples;

use report_samples::*;
use ssetrace::model::*;
use ssetrace::report::{Format, Options, View};

/// Rows of a connection, and of one that speaks most: with their texts these are several times as much as is buffered in memory.
const ROWS: u64 = 5;
const MANY_ROWS: u64 = 150;
const TEXT: usize = 256 * 1024;
const CONNECTIONS: u32 = 5;
const SPEAKS_MOST: u32 = 2;

/// What comes of one connection, in order: its session opens, rows, the session ends, a finding, the connection is over; late a row and another finding.
fn records(connection: u32) -> Vec<Record> {
    let opening = SessionOpening {
        connection,
        ..opening(connection)
    };
    let finding = |text: &str| {
        Record::Finding(Box::new(Finding {
            code: "stall",
            severity: Severity::Warning,
            session: Some(connection),
            connection: Some(connection),
            frames: vec![],
            text: format!("{text} {connection}"),
        }))
    };
    let row = |nth: u64| {
        let mut row = FrameRecord {
            connection,
            session: Some(connection),
            ..bare_frame()
        };
        row.tcp.at = at(100 + nth * u64::from(CONNECTIONS) + u64::from(connection));
        row.annotation.push(Role::Plain, &format!("row {nth} "));
        row.annotation.push(Role::Plain, &"x".repeat(TEXT));
        Record::Frame(Box::new(row))
    };
    let mut records = vec![Record::SessionOpens(Box::new(opening.clone()))];
    let rows = match connection {
        SPEAKS_MOST => MANY_ROWS,
        _ => ROWS,
    };
    records.extend((0..rows).map(row));
    records.push(Record::Session(Box::new(SessionRecord {
        opening,
        ..session(connection)
    })));
    records.push(finding("early"));
    records.push(Record::Connection(Box::new(ConnectionRecord {
        connection,
        sessions: vec![connection],
        ..report_samples::connection()
    })));
    records.push(row(rows));
    records.push(finding("late"));
    records
}

fn table(records: &[Record]) -> String {
    let options = Options {
        width: 120,
        max_rows: 10,
        ..options(View::Timeline, Format::Table)
    };
    written(options, records)
}

#[test]
fn tables_come_in_order_and_whole_whether_or_not_their_connections_spoke_in_turn() {
    let all: Vec<Vec<Record>> = (0..CONNECTIONS).map(records).collect();
    let longest = all.iter().map(Vec::len).max().unwrap();
    let in_turn: Vec<Record> = (0..longest)
        .flat_map(|nth| {
            all.iter()
                .filter_map(move |records| records.get(nth).cloned())
        })
        .collect();
    let in_turn = table(&in_turn);
    assert_eq!(in_turn.matches("Session ").count(), CONNECTIONS as usize);
    for connection in 0..CONNECTIONS {
        let told = |text: &str| in_turn.matches(&format!("{text} {connection}\n")).count();
        assert_eq!((told("early"), told("late")), (1, 1), "{connection}");
    }
    let told = |text: &str| in_turn.matches(text).count();
    assert_eq!(told("row 0 "), CONNECTIONS as usize, "each first row");
    let late = |rows| told(&format!("row {rows} "));
    assert_eq!((late(ROWS), late(MANY_ROWS)), (CONNECTIONS as usize, 1));
    // The others are silent for long, and go on.
    let part = |part: fn(&[Record]) -> &[Record]| {
        let others = all
            .iter()
            .zip(0..)
            .filter(|(_, connection)| *connection != SPEAKS_MOST);
        others
            .map(|(records, _)| part(records))
            .collect::<Vec<_>>()
            .concat()
    };
    let beginnings = part(|records| &records[..3]);
    let rest = part(|records| &records[3..]);
    let most = all[SPEAKS_MOST as usize].clone();
    assert_eq!(table(&[beginnings, most, rest].concat()), in_turn);
}
