//! IP and TCP with nothing unusual about them behind a usual link layer, read in one go: nearly every frame of nearly every capture.
//!
//! In comes a frame; out go its segment's headers as they stand, or nothing where any header has something to it that is read
//! [layer by layer]. Both readings agree on every frame; a test holds them to that.
//!
//! [layer by layer]: super::Decoder

use super::tcp;
use crate::model::{At, Frame, PlainAddresses, PlainHeader, Segment};

/// Link types whose headers have no variants, or hardly any: LINKTYPE_ values.
mod link {
    use crate::model::LinkType;

    pub(super) const NULL: LinkType = LinkType(0);
    pub(super) const ETHERNET: LinkType = LinkType(1);
    pub(super) const RAW: LinkType = LinkType(101);
    pub(super) const LINUX_SLL: LinkType = LinkType(113);
    pub(super) const LINUX_SLL2: LinkType = LinkType(276);
}

/// EtherTypes.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// What has a protocol field of another kind.
const ARPHRD_NETLINK: u16 = 824;
/// The protocol number of TCP.
const TCP: u8 = 6;
/// Bytes of the headers without options.
const V4_HEADER: usize = 20;
const V6_HEADER: usize = 40;
const TCP_HEADER: usize = 20;

/// What a plain frame holds.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    /// The segment's headers.
    pub header: PlainHeader<'a>,
    /// The TCP options.
    options: &'a [u8],
    /// The payload, whole.
    pub payload: &'a [u8],
}

impl<'a> Plain<'a> {
    /// Whether it has timestamps, if it has no other option: what nearly every segment carries, or nothing at all.
    #[inline]
    pub fn timestamps(&self) -> Option<bool> {
        match self.options {
            [] => Some(false),
            options if tcp::are_timestamps(options) => Some(true),
            _ => None,
        }
    }

    /// The segment, of a frame `at`.
    #[inline]
    pub fn segment(&self, at: At) -> Segment<'a> {
        let (source, destination) = self.header.ends();
        Segment {
            at,
            source,
            destination,
            sequence: self.header.sequence(),
            acknowledgment: self.header.acknowledgment(),
            flags: self.header.flags(),
            window: self.header.window(),
            options: tcp::read_options(self.options),
            payload: self.payload,
            length: self.payload.len() as u32, // below 2^16
        }
    }
}

/// Reads the frame, if it is a plain one of Ethernet and IPv4 that was captured whole.
#[inline(always)] // So that what it reads is never written to memory.
pub fn read<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
    let headers = frame
        .bytes
        .first_chunk::<{ 14 + V4_HEADER + TCP_HEADER }>()?;
    let over_ethernet = frame.link == link::ETHERNET;
    match u16::from_be_bytes([headers[12], headers[13]]) {
        IPV4 if over_ethernet => read_v4(&frame.bytes[14..]),
        _ => None,
    }
}

/// Reads the frame, if it is another plain one that was captured whole: over IPv6, or of what "any", a tunnel or BSD's loopback gives.
#[inline(always)] // As above.
pub fn read_other<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
    let bytes = frame.bytes;
    let be16 = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let (protocol, header) = match frame.link {
        link::ETHERNET if be16(12)? == IPV6 => (IPV6, 14),
        link::LINUX_SLL if be16(2)? != ARPHRD_NETLINK => (be16(14)?, 16),
        link::LINUX_SLL2 if be16(8)? != ARPHRD_NETLINK => (be16(0)?, 20),
        link::RAW if bytes.first()? >> 4 == 6 => (IPV6, 0),
        link::RAW => (IPV4, 0),
        link::NULL => match bytes.first_chunk()? {
            [2, 0, 0, 0] => (IPV4, 4),
            [24 | 28 | 30, 0, 0, 0] => (IPV6, 4),
            _ => return None,
        },
        _ => return None,
    };
    let packet = bytes.get(header..)?;
    match protocol {
        IPV4 => read_v4(packet),
        IPV6 => read_v6(packet),
        _ => None,
    }
}

/// Reads a packet of IPv4.
#[inline(always)]
fn read_v4(bytes: &[u8]) -> Option<Plain<'_>> {
    let h = bytes.first_chunk::<{ V4_HEADER + TCP_HEADER }>()?;
    // Version 4, no options; neither more fragments nor an offset; TCP.
    let fragment_and_protocol = u32::from_be_bytes([h[6], h[7], h[8], h[9]]) & 0x3fff_00ff;
    if h[0] != 0x45 || fragment_and_protocol != u32::from(TCP) {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
    let addresses = PlainAddresses::V4(h[12..].first_chunk()?);
    read_tcp(bytes, addresses, V4_HEADER, total)
}

