//! What a terminal shows: rows, and below them the status line, which comes and goes.

use crate::world::{Running, Server, expect, has, lines, may_capture, rest, skipped};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const COLUMNS: usize = 80;

/// What is left on a terminal of so many columns after `text`: its lines, without colours.
fn screen(text: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0, 0);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                assert_eq!(
                    characters.next(),
                    Some('['),
                    "an escape that is none of ours"
                );
                let mut parameter = String::new();
                let command = loop {
                    match characters.next().unwrap() {
                        letter @ 'A'..='z' => break letter,
                        digit => parameter.push(digit),
                    }
                };
                let count = parameter.parse().unwrap_or(1);
                match command {
                    'm' | 'h' | 'l' => {}
                    'K' if parameter == "2" => lines[row].clear(),
                    'K' => lines[row].truncate(column),
                    'A' => row -= count,
                    'B' => row += count,
                    other => panic!("ESC [ {parameter} {other}"),
                }
            }
            character => {
                // A line is full before the next character goes on, not behind the last that fits.
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                    lines.resize(lines.len().max(row + 1), Vec::new());
                }
                let line = &mut lines[row];
                if line.len() <= column {
                    line.resize(column + 1, ' ');
                }
                line[column] = character;
                column += 1;
            }
        }
        if lines.len() <= row {
            lines.resize(row + 1, Vec::new());
        }
    }
    let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
    lines.iter().map(text).collect()
}

/// A live run on a terminal, while `server` sends a stream, and then Ctrl-C: all that was written to it, what the terminal wrote
/// itself (`^C`) included.
fn on_a_terminal(server: &Server, arguments: &str) -> Option<String> {
    let command = format!(
        "stty cols {COLUMNS} rows 24; exec {} live -f '{}' {arguments}",
        env!("CARGO_BIN_EXE_ssetrace"),
        server.filter()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]);
    script.env("TERM", "xterm").env_remove("NO_COLOR");
    script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = Running::new(&mut script);
    let mut keys = running.child.stdin.take().unwrap();
    let out = lines(running.child.stdout.take().unwrap());
    if !matches!(out.recv_timeout(Duration::from_secs(10)), Ok(line) if line.contains("listening on"))
    {
        skipped("script(1) makes no terminal here");
        return None;
    }
    assert!(server.curl("/plain").wait().success());
    // The status line says what came last.
    std::thread::sleep(Duration::from_millis(700));
    keys.write_all(b"\x03").unwrap();
    // The lines come without their ends.
    let text = rest(&out).join("\r\n");
    assert!(running.wait().success(), "{text}");
    Some(text)
}

#[test]
fn the_status_line_stands_below_the_rows_and_leaves_nothing_behind() {
    if !may_capture() || !has("curl") || !has("script") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let Some(text) = on_a_terminal(&server, "") else {
        return;
    };
    assert!(text.contains("1 session, "), "a status line: {text}");
    assert!(text.contains("\u{1b}[36m"), "colours: {text}");
    let screen = screen(&text);
    assert!(
        !screen.iter().any(|line| line.contains("/s · ")),
        "{screen:#?}"
    );
    for event in 2..=6 {
        let words = format!("● event {event}");
        let row = |line: &&String| line.starts_with(" S0 ") && line.contains(&words);
        assert_eq!(screen.iter().filter(row).count(), 1, "{words}: {screen:#?}");
    }
    assert!(
        screen.iter().all(|line| line.chars().count() <= COLUMNS),
        "{screen:#?}"
    );
    let summary = screen.iter().position(|line| line.starts_with("lo: "));
    let legend = screen
        .iter()
        .position(|line| line.starts_with("→ client to server"));
    assert!(legend.is_some() && legend < summary, "{screen:#?}");
}

#[test]
fn quiet_leaves_the_rows_alone_on_the_terminal() {
    if !may_capture() || !has("curl") || !has("script") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let mut script = Command::new("script");
    let command = format!(
        "{} live -q -f '{}' --count 12",
        env!("CARGO_BIN_EXE_ssetrace"),
        server.filter()
    );
    script
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::null());
    let mut running = Running::new(script.stdout(Stdio::piped()).stderr(Stdio::null()));
    let out = lines(running.child.stdout.take().unwrap());
    // It says nothing when it begins to listen.
    std::thread::sleep(Duration::from_secs(1));
    let _client = server.curl("/plain");
    let head = expect(&out, "Annotation");
    let text = head + &rest(&out).join("\n");
    for words in ["/s · ", "listening", "→ client to server"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
    assert!(running.wait().success());
}

#[test]
fn of_a_pipe_there_is_no_progress_to_show() {
    if !has("script") {
        return;
    }
    let command = format!(
        "stty cols {COLUMNS}; cat {}/fixtures/walkthrough.pcap | {} analyze -",
        env!("CARGO_MANIFEST_DIR"),
        env!("CARGO_BIN_EXE_ssetrace"),
    );
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]);
    let output = script.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Annotation"), "{text}");
    assert!(
        !text.contains(&" ".repeat(COLUMNS - 4)),
        "an empty line was drawn: {text:?}"
    );
}
