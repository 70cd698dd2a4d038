//! What stands above a timeline: its sessions, each with where, how much and how it ended; then findings.
//!
//! Records come in when they are final and are at once reduced to their words, so that what waits stays small. Lines go out,
//! which break only at ` · `.

use super::line::{ACCENT, BOLD, Line, PLAIN, style};
use crate::model::{
    Direction, EndKind, Finding, Framing, Missing, Nanos, SessionOpening, SessionRecord, Severity,
};
use crate::report::sessions::resumed;
use crate::report::text::{Count, Escaped, Lasting, Range, Thousands, cut, width};
use anstyle::Style;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A silence is told from here on, as a pause is a row.
const SILENCE: Nanos = 500_000_000;

/// Columns of a request that its answer does not take from it.
const TARGET: usize = 24;

/// Holes whose frames a heading names.
const HOLES: usize = 3;

/// Characters of a Last-Event-ID that a heading quotes.
pub(super) const ID: usize = 40;

/// A session's heading.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionHeading {
    pub(super) session: u32,
    request: String,
    answer: String,
    /// `continues session 0 from Last-Event-ID "1:1", 209 ms after it ended (retry 200 ms)`.
    /// in two parts, the second from `209 ms` on.
    continues: Option<(String, String)>,
    /// The frames from its request to its end.
    frames: (u64, Option<u64>),
    body: Vec<(Severity, String)>,
}

impl SessionHeading {
    /// What is known when the session opens.
    pub(super) fn opens(opening: &SessionOpening) -> SessionHeading {
        let exchange = &opening.exchange;
        let mut request = match &exchange.request {
            Some(head) => format!("{} {}", Escaped(&head.method), Escaped(&head.target)),
            None => "(its request was not captured)".to_owned(),
        };
        let answer = match &exchange.response {
            Some(head) => {
                let mut answer = format!("{}", head.status);
                let parts = [&head.media_type, &head.content_encoding];
                for (part, before) in parts.into_iter().zip([" ", ", "]) {
                    if let Some(part) = part
                        && !part.is_empty()
                    {
                        let _ = write!(answer, "{before}{}", Escaped(part));
                    }
                }
                match head.framing {
                    Some(Framing::Chunked) => answer.push_str(", chunked"),
                    Some(Framing::ContentLength) => answer.push_str(", Content-Length"),
                    Some(Framing::Close) => answer.push_str(", until close"),
                    Some(Framing::Http2 | Framing::Http3) | None => {}
                }
                answer
            }
            None => "(its response head was not captured)".to_owned(),
        };
        if let Some(stream) = exchange.stream {
            let _ = write!(request, " (stream {stream})");
        }
        let first = exchange
            .request
            .as_ref()
            .map_or(opening.at, |request| request.span.first);
        let continues = opening.reconnects.map(|earlier| {
            let mut words = format!("continues session {}", earlier.session);
            let request = exchange.request.as_deref();
            if let Some(id) = request.and_then(|request| request.goes_on_from()) {
                let id = cut(id, ID);
                let _ = write!(words, " from Last-Event-ID \"{}\"", Escaped(&id));
            }
            let mut after = format!("{} after it ended", Lasting(earlier.delay));
            if let Some(retry) = earlier.retry {
                let _ = write!(after, " (retry {})", Retry(retry));
            }
            if earlier.attempts > 1 {
                let _ = write!(after, " · {}", Count(earlier.attempts, "attempt"));
            }
            (words, after)
        });
        SessionHeading {
            session: opening.session,
            request,
            answer,
            continues,
            frames: (first.frame.0, None),
            body: vec![(
                Severity::Note,
                "still open at the end of the capture".to_owned(),
            )],
        }
    }

    /// `GET /room?i=1 → 200 text/event-stream, chunked · 127.0.0.1:52206` within `room` columns (0: as many as it takes): the line where it opens in a live run.
    pub(super) fn opening_line(&self, client: &str, room: usize) -> String {
        let mut behind = format!(" → {} · {client}", self.answer);
        if let Some((continues, after)) = &self.continues {
            behind += &format!(" · {continues}, {after}");
        }
        let target = room.saturating_sub(width(&behind)).max(TARGET);
        let request = match room {
            0 => self.request.as_str().into(),
            _ => cut(&self.request, target),
        };
        let line = format!("{request}{behind}");
        match room {
            0 => line,
            _ => cut(&line, room).into_owned(),
        }
    }

