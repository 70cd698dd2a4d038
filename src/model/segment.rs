//! A TCP segment as the wire says it (RFC 9293 §3.1), and what a frame can turn out to be instead.

use super::At;
use super::text::{WriteTo, write_number};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// An IP address and a TCP port. Shown as `127.0.0.1:8080` or `[::1]:8080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// The IP address.
    pub address: IpAddr,
    /// The TCP port.
    pub port: u16,
}

impl WriteTo for Endpoint {
    fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self.address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                for (octet, behind) in [(a, "."), (b, "."), (c, "."), (d, ":")] {
                    write_number(out, u64::from(octet))?;
                    out.write_str(behind)?;
                }
                write_number(out, u64::from(self.port))
            }
            IpAddr::V6(v6) => write!(out, "[{v6}]:{}", self.port),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Who speaks: the client (who opened the connection) or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// The other direction.
    #[must_use]
    pub fn reverse(self) -> Direction {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }

    /// Who sends in it.
    pub fn sender(self) -> &'static str {
        match self {
            Direction::ToServer => "client",
            Direction::ToClient => "server",
        }
    }
}

/// TCP's control bits, with the values of byte 13 of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Flags = Flags(1);
    /// Synchronize sequence numbers.
    pub const SYN: Flags = Flags(2);
    /// Reset the connection.
    pub const RST: Flags = Flags(4);
    /// Push.
    pub const PSH: Flags = Flags(8);
    /// The acknowledgment field is significant.
    pub const ACK: Flags = Flags(16);
    /// The urgent pointer is significant.
    pub const URG: Flags = Flags(32);
    /// ECN echo (RFC 3168).
    pub const ECE: Flags = Flags(64);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Flags = Flags(128);

    /// Each flag with its name, in the order of contract and table.
    pub const NAMES: [(Flags, &'static str); 8] = [
        (Flags::FIN, "FIN"),
        (Flags::SYN, "SYN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
        (Flags::URG, "URG"),
        (Flags::ECE, "ECE"),
        (Flags::CWR, "CWR"),
    ];

    /// Whether any of `other`'s bits is set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Flags::NAMES
            .iter()
            .filter(move |(flag, _)| self.has(*flag))
            .map(|(_, name)| *name)
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// The TCP options that the analysis needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// Maximum segment size (RFC 9293 §3.7.1), bytes.
    pub mss: Option<u16>,
    /// Window scale shift count (RFC 7323 §2.2), as sent (may exceed 14).
    pub window_scale: Option<u8>,
    /// SACK permitted (RFC 2018).
    pub sack_permitted: bool,
    /// Number of SACK blocks (RFC 2018).
    pub sack_blocks: u8,
    /// The first SACK block: left and right edge. A D-SACK (RFC 2883) is told by it.
    pub first_sack: Option<(u32, u32)>,
    /// Whether the segment carries a TCP timestamp (RFC 7323 §3).
    pub timestamps: bool,
}

impl TcpOptions {
    /// No option.
    pub const NONE: TcpOptions = TcpOptions {
        mss: None,
        window_scale: None,
        sack_permitted: false,
        sack_blocks: 0,
        first_sack: None,
        timestamps: false,
    };
    /// Nothing but the timestamps: what nearly every segment carries.
    pub const TIMESTAMPS: TcpOptions = TcpOptions {
        timestamps: true,
        ..TcpOptions::NONE
    };
}

/// One TCP segment. The payload is borrowed from the frame or from the decoder's own buffer.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The frame that carried it (for a fragmented packet: the frame that completed it).
    pub at: At,
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it goes to.
    pub destination: Endpoint,
    /// Sequence number as on the wire.
    pub sequence: u32,
    /// Acknowledgment number as on the wire; without meaning unless ACK is set.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: Flags,
    /// The window field, unscaled.
    pub window: u16,
    /// The options.
    pub options: TcpOptions,
    /// The captured part of the payload.
    pub payload: &'a [u8],
    /// The payload's length on the wire in bytes, at least `payload.len()`; more where the snaplen cut it.
    pub length: u32,
}

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment (the innermost, where several are nested).
    Tcp(Segment<'a>),
    /// A TCP header that names its connection, which may take a number, and says no more: quoted by an ICMP error, in a
    /// first fragment that stays alone, or with a length that cannot be.
    Quoted {
        /// The quoted packet's sender.
        source: Endpoint,
        /// The quoted packet's receiver.
        destination: Endpoint,
        /// The quoted sequence number.
        sequence: u32,
        /// The quoted control bits.
        flags: Flags,
    },
    /// Some other protocol, or a fragment of a packet that is not complete yet.
    Other,
    /// A link, network or TCP header that could not be read.
    Skipped(SkipReason),
}

/// Why a frame could not be read, as counted in `summary.skipped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkipReason(pub &'static str);
