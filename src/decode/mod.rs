//! Frames become TCP segments: through the link layer, IP, fragments and tunnels, down to the innermost TCP header.
//!
//! In comes one captured frame at a time; out goes the segment, whose payload is borrowed from the frame or, where it came
//! in fragments, from the decoder. It agrees with Wireshark 4.0 about which frames hold TCP. It never looks at a
//! checksum, never panics, whatever the bytes are, and allocates for fragments only.
//!
//! etherparse's slices are not used for the headers themselves: they know one length, and here every layer needs two, the
//! captured one and the one on the wire (see `Bytes`), so that a segment cut by the snaplen keeps its length.

mod bytes;
mod fragments;
mod icmp;
mod ip;
mod ipv6;
mod layer;
mod link;
mod plain;
pub mod skip;
mod tcp;
mod tunnel;
mod udp;

pub use link::link_type_name;
pub use plain::{Plain, read as plain, read_other as plain_other};

use crate::model::{At, Decoded, Frame, SkipReason, limits};
use bytes::Bytes;
use etherparse::ip_number;
use fragments::Fragments;
use layer::{Layer, Outside, Read, Step, Tunnel};

/// Turns frames into segments. Its only state is fragments.
#[derive(Debug, Default)]
pub struct Decoder {
    fragments: Fragments,
    /// The packets that the last frame completed, the outermost first.
    reassembled: [Vec<u8>; limits::NESTED_REASSEMBLY],
}

impl Decoder {
    /// A decoder that has seen no frame.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Bytes of memory that fragments hold which wait for others, roughly.
    pub fn memory(&self) -> usize {
        self.fragments.memory()
    }

    /// Decodes the next frame of a capture.
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        match plain(frame).or_else(|| plain_other(frame)) {
            Some(plain) => Decoded::Tcp(plain.segment(frame.at)),
            None => self.layer_by_layer(frame),
        }
    }

    /// Decodes the next frame of a capture that is neither [`plain()`] nor [`plain_other()`].
    pub fn layer_by_layer<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        let mut outside = Outside::nothing();
        let mut slots: &'a mut [Vec<u8>] = &mut self.reassembled;
        let mut current = Layer::Link(frame.link);
        let whole = Bytes::of_frame(frame.bytes, frame.wire_length);
        let mut step = link::read(frame.link, whole);
        for _ in 0..limits::LAYERS {
            let (layer, bytes) = match step {
                Some(Step::Next(layer, bytes)) => (layer, bytes),
                Some(Step::Reassembled(layer)) => {
                    let Some((slot, rest)) = slots.split_first_mut() else {
                        return Decoded::Skipped(skip::TOO_DEEP);
                    };
                    *slot = self.fragments.take();
                    slots = rest;
                    (layer, Bytes::whole(slot))
                }
                Some(Step::Other) => return Decoded::Other,
                Some(Step::Skip(reason)) => return skipped(reason, &outside),
                None => return skipped(cut_short(current), &outside),
            };
            current = layer;
            // What nearly every frame holds comes first and in line.
            step = match layer {
                TCP => return segment(bytes, &outside, frame.at),
                Layer::Ipv4 => ip::read_v4(bytes, &mut outside, &mut self.fragments),
                Layer::Ipv6 => ipv6::read(bytes, &mut outside, &mut self.fragments),
                layer => read(layer, bytes, &mut outside),
            };
        }
        Decoded::Skipped(skip::TOO_DEEP)
    }
}

const TCP: Layer = Layer::IpProtocol(ip_number::TCP.0);

