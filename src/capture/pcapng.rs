//! The newer capture file, `pcapng`: blocks, in sections that each have their own byte order and interfaces (draft-ietf-opsawg-pcapng).
//!
//! In come the bytes in front of the reader; out goes the packet of the block that begins there, how long the block is if it holds
//! none, or how many bytes it takes to know. Packet blocks are read by hand, in a few nanoseconds each; the rare others by
//! pcap-parser. Options are not needed to read on, so broken ones are passed over; unknown blocks are skipped, secrets unread.

use super::{Broken, Order, Packet, Step, longest_frame};
use crate::model::{LinkType, Timestamp, limits};
use pcap_parser::pcapng::{
    InterfaceDescriptionBlock, OptionCode, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le,
};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// The section header's byte-order magic.
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// Bytes of the shortest block: its type, and its length twice.
const SHORTEST: usize = 12;

/// Bytes of a packet block in front of its frame.
const PACKET_HEADER: usize = 28;

/// Whether a file that begins so is a pcapng file.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION_HEADER.to_le_bytes())
        && bytes.first_chunk().is_none_or(|head| order(head).is_some())
}

/// The byte order that the first bytes of a section header tell.
fn order(section_header: &[u8; SHORTEST]) -> Option<Order> {
    [Order::Little, Order::Big]
        .into_iter()
        .find(|order| order.u32(section_header, 8) == BYTE_ORDER)
}

/// How the blocks of the current section are to be read.
#[derive(Default)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Set by every packet that `step` reads in the order of today's machines: that `whole` may read further ones.
    usual: Option<Usual>,
}

/// What the packets that [`Pcapng::whole`] reads have in common with one before.
#[derive(Clone, Copy)]
struct Usual {
    link: LinkType,
    longest: usize,
}

/// An interface of a pcapng section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The if_name option, cut at a cap.
    pub name: Option<String>,
    /// How its frames begin.
    pub link: LinkType,
    /// The most bytes that were captured of a frame; 0 for no limit.
    pub snaplen: u32,
    /// The if_fcslen option: bytes of frame check sequence at the end of each frame.
    pub fcs_length: Option<u8>,
    clock: Clock,
}

/// What an interface's times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    unit: Unit,
    /// The if_tsoffset option, in nanoseconds: to be added.
    offset: i64,
}

/// The unit of an interface's times, from if_tsresol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// Such a part of a nanosecond.
    PartOfNanosecond(u64),
    /// 2 to the minus so many seconds.
    BinarySeconds(u8),
}

impl Pcapng {
    /// The current section's interfaces.
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The packet whose block begins at `bytes`, where it is a whole Enhanced Packet Block with a link type that [`step`](Pcapng::step) has
    /// seen and times in a usual unit.
    #[inline(always)] // As `Capture::next`.
    pub(super) fn whole(&self, bytes: &[u8]) -> Option<Packet> {
        const LITTLE: Order = Order::Little;
        let usual = self.usual?;
        let head = bytes.first_chunk::<PACKET_HEADER>()?;
        // It lies in the buffer, which never holds more than the longest block.
        let block = bytes.get(..LITTLE.u32(head, 4) as usize)?;
        let repeated = LITTLE.u32::<4>(block.last_chunk()?, 0);
        let interface = self.interfaces.get(LITTLE.u32(head, 8) as usize)?;
        let Unit::Nanoseconds(_) = interface.clock.unit else {
            return None;
        };
        let length = LITTLE.u32(head, 20) as usize;
        let is_usual = LITTLE.u32(head, 0) == ENHANCED_PACKET
            && interface.link == usual.link
            && length <= usual.longest
            && PACKET_HEADER + length + 4 <= block.len()
            && block.len().is_multiple_of(4)
            && repeated == LITTLE.u32(head, 4);
        if !is_usual {
            return None;
        }
        Some(Packet {
            start: PACKET_HEADER,
            length,
            total: block.len(),
            time: Some(interface.clock.time(ticks(LITTLE, head))),
            link: usual.link,
            wire_length: LITTLE.u32(head, 24),
        })
    }

