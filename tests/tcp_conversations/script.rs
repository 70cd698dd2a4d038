//! A script for conversations: who sends what, what the capture misses, and what came of it.
//!
//! Frames are numbered as they are captured, one millisecond apart. Sequence and acknowledgment numbers are relative, as a reader
//! of the capture sees them: the SYN has 0, the first byte 1.

use ssetrace::model::{
    At, Delivery, Direction, Ending, Endpoint, Flags, FrameNo, Segment, TcpFacts, TcpOptions,
    Timestamp,
};
use ssetrace::tcp::{Connection, Flows, Located};
use std::net::Ipv4Addr;

/// Nanoseconds of a millisecond.
pub(crate) const MS: i64 = 1_000_000;

/// The client of every script.
pub(crate) fn client_end() -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(10, 0, 0, 1).into(),
        port: 50_000,
    }
}

/// The server of every script.
pub(crate) fn server_end() -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(10, 0, 0, 2).into(),
        port: 80,
    }
}

/// A conversation in the making.
pub(crate) struct Talk {
    flows: Flows,
    pub(crate) connection: Option<Connection>,
    pub(crate) located: Vec<Located>,
    facts: Vec<TcpFacts>,
    to_server: Vec<String>,
    to_client: Vec<String>,
    isn: [u32; 2],
    /// Relative number of each side's next byte.
    next: [u32; 2],
    time: i64,
}

impl Talk {
    pub(crate) fn new() -> Talk {
        Talk::with_isns(1_000, 70_000)
    }

    pub(crate) fn with_isns(client: u32, server: u32) -> Talk {
        Talk {
            flows: Flows::default(),
            connection: None,
            located: Vec::new(),
            facts: Vec::new(),
            to_server: Vec::new(),
            to_client: Vec::new(),
            isn: [client, server],
            next: [0; 2],
            time: 1_000 * MS,
        }
    }

    /// A conversation whose frames 1 to 3 are its handshake.
    pub(crate) fn open() -> Talk {
        let mut talk = Talk::new();
        talk.handshake();
        talk
    }

    /// A conversation of which the capture has not seen the handshake.
    pub(crate) fn begun() -> Talk {
        let mut talk = Talk::new();
        talk.next = [1; 2];
        talk
    }

    pub(crate) fn handshake(&mut self) {
        self.client().syn().send();
        self.server().syn().send();
        self.client().send();
    }

    /// A segment of the client: the next number, everything acknowledged, ACK set.
    pub(crate) fn client(&mut self) -> Sending<'_> {
        self.sending(0)
    }

    /// A segment of the server.
    pub(crate) fn server(&mut self) -> Sending<'_> {
        self.sending(1)
    }

    /// Lets time pass.
    pub(crate) fn pause(&mut self, milliseconds: i64) -> &mut Talk {
        self.time += milliseconds * MS;
        self
    }

    /// Another connection takes the place from here on: new initial numbers.
    pub(crate) fn again(&mut self, client: u32, server: u32) {
        self.isn = [client, server];
        self.next = [0; 2];
    }

    pub(crate) fn finish(&mut self, ending: Ending) {
        let at = self.connection.as_ref().unwrap().last();
        let Talk {
            connection,
            to_server,
            to_client,
            ..
        } = self;
        connection.as_mut().unwrap().finish(
            at,
            ending,
            &mut |direction, delivery| match direction {
                Direction::ToServer => to_server.push(words(&delivery)),
                Direction::ToClient => to_client.push(words(&delivery)),
            },
        );
    }

    /// The facts of a frame.
    pub(crate) fn facts(&self, frame: u64) -> &TcpFacts {
        &self.facts[frame as usize - 1]
    }

    /// The facts of the latest frame.
    pub(crate) fn last(&self) -> &TcpFacts {
        self.facts.last().unwrap()
    }

    /// The labels of a frame, but `push`.
    pub(crate) fn labels(&self, frame: u64) -> Vec<&'static str> {
        let labels = self.facts(frame).labels.iter().map(|label| label.name());
        labels.filter(|label| *label != "push").collect()
    }

    /// The labels of the latest frame.
    pub(crate) fn last_labels(&self) -> Vec<&'static str> {
        self.labels(self.facts.len() as u64)
    }

    /// What the server got: `text@frame`, or `text@carrier-there`; `gap N of before-behind@declared`, or `gap N of cut@declared`; `fin@frame` and the like.
    pub(crate) fn to_server(&self) -> Vec<&str> {
        self.to_server.iter().map(String::as_str).collect()
    }

    /// What the client got.
    pub(crate) fn to_client(&self) -> Vec<&str> {
        self.to_client.iter().map(String::as_str).collect()
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.connection.as_ref().unwrap()
    }

    pub(crate) fn into_connection(self) -> Connection {
        self.connection.unwrap()
    }

    fn sending(&mut self, side: usize) -> Sending<'_> {
        let acking = self.next[1 - side];
        Sending {
            seq: None,
            acking,
            flags: Flags::ACK,
            payload: Vec::new(),
            cut: 0,
            window: 1_000,
            options: TcpOptions::default(),
            side,
            talk: self,
        }
    }
}