/// Reads a packet of IPv6.
#[inline(always)]
fn read_v6(bytes: &[u8]) -> Option<Plain<'_>> {
    let h = bytes.first_chunk::<{ V6_HEADER + TCP_HEADER }>()?;
    // Version 6, no extension headers.
    if h[0] >> 4 != 6 || h[6] != TCP {
        return None;
    }
    let total = V6_HEADER + usize::from(u16::from_be_bytes([h[4], h[5]]));
    let addresses = PlainAddresses::V6(h[8..].first_chunk()?);
    read_tcp(bytes, addresses, V6_HEADER, total)
}

/// Reads the segment that begins at `tcp` in a packet of `total` bytes.
#[inline(always)]
fn read_tcp<'a>(
    bytes: &'a [u8],
    addresses: PlainAddresses<'a>,
    tcp: usize,
    total: usize,
) -> Option<Plain<'a>> {
    let header = bytes.get(tcp..)?.first_chunk::<TCP_HEADER>()?;
    let payload = tcp + usize::from(header[12] >> 4) * 4;
    Some(Plain {
        header: PlainHeader {
            addresses,
            tcp: header.first_chunk()?,
        },
        options: bytes.get(tcp + TCP_HEADER..payload)?,
        payload: bytes.get(payload..total)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    use crate::model::{Decoded, LinkType};
    use proptest::prelude::*;

    /// Headers in front of a packet.
    fn links(version: u8) -> impl Strategy<Value = (LinkType, Vec<u8>)> {
        let (ether_type, family) = match version {
            4 => (IPV4.to_be_bytes(), Just(2).boxed()),
            _ => (
                IPV6.to_be_bytes(),
                prop_oneof![Just(24), Just(28), Just(30)].boxed(),
            ),
        };
        let ethernet = [[2; 12].as_slice(), &ether_type].concat();
        let sll = [
            &[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0],
            ether_type.as_slice(),
        ]
        .concat();
        let behind = [0, 0, 0, 0, 0, 3, 3, 4, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0];
        let sll2 = [ether_type.as_slice(), &behind].concat();
        prop_oneof![
            4 => Just((link::ETHERNET, ethernet)),
            1 => family.prop_map(|family| (link::NULL, vec![family, 0, 0, 0])),
            1 => Just((link::RAW, vec![])),
            2 => Just((link::LINUX_SLL, sll)),
            2 => Just((link::LINUX_SLL2, sll2)),
        ]
    }

    /// The header of a packet with so many bytes behind it.
    fn ip(version: u8, length: usize) -> Vec<u8> {
        match version {
            4 => {
                let total = (V4_HEADER + length) as u16;
                let behind = [0, 1, 0x40, 0, 64, TCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
                [&[0x45, 0], total.to_be_bytes().as_slice(), &behind].concat()
            }
            _ => {
                let length = (length as u16).to_be_bytes();
                let addresses: Vec<u8> = (0..32).collect();
                [&[0x60, 0, 0, 0], length.as_slice(), &[TCP, 64], &addresses].concat()
            }
        }
    }

    /// Frames that are plain, but for a byte here and there.
    fn frames() -> impl Strategy<Value = (LinkType, Vec<u8>, u32)> {
        let options = prop_oneof![
            Just(vec![]),
            Just(vec![1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]),
            Just(vec![2, 4, 5, 180, 3, 3, 7, 0]),
            Just(vec![1, 3, 40, 7]),
        ];
        let payload = prop::collection::vec(any::<u8>(), 0..40);
        let damage = prop::collection::vec((0..80_usize, any::<u8>()), 0..3);
        let cut = prop_oneof![4 => Just(0), 1 => 0..90_usize];
        let padding = 0..8_usize;
        let version = prop_oneof![Just(4), Just(6)];
        let link = version.prop_flat_map(|version| (Just(version), links(version)));
        (link, options, payload, damage, cut, padding).prop_map(
            |((version, (link, mut frame)), options, payload, damage, cut, padding)| {
                frame.extend(ip(version, TCP_HEADER + options.len() + payload.len()));
                frame.extend([0, 80, 0x90, 0, 0, 0, 0, 5, 0, 0, 0, 7]);
                frame.extend([(5 + options.len() as u8 / 4) << 4, 0x18, 1, 0, 0, 0, 0, 0]);
                frame.extend(&options);
                frame.extend(&payload);
                frame.extend(vec![0; padding]);
                for (place, value) in damage {
                    if let Some(byte) = frame.get_mut(place) {
                        *byte = value;
                    }
                }
                let wire = frame.len() as u32;
                frame.truncate(frame.len() - cut.min(frame.len()));
                (link, frame, wire)
            },
        )
    }

    proptest! {
        #[test]
        fn a_plain_frame_is_read_as_layer_by_layer((link, bytes, wire_length) in frames()) {
            let frame = Frame { at: At::default(), link, bytes: &bytes, wire_length, block: None };
            if let Some(plain) = read(&frame).or_else(|| read_other(&frame)) {
                let mut decoder = Decoder::new();
                let Decoded::Tcp(segment) = decoder.layer_by_layer(&frame) else {
                    panic!("no segment");
                };
                prop_assert_eq!(format!("{:?}", plain.segment(frame.at)), format!("{segment:?}"));
            }
        }
    }

    /// A plain frame without payload.
    fn frame(link: &[u8], version: u8) -> Vec<u8> {
        let mut tcp = [0; TCP_HEADER];
        tcp[12] = 0x50;
        [link, &ip(version, TCP_HEADER), &tcp].concat()
    }

    fn is_read(link: LinkType, bytes: &[u8]) -> bool {
        let wire_length = bytes.len() as u32;
        let frame = Frame {
            at: At::default(),
            link,
            bytes,
            wire_length,
            block: None,
        };
        read(&frame).or_else(|| read_other(&frame)).is_some()
    }

    #[test]
    fn what_has_something_to_it_is_left_to_the_others() {
        let bytes = frame(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0], 4);
        assert!(is_read(link::ETHERNET, &bytes));
        assert!(!is_read(link::LINUX_SLL, &bytes) && !is_read(link::ETHERNET, &bytes[1..]));
        for (place, value) in [
            (12, 0x86),
            (14, 0x46),
            (17, 39),
            (20, 0x20),
            (23, 17),
            (46, 0x40),
        ] {
            let mut other = bytes.clone();
            other[place] = value;
            assert!(!is_read(link::ETHERNET, &other), "{place}");
        }
        let bytes = frame(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd], 6);
        assert!(is_read(link::ETHERNET, &bytes));
        assert!(!is_read(link::LINUX_SLL, &bytes) && !is_read(link::ETHERNET, &bytes[1..]));
        for (place, value) in [(12, 8), (14, 0x40), (19, 19), (20, 0), (66, 0x40)] {
            let mut other = bytes.clone();
            other[place] = value;
            assert!(!is_read(link::ETHERNET, &other), "{place}");
        }
    }

    #[test]
    fn what_any_interface_gives_is_plain_too_unless_its_hardware_is_a_rare_one() {
        for (version, [high, low]) in [(4, IPV4.to_be_bytes()), (6, IPV6.to_be_bytes())] {
            let mut first = [0; 16];
            (first[3], first[14], first[15]) = (1, high, low);
            let mut second = [0; 20];
            (second[0], second[1], second[9]) = (high, low, 1);
            for (link, header, hardware) in [
                (link::LINUX_SLL, first.as_slice(), 2),
                (link::LINUX_SLL2, second.as_slice(), 8),
            ] {
                let mut bytes = frame(header, version);
                assert!(is_read(link, &bytes));
                let loopback = 772_u16.to_be_bytes();
                bytes[hardware..hardware + 2].copy_from_slice(&loopback);
                assert!(is_read(link, &bytes));
                let netlink = 824_u16.to_be_bytes();
                bytes[hardware..hardware + 2].copy_from_slice(&netlink);
                assert!(!is_read(link, &bytes));
            }
        }
    }

    #[test]
    fn a_tunnel_and_a_loopback_give_plain_frames_of_either_version() {
        for (version, family) in [(4, 2), (6, 24), (6, 28), (6, 30)] {
            assert!(is_read(link::RAW, &frame(&[], version)));
            assert!(is_read(link::NULL, &frame(&[family, 0, 0, 0], version)));
            assert!(!is_read(link::NULL, &frame(&[family, 0, 0, 1], version)));
        }
    }
}
