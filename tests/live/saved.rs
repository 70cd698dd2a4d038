//! What `--write` saves.

use crate::world::{
    Live, Running, Server, expect, grown, has, lines, may_capture, rest, ssetrace, until,
};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The records of a saved capture but its summary, which names the capture.
fn analysed(path: &Path) -> Vec<String> {
    let output = ssetrace()
        .args(["analyze", "--format", "jsonl", "--connections", "all"])
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success());
    records(&String::from_utf8(output.stdout).unwrap())
}

fn records(lines: &str) -> Vec<String> {
    lines
        .lines()
        .filter(|line| !line.starts_with(r#"{"record":"summary""#))
        .map(str::to_owned)
        .collect()
}

/// Captures several streams at once, and compares what was told then with what the file tells.
fn the_file_tells_the_same(name: &str, interfaces: &[&str]) {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let filter = server.filter();
    let mut arguments = vec!["-f", &filter, "--format", "jsonl", "--connections", "all"];
    arguments.extend(["--write", file.to_str().unwrap()]);
    for interface in interfaces {
        arguments.extend(["-i", interface]);
    }
    let live = Live::start(&arguments);
    let paths = ["/plain", "/fields", "/plain", "/nothing-here"];
    let mut clients: Vec<_> = paths.iter().map(|path| server.curl(path)).collect();
    for client in &mut clients {
        assert!(client.wait().success());
    }
    std::thread::sleep(Duration::from_millis(300));
    let told = records(&live.stop().join("\n"));
    assert!(told.len() > 60, "{told:#?}");
    let again = analysed(&file);
    assert!(told == again, "then: {told:#?}\nagain: {again:#?}");
}

#[test]
fn a_saved_pcapng_tells_the_same_records_byte_for_byte() {
    the_file_tells_the_same("a.pcapng", &["lo"]);
}

#[test]
fn a_saved_pcap_tells_the_same_records_byte_for_byte() {
    the_file_tells_the_same("a.pcap", &["lo"]);
}

#[test]
fn several_interfaces_are_saved_in_the_order_in_which_they_were_told() {
    the_file_tells_the_same("a.pcapng", &["any", "lo"]);
}

/// A run that saves to `file` and whose rows nobody reads, after 100 MB in segments of 50 kB: more than the kernel's buffer, what waits
/// for the analysis and a pipe hold together, at a pace at which the kernel holds little.
fn unread(file: &Path) -> (Running, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut command = ssetrace();
    command.args(["live", "-f", &format!("tcp port {}", address.port())]);
    command.args(["--format", "jsonl", "--connections", "all", "--write"]);
    command.arg(file);
    let mut live = Running::new(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let errors = lines(live.child.stderr.take().unwrap());
    expect(&errors, "listening on");
    let mut sender = TcpStream::connect(address).unwrap();
    let (mut receiver, _) = listener.accept().unwrap();
    let reader = std::thread::spawn(move || io::copy(&mut receiver, &mut io::sink()));
    let segment = [b'x'; 50_000];
    for number in 0..2_000 {
        sender.write_all(&segment).unwrap();
        let due = (segment.len() * number).saturating_sub(8_000_000);
        grown(file, due as u64);
    }
    drop(sender);
    reader.join().unwrap().unwrap();
    grown(file, 100_000_000);
    (live, errors)
}

#[test]
fn frames_are_saved_however_slowly_their_rows_are_read() {
    if !may_capture() {
        return;
    }
    for name in ["a.pcapng", "a.pcap"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        let (mut live, errors) = unread(&file);
        live.signal("INT");
        let told = records(&rest(&lines(live.child.stdout.take().unwrap())).join("\n"));
        assert!(live.wait().success());
        let notes = rest(&errors);
        let dropped = notes.iter().any(|note| note.contains("dropped"));
        assert!(!dropped, "{notes:?}");
        assert!(told.len() > 2_000, "{}", told.len());
        assert!(told == analysed(&file), "{name}");
    }
}

/// Waits for the Interface Statistics Block, which comes last. Until then frames may still be saved, and two signals that the program
/// has not seen yet are one to the kernel.
fn ends_with_statistics(file: &Path) {
    // A block ends with its length, so that it can be found from behind.
    let last_block = || -> io::Result<u32> {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::End(-4))?;
        let length = word(&mut file)?;
        file.seek(SeekFrom::End(-i64::from(length)))?;
        word(&mut file)
    };
    until("the file ends with statistics", || {
        last_block().is_ok_and(|kind| kind == 5)
    });
}

fn word(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

#[test]
fn the_file_is_complete_when_a_second_signal_leaves_out_the_rows() {
    if !may_capture() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pcapng");
    let (mut live, _errors) = unread(&file);
    live.signal("INT");
    ends_with_statistics(&file);
    live.signal("INT");
    assert_eq!(live.wait().signal(), Some(2));
    let output = ssetrace().arg("analyze").arg(&file).output().unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(!notes.contains("ends inside"), "{notes}");
    assert!(analysed(&file).len() > 2_000);
}

#[test]
fn a_capture_file_that_somebody_else_empties_is_told() {
    if !may_capture() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pcapng");
    let (mut live, errors) = unread(&file);
    File::create(&file).unwrap();
    live.signal("INT");
    rest(&lines(live.child.stdout.take().unwrap()));
    assert_eq!(live.wait().code(), Some(2));
    assert_eq!(
        rest(&errors),
        [
            "ssetrace: the frames that were saved could not be read again: the capture file was changed by somebody else."
        ]
    );
}

#[test]
fn pcap_cannot_hold_interfaces_whose_link_types_differ() {
    if !may_capture() {
        return;
    }
    let output = ssetrace()
        .args([
            "live",
            "-i",
            "any",
            "-i",
            "lo",
            "--write",
            "/dev/null/a.pcap",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("give the file the ending .pcapng"),
        "{error}"
    );
}

#[test]
fn tshark_reads_the_file_at_any_moment() {
    if !may_capture() || !has("curl") || !has("tshark") {
        return;
    }
    let Some(server) = Server::node() else { return };
    for name in ["a.pcapng", "a.pcap"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        let live = Live::start(&["-f", &server.filter(), "--write", file.to_str().unwrap()]);
        frames(&file);
        let client = server.curl("/endless");
        let mut before = 0;
        for _ in 0..3 {
            grown(&file, file.metadata().unwrap().len());
            let now = frames(&file);
            assert!(now > before, "{name}");
            before = now;
        }
        drop(client);
        live.stop();
        assert!(frames(&file) >= before);
    }
}

/// The frames that tshark reads without a complaint.
fn frames(file: &Path) -> usize {
    let output = Command::new("tshark").arg("-r").arg(file).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).replace(
        "Running as user \"root\" and group \"root\". This could be dangerous.\n",
        "",
    );
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    String::from_utf8(output.stdout).unwrap().lines().count()
}

#[test]
fn a_capture_on_standard_output_leaves_the_results_to_a_file() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (results, capture) = (
        folder.path().join("results"),
        folder.path().join("a.pcapng"),
    );
    let mut command = ssetrace();
    command.args([
        "live",
        "-f",
        &server.filter(),
        "--write",
        "-",
        "--format",
        "jsonl",
    ]);
    command.args(["--connections", "all", "-o"]).arg(&results);
    command.stdout(File::create(&capture).unwrap());
    command.stderr(Stdio::piped());
    let mut running = Running::new(&mut command);
    let errors = lines(running.child.stderr.take().unwrap());
    expect(&errors, "listening on");
    assert!(server.curl("/plain").wait().success());
    std::thread::sleep(Duration::from_millis(300));
    running.signal("TERM");
    assert!(running.wait().success());
    let told = records(&std::fs::read_to_string(results).unwrap());
    assert!(told.len() > 10);
    assert!(told == analysed(&capture));
}

#[test]
fn a_ring_of_files_keeps_the_latest_frames() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pcapng");
    let file = file.to_str().unwrap();
    let live = Live::start(&["-f", &server.filter(), "--write", file, "--ring", "3x1MB"]);
    assert!(server.curl("/plain").wait().success());
    std::thread::sleep(Duration::from_millis(300));
    let table = live.stop().join("\n");
    assert!(
        table.contains("a-1.pcapng to ") && table.contains("a-3.pcapng"),
        "{table}"
    );
    let mut records = Vec::new();
    for number in 1..=3 {
        records.push(analysed(&folder.path().join(format!("a-{number}.pcapng"))).len());
    }
    assert!(records[0] > 10 && records[1..] == [0, 0], "{records:?}");
}

#[test]
fn a_capture_that_cannot_be_saved_is_told_in_one_sentence() {
    if !may_capture() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("one");
    let one = one.to_str().unwrap();
    for (arguments, why) in [
        (
            ["--write", "/dev/full", "-o", one],
            "the captured frames could not be saved: ",
        ),
        (
            ["--write", "/no/such/folder/a.pcap", "-o", one],
            "/no/such/folder/a.pcap cannot be written",
        ),
        (["--write", one, "-o", one], "name two files"),
    ] {
        let output = ssetrace()
            .args(["live", "--count", "1"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(why), "{error}");
    }
}