    /// What its end adds.
    pub(super) fn ends(&mut self, record: &SessionRecord) {
        if let Some((_, after)) = &mut self.continues {
            after.push_str(&resumed(record.resumed, " · "));
        }
        let mut amounts = Count(record.events, "event").to_string();
        let _ = match record.chunks {
            Some(chunks) => write!(amounts, " in {}", Count(chunks, "chunk")),
            None => write!(amounts, " in {}", Count(record.body_bytes, "byte")),
        };
        if record.comments > 0 {
            let _ = write!(amounts, " · {}", Count(record.comments, "comment"));
            if let Some(gaps) = record.heartbeats.filter(|_| record.comments > 2) {
                let _ = write!(amounts, ", one each {}", Lasting(gaps.p50));
            }
        }
        if let Some(time) = record.time_to_head {
            let _ = write!(amounts, " · head {} after the request", Lasting(time));
        }
        if let Some(time) = record.time_to_first_event {
            let _ = write!(amounts, " · first event {}", Lasting(time));
        }
        if let Some(time) = record.longest_silence.filter(|time| *time >= SILENCE) {
            let _ = write!(amounts, " · longest silence {}", Lasting(time));
        }
        let framing = record.opening.exchange.response.as_ref();
        let framing = framing
            .and_then(|head| head.framing)
            .or(record.chunks.map(|_| Framing::Chunked));
        let (mut severity, words) = ended(record, framing);
        let mut end = words.to_owned();
        if let (Some(time), true) = (record.duration, record.end.kind != EndKind::Open) {
            let _ = write!(end, " after {}", Lasting(time));
        }
        end.push_str(unknown_end(record));
        if record.incomplete_event > 0 {
            let bytes = Count(record.incomplete_event, "byte");
            if record.end.kind == EndKind::Open {
                let _ = write!(end, " · {bytes} of an unfinished event");
            } else {
                severity = Severity::Error;
                let _ = write!(end, " · {bytes} of an unfinished event are lost");
            }
        }
        self.frames.1 = record.end.at.map(|at| at.frame.0);
        self.body = vec![(Severity::Note, amounts)];
        if let Some(missing) = &record.missing {
            self.body.push((Severity::Warning, not_captured(missing)));
        }
        self.body.push((severity, end));
    }

    /// Writes the heading of a session that began within `place`, the connection's line, or in a connection that an
    /// earlier heading has described.
    pub(super) fn write(
        &self,
        place: Option<&str>,
        columns: usize,
        line: &mut Line,
        out: &mut impl Write,
    ) -> io::Result<()> {
        line.put(BOLD, "Session ");
        line.put(ACCENT.bold(), &self.session.to_string());
        line.space(2);
        let room = columns.saturating_sub(line.columns());
        let answer = format!(" → {}", self.answer);
        // Only the target may be as long as it likes: it is cut, so that the answer is seen.
        let beside = room.saturating_sub(width(&answer));
        if columns == 0 || width(&self.request).min(TARGET) <= beside {
            let request = match columns {
                0 => self.request.as_str().into(),
                _ => cut(&self.request, beside),
            };
            line.put(BOLD, &format!("{request}{answer}"));
        } else {
            line.put(BOLD, &cut(&self.request, room));
            line.end(out)?;
            line.space(3);
            line.put(BOLD, &answer);
        }
        line.end(out)?;
        let own;
        let place = match place {
            Some(place) => place,
            None => {
                let (first, last) = self.frames;
                own = match last {
                    Some(last) => format!("same connection · No. {}", Range(first, last)),
                    None => format!("same connection · from No. {first} on"),
                };
                &own
            }
        };
        clauses(PLAIN, place, columns, line, out)?;
        if let Some((continues, after)) = &self.continues {
            let first = after.split(" · ").next().unwrap_or_default();
            // Where its first clause does not fit on a line it is broken before the time.
            let fits = columns == 0 || 4 + width(continues) + width(first) <= columns;
            let comma = if fits { ", " } else { " · " };
            clauses(
                PLAIN,
                &format!("{continues}{comma}{after}"),
                columns,
                line,
                out,
            )?;
        }
        for (severity, words) in &self.body {
            clauses(style(*severity), words, columns, line, out)?;
        }
        Ok(())
    }
}

/// `ended by the terminating chunk after 139 ms · 8 events · max gap 17.1 ms`: the line where a session ends in a live run; and whether it broke.
pub(super) fn closing_line(record: &SessionRecord) -> (bool, String) {
    let framing = record.opening.exchange.response.as_ref();
    let framing = framing
        .and_then(|head| head.framing)
        .or(record.chunks.map(|_| Framing::Chunked));
    let (severity, words) = ended(record, framing);
    let mut line = words.to_owned();
    if let (Some(time), true) = (record.duration, record.end.kind != EndKind::Open) {
        let _ = write!(line, " after {}", Lasting(time));
    }
    line.push_str(unknown_end(record));
    let _ = write!(line, " · {}", Count(record.events, "event"));
    if let Some(gaps) = record.gaps {
        let _ = write!(line, " · max gap {}", Lasting(gaps.max));
    }
    let broken = record.incomplete_event > 0 && record.end.kind != EndKind::Open;
    if broken {
        let bytes = Count(record.incomplete_event, "byte");
        let _ = write!(line, " · {bytes} of an unfinished event are lost");
    }
    (broken || severity == Severity::Error, line)
}

