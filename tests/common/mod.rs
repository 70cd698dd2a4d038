//! Conversations written in the field's words, for tests of the whole analyzer.

#![allow(dead_code, reason = "each test crate uses its own part")]

#[cfg(target_os = "linux")]
pub(crate) mod feed;

use ssetrace::analyzer::{Analyzer, Connections, Options, Source};
use ssetrace::model::limits::MEMORY;
use ssetrace::model::{
    At, Block, Detail, Event, Frame, FrameNo, FrameRecord, Lines, LinkType, Record, SessionRecord,
    Timestamp,
};
use ssetrace::report::{self, Format, Report, View};
use std::net::Ipv4Addr;
use std::num::NonZeroUsize;

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const PSH: u8 = 8;
pub(crate) const ACK: u8 = 16;

/// A head that opens a chunked event stream.
pub(crate) const SSE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// One TCP segment of a script.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) to_server: bool,
    pub(crate) flags: u8,
    /// Relative to the ISN.
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) window: u16,
    pub(crate) payload: Vec<u8>,
}

/// A conversation: each call adds segments; time goes on by a millisecond each.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) port: u16,
    to_server: u32,
    to_client: u32,
    window: u16,
}

impl Script {
    pub(crate) fn new() -> Script {
        Script {
            pieces: Vec::new(),
            port: 50_000,
            to_server: 0,
            to_client: 0,
            window: 0xffff,
        }
    }

    pub(crate) fn port(mut self, port: u16) -> Script {
        self.port = port;
        self
    }

    /// The window that is announced from now on.
    pub(crate) fn window(mut self, window: u16) -> Script {
        self.window = window;
        self
    }

    pub(crate) fn handshake(self) -> Script {
        self.client(SYN, b"")
            .server(SYN | ACK, b"")
            .client(ACK, b"")
    }

    pub(crate) fn request(self, target: &str) -> Script {
        let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n");
        self.client(PSH | ACK, head.as_bytes())
    }

    /// Bytes from the server in one segment, acknowledged.
    pub(crate) fn answer(self, bytes: &[u8]) -> Script {
        self.server(PSH | ACK, bytes).client(ACK, b"")
    }

    /// Bytes from the server in segments of the given lengths, the rest in one more.
    pub(crate) fn answer_cut(mut self, bytes: &[u8], lengths: &[usize]) -> Script {
        let mut rest = bytes;
        for length in lengths {
            let (now, later) = rest.split_at((*length).min(rest.len()));
            rest = later;
            if !now.is_empty() {
                self = self.server(PSH | ACK, now);
            }
        }
        if !rest.is_empty() {
            self = self.server(PSH | ACK, rest);
        }
        self.client(ACK, b"")
    }

    pub(crate) fn teardown(self) -> Script {
        self.server(FIN | ACK, b"")
            .client(ACK, b"")
            .client(FIN | ACK, b"")
            .server(ACK, b"")
    }

    pub(crate) fn client(mut self, flags: u8, payload: &[u8]) -> Script {
        self.pieces.push(Piece {
            to_server: true,
            flags,
            sequence: self.to_server,
            acknowledgment: self.to_client,
            window: self.window,
            payload: payload.to_vec(),
        });
        self.to_server += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self
    }

    pub(crate) fn server(mut self, flags: u8, payload: &[u8]) -> Script {
        self.pieces.push(Piece {
            to_server: false,
            flags,
            sequence: self.to_client,
            acknowledgment: self.to_server,
            window: self.window,
            payload: payload.to_vec(),
        });
        self.to_client += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self
    }

    /// The frames: raw IPv4 packets, a millisecond apart.
    pub(crate) fn frames(&self) -> Vec<(Timestamp, Vec<u8>)> {
        let frame = |(index, piece): (usize, &Piece)| {
            (
                Timestamp(1_700_000_000_000_000_000 + index as i64 * 1_000_000),
                self.packet(piece),
            )
        };
        self.pieces.iter().enumerate().map(frame).collect()
    }

