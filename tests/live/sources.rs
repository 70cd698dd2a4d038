//! Other sources of frames that are still to come: a pipe, and a file that grows.

use crate::world::{Running, Server, expect, grown, has, lines, may_capture, rest, ssetrace};
use std::process::{Command, Stdio};

#[test]
fn rows_of_a_pipe_from_tcpdump_come_as_they_are_captured() {
    piped(
        "jsonl",
        r#""record":"event""#,
        r#""record":"session""#,
        r#"{"record":"summary""#,
    );
}

#[test]
fn so_do_those_of_a_table_that_no_terminal_shows() {
    piped("table", "● event", "client ", "standard input: ");
}

/// Runs tcpdump into ssetrace: a line with `event` must come while the stream is open, one with `closing` when both have been told to
/// end, `last` as the last one. The client that goes closes with a FIN, or with a RST where it had not read all.
fn piped(format: &str, event: &str, closing: &str, last: &str) {
    if !may_capture() || !has("curl") || !has("tcpdump") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args([
        "-i",
        "lo",
        "--immediate-mode",
        "-U",
        "-w",
        "-",
        &server.filter(),
    ]);
    let mut tcpdump = Running::new(tcpdump.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let notes = lines(tcpdump.child.stderr.take().unwrap());
    let mut command = ssetrace();
    command.args(["analyze", "-", "--format", format]);
    command.stdin(tcpdump.child.stdout.take().unwrap());
    let mut analysis = Running::new(command.stdout(Stdio::piped()));
    let out = lines(analysis.child.stdout.take().unwrap());
    expect(&notes, "listening on");
    let client = server.curl("/endless");
    expect(&out, event);
    expect(&out, event);
    // A Ctrl-C goes to both: what tcpdump still has is read.
    drop(client);
    analysis.signal("INT");
    expect(&out, closing);
    tcpdump.signal("INT");
    assert!(analysis.wait().success());
    let end = rest(&out);
    assert!(end.last().unwrap().starts_with(last), "{end:#?}");
}

#[test]
fn a_file_that_grows_is_followed_until_it_is_told_to_stop() {
    if !may_capture() || !has("curl") || !has("tcpdump") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pcap");
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args([
        "-Z",
        "root",
        "-i",
        "lo",
        "--immediate-mode",
        "-U",
        &server.filter(),
        "-w",
    ]);
    let _tcpdump = Running::new(tcpdump.arg(&file).stderr(Stdio::null()));
    grown(&file, 0);
    let mut command = ssetrace();
    command.args(["analyze", "--follow"]).arg(&file);
    let mut analysis = Running::new(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let out = lines(analysis.child.stdout.take().unwrap());
    let _client = server.curl("/endless");
    expect(&out, "S0   GET /endless → 200 text/event-stream");
    expect(&out, "● event 2");
    analysis.signal("INT");
    assert!(analysis.wait().success());
    let end = rest(&out).join("\n");
    assert!(end.contains("1 SSE session (1 still open)"), "{end}");
}
