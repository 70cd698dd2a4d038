//! Room of a known size that is written from its beginning, piece by piece: each piece is copied whole, though only a part of it may count,
//! so that no copy has a length that is not known.

use super::number::{Digits, long, tail, three};
use crate::model::{Endpoint, Nanos};
use std::net::IpAddr;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Room for a line or a part of it.
#[derive(Debug)]
pub(super) struct Room<'a, const N: usize> {
    bytes: &'a mut [u8; N],
    /// Bytes that count so far.
    written: usize,
}

/// A text of at most `L` bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<const L: usize> {
    bytes: [u8; L],
    length: usize,
}

impl<'a, const N: usize> Room<'a, N> {
    /// All of it is free.
    #[inline(always)] // Each is a few instructions, and there are dozens to a line.
    pub(super) fn new(bytes: &'a mut [u8; N]) -> Room<'a, N> {
        Room { bytes, written: 0 }
    }

    /// Bytes that count.
    #[inline(always)] // As `new`.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Writes a piece.
    #[inline(always)] // As `new`.
    pub(super) fn put<const L: usize>(&mut self, piece: &[u8; L]) {
        self.put_some(piece, L);
    }

    /// Writes any bytes.
    #[inline(always)] // As `new`.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(last) = N.checked_sub(bytes.len())
            && self.written <= last
        {
            self.bytes[self.written..][..bytes.len()].copy_from_slice(bytes);
            self.written += bytes.len();
        }
    }

    /// Lets `write` write into room for `L` bytes. It says how many of those count.
    #[inline(always)] // As `new`.
    pub(super) fn behind<const L: usize>(&mut self, write: impl FnOnce(&mut [u8; L]) -> usize) {
        let room = self.bytes.get_mut(self.written..);
        self.written += room
            .and_then(|room| room.first_chunk_mut())
            .map_or(0, write);
    }

    /// Writes a text.
    #[inline(always)] // As `new`.
    pub(super) fn text<const L: usize>(&mut self, text: &Text<L>) {
        self.put_some(&text.bytes, text.length);
    }

    /// Writes the digits of a number.
    #[inline(always)] // As `new`.
    pub(super) fn digits(&mut self, digits: Digits) {
        match digits {
            Digits::Few { text, count } => self.put_some(&text.to_le_bytes(), count.into()),
            Digits::Many(value) => {
                let (digits, count) = long(value);
                self.put_some(&digits, count);
            }
        }
    }

    /// Writes a piece of which `count` bytes count.
    #[inline(always)] // As `new`.
    fn put_some<const L: usize>(&mut self, piece: &[u8; L], count: usize) {
        // There is room: who makes it asks for enough.
        if self.written <= const { N - L } {
            self.bytes[self.written..][..L].copy_from_slice(piece);
        }
        self.written += count;
    }

    /// Writes a number in decimal.
    #[inline(always)] // As `new`.
    pub(super) fn number(&mut self, value: u64) {
        match three(value) {
            Some((digits, count)) => self.put_some(&digits, count),
            None => self.digits(Digits::of(value)),
        }
    }

    /// Writes `127.0.0.1:8080` or `[::1]:8080`.
    pub(super) fn endpoint(&mut self, endpoint: Endpoint) {
        self.address(endpoint.address);
        self.port(endpoint.port);
    }

    /// Writes a port, in no more room than it takes.
    pub(super) fn port(&mut self, port: u16) {
        if let Some((digits, count)) = three(port.into()) {
            self.put_some(&digits, count);
        } else if let Digits::Few { text, count } = Digits::of(port.into()) {
            let [a, b, c, d, e, ..] = text.to_le_bytes();
            self.put_some(&[a, b, c, d, e], count.into());
        }
    }

    /// The same, up to the port.
    pub(super) fn address(&mut self, address: IpAddr) {
        match address {
            // By hand: the formatter costs several times as much.
            IpAddr::V4(v4) => {
                let [first, others @ ..] = v4.octets();
                self.number(first.into());
                for octet in others {
                    self.put(b".");
                    self.number(octet.into());
                }
                self.put(b":");
            }
            IpAddr::V6(v6) => self.bytes(format!("[{v6}]:").as_bytes()),
        }
    }

    /// Writes nanoseconds as seconds: the integer part and as many of nine decimals as are not trailing zeros. Never an exponent,
    /// and exact: no float is made.
    #[inline(always)] // As `new`.
    pub(super) fn seconds(&mut self, value: Nanos) {
        let nanos = value.unsigned_abs();
        if value < 0 {
            self.put(b"-");
        }
        // Most durations are below one.
        let fraction = match nanos < NANOS_PER_SECOND {
            true => {
                self.put(b"0");
                nanos as u32
            }
            false => {
                self.number(nanos / NANOS_PER_SECOND);
                (nanos % NANOS_PER_SECOND) as u32
            }
        };
        if fraction > 0 {
            let (decimals, count) = tail(fraction);
            self.put(b".");
            self.put_some(&decimals, count);
        }
    }
}

impl<const L: usize> Text<L> {
    /// Nothing.
    pub(super) const EMPTY: Text<L> = Text {
        bytes: [b' '; L],
        length: 0,
    };

    /// This one.
    pub(super) const fn of(text: &str) -> Text<L> {
        let mut bytes = [b' '; L];
        bytes
            .split_at_mut(text.len())
            .0
            .copy_from_slice(text.as_bytes());
        Text {
            bytes,
            length: text.len(),
        }
    }

    /// What `write` writes.
    #[inline(always)] // As `Room::new`.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut Room<'_, L>)) {
        self.write_behind(0, write);
    }

    /// So much of this one, and what `write` writes.
    #[inline(always)] // As `Room::new`.
    pub(super) fn write_behind(&mut self, kept: usize, write: impl FnOnce(&mut Room<'_, L>)) {
        let mut room = Room {
            bytes: &mut self.bytes,
            written: kept,
        };
        write(&mut room);
        self.length = room.written;
    }
}
