//! Reads a complete head with httparse: start line, fields, and what they say.
//!
//! Reading is as lenient as clients are: bare LF, obs-fold, white space before a colon and broken field lines are let pass. What some of them refuse is read as well
//! as it can be, and said.

use super::fields::{self, Field};
use super::head::Head;
use crate::layers::probe::{self, Verdict};
use crate::model::{At, RequestHead, ResponseHead, limits};
use httparse::{EMPTY_HEADER, Error, Header, ParserConfig, Status};
use memchr::{memchr, memrchr};
use smol_str::{SmolStr, format_smolstr};

/// Most heads have fewer fields than this; for others the parser is run again with room for the cap.
const FEW_FIELDS: usize = 64;

/// What a head was read from that breaks the syntax; `None` where it does not.
pub(super) type Breach = Option<&'static str>;

/// Reads a request head.
pub(super) fn request(head: &Head<'_>) -> Result<(RequestHead, Breach), Error> {
    // The line's last character.
    let line = memchr(b'\n', head.bytes).map_or(head.bytes, |end| &head.bytes[..end]);
    let minor = line.trim_ascii_end().len().saturating_sub(1);
    let Some((bytes, version)) = later_minor(head.bytes, minor) else {
        return request_1_1(head);
    };
    let (request, breach) = request_1_1(&head.read_as(&bytes))?;
    Ok((RequestHead { version, ..request }, breach))
}

fn request_1_1(head: &Head<'_>) -> Result<(RequestHead, Breach), Error> {
    let strictly = read_request(head.bytes, head);
    let Err(error) = strictly else {
        return strictly.map(|request| (request, None));
    };
    let (tidy, method, target) = tidy_request(head.bytes).ok_or(error)?;
    let request = read_request(&tidy, head).map_err(|_| error)?;
    let request = RequestHead {
        method,
        target,
        ..request
    };
    let breach =
        "the request head has characters where none may be (NUL, a bare CR, a space in the target)";
    Ok((request, Some(breach)))
}

fn read_request(bytes: &[u8], head: &Head<'_>) -> Result<RequestHead, Error> {
    with_headers(|headers| {
        let mut parsed = httparse::Request::new(headers);
        let mut config = ParserConfig::default();
        config
            .allow_multiple_spaces_in_request_line_delimiters(true)
            .ignore_invalid_headers_in_requests(true);
        let status = config.parse_request(&mut parsed, bytes)?;
        must_be_complete(status)?;
        let fields = owned(parsed.headers);
        Ok(RequestHead {
            span: head.span(),
            method: parsed.method.unwrap_or_default().into(),
            target: parsed.path.unwrap_or_default().into(),
            version: version(parsed.version),
            authority: fields::single(&fields, "host"),
            last_event_id: fields::single(&fields, "last-event-id"),
            fields,
        })
    })
}

/// Reads a response head, and tells the frame in which the last byte of the Content-Type that counts was there.
/// The framing is left open: it depends on the request.
pub(super) fn response(head: &Head<'_>) -> Result<(ResponseHead, Option<At>, Breach), Error> {
    let Some((bytes, version)) = later_minor(head.bytes, "HTTP/1.".len()) else {
        return response_1_1(head);
    };
    let (response, there, breach) = response_1_1(&head.read_as(&bytes))?;
    Ok((
        ResponseHead {
            version,
            ..response
        },
        there,
        breach,
    ))
}

fn response_1_1(head: &Head<'_>) -> Result<(ResponseHead, Option<At>, Breach), Error> {
    let strictly = read_response(head);
    let Err(error) = strictly else {
        return strictly.map(|(response, there)| (response, there, None));
    };
    let tidy = tidied(head.bytes);
    let (response, there) = read_response(&head.read_as(&tidy)).map_err(|_| error)?;
    let breach = "the response head has characters where none may be (NUL, a bare CR)";
    Ok((response, there, Some(breach)))
}

