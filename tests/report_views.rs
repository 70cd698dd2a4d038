//! The tables of sessions and of events, for a terminal and as Markdown.

#![allow(clippy::unwrap_used)] // helpers of tests

mod report_samples;

use proptest::prelude::*;
use report_samples::*;
use ssetrace::model::{
    Direction, End, EndKind, EventRecord, Finding, Framing, Gaps, Nanos, Record, RequestHead,
    ResponseHead, SessionRecord, Severity, Timestamp,
};
use ssetrace::report::text::width;
use ssetrace::report::{Format, Options, Report, TimeFormat, View};
use std::sync::Arc;

fn table(view: View, width: usize) -> Options {
    Options {
        width,
        ..options(view, Format::Table)
    }
}

fn closing() -> Record {
    let mut summary = summary();
    summary.truncated = false;
    summary.skipped.clear();
    Record::Summary(Box::new(summary))
}

fn request(session: &mut SessionRecord, change: impl FnOnce(&mut RequestHead)) {
    let exchange = &mut session.opening.exchange;
    change(Arc::make_mut(exchange.request.as_mut().unwrap()));
}

fn response(session: &mut SessionRecord, change: impl FnOnce(&mut ResponseHead)) {
    let exchange = &mut session.opening.exchange;
    change(Arc::make_mut(exchange.response.as_mut().unwrap()));
}

/// Session `number` of a client that comes back, 311 ms after it came before.
fn reconnecting(number: u32) -> SessionRecord {
    let mut session = session(number);
    let begun = 200 + u64::from(number) * 311;
    let slower = i64::from(number) * 1_000_000;
    request(&mut session, |head| {
        head.span = span(begun, begun);
        head.target = "/live".into();
        head.last_event_id = number
            .checked_sub(1)
            .map(|before| format!("{}:1", before + 1).into());
    });
    session.opening.client.port += number as u16;
    session.time_to_head = Some(1_100_000 / i64::from(number + 1));
    session.time_to_first_event = Some(1_400_000 + slower);
    session.gaps = Some(Gaps {
        min: 1,
        p50: 50_300_000 - slower,
        p95: 50_300_000,
        max: 50_300_000 + slower,
    });
    session.duration = Some(102_000_000 + slower);
    session.end = End {
        kind: EndKind::TerminatingChunk,
        at: Some(at(begun + 102)),
        by: Some(Direction::ToClient),
    };
    session
}

fn sessions(all: impl IntoIterator<Item = SessionRecord>) -> Vec<Record> {
    all.into_iter()
        .map(|session| Record::Session(Box::new(session)))
        .collect()
}

fn events(all: impl IntoIterator<Item = EventRecord>) -> Vec<Record> {
    all.into_iter()
        .map(|event| Record::Event(Box::new(event)))
        .collect()
}

/// Event `number` with a model's token in the middle of the same JSON.
fn token(number: u64, token: &str, gap: Nanos) -> EventRecord {
    let data = format!(
        "{{\"id\":\"chatcmpl-A9x\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{token}\"}},\"finish_reason\":null}}]}}"
    );
    let mut event = event(0, number, &data);
    event.event.gap = Some(gap);
    event.event.id = None;
    event
}

/// The heads of the columns in the first line.
fn heads(text: &str) -> Vec<&str> {
    let first = text.lines().next().unwrap();
    first
        .split("  ")
        .map(str::trim)
        .filter(|head| !head.is_empty())
        .collect()
}

/// `text` as a literal that begins with a line break says it.
fn on_lines_of_its_own(text: &str) -> String {
    format!("\n{text}")
}

