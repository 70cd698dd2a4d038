//! 802.2 LLC and SNAP.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

/// Service access points.
const SAP_IP: u8 = 0x06;
const SAP_SNAP: u8 = 0xaa;
/// The control field of an unnumbered information frame.
const UNNUMBERED_INFORMATION: u8 = 0x03;

/// Destination and source service access point, control, and SNAP's five bytes.
pub(in super::super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let destination = bytes.byte(0)?;
    let source = bytes.byte(1)?;
    let control = bytes.byte(2)?;
    // Unnumbered frames have one byte of control, the others two.
    let (information, header) = if control & 3 == 3 {
        (control == UNNUMBERED_INFORMATION, 3)
    } else {
        (control & 1 == 0, 4)
    };
    if !information {
        return Some(Step::Other);
    }
    let rest = bytes.skip(header)?;
    match (destination, source) {
        (SAP_SNAP, SAP_SNAP) => read_snap(rest, 2),
        (SAP_IP, _) => Some(Step::Next(Layer::Ipv4, rest)),
        _ => Some(Step::Other),
    }
}

/// SNAP: an organisation's identifier and a protocol of its own. `padding` stands before bridged frames: two bytes in ATM
/// (RFC 2684 §5.2), which Wireshark takes for LLC everywhere, none in frame relay (RFC 2427 §4.1).
pub(super) fn read_snap(bytes: Bytes<'_>, padding: usize) -> Read<'_> {
    let [organisation @ .., p0, p1] = bytes.array::<5>(0)?;
    let protocol = u16::from_be_bytes([p0, p1]);
    let rest = bytes.skip(5)?;
    Some(match organisation {
        // Encapsulated Ethernet (RFC 1042), and Cisco's number for the same.
        [0, 0, 0] | [0, 0, 0xf8] => Step::Next(Layer::EtherType(protocol), rest),
        // 802.1: bridged Ethernet with and without its frame check sequence.
        [0, 0x80, 0xc2] => match protocol {
            1 => Step::Next(Layer::Ethernet, rest.skip(padding)?.without_trailer(4)),
            7 => Step::Next(Layer::Ethernet, rest.skip(padding)?),
            _ => Step::Other,
        },
        _ => Step::Other,
    })
}
