//! Rows as they come, in every form.

use crate::world::{Live, Proxied, Server, curl, expect, has, may_capture};
use std::time::Duration;

/// Runs one stream of a server against a live capture and gives its table.
fn table(server: &Server, path: &str) -> Vec<String> {
    let live = Live::start(&["-i", "lo", "-f", &server.filter()]);
    assert!(server.curl(path).wait().success());
    std::thread::sleep(Duration::from_millis(300));
    live.stop()
}

fn has_row(table: &[String], words: &str) -> bool {
    table.iter().any(|line| line.contains(words))
}

#[test]
fn rows_come_while_the_stream_is_open() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let live = Live::start(&["-i", "lo", "-f", &server.filter()]);
    // It never ends by itself.
    let client = server.curl("/endless");
    expect(
        &live.out,
        "S0   GET /endless → 200 text/event-stream, chunked",
    );
    expect(&live.out, "handshake 1/3");
    expect(&live.out, "● event 1");
    expect(&live.out, "● event 2");
    drop(client);
    expect(&live.out, "S0   ended by");
    let end = live.stop();
    assert!(has_row(&end, "lo: "), "{end:#?}");
    assert!(has_row(&end, "dropped: kernel 0, interface 0"), "{end:#?}");
}

#[test]
fn python_s_server_is_seen_from_the_handshake_to_the_teardown() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::python() else {
        return;
    };
    let table = table(&server, "/chunked");
    for words in [
        "handshake 3/3",
        "● event 5",
        "response complete",
        "5 events",
        "teardown",
    ] {
        assert!(has_row(&table, words), "{words}: {table:#?}");
    }
}

#[test]
fn node_s_server_is_seen_with_every_field_of_the_format() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let table = table(&server, "/fields");
    for words in ["comment", "event 1", "ended by the terminating chunk"] {
        assert!(has_row(&table, words), "{words}: {table:#?}");
    }
}

#[test]
fn node_s_event_source_is_seen_to_come_back_with_its_last_event_id() {
    if !may_capture() {
        return;
    }
    let Some(server) = Server::node() else { return };
    let live = Live::start(&["-i", "lo", "-f", &server.filter()]);
    let Some(mut client) = server.event_source() else {
        return;
    };
    assert!(client.wait().success());
    std::thread::sleep(Duration::from_millis(300));
    let table = live.stop();
    for words in [
        "S0   GET /resume → 200 text/event-stream",
        "request GET /resume Last-Event-ID",
        "S1   ended by the terminating chunk",
    ] {
        assert!(has_row(&table, words), "{words}: {table:#?}");
    }
}

#[test]
fn spring_s_emitter_sends_an_event_in_three_chunks() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::spring() else {
        return;
    };
    let table = table(&server, "/sse/chat");
    assert!(has_row(&table, "chunks 1–3"), "{table:#?}");
}

#[test]
fn sessions_side_by_side_are_told_apart_by_their_column() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let live = Live::start(&["-i", "lo", "-f", &server.filter(), "--width", "80"]);
    let mut clients: Vec<_> = (0..3).map(|_| server.curl("/plain")).collect();
    for client in &mut clients {
        assert!(client.wait().success());
    }
    std::thread::sleep(Duration::from_millis(300));
    let table = live.stop();
    for session in ["S0", "S1", "S2"] {
        let rows: Vec<_> = table
            .iter()
            .filter(|line| line.starts_with(&format!(" {session} ")))
            .collect();
        assert!(rows[0].contains("GET /plain → 200"), "{rows:#?}");
        assert!(rows[1].contains("handshake 1/3"), "{rows:#?}");
        // The first one comes with the head.
        for event in 2..=6 {
            let words = format!("● event {event}");
            assert!(rows.iter().any(|row| row.contains(&words)), "{rows:#?}");
        }
    }
    assert!(
        table.iter().all(|line| line.chars().count() <= 80),
        "{table:#?}"
    );
}

#[test]
fn eighty_columns_have_room_for_the_data_of_events_and_for_requests() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let started = ["events", "sessions"].map(|view| {
        let filter = server.filter();
        Live::start(&["-f", &filter, "--view", view, "--width", "80"])
    });
    assert!(server.curl("/plain").wait().success());
    std::thread::sleep(Duration::from_millis(300));
    for (words, live) in [r#"{"reading":2,"celsius""#, "GET /plain "]
        .iter()
        .zip(started)
    {
        let table = live.stop();
        assert!(has_row(&table, words), "{words}: {table:#?}");
        let narrow = |line: &String| line.chars().count() <= 80;
        assert!(table.iter().all(narrow), "{table:#?}");
    }
}

#[test]
fn every_form_and_view_is_written() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let forms = [
        ("timeline", "jsonl", r#""record":"summary""#),
        ("timeline", "json", r#"{"schema":"ssetrace/1""#),
        ("timeline", "csv", "event 6"),
        ("timeline", "markdown", "| S0 | 1 |"),
        ("sessions", "table", "terminating chunk"),
        ("sessions", "csv", "terminating-chunk"),
        ("events", "table", "celsius"),
        ("events", "markdown", "celsius"),
        ("events", "raw", r#"{"reading":6,"celsius":19.6}"#),
    ];
    let started: Vec<_> = forms
        .iter()
        .map(|(view, format, _)| {
            let filter = server.filter();
            Live::start(&[
                "-i", "lo", "-f", &filter, "--view", view, "--format", format,
            ])
        })
        .collect();
    assert!(server.curl("/plain").wait().success());
    std::thread::sleep(Duration::from_millis(300));
    for ((view, format, words), live) in forms.iter().zip(started) {
        let text = live.stop();
        assert!(has_row(&text, words), "{view} {format}: {text:#?}");
    }
}

#[test]
fn behind_haproxy_s_header_the_request_is_read() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::python() else {
        return;
    };
    for option in ["send-proxy", "send-proxy-v2"] {
        let Some(proxied) = Proxied::start(&server, option) else {
            return;
        };
        let filter = format!("tcp port {}", proxied.second);
        let live = Live::start(&["-i", "lo", "-f", &filter]);
        assert!(curl(proxied.first, "/chunked").wait().success());
        std::thread::sleep(Duration::from_millis(300));
        let table = live.stop();
        let to_the_first = format!(" → 127.0.0.1:{}", proxied.first);
        let header = table
            .iter()
            .find(|row| row.contains("PROXY header: 127.0.0.1:"));
        assert!(
            header.is_some_and(|row| row.contains(&to_the_first)),
            "{option}: {table:#?}"
        );
        for words in ["request GET /chunked", "the stream opens", "· 5 events"] {
            assert!(has_row(&table, words), "{option}, {words}: {table:#?}");
        }
    }
}
