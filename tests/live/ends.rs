//! How a live capture ends.

use crate::world::{
    Live, Running, Server, expect, has, is_root, lines, may_capture, rest, ssetrace,
};
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_count_ends_it_after_exactly_so_many_frames() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::python() else {
        return;
    };
    let mut live = Live::start(&["-f", &server.filter(), "--count", "7", "--format", "jsonl"]);
    let _client = server.curl("/chunked");
    let records = live.end();
    assert!(
        records.last().unwrap().contains(r#""frames":7,"#),
        "{records:#?}"
    );
}

#[test]
fn a_duration_ends_it() {
    if !may_capture() {
        return;
    }
    let begun = Instant::now();
    Live::start(&["-f", "tcp port 1", "--duration", "300ms"]).end();
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_signal_ends_it_with_all_frames_and_the_summary() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    for signal in ["INT", "TERM", "HUP"] {
        if signal == "HUP" && !hangups_end_programs() {
            continue;
        }
        let mut live = Live::start(&["-f", &server.filter(), "--format", "jsonl"]);
        let client = server.curl("/endless");
        expect(&live.out, r#""record":"event""#);
        live.running.signal(signal);
        let records = live.end();
        let summary = records.last().unwrap();
        assert!(
            summary.starts_with(r#"{"record":"summary","capture":"lo""#),
            "{summary}"
        );
        assert!(
            records
                .iter()
                .any(|record| record.contains(r#""kind":"open""#)),
            "{records:#?}"
        );
        drop(client);
    }
}

/// Not so under nohup, nor where /proc does not tell.
fn hangups_end_programs() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 0)
}

#[test]
fn a_second_signal_ends_it_at_once() {
    if !may_capture() {
        return;
    }
    let mut live = flooded(&["--no-drop", "--format", "jsonl", "--connections", "all"]);
    // Nobody reads its output: the first signal waits for somebody who does.
    live.signal("INT");
    std::thread::sleep(Duration::from_millis(500));
    assert!(live.child.try_wait().unwrap().is_none());
    live.signal("INT");
    assert_eq!(live.wait().signal(), Some(2));
}

#[test]
fn what_the_kernel_dropped_is_a_finding() {
    if !may_capture() {
        return;
    }
    let mut live = flooded(&[
        "--buffer-size",
        "64KiB",
        "--format",
        "jsonl",
        "--connections",
        "all",
        "--fail-on",
        "warning",
    ]);
    let out = lines(live.child.stdout.take().unwrap());
    std::thread::sleep(Duration::from_millis(200));
    live.signal("INT");
    let records = rest(&out);
    assert_eq!(live.wait().code(), Some(1));
    let [.., finding, summary] = &records[..] else {
        panic!("{records:#?}")
    };
    assert!(
        finding.contains(r#""code":"capture-drops","severity":"warning""#),
        "{finding}"
    );
    assert!(summary.contains(r#""findings":1"#), "{summary}");
}

#[test]
fn a_program_that_gets_no_processor_for_a_while_loses_nothing() {
    if !may_capture() {
        return;
    }
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = receiver.local_addr().unwrap();
    let filter = format!("udp port {}", address.port());
    let live = Live::start(&["-f", &filter, "--format", "jsonl"]);
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    live.running.signal("STOP");
    // Few bytes, but some in every millisecond.
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < Duration::from_millis(700) {
        sender.send_to(b"a frame", address).unwrap();
        sent += 1;
        std::thread::sleep(Duration::from_micros(400));
    }
    live.running.signal("CONT");
    let summary = live.stop().pop().unwrap();
    assert!(
        summary.contains(&format!(r#""frames":{sent},"#)),
        "{sent} sent: {summary}"
    );
}

/// A run whose output nobody reads, after more frames than its output and the kernel's smallest buffer can hold.
fn flooded(arguments: &[&str]) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut command = ssetrace();
    command.args(["live", "-f", &format!("tcp port {}", address.port())]);
    command.args(arguments);
    let mut live = Running::new(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    expect(&lines(live.child.stderr.take().unwrap()), "listening on");
    let mut sender = TcpStream::connect(address).unwrap();
    sender.set_nodelay(true).unwrap();
    let (mut receiver, _) = listener.accept().unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut receiver, &mut std::io::sink()));
    for _ in 0..60_000 {
        sender.write_all(&[b'x'; 1_000]).unwrap();
    }
    drop(sender);
    reader.join().unwrap().unwrap();
    live
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    if !may_capture() || !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let mut command = ssetrace();
    command.args(["live", "-q", "-f", &server.filter(), "--format", "jsonl"]);
    let mut live = Running::new(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    drop(live.child.stdout.take());
    std::thread::sleep(Duration::from_millis(300));
    let _client = server.curl("/endless");
    assert_eq!(live.wait().code(), Some(0));
    let errors = lines(live.child.stderr.take().unwrap());
    assert_eq!(rest(&errors), [""; 0]);
}

#[test]
fn so_is_that_of_a_capture_nobody_reads() {
    if !may_capture() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = ssetrace();
    command.args(["live", "-q", "-f", "tcp port 1", "--duration", "1s"]);
    command
        .args(["--write", "-", "-o"])
        .arg(folder.path().join("rows"));
    let output = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
}

#[test]
fn where_no_frame_came_it_says_what_may_be_wrong() {
    if !may_capture() {
        return;
    }
    let note = |arguments: &[&str]| {
        let mut command = ssetrace();
        command
            .args(["live", "--duration", "100ms"])
            .args(arguments);
        let output = command.output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        error.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        note(&["-f", "tcp port 1"]),
        "note: no frame on lo matched the filter \"tcp port 1\"; `ssetrace interfaces` lists where else it could be."
    );
    assert_eq!(note(&["-f", "tcp port 1", "-q"]), "");
}

/// Runs `script` with a network of its own, where `$SSETRACE` is the program; what it says on standard error.
fn in_a_network(script: &str) -> Option<String> {
    if !is_root() || !has("unshare") || !has("ip") {
        return None;
    }
    let output = Command::new("unshare")
        .args(["-n", "sh", "-c", script])
        .env("SSETRACE", env!("CARGO_BIN_EXE_ssetrace"))
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    if error.contains("unshare") || error.contains("RTNETLINK") {
        crate::world::skipped("no network can be made here");
        return None;
    }
    assert!(output.status.success(), "{error}");
    Some(error)
}

#[test]
fn an_interface_that_goes_down_ends_it_with_what_there_is() {
    let begun = Instant::now();
    let Some(error) = in_a_network(
        "ip link set lo up && { $SSETRACE live -i lo --duration 15s & } && sleep 1 && ip link set lo down && wait $!",
    ) else {
        return;
    };
    assert!(error.contains("lo ended: "), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn one_of_several_that_goes_down_is_told_at_once() {
    let Some(error) = in_a_network(
        "ip link add va type veth peer name vb && ip link set va up && ip link set vb up && ip link set lo up &&
         { $SSETRACE live -i va -i lo --duration 3s & } &&
         sleep 1 && ip link del va && sleep 1 && echo later >&2 && wait $!",
    ) else {
        return;
    };
    let told = error.find("va ended: the interface disappeared.");
    assert!(told.is_some() && told < error.find("later"), "{error}");
    assert_eq!(error.matches("ended").count(), 1, "{error}");
}
