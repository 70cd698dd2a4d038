//! The fields of each record, in order: docs/json.md as code.

use super::{Fields, Json, name};
use crate::model::{
    ConnectionRecord, Direction, Event, EventRecord, Finding, FrameRecord, Framing, Gaps,
    PlainEvent, PlainRow, PlainText, RequestHead, ResponseHead, SessionRecord, Stream, Summary,
    TeardownKind, Timestamp,
};
use std::borrow::Cow;

/// A frame; `first` is the time of the capture's first frame.
#[inline]
pub(crate) fn frame(fields: &mut impl Fields, frame: &FrameRecord, first: Timestamp) {
    frame_before(fields, frame, first);
    frame_sessions(fields, frame.session, &frame.sessions);
    frame_behind(fields, frame);
}

/// A frame up to its sessions.
#[inline]
pub(crate) fn frame_before(fields: &mut impl Fields, frame: &FrameRecord, first: Timestamp) {
    let tcp = &frame.tcp;
    fields.number(name!("frame"), tcp.at.frame.0);
    fields.number(name!("connection"), u64::from(frame.connection));
    fields.time(name!("time"), tcp.at.time);
    fields.seconds(name!("time_relative"), tcp.at.time.since(first));
    fields.ends(frame);
    fields.number(name!("sequence"), u64::from(tcp.sequence));
    fields.number(name!("acknowledgment"), tcp.acknowledgment.map(u64::from));
    fields.number(name!("length"), u64::from(tcp.length));
    fields.number(name!("window"), u64::from(tcp.window));
    fields.number(name!("acknowledges"), tcp.acknowledges.map(|frame| frame.0));
    fields.seconds(name!("rtt"), tcp.rtt);
    fields.object(
        name!("conflict"),
        tcp.conflict.as_ref(),
        |fields, conflict| {
            fields.number(
                name!("bytes"),
                conflict.map(|conflict| u64::from(conflict.bytes)),
            );
            fields.number(name!("frame"), conflict.map(|conflict| conflict.first.0));
        },
    );
    fields.labels(frame);
}

/// A frame's direction, ends and flags.
pub(super) fn ends(fields: &mut impl Fields, frame: &FrameRecord) {
    let (source, destination) = frame.ends();
    fields.word(name!("direction"), direction(frame.tcp.direction));
    fields.endpoint(name!("source"), source);
    fields.endpoint(name!("destination"), destination);
    fields.words(name!("flags"), frame.tcp.flags.names());
}

/// A frame's labels.
pub(super) fn labels(fields: &mut impl Fields, frame: &FrameRecord) {
    let names = frame.labels.iter().map(|label| label.name());
    fields.words(name!("labels"), names);
}

/// A frame's sessions: the middle.
#[inline]
pub(crate) fn frame_sessions(fields: &mut impl Fields, session: Option<u32>, touched: &[u32]) {
    fields.number(name!("session"), session.map(u64::from));
    fields.numbers(name!("sessions"), touched.iter().map(|&n| u64::from(n)));
}

/// A frame's words: what stands behind its sessions.
#[inline]
pub(crate) fn frame_behind(fields: &mut impl Fields, frame: &FrameRecord) {
    fields.text(name!("annotation"), frame.annotation.text.as_str());
}

