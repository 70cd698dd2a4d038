//! The headers of a segment over IPv4 as they stand in its frame: thousands are kept and looked up before one is read.

use super::{Endpoint, Flags, Segment};
use std::net::{IpAddr, Ipv4Addr};

/// An end over IPv4 as a word, as in [`PlainHeader::ends`].
#[inline]
pub fn word_of(address: Ipv4Addr, port: u16) -> u64 {
    word(address.octets(), port.to_be_bytes())
}

#[inline]
fn word(address: [u8; 4], port: [u8; 2]) -> u64 {
    u64::from(u32::from_ne_bytes(address)) << 16 | u64::from(u16::from_ne_bytes(port))
}

/// The addresses of IPv4, and the TCP header behind them up to the window: without options in between, one run of bytes.
#[derive(Clone, Copy, Debug)]
pub struct PlainHeader<'a>(pub &'a [u8; PlainHeader::LENGTH]);

impl PlainHeader<'_> {
    /// Bytes of it.
    pub const LENGTH: usize = 24;

    /// That of a segment; of one over IPv6 without addresses.
    pub fn of(segment: &Segment<'_>) -> [u8; PlainHeader::LENGTH] {
        let address = |end: Endpoint| match end.address {
            IpAddr::V4(v4) => v4.octets(),
            IpAddr::V6(_) => [0; 4],
        };
        let mut header = [0; PlainHeader::LENGTH];
        header[0..4].copy_from_slice(&address(segment.source));
        header[4..8].copy_from_slice(&address(segment.destination));
        header[8..10].copy_from_slice(&segment.source.port.to_be_bytes());
        header[10..12].copy_from_slice(&segment.destination.port.to_be_bytes());
        header[12..16].copy_from_slice(&segment.sequence.to_be_bytes());
        header[16..20].copy_from_slice(&segment.acknowledgment.to_be_bytes());
        header[21] = segment.flags.0;
        header[22..24].copy_from_slice(&segment.window.to_be_bytes());
        header
    }

    /// Who sent it.
    #[inline]
    pub fn source(self) -> Endpoint {
        Endpoint {
            address: IpAddr::V4(Ipv4Addr::from_bits(self.be32(0))),
            port: self.be16(8),
        }
    }

    /// Whom it goes to.
    #[inline]
    pub fn destination(self) -> Endpoint {
        Endpoint {
            address: IpAddr::V4(Ipv4Addr::from_bits(self.be32(4))),
            port: self.be16(10),
        }
    }

    /// Source and destination, each as a word below 2^48: the bytes of the address and the port, in the order of this machine.
    #[inline]
    pub fn ends(self) -> (u64, u64) {
        let h = self.0;
        (
            word([h[0], h[1], h[2], h[3]], [h[8], h[9]]),
            word([h[4], h[5], h[6], h[7]], [h[10], h[11]]),
        )
    }

    /// The sequence number.
    #[inline]
    pub fn sequence(self) -> u32 {
        self.be32(12)
    }

    /// The acknowledgment number.
    #[inline]
    pub fn acknowledgment(self) -> u32 {
        self.be32(16)
    }

    /// The control bits.
    #[inline]
    pub fn flags(self) -> Flags {
        Flags(self.0[21])
    }

    /// The window field.
    #[inline]
    pub fn window(self) -> u16 {
        self.be16(22)
    }

    #[inline(always)]
    fn be16(self, at: usize) -> u16 {
        u16::from_be_bytes([self.0[at], self.0[at + 1]])
    }

    #[inline(always)]
    fn be32(self, at: usize) -> u32 {
        u32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }
}
