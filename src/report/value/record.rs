//! The fields of each record, in order: docs/json.md as code.

use super::{Fields, Json};
use crate::model::{
    ConnectionRecord, Direction, EventRecord, Finding, FrameRecord, Framing, Gaps, RequestHead,
    ResponseHead, SessionRecord, Severity, Summary, TeardownKind, Timestamp,
};

/// A frame; `first` is the time of the capture's first frame.
#[inline]
pub(crate) fn frame(fields: &mut impl Fields, frame: &FrameRecord, first: Timestamp) {
    let tcp = &frame.tcp;
    let (source, destination) = frame.ends();
    fields.number("frame", tcp.at.frame.0);
    fields.number("connection", u64::from(frame.connection));
    fields.time("time", tcp.at.time);
    fields.seconds("time_relative", tcp.at.time.since(first));
    fields.text("direction", direction(tcp.direction));
    fields.endpoint("source", source);
    fields.endpoint("destination", destination);
    fields.words("flags", tcp.flags.names());
    fields.number("sequence", u64::from(tcp.sequence));
    fields.number("acknowledgment", tcp.acknowledgment.map(u64::from));
    fields.number("length", u64::from(tcp.length));
    fields.number("window", u64::from(tcp.window));
    fields.number("acknowledges", tcp.acknowledges.map(|frame| frame.0));
    fields.seconds("rtt", tcp.rtt);
    fields.object("conflict", tcp.conflict.as_ref(), |fields, conflict| {
        fields.number("bytes", conflict.map(|conflict| u64::from(conflict.bytes)));
        fields.number("frame", conflict.map(|conflict| conflict.first.0));
    });
    fields.words("labels", frame.labels.iter().map(|label| label.name()));
    fields.number("session", frame.session.map(u64::from));
    fields.numbers("sessions", frame.sessions.iter().map(|&n| u64::from(n)));
    fields.text("annotation", frame.annotation.text.as_str());
}

/// An event; `first` is the time of the capture's first frame.
#[inline]
pub(crate) fn event(fields: &mut impl Fields, record: &EventRecord, first: Timestamp) {
    let event = &record.event;
    let complete = event.span.there;
    fields.number("session", u64::from(record.session));
    fields.number("connection", u64::from(record.connection));
    fields.number("number", event.number);
    fields.time("time", complete.time);
    fields.seconds("time_relative", complete.time.since(first));
    fields.text("type", event.event_type.as_str());
    fields.text("data", event.data.as_str());
    fields.text("last_event_id", &*event.last_event_id);
    fields.text("id", event.id.as_deref());
    fields.number("retry", event.retry);
    fields.number("first_frame", event.span.first.frame.0);
    fields.number("frame", complete.frame.0);
    fields.object("chunks", event.chunks.as_ref(), |fields, chunks| {
        fields.number("first", chunks.map(|(first, _)| *first));
        fields.number("last", chunks.map(|(_, last)| *last));
    });
    fields.seconds("gap", event.gap);
}

/// A session.
pub(crate) fn session(fields: &mut impl Fields, session: &SessionRecord) {
    let opening = &session.opening;
    let exchange = &opening.exchange;
    fields.number("session", u64::from(opening.session));
    fields.number("connection", u64::from(opening.connection));
    fields.number("stream", exchange.stream);
    fields.endpoint("client", opening.client);
    fields.endpoint("server", opening.server);
    fields.object("request", exchange.request.as_deref(), request);
    let recognised = recognised(session);
    let head = exchange.response.as_deref().or(Some(&recognised));
    fields.object("response", head, response);
    fields.number("events", session.events);
    fields.number("comments", session.comments);
    fields.number("chunks", session.chunks);
    fields.number("body_bytes", session.body_bytes);
    fields.number("data_bytes", session.data_bytes);
    fields.number("wire_bytes", session.wire_bytes);
    fields.number("segments", session.segments);
    fields.seconds("time_to_head", session.time_to_head);
    fields.seconds("time_to_first_event", session.time_to_first_event);
    fields.seconds("duration", session.duration);
    fields.object("gaps", session.gaps.as_ref(), gaps);
    // Billionths, as seconds are written.
    fields.seconds("rate", session.rate);
    fields.object("heartbeats", session.heartbeats.as_ref(), gaps);
    fields.number("incomplete_event", session.incomplete_event);
    fields.object("missing", session.missing.as_deref(), |fields, missing| {
        let frames = missing.into_iter().flat_map(|missing| &missing.between);
        let frames = frames.flat_map(|(before, behind)| [before.0, behind.0]);
        fields.number("bytes", missing.and_then(|missing| missing.bytes));
        fields.number("holes", missing.map(|missing| missing.holes));
        fields.numbers("frames", frames);
    });
    fields.object("end", Some(&session.end), |fields, end| {
        fields.text("kind", end.map(|end| end.kind.name()));
        fields.number("frame", end.and_then(|end| end.at).map(|at| at.frame.0));
        fields.text("by", end.and_then(|end| end.by).map(Direction::sender));
    });
    let reconnect = opening.reconnects.as_ref();
    fields.number(
        "reconnects",
        reconnect.map(|earlier| u64::from(earlier.session)),
    );
    fields.object("reconnection", reconnect, |fields, reconnect| {
        let resumed = reconnect.map(|_| session.resumed);
        fields.seconds("delay", reconnect.map(|earlier| earlier.delay));
        fields.number("retry", reconnect.and_then(|earlier| earlier.retry));
        fields.number("attempts", reconnect.map(|earlier| earlier.attempts));
        fields.number("missed", resumed.and_then(|ids| ids.missed));
        fields.number("repeated", resumed.and_then(|ids| ids.repeated));
    });
    fields.null("llm");
    fields.null("mcp");
}