/// A plain row: what [`frame`] writes of the record that says the same.
pub(crate) fn plain_row(
    fields: &mut impl Fields,
    row: &PlainRow,
    of: &Stream,
    words: &str,
    first: Timestamp,
) {
    let (source, destination) = of.ends(row.direction);
    fields.number(name!("frame"), row.at.frame.0);
    fields.number(name!("connection"), u64::from(of.connection));
    fields.time(name!("time"), row.at.time);
    fields.seconds(name!("time_relative"), row.at.time.since(first));
    fields.word(name!("direction"), direction(row.direction));
    fields.endpoint(name!("source"), source);
    fields.endpoint(name!("destination"), destination);
    fields.words(name!("flags"), row.flags.names());
    fields.number(name!("sequence"), u64::from(row.sequence));
    fields.number(name!("acknowledgment"), u64::from(row.acknowledgment));
    fields.number(name!("length"), u64::from(row.length));
    fields.number(name!("window"), u64::from(row.window));
    fields.number(
        name!("acknowledges"),
        row.acknowledged().map(|frame| frame.0),
    );
    fields.seconds(name!("rtt"), Some(row.rtt).filter(|rtt| *rtt != 0));
    fields.object(name!("conflict"), None::<&()>, |fields, _| {
        fields.number(name!("bytes"), None);
        fields.number(name!("frame"), None);
    });
    let labels = row.labels();
    fields.words(name!("labels"), labels.iter().map(|label| label.name()));
    frame_sessions(fields, Some(of.session), &[of.session]);
    fields.text(name!("annotation"), words);
}

/// The event of a plain row: what [`event`] writes of the record that says the same.
pub(crate) fn plain_event(
    fields: &mut impl Fields,
    row: &PlainRow,
    event: PlainEvent,
    of: &Stream,
    text: &PlainText<'_>,
    first: Timestamp,
) {
    event_session(fields, of.session);
    fields.number(name!("connection"), u64::from(of.connection));
    fields.number(name!("number"), u64::from(event.number.get()));
    fields.time(name!("time"), row.at.time);
    fields.seconds(name!("time_relative"), row.at.time.since(first));
    fields.text(name!("type"), text.event_type);
    fields.text(name!("data"), &*String::from_utf8_lossy(text.data));
    fields.text(name!("last_event_id"), "");
    fields.text(name!("id"), None);
    fields.number(name!("retry"), None);
    fields.number(name!("first_frame"), row.at.frame.0);
    fields.number(name!("frame"), row.at.frame.0);
    fields.object(name!("chunks"), event.chunk.as_ref(), |fields, chunk| {
        let chunk = chunk.map(|chunk| u64::from(chunk.get()));
        fields.number(name!("first"), chunk);
        fields.number(name!("last"), chunk);
    });
    fields.seconds(name!("gap"), event.gap);
}

/// An event; `first` is the time of the capture's first frame.
#[inline]
pub(crate) fn event(fields: &mut impl Fields, record: &EventRecord, first: Timestamp) {
    event_session(fields, record.session);
    event_behind(fields, record.connection, &record.event, first);
}

/// An event's session: its first field.
#[inline]
pub(crate) fn event_session(fields: &mut impl Fields, session: u32) {
    fields.number(name!("session"), u64::from(session));
}

/// An event, behind its session.
#[inline]
pub(crate) fn event_behind(
    fields: &mut impl Fields,
    connection: u32,
    event: &Event,
    first: Timestamp,
) {
    let complete = event.span.there;
    fields.number(name!("connection"), u64::from(connection));
    fields.number(name!("number"), event.number);
    fields.time(name!("time"), complete.time);
    fields.seconds(name!("time_relative"), complete.time.since(first));
    match &event.event_type {
        Cow::Borrowed(name) => fields.word(name!("type"), name),
        Cow::Owned(name) => fields.text(name!("type"), name.as_str()),
    }
    fields.text(name!("data"), event.data.as_str());
    fields.text(name!("last_event_id"), &*event.last_event_id);
    fields.text(name!("id"), event.id.as_deref());
    fields.number(name!("retry"), event.retry);
    fields.number(name!("first_frame"), event.span.first.frame.0);
    fields.number(name!("frame"), complete.frame.0);
    fields.object(name!("chunks"), event.chunks.as_ref(), |fields, chunks| {
        fields.number(name!("first"), chunks.map(|(first, _)| *first));
        fields.number(name!("last"), chunks.map(|(_, last)| *last));
    });
    fields.seconds(name!("gap"), event.gap);
}

