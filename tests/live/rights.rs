//! Rights: what is said without them, and that they are given up.

use crate::world::{Live, Server, has, is_root, skipped, ssetrace};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Somebody who is not root.
const SOMEBODY: u32 = 12_345;

fn error(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_interface_that_is_not_there_is_told_with_those_that_are() {
    let error = error(ssetrace().args(["live", "-i", "nowhere0"]));
    assert!(
        error.starts_with("ssetrace: there is no interface \"nowhere0\"; there are "),
        "{error}"
    );
    assert!(error.contains("lo"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn an_interface_beside_any_is_told_to_come_twice() {
    if !crate::world::may_capture() {
        return;
    }
    let listening = |interfaces: &[&str]| {
        let mut command = ssetrace();
        command
            .args(["live", "-f", "tcp port 1", "--duration", "100ms"])
            .args(interfaces);
        let output = command.output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let note = "note: `-i any` captures on lo too: its frames come twice, the second time as retransmissions.";
    assert!(listening(&["-i", "any", "-i", "lo"]).contains(note));
    assert!(!listening(&["-i", "any"]).contains("twice"));
}

#[test]
fn a_filter_that_does_not_compile_is_told_with_libpcap_s_reason() {
    let error = error(ssetrace().args(["live", "-i", "lo", "-f", "tcp prot 80"]));
    assert_eq!(
        error,
        "ssetrace: the filter \"tcp prot 80\" does not compile: syntax error (libpcap).\n"
    );
}

#[test]
fn without_rights_one_sentence_names_the_two_ways_to_get_them() {
    if !is_root() {
        return;
    }
    // A place where somebody else may run it.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("ssetrace");
    // By another process: while this one writes, a thread that starts a program would hold the file open, and nobody could run it.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_ssetrace"))
        .arg(&program)
        .status()
        .unwrap();
    assert!(copied.success());
    let mut command = Command::new(&program);
    command
        .args(["live", "-i", "lo"])
        .uid(SOMEBODY)
        .gid(SOMEBODY)
        .current_dir("/");
    let error = error(&mut command);
    assert_eq!(
        error,
        format!(
            "ssetrace: capturing on lo needs rights: run it with sudo, or once `sudo setcap cap_net_raw+ep {}`.\n",
            program.display()
        )
    );
}

/// What /proc says of every thread: user, group, other groups, capabilities.
fn rights(pid: u32) -> Vec<String> {
    // The reader starts when the program has said that it listens.
    std::thread::sleep(Duration::from_millis(300));
    let mut all = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let wanted = ["Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:"];
        let lines = status
            .lines()
            .filter(|line| wanted.iter().any(|name| line.starts_with(name)));
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        all.push(words.join(" "));
    }
    all
}

#[test]
fn root_s_rights_go_to_the_user_who_called_sudo_and_so_do_the_files() {
    if !is_root() {
        return;
    }
    if !fs::exists("/proc/self/task").unwrap() {
        return skipped("there is no /proc");
    }
    let folder = tempfile::tempdir().unwrap();
    let files = ["a.pcapng", "results"].map(|name| folder.path().join(name));
    let mut command = ssetrace();
    command.args(["live", "-i", "lo", "-f", "tcp port 1", "--write"]);
    command.arg(&files[0]).arg("-o").arg(&files[1]);
    command.env("SUDO_UID", SOMEBODY.to_string());
    command.env("SUDO_GID", SOMEBODY.to_string());
    let live = Live::spawn(command);
    let threads = rights(live.running.child.id());
    assert!(threads.len() > 1, "a reader beside the main thread");
    let n = SOMEBODY;
    for rights in threads {
        assert_eq!(
            rights,
            format!(
                "Uid: {n} {n} {n} {n} Gid: {n} {n} {n} {n} Groups: {n} CapPrm: 0000000000000000 CapEff: 0000000000000000"
            )
        );
    }
    for file in &files {
        assert_eq!(
            fs::metadata(file).unwrap().uid(),
            SOMEBODY,
            "{}",
            file.display()
        );
    }
    live.stop();
}

#[test]
fn root_without_sudo_becomes_nobody_unless_told_otherwise() {
    if !is_root() {
        return;
    }
    let mut command = ssetrace();
    command.args(["live", "-i", "lo", "-f", "tcp port 1"]);
    command.env_remove("SUDO_UID").env_remove("SUDO_GID");
    let live = Live::spawn(command);
    for rights in rights(live.running.child.id()) {
        assert!(!rights.contains("Uid: 0 "), "{rights}");
        assert!(rights.contains("CapEff: 0000000000000000"), "{rights}");
    }
    live.stop();
    let live = Live::start(&["-i", "lo", "-f", "tcp port 1", "--no-drop"]);
    for rights in rights(live.running.child.id()) {
        assert!(rights.contains("Uid: 0 0 0 0"), "{rights}");
    }
    live.stop();
}

#[test]
fn the_interfaces_are_listed_without_rights() {
    let output = ssetrace().arg("interfaces").output().unwrap();
    assert!(output.status.success());
    let list = String::from_utf8(output.stdout).unwrap();
    let loopback = list
        .lines()
        .find(|line| line.contains("127.0.0.1"))
        .unwrap();
    assert!(loopback.contains("localhost"), "{list}");
}

#[test]
fn a_folder_for_temporary_files_that_is_root_s_own_is_not_needed() {
    if !is_root() {
        return;
    }
    if !has("curl") {
        return;
    }
    let Some(server) = Server::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = ssetrace();
    command.args(["live", "-f", &server.filter(), "--format", "json"]);
    command.env("TMPDIR", folder.path()).env_remove("SUDO_UID");
    let live = Live::spawn(command);
    // Its events are more than a report keeps in memory.
    assert!(server.curl("/long").wait().success());
    std::thread::sleep(Duration::from_millis(300));
    let document = live.stop().join("\n");
    assert!(document.ends_with("}}"), "{}", document.len());
    assert!(document.len() > 2 * 1024 * 1024);
}