    /// The packet of the block that begins at `bytes`.
    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step, Broken> {
        let Some(head) = bytes.first_chunk::<SHORTEST>() else {
            return Ok(Step::More(SHORTEST));
        };
        // Its type is the same number in both byte orders.
        let starts_section = self.order.u32(head, 0) == SECTION_HEADER;
        if starts_section {
            let Some(order) = order(head) else {
                return Err(broken("a section header without a byte order"));
            };
            self.order = order;
        }
        let stated = self.order.u32(head, 4) as usize;
        if !(SHORTEST..=limits::CAPTURE_BLOCK).contains(&stated) {
            return Err(Broken(format!(
                "a block that claims to be {stated} bytes long"
            )));
        }
        // Some writers do not count the padding.
        let total = stated.next_multiple_of(4);
        let kind = self.order.u32(head, 0);
        if !matches!(
            kind,
            SECTION_HEADER | INTERFACE_DESCRIPTION | PACKET | SIMPLE_PACKET | ENHANCED_PACKET
        ) {
            return Ok(Step::Skip(total));
        }
        let Some(block) = bytes.get(..total) else {
            return Ok(Step::More(total));
        };
        let repeated = block
            .last_chunk()
            .map(|tail| self.order.u32::<4>(tail, 0) as usize);
        if repeated != Some(stated) && repeated != Some(total) {
            return Err(broken("a block whose two lengths differ"));
        }
        match kind {
            ENHANCED_PACKET => self.enhanced_packet(block),
            SIMPLE_PACKET => self.simple_packet(block),
            PACKET => self.packet(block),
            INTERFACE_DESCRIPTION => self.interface_description(block),
            _ => self.section_header(block),
        }
    }

    /// draft-ietf-opsawg-pcapng §4.3.
    #[inline]
    fn enhanced_packet(&mut self, block: &[u8]) -> Result<Step, Broken> {
        let Some(head) = block.first_chunk::<PACKET_HEADER>() else {
            return Err(broken("a packet block too short for its header"));
        };
        let interface = self.order.u32(head, 8);
        self.timed_packet(block, head, interface)
    }

    /// Appendix A: obsolete, with 16 bits of interface ID and 16 of drop count where the Enhanced Packet Block has 32 of interface ID.
    fn packet(&mut self, block: &[u8]) -> Result<Step, Broken> {
        let Some(head) = block.first_chunk::<PACKET_HEADER>() else {
            return Err(broken("a packet block too short for its header"));
        };
        let interface = u32::from(self.order.u16(head, 8));
        self.timed_packet(block, head, interface)
    }

    #[inline]
    fn timed_packet(
        &mut self,
        block: &[u8],
        head: &[u8; PACKET_HEADER],
        interface: u32,
    ) -> Result<Step, Broken> {
        let interface = self.interface(interface)?;
        let captured = self.order.u32(head, 20);
        let wire = self.order.u32(head, 24);
        let time = Some(interface.clock.time(ticks(self.order, head)));
        let link = interface.link;
        let packet = packet(block, head.len(), captured, wire, time, link)?;
        self.usual = (self.order == Order::Little).then(|| Usual {
            link,
            longest: longest_frame(link),
        });
        Ok(packet)
    }

    /// §4.4: the first interface, no time, and a captured length that follows from the snaplen.
    fn simple_packet(&self, block: &[u8]) -> Result<Step, Broken> {
        let Some(head) = block.first_chunk::<12>() else {
            return Err(broken("a packet block too short for its header"));
        };
        let interface = self.interface(0)?;
        let wire = self.order.u32(head, 8);
        let captured = match interface.snaplen {
            0 => wire,
            snaplen => wire.min(snaplen),
        };
        packet(block, head.len(), captured, wire, None, interface.link)
    }

    /// §4.2.
    fn interface_description(&mut self, block: &[u8]) -> Result<Step, Broken> {
        if self.interfaces.len() >= limits::CAPTURE_INTERFACES {
            return Err(Broken(format!(
                "an interface description after {} others",
                limits::CAPTURE_INTERFACES
            )));
        }
        let parsed = match self.order {
            Order::Little => parse_interfacedescriptionblock_le(block),
            Order::Big => parse_interfacedescriptionblock_be(block),
        };
        let Ok((_, description)) = parsed else {
            return Err(broken("a damaged interface description"));
        };
        self.interfaces
            .push(Interface::new(&description, self.order));
        Ok(Step::Skip(block.len()))
    }

    /// §4.1.
    fn section_header(&mut self, block: &[u8]) -> Result<Step, Broken> {
        // Major version 1 is all there is; minor versions differ in nothing that a reader of packets sees.
        match block.first_chunk::<16>() {
            Some(head) if self.order.u16(head, 12) == 1 => {
                self.interfaces.clear();
                self.usual = None;
                Ok(Step::Skip(block.len()))
            }
            _ => Err(broken("a section of an unknown version")),
        }
    }

