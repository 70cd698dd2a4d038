//! Where and when: frame numbers, capture time, and the span of frames that a byte or an event took.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A frame's number in its capture file, from 1, as Wireshark's `frame.number`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FrameNo(pub u64);

impl std::fmt::Display for FrameNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A duration in nanoseconds of capture time; negative where the capture's clock went back.
pub type Nanos = i64;

/// Capture time: nanoseconds since 1970-01-01T00:00:00Z. Never the time of the machine that analyses.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Nanoseconds from `earlier` to `self`.
    pub fn since(self, earlier: Timestamp) -> Nanos {
        self.0.saturating_sub(earlier.0)
    }
}

/// A frame and the time at which it was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The frame's number.
    pub frame: FrameNo,
    /// The frame's capture time.
    pub time: Timestamp,
}

/// Which frames a run of bytes took: the carrier of its first byte, and the frame in which all of it was *there*
/// (it and every byte before it in its direction had been captured).
///
/// Invariant: `first.frame <= there.frame`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The frame that carried the first byte.
    pub first: At,
    /// The frame on whose arrival the last byte, and all before it, had been captured.
    pub there: At,
}

impl Span {
    /// The span of bytes that were there as soon as they were carried.
    pub fn of(at: At) -> Span {
        Span {
            first: at,
            there: at,
        }
    }

    /// The span of this run followed by `later`: the first byte's carrier, the latest *there*.
    #[must_use]
    pub fn join(self, later: Span) -> Span {
        let there = if later.there.frame >= self.there.frame {
            later.there
        } else {
            self.there
        };
        Span {
            first: self.first,
            there,
        }
    }
}

/// A link-layer header type, as LINKTYPE_ values in a capture file (`https://www.tcpdump.org/linktypes.html`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u32);

/// Bytes that were read at once, with frames in them. Who holds one may keep frames without copying them: its bytes do not change
/// while anybody else has it.
#[derive(Clone, Default)]
pub struct Block(Arc<Vec<u8>>);

impl Block {
    /// A block of so many zeros.
    pub fn zeroed(length: usize) -> Block {
        Block(Arc::new(vec![0; length]))
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, to be changed: those of a copy of its own, where it is shared.
    pub fn to_mut(&mut self) -> &mut Vec<u8> {
        Arc::make_mut(&mut self.0)
    }

    /// Whether somebody else has it too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Whether both are the same one.
    #[inline]
    pub fn is(&self, other: &Block) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where in the block `part` begins, if it is a part of it and not of something else.
    #[inline]
    pub fn place_of(&self, part: &[u8]) -> Option<usize> {
        let place = (part.as_ptr() as usize).wrapping_sub(self.0.as_ptr() as usize);
        let end = place.checked_add(part.len())?;
        (end <= self.0.len()).then_some(place)
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block of {} bytes", self.0.len())
    }
}

/// One captured frame, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number and time.
    pub at: At,
    /// How `bytes` begins.
    pub link: LinkType,
    /// What was captured, link-layer header first; at most the snaplen.
    pub bytes: &'a [u8],
    /// The frame's length on the wire, in bytes; more than `bytes.len()` where the snaplen cut it.
    pub wire_length: u32,
    /// What `bytes` lie in, where that may be kept.
    pub block: Option<&'a Block>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(frame: u64) -> At {
        At {
            frame: FrameNo(frame),
            time: Timestamp(frame as i64 * 1000),
        }
    }

    #[test]
    fn a_part_of_a_block_has_a_place_in_it() {
        let (mut block, other) = (Block::zeroed(9), Block::zeroed(9));
        assert_eq!(block.place_of(&block.bytes()[4..9]), Some(4));
        assert_eq!(block.place_of(&other.bytes()[4..9]), None);
        let kept = block.clone();
        assert!(block.is_shared() && block.is(&kept));
        block.to_mut()[0] = 1;
        assert_eq!((kept.bytes()[0], block.is(&kept)), (0, false));
    }

    #[test]
    fn a_join_keeps_the_first_carrier_and_the_latest_there() {
        let early = Span {
            first: at(3),
            there: at(5),
        };
        let late = Span::of(at(4));
        assert_eq!(
            early.join(late),
            Span {
                first: at(3),
                there: at(5)
            }
        );
        assert_eq!(
            late.join(early),
            Span {
                first: at(4),
                there: at(5)
            }
        );
    }
}
