//! Field values: text, lists, media types, and what they say of a body.
//!
//! Fields of one head come in; the media type that counts, the codings and the length of the body go out.

use crate::model::limits;
use smallvec::SmallVec;
use smol_str::{SmolStr, StrExt, format_smolstr};

/// Names of codings, in the order in which they were applied.
pub(super) type Codings = SmallVec<[SmolStr; 2]>;

/// A field: name and value, both as sent.
pub(super) type Field = (SmolStr, SmolStr);

/// A field's bytes as text. RFC 9110 §5.5: historically ISO-8859-1; today UTF-8, where it is well-formed.
pub(super) fn text(value: &[u8]) -> SmolStr {
    let text = match std::str::from_utf8(value) {
        Ok(text) => SmolStr::new(text),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    };
    if text.contains('\n') {
        unfold(&text)
    } else {
        text
    }
}

/// RFC 9112 §5.2: each obs-fold is replaced by a space.
fn unfold(text: &str) -> SmolStr {
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| line.trim_matches([' ', '\t', '\r']))
        .collect();
    lines.join(" ").into()
}

/// The values of all fields of that name, in order.
fn values<'a>(fields: &'a [Field], name: &'a str) -> impl Iterator<Item = &'a SmolStr> {
    fields
        .iter()
        .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The members of all list fields of that name (RFC 9110 §5.6.1): trimmed, empty ones left out.
pub(super) fn members<'a>(fields: &'a [Field], name: &'a str) -> impl Iterator<Item = &'a str> {
    values(fields, name)
        .flat_map(|value| value.split(','))
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty())
}

/// The media type that counts, by Fetch's "extract a MIME type".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaType {
    /// Which field it stands in, an index into the fields.
    pub(super) field: usize,
    /// `type/subtype` in lower case.
    pub(super) essence: SmolStr,
}

/// Fetch, "extract a MIME type": of all values of all Content-Type fields the last one that is a MIME type and not `*/*`.
pub(super) fn media_type(fields: &[Field]) -> Option<MediaType> {
    fields
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| name.eq_ignore_ascii_case("content-type"))
        .flat_map(|(field, (_, value))| {
            split_values(value)
                .into_iter()
                .map(move |part| (field, part))
        })
        .filter_map(|(field, part)| {
            let essence = essence(part)?;
            Some(MediaType { field, essence })
        })
        .rfind(|found| found.essence != "*/*")
}

/// Fetch, "get, decode, and split": at commas, but not inside quoted strings.
fn split_values(value: &str) -> SmallVec<[&str; 4]> {
    let mut parts = SmallVec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

/// MIME Sniffing §4.4, "parse a MIME type", as far as the essence.
fn essence(value: &str) -> Option<SmolStr> {
    let bare = value.split(';').next().unwrap_or_default();
    let (kind, subtype) = bare.trim_matches(WHITESPACE).split_once('/')?;
    let subtype = subtype.trim_end_matches(WHITESPACE);
    let token = |text: &str| !text.is_empty() && text.bytes().all(is_token);
    let essence = || format_smolstr!("{kind}/{subtype}").to_ascii_lowercase_smolstr();
    (token(kind) && token(subtype)).then(essence)
}

const WHITESPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// RFC 9110 §5.6.2 tchar.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The length that a Content-Length says (RFC 9110 §8.6): several equal values count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// No such field.
    Absent,
    /// So many bytes.
    Bytes(u64),
    /// Not a number, or several that differ.
    Invalid,
}

/// Reads Content-Length.
pub(super) fn content_length(fields: &[Field]) -> Length {
    let mut length = Length::Absent;
    let all = values(fields, "content-length").flat_map(|value| value.split(','));
    for value in all.map(|value| value.trim_matches([' ', '\t'])) {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        length = match (length, value.parse::<u64>()) {
            (Length::Absent, Ok(bytes)) if digits => Length::Bytes(bytes),
            (Length::Bytes(before), Ok(bytes)) if digits && before == bytes => length,
            _ => return Length::Invalid,
        };
    }
    length
}

/// What Transfer-Encoding says (RFC 9112 §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// No such field, or the obsolete `identity` only.
    Absent,
    /// `chunked` comes last; before it these codings were applied, in this order.
    Chunked(Codings),
    /// `chunked` does not come last: only the connection's end can end the body.
    Other(Codings),
}

/// Reads Transfer-Encoding.
pub(super) fn transfer(fields: &[Field]) -> Transfer {
    let mut codings: Codings = members(fields, "transfer-encoding")
        .map(|coding| {
            let name = coding.split(';').next().unwrap_or_default();
            name.trim_matches([' ', '\t']).to_ascii_lowercase_smolstr()
        })
        .filter(|coding| coding != "identity")
        .collect();
    match codings.pop() {
        None => Transfer::Absent,
        Some(last) if last == "chunked" => {
            // "A sender MUST NOT apply the chunked transfer coding more than once": one layer is read.
            codings.retain(|coding| *coding != "chunked");
            Transfer::Chunked(codings)
        }
        Some(last) => {
            codings.push(last);
            Transfer::Other(codings)
        }
    }
}

