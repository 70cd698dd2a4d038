//! Counts the pieces of streams in other forms: lines of newline-delimited JSON, records of JSON text sequences.
//!
//! Decoded bytes come in, the number of pieces that they complete goes out; nothing is kept of them.

/// The form of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A piece is a line that is not blank.
    Lines,
    /// A piece begins with RS and ends with LF (RFC 7464 §2.2).
    Records,
}

/// The counter of one stream.
#[derive(Debug)]
pub(super) struct Pieces {
    form: Form,
    /// Whether the unfinished piece has anything but white space.
    content: bool,
    /// Whether the last byte was a LF.
    line_end: bool,
}

impl Pieces {
    /// A counter for that media type, if it is one of the streaming ones.
    pub(super) fn of(media_type: &str) -> Option<Pieces> {
        let form = match media_type {
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/stream+json" => Form::Lines,
            "application/json-seq" => Form::Records,
            // RFC 8091: the structured syntax suffix of JSON text sequences.
            other if other.ends_with("+json-seq") => Form::Records,
            _ => return None,
        };
        Some(Pieces {
            form,
            content: false,
            line_end: false,
        })
    }

    /// How many pieces `bytes` completes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> u64 {
        const RECORD_SEPARATOR: u8 = 0x1E;
        let mut complete = 0;
        for byte in bytes {
            let ends = match self.form {
                Form::Lines => *byte == b'\n',
                Form::Records => *byte == RECORD_SEPARATOR,
            };
            if ends {
                complete += u64::from(std::mem::take(&mut self.content));
            } else if !byte.is_ascii_whitespace() {
                self.content = true;
            }
            self.line_end = *byte == b'\n';
        }
        complete
    }

    /// How many pieces the end of the stream completes: the last record, if it ended in a LF.
    pub(super) fn end(&mut self) -> u64 {
        u64::from(self.form == Form::Records && self.line_end && std::mem::take(&mut self.content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_records_are_counted_when_complete() {
        let mut lines = Pieces::of("application/x-ndjson").unwrap();
        assert_eq!(lines.push(b"{}\n\n{\"a\":"), 1);
        assert_eq!(lines.push(b"1}\r\n{"), 1);
        assert_eq!(lines.end(), 0);
        let mut records = Pieces::of("application/json-seq").unwrap();
        assert_eq!(records.push(b"\x1e{\n}\n\x1e{}\n"), 1);
        assert_eq!(records.end(), 1);
        assert!(Pieces::of("application/json").is_none());
    }
}
