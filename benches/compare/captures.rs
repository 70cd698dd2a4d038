//! Writes the captures that the comparison reads: Ethernet, IPv4, TCP with timestamps, as a busy Linux server's tcpdump would.
//!
//! In: a shape and a size. Out: a pcap file. The same shape and size give the same bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// 2,000 event streams of model answers at a time, interleaved.
    Sessions,
    /// The same among nine times as many frames of opaque bulk traffic.
    Bulk,
    /// Short connections with one event each, at most 20,000 open at once.
    Short,
    /// One connection, one stream.
    One,
    /// `Sessions`, half of the data frames lost (and sent again) or out of order.
    Lossy,
}

const SSE_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\nX-Request-Id: 7f3c\r\n\r\n";
const REQUEST: &[u8] = b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: 65\r\n\r\n{\"model\":\"m-1\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"cont\"}]}";
const WORDS: [&str; 8] = [
    "The ", "quiet ", "river ", "carries ", "what ", "the ", "stream ", "said ",
];
const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// Writes `frames` frames of `shape` to `path` (a few more, so that every connection ends).
pub(crate) fn write(path: &Path, shape: Shape, frames: u64) -> io::Result<u64> {
    let mut out = Pcap::create(path)?;
    match shape {
        Shape::Sessions => sessions(&mut out, frames, 2_000, false, 1)?,
        Shape::Lossy => sessions(&mut out, frames, 2_000, true, 1)?,
        Shape::Bulk => sessions(&mut out, frames, 2_000, false, 10)?,
        Shape::Short => short(&mut out, frames)?,
        Shape::One => {
            let mut one = Conversation::new(0);
            one.open(&mut out)?;
            while out.frames < frames {
                one.event(&mut out, false)?;
            }
            one.close(&mut out)?;
        }
    }
    out.finish()
}

/// `open` conversations in turn, each of some 200 frames, until `frames` are written. One frame in `share` belongs to them.
fn sessions(out: &mut Pcap, frames: u64, open: u32, lossy: bool, share: u64) -> io::Result<()> {
    let mut next = open;
    let mut conversations: Vec<Conversation> = (0..open).map(Conversation::new).collect();
    let mut bulk = Bulk::default();
    for conversation in &mut conversations {
        conversation.open(out)?;
    }
    let mut turn = 0;
    while out.frames < frames {
        let conversation = &mut conversations[turn % open as usize];
        if conversation.events == 100 + u64::from(conversation.number % 60) {
            conversation.close(out)?;
            *conversation = Conversation::new(next);
            next += 1;
            conversation.open(out)?;
        } else {
            let lossy = lossy && turn % 2 == 0;
            conversation.event(out, lossy)?;
        }
        for _ in 1..share {
            bulk.frame(out)?;
            bulk.frame(out)?;
        }
        turn += 1;
    }
    conversations
        .iter_mut()
        .try_for_each(|conversation| conversation.close(out))
}

/// Connections of 11 frames; 20,000 are open at once.
fn short(out: &mut Pcap, frames: u64) -> io::Result<()> {
    let mut open: std::collections::VecDeque<Conversation> = std::collections::VecDeque::new();
    let mut number = 0;
    while out.frames < frames {
        let mut conversation = Conversation::new(number);
        number += 1;
        conversation.open(out)?;
        conversation.event(out, false)?;
        open.push_back(conversation);
        if open.len() > 20_000
            && let Some(mut oldest) = open.pop_front()
        {
            oldest.close(out)?;
        }
    }
    open.iter_mut()
        .try_for_each(|conversation| conversation.close(out))
}

/// One client with one stream.
struct Conversation {
    number: u32,
    client: (u32, u16),
    to_server: u32,
    to_client: u32,
    events: u64,
}

impl Conversation {
    fn new(number: u32) -> Conversation {
        let client = (
            0x0a01_0000 + number / 50_000,
            10_000 + (number % 50_000) as u16,
        );
        let seed = number.wrapping_mul(2_654_435_761);
        Conversation {
            number,
            client,
            to_server: seed,
            to_client: seed.rotate_left(13),
            events: 0,
        }
    }

    fn open(&mut self, out: &mut Pcap) -> io::Result<()> {
        self.up(out, SYN, b"")?;
        self.down(out, SYN | ACK, b"")?;
        self.up(out, ACK, b"")?;
        self.up(out, PSH | ACK, REQUEST)?;
        self.down(out, ACK, b"")?;
        self.down(out, PSH | ACK, SSE_HEAD)
    }

    /// An event in a frame and its ACK. With `lost`, the frame comes only after the next event's, which the client acknowledges twice.
    fn event(&mut self, out: &mut Pcap, lost: bool) -> io::Result<()> {
        let first = self.chunk();
        if lost {
            let second = self.chunk();
            let at = self.to_client;
            self.to_client = at.wrapping_add(first.len() as u32);
            self.down(out, PSH | ACK, &second)?;
            let end = self.to_client;
            self.to_client = at;
            self.up(out, ACK, b"")?;
            self.down(out, PSH | ACK, &first)?;
            self.to_client = end;
            self.up(out, ACK, b"")
        } else {
            self.down(out, PSH | ACK, &first)?;
            self.up(out, ACK, b"")
        }
    }

    fn chunk(&mut self) -> Vec<u8> {
        self.events += 1;
        let word = WORDS[(self.events % 8) as usize];
        let data = format!(
            "data: {{\"id\":\"chatcmpl-{:06}\",\"object\":\"chat.completion.chunk\",\"created\":1732000000,\"model\":\"m-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\"finish_reason\":null}}]}}\n\n",
            self.number
        );
        format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
    }

    fn close(&mut self, out: &mut Pcap) -> io::Result<()> {
        self.down(out, PSH | ACK, b"0\r\n\r\n")?;
        self.up(out, FIN | ACK, b"")?;
        self.down(out, FIN | ACK, b"")?;
        self.up(out, ACK, b"")
    }

    fn up(&mut self, out: &mut Pcap, flags: u8, payload: &[u8]) -> io::Result<()> {
        out.segment(
            self.client,
            SERVER,
            self.to_server,
            self.to_client,
            flags,
            payload,
        )?;
        self.to_server = self
            .to_server
            .wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        Ok(())
    }

    fn down(&mut self, out: &mut Pcap, flags: u8, payload: &[u8]) -> io::Result<()> {
        out.segment(
            SERVER,
            self.client,
            self.to_client,
            self.to_server,
            flags,
            payload,
        )?;
        self.to_client = self
            .to_client
            .wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        Ok(())
    }
}

const SERVER: (u32, u16) = (0x0a00_0001, 8080);

/// Opaque traffic on 64 connections: a full segment and its ACK in turn.
#[derive(Default)]
struct Bulk {
    turn: u32,
}

impl Bulk {
    fn frame(&mut self, out: &mut Pcap) -> io::Result<()> {
        let connection = self.turn / 2 % 64;
        let round = self.turn / 128;
        let client = (0x0a02_0000 + connection, 40_000);
        let server = (0x0a03_0000, 5432);
        let sequence = round.wrapping_mul(1_024);
        let payload = [0x51; 1_024];
        let down = self.turn.is_multiple_of(2);
        self.turn = self.turn.wrapping_add(1);
        if down {
            out.segment(server, client, sequence, 1, ACK, &payload)
        } else {
            out.segment(client, server, 1, sequence.wrapping_add(1_024), ACK, b"")
        }
    }
}

/// A pcap file being written.
struct Pcap {
    file: BufWriter<File>,
    frames: u64,
    /// Microseconds since 1970.
    time: u64,
}

impl Pcap {
    fn create(path: &Path) -> io::Result<Pcap> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(&[
            0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
        ])?;
        Ok(Pcap {
            file,
            frames: 0,
            time: 1_767_225_600_000_000,
        })
    }

    fn segment(
        &mut self,
        from: (u32, u16),
        to: (u32, u16),
        sequence: u32,
        acknowledgment: u32,
        flags: u8,
        payload: &[u8],
    ) -> io::Result<()> {
        const HEADERS: usize = 14 + 20 + 32;
        self.frames += 1;
        self.time += 17;
        let length = HEADERS + payload.len();
        let mut header = [0u8; 16 + HEADERS];
        header[..4].copy_from_slice(&((self.time / 1_000_000) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((self.time % 1_000_000) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&(length as u32).to_le_bytes());
        header[12..16].copy_from_slice(&(length as u32).to_le_bytes());
        let ip = &mut header[16 + 12..];
        ip[..2].copy_from_slice(&[8, 0]);
        let ip = &mut ip[2..];
        ip[0] = 0x45;
        ip[2..4].copy_from_slice(&((length - 14) as u16).to_be_bytes());
        ip[4..6].copy_from_slice(&(self.frames as u16).to_be_bytes());
        ip[6] = 0x40;
        ip[8..10].copy_from_slice(&[64, 6]);
        ip[12..16].copy_from_slice(&from.0.to_be_bytes());
        ip[16..20].copy_from_slice(&to.0.to_be_bytes());
        let tcp = &mut ip[20..];
        tcp[..2].copy_from_slice(&from.1.to_be_bytes());
        tcp[2..4].copy_from_slice(&to.1.to_be_bytes());
        tcp[4..8].copy_from_slice(&sequence.to_be_bytes());
        if flags & ACK != 0 {
            tcp[8..12].copy_from_slice(&acknowledgment.to_be_bytes());
        }
        tcp[12..14].copy_from_slice(&[0x80, flags]);
        tcp[14..16].copy_from_slice(&[0xff, 0xff]);
        tcp[20..24].copy_from_slice(&[1, 1, 8, 10]);
        tcp[24..28].copy_from_slice(&((self.time / 1_000) as u32).to_be_bytes());
        self.file.write_all(&header)?;
        self.file.write_all(payload)
    }

    fn finish(mut self) -> io::Result<u64> {
        self.file.flush()?;
        // Else the system goes on writing while the first program is timed.
        self.file.get_ref().sync_all()?;
        Ok(self.frames)
    }
}
