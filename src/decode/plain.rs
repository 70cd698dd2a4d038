//! Ethernet, IPv4 and TCP with nothing unusual about them, read in one go: nearly every frame of nearly every capture.
//!
//! In comes a frame; out goes its segment, or nothing where any header has something to it that is read [layer by layer]. Both
//! readings agree on every frame; a test holds them to that.
//!
//! [layer by layer]: super::Decoder

use super::tcp;
use crate::model::{At, Frame, LinkType, PlainHeader, Segment};

/// LINKTYPE_ETHERNET.
const ETHERNET: LinkType = LinkType(1);
/// Bytes of the three headers without options.
const HEADERS: usize = 14 + 20 + 20;
/// Where the TCP header begins.
const TCP: usize = 14 + 20;

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

/// Reads the frame, if it is a plain one that was captured whole.
#[inline(always)] // So that what it reads is never written to memory.
pub fn read<'a>(frame: &Frame<'a>) -> Option<Plain<'a>> {
    let bytes = frame.bytes;
    let h = bytes.first_chunk::<HEADERS>()?;
    let be32 = |at: usize| u32::from_be_bytes([h[at], h[at + 1], h[at + 2], h[at + 3]]);
    let plain = frame.link == ETHERNET
        // IPv4; version 4, no options.
        && be32(12) & 0xffff_ff00 == 0x0800_4500
        // Neither more fragments nor an offset; TCP.
        && be32(20) & 0x3fff_00ff == 6;
    if !plain {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([h[16], h[17]]));
    let payload = TCP + usize::from(h[TCP + 12] >> 4) * 4;
    Some(Plain {
        header: PlainHeader(h[TCP - 8..].first_chunk()?),
        options: bytes.get(HEADERS..payload)?,
        payload: bytes.get(payload..14 + total)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    use crate::model::Decoded;
    use proptest::prelude::*;

    /// Frames that are plain, but for a byte here and there.
    fn frames() -> impl Strategy<Value = (Vec<u8>, u32)> {
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
        (options, payload, damage, cut, padding).prop_map(
            |(options, payload, damage, cut, padding)| {
                let mut frame = vec![2; 12];
                frame.extend([8, 0, 0x45, 0]);
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
                (frame, wire)
            },
        )
    }

    proptest! {
        #[test]
        fn a_plain_frame_is_read_as_layer_by_layer((bytes, wire_length) in frames()) {
            let frame = Frame { at: At::default(), link: ETHERNET, bytes: &bytes, wire_length, block: None };
            if let Some(plain) = read(&frame) {
                let mut decoder = Decoder::new();
                let Decoded::Tcp(segment) = decoder.layer_by_layer(&frame) else {
                    panic!("no segment");
                };
                prop_assert_eq!(format!("{:?}", plain.segment(frame.at)), format!("{segment:?}"));
            }
        }
    }

    #[test]
    fn what_has_something_to_it_is_left_to_the_others() {
        let mut bytes = vec![0; HEADERS];
        bytes[12..15].copy_from_slice(&[8, 0, 0x45]);
        bytes[17] = 40;
        bytes[23] = 6;
        bytes[TCP + 12] = 0x50;
        let read = |bytes: &[u8], link| {
            let wire_length = bytes.len() as u32;
            let frame = Frame {
                at: At::default(),
                link: LinkType(link),
                bytes,
                wire_length,
                block: None,
            };
            read(&frame).is_some()
        };
        assert!(read(&bytes, 1));
        assert!(!read(&bytes, 113) && !read(&bytes[1..], 1));
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
            assert!(!read(&other, 1), "{place}");
        }
    }
}
