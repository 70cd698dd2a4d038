//! Captures written to the program as they are made, and what that cost in memory.
//!
//! The program reads from a pipe; its highest resident set is looked up before the pipe is closed, while all state is there.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

use super::ACK;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the program holds without a capture, with all of its own pages and what the allocator has at hand in pages of 2 MiB, bytes: of a
/// build without optimisation.
pub(crate) const AT_REST: u64 = 24 << 20;

/// A pcap file of raw IPv4 packets, written to the program as it is made.
pub(crate) struct Feed {
    program: std::process::Child,
    /// Reads what is written, so that the program never waits for us: the records but the events, and how many of these there were.
    reader: JoinHandle<(Vec<Value>, u64)>,
    buffer: Vec<u8>,
    frames: u32,
    /// Bytes that each client, and its server, has sent in [`say`](Feed::say).
    said: HashMap<(u32, bool), u32>,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) summary: Value,
    /// All but the events, of which a bomb makes many.
    pub(crate) records: Vec<Value>,
    pub(crate) events: u64,
    /// The highest resident set, bytes.
    pub(crate) peak: u64,
}

impl Feed {
    pub(crate) fn new(more: &[&str]) -> Feed {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ssetrace"))
            .args(["analyze", "-", "--format", "jsonl", "-q", "--jobs", "1"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(program.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let (mut records, mut events) = (Vec::new(), 0);
            for line in stdout.lines() {
                let line = line.unwrap();
                if line.starts_with(r#"{"record":"event""#) {
                    events += 1;
                } else {
                    records.push(serde_json::from_str(&line).unwrap());
                }
            }
            (records, events)
        });
        let mut buffer = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 101] {
            buffer.extend(word.to_le_bytes());
        }
        Feed {
            program,
            reader,
            buffer,
            frames: 0,
            said: HashMap::new(),
        }
    }

    /// Bytes from a client or its server, the next in order, in segments of the usual size.
    pub(crate) fn say(&mut self, client: u32, to_server: bool, bytes: &[u8]) {
        self.say_in(1_460, client, to_server, bytes);
    }

    /// The same in segments of another size.
    pub(crate) fn say_in(&mut self, size: usize, client: u32, to_server: bool, bytes: &[u8]) {
        for payload in bytes.chunks(size) {
            let other = self.said.get(&(client, !to_server)).copied().unwrap_or(1);
            let own = self.said.entry((client, to_server)).or_insert(1);
            let numbers = (*own, other);
            *own += payload.len() as u32;
            self.segment(client, to_server, numbers, ACK, 65_535, payload);
        }
    }

    /// A segment from the server, or from the client; a microsecond after the one before.
    pub(crate) fn segment(
        &mut self,
        client: u32,
        to_server: bool,
        numbers: (u32, u32),
        flags: u8,
        window: u16,
        payload: &[u8],
    ) {
        let (server, client) = (([10, 255, 0, 1], 80_u16), (client.to_be_bytes(), 50_000));
        let (from, to) = if to_server {
            (client, server)
        } else {
            (server, client)
        };
        let length = (40 + payload.len()) as u16;
        let words = [
            1_700_000_000 + self.frames / 1_000_000,
            self.frames % 1_000_000,
            u32::from(length),
            u32::from(length),
        ];
        for word in words {
            self.buffer.extend(word.to_le_bytes());
        }
        self.buffer.extend([0x45, 0]);
        self.buffer.extend(length.to_be_bytes());
        self.buffer.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        self.buffer.extend(from.0);
        self.buffer.extend(to.0);
        self.buffer.extend(from.1.to_be_bytes());
        self.buffer.extend(to.1.to_be_bytes());
        self.buffer.extend(numbers.0.to_be_bytes());
        self.buffer.extend(numbers.1.to_be_bytes());
        self.buffer.extend([0x50, flags]);
        self.buffer.extend(window.to_be_bytes());
        self.buffer.extend([0; 4]);
        self.buffer.extend(payload);
        self.frames += 1;
        if self.buffer.len() > 1 << 20 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let stdin = self.program.stdin.as_mut().unwrap();
        stdin.write_all(&self.buffer).unwrap();
        self.buffer.clear();
    }

    pub(crate) fn finish(mut self) -> Outcome {
        self.flush();
        // Until it waits for more: its time stands still.
        let process = format!("/proc/{}", self.program.id());
        let time = || {
            let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
            let after_name = stat.rsplit(')').next().unwrap();
            after_name
                .split(' ')
                .skip(12)
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut before = time();
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let now = time();
            if now == before {
                break;
            }
            before = now;
        }
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        drop(self.program.stdin.take());
        assert!(self.program.wait().unwrap().success());
        let (records, events) = self.reader.join().unwrap();
        let summary = records.last().unwrap().clone();
        assert_eq!(summary["frames"], self.frames);
        Outcome {
            summary,
            records,
            events,
            peak: peak << 10,
        }
    }
}
