//! L2TP version 2 (RFC 2661 §3.1): data messages carry PPP.
//!
//! Version 3 is not followed: what its sessions carry is agreed in control messages.

use super::super::bytes::Bytes;
use super::super::layer::{Layer, Read, Step};

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

/// Flags, length if present, tunnel, session, sequence numbers and offset if present.
pub(super) fn read(bytes: Bytes<'_>) -> Read<'_> {
    let flags = bytes.be16(0)?;
    if flags & VERSION != 2 || flags & CONTROL != 0 {
        return Some(Step::Other);
    }
    let mut message = bytes;
    let mut header = 6;
    if flags & LENGTH != 0 {
        message = bytes.limit(usize::from(bytes.be16(2)?));
        header += 2;
    }
    if flags & SEQUENCE != 0 {
        header += 4;
    }
    if flags & OFFSET != 0 {
        header += 2 + usize::from(message.be16(header)?);
    }
    let payload = message.skip(header)?;
    if payload.length() == 0 {
        return Some(Step::Other);
    }
    Some(Step::Next(Layer::PppHdlc, payload))
}
