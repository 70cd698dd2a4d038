//! The headers of a segment as they stand in its frame: thousands are kept and looked up before one is read.

use super::{Endpoint, Flags, Segment};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of a packet, source and destination.
#[derive(Clone, Copy, Debug)]
pub enum PlainAddresses<'a> {
    /// Of IPv4.
    V4(&'a [u8; 8]),
    /// Of IPv6.
    V6(&'a [u8; 32]),
}

/// The addresses, and the TCP header up to the window.
#[derive(Clone, Copy, Debug)]
pub struct PlainHeader<'a> {
    /// The addresses.
    pub addresses: PlainAddresses<'a>,
    /// The TCP header up to the window.
    pub tcp: &'a [u8; PlainHeader::TCP],
}

impl PlainHeader<'_> {
    /// Bytes of the TCP header up to the window.
    pub const TCP: usize = 16;

    /// The TCP header of a segment, as far as the segment tells.
    pub fn tcp_of(segment: &Segment<'_>) -> [u8; PlainHeader::TCP] {
        let mut header = [0; PlainHeader::TCP];
        header[0..2].copy_from_slice(&segment.source.port.to_be_bytes());
        header[2..4].copy_from_slice(&segment.destination.port.to_be_bytes());
        header[4..8].copy_from_slice(&segment.sequence.to_be_bytes());
        header[8..12].copy_from_slice(&segment.acknowledgment.to_be_bytes());
        header[13] = segment.flags.0;
        header[14..16].copy_from_slice(&segment.window.to_be_bytes());
        header
    }

    /// Who sent it, and whom it goes to.
    #[inline(always)]
    pub fn ends(self) -> (Endpoint, Endpoint) {
        let (source, destination): (IpAddr, IpAddr) = match self.addresses {
            PlainAddresses::V4(&[a, b, c, d, e, f, g, h]) => (
                Ipv4Addr::new(a, b, c, d).into(),
                Ipv4Addr::new(e, f, g, h).into(),
            ),
            PlainAddresses::V6(addresses) => {
                let [source, destination] = halves(addresses);
                (
                    Ipv6Addr::from(source).into(),
                    Ipv6Addr::from(destination).into(),
                )
            }
        };
        let end = |address, port| Endpoint { address, port };
        (end(source, self.be16(0)), end(destination, self.be16(2)))
    }

    /// The sequence number.
    #[inline]
    pub fn sequence(self) -> u32 {
        self.be32(4)
    }

    /// The acknowledgment number.
    #[inline]
    pub fn acknowledgment(self) -> u32 {
        self.be32(8)
    }

    /// The control bits.
    #[inline]
    pub fn flags(self) -> Flags {
        Flags(self.tcp[13])
    }

    /// The window field.
    #[inline]
    pub fn window(self) -> u16 {
        self.be16(14)
    }

    #[inline(always)]
    fn be16(self, at: usize) -> u16 {
        u16::from_be_bytes([self.tcp[at], self.tcp[at + 1]])
    }

    #[inline(always)]
    fn be32(self, at: usize) -> u32 {
        let h = self.tcp;
        u32::from_be_bytes([h[at], h[at + 1], h[at + 2], h[at + 3]])
    }
}

/// The two addresses of IPv6.
#[inline(always)]
pub fn halves(addresses: &[u8; 32]) -> [[u8; 16]; 2] {
    let mut both = [[0; 16]; 2];
    both[0].copy_from_slice(&addresses[..16]);
    both[1].copy_from_slice(&addresses[16..]);
    both
}
