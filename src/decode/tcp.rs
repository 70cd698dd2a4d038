//! A TCP header (RFC 9293 §3.1) and its options become a segment.
//!
//! In come the bytes that IP carries, out comes a [`Segment`] whose payload is borrowed from them. Checksums are not
//! looked at: with offload the sender's are wrong in every capture made on the sender.

use super::bytes::Bytes;
use super::layer::Outside;
use super::skip;
use crate::model::{At, Decoded, Flags, Segment, TcpOptions};

/// Bytes of a header without options.
const HEADER: usize = 20;
/// Bytes of a header up to the window. What follows, checksum and urgent pointer, is not needed: a header that the
/// snaplen cuts there is whole enough, for Wireshark too.
const NEEDED: usize = 16;

/// Option kinds (RFC 9293 §3.1, RFC 7323, RFC 2018).
mod kind {
    pub(super) const END: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const MSS: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK_PERMITTED: u8 = 4;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;
}

/// Reads the segment.
#[inline]
pub(crate) fn read<'a>(bytes: Bytes<'a>, outside: &Outside, at: At) -> Decoded<'a> {
    let Some(header) = bytes.array::<NEEDED>(0) else {
        return Decoded::Skipped(skip::TCP_CUT);
    };
    let [
        s0,
        s1,
        d0,
        d1,
        q0,
        q1,
        q2,
        q3,
        a0,
        a1,
        a2,
        a3,
        offset,
        flags,
        w0,
        w1,
    ] = header;
    let (source, destination) = outside
        .addresses
        .with_ports(u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    let sequence = u32::from_be_bytes([q0, q1, q2, q3]);
    let flags = Flags(flags);
    let header_length = usize::from(offset >> 4) * 4;

    // The length of the payload is the rest of the IP packet. Of a quoted packet or a lone first fragment there is no
    // rest to go by, and a header longer than the packet leaves none (Wireshark: "Short segment", no tcp.len). Such a
    // header, and one whose length is too small to be, names a connection and no more.
    if outside.quoted
        || outside.fragment
        || header_length < HEADER
        || bytes.length() < header_length
    {
        return Decoded::Quoted {
            source,
            destination,
            sequence,
            flags,
        };
    }
    let captured = bytes.captured();
    let options = captured
        .get(HEADER..header_length)
        .or_else(|| captured.get(HEADER..))
        .unwrap_or(&[]);
    Decoded::Tcp(Segment {
        at,
        source,
        destination,
        sequence,
        acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        options: read_options(options),
        payload: captured.get(header_length..).unwrap_or(&[]),
        length: (bytes.length() - header_length) as u32,
    })
}

/// Reads as many options as are there; one that contradicts its length ends the list, as in Wireshark.
#[inline]
pub(super) fn read_options(bytes: &[u8]) -> TcpOptions {
    match bytes {
        bytes if are_timestamps(bytes) => TcpOptions::TIMESTAMPS,
        [] => TcpOptions::NONE,
        _ => walk_options(bytes),
    }
}

/// Whether they are what nearly every segment carries (RFC 7323 appendix A): two no-operations and the timestamps.
#[inline]
pub(super) fn are_timestamps(options: &[u8]) -> bool {
    const BEGIN: [u8; 4] = [kind::NO_OPERATION, kind::NO_OPERATION, kind::TIMESTAMPS, 10];
    options.len() == 12 && options.starts_with(&BEGIN)
}

