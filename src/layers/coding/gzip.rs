//! gzip (RFC 1952): members one after the other, headers and trailers at any border.
//!
//! A member's checksum is checked where its trailer is there; a missing trailer is normal in a stream that was cut.

use super::Decode;
use super::inflate::Inflate;
use flate2::Crc;

/// The decoder.
pub(super) struct Gzip {
    state: State,
    inflate: Inflate,
    crc: Crc,
    /// Members that are complete.
    members: u64,
}

/// What comes next.
enum State {
    /// The ten bytes that begin a member: how many were seen, and the flags once they were.
    Fixed { seen: u8, flags: u8 },
    /// The length of the extra field, its second byte first.
    ExtraLength { flags: u8, low: Option<u8> },
    /// So many bytes of the extra field.
    Extra { flags: u8, left: u16 },
    /// The file name, up to a zero.
    Name { flags: u8 },
    /// The comment, up to a zero.
    Comment { flags: u8 },
    /// So many bytes of the header's checksum.
    HeaderChecksum { left: u8 },
    /// Deflate data.
    Data,
    /// CRC32 and ISIZE.
    Trailer { bytes: [u8; 8], seen: usize },
    /// Padding or junk after a member: it is ignored, as clients do.
    Ignored,
}

/// RFC 1952 §2.3.1 FLG.
const HEADER_CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip {
            state: State::Fixed { seen: 0, flags: 0 },
            inflate: Inflate::raw(),
            crc: Crc::new(),
            members: 0,
        }
    }

    fn header(&mut self, byte: u8) -> Result<(), String> {
        self.state = match self.state {
            State::Fixed { seen, flags } => {
                let fits = match seen {
                    0 => byte == 0x1F,
                    1 => byte == 0x8B,
                    2 => byte == 8,
                    _ => true,
                };
                if !fits && self.members > 0 {
                    self.state = State::Ignored;
                    return Ok(());
                }
                if !fits {
                    return Err("the body does not begin as gzip does".to_owned());
                }
                let flags = if seen == 3 { byte } else { flags };
                match seen {
                    9 => after_fixed(flags),
                    _ => State::Fixed {
                        seen: seen + 1,
                        flags,
                    },
                }
            }
            State::ExtraLength { flags, low: None } => State::ExtraLength {
                flags,
                low: Some(byte),
            },
            State::ExtraLength {
                flags,
                low: Some(low),
            } => match u16::from_le_bytes([low, byte]) {
                0 => after_extra(flags),
                left => State::Extra { flags, left },
            },
            State::Extra { flags, left: 1 } => after_extra(flags),
            State::Extra { flags, left } => State::Extra {
                flags,
                left: left - 1,
            },
            State::Name { flags } if byte == 0 => after_name(flags),
            State::Comment { flags } if byte == 0 => after_comment(flags),
            State::HeaderChecksum { left: 1 } => State::Data,
            State::HeaderChecksum { left } => State::HeaderChecksum { left: left - 1 },
            State::Name { flags } => State::Name { flags },
            State::Comment { flags } => State::Comment { flags },
            State::Data => State::Data,
            State::Ignored => State::Ignored,
            State::Trailer { bytes, seen } => State::Trailer { bytes, seen },
        };
        Ok(())
    }

    fn trailer_complete(&mut self, bytes: [u8; 8]) -> Result<(), String> {
        let [a, b, c, d, ..] = bytes;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err("the gzip data does not match its checksum".to_owned());
        }
        self.members += 1;
        self.crc.reset();
        self.inflate = Inflate::raw();
        self.state = State::Fixed { seen: 0, flags: 0 };
        Ok(())
    }
}

fn after_fixed(flags: u8) -> State {
    if flags & EXTRA != 0 {
        State::ExtraLength { flags, low: None }
    } else {
        after_extra(flags)
    }
}

fn after_extra(flags: u8) -> State {
    if flags & NAME != 0 {
        State::Name { flags }
    } else {
        after_name(flags)
    }
}

fn after_name(flags: u8) -> State {
    if flags & COMMENT != 0 {
        State::Comment { flags }
    } else {
        after_comment(flags)
    }
}

fn after_comment(flags: u8) -> State {
    if flags & HEADER_CHECKSUM != 0 {
        State::HeaderChecksum { left: 2 }
    } else {
        State::Data
    }
}

impl Decode for Gzip {
    fn memory(&self) -> usize {
        size_of::<Gzip>() + self.inflate.memory()
    }

    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        loop {
            match &mut self.state {
                State::Data => {
                    let written = self.inflate.decode(input, output)?;
                    self.crc.update(&output[..written]);
                    if self.inflate.ended() {
                        self.state = State::Trailer {
                            bytes: [0; 8],
                            seen: 0,
                        };
                    }
                    if written > 0 || input.is_empty() {
                        return Ok(written);
                    }
                }
                State::Ignored => {
                    *input = &[];
                    return Ok(0);
                }
                State::Trailer { bytes, seen } => {
                    let Some((byte, rest)) = input.split_first() else {
                        return Ok(0);
                    };
                    *input = rest;
                    bytes[*seen] = *byte;
                    *seen += 1;
                    if *seen == bytes.len() {
                        let bytes = *bytes;
                        self.trailer_complete(bytes)?;
                    }
                }
                _ => {
                    let Some((byte, rest)) = input.split_first() else {
                        return Ok(0);
                    };
                    *input = rest;
                    self.header(*byte)?;
                }
            }
        }
    }
}