    fn packet(&self, piece: &Piece) -> Vec<u8> {
        const SERVER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 2), 80);
        let client = (Ipv4Addr::new(10, 0, 0, 1), self.port);
        let (from, to) = if piece.to_server {
            (client, SERVER)
        } else {
            (SERVER, client)
        };
        // Initial sequence numbers near the wrap, so that every script crosses it.
        let (own, other) = if piece.to_server {
            (0xffff_ff00u32, 0xffff_fff0u32)
        } else {
            (0xffff_fff0, 0xffff_ff00)
        };
        let length = 40 + piece.payload.len();
        let mut packet = vec![0x45, 0];
        packet.extend((length as u16).to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend(from.0.octets());
        packet.extend(to.0.octets());
        packet.extend(from.1.to_be_bytes());
        packet.extend(to.1.to_be_bytes());
        packet.extend(own.wrapping_add(piece.sequence).to_be_bytes());
        let acknowledgment = if piece.flags & ACK != 0 {
            other.wrapping_add(piece.acknowledgment)
        } else {
            0
        };
        packet.extend(acknowledgment.to_be_bytes());
        packet.extend([0x50, piece.flags]);
        packet.extend(piece.window.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(&piece.payload);
        packet
    }
}

/// A capture of these packets, in pcap's form.
pub(crate) fn pcap(frames: &[(Timestamp, Vec<u8>)]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut file: Vec<u8> = words(&[0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 262_144, 101]);
    for (time, bytes) in frames {
        let micros = time.0 / 1_000;
        let (seconds, micros) = ((micros / 1_000_000) as u32, (micros % 1_000_000) as u32);
        let length = bytes.len() as u32;
        let head: Vec<u8> = words(&[seconds, micros, length, length]);
        file.extend(head);
        file.extend(bytes);
    }
    file
}

/// A chunk of the chunked transfer coding.
pub(crate) fn chunk(data: &str) -> Vec<u8> {
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}

/// The records of an analysis, and how many of them were there before the capture ended.
pub(crate) struct Analysed {
    pub(crate) records: Vec<Record>,
    pub(crate) before_the_end: usize,
}

impl Analysed {
    pub(crate) fn rows(&self) -> Vec<&FrameRecord> {
        let mut rows: Vec<&FrameRecord> = Vec::new();
        for record in &self.records {
            if let Record::Frame(row) = record {
                rows.push(row);
            }
        }
        rows
    }

    pub(crate) fn events(&self) -> Vec<&Event> {
        let mut events: Vec<&Event> = Vec::new();
        for record in &self.records {
            if let Record::Event(event) = record {
                events.push(&event.event);
            }
        }
        events
    }

    pub(crate) fn sessions(&self) -> Vec<&SessionRecord> {
        let mut sessions: Vec<&SessionRecord> = Vec::new();
        for record in &self.records {
            if let Record::Session(session) = record {
                sessions.push(session);
            }
        }
        sessions
    }
}

/// Analyses raw IPv4 packets.
pub(crate) fn analyse(frames: &[(Timestamp, Vec<u8>)], connections: Connections) -> Analysed {
    analyse_with(frames, connections, usize::MAX, 1)
}

/// Analyses raw IPv4 packets, `batch` of them at a time, with so many workers.
pub(crate) fn analyse_with(
    frames: &[(Timestamp, Vec<u8>)],
    connections: Connections,
    batch: usize,
    jobs: usize,
) -> Analysed {
    analyse_within(frames, connections, batch, jobs, MEMORY)
}

/// The same within so much memory, bytes.
pub(crate) fn analyse_within(
    frames: &[(Timestamp, Vec<u8>)],
    connections: Connections,
    batch: usize,
    jobs: usize,
    memory: usize,
) -> Analysed {
    let options = Options {
        connections,
        detail: Detail::Frames,
        show_secrets: false,
        jobs: NonZeroUsize::new(jobs).expect("a worker"),
        memory,
    };
    run(101, frames, &options, batch)
}

/// What is said of the sessions where nothing else is wanted.
pub(crate) fn analyse_sessions(frames: &[(Timestamp, Vec<u8>)], batch: usize) -> Analysed {
    analyse_sessions_within(frames, batch, 1, MEMORY)
}