/// A connection.
pub(crate) fn connection(fields: &mut Json<'_>, connection: &ConnectionRecord) {
    fields.number("connection", u64::from(connection.connection));
    fields.endpoint("client", connection.client);
    fields.endpoint("server", connection.server);
    fields.number("frames", connection.frames);
    fields.number("conflicts", connection.conflicts);
    fields.object(
        "handshake",
        Some(&connection.handshake),
        |fields, handshake| {
            let handshake = handshake.copied().unwrap_or_default();
            fields.number("syn", handshake.syn.map(|frame| frame.0));
            fields.number("syn_ack", handshake.syn_ack.map(|frame| frame.0));
            fields.number("ack", handshake.ack.map(|frame| frame.0));
            fields.seconds("rtt", handshake.rtt);
        },
    );
    let teardown = &connection.teardown;
    fields.object("teardown", Some(teardown), |fields, _| {
        fields.text("kind", teardown_kind(teardown.kind));
        fields.numbers("frames", teardown.frames.iter().map(|frame| frame.0));
    });
    fields.numbers(
        "sessions",
        connection.sessions.iter().map(|&n| u64::from(n)),
    );
    fields.objects(
        "other_streams",
        &connection.other_streams,
        |fields, stream| {
            fields.number("frame", stream.frame.0);
            fields.text("content_type", stream.content_type.as_str());
            fields.number("pieces", stream.pieces);
        },
    );
    fields.text("protocol", connection.protocol.name());
}

/// A finding.
pub(crate) fn finding(fields: &mut Json<'_>, finding: &Finding) {
    fields.text("code", finding.code);
    fields.text("severity", severity(finding.severity));
    fields.number("session", finding.session.map(u64::from));
    fields.number("connection", finding.connection.map(u64::from));
    fields.numbers("frames", finding.frames.iter().map(|frame| frame.0));
    fields.text("text", finding.text.as_str());
}

/// The summary.
pub(crate) fn summary(fields: &mut Json<'_>, summary: &Summary) {
    let counts = &summary.counts;
    fields.text("capture", summary.capture.as_str());
    fields.text("format", summary.format.as_str());
    fields.texts("link_types", &summary.link_types);
    fields.number("frames", counts.frames);
    fields.time("first_time", summary.first_time);
    fields.time("last_time", summary.last_time);
    fields.truth("truncated", summary.truncated);
    fields.counts("skipped", &summary.skipped);
    fields.number("connections", counts.connections);
    fields.number("sessions", counts.sessions);
    fields.number("events", counts.events);
    fields.number("findings", counts.findings);
}

fn request<F: Fields>(fields: &mut F, head: Option<&RequestHead>) {
    fields.number("frame", head.map(|head| head.span.there.frame.0));
    fields.text("method", head.map(|head| head.method.as_str()));
    fields.text("target", head.map(|head| head.target.as_str()));
    fields.text("authority", head.and_then(|head| head.authority.as_deref()));
    fields.text(
        "last_event_id",
        head.and_then(|head| head.last_event_id.as_deref()),
    );
}

/// What a stream tells of its head that was not captured.
fn recognised(session: &SessionRecord) -> ResponseHead {
    ResponseHead {
        content_type: Some("text/event-stream".to_owned()),
        framing: session.chunks.map(|_| Framing::Chunked),
        ..ResponseHead::default()
    }
}

fn response<F: Fields>(fields: &mut F, head: Option<&ResponseHead>) {
    // Of a head that was not captured only what the stream itself tells is known.
    let seen = head.filter(|head| head.status > 0);
    fields.number("frame", seen.map(|head| head.span.there.frame.0));
    fields.number("status", seen.map(|head| u64::from(head.status)));
    fields.text("version", seen.map(|head| head.version.as_str()));
    fields.text(
        "content_type",
        head.and_then(|head| head.content_type.as_deref()),
    );
    fields.text(
        "framing",
        head.and_then(|head| head.framing)
            .map(|framing| framing.name()),
    );
    fields.text(
        "content_encoding",
        head.and_then(|head| head.content_encoding.as_deref()),
    );
}

fn gaps<F: Fields>(fields: &mut F, gaps: Option<&Gaps>) {
    fields.seconds("min", gaps.map(|gaps| gaps.min));
    fields.seconds("p50", gaps.map(|gaps| gaps.p50));
    fields.seconds("p95", gaps.map(|gaps| gaps.p95));
    fields.seconds("max", gaps.map(|gaps| gaps.max));
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "client-to-server",
        Direction::ToClient => "server-to-client",
    }
}

fn teardown_kind(kind: TeardownKind) -> &'static str {
    match kind {
        TeardownKind::Open => "open",
        TeardownKind::Fin => "fin",
        TeardownKind::Rst => "rst",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
