//! What was written of something, kept as it will likely be written again.

use super::number::Digits;
use super::room::Text;
use crate::model::{Endpoint, Stream};
use std::net::{IpAddr, Ipv4Addr};

/// A number in decimal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    of: u64,
    text: Digits,
}

impl Number {
    pub(super) const ZERO: Number = Number {
        of: 0,
        text: Digits::ZERO,
    };

    /// Whether it is the text of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn is(&self, value: u64) -> bool {
        self.of == value
    }

    /// The text of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn number(&mut self, value: impl Into<u64>) -> Digits {
        let value = value.into();
        if self.of != value {
            self.change(value);
        }
        self.text
    }

    #[inline(never)] // There are many places.
    fn change(&mut self, value: u64) {
        let next = value.wrapping_sub(self.of) == 1;
        if !(next && self.text.count()) {
            self.text = Digits::of(value);
        }
        self.of = value;
    }
}

/// An address and port.
#[derive(Debug)]
struct End {
    of: Endpoint,
    text: Text<48>,
    /// Where the port stands.
    port: usize,
}

impl End {
    const UNSPECIFIED: End = End {
        of: Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        },
        text: Text::of("0.0.0.0:0"),
        port: "0.0.0.0:".len(),
    };

    fn change(&mut self, to: Endpoint) {
        if self.of.address != to.address {
            self.text.write(|room| {
                room.address(to.address);
                self.port = room.written();
            });
        }
        self.text.write_behind(self.port, |room| room.port(to.port));
        self.of = to;
    }
}

/// What the lines of a stream have of it.
#[derive(Debug)]
pub(super) struct Streams {
    of: Stream,
    client: End,
    server: End,
    connection: Number,
    session: Number,
    /// `,"connection":7`
    row: Text<40>,
    /// `3,"sessions":[3],"annotation":"`
    sessions: Text<64>,
    /// `{"record":"event","session":3,"connection":7,"number":`
    event: Text<80>,
}

impl Streams {
    pub(super) fn new() -> Streams {
        let mut streams = Streams {
            of: Stream {
                session: 0,
                connection: 0,
                client: End::UNSPECIFIED.of,
                server: End::UNSPECIFIED.of,
            },
            client: End::UNSPECIFIED,
            server: End::UNSPECIFIED,
            connection: Number::ZERO,
            session: Number::ZERO,
            row: Text::EMPTY,
            sessions: Text::EMPTY,
            event: Text::EMPTY,
        };
        streams.change(&streams.of.clone());
        streams
    }

    /// The texts of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn of(&mut self, stream: &Stream) -> &Streams {
        if self.of != *stream {
            self.change(stream);
        }
        self
    }

    #[inline(never)] // Of two places.
    fn change(&mut self, to: &Stream) {
        if self.of.client != to.client {
            self.client.change(to.client);
        }
        if self.of.server != to.server {
            self.server.change(to.server);
        }
        let connection = self.connection.number(to.connection);
        let session = self.session.number(to.session);
        self.row.write(|room| {
            room.put(b",\"connection\":");
            room.digits(connection);
        });
        self.sessions.write(|room| {
            room.digits(session);
            room.put(b",\"sessions\":[");
            room.digits(session);
            room.put(b"],\"annotation\":\"");
        });
        self.event.write(|room| {
            room.put(b"{\"record\":\"event\",\"session\":");
            room.digits(session);
            room.put(b",\"connection\":");
            room.digits(connection);
            room.put(b",\"number\":");
        });
        self.of = *to;
    }

    /// A row's field of the connection.
    pub(super) fn row(&self) -> &Text<40> {
        &self.row
    }

    /// A row's sessions, up to its words.
    pub(super) fn sessions(&self) -> &Text<64> {
        &self.sessions
    }

    /// An event up to its number.
    pub(super) fn event(&self) -> &Text<80> {
        &self.event
    }

    /// The client.
    pub(super) fn client(&self) -> &Text<48> {
        &self.client.text
    }

    /// The server.
    pub(super) fn server(&self) -> &Text<48> {
        &self.server.text
    }
}
