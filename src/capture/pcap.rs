//! The classic capture file, `pcap`: a file header of 24 bytes, then records of a header and a frame (draft-ietf-opsawg-pcap).
//!
//! In come the bytes in front of the reader; out goes the packet that begins there, or how many bytes it takes to know. The records
//! are read by hand, in a few nanoseconds each.

use super::{Broken, Order, Packet, Step, longest_frame};
use crate::model::{LinkType, Timestamp};

/// Bytes of the file header.
pub(super) const FILE_HEADER: usize = 24;

/// Whether a file that begins so is a pcap file.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes
        .first_chunk()
        .is_some_and(|magic| kind(magic).is_some())
}

/// How the records of a file are to be read.
pub(super) struct Pcap {
    order: Order,
    variant: Variant,
    lengths: Lengths,
    link: LinkType,
    longest: usize,
    /// In the order of today's machines and the present version, with records of 16 bytes: what every tool writes.
    usual: bool,
    /// Nanoseconds in the unit of a time's fraction.
    unit: i64,
}

/// The variants, each with a magic number of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Times in microseconds.
    Microseconds,
    /// Times in nanoseconds.
    Nanoseconds,
    /// Alexey Kuznetzov's: microseconds, and 8 bytes more in each record's header.
    Modified,
}

/// In which order a record's header gives the captured length and the length on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lengths {
    /// Captured, wire: since version 2.4.
    CapturedFirst,
    /// Wire, captured: version 2.2.
    WireFirst,
    /// Version 2.3 had both: the smaller one is the captured length.
    Either,
}

/// The byte order and the variant that a magic number means.
fn kind(magic: &[u8; 4]) -> Option<(Order, Variant)> {
    let variant = |magic| match magic {
        0xa1b2_c3d4 => Some(Variant::Microseconds),
        0xa1b2_3c4d => Some(Variant::Nanoseconds),
        0xa1b2_cd34 => Some(Variant::Modified),
        _ => None,
    };
    [Order::Little, Order::Big]
        .into_iter()
        .find_map(|order| Some((order, variant(order.u32(magic, 0))?)))
}

impl Pcap {
    /// Reads the file header; `None` if the bytes end inside it (or are no pcap file).
    pub(super) fn open(bytes: &[u8]) -> Option<Pcap> {
        let header = bytes.first_chunk::<FILE_HEADER>()?;
        let (order, variant) = kind(bytes.first_chunk()?)?;
        let lengths = match (order.u16(header, 4), order.u16(header, 6)) {
            (2, 2) => Lengths::WireFirst,
            (2, 3) => Lengths::Either,
            _ => Lengths::CapturedFirst,
        };
        // The upper 16 bits tell the length of the frame check sequence, or are reserved: "MUST be ignored by pcap file readers".
        let link = LinkType(order.u32(header, 20) & 0xffff);
        Some(Pcap {
            order,
            variant,
            lengths,
            link,
            longest: longest_frame(link),
            usual: order == Order::Little
                && variant != Variant::Modified
                && lengths == Lengths::CapturedFirst,
            unit: match variant {
                Variant::Nanoseconds => 1,
                Variant::Microseconds | Variant::Modified => 1_000,
            },
        })
    }

    /// The format's name.
    pub(super) fn name(&self) -> &'static str {
        match self.variant {
            Variant::Microseconds => "pcap",
            Variant::Nanoseconds => "pcap (nanoseconds)",
            Variant::Modified => "pcap (modified)",
        }
    }

    /// Whether its times are in nanoseconds.
    pub(super) fn nanoseconds(&self) -> bool {
        self.variant == Variant::Nanoseconds
    }

    /// Whether its records are the usual ones.
    pub(super) fn is_usual(&self) -> bool {
        self.usual
    }

    /// The packet whose record, a [usual](Pcap::is_usual) one, begins at `bytes`, where it is whole.
    #[inline]
    pub(super) fn whole(&self, bytes: &[u8]) -> Option<Packet> {
        let header = bytes.first_chunk::<16>()?;
        let length = Order::Little.u32(header, 8) as usize;
        let total = 16 + length;
        if length > self.longest || bytes.len() < total {
            return None;
        }
        Some(Packet {
            start: 16,
            length,
            total,
            time: Some(self.time(Order::Little, header)),
            link: self.link,
            wire_length: Order::Little.u32(header, 12),
        })
    }

    #[inline]
    fn time(&self, order: Order, header: &[u8; 16]) -> Timestamp {
        let seconds = i64::from(order.u32(header, 0));
        let fraction = i64::from(order.u32(header, 4));
        // 2^32 s and 2^32 µs are far from an i64's end.
        Timestamp(seconds * 1_000_000_000 + fraction * self.unit)
    }

    /// The packet whose record begins at `bytes`.
    pub(super) fn step(&self, bytes: &[u8]) -> Result<Step, Broken> {
        let Some(header) = bytes.first_chunk::<16>() else {
            return Ok(Step::More(16));
        };
        let start = match self.variant {
            Variant::Modified => 24,
            Variant::Microseconds | Variant::Nanoseconds => 16,
        };
        let (first, second) = (self.order.u32(header, 8), self.order.u32(header, 12));
        let (captured, wire) = match self.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::WireFirst => (second, first),
            Lengths::Either => (first.min(second), first.max(second)),
        };
        let length = captured as usize;
        if length > self.longest {
            return Err(Broken(format!(
                "a record that claims to hold {captured} bytes, and a frame has at most {}",
                self.longest
            )));
        }
        let total = start + length;
        if bytes.len() < total {
            return Ok(Step::More(total));
        }
        Ok(Step::Packet(Packet {
            start,
            length,
            total,
            time: Some(self.time(self.order, header)),
            link: self.link,
            wire_length: wire,
        }))
    }
}