/// A session.
pub(crate) fn session(fields: &mut impl Fields, session: &SessionRecord) {
    let opening = &session.opening;
    let exchange = &opening.exchange;
    fields.number(name!("session"), u64::from(opening.session));
    fields.number(name!("connection"), u64::from(opening.connection));
    fields.number(name!("stream"), exchange.stream);
    fields.endpoint(name!("client"), opening.client);
    fields.endpoint(name!("server"), opening.server);
    fields.object(name!("request"), exchange.request.as_deref(), request);
    let recognised = recognised(session);
    let head = exchange.response.as_deref().or(Some(&recognised));
    fields.object(name!("response"), head, response);
    fields.number(name!("events"), session.events);
    fields.number(name!("comments"), session.comments);
    fields.number(name!("chunks"), session.chunks);
    fields.number(name!("body_bytes"), session.body_bytes);
    fields.number(name!("data_bytes"), session.data_bytes);
    fields.number(name!("wire_bytes"), session.wire_bytes);
    fields.number(name!("segments"), session.segments);
    fields.seconds(name!("time_to_head"), session.time_to_head);
    fields.seconds(name!("time_to_first_event"), session.time_to_first_event);
    fields.seconds(name!("duration"), session.duration);
    fields.object(name!("gaps"), session.gaps.as_ref(), gaps);
    // Billionths, as seconds are written.
    fields.seconds(name!("rate"), session.rate);
    fields.object(name!("heartbeats"), session.heartbeats.as_ref(), gaps);
    fields.number(name!("incomplete_event"), session.incomplete_event);
    fields.object(
        name!("missing"),
        session.missing.as_deref(),
        |fields, missing| {
            let frames = missing.into_iter().flat_map(|missing| &missing.between);
            let frames = frames.flat_map(|(before, behind)| [before.0, behind.0]);
            fields.number(name!("bytes"), missing.and_then(|missing| missing.bytes));
            fields.number(name!("holes"), missing.map(|missing| missing.holes));
            fields.numbers(name!("frames"), frames);
        },
    );
    fields.object(name!("end"), Some(&session.end), |fields, end| {
        fields.text(name!("kind"), end.map(|end| end.kind.name()));
        fields.number(
            name!("frame"),
            end.and_then(|end| end.at).map(|at| at.frame.0),
        );
        fields.text(
            name!("by"),
            end.and_then(|end| end.by).map(Direction::sender),
        );
    });
    let reconnect = opening.reconnects.as_ref();
    fields.number(
        name!("reconnects"),
        reconnect.map(|earlier| u64::from(earlier.session)),
    );
    fields.object(name!("reconnection"), reconnect, |fields, reconnect| {
        let resumed = reconnect.map(|_| session.resumed);
        fields.seconds(name!("delay"), reconnect.map(|earlier| earlier.delay));
        fields.number(name!("retry"), reconnect.and_then(|earlier| earlier.retry));
        fields.number(name!("attempts"), reconnect.map(|earlier| earlier.attempts));
        fields.number(name!("missed"), resumed.and_then(|ids| ids.missed));
        fields.number(name!("repeated"), resumed.and_then(|ids| ids.repeated));
    });
    fields.null(name!("llm"));
    fields.null(name!("mcp"));
}

/// A connection.
pub(crate) fn connection(fields: &mut Json<'_>, connection: &ConnectionRecord) {
    fields.number(name!("connection"), u64::from(connection.connection));
    fields.endpoint(name!("client"), connection.client);
    fields.endpoint(name!("server"), connection.server);
    fields.number(name!("frames"), connection.frames);
    fields.number(name!("conflicts"), connection.conflicts);
    fields.object(
        name!("handshake"),
        Some(&connection.handshake),
        |fields, handshake| {
            let handshake = handshake.copied().unwrap_or_default();
            fields.number(name!("syn"), handshake.syn.map(|frame| frame.0));
            fields.number(name!("syn_ack"), handshake.syn_ack.map(|frame| frame.0));
            fields.number(name!("ack"), handshake.ack.map(|frame| frame.0));
            fields.seconds(name!("rtt"), handshake.rtt);
        },
    );
    let teardown = &connection.teardown;
    fields.object(name!("teardown"), Some(teardown), |fields, _| {
        fields.text(name!("kind"), teardown_kind(teardown.kind));
        fields.numbers(name!("frames"), teardown.frames.iter().map(|frame| frame.0));
    });
    fields.numbers(
        name!("sessions"),
        connection.sessions.iter().map(|&n| u64::from(n)),
    );
    fields.objects(
        name!("other_streams"),
        &connection.other_streams,
        |fields, stream| {
            fields.number(name!("frame"), stream.frame.0);
            fields.text(name!("content_type"), stream.content_type.as_str());
            fields.number(name!("pieces"), stream.pieces);
        },
    );
    fields.text(name!("protocol"), connection.protocol.name());
}

