//! BSD loopback: NULL (0) and LOOP (108), four bytes of address family before the packet.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// Address families, as BSD numbers them.
mod family {
    pub(super) const INET: u32 = 2;
    pub(super) const INET6_LINUX: u32 = 10;
    pub(super) const INET6_WINDOWS: u32 = 23;
    pub(super) const INET6_BSD: u32 = 24;
    pub(super) const INET6_FREEBSD: u32 = 28;
    pub(super) const INET6_DARWIN: u32 = 30;
}

/// The longest length field of 802.3; what is greater in place of a family is an EtherType.
const LONGEST_802_3: u32 = 1500;

/// NULL: the family is in the byte order of the host that captured, which nothing in the frame tells. BSD's families fit
/// in one byte, so the order is the one that makes the number small.
#[inline]
pub(super) fn read_null(bytes: Bytes<'_>) -> Read<'_> {
    let family = match bytes.array::<4>(0)? {
        [family, 0, 0, 0] => u32::from(family),
        // IRIX: 16 bits of family, in either half.
        [0, family @ 1..=5, 0, 0] | [_, _, family @ 1..=5, 0] => u32::from(family),
        [low, high, 0, 0] => u32::from(u16::from_le_bytes([low, high])),
        // Linux's ISDN and others put PPP under this link type.
        [0xff, 0x03, ..] => return Some(Step::Next(Layer::PppHdlc, bytes)),
        header => u32::from_be_bytes(header),
    };
    read_family(family, bytes)
}

/// LOOP: the same family, always in network order.
#[inline]
pub(super) fn read_loop(bytes: Bytes<'_>) -> Read<'_> {
    read_family(bytes.be32(0)?, bytes)
}

#[inline]
fn read_family(family: u32, bytes: Bytes<'_>) -> Read<'_> {
    let rest = bytes.skip(4)?;
    Some(match family {
        family::INET => Step::Next(Layer::Ipv4, rest),
        family::INET6_BSD | family::INET6_FREEBSD | family::INET6_DARWIN => {
            Step::Next(Layer::Ipv6, rest)
        }
        // Windows' AF_INET6 and Linux's stand for other protocols elsewhere: the packet's version decides.
        family::INET6_WINDOWS | family::INET6_LINUX if rest.byte(0)? >> 4 == 6 => {
            Step::Next(Layer::Ipv6, rest)
        }
        // Some writers have an EtherType in place of the family.
        _ if family > LONGEST_802_3 => Step::Next(Layer::EtherType(family as u16), rest),
        _ => Step::Other,
    })
}
