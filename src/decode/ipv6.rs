//! IPv6 (RFC 8200): the header and every extension header up to the protocol it carries.
//!
//! In come bytes that should be an IPv6 packet; out goes the protocol with exactly the bytes that the payload length (or
//! the jumbo payload option, RFC 2675) gives it. What ESP encloses is not looked at.

use super::bytes::Bytes;
use super::fragments::{Added, Fragment, Fragments, Key};
use super::layer::{Addresses, Layer, Outside, Read, Step};
use super::skip;
use etherparse::ip_number;
use std::net::Ipv6Addr;

/// Bytes of the fixed header.
const HEADER: usize = 40;
/// The flag and the mask of the fragment header's second half-word.
const MORE_FRAGMENTS: u16 = 1;
const FRAGMENT_OFFSET: u16 = 0xfff8;

const HOP_BY_HOP: u8 = ip_number::IPV6_HEADER_HOP_BY_HOP.0;
const ROUTING: u8 = ip_number::IPV6_ROUTE_HEADER.0;
const FRAGMENT: u8 = ip_number::IPV6_FRAGMENTATION_HEADER.0;
const DESTINATION_OPTIONS: u8 = ip_number::IPV6_DESTINATION_OPTIONS.0;
const AUTHENTICATION: u8 = ip_number::AUTHENTICATION_HEADER.0;
const SHIM6: u8 = ip_number::SHIM6.0;
const MOBILITY: u8 = ip_number::MOBILITY_HEADER.0;

/// Reads the header and its extension headers.
#[inline]
pub(crate) fn read<'a>(
    bytes: Bytes<'a>,
    outside: &mut Outside,
    fragments: &mut Fragments,
) -> Read<'a> {
    if bytes.byte(0)? >> 4 != 6 {
        return Some(Step::Skip(skip::IP_BAD));
    }
    let header = bytes.array::<HEADER>(0)?;
    let [_, _, _, _, l0, l1, next, _, addresses @ ..] = header;
    let [source @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = addresses;
    let [
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        destination @ ..,
    ] = addresses;
    outside.addresses = Addresses::V6(Ipv6Addr::from(source), Ipv6Addr::from(destination));

    let payload = bytes.skip(HEADER)?;
    let declared = match (u16::from_be_bytes([l0, l1]), next) {
        (0, HOP_BY_HOP) => jumbo_payload(payload.captured()).unwrap_or(0),
        (length, _) => usize::from(length),
    };
    if matches!(
        next,
        HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS | AUTHENTICATION | SHIM6 | MOBILITY
    ) {
        read_extensions(next, payload, declared, outside, fragments)
    } else {
        Some(Step::Next(Layer::IpProtocol(next), payload.limit(declared)))
    }
}

/// Walks the extension headers (RFC 8200 §4); `declared` is what the packet says its payload is long.
fn read_extensions<'a>(
    first: u8,
    payload: Bytes<'a>,
    declared: usize,
    outside: &mut Outside,
    fragments: &mut Fragments,
) -> Read<'a> {
    let mut next = first;
    let mut rest = payload.limit(declared);
    let mut left = declared;
    // Each turn takes 8 bytes or more of the packet, so the walk ends.
    loop {
        let length = match next {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | SHIM6 | MOBILITY => {
                (usize::from(rest.byte(1)?) + 1) * 8
            }
            // RFC 4302 §2.2: in 32-bit words, minus 2.
            AUTHENTICATION => (usize::from(rest.byte(1)?) + 2) * 4,
            FRAGMENT => {
                let [after, _, o0, o1, identification @ ..] = rest.array::<8>(0)?;
                let field = u16::from_be_bytes([o0, o1]);
                let offset = usize::from(field & FRAGMENT_OFFSET);
                let more = field & MORE_FRAGMENTS != 0;
                rest = rest.skip(8)?;
                left = left.checked_sub(8)?;
                if offset == 0 && !more {
                    // An atomic fragment (RFC 6946) is a whole packet.
                    next = after;
                    continue;
                }
                let Some(bytes) = rest.captured().get(..left) else {
                    return Some(Step::Other); // cut by the snaplen: it cannot be joined
                };
                if bytes.is_empty() || outside.quoted {
                    return Some(Step::Other);
                }
                let key = Key {
                    addresses: outside.addresses,
                    identification: u32::from_be_bytes(identification),
                    protocol: None,
                    vlan: 0,
                };
                let fragment = Fragment {
                    offset,
                    more,
                    bytes,
                };
                return Some(match fragments.add(key, &fragment) {
                    Added::Complete => Step::Reassembled(Layer::IpProtocol(after)),
                    Added::Waits => Step::Other,
                    Added::GaveUp => Step::Skip(skip::FRAGMENTS_GIVEN_UP),
                });
            }
            protocol => return Some(Step::Next(Layer::IpProtocol(protocol), rest)),
        };
        next = rest.byte(0)?;
        rest = rest.skip(length)?;
        left = left.saturating_sub(length);
    }
}

/// The jumbo payload length (RFC 2675 §2) in a hop-by-hop options header.
#[cold]
fn jumbo_payload(header: &[u8]) -> Option<usize> {
    const PAD1: u8 = 0;
    const JUMBO: u8 = 0xc2;
    let length = (usize::from(*header.get(1)?) + 1) * 8;
    let mut options = header.get(2..length.min(header.len()))?;
    loop {
        match options {
            [] | [_] => return None,
            [PAD1, after @ ..] => options = after,
            [JUMBO, 4, l0, l1, l2, l3, ..] => {
                let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
                // A jumbo payload of 65,535 or less is an error (RFC 2675 §3).
                return (length > u32::from(u16::MAX)).then_some(length as usize);
            }
            [_, length, after @ ..] => options = after.get(usize::from(*length)..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jumbo_payload_option_is_found_behind_padding() {
        let header = [6, 1, 0, 1, 2, 9, 9, 0xc2, 4, 0, 1, 0x11, 0x70, 0, 0, 0];
        assert_eq!(jumbo_payload(&header), Some(70_000));
        assert_eq!(jumbo_payload(&[6, 0, 0xc2, 4, 0, 0, 0xff, 0xff]), None);
        assert_eq!(jumbo_payload(&[6, 200, 1, 200]), None);
    }
}
