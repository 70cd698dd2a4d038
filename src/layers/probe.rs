//! Tells from its first bytes what a direction speaks: an HTTP/1 start line, a TLS record, the HTTP/2 preface, or none of them.
//!
//! Looks and keeps nothing; what it cannot tell yet it calls undecided.

use memchr::memchr;

/// What the first bytes of a direction, or of a delivery, are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An HTTP/1 start line.
    Http1,
    /// The client's HTTP/2 preface (RFC 9113 §3.4).
    Http2,
    /// It may become one of them.
    Undecided,
    /// None of them.
    Other,
}

/// Longest method that is believed: the longest registered one, UPDATEREDIRECTREF, has 17 letters.
const METHOD: usize = 24;

/// A request line (RFC 9112 §3): `METHOD SP target SP HTTP/1.x`. Methods are upper case (all that are registered are), so that
/// other line protocols are told apart early; SIP and RTSP by the version at the line's end.
pub(super) fn request_line(bytes: &[u8]) -> Verdict {
    let method = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'-')
        .count();
    if method > METHOD || (method == 0 && !bytes.is_empty()) {
        return Verdict::Other;
    }
    match bytes.get(method) {
        None => return Verdict::Undecided,
        Some(b' ') => {}
        Some(_) => return Verdict::Other,
    }
    let rest = &bytes[method + 1..];
    let Some(end) = memchr(b'\n', rest) else {
        return Verdict::Undecided;
    };
    let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
    match line.rsplit(|byte| *byte == b' ').next() {
        Some([b'H', b'T', b'T', b'P', b'/', b'1', b'.', digit]) if digit.is_ascii_digit() => {
            Verdict::Http1
        }
        Some(b"HTTP/2.0") if bytes.starts_with(b"PRI * ") => Verdict::Http2,
        _ => Verdict::Other,
    }
}

/// A status line (RFC 9112 §4): `HTTP/1.x SP 3DIGIT`. More than one space is let pass.
pub(super) fn status_line(bytes: &[u8]) -> Verdict {
    const PATTERN: &[u8; 9] = b"HTTP/1.0 ";
    for (byte, pattern) in bytes.iter().zip(PATTERN) {
        let fits = match pattern {
            b'0' => byte.is_ascii_digit(),
            _ => byte == pattern,
        };
        if !fits {
            return Verdict::Other;
        }
    }
    let status = bytes.get(PATTERN.len()..).unwrap_or_default();
    match status.trim_ascii_start().first() {
        None => Verdict::Undecided,
        Some(b'0'..=b'9') => Verdict::Http1,
        Some(_) => Verdict::Other,
    }
}

/// A TLS record (RFC 8446 §5.1): type, version 3.x, a length that is allowed.
pub(super) fn is_tls(bytes: &[u8]) -> bool {
    let record = match bytes {
        [0x14..=0x17, 3, 0..=4, high, low, ..] => {
            u16::from_be_bytes([*high, *low]) <= 16_384 + 2_048
        }
        [0x14..=0x17, 3] | [0x14..=0x17, 3, 0..=4] | [0x14..=0x17, 3, 0..=4, _] => true,
        _ => false,
    };
    // A single byte tells only that it is a client hello's first.
    record || bytes == [0x16]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_told_by_its_version() {
        assert_eq!(request_line(b"GET / HTTP/1.1\r\nHost"), Verdict::Http1);
        assert_eq!(request_line(b"M-SEARCH * HTTP/1.1\n"), Verdict::Http1);
        assert_eq!(request_line(b"PRI * HTTP/2.0\r\n\r\nSM"), Verdict::Http2);
        for prefix in ["", "G", "GET", "GET /long", "GET / HTTP/1.1\r"] {
            assert_eq!(
                request_line(prefix.as_bytes()),
                Verdict::Undecided,
                "{prefix}"
            );
        }
        for other in [
            "SSH-2.0-x\r\n",
            "OPTIONS sip:a SIP/2.0\r\n",
            "GET key\r\n",
            "*1\r\n",
            "\0",
        ] {
            assert_eq!(request_line(other.as_bytes()), Verdict::Other, "{other}");
        }
    }

    #[test]
    fn a_status_line_is_told_by_its_version_and_a_digit() {
        let line = b"HTTP/1.1 200 OK";
        for length in 0..10 {
            assert_eq!(status_line(&line[..length]), Verdict::Undecided);
        }
        assert_eq!(status_line(line), Verdict::Http1);
        assert_eq!(status_line(b"HTTP/2 200"), Verdict::Other);
        assert_eq!(status_line(b"data: x"), Verdict::Other);
    }

    #[test]
    fn tls_is_told_by_a_record_header() {
        assert!(is_tls(&[0x16, 3, 1, 2, 0, 1]));
        assert!(is_tls(&[0x17, 3, 3, 0x40, 0x18]));
        assert!(!is_tls(&[0x17, 3, 3, 0xFF, 0xFF]));
        assert!(!is_tls(b"GET"));
    }
}