fn without_colour(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

#[test]
fn sessions_of_a_client_that_comes_back() {
    let mut records = sessions((0..3).map(reconnecting));
    records.push(Record::Finding(Box::new(finding())));
    records.push(closing());
    assert_eq!(
        on_lines_of_its_own(&written(table(View::Sessions, 120), &records)),
        "
 #  Client           Request    Events      Head  Gap p50  Gap max  Lasted  Continues            Ended by
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 0  127.0.0.1:60910  GET /live       2    1.1 ms  50.3 ms  50.3 ms  102 ms                       terminating chunk
 1  127.0.0.1:60911  GET /live       2  0.550 ms  49.3 ms  51.3 ms  103 ms  0 at \"1:1\", +209 ms  terminating chunk
 2  127.0.0.1:60912  GET /live       2  0.367 ms  48.3 ms  52.3 ms  104 ms  1 at \"2:1\", +209 ms  terminating chunk

session 0: the client was told 204 (No. 60): no more reconnects

walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections · 1 SSE session, 2 events · no findings
"
    );
}

#[test]
fn the_columns_that_go_first_on_a_narrow_terminal_are_those_that_tell_least() {
    let records = sessions((0..3).map(|number| {
        let mut session = reconnecting(number);
        response(&mut session, |head| head.status = 200 + number as u16);
        session
    }));
    let mut shown = heads(&written(table(View::Sessions, 0), &records)).join("|");
    assert_eq!(
        shown,
        "#|Conn|Client|Request|Status|Events|Head|First|Gap p50|Gap max|Lasted|Continues|Ended by"
    );
    let mut gone = Vec::new();
    for width in (70..160).rev() {
        let text = written(table(View::Sessions, width), &records);
        let now = heads(&text).join("|");
        gone.extend(
            shown
                .split('|')
                .filter(|head| !now.split('|').any(|other| other == *head))
                .map(str::to_owned),
        );
        shown = now;
    }
    assert_eq!(
        gone,
        ["Conn", "First", "Client", "Status", "Head", "Gap p50"]
    );
}

#[test]
fn a_column_that_is_empty_or_the_same_in_every_row_is_left_out_but_those_that_name_a_session() {
    let same = |number| {
        let mut session = session(0);
        session.opening.session = number;
        session
    };
    let several = written(table(View::Sessions, 0), &sessions((0..3).map(same)));
    assert_eq!(heads(&several), ["#", "Request", "Events", "Ended by"]);
    let one = written(table(View::Sessions, 0), &sessions([bare_session()]));
    assert_eq!(
        heads(&one),
        ["#", "Conn", "Client", "Request", "Events", "Ended by"]
    );
}

#[test]
fn sessions_stand_in_order_of_number_whatever_the_order_of_their_ends() {
    let text = written(
        table(View::Sessions, 0),
        &sessions([2, 0, 1].map(reconnecting)),
    );
    let numbers: Vec<&str> = text.lines().skip(2).map(|line| &line[..2]).collect();
    assert_eq!(numbers, [" 0", " 1", " 2"]);
}

#[test]
fn when_there_are_too_many_sessions_to_wait_for_all_they_are_written_as_they_end() {
    let mut report = Report::new(table(View::Sessions, 100), Vec::new());
    for number in (0..5_000).rev() {
        report
            .record(&Record::Session(Box::new(session(number))))
            .unwrap();
    }
    let text = String::from_utf8(report.finish().unwrap()).unwrap();
    let rows: Vec<&str> = text.lines().skip(2).collect();
    assert_eq!(rows.len(), 5_000);
    for (row, number) in rows.iter().zip((0..5_000).rev()) {
        assert!(row.trim_start().starts_with(&format!("{number} ")), "{row}");
    }
}

#[test]
fn each_end_of_a_session_has_its_words() {
    let ended = |kind, framing| {
        let mut session = session(0);
        session.end.kind = kind;
        response(&mut session, |head| head.framing = framing);
        let text = written(table(View::Sessions, 0), &sessions([session]));
        let end = text.lines().nth(2).unwrap().rsplit("  ").next().unwrap();
        end.to_owned()
    };
    let chunked = Some(Framing::Chunked);
    assert_eq!(ended(EndKind::Fin, chunked), "FIN, no terminating chunk");
    assert_eq!(
        ended(EndKind::Fin, Some(Framing::ContentLength)),
        "FIN before Content-Length"
    );
    assert_eq!(ended(EndKind::Fin, Some(Framing::Close)), "FIN");
    assert_eq!(
        ended(EndKind::ContentLength, Some(Framing::ContentLength)),
        "Content-Length"
    );
    assert_eq!(ended(EndKind::Rst, chunked), "RST");
    assert_eq!(
        ended(EndKind::EndStream, Some(Framing::Http2)),
        "END_STREAM"
    );
    assert_eq!(
        ended(EndKind::StreamReset, Some(Framing::Http2)),
        "RST_STREAM"
    );
    assert_eq!(ended(EndKind::Timeout, chunked), "given up");
    assert_eq!(ended(EndKind::Open, chunked), "(still open)");
}

#[test]
fn an_end_that_only_the_next_response_shows_is_not_said_to_have_been_captured() {
    let mut missed = session(0);
    missed.lost = true;
    let sessions = written(
        table(View::Sessions, 0),
        &sessions([session(1), missed.clone()]),
    );
    assert!(sessions.contains("its end not captured"), "{sessions}");
    let records = [
        Record::SessionOpens(Box::new(missed.opening.clone())),
        Record::Session(Box::new(missed)),
        closing(),
    ];
    let timeline = written(table(View::Timeline, 0), &records);
    assert!(
        timeline.contains(
            "over before the next response after 2.02 s · how its body ended was not captured"
        ),
        "{timeline}"
    );
}

#[test]
fn a_long_request_is_cut_and_not_the_columns_beside_it() {
    let mut long = reconnecting(0);
    request(&mut long, |head| {
        head.target = ("/live?q=".to_owned() + &"x".repeat(300)).into();
    });
    let text = written(
        table(View::Sessions, 120),
        &sessions([long, reconnecting(1)]),
    );
    assert!(heads(&text).contains(&"Gap p50"));
    assert!(text.lines().all(|line| width(line) <= 120), "{text}");
    assert!(text.contains("GET /live?q=xxx") && text.contains("x…  "));
}

#[test]
fn events_show_what_differs_from_the_one_before() {
    let mut records = events([
        token(1, "The ", 254_000),
        token(2, "old ", 50_600_000),
        token(20, "shade ", 3_060_000_000),
    ]);
    records.push(closing());
    assert_eq!(
        on_lines_of_its_own(&written(table(View::Events, 80), &records)),
        "
  #      Time       Gap            Frames  Type     Data
────────────────────────────────────────────────────────────────────────────────
  1  0.014000  0.254 ms             10–14  message  {\"id\":\"chatcmpl-A9x\",\"choic…
  2  0.024000   50.6 ms  ▪▪▪▪       20–24  message  …{\"content\":\"old \"}…
 20  0.204000    3.06 s  ▪▪▪▪▪▪▪  200–204  message  …{\"content\":\"shade \"}…

walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections ·
    1 SSE session, 2 events · no findings
"
    );
    assert_eq!(
        heads(&written(table(View::Events, 120), &records)),
        ["#", "Time", "Gap", "Chunks", "Frames", "Type", "Data"]
    );
}

#[test]
fn events_of_several_sessions_name_theirs() {
    let records = events([event(0, 1, "a"), event(1, 1, "b"), event(0, 2, "c")]);
    let text = written(table(View::Events, 120), &records);
    assert_eq!(heads(&text)[..2], ["S", "#"]);
    let named: Vec<&str> = text.lines().skip(2).map(|line| &line[1..3]).collect();
    assert_eq!(named, ["S0", "S1", "S0"]);
}

#[test]
fn an_event_shares_text_with_its_own_session_only() {
    let mut records = events([token(1, "a", 1), token(2, "b", 1)]);
    if let Record::Event(second) = &mut records[1] {
        second.session = 1;
    }
    let text = written(table(View::Events, 0), &records);
    assert_eq!(text.matches("{\"id\":").count(), 2);
}

#[test]
fn the_bar_of_a_gap_is_half_a_decade_a_step() {
    let bar = |gap: Nanos| {
        let records = events([token(1, "a", gap), token(2, "b", 0)]);
        written(table(View::Events, 0), &records)
            .lines()
            .nth(2)
            .unwrap()
            .matches('▪')
            .count()
    };
    let ms = 1_000_000;
    for (gap, steps) in [
        (254_000, 0),
        (ms, 1),
        (9 * ms, 2),
        (50 * ms, 4),
        (151 * ms, 5),
        (508 * ms, 6),
        (3_060 * ms, 7),
        (3_200 * ms, 8),
        (3_600_000 * ms, 8),
        (-5, 0),
    ] {
        assert_eq!(bar(gap), steps, "{gap}");
    }
}

#[test]
fn a_live_table_writes_each_row_at_once_in_fixed_columns() {
    let options = Options {
        live: true,
        ..table(View::Events, 100)
    };
    let mut report = Report::new(options, Vec::new());
    report.set_first_time(Timestamp(START));
    for record in events([token(1, "a", 1_000_000), token(2, &"b".repeat(100), 1)]) {
        report.record(&record).unwrap();
    }
    let text = String::from_utf8(report.finish().unwrap()).unwrap();
    assert_eq!(heads(&text)[0], "S");
    assert!(text.lines().all(|line| width(line) <= 100), "{text}");
    let one = written(options, &events([token(1, "a", 1_000_000)]));
    assert!(text.starts_with(&one), "{one}{text}");
}

#[test]
fn the_time_column_says_what_was_asked_for() {
    let time = |time, nanoseconds| {
        let options = Options {
            time,
            nanoseconds,
            ..table(View::Events, 0)
        };
        let text = written(options, &events([token(1, "a", 1), token(2, "b", 1)]));
        let row = text.lines().nth(3).unwrap().trim_start_matches(" 2  ");
        row.split("  ").next().unwrap().to_owned()
    };
    assert_eq!(time(TimeFormat::Relative, true), "0.024000000");
    assert_eq!(time(TimeFormat::Delta, false), "0.010000");
    assert_eq!(time(TimeFormat::Epoch, false), "1795477800.024000");
    assert_eq!(time(TimeFormat::Utc, false), "2026-11-23 23:50:00.024000");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let mut ended = reconnecting(1);
    ended.end.kind = EndKind::Rst;
    let mut records = sessions([reconnecting(0), ended]);
    records.extend(events([token(1, "a", 1), token(2, "b", 600_000_000)]));
    records.push(Record::Finding(Box::new(finding())));
    records.push(closing());
    for view in [View::Sessions, View::Events] {
        let plain = table(view, 100);
        let coloured = written(
            Options {
                color: true,
                ..plain
            },
            &records,
        );
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(without_colour(&coloured), written(plain, &records));
    }
}

#[test]
fn a_capture_without_sessions_has_its_summary_alone() {
    for view in [View::Sessions, View::Events] {
        let text = written(table(view, 0), &[closing()]);
        assert!(text.starts_with("walkthrough.pcapng: "), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

#[test]
fn markdown_has_the_same_cells() {
    let mut records = sessions([reconnecting(0), reconnecting(1)]);
    records.push(Record::Finding(Box::new(finding())));
    records.push(closing());
    assert_eq!(
        written(options(View::Sessions, Format::Markdown), &records),
        "\
| # | Conn | Client | Request | Events | Head | First | Gap p50 | Gap max | Lasted | Continues | Ended by |
|--:|--:|:--|:--|--:|--:|--:|--:|--:|--:|:--|:--|
| 0 | 1 | 127.0.0.1:60910 | GET /live | 2 | 1.1 ms | 1.4 ms | 50.3 ms | 50.3 ms | 102 ms | | terminating chunk |
| 1 | 2 | 127.0.0.1:60911 | GET /live | 2 | 0.550 ms | 2.4 ms | 49.3 ms | 51.3 ms | 103 ms | 0 at \"1:1\", +209 ms | terminating chunk |

- session 0: the client was told 204 (No. 60): no more reconnects

walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections · 1 SSE session, 2 events · no findings
"
    );
    let text = written(
        options(View::Events, Format::Markdown),
        &events([event(0, 1, "a|b <b>*c*</b> `d` \\| [e](f)")]),
    );
    assert!(
        text.ends_with(
            "| message | 7 | \"a\\|b \\<b\\>\\*c\\*\\</b\\> \\`d\\` \\\\\\| \\[e\\](f)\" |\n"
        ),
        "{text}"
    );
}

/// Whether `character` may reach a terminal.
fn harmless(character: char) -> bool {
    character == '\n'
        || !(character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// The borders of a Markdown row: pipes that no backslash stands before.
fn borders(row: &str) -> usize {
    let mut escaped = false;
    row.chars()
        .filter(|&character| {
            let border = character == '|' && !escaped;
            escaped = character == '\\' && !escaped;
            border
        })
        .count()
}

/// Text whose width nobody disputes: terminals and libraries differ on rare scripts.
const COMMON: &str = "[ -~\\x00-\\x1f\u{80}-\u{9f}\u{202a}-\u{202e}é中文🙂|\\\\…]{0,60}";

fn one_row_each(data: &str, event_type: &str, id: &str, target: &str) -> [(View, Record); 2] {
    let mut event = event(0, 1, data);
    event.event.event_type = event_type.to_owned().into();
    event.event.id = Some(id.to_owned());
    let mut session = session(1);
    request(&mut session, |head| {
        head.target = target.into();
        head.last_event_id = Some(id.into());
    });
    [
        (View::Events, Record::Event(Box::new(event))),
        (View::Sessions, Record::Session(Box::new(session))),
    ]
}

proptest! {
    #[test]
    fn any_text_stays_in_its_cell_and_carries_no_control(
        data in any::<String>(), event_type in any::<String>(), id in any::<String>(), target in any::<String>(),
        columns in 0usize..200,
    ) {
        for (view, record) in one_row_each(&data, &event_type, &id, &target) {
            let records = [record];
            let text = written(table(view, columns), &records);
            prop_assert!(text.chars().all(harmless));
            prop_assert_eq!(text.lines().count(), 3, "{}", text);
            prop_assert!(text.lines().all(|line| !line.ends_with(' ')));
            let markdown = written(options(view, Format::Markdown), &records);
            prop_assert!(markdown.chars().all(harmless));
            prop_assert_eq!(markdown.lines().count(), 3);
            let heads = borders(markdown.lines().next().unwrap());
            for line in markdown.lines() {
                prop_assert_eq!(borders(line), heads, "{}", line);
            }
        }
    }

    #[test]
    fn a_line_takes_no_more_than_the_terminal_has(
        data in COMMON, event_type in COMMON, id in COMMON, target in COMMON, columns in 80usize..200,
    ) {
        for (view, record) in one_row_each(&data, &event_type, &id, &target) {
            let text = written(table(view, columns), &[record]);
            for line in text.lines() {
                prop_assert!(width(line) <= columns, "{} of {}: {}", width(line), columns, line);
            }
        }
    }
}

#[test]
fn a_timeline_in_markdown_has_a_row_for_each_frame_and_pause() {
    let mut later = full_frame();
    later.tcp.at = at(1_300);
    later.annotation.text = "1 | 2".to_owned();
    later.annotation.marks.clear();
    let records = [
        Record::SessionOpens(Box::new(opening(0))),
        Record::Frame(Box::new(full_frame())),
        Record::Frame(Box::new(later)),
        Record::Session(Box::new(session(0))),
        Record::Finding(Box::new(finding())),
        Record::Connection(Box::new(connection())),
        closing(),
    ];
    // Colours, a width and a legend are for terminals.
    let options = Options {
        width: 40,
        color: true,
        legend: true,
        ..options(View::Timeline, Format::Markdown)
    };
    assert_eq!(
        on_lines_of_its_own(&written(options, &records)),
        "
## Session 0  GET /sse/chat (stream 1) → 200 text/event-stream, gzip, chunked
- connection 1 · \\[::1\\]:60910 → \\[::1\\]:8080 · No. 9–270
- 2 events in 6 chunks · 1 comment · head 9.5 ms after the request · first event 9.6 ms · longest silence 1.01 s
- 27 bytes not captured: between No. 14 and No. 17
- ended by the terminating chunk after 2.02 s · 3 bytes of an unfinished event are lost
- 1 frame conflicts with what came first
- another stream: application/x-ndjson · No. 50 · 4 pieces
- note stop-204: the client was told 204 (No. 60): no more reconnects

| No. | Time | Dir | Flags | Seq | Ack | Len | | Annotation |
|--:|--:|:--|:--|--:|--:|--:|:--|:--|
| 23 | 0.023000 | ← | PSH ACK | 201 | 677 | 7 | └ | event 1 message \"hi\" |
| | +1.28 s | | | | | | ┆ | silence |
| 1300 | 1.300000 | ← | PSH ACK | 201 | 677 | 7 | └ | 1 \\| 2 |

walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections · 1 SSE session, 2 events · no findings
"
    );
}

#[test]
fn the_worst_finding_counts_whatever_the_view_shows() {
    for view in [View::Timeline, View::Sessions, View::Events] {
        let mut report = Report::new(options(view, Format::Jsonl), Vec::new());
        assert_eq!(report.worst(), None);
        for severity in [Severity::Note, Severity::Error, Severity::Warning] {
            let found = Finding {
                severity,
                ..finding()
            };
            report.record(&Record::Finding(Box::new(found))).unwrap();
        }
        assert_eq!(report.worst(), Some(Severity::Error));
    }
}
