//! How an HTTP/1 message begins, as far as the first bytes of a direction can tell.

use super::PROXY_V2;

/// What the first line of some bytes looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// `GET /events HTTP/1.1`, the preface of HTTP/2, or a header of the PROXY protocol, which only clients send.
    Request,
    /// `HTTP/1.1 200 OK`.
    Status,
}

/// Longest method that is believed: IANA's longest, UPDATEREDIRECTREF, has 17 letters.
const METHOD: usize = 24;

impl FirstLine {
    /// Reads the first line of `bytes`, which may be cut anywhere behind the request line's first space.
    ///
    /// A whole line must end in an HTTP version (RFC 9112 §3); a cut one is believed for its method, in capitals, and a target
    /// that begins as one of RFC 9112 §3.2 does.
    pub fn of(bytes: &[u8]) -> Option<FirstLine> {
        if let Some(version) = bytes.strip_prefix(b"HTTP/") {
            // RFC 9112 §4: HTTP-version SP status-code
            return match version {
                [major, b'.', minor, b' ', status, ..]
                    if [major, minor, status].iter().all(|b| b.is_ascii_digit()) =>
                {
                    Some(FirstLine::Status)
                }
                _ => None,
            };
        }
        if bytes.starts_with(PROXY_V2)
            || bytes.starts_with(b"PROXY TCP")
            || bytes.starts_with(b"PROXY UNKNOWN")
        {
            return Some(FirstLine::Request);
        }
        let space = bytes.iter().take(METHOD + 1).position(|b| *b == b' ')?;
        let (method, target) = bytes.split_at(space);
        let target = &target[1..];
        if method.is_empty()
            || !method
                .iter()
                .all(|b| b.is_ascii_uppercase() || b"-_".contains(b))
        {
            return None;
        }
        let believed = match memchr::memchr(b'\n', target) {
            Some(end) => {
                let line = target[..end].trim_ascii_end();
                line.len()
                    .checked_sub(b" HTTP/1.1".len())
                    .is_some_and(|at| line[at..].starts_with(b" HTTP/"))
            }
            None => match target.first() {
                Some(b'/' | b'*') => true,
                Some(_) => target.starts_with(b"http") || method == b"CONNECT",
                None => false,
            },
        };
        believed.then_some(FirstLine::Request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_told_by_its_version_or_when_cut_by_its_target() {
        for line in [
            &b"GET /events HTTP/1.1\r\n"[..],
            b"POST /v1/messages HTTP/1.1\r\nHost: a",
            b"CONNECT a:443 HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /a-very-long-target-that-is-cu",
            b"GET http://a/ HTTP/1.0\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
            b"PROXY UNKNOWN\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
        ] {
            assert_eq!(FirstLine::of(line), Some(FirstLine::Request), "{line:?}");
        }
    }

    #[test]
    fn a_status_line_is_told_by_its_version_and_digit() {
        assert_eq!(
            FirstLine::of(b"HTTP/1.1 200 OK\r\n"),
            Some(FirstLine::Status)
        );
        assert_eq!(FirstLine::of(b"HTTP/1.1 2"), Some(FirstLine::Status));
        assert_eq!(FirstLine::of(b"HTTP/1.1"), None);
    }

    #[test]
    fn other_bytes_are_neither() {
        for bytes in [
            &b""[..],
            b"\x16\x03\x01\x02\x00\x01",
            b"data: GET / HTTP/1.1\n\n",
            b" / HTTP/1.1\r\n",
            b"USER anonymous\r\n",
            b"EHLO mail.example\r\n",
            b"GET",
        ] {
            assert_eq!(FirstLine::of(bytes), None, "{bytes:?}");
        }
    }
}