fn read_response(head: &Head<'_>) -> Result<(ResponseHead, Option<At>), Error> {
    with_headers(|headers| {
        let mut parsed = httparse::Response::new(headers);
        let mut config = ParserConfig::default();
        config
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .allow_space_before_first_header_name(true)
            .ignore_invalid_headers_in_responses(true);
        let status = config.parse_response(&mut parsed, head.bytes)?;
        must_be_complete(status)?;
        let fields = owned(parsed.headers);
        let media_type = fields::media_type(&fields);
        let is_content_type = |field: &Field| field.0.eq_ignore_ascii_case("content-type");
        let counts = media_type
            .as_ref()
            .map(|found| found.field)
            .or_else(|| fields.iter().rposition(is_content_type));
        let there = counts
            .and_then(|field| parsed.headers.get(field))
            .map(|header| {
                let value = header.value.trim_ascii_end();
                head.there((head.offset_of(value) + value.len()).saturating_sub(1))
            });
        let response = ResponseHead {
            span: head.span(),
            status: parsed.code.unwrap_or_default(),
            reason: parsed.reason.unwrap_or_default().into(),
            version: version(parsed.version),
            content_type: counts
                .and_then(|field| fields.get(field))
                .map(|(_, value)| value.clone()),
            media_type: media_type.map(|found| found.essence),
            framing: None,
            content_encoding: fields::joined(&fields, "content-encoding"),
            fields,
        };
        Ok((response, there))
    })
}

/// RFC 9110 §2.5: a head of HTTP/1.2 or later is read as one of HTTP/1.1. The same head as such, and its own version, whose last digit is at `minor`.
fn later_minor(bytes: &[u8], minor: usize) -> Option<(Vec<u8>, SmolStr)> {
    let digit = bytes
        .get(minor)
        .filter(|digit| matches!(digit, b'2'..=b'9'))?;
    if !bytes[..minor].ends_with(b"HTTP/1.") {
        return None;
    }
    let mut same = bytes.to_vec();
    same[minor] = b'1';
    Some((same, version(Some(digit - b'0'))))
}

/// RFC 9110 §5.5 and RFC 9112 §2.2: NUL, and a CR that ends no line, may be replaced by a space.
fn tidied(bytes: &[u8]) -> Vec<u8> {
    let mut next = bytes.iter().skip(1);
    let tidy = |byte: &u8| match (byte, next.next()) {
        (b'\0', _) => b' ',
        (b'\r', after) if after != Some(&b'\n') => b' ',
        (byte, _) => *byte,
    };
    bytes.iter().map(tidy).collect()
}

/// The same, and without a target, which may have spaces; method and target.
fn tidy_request(bytes: &[u8]) -> Option<(Vec<u8>, SmolStr, SmolStr)> {
    let tidy = tidied(bytes);
    let end = memchr(b'\n', &tidy)?;
    let line = tidy.get(..end)?.trim_ascii_end();
    let (method, rest) = line.split_at_checked(memchr(b' ', line)?)?;
    let (target, version) = rest.split_at_checked(memrchr(b' ', rest)?)?;
    let (method, target) = (fields::text(method), fields::text(target.trim_ascii()));
    if target.is_empty() || probe::request_line(bytes) != Verdict::Http1 {
        return None;
    }
    let without = [b"GET /", version, tidy.get(end..)?].concat();
    Some((without, method, target))
}

fn with_headers<'b, T>(parse: impl Fn(&mut [Header<'b>]) -> Result<T, Error>) -> Result<T, Error> {
    match parse(&mut [EMPTY_HEADER; FEW_FIELDS]) {
        Err(Error::TooManyHeaders) => parse(&mut vec![EMPTY_HEADER; limits::HTTP_FIELDS]),
        result => result,
    }
}

/// The head buffer ends at the empty line, so that a head that httparse takes for partial is none.
fn must_be_complete(status: Status<usize>) -> Result<(), Error> {
    match status {
        Status::Complete(_) => Ok(()),
        Status::Partial => Err(Error::NewLine),
    }
}

fn owned(headers: &[Header<'_>]) -> Vec<Field> {
    headers
        .iter()
        .map(|header| (header.name.into(), fields::text(header.value)))
        .collect()
}

fn version(minor: Option<u8>) -> SmolStr {
    format_smolstr!("HTTP/1.{}", minor.unwrap_or_default())
}
