//! IPv4 and TCP with nothing unusual about them behind a usual link layer, read in one go: nearly every frame of nearly every capture.
//!
//! In comes a frame; out go its segment's headers as they stand, or nothing where any header has something to it that is read
//! [layer by layer]. Both readings agree on every frame; a test holds them to that.
//!
//! [layer by layer]: super::Decoder

use super::tcp;
use crate::model::{At, Frame, PlainHeader, Segment};

/// Link types whose headers have no variants, or hardly any: LINKTYPE_ values.
mod link {
    use crate::model::LinkType;

    pub(super) const NULL: LinkType = LinkType(0);
    pub(super) const ETHERNET: LinkType = LinkType(1);
    pub(super) const RAW: LinkType = LinkType(101);
    pub(super) const LINUX_SLL: LinkType = LinkType(113);
    pub(super) const LINUX_SLL2: LinkType = LinkType(276);
}

/// The EtherType of IPv4.
const IPV4: u16 = 0x0800;
/// What has a protocol field of another kind.
const ARPHRD_NETLINK: u16 = 824;
/// Bytes of the headers of IPv4 and TCP without options.
const HEADERS: usize = 20 + 20;
/// Where the TCP header begins.
const TCP: usize = 20;

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
        Segment {
            at,
            source: self.header.source(),
            destination: self.header.destination(),
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

/// Reads the frame, if it is a plain one of Ethernet that was captured whole.
#[inline(always)] // So that what it reads is never written to memory.
pub fn read<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
    let headers = frame.bytes.first_chunk::<{ 14 + HEADERS }>()?;
    let over_ethernet = frame.link == link::ETHERNET;
    match u16::from_be_bytes([headers[12], headers[13]]) {
        IPV4 if over_ethernet => read_v4(&frame.bytes[14..]),
        _ => None,
    }
}

/// Reads the frame, if it is a plain one of another link layer that was captured whole: what "any", a tunnel or BSD's loopback gives.
#[inline]
pub fn read_other<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
    let bytes = frame.bytes;
    let be16 = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let (protocol, hardware, packet) = match frame.link {
        link::RAW => return read_v4(bytes),
        link::NULL if bytes.starts_with(&[2, 0, 0, 0]) => return read_v4(&bytes[4..]),
        link::LINUX_SLL => (be16(14)?, be16(2)?, bytes.get(16..)?),
        link::LINUX_SLL2 => (be16(0)?, be16(8)?, bytes.get(20..)?),
        _ => return None,
    };
    match protocol == IPV4 && hardware != ARPHRD_NETLINK {
        true => read_v4(packet),
        false => None,
    }
}

/// Reads a packet.
#[inline(always)]
fn read_v4(bytes: &[u8]) -> Option<Plain<'_>> {
    let h = bytes.first_chunk::<HEADERS>()?;
    // Version 4, no options; neither more fragments nor an offset; TCP.
    let plain = h[0] == 0x45 && u32::from_be_bytes([h[6], h[7], h[8], h[9]]) & 0x3fff_00ff == 6;
    if !plain {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
    let payload = TCP + usize::from(h[TCP + 12] >> 4) * 4;
    Some(Plain {
        header: PlainHeader(h[TCP - 8..].first_chunk()?),
        options: bytes.get(HEADERS..payload)?,
        payload: bytes.get(payload..total)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    use crate::model::{Decoded, LinkType};
    use proptest::prelude::*;

    /// Headers in front of IPv4.
    fn links() -> impl Strategy<Value = (LinkType, Vec<u8>)> {
        let ethernet = [[2; 12].as_slice(), &[8, 0]].concat();
        let sll = vec![0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0];
        let sll2 = vec![8, 0, 0, 0, 0, 0, 0, 3, 3, 4, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0];
        prop_oneof![
            4 => Just((link::ETHERNET, ethernet)),
            1 => Just((link::NULL, vec![2, 0, 0, 0])),
            1 => Just((link::RAW, vec![])),
            2 => Just((link::LINUX_SLL, sll)),
            2 => Just((link::LINUX_SLL2, sll2)),
        ]
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
        let damage = prop::collection::vec((0..60_usize, any::<u8>()), 0..3);
        let cut = prop_oneof![4 => Just(0), 1 => 0..70_usize];
        let padding = 0..8_usize;
        (links(), options, payload, damage, cut, padding).prop_map(
            |((link, mut frame), options, payload, damage, cut, padding)| {
                frame.extend([0x45, 0]);
                let total = 40 + options.len() + payload.len();
                frame.extend((total as u16).to_be_bytes());
                frame.extend([0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
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
    fn frame(link: &[u8]) -> Vec<u8> {
        let mut packet = [0; HEADERS];
        packet[0] = 0x45;
        packet[3] = 40;
        packet[9] = 6;
        packet[TCP + 12] = 0x50;
        [link, &packet].concat()
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
        let bytes = frame(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]);
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
    }

    #[test]
    fn what_any_interface_gives_is_plain_too_unless_its_hardware_is_a_rare_one() {
        let mut first = [0; 16];
        (first[3], first[14]) = (1, 8);
        let mut second = [0; 20];
        (second[0], second[9]) = (8, 1);
        for (link, header, hardware) in [
            (link::LINUX_SLL, first.as_slice(), 2),
            (link::LINUX_SLL2, second.as_slice(), 8),
        ] {
            let mut bytes = frame(header);
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