/// The same within so much memory, bytes.
pub(crate) fn analyse_sessions_within(
    frames: &[(Timestamp, Vec<u8>)],
    batch: usize,
    jobs: usize,
    memory: usize,
) -> Analysed {
    let options = Options {
        connections: Connections::Sse,
        detail: Detail::Sessions,
        show_secrets: false,
        jobs: NonZeroUsize::new(jobs).expect("a worker"),
        memory,
    };
    run(101, frames, &options, batch)
}

/// Analyses frames of a link type, all connections.
pub(crate) fn analyse_on(link: u32, frames: &[(Timestamp, Vec<u8>)]) -> Analysed {
    let options = Options {
        connections: Connections::All,
        detail: Detail::Frames,
        show_secrets: false,
        jobs: NonZeroUsize::MIN,
        memory: MEMORY,
    };
    run(link, frames, &options, usize::MAX)
}

/// The lines of a view as JSON Lines, written by the workers, within so much memory, bytes.
pub(crate) fn lines_within(
    frames: &[(Timestamp, Vec<u8>)],
    view: View,
    batch: usize,
    jobs: usize,
    memory: usize,
) -> String {
    let options = Options {
        connections: Connections::Sse,
        detail: match view {
            View::Sessions => Detail::Sessions,
            View::Events => Detail::Events,
            View::Timeline => Detail::Frames,
        },
        show_secrets: false,
        jobs: NonZeroUsize::new(jobs).expect("a worker"),
        memory,
    };
    let form = report::Options {
        view,
        format: Format::Jsonl,
        ..report::Options::default()
    };
    let mut report = Report::new(form, Vec::new());
    let first = frames.first().map(|(time, _)| *time);
    let lines = first.and_then(|first| {
        report.set_first_time(first);
        report.lines(first)
    });
    for record in run_with(lines, 101, frames, &options, batch).records {
        report.record(&record).expect("memory");
    }
    String::from_utf8(report.finish().expect("memory")).expect("text")
}

/// The frames, one behind the other.
fn block_of(frames: &[(Timestamp, Vec<u8>)]) -> Block {
    let all: Vec<u8> = frames.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let mut block = Block::zeroed(all.len());
    block.to_mut().copy_from_slice(&all);
    block
}

fn run(link: u32, frames: &[(Timestamp, Vec<u8>)], options: &Options, batch: usize) -> Analysed {
    run_with(None, link, frames, options, batch)
}

fn run_with(
    lines: Option<Box<dyn Lines>>,
    link: u32,
    frames: &[(Timestamp, Vec<u8>)],
    options: &Options,
    batch: usize,
) -> Analysed {
    let mut analyzer = Analyzer::with_lines(options, lines);
    let mut records = Vec::new();
    let block = block_of(frames);
    let mut start = 0;
    for (index, (time, bytes)) in frames.iter().enumerate() {
        // Every other one lies in a block that may be kept.
        let (bytes, block) = match index % 2 {
            0 => (&block.bytes()[start..start + bytes.len()], Some(&block)),
            _ => (&bytes[..], None),
        };
        start += bytes.len();
        let at = At {
            frame: FrameNo(index as u64 + 1),
            time: *time,
        };
        let frame = Frame {
            at,
            link: LinkType(link),
            bytes,
            wire_length: bytes.len() as u32,
            block,
        };
        let mut sink = |record| {
            records.push(record);
            Ok(())
        };
        analyzer
            .frame(&frame, &mut sink)
            .expect("a sink that does not fail");
        if (index + 1) % batch == 0 {
            analyzer
                .settle(&mut sink)
                .expect("a sink that does not fail");
        }
    }
    let mut sink = |record| {
        records.push(record);
        Ok(())
    };
    analyzer
        .settle(&mut sink)
        .expect("a sink that does not fail");
    let before_the_end = records.len();
    let mut sink = |record| {
        records.push(record);
        Ok(())
    };
    analyzer
        .finish(
            Source {
                frames: frames.len() as u64,
                ..Source::default()
            },
            &mut sink,
        )
        .expect("a sink that does not fail");
    Analysed {
        records,
        before_the_end,
    }
}