fn walk_options(bytes: &[u8]) -> TcpOptions {
    let mut options = TcpOptions::NONE;
    let mut rest = bytes;
    loop {
        let (kind, value, after) = match rest {
            [] | [kind::END, ..] => return options,
            [kind::NO_OPERATION, after @ ..] => {
                rest = after;
                continue;
            }
            [kind, length, after @ ..] => {
                let Some((value, after)) = usize::from(*length)
                    .checked_sub(2)
                    .and_then(|length| after.split_at_checked(length))
                else {
                    return options;
                };
                (*kind, value, after)
            }
            [_] => return options,
        };
        rest = after;
        match (kind, value) {
            (kind::MSS, [high, low]) => options.mss = Some(u16::from_be_bytes([*high, *low])),
            (kind::WINDOW_SCALE, [shift]) => options.window_scale = Some(*shift),
            (kind::SACK_PERMITTED, []) => options.sack_permitted = true,
            (kind::SACK, blocks) => {
                let mut blocks = blocks.chunks_exact(8);
                options.sack_blocks = blocks.len() as u8; // at most 253 / 8
                if let Some([l0, l1, l2, l3, r0, r1, r2, r3]) = blocks.next() {
                    let left = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
                    let right = u32::from_be_bytes([*r0, *r1, *r2, *r3]);
                    options.first_sack = Some((left, right));
                }
            }
            (kind::TIMESTAMPS, [_, _, _, _, _, _, _, _]) => options.timestamps = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(header: &[u8], wire: u32) -> Decoded<'_> {
        read(
            Bytes::of_frame(header, wire),
            &Outside::nothing(),
            At::default(),
        )
    }

    fn header(offset: u8) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x90, 0xc0, 0x00, 0, 0, 0, 7, 0, 0, 0, 9];
        bytes.extend([offset << 4, 0x18, 0x01, 0x02, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn the_options_of_a_syn_are_read() {
        let mut bytes = header(10);
        bytes.extend([
            2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7,
        ]);
        let Decoded::Tcp(segment) = segment(&bytes, 0) else {
            panic!("no segment");
        };
        assert_eq!(segment.options.mss, Some(1460));
        assert_eq!(segment.options.window_scale, Some(7));
        assert!(segment.options.sack_permitted && segment.options.timestamps);
        assert_eq!(segment.length, 0);
    }

    #[test]
    fn the_first_of_two_sack_blocks_is_kept_and_both_are_counted() {
        let mut bytes = header(10);
        bytes.extend([1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9]);
        let Decoded::Tcp(segment) = segment(&bytes, 0) else {
            panic!("no segment");
        };
        assert_eq!(segment.options.sack_blocks, 2);
        assert_eq!(segment.options.first_sack, Some((1, 2)));
    }

    #[test]
    fn an_option_that_runs_past_the_header_ends_the_list() {
        let mut bytes = header(6);
        bytes.extend([3, 40, 7, 0]);
        let Decoded::Tcp(segment) = segment(&bytes, 0) else {
            panic!("no segment");
        };
        assert_eq!(segment.options, TcpOptions::default());
    }

    #[test]
    fn a_payload_cut_by_the_snaplen_keeps_its_length() {
        let mut bytes = header(5);
        bytes.extend(b"abc");
        let Decoded::Tcp(segment) = segment(&bytes, 120) else {
            panic!("no segment");
        };
        assert_eq!((segment.payload, segment.length), (&b"abc"[..], 100));
    }

    #[test]
    fn options_cut_by_the_snaplen_leave_the_length_as_it_was() {
        let bytes = header(8);
        let Decoded::Tcp(segment) = segment(&bytes, 132) else {
            panic!("no segment");
        };
        assert_eq!((segment.payload, segment.length), (&b""[..], 100));
    }

    #[test]
    fn a_header_cut_before_its_window_is_skipped() {
        let bytes = header(5);
        assert!(matches!(
            segment(&bytes[..15], 40),
            Decoded::Skipped(skip::TCP_CUT)
        ));
        let Decoded::Tcp(segment) = segment(&bytes[..16], 40) else {
            panic!("no segment");
        };
        assert_eq!((segment.window, segment.length), (0x0102, 20));
    }

    #[test]
    fn a_header_whose_length_cannot_be_only_names_its_connection() {
        assert!(matches!(segment(&header(15), 0), Decoded::Quoted { .. }));
        assert!(matches!(segment(&header(4), 40), Decoded::Quoted { .. }));
    }
}
