//! The last lines of a capture's report: what was counted, what could not be read; and the legend of the signs above.

use super::line::{DIM, Line, PLAIN};
use crate::model::Summary;
use crate::report::text::{Count, Escaped, Lasting, Thousands, cut, width};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The signs of the table, each with its meaning.
const LEGEND: &[&str] = &[
    "→ client to server",
    "← server to client",
    "┌ │ └ bytes of an event not yet complete",
    "● event whole in one frame",
];

/// Writes the legend, broken between signs.
pub(in crate::report) fn write_legend(
    columns: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    for sign in LEGEND {
        if columns > 0 && line.columns() > 0 && line.columns() + width(sign) > columns {
            line.end(out)?;
        }
        line.put(DIM, sign);
        line.space(2);
    }
    line.end(out)
}

/// Writes `walkthrough.pcapng: 4,121 frames, 1775 s · 12 connections · 1 SSE session, 2 events · no findings`, and what
/// was skipped.
pub(in crate::report) fn write_summary(
    summary: &Summary,
    columns: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    let counts = &summary.counts;
    let mut frames = Count(counts.frames, "frame").to_string();
    if let (Some(first), Some(last)) = (summary.first_time, summary.last_time) {
        let _ = write!(frames, ", {}", Lasting(last.since(first)));
    }
    let connections = Count(counts.connections, "connection").to_string();
    let mut sessions = Count(counts.sessions, "SSE session").to_string();
    if counts.open_sessions > 0 {
        let _ = write!(
            sessions,
            " ({} still open)",
            Thousands(counts.open_sessions)
        );
    }
    let _ = write!(sessions, ", {}", Count(counts.events, "event"));
    let findings = match counts.findings {
        0 => "no findings".to_owned(),
        findings => Count(findings, "finding").to_string(),
    };
    // Several captures as one are `one + other`.
    let names = summary.capture.split(" + ");
    let names: Vec<&str> = names
        .map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name))
        .collect();
    let name = match &names[..] {
        [first, rest @ ..] if rest.len() > 3 => format!("{first} + {} more", rest.len()),
        few => few.join(" + "),
    };
    let name = Escaped(&name).to_string();
    let name = match columns {
        0 => name.as_str().into(),
        _ => cut(&name, columns.saturating_sub(1)),
    };
    line.put(PLAIN, &format!("{name}:"));
    if columns > 0 && line.columns() + 1 + width(&frames) + " ·".len() > columns {
        line.end(out)?;
        line.space(4);
    } else {
        line.space(1);
    }
    let clauses = [frames, connections, sessions, findings];
    write_clauses(&clauses, columns, line, out)?;
    let mut troubles: Vec<String> = Vec::new();
    if summary.truncated {
        troubles.push("the file ends inside a packet".to_owned());
    }
    for (reason, count) in &summary.skipped {
        let frames = Count(*count, "frame");
        troubles.push(format!("{frames} skipped: {}", Escaped(reason)));
    }
    if !troubles.is_empty() {
        line.space(4);
        write_clauses(&troubles, columns, line, out)?;
    }
    if let Some(live) = &summary.live {
        let mut clauses = vec![format!(
            "dropped: kernel {}, interface {}",
            Thousands(live.dropped_by_kernel),
            Thousands(live.dropped_by_interface)
        )];
        if let Some(written) = &live.written {
            clauses.push(format!("written: {}", Escaped(written)));
        }
        line.space(4);
        write_clauses(&clauses, columns, line, out)?;
    }
    Ok(())
}

/// Writes clauses with ` · ` between them; a line breaks only there.
fn write_clauses(
    clauses: &[String],
    columns: usize,
    line: &mut Line,
    out: &mut impl Write,
) -> io::Result<()> {
    for (number, clause) in clauses.iter().enumerate() {
        if number > 0 {
            line.put(PLAIN, " ·");
            // The dot of the clause behind has to fit too.
            if columns > 0 && line.columns() + 1 + width(clause) + 2 > columns {
                line.end(out)?;
                line.space(4);
            } else {
                line.space(1);
            }
        }
        line.put(PLAIN, clause);
    }
    line.end(out)
}
