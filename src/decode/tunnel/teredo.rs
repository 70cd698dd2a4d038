//! Teredo (RFC 4380 §5.1.1): IPv6 behind an authentication header and an origin indication, each of which may be missing.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

const ORIGIN: u16 = 0;
const AUTHENTICATION: u16 = 1;

/// Reads both headers.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let mut rest = bytes;
    if rest.be16(0)? == AUTHENTICATION {
        let identifier = usize::from(rest.byte(2)?);
        let value = usize::from(rest.byte(3)?);
        rest = rest.skip(13 + identifier + value)?;
    }
    if rest.be16(0)? == ORIGIN {
        rest = rest.skip(8)?;
    }
    Some(match rest.byte(0)? >> 4 {
        6 => Step::Next(Layer::Ipv6, rest),
        _ => Step::Other,
    })
}
