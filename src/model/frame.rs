//! Where and when: frame numbers, capture time, and the span of frames that a byte or an event took.

use serde::{Deserialize, Serialize};

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
