//! The bytes of one layer: what was captured of them, and how many they were on the wire.
//!
//! Every read says `None` where the capture ends; nothing here panics, whatever a length field claims.

/// A run of bytes of a frame, of which the snaplen may have cut the end.
///
/// Invariant: `captured.len() <= length`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a> {
    captured: &'a [u8],
    length: usize,
}

impl<'a> Bytes<'a> {
    /// The bytes of a frame that was `wire_length` bytes long. A capture that claims fewer than it holds is not believed.
    pub(crate) fn of_frame(captured: &'a [u8], wire_length: u32) -> Bytes<'a> {
        Bytes {
            captured,
            length: captured.len().max(wire_length as usize),
        }
    }

    /// Bytes of which none are missing.
    pub(crate) fn whole(captured: &'a [u8]) -> Bytes<'a> {
        Bytes {
            captured,
            length: captured.len(),
        }
    }

    /// What was captured.
    pub(crate) fn captured(self) -> &'a [u8] {
        self.captured
    }

    /// The length on the wire.
    pub(crate) fn length(self) -> usize {
        self.length
    }

    /// The byte at `at`.
    #[inline]
    pub(crate) fn byte(self, at: usize) -> Option<u8> {
        self.captured.get(at).copied()
    }

    /// The 16 bits at `at`, in network order.
    #[inline]
    pub(crate) fn be16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// The 32 bits at `at`, in network order.
    #[inline]
    pub(crate) fn be32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// `N` bytes at `at`.
    #[inline]
    pub(crate) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.captured.get(at..)?.first_chunk::<N>().copied()
    }

    /// What follows the first `count` bytes; `None` where the wire had fewer. Where the capture had fewer, nothing
    /// is left to read.
    #[inline]
    #[must_use]
    pub(crate) fn skip(self, count: usize) -> Option<Bytes<'a>> {
        Some(Bytes {
            captured: self.captured.get(count..).unwrap_or(&[]),
            length: self.length.checked_sub(count)?,
        })
    }

    /// The first `count` bytes, or all where there are fewer: a length field never makes more than there was.
    #[inline]
    #[must_use]
    pub(crate) fn limit(self, count: usize) -> Bytes<'a> {
        Bytes {
            captured: self.captured.get(..count).unwrap_or(self.captured),
            length: self.length.min(count),
        }
    }

    /// The bytes without the last `count`, as for a frame check sequence; all where there are fewer.
    #[must_use]
    pub(crate) fn without_trailer(self, count: usize) -> Bytes<'a> {
        match self.length.checked_sub(count) {
            Some(length) => self.limit(length),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_field_never_makes_more_bytes_than_there_were() {
        let bytes = Bytes::of_frame(&[1, 2, 3], 5);
        assert_eq!(bytes.limit(100).length(), 5);
        assert_eq!(bytes.limit(4).captured(), &[1, 2, 3]);
        assert_eq!(bytes.limit(2).captured(), &[1, 2]);
        assert_eq!(bytes.limit(2).length(), 2);
    }

    #[test]
    fn skipping_past_the_capture_leaves_the_length_on_the_wire() {
        let bytes = Bytes::of_frame(&[1, 2, 3], 10);
        let rest = bytes.skip(7).unwrap();
        assert_eq!((rest.captured(), rest.length()), (&[][..], 3));
        assert!(bytes.skip(11).is_none());
    }

    #[test]
    fn a_read_over_the_end_of_the_capture_is_none() {
        let bytes = Bytes::of_frame(&[1, 2, 3], 10);
        assert_eq!(bytes.be16(1), Some(0x0203));
        assert_eq!(bytes.be16(2), None);
        assert_eq!(bytes.be32(usize::MAX), None);
    }

    #[test]
    fn a_trailer_is_cut_from_the_wire_length_first() {
        let bytes = Bytes::of_frame(&[1, 2, 3], 5);
        assert_eq!(bytes.without_trailer(1).captured(), &[1, 2, 3]);
        assert_eq!(bytes.without_trailer(4).captured(), &[1]);
        assert_eq!(bytes.without_trailer(9).length(), 5);
    }
}
