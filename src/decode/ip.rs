//! IPv4 (RFC 791): the header, its options as far as they name the destination, and its fragments.
//!
//! In come bytes that should be an IPv4 packet; out goes the protocol it carries, with exactly the bytes that the total
//! length gives it, so that Ethernet padding and a frame check sequence fall away. Checksums are not looked at.

use super::bytes::Bytes;
use super::fragments::{Added, Fragment, Fragments, Key};
use super::layer::{Addresses, Layer, Outside, Read, Step};
use super::skip;
use std::net::Ipv4Addr;

/// Bytes of a header without options.
const HEADER: usize = 20;
/// The flags of the fragment field.
const MORE_FRAGMENTS: u16 = 0x2000;
const FRAGMENT_OFFSET: u16 = 0x1fff;

/// Reads the header; a version of 6 is read as IPv6, as Wireshark does.
#[inline]
pub(crate) fn read_v4<'a>(
    bytes: Bytes<'a>,
    outside: &mut Outside,
    fragments: &mut Fragments,
) -> Read<'a> {
    let first = bytes.byte(0)?;
    match first >> 4 {
        4 => {}
        6 => return Some(Step::Next(Layer::Ipv6, bytes)),
        _ => return Some(Step::Skip(skip::IP_BAD)),
    }
    let header_length = usize::from(first & 0xf) * 4;
    if header_length < HEADER {
        return Some(Step::Skip(skip::IP_BAD));
    }
    let header = bytes.array::<HEADER>(0)?;
    let [
        _,
        _,
        t0,
        t1,
        i0,
        i1,
        f0,
        f1,
        _,
        protocol,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ] = header;

    // Segmentation offload leaves the total length at 0 in what the sender's capture sees.
    let (packet, total) = match usize::from(u16::from_be_bytes([t0, t1])) {
        0 => (bytes, bytes.length()),
        total if total < header_length => return Some(Step::Skip(skip::IP_BAD)),
        total => (bytes.limit(total), total),
    };
    let source = Ipv4Addr::new(s0, s1, s2, s3);
    let destination = if header_length > HEADER {
        let options = packet.captured().get(HEADER..header_length)?;
        end_of_source_route(options).unwrap_or(Ipv4Addr::new(d0, d1, d2, d3))
    } else {
        Ipv4Addr::new(d0, d1, d2, d3)
    };
    outside.addresses = Addresses::V4(source, destination);
    outside.fragment = false;
    let payload = packet.skip(header_length)?;

    let field = u16::from_be_bytes([f0, f1]);
    let offset = usize::from(field & FRAGMENT_OFFSET) * 8;
    let more = field & MORE_FRAGMENTS != 0;
    if !more && offset == 0 {
        return Some(Step::Next(Layer::IpProtocol(protocol), payload));
    }
    // Only a fragment that was captured whole can be joined. A quoted one says nothing of the packet it was cut from.
    let whole = payload.captured().get(..total - header_length); // total is at least header_length, see above
    match whole {
        Some(bytes) if !bytes.is_empty() && !outside.quoted => {
            let local = [source, destination]
                .iter()
                .any(|address| address.is_private() || address.is_link_local());
            let key = Key {
                addresses: outside.addresses,
                identification: u32::from(u16::from_be_bytes([i0, i1])),
                protocol: Some(protocol),
                vlan: if local { outside.vlan } else { 0 },
            };
            let fragment = Fragment {
                offset,
                more,
                bytes,
            };
            Some(match fragments.add(key, &fragment) {
                Added::Complete => Step::Reassembled(Layer::IpProtocol(protocol)),
                Added::Waits => Step::Other,
                Added::GaveUp => Step::Skip(skip::FRAGMENTS_GIVEN_UP),
            })
        }
        _ if offset == 0 => {
            outside.fragment = true;
            Some(Step::Next(Layer::IpProtocol(protocol), payload))
        }
        _ => Some(Step::Other),
    }
}

/// The last address of a source route that is not used up: where the packet is going (RFC 791 §3.1, "Loose Source and
/// Record Route").
#[cold]
fn end_of_source_route(options: &[u8]) -> Option<Ipv4Addr> {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const LOOSE: u8 = 131;
    const STRICT: u8 = 137;
    let mut rest = options;
    loop {
        match rest {
            [] | [END, ..] | [_] => return None,
            [NO_OPERATION, after @ ..] => rest = after,
            [kind, length, ..] => {
                if *length < 2 {
                    return None;
                }
                let (option, after) = rest.split_at_checked(usize::from(*length))?;
                if matches!(*kind, LOOSE | STRICT) {
                    let pointer = *option.get(2)?;
                    if pointer < 4 || pointer % 4 != 0 || pointer > *length {
                        return None;
                    }
                    return option.last_chunk::<4>().copied().map(Ipv4Addr::from);
                }
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_route_that_is_not_used_up_names_the_destination() {
        assert_eq!(
            end_of_source_route(&[1, 131, 11, 4, 10, 0, 0, 1, 10, 0, 0, 2]),
            Some(Ipv4Addr::new(10, 0, 0, 2))
        );
        assert_eq!(end_of_source_route(&[131, 7, 8, 10, 0, 0, 1, 0]), None);
        assert_eq!(end_of_source_route(&[131, 200, 4, 10]), None);
    }
}