/// Reads a header that is not IP.
#[inline(never)]
fn read<'a>(layer: Layer, bytes: Bytes<'a>, outside: &mut Outside) -> Read<'a> {
    match layer {
        Layer::Ipv4 | Layer::Ipv6 => Some(Step::Next(layer, bytes)),
        Layer::RawIp => link::raw_ip(bytes),
        Layer::Ethernet => link::ethernet::read(bytes),
        Layer::EtherType(ether_type) => link::ethernet::read_payload(ether_type, bytes, outside),
        Layer::IpProtocol(protocol) => read_protocol(protocol, bytes, outside),
        Layer::Link(link) => link::read(link, bytes),
        Layer::Llc => link::llc::read(bytes),
        Layer::Ppp => link::ppp::read(bytes),
        Layer::PppHdlc => link::ppp::read_hdlc(bytes),
        Layer::CiscoHdlc => link::hdlc::read(bytes),
        Layer::FrameRelay => link::frame_relay::read(bytes),
        Layer::Wifi => link::wifi::read(bytes),
        Layer::Mpls => link::mpls::read(bytes),
        Layer::Tunnel(tunnel) => tunnel::read(tunnel, bytes),
    }
}

/// What an IP protocol number stands for, apart from TCP (IANA, "Protocol Numbers").
fn read_protocol<'a>(protocol: u8, bytes: Bytes<'a>, outside: &mut Outside) -> Read<'a> {
    const ICMP: u8 = ip_number::ICMP.0;
    const IPV4: u8 = ip_number::IPV4.0;
    const IPV6: u8 = ip_number::IPV6.0;
    const ICMP_V6: u8 = ip_number::IPV6_ICMP.0;
    const UDP: u8 = ip_number::UDP.0;
    const GRE: u8 = ip_number::GRE.0;
    const AUTHENTICATION: u8 = ip_number::AUTHENTICATION_HEADER.0;
    const ETHER_IP: u8 = ip_number::ETHER_IP.0;
    const UDP_LITE: u8 = ip_number::UDP_LITE.0;
    const MPLS: u8 = ip_number::MPLS_IN_IP.0;
    const ETHERNET: u8 = 143;
    if bytes.length() == 0 {
        return Some(Step::Other);
    }
    match protocol {
        ICMP => icmp::read_v4(bytes, outside),
        ICMP_V6 => icmp::read_v6(bytes, outside),
        IPV4 => Some(Step::Next(Layer::Ipv4, bytes)),
        IPV6 => Some(Step::Next(Layer::Ipv6, bytes)),
        UDP | UDP_LITE => udp::read(bytes, outside),
        GRE => Some(Step::Next(Layer::Tunnel(Tunnel::Gre), bytes)),
        // RFC 4302 §2: the length is in 32-bit words, minus 2. Over IPv6 it was read with the extension headers.
        AUTHENTICATION => {
            let length = (usize::from(bytes.byte(1)?) + 2) * 4;
            Some(Step::Next(
                Layer::IpProtocol(bytes.byte(0)?),
                bytes.skip(length)?,
            ))
        }
        ETHER_IP => Some(Step::Next(Layer::Tunnel(Tunnel::EtherIp), bytes)),
        MPLS => Some(Step::Next(Layer::Mpls, bytes)),
        ETHERNET => Some(Step::Next(Layer::Ethernet, bytes)),
        _ => Some(Step::Other),
    }
}

/// The reason that a header of `layer` could not be read to its end.
#[cold]
fn cut_short(layer: Layer) -> SkipReason {
    match layer {
        Layer::Ipv4 | Layer::Ipv6 | Layer::RawIp => skip::IP_CUT,
        Layer::IpProtocol(_) | Layer::Tunnel(_) => skip::TUNNEL_CUT,
        _ => skip::LINK_CUT,
    }
}

#[inline]
fn segment<'a>(bytes: Bytes<'a>, outside: &Outside, at: At) -> Decoded<'a> {
    match tcp::read(bytes, outside, at) {
        Decoded::Skipped(reason) => skipped(reason, outside),
        decoded => decoded,
    }
}

/// What ICMP quotes is cut short by nature, and what a UDP port promises may be another protocol: neither is a frame that
/// could not be read.
#[cold]
fn skipped<'a>(reason: SkipReason, outside: &Outside) -> Decoded<'a> {
    if outside.quoted || outside.guessed {
        Decoded::Other
    } else {
        Decoded::Skipped(reason)
    }
}