/// A finding.
pub(crate) fn finding(fields: &mut Json<'_>, finding: &Finding) {
    fields.text(name!("code"), finding.code);
    fields.text(name!("severity"), finding.severity.name());
    fields.number(name!("session"), finding.session.map(u64::from));
    fields.number(name!("connection"), finding.connection.map(u64::from));
    fields.numbers(name!("frames"), finding.frames.iter().map(|frame| frame.0));
    fields.text(name!("text"), finding.text.as_str());
}

/// The summary.
pub(crate) fn summary(fields: &mut Json<'_>, summary: &Summary) {
    let counts = &summary.counts;
    fields.text(name!("capture"), summary.capture.as_str());
    fields.text(name!("format"), summary.format.as_str());
    fields.texts(name!("link_types"), &summary.link_types);
    fields.number(name!("frames"), counts.frames);
    fields.time(name!("first_time"), summary.first_time);
    fields.time(name!("last_time"), summary.last_time);
    fields.truth(name!("truncated"), summary.truncated);
    fields.counts(name!("skipped"), &summary.skipped);
    fields.number(name!("connections"), counts.connections);
    fields.number(name!("sessions"), counts.sessions);
    fields.number(name!("events"), counts.events);
    fields.number(name!("findings"), counts.findings);
}

fn request<F: Fields>(fields: &mut F, head: Option<&RequestHead>) {
    fields.number(name!("frame"), head.map(|head| head.span.there.frame.0));
    fields.text(name!("method"), head.map(|head| head.method.as_str()));
    fields.text(name!("target"), head.map(|head| head.target.as_str()));
    fields.text(
        name!("authority"),
        head.and_then(|head| head.authority.as_deref()),
    );
    fields.text(
        name!("last_event_id"),
        head.and_then(|head| head.last_event_id.as_deref()),
    );
}

/// What a stream tells of its head that was not captured.
fn recognised(session: &SessionRecord) -> ResponseHead {
    ResponseHead {
        content_type: Some("text/event-stream".into()),
        framing: session.chunks.map(|_| Framing::Chunked),
        ..ResponseHead::default()
    }
}

fn response<F: Fields>(fields: &mut F, head: Option<&ResponseHead>) {
    // Of a head that was not captured only what the stream itself tells is known.
    let seen = head.filter(|head| head.status > 0);
    fields.number(name!("frame"), seen.map(|head| head.span.there.frame.0));
    fields.number(name!("status"), seen.map(|head| u64::from(head.status)));
    fields.text(name!("version"), seen.map(|head| head.version.as_str()));
    fields.text(
        name!("content_type"),
        head.and_then(|head| head.content_type.as_deref()),
    );
    fields.text(
        name!("framing"),
        head.and_then(|head| head.framing)
            .map(|framing| framing.name()),
    );
    fields.text(
        name!("content_encoding"),
        head.and_then(|head| head.content_encoding.as_deref()),
    );
}

fn gaps<F: Fields>(fields: &mut F, gaps: Option<&Gaps>) {
    fields.seconds(name!("min"), gaps.map(|gaps| gaps.min));
    fields.seconds(name!("p50"), gaps.map(|gaps| gaps.p50));
    fields.seconds(name!("p95"), gaps.map(|gaps| gaps.p95));
    fields.seconds(name!("max"), gaps.map(|gaps| gaps.max));
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