/// `27 bytes not captured: between No. 14 and No. 17`.
fn not_captured(missing: &Missing) -> String {
    let mut words = match missing.bytes {
        Some(bytes) => format!("{} not captured", Count(bytes, "byte")),
        None => "bytes not captured".to_owned(),
    };
    for (place, (before, behind)) in missing.between.iter().take(HOLES).enumerate() {
        words.push_str(if place == 0 { ": " } else { ", " });
        let _ = if before == behind {
            write!(words, "of No. {before}")
        } else {
            write!(words, "between No. {before} and No. {behind}")
        };
    }
    let more = missing.holes.saturating_sub(HOLES as u64);
    if more > 0 {
        let _ = write!(words, " and in {}", Count(more, "other hole"));
    }
    words
}

/// What a FIN, or another response, behind missing bytes leaves open.
fn unknown_end(record: &SessionRecord) -> &'static str {
    let over = matches!(
        record.end.kind,
        EndKind::Fin | EndKind::TerminatingChunk | EndKind::ContentLength
    );
    if record.lost && over {
        " · how its body ended was not captured"
    } else {
        ""
    }
}

/// A reconnection time in milliseconds, as the stream set it where that is short.
struct Retry(u64);

impl std::fmt::Display for Retry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            short @ ..10_000 => write!(f, "{short} ms"),
            long => write!(f, "{} s", Thousands(long / 1_000)),
        }
    }
}

/// How a session ended, in words, and how bad that is.
fn ended(record: &SessionRecord, framing: Option<Framing>) -> (Severity, &'static str) {
    let end = record.end;
    match (end.kind, framing) {
        (EndKind::Fin, _) if end.by == Some(Direction::ToServer) => {
            (Severity::Error, "ended by the client's FIN")
        }
        (EndKind::Rst, _) if end.by == Some(Direction::ToServer) => {
            (Severity::Error, "ended by the client's RST")
        }
        (EndKind::Fin, Some(Framing::Chunked | Framing::ContentLength)) if record.lost => {
            (Severity::Warning, "ended by FIN")
        }
        (EndKind::TerminatingChunk | EndKind::ContentLength, _) if record.lost => {
            (Severity::Warning, "over before the next response")
        }
        (EndKind::TerminatingChunk, _) => (Severity::Note, "ended by the terminating chunk"),
        (EndKind::ContentLength, _) => (Severity::Note, "ended by its Content-Length"),
        (EndKind::Fin, Some(Framing::Chunked)) => {
            (Severity::Error, "ended by FIN without a terminating chunk")
        }
        (EndKind::Fin, Some(Framing::ContentLength)) => {
            (Severity::Error, "ended by FIN before its Content-Length")
        }
        (EndKind::Fin, _) => (Severity::Note, "ended by FIN"),
        (EndKind::Rst, _) => (Severity::Error, "ended by RST"),
        (EndKind::EndStream, _) => (Severity::Note, "ended by END_STREAM"),
        (EndKind::StreamReset, _) => (Severity::Error, "ended by RST_STREAM"),
        (EndKind::Timeout, _) => (Severity::Error, "given up"),
        (EndKind::Open, _) => (Severity::Note, "still open at the end of the capture"),
    }
}

/// Writes a finding: `warning closed-after-idle (No. 7, 9): its text`.
pub(super) fn write_finding(
    finding: &Finding,
    width: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    let style = style(finding.severity);
    line.space(2);
    line.put(style, finding.severity.name());
    line.space(1);
    line.put(style, finding.code);
    line.put(PLAIN, ":");
    for word in Escaped(&finding.text).to_string().split(' ') {
        if width > 0 && line.columns() + 1 + crate::report::text::width(word) > width {
            line.end(out)?;
            line.space(4);
        } else {
            line.space(1);
        }
        line.put(PLAIN, word);
    }
    line.end(out)
}

/// Writes clauses, indented, on as many lines as they need; lines break at ` · ` only.
pub(super) fn clauses(
    style: Style,
    words: &str,
    columns: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    line.space(2);
    for (number, clause) in words.split(" · ").enumerate() {
        if number > 0 {
            // The dot ends the line where the next clause does not fit behind it.
            line.put(style, " ·");
            if columns > 0 && line.columns() + 1 + width(clause) + 2 > columns {
                line.end(out)?;
                line.space(4);
            } else {
                line.space(1);
            }
        }
        ends(style, clause, columns, line, out)?;
    }
    line.end(out)
}

/// Writes a clause; a pair of addresses too long for a line, which those of IPv6 can be, has two.
pub(super) fn ends(
    style: Style,
    clause: &str,
    columns: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    match clause.split_once(" → ") {
        Some((client, server))
            if columns > 0 && line.columns() + width(clause) + " ·".len() > columns =>
        {
            line.put(style, client);
            line.end(out)?;
            line.space(4);
            line.put(style, &format!("→ {server}"));
        }
        _ => line.put(style, clause),
    }
    Ok(())
}
