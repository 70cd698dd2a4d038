//! Reads the header of the PROXY protocol (HAProxy's specification, versions 1 and 2), which may stand before a client's first bytes.
//!
//! Looks and keeps nothing, as `probe` does.

use crate::model::{Endpoint, PROXY_V1, PROXY_V2, ProxyHeader, limits};
use memchr::memchr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the first bytes of a direction are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A header of so many bytes.
    Header(usize, ProxyHeader),
    /// It may become one.
    Undecided,
    /// No header, or none that is well-formed.
    Other,
}

/// Longest header of version 1, its CRLF included (§2.1).
const V1_LONGEST: usize = 107;

/// Bytes of version 2 before the addresses (§2.2).
const V2_FIXED: usize = 16;

/// Reads the first bytes of a direction.
pub(super) fn read(bytes: &[u8]) -> Reading {
    match bytes.first() {
        None => Reading::Undecided,
        Some(b'P') => version_1(bytes).unwrap_or(Reading::Other),
        Some(b'\r') => version_2(bytes).unwrap_or(Reading::Other),
        Some(_) => Reading::Other,
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` CRLF.
fn version_1(bytes: &[u8]) -> Option<Reading> {
    if !agrees(bytes, PROXY_V1) {
        return None;
    }
    let most = &bytes[..bytes.len().min(V1_LONGEST)];
    let said = most.get(PROXY_V1.len()..).unwrap_or_default();
    let Some(end) = memchr(b'\n', said) else {
        let families = [&b"TCP4 "[..], b"TCP6 ", b"UNKNOWN"];
        let fits = families.iter().any(|family| agrees(said, family));
        return (fits && most.len() < V1_LONGEST).then_some(Reading::Undecided);
    };
    let line = std::str::from_utf8(said[..end].strip_suffix(b"\r")?).ok()?;
    let header = match line.split_once(' ').unwrap_or((line, "")) {
        ("TCP4", rest) => tcp::<Ipv4Addr>(rest)?,
        ("TCP6", rest) => tcp::<Ipv6Addr>(rest)?,
        // What follows is ignored.
        ("UNKNOWN", _) => ProxyHeader::Unknown,
        _ => return None,
    };
    Some(Reading::Header(PROXY_V1.len() + end + 1, header))
}

/// Whether `bytes` and `pattern` are the same as far as both go.
fn agrees(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.iter().zip(pattern).all(|(byte, other)| byte == other)
}

/// Source, destination and their ports, with one space between.
fn tcp<A: std::str::FromStr + Into<IpAddr>>(text: &str) -> Option<ProxyHeader> {
    let mut parts = text.split(' ');
    let mut address = || parts.next()?.parse::<A>().ok().map(Into::into);
    let (source, destination) = (address()?, address()?);
    let mut port = || {
        let digits = parts.next()?;
        let plain = digits == "0" || digits.starts_with(|c| matches!(c, '1'..='9'));
        plain.then(|| digits.parse::<u16>().ok())?
    };
    let (source_port, destination_port) = (port()?, port()?);
    parts.next().is_none().then_some(ProxyHeader::Tcp(
        endpoint(source, source_port),
        endpoint(destination, destination_port),
    ))
}

/// The signature, version and command, family and protocol, a length, so many bytes: addresses and what else is told.
fn version_2(bytes: &[u8]) -> Option<Reading> {
    if !agrees(bytes, PROXY_V2) {
        return None;
    }
    let Some((fixed, rest)) = bytes.split_first_chunk::<V2_FIXED>() else {
        // The version and the command may be there.
        let fits = bytes
            .get(PROXY_V2.len())
            .is_none_or(|byte| matches!(byte, 0x20 | 0x21));
        return fits.then_some(Reading::Undecided);
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if V2_FIXED + length > limits::PROXY_HEADER {
        return None;
    }
    let addresses = rest.get(..length);
    let header = match (command, family) {
        (0x20, _) => Some(ProxyHeader::Local),
        (0x21, 0x11) if length < 12 => return None,
        (0x21, 0x21) if length < 36 => return None,
        (0x21, 0x11) => addresses.and_then(binary::<4>),
        (0x21, 0x21) => addresses.and_then(binary::<16>),
        // Unspecified, UDP, UNIX.
        (0x21, 0x00 | 0x12 | 0x22 | 0x31 | 0x32) => Some(ProxyHeader::Unknown),
        _ => return None,
    };
    match (addresses, header) {
        (Some(_), Some(header)) => Some(Reading::Header(V2_FIXED + length, header)),
        _ => Some(Reading::Undecided),
    }
}

/// Source, destination and their ports, in network order.
fn binary<const N: usize>(bytes: &[u8]) -> Option<ProxyHeader>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = bytes.split_first_chunk::<N>()?;
    let (destination, rest) = rest.split_first_chunk::<N>()?;
    let [a, b, c, d] = *rest.first_chunk()?;
    Some(ProxyHeader::Tcp(
        endpoint((*source).into(), u16::from_be_bytes([a, b])),
        endpoint((*destination).into(), u16::from_be_bytes([c, d])),
    ))
}

fn endpoint(address: IpAddr, port: u16) -> Endpoint {
    Endpoint { address, port }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Option<(usize, String)> {
        match read(bytes) {
            Reading::Header(length, header) => Some((length, header.to_string())),
            Reading::Undecided | Reading::Other => None,
        }
    }

    /// A header of version 2.
    fn binary_header(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u16::try_from(block.len()).unwrap().to_be_bytes();
        [&PROXY_V2[..], &[command, family], &length, block].concat()
    }

    const ADDRESSES: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB];

    #[test]
    fn a_line_of_version_1_names_both_ends() {
        for (line, says) in [
            (
                "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443",
                "192.0.2.1:56324 → 198.51.100.1:443",
            ),
            (
                "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535",
                "[2001:db8::1]:0 → [2001:db8::2]:65535",
            ),
            ("PROXY UNKNOWN", "unknown"),
            (
                "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
                "unknown",
            ),
        ] {
            let bytes = format!("{line}\r\nGET");
            assert_eq!(
                told(bytes.as_bytes()),
                Some((line.len() + 2, says.to_owned()))
            );
            for cut in 0..line.len() + 2 {
                assert_eq!(
                    read(&bytes.as_bytes()[..cut]),
                    Reading::Undecided,
                    "{line} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn a_line_that_is_not_well_formed_is_none() {
        let longest = format!("PROXY UNKNOWN {}", "x".repeat(V1_LONGEST - 16));
        assert_eq!(
            told(format!("{longest}\r\n").as_bytes()),
            Some((V1_LONGEST, "unknown".into()))
        );
        for line in [
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
            "PROXY TCP4 192.0.2.1  198.51.100.1 56324 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 +443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 0443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 65536\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
            "PROXY UDP4",
            "PROXY UNKNOWNS\r\n",
            "PROXY /a HTTP/1.1\r\n",
            "PROXIES",
            "POST / HTTP/1.1\r\n",
            " PROXY UNKNOWN\r\n",
            &format!("{longest}x\r\n"),
            &"PROXY UNKNOWN ".repeat(8)[..V1_LONGEST],
        ] {
            assert_eq!(read(line.as_bytes()), Reading::Other, "{line:?}");
        }
    }

    #[test]
    fn a_header_of_version_2_is_as_long_as_it_says() {
        let six = [&[0x20; 32][..], &[0, 1, 0, 2]].concat();
        let six_says = "[2020:2020:2020:2020:2020:2020:2020:2020]:1 → [2020:2020:2020:2020:2020:2020:2020:2020]:2";
        let more = [ADDRESSES, b"\x04\0\x05\r\n\r\nG"].concat();
        for (header, says) in [
            (
                binary_header(0x21, 0x11, ADDRESSES),
                "192.0.2.1:56324 → 198.51.100.1:443",
            ),
            (
                binary_header(0x21, 0x11, &more),
                "192.0.2.1:56324 → 198.51.100.1:443",
            ),
            (binary_header(0x21, 0x21, &six), six_says),
            (binary_header(0x21, 0x12, ADDRESSES), "unknown"),
            (binary_header(0x21, 0x31, &[b'/'; 216]), "unknown"),
            (binary_header(0x21, 0x00, &[]), "unknown"),
            (binary_header(0x20, 0x11, ADDRESSES), "local"),
            (binary_header(0x20, 0xFF, &[]), "local"),
        ] {
            let bytes = [&header[..], b"GET"].concat();
            assert_eq!(told(&bytes), Some((header.len(), says.to_owned())));
            for cut in 0..header.len() {
                assert_eq!(
                    read(&bytes[..cut]),
                    Reading::Undecided,
                    "{says} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn a_binary_header_that_is_not_well_formed_is_none() {
        let room = limits::PROXY_HEADER - V2_FIXED;
        assert!(told(&binary_header(0x20, 0, &vec![0; room])).is_some());
        for header in [
            binary_header(0x20, 0, &vec![0; room + 1]),
            binary_header(0x11, 0x11, ADDRESSES),
            binary_header(0x22, 0x11, ADDRESSES),
            binary_header(0x21, 0x13, ADDRESSES),
            binary_header(0x21, 0x11, &ADDRESSES[1..]),
            binary_header(0x21, 0x21, ADDRESSES),
        ] {
            assert_eq!(read(&header), Reading::Other, "{:?}", &header[..16]);
        }
        assert_eq!(read(b"\r\n\r\nGET"), Reading::Other);
        assert_eq!(read(&[&PROXY_V2[..], b"\x31"].concat()), Reading::Other);
    }
}