/// What is wrong where a Transfer-Encoding meets what others go by (RFC 9112 §6.1 and §6.3, item 3): they may read another body.
pub(super) fn two_framings(fields: &[Field], version: &str) -> Option<&'static str> {
    if transfer(fields) == Transfer::Absent {
        None
    } else if content_length(fields) != Length::Absent {
        Some("there is a Content-Length beside the Transfer-Encoding, which counts")
    } else if version == "HTTP/1.0" {
        Some("HTTP/1.0 knows no Transfer-Encoding: some take the chunks for the body")
    } else {
        None
    }
}

/// The content codings in the order in which they were applied (RFC 9110 §8.4), lower case.
pub(super) fn content_codings(fields: &[Field]) -> Codings {
    members(fields, "content-encoding")
        .take(limits::CODINGS + 1)
        .map(str::to_ascii_lowercase_smolstr)
        .collect()
}

/// The value of a field that stands once; where it stands several times, the first.
pub(super) fn single(fields: &[Field], name: &str) -> Option<SmolStr> {
    values(fields, name).next().cloned()
}

/// The value of a field that may stand several times, joined as RFC 9110 §5.3 allows.
pub(super) fn joined(fields: &[Field], name: &str) -> Option<SmolStr> {
    values(fields, name)
        .cloned()
        .reduce(|all, more| format_smolstr!("{all}, {more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    fn fields(of: &[(&str, &str)]) -> Vec<Field> {
        of.iter()
            .map(|(name, value)| (SmolStr::new(name), SmolStr::new(value)))
            .collect()
    }

    fn essence_of(values: &[&str]) -> Option<SmolStr> {
        let all: Vec<_> = values
            .iter()
            .map(|value| ("Content-Type", *value))
            .collect();
        media_type(&fields(&all)).map(|found| found.essence)
    }

    #[test]
    fn the_last_valid_media_type_of_all_content_types_counts() {
        let sse = Some("text/event-stream".into());
        assert_eq!(essence_of(&["text/event-stream"]), sse);
        assert_eq!(essence_of(&["Text/Event-Stream ; charset=UTF-8"]), sse);
        assert_eq!(essence_of(&["text/html", "text/event-stream"]), sse);
        assert_eq!(essence_of(&["text/html, text/event-stream"]), sse);
        assert_eq!(essence_of(&["text/event-stream", "nonsense"]), sse);
        assert_eq!(essence_of(&["text/event-stream", "*/*"]), sse);
        assert_eq!(essence_of(&["text/event-stream;a=\",text/html\""]), sse);
        assert_eq!(
            essence_of(&["text/event-stream", "text/html"]).as_deref(),
            Some("text/html")
        );
        assert_eq!(essence_of(&["text/event stream"]), None);
        assert_eq!(essence_of(&[]), None);
    }

    #[test]
    fn equal_content_lengths_count_as_one_and_others_are_invalid() {
        let length = |values: &[&str]| {
            let all: Vec<_> = values
                .iter()
                .map(|value| ("content-length", *value))
                .collect();
            content_length(&fields(&all))
        };
        assert_eq!(length(&[]), Length::Absent);
        assert_eq!(length(&["0005"]), Length::Bytes(5));
        assert_eq!(length(&["5, 5", "5"]), Length::Bytes(5));
        for bad in ["", "5,", "5, 6", "+5", "-1", "0x5", "99999999999999999999"] {
            assert_eq!(length(&[bad]), Length::Invalid, "{bad:?}");
        }
    }

    #[test]
    fn chunked_counts_only_as_the_last_transfer_coding() {
        let of = |value| transfer(&fields(&[("Transfer-Encoding", value)]));
        assert_eq!(of("Chunked"), Transfer::Chunked(Codings::new()));
        assert_eq!(
            of("gzip, chunked"),
            Transfer::Chunked(smallvec!["gzip".into()])
        );
        assert_eq!(of("chunked;a=b"), Transfer::Chunked(Codings::new()));
        assert_eq!(of("identity"), Transfer::Absent);
        assert_eq!(
            of("chunked, gzip"),
            Transfer::Other(smallvec!["chunked".into(), "gzip".into()])
        );
    }

    #[test]
    fn a_transfer_coding_is_told_where_others_may_read_another_body() {
        let told = |values: &[(&str, &str)], version| {
            two_framings(&fields(values), version).map(|trouble| &trouble[..8])
        };
        let chunked = ("transfer-encoding", "chunked");
        assert_eq!(told(&[chunked], "HTTP/1.1"), None);
        assert_eq!(told(&[("Content-Length", "5")], "HTTP/1.0"), None);
        let both = [chunked, ("Content-Length", "5")];
        assert_eq!(told(&both, "HTTP/1.1"), Some("there is"));
        assert_eq!(told(&[chunked], "HTTP/1.0"), Some("HTTP/1.0"));
        let identity = [("transfer-encoding", "identity"), ("Content-Length", "5")];
        assert_eq!(told(&identity, "HTTP/1.1"), None);
    }

    #[test]
    fn a_folded_value_becomes_one_line() {
        assert_eq!(
            text(b"text/event-stream;\r\n  charset=utf-8"),
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(text(b"caf\xe9"), "café");
    }
}