    #[inline]
    fn interface(&self, id: u32) -> Result<&Interface, Broken> {
        self.interfaces.get(id as usize).ok_or_else(|| {
            Broken(format!(
                "a packet of interface {id}, and the section describes only {}",
                self.interfaces.len()
            ))
        })
    }
}

/// The time of a packet block.
#[inline]
fn ticks(order: Order, head: &[u8; PACKET_HEADER]) -> u64 {
    u64::from(order.u32(head, 12)) << 32 | u64::from(order.u32(head, 16))
}

/// A packet of a block: `captured` bytes from `start` on, padding, options, and the length again.
#[inline]
fn packet(
    block: &[u8],
    start: usize,
    captured: u32,
    wire: u32,
    time: Option<Timestamp>,
    link: LinkType,
) -> Result<Step, Broken> {
    let length = captured as usize;
    if start.saturating_add(length).saturating_add(4) > block.len() || length > longest_frame(link)
    {
        return Err(Broken(format!(
            "a block that claims to hold {captured} bytes, more than itself or a frame can have"
        )));
    }
    Ok(Step::Packet(Packet {
        start,
        length,
        total: block.len(),
        time,
        link,
        wire_length: wire,
    }))
}

fn broken(what: &str) -> Broken {
    Broken(what.to_owned())
}

impl Interface {
    fn new(description: &InterfaceDescriptionBlock<'_>, order: Order) -> Interface {
        let option = |code: u16| {
            let code = OptionCode(code);
            let found = description
                .options
                .iter()
                .find(|option| option.code == code);
            found.and_then(|option| option.as_bytes().ok())
        };
        Interface {
            name: option(2).map(|name| {
                let name = &name[..name.len().min(limits::INTERFACE_NAME)];
                String::from_utf8_lossy(name).into_owned()
            }),
            // The field has 16 bits.
            link: LinkType(description.linktype.0 as u32 & 0xffff),
            snaplen: description.snaplen,
            fcs_length: option(13).and_then(|value| value.first().copied()),
            clock: Clock {
                unit: Unit::new(option(9).and_then(|value| value.first().copied())),
                offset: option(14).map_or(0, |value| seconds(value, order)),
            },
        }
    }
}

/// The if_tsoffset option, 64 bits in the section's byte order, as nanoseconds.
fn seconds(value: &[u8], order: Order) -> i64 {
    let Some(eight) = value.first_chunk() else {
        return 0;
    };
    let seconds = match order {
        Order::Little => i64::from_le_bytes(*eight),
        Order::Big => i64::from_be_bytes(*eight),
    };
    seconds.saturating_mul(1_000_000_000)
}

impl Interface {
    /// Whether its clock counts finer than microseconds.
    pub(super) fn nanoseconds(&self) -> bool {
        match self.clock.unit {
            Unit::Nanoseconds(unit) => unit < 1_000,
            Unit::PartOfNanosecond(_) => true,
            // 2^-20 s is the binary unit next to a microsecond.
            Unit::BinarySeconds(power) => power > 20,
        }
    }
}

impl Unit {
    /// From the if_tsresol option (§4.2): a negative power of 10, or of 2 with the highest bit; 10^-6 without it.
    fn new(if_tsresol: Option<u8>) -> Unit {
        match if_tsresol.unwrap_or(6) {
            binary @ 0x80.. => Unit::BinarySeconds(binary & 0x7f),
            decimal @ 0..=9 => Unit::Nanoseconds(10_u64.pow(9 - u32::from(decimal))),
            // 10^19 is the largest power of 10 in 64 bits: finer units count 0 ns for as long as the clock can run.
            decimal => Unit::PartOfNanosecond(
                10_u64
                    .checked_pow(u32::from(decimal) - 9)
                    .unwrap_or(u64::MAX),
            ),
        }
    }
}

impl Clock {
    /// The time that `ticks` mean; at the ends of what can be told where they mean more.
    #[inline]
    fn time(self, ticks: u64) -> Timestamp {
        let nanoseconds = match self.unit {
            Unit::Nanoseconds(unit) => ticks.saturating_mul(unit),
            Unit::PartOfNanosecond(parts) => ticks / parts,
            Unit::BinarySeconds(power) => {
                let exact = (u128::from(ticks) * 1_000_000_000) >> power;
                u64::try_from(exact).unwrap_or(u64::MAX)
            }
        };
        let nanoseconds = i64::try_from(nanoseconds).unwrap_or(i64::MAX);
        Timestamp(nanoseconds.saturating_add(self.offset))
    }
}
