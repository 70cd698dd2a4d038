//! The command line as a user meets it: what is typed wrong, what cannot be read, what the exit status says.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

mod common;

use assert_cmd::Command;
use common::{ACK, PSH, SSE, Script};
use std::fs;
use std::path::PathBuf;

/// What the program printed, and its status.
struct Ran {
    out: String,
    err: String,
    status: i32,
}

fn ran(arguments: &[&str]) -> Ran {
    ran_on(arguments, b"")
}

fn ran_on(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::cargo_bin("ssetrace").unwrap();
    let output = command
        .args(arguments)
        .env("COLUMNS", "100")
        .write_stdin(input)
        .output()
        .unwrap();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

/// Runs what cannot be done: nothing on standard output, one sentence on standard error, which is returned.
fn refused(arguments: &[&str]) -> String {
    let ran = ran(arguments);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{}", ran.err);
    one_sentence(&ran.err)
}

fn one_sentence(err: &str) -> String {
    assert_eq!(err.lines().count(), 1, "{err}");
    let sentence = err.trim_end().strip_prefix("ssetrace: ").unwrap();
    assert!(sentence.ends_with('.'), "{sentence}");
    sentence.to_owned()
}

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

/// A file with `bytes`, in a folder that goes with it.
fn file(bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn help_and_version_are_results() {
    let help = ran(&["--help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    for command in ["analyze", "live", "interfaces"] {
        assert!(help.out.contains(command), "{}", help.out);
    }
    let version = ran(&["--version"]);
    let expected = format!("ssetrace {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.status, version.out), (0, expected));
}

#[test]
fn a_typo_is_named_with_what_comes_nearest() {
    assert!(refused(&["analyse", "x"]).contains("\"analyze\" comes nearest"));
    assert!(refused(&["analyze", "--veiw", "events", "x"]).contains("\"--view\" comes nearest"));
    let view = refused(&["analyze", "--view", "evnts", "x"]);
    assert!(view.contains("timeline, sessions, events"), "{view}");
    let jobs = refused(&["analyze", "--jobs", "0", "x"]);
    assert!(jobs.contains("1 or more"), "{jobs}");
}

#[test]
fn a_capture_without_a_command_gets_the_command() {
    let walkthrough = fixture("walkthrough.pcap");
    let sentence = refused(&[&walkthrough]);
    assert!(sentence.contains(&format!("`ssetrace analyze {walkthrough}`")));
}

#[test]
fn what_is_missing_is_asked_for() {
    assert!(refused(&[]).starts_with("which command?"));
    assert!(refused(&["analyze"]).starts_with("which capture?"));
    assert!(refused(&["analyze", "--view"]).contains("needs a value"));
    assert!(refused(&["analyze", "-q", "-v", "x"]).contains("do not go together"));
}

#[test]
fn what_is_no_capture_is_said_in_one_sentence() {
    let (_text, text) = file(b"GET / HTTP/1.1\r\n\r\n");
    let (_empty, empty) = file(b"");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for (path, why) in [
        (text.as_str(), "capture"),
        (&empty, "empty"),
        (folder, "folder"),
        ("no-such-file.pcap", "no such file"),
    ] {
        let sentence = refused(&["analyze", "-q", path]);
        assert!(sentence.contains(path), "{sentence}");
        let said = sentence.replace("director", "folder");
        assert!(said.contains(why), "{sentence}");
    }
}

#[test]
fn captures_that_cannot_be_read_keep_no_other_from_being_read() {
    let walkthrough = fixture("walkthrough.pcap");
    let arguments = [
        "analyze",
        "--view",
        "sessions",
        "a.pcap",
        &walkthrough,
        "b.pcap",
    ];
    let both = ran(&arguments);
    assert_eq!((both.status, both.err.lines().count()), (2, 2));
    assert!(both.out.contains("1 SSE session"), "{}", both.out);
    let quiet = ran(&[&arguments[..], &["-q"]].concat());
    assert_eq!((quiet.status, quiet.out), (2, both.out));
    let sentence = one_sentence(&quiet.err);
    assert!(sentence.contains("a.pcap") && sentence.contains("b.pcap"));
}

#[test]
fn a_capture_that_ends_inside_a_packet_is_read_as_far_as_it_goes() {
    let whole = fs::read(fixture("walkthrough.pcap")).unwrap();
    let (_folder, path) = file(&whole[..whole.len() - 3]);
    let ran = ran(&["analyze", &path]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("ends inside packet 279"), "{}", ran.err);
    assert!(ran.out.contains("terminating chunk"), "{}", ran.out);
}

#[test]
fn what_was_final_before_the_damage_is_written() {
    let mut bytes = fs::read(fixture("walkthrough.pcap")).unwrap();
    // The length of what follows can be no packet's.
    bytes.extend([0xff; 32]);
    let (_folder, path) = file(&bytes);
    let ran = ran(&["analyze", "-q", &path]);
    assert_eq!(ran.status, 2);
    one_sentence(&ran.err);
    assert!(ran.out.contains("terminating chunk"), "{}", ran.out);
}

#[test]
fn standard_input_is_a_capture_like_another() {
    let walkthrough = fixture("walkthrough.pcap");
    let piped = ran_on(&["analyze", "-"], &fs::read(&walkthrough).unwrap());
    let named = ran(&["analyze", &walkthrough]);
    assert_eq!((piped.status, named.status), (0, 0));
    // The last line names the capture.
    let rows = |text: &str| text.rsplit_once("\n\n").unwrap().0.to_owned();
    assert_eq!(rows(&piped.out), rows(&named.out));
}

#[test]
fn results_can_go_to_a_file_and_notes_never_do() {
    let walkthrough = fixture("walkthrough.pcap");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.txt");
    let saved = ran(&["analyze", "-o", path.to_str().unwrap(), "-v", &walkthrough]);
    assert_eq!((saved.status, saved.out.as_str()), (0, ""));
    assert!(saved.err.contains("279 frames from 2025-"), "{}", saved.err);
    let direct = ran(&["analyze", &walkthrough]);
    assert_eq!(
        (direct.err.as_str(), direct.out),
        ("", fs::read_to_string(path).unwrap())
    );
    let sentence = refused(&["analyze", "-o", "/no/such/folder/out", &walkthrough]);
    assert!(sentence.contains("/no/such/folder/out"), "{sentence}");
}

#[test]
fn a_finding_sets_the_status_only_where_it_is_bad_enough() {
    // No capture here has a finding: whatever is asked for, that is status 0.
    let walkthrough = fixture("walkthrough.pcap");
    for severity in ["note", "warning", "error"] {
        assert_eq!(
            ran(&["analyze", "--fail-on", severity, &walkthrough]).status,
            0
        );
    }
    assert!(refused(&["analyze", "--fail-on", "warn", "x"]).contains("note, warning, error"));
}

#[test]
fn several_captures_as_one_are_read_by_time_and_numbered_anew() {
    let pair = [fixture("ipv6.pcap"), fixture("walkthrough.pcap")];
    let merged = ran(&[
        &["analyze", "--merge", "--format", "jsonl"],
        &[&*pair[0], &pair[1]][..],
    ]
    .concat());
    assert_eq!((merged.status, merged.err.as_str()), (0, ""));
    // The walkthrough was captured first: its numbers stay, the other's follow.
    assert!(
        merged
            .out
            .starts_with(r#"{"record":"frame","frame":81,"connection":5,"#)
    );
    assert!(
        merged
            .out
            .contains(r#"{"record":"frame","frame":280,"connection":9,"#)
    );
    let summary = merged.out.lines().last().unwrap();
    let names = format!(r#""capture":"{} + {}""#, pair[0], pair[1]);
    assert!(summary.contains(&names), "{summary}");
    assert!(summary.contains(r#""frames":296,"#), "{summary}");
    let table = ran(&["analyze", "--merge", &pair[0], "no-such-file", &pair[1]]);
    assert_eq!(table.status, 2);
    assert!(
        table
            .out
            .contains("\nipv6.pcap + walkthrough.pcap: 296 frames"),
        "{}",
        table.out
    );
    assert!(one_sentence(&table.err).contains("no-such-file"));
    assert!(refused(&["analyze", "--merge", "--follow", "x"]).contains("do not go together"));
}

#[test]
fn the_capture_is_never_overwritten_by_its_results() {
    let bytes = fs::read(fixture("walkthrough.pcap")).unwrap();
    let (folder, path) = file(&bytes);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for output in [path.as_str(), link.to_str().unwrap()] {
        let sentence = refused(&["analyze", &path, "-o", output]);
        assert!(sentence.contains("name another file"), "{sentence}");
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn an_output_that_cannot_be_written_is_told_once() {
    let walkthrough = fixture("walkthrough.pcap");
    for format in ["table", "jsonl", "json"] {
        let arguments = ["analyze", "-o", "/dev/full", "--format", format];
        let ran = ran(&[&arguments[..], &[&walkthrough, &walkthrough]].concat());
        assert_eq!(ran.status, 2);
        let sentence = one_sentence(&ran.err);
        assert!(
            sentence.starts_with("the output could not be written: "),
            "{sentence}"
        );
    }
}

#[test]
fn where_what_waits_cannot_be_written_it_is_said_where_that_is() {
    let mut script = Script::new()
        .handshake()
        .request("/")
        .answer(SSE.as_bytes());
    for _ in 0..40 {
        let event = format!("data: {}\n\n", "x".repeat(60_000));
        script = script.server(PSH | ACK, &common::chunk(&event));
    }
    let (folder, path) = file(&common::pcap(&script.frames()));
    let nowhere = folder.path().join("nowhere");
    let output = Command::cargo_bin("ssetrace")
        .unwrap()
        .args(["analyze", "--format", "json", &path])
        .env("TMPDIR", &nowhere)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let sentence = one_sentence(&String::from_utf8(output.stderr).unwrap());
    let begins = format!(
        "the output could not be written: what has to wait goes to an unnamed file in {}, and there: ",
        nowhere.display()
    );
    assert!(sentence.starts_with(&begins), "{sentence}");
    assert!(
        sentence.ends_with("; TMPDIR names another folder."),
        "{sentence}"
    );
}

#[test]
fn the_last_of_an_option_given_twice_counts_and_a_dash_is_standard_output() {
    let walkthrough = fixture("walkthrough.pcap");
    let once = ran(&["analyze", "--view", "events", &walkthrough]);
    let twice = [
        "analyze",
        "--view",
        "sessions",
        "--view",
        "events",
        "-o",
        "-",
        &walkthrough,
    ];
    assert_eq!(ran(&twice).out, once.out);
}

#[test]
fn numbers_that_are_none_are_told_with_what_there_may_be() {
    for (option, there_are) in [("--max-rows", "0 or more"), ("--width", "0 to 65535")] {
        for value in ["-1", "many", "99999999999999999999"] {
            let sentence = refused(&["analyze", option, value, "x"]);
            assert_eq!(
                sentence,
                format!("`{option}` cannot be \"{value}\": it is a number, {there_are}.")
            );
        }
    }
    let live = refused(&["live", "--snaplne", "9"]);
    assert!(
        live.contains("\"--snaplen\" comes nearest; `ssetrace live --help`"),
        "{live}"
    );
}

#[test]
fn where_nothing_is_shown_a_note_says_why() {
    let walkthrough = fixture("walkthrough.pcap");
    let note = |arguments: &[&str]| {
        let ran = ran(&[&["analyze", &*walkthrough], arguments].concat());
        assert_eq!(ran.status, 0);
        ran.err
    };
    assert!(note(&["--connections", "99"]).contains("nothing to show of connection 99; "));
    assert_eq!(note(&["--connections", "5"]), "");
    assert!(note(&["-f", "tcp port 1"]).contains("no TCP connection in 279 frames."));
    let (_folder, unknown) = {
        let mut bytes = fs::read(&walkthrough).unwrap();
        bytes[20..22].copy_from_slice(&9_999_u16.to_le_bytes());
        file(&bytes)
    };
    let note = ran(&["analyze", &unknown]).err;
    assert!(
        note.contains("no TCP connection in 279 frames; 279 frames could not be read: "),
        "{note}"
    );
}

#[test]
fn no_name_turns_a_terminal_around() {
    let sentence = refused(&["analyze", "no\u{202e}such\u{1b}[31mfile"]);
    assert!(
        sentence.contains("no\\u{202e}such\\u{1b}[31mfile"),
        "{sentence}"
    );
}

#[test]
fn nothing_that_can_be_typed_is_too_much() {
    let walkthrough = fixture("walkthrough.pcap");
    let few = ran(&["analyze", "--jobs", "2", &walkthrough]);
    assert_eq!(
        ran(&["analyze", "--jobs", "99999", &walkthrough]).out,
        few.out
    );
    for view in ["timeline", "sessions", "events"] {
        let wide = ran(&["analyze", "--width", "65535", "--view", view, &walkthrough]);
        assert_eq!((wide.status, wide.err.as_str()), (0, ""));
    }
    let bytes = std::os::unix::ffi::OsStrExt::from_bytes(b"an\xffalyze");
    let output = Command::cargo_bin("ssetrace")
        .unwrap()
        .arg::<&std::ffi::OsStr>(bytes)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    one_sentence(&String::from_utf8(output.stderr).unwrap());
}

#[test]
fn shells_and_man_are_told_of_every_option() {
    for shell in ["bash", "zsh", "fish"] {
        let script = ran(&["completions", shell]);
        assert_eq!((script.status, script.err.as_str()), (0, ""));
        assert!(script.out.contains("max-rows"), "{shell}");
    }
    let page = ran(&["man", "live"]);
    assert_eq!((page.status, page.err.as_str()), (0, ""));
    assert!(
        page.out.contains("ssetrace\\-live") || page.out.contains("ssetrace-live"),
        "{}",
        page.out
    );
    assert!(page.out.contains("buffer\\-size"), "{}", page.out);
    assert!(ran(&["man"]).out.contains("interfaces"));
    assert!(refused(&["man", "lvie"]).contains("there is no command \"lvie\""));
    assert!(refused(&["completions", "sh"]).contains("it is one of bash, "));
}

#[test]
fn a_pipe_with_a_name_is_read_like_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::copy(fixture("walkthrough.pcap"), pipe)
    });
    let piped = ran(&["analyze", pipe.to_str().unwrap()]);
    writer.join().unwrap().unwrap();
    let named = ran(&["analyze", &fixture("walkthrough.pcap")]);
    let rows = |text: &str| text.rsplit_once("\n\n").unwrap().0.to_owned();
    assert_eq!((piped.status, rows(&piped.out)), (0, rows(&named.out)));
}

#[test]
fn a_capture_dealt_out_to_three_files_and_merged_is_the_capture_again() {
    let whole = fs::read(fixture("llm-tokens.pcap")).unwrap();
    let (header, mut records) = whole.split_at(24);
    let mut files = [header.to_vec(), header.to_vec(), header.to_vec()];
    for turn in 0.. {
        // A record's third number is how many bytes of a frame follow its sixteen.
        let Some(length) = records.get(8..12) else {
            break;
        };
        let length = 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let (record, rest) = records.split_at(length);
        files[turn * turn % 3].extend(record);
        records = rest;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec![
        "analyze".to_owned(),
        "--merge".to_owned(),
        "--format".to_owned(),
        "jsonl".to_owned(),
    ];
    for (number, bytes) in files.iter().enumerate() {
        let path = folder.path().join(number.to_string());
        fs::write(&path, bytes).unwrap();
        arguments.push(path.to_str().unwrap().to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let merged = ran(&arguments);
    let once = ran(&["analyze", "--format", "jsonl", &fixture("llm-tokens.pcap")]);
    // All but the summary, which names the files.
    let rows = |text: &str| text.trim_end().rsplit_once('\n').unwrap().0.to_owned();
    assert!(rows(&merged.out).lines().count() > 200);
    assert_eq!(rows(&merged.out), rows(&once.out));
}
