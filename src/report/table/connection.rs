//! What stands above a timeline of a connection: where it is, or all that is known of one without a session.

use super::heading::{ID, clauses, ends};
use super::line::{BOLD, ERROR, Line, PLAIN, WARNING};
use crate::model::{ConnectionRecord, OtherStream, Protocol, TeardownKind};
use crate::report::text::{Count, Escaped, Range, Thousands, cut};
use std::io::{self, Write};

/// `connection 1 · 127.0.0.1:60910 → 127.0.0.1:8080 · No. 9–270`.
pub(super) fn place(record: &ConnectionRecord) -> String {
    let (first, last) = record.span;
    format!(
        "connection {} · {} → {} · No. {}",
        record.connection,
        record.client,
        record.server,
        Range(first.frame.0, last.frame.0)
    )
}

/// Writes the heading of a connection without a session.
pub(super) fn write_connection(
    record: &ConnectionRecord,
    width: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    line.put(BOLD, &format!("Connection {}  ", record.connection));
    ends(
        BOLD,
        &format!("{} → {}", record.client, record.server),
        width,
        line,
        out,
    )?;
    line.end(out)?;
    let protocol = match record.protocol {
        Protocol::None => "no payload",
        Protocol::Unknown => "unknown protocol",
        Protocol::Http1 => "HTTP/1",
        Protocol::Http2 => "HTTP/2",
        Protocol::Tls => "TLS",
        Protocol::WebSocket => "WebSocket",
    };
    let (style, end) = match record.teardown.kind {
        TeardownKind::Open => (PLAIN, "still open at the end of the capture"),
        TeardownKind::Fin => (PLAIN, "closed by both sides"),
        TeardownKind::Rst => (ERROR, "ended by RST"),
    };
    let (first, last) = record.span;
    let words = format!(
        "{protocol} · {} · No. {}",
        Count(record.frames, "frame"),
        Range(first.frame.0, last.frame.0)
    );
    clauses(PLAIN, &words, width, line, out)?;
    clauses(style, end, width, line, out)
}

/// Writes how many frames brought other bytes than came first, if any did.
pub(super) fn write_conflicts(
    record: &ConnectionRecord,
    width: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    if record.conflicts == 0 {
        return Ok(());
    }
    let verb = if record.conflicts == 1 {
        "conflicts"
    } else {
        "conflict"
    };
    let words = format!(
        "{} {verb} with what came first",
        Count(record.conflicts, "frame")
    );
    clauses(WARNING, &words, width, line, out)
}

/// Writes the line of a stream that is no event stream.
pub(super) fn write_other_stream(
    stream: &OtherStream,
    width: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    let words = format!(
        "another stream: {} · No. {} · {} {}",
        Escaped(&cut(&stream.content_type, ID)),
        stream.frame,
        Thousands(stream.pieces),
        if stream.pieces == 1 {
            "piece"
        } else {
            "pieces"
        },
    );
    clauses(PLAIN, &words, width, line, out)
}
