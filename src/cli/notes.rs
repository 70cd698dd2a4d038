//! Notes: what a reader should know beside the results. A summary comes in, sentences go to standard error.

use super::args::Shared;
use super::messages::{counted, note};
use crate::analyzer::Connections;
use crate::model::{FrameNo, Summary, Timestamp};
use crate::report::TimeFormat;
use crate::report::time::Clock;

/// What is good to know of a saved capture, or of several as one, of which `cuts` end inside a packet.
pub(super) fn capture(summary: &Summary, cuts: &[(&str, FrameNo)], shared: &Shared) {
    let name = &summary.capture;
    if shared.verbose {
        note(&format!("{name}: {}.", read(summary)));
        if let Some(unread) = unread(summary) {
            note(&format!("{name}: {unread}."));
        }
    }
    for (name, packet) in cuts {
        note(&format!(
            "{name} ends inside packet {packet}; read as far as it goes."
        ));
    }
    given_up(summary);
}

/// What is good to know of a live run, which has `shown` something or not.
pub(super) fn live(summary: &Summary, shown: bool, shared: &Shared) {
    if shared.verbose {
        note(&format!("{}.", read(summary)));
        if let Some(unread) = unread(summary) {
            note(&format!("{unread}."));
        }
    }
    given_up(summary);
    if summary.counts.frames > 0 {
        no_results(summary, shown, shared);
        return;
    }
    let frames = match &shared.filter {
        Some(filter) => format!("on {} matched the filter \"{filter}\"", summary.capture),
        None => format!("came on {}", summary.capture),
    };
    note(&format!(
        "no frame {frames}; `ssetrace interfaces` lists where else it could be."
    ));
}

/// Connections were lost to the cap of memory.
fn given_up(summary: &Summary) {
    if summary.given_up > 0 {
        note(&format!(
            "{}: {} given up at the cap of memory, and what came for them later is a new connection; `--memory` raises it.",
            summary.capture,
            counted(summary.given_up, "open connection")
        ));
    }
}

/// Why nothing is shown, where that is so.
pub(super) fn no_results(summary: &Summary, shown: bool, shared: &Shared) {
    let counts = &summary.counts;
    let frames = counted(counts.frames, "frame");
    let connections = counted(counts.connections, "connection");
    if counts.connections == 0 {
        match unread(summary) {
            Some(unread) => note(&format!("no TCP connection in {frames}; {unread}.")),
            None => note(&format!("no TCP connection in {frames}.")),
        }
        return;
    }
    match &shared.connections {
        Connections::Sse if counts.sessions == 0 => note(&format!(
            "no SSE session in {frames} on {connections}; `--connections all` shows them."
        )),
        Connections::Only(numbers) if !shown => {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            note(&format!(
                "nothing to show of connection {}; {} has {connections}, numbered from 0.",
                numbers.join(", "),
                summary.capture
            ));
        }
        _ => {}
    }
}

/// `pcapng, Ethernet; 4,121 frames from … to …; 17 TCP connections`.
fn read(summary: &Summary) -> String {
    let mut words = summary.format.clone();
    if !summary.link_types.is_empty() {
        words += &format!(", {}", summary.link_types.join(" and "));
    }
    words += &format!("; {}", counted(summary.counts.frames, "frame"));
    if let (Some(first), Some(last)) = (summary.first_time, summary.last_time) {
        words += &format!(" from {} to {}", utc(first), utc(last));
    }
    let connections = counted(summary.counts.connections, "TCP connection");
    words + &format!("; {connections}")
}

/// `3 frames could not be read: …`.
fn unread(summary: &Summary) -> Option<String> {
    let all: u64 = summary.skipped.values().sum();
    let each: Vec<String> = summary
        .skipped
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    (all > 0).then(|| {
        let frames = counted(all, "frame");
        format!("{frames} could not be read: {}", each.join(", "))
    })
}

fn utc(time: Timestamp) -> String {
    let mut text = String::new();
    Clock::new(TimeFormat::Utc, false).write(&mut text, time, None);
    text
}