fn words(delivery: &Delivery<'_>) -> String {
    let frames = |first: At, there: At| {
        if first == there {
            first.frame.to_string()
        } else {
            format!("{}-{}", first.frame, there.frame)
        }
    };
    match delivery {
        Delivery::Data { bytes, span } => {
            assert!(!bytes.is_empty() && span.first.frame <= span.there.frame);
            let text = String::from_utf8_lossy(bytes);
            format!("{text}@{}", frames(span.first, span.there))
        }
        Delivery::Gap {
            bytes,
            span,
            between: (before, behind),
        } => {
            let declared = span.there.frame;
            if before == behind {
                return format!("gap {bytes} of {before}@{declared}");
            }
            format!("gap {bytes} of {before}-{behind}@{declared}")
        }
        Delivery::End { at, ending } => {
            let ending = match ending {
                Ending::Fin => "fin",
                Ending::Reset(_) => "reset",
                Ending::Expired => "expired",
                Ending::CaptureEnd => "capture end",
            };
            format!("{ending}@{}", at.frame)
        }
    }
}

/// One segment in the making.
pub(crate) struct Sending<'a> {
    talk: &'a mut Talk,
    side: usize,
    seq: Option<u32>,
    acking: u32,
    flags: Flags,
    payload: Vec<u8>,
    cut: u32,
    window: u16,
    options: TcpOptions,
}

impl Sending<'_> {
    /// A SYN, with ACK if the other side has sent one.
    pub(crate) fn syn(mut self) -> Self {
        self.flags = if self.acking == 0 {
            Flags::SYN
        } else {
            Flags::SYN | Flags::ACK
        };
        self
    }

    pub(crate) fn fin(mut self) -> Self {
        self.flags = self.flags | Flags::FIN;
        self
    }

    pub(crate) fn rst(mut self) -> Self {
        self.flags = self.flags | Flags::RST;
        self
    }

    /// The control bits as they are given, instead of ACK.
    pub(crate) fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    pub(crate) fn data(mut self, text: &str) -> Self {
        self.payload = text.as_bytes().to_vec();
        self.flags = self.flags | Flags::PSH;
        self
    }

    /// Another number than the next one: it does not move the sender on.
    pub(crate) fn at(mut self, seq: u32) -> Self {
        self.seq = Some(seq);
        self
    }

    /// Another number than everything that was sent.
    pub(crate) fn acking(mut self, ack: u32) -> Self {
        self.acking = ack;
        self
    }

    pub(crate) fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    pub(crate) fn scale(mut self, shift: u8) -> Self {
        self.options.window_scale = Some(shift);
        self
    }

    /// The snaplen cut the last `bytes` of the payload.
    pub(crate) fn cut(mut self, bytes: u32) -> Self {
        self.cut = bytes;
        self
    }

    /// Sent, but not captured.
    pub(crate) fn lose(self) {
        let length = self.length();
        self.talk.next[self.side] += length;
    }

    /// Sent and captured: the next frame.
    pub(crate) fn send(self) -> u64 {
        let length = self.length();
        let Sending { talk, side, .. } = self;
        let seq = self.seq.unwrap_or_else(|| {
            talk.next[side] += length;
            talk.next[side] - length
        });
        let frame = talk.facts.len() as u64 + 1;
        talk.time += MS;
        let ends = [client_end(), server_end()];
        let captured = self.payload.len() - self.cut as usize;
        let segment = Segment {
            at: At {
                frame: FrameNo(frame),
                time: Timestamp(talk.time),
            },
            source: ends[side],
            destination: ends[1 - side],
            sequence: talk.isn[side].wrapping_add(seq),
            acknowledgment: if self.flags.has(Flags::ACK) {
                talk.isn[1 - side].wrapping_add(self.acking)
            } else {
                0
            },
            flags: self.flags,
            window: self.window,
            options: self.options,
            payload: &self.payload[..captured],
            length: self.payload.len() as u32,
        };
        let located = talk.flows.locate(&segment);
        let known = talk.located.iter().map(|located| located.connection);
        if !known.into_iter().any(|number| number == located.connection) {
            talk.connection = Some(Connection::new(&segment, located.port_reused, true));
        }
        talk.located.push(located);
        let (to_server, to_client) = (&mut talk.to_server, &mut talk.to_client);
        let facts =
            talk.connection
                .as_mut()
                .unwrap()
                .segment(&segment, &mut |direction, delivery| match direction {
                    Direction::ToServer => to_server.push(words(&delivery)),
                    Direction::ToClient => to_client.push(words(&delivery)),
                });
        talk.facts.push(facts);
        frame
    }

    fn length(&self) -> u32 {
        self.payload.len() as u32
            + u32::from(self.flags.has(Flags::SYN))
            + u32::from(self.flags.has(Flags::FIN))
    }
}
