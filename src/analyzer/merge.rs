//! Puts what became final in the order of the output, numbers the sessions, and counts.
//!
//! In: items of the workers, those of one batch at a time. Out: records: by the frame that made them final, then by
//! connection, then in frame order.

use super::collected::Collected;
use super::dispatch::Dispatched;
use super::made::{Answered, Made, Next, Refused, Touched, What};
use super::order::{Found, Key};
use super::reconnects::Reconnects;
use super::sessions::{Open, Session, Sessions};
use super::written::Written;
use super::{Connections, Options, Sink, Source};
use crate::model::At;
use crate::model::{
    ConnectionRecord, Counts, EndKind, EventRecord, Exchange, Finding, Lines, Record, RequestHead,
    Resumed, SessionEnding, SessionOpening, SessionRecord, Stream, Summary,
};
use crate::timeline::redact::redact_target;
use smallvec::SmallVec;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Merger {
    written: Written,
    connections: Connections,
    show_secrets: bool,
    sessions: Sessions,
    reconnects: Reconnects,
    counts: Counts,
}

/// Lines that are looked up together.
const AHEAD: usize = 16;

/// A line that comes next.
struct Ahead<'a> {
    whose: usize,
    key: Key,
    /// Its session, where it has one.
    stream: Option<&'a Stream>,
}

impl Sessions {
    /// Looks up what the next lines need, some of them, up to an item that is none: where that is; and has fetched where that of as many behind them
    /// is. The lines of a connection lie together, those that follow each other in the output do not.
    fn look_ahead<'a>(
        &'a self,
        collected: &mut Collected,
        lines: &mut SmallVec<[Ahead<'a>; AHEAD]>,
    ) -> Option<(usize, Key)> {
        collected.soon(AHEAD, |made, key| {
            made.fetch_row(key.place);
            self.fetch(key.connection);
        });
        while lines.len() < AHEAD {
            let (whose, key) = collected.next()?;
            let made = &collected.made[whose];
            let next = made.next(key.place);
            let session = match next {
                Next::Line(_, session) => session,
                Next::Plain(plain) => Some(plain.session),
                Next::Other => return Some((whose, key)),
            };
            made.fetch_text(next);
            let stream = session.and_then(|session| self.stream(key.connection, session));
            lines.push(Ahead { whose, key, stream });
        }
        None
    }

    /// The number of a row's session, and those of all that it touches. `only`: the session, if it is one.
    fn numbers(
        &self,
        connection: u32,
        touched: &Touched,
        only: Option<u32>,
    ) -> (Option<u32>, SmallVec<[u32; 2]>) {
        let number = |local| self.number(connection, local);
        match touched {
            Touched::None | Touched::One(_) => (only, only.into_iter().collect()),
            Touched::Several(several) => {
                let (session, all) = &**several;
                let all = all.iter().filter_map(|local| number(*local));
                (session.and_then(number), all.collect())
            }
        }
    }
}

impl Merger {
    pub(super) fn new(options: &Options, lines: Option<Box<dyn Lines>>) -> Merger {
        Merger {
            written: Written::new(lines),
            connections: options.connections.clone(),
            show_secrets: options.show_secrets,
            sessions: Sessions::default(),
            reconnects: Reconnects::new(options.memory),
            counts: Counts::default(),
        }
    }

    /// Takes what the workers made of a batch, as far as it is complete.
    pub(super) fn made(
        &mut self,
        collected: &mut Collected,
        sink: &mut Sink<'_>,
    ) -> io::Result<()> {
        loop {
            let Some((whose, key)) = self.lines(collected, sink)? else {
                return self.written.pass_on(sink);
            };
            if let Found::Item(place) = key.place.find() {
                let item = &mut collected.made[whose].items[place];
                let what = std::mem::replace(&mut item.what, What::Closes);
                self.item(item.connection, what, sink)?;
            }
        }
    }

    /// Writes lines up to an item that is none: where that is.
    fn lines(
        &mut self,
        collected: &mut Collected,
        sink: &mut Sink<'_>,
    ) -> io::Result<Option<(usize, Key)>> {
        loop {
            let mut lines = SmallVec::new();
            let other = self.sessions.look_ahead(collected, &mut lines);
            for ahead in &lines {
                let made = &collected.made[ahead.whose];
                let shown = &self.connections;
                write_line(&mut self.written, &self.sessions, shown, made, ahead);
                self.written.pass_on_much(sink)?;
            }
            if lines.is_empty() || other.is_some() {
                return Ok(other);
            }
        }
    }

    /// The capture is over: the summary.
    pub(super) fn finish(
        mut self,
        source: Source,
        dispatched: Dispatched,
        given_up: u64,
        sink: &mut Sink<'_>,
    ) -> io::Result<Summary> {
        self.counts.frames = source.frames;
        let summary = Summary {
            capture: source.capture,
            format: source.format,
            link_types: source.link_types,
            counts: self.counts,
            first_time: source.times.map(|(first, _)| first),
            last_time: source.times.map(|(_, last)| last),
            truncated: source.truncated,
            skipped: dispatched.skipped,
            given_up,
            live: None,
        };
        sink(Record::Summary(Box::new(summary.clone())))?;
        Ok(summary)
    }

    fn item(&mut self, connection: u32, what: What, sink: &mut Sink<'_>) -> io::Result<()> {
        match what {
            What::SessionOpens(answered) => {
                let Answered { exchange, at, ends } = *answered;
                let mut asked = self.reconnects.asked(&exchange, &ends);
                let reconnects = asked
                    .as_mut()
                    .and_then(|asked| self.reconnects.continues(asked));
                let stream = Stream {
                    session: self.counts.sessions as u32,
                    connection,
                    client: ends.client,
                    server: ends.server,
                };
                let opening = SessionOpening {
                    session: stream.session,
                    connection,
                    client: stream.client,
                    server: stream.server,
                    exchange: self.redacted(*exchange),
                    at,
                    reconnects,
                };
                self.counts.sessions += 1;
                if self.connections.show(connection, true) {
                    self.written
                        .record(Record::SessionOpens(Box::new(opening.clone())), sink)?;
                }
                let open = Some(Box::new(Open { opening, asked }));
                self.sessions.push(connection, Session { stream, open });
            }
            What::Row(mut row) => {
                let number = |local| self.sessions.number(connection, local);
                row.session = row.session.and_then(number);
                row.sessions = row.sessions.iter().copied().filter_map(number).collect();
                self.written.record(Record::Frame(row), sink)?;
            }
            What::Event { session, event } => {
                if self.connections.show(connection, true)
                    && let Some(session) = self.sessions.number(connection, session)
                {
                    self.written.record(
                        Record::Event(Box::new(EventRecord {
                            session,
                            connection,
                            event: *event,
                        })),
                        sink,
                    )?;
                }
            }
            What::SessionEnds {
                session,
                ending,
                last,
            } => {
                // Those of the session, and not those that were handed over: a view of sessions makes none.
                self.counts.events += ending.events;
                if ending.end.kind == EndKind::Open {
                    self.counts.open_sessions += 1;
                }
                if let Some(open) = self.sessions.end(connection, session) {
                    let Open { opening, asked } = *open;
                    let resumed = match asked {
                        Some(asked) => self.reconnects.ended(asked, &opening, &ending),
                        None => Resumed::default(),
                    };
                    if self.connections.show(connection, true) {
                        let record = session_record(opening, &ending, resumed, last);
                        self.written
                            .record(Record::Session(Box::new(record)), sink)?;
                    }
                }
            }
            What::Declined(answered) => {
                let Answered { exchange, at, ends } = *answered;
                if let Some(asked) = self.reconnects.asked(&exchange, &ends)
                    && let Some(finding) = self.reconnects.declined(&asked, &exchange, at)
                {
                    self.finding(finding, sink)?;
                }
            }
            What::Refused(refused) => {
                let Refused { at, client, server } = *refused;
                self.reconnects.refused(at, client, server);
            }
            What::Closes | What::HoldsOn | What::RowLine { .. } | What::EventLine { .. } => {}
            What::Over(record) => return self.over(connection, record, sink),
        }
        Ok(())
    }

    fn finding(&mut self, finding: Finding, sink: &mut Sink<'_>) -> io::Result<()> {
        self.counts.findings += 1;
        if finding
            .connection
            .is_none_or(|connection| self.connections.show(connection, true))
        {
            self.written
                .record(Record::Finding(Box::new(finding)), sink)?;
        }
        Ok(())
    }

    fn over(
        &mut self,
        connection: u32,
        record: Option<Box<ConnectionRecord>>,
        sink: &mut Sink<'_>,
    ) -> io::Result<()> {
        self.counts.connections += 1;
        let sessions = self.sessions.remove(connection);
        if let Some(mut record) = record
            && self.connections.show(connection, !sessions.is_empty())
        {
            record.sessions = sessions;
            self.written.record(Record::Connection(record), sink)?;
        }
        Ok(())
    }

    /// The exchange as it may be shown.
    fn redacted(&self, mut exchange: Exchange) -> Exchange {
        if !self.show_secrets
            && let Some(request) = &exchange.request
        {
            let target = redact_target(&request.target);
            let authority = request.authority.as_deref().map(redact_target);
            if let (Cow::Owned(_), _) | (_, Some(Cow::Owned(_))) = (&target, &authority) {
                exchange.request = Some(Arc::new(RequestHead {
                    target: target.into(),
                    authority: authority.map(SmolStr::from),
                    ..RequestHead::clone(request)
                }));
            }
        }
        exchange
    }
}

/// Writes the lines of what comes next.
#[inline]
fn write_line(
    written: &mut Written,
    sessions: &Sessions,
    connections: &Connections,
    made: &Made,
    ahead: &Ahead<'_>,
) {
    let place = match (ahead.key.place.find(), ahead.stream) {
        (Found::Item(place), _) => place,
        (Found::Plain(place), Some(stream)) => {
            let plain = made.plain.get(place);
            let row = plain.row(ahead.key.frame);
            return written.plain(&row, stream, &made.plain.text(plain));
        }
        (Found::Plain(_), None) => return,
    };
    let connection = ahead.key.connection;
    let number = ahead.stream.map(|stream| stream.session);
    match &made.items[place].what {
        What::RowLine {
            line,
            sessions: touched,
        } => {
            let (session, all) = sessions.numbers(connection, touched, number);
            written.row(made.text(*line), session, &all);
        }
        What::EventLine { line, .. } => {
            let number = number.filter(|_| connections.show(connection, true));
            if let Some(number) = number {
                written.event(made.text(*line), number);
            }
        }
        _ => {}
    }
}

fn session_record(
    opening: SessionOpening,
    ending: &SessionEnding,
    resumed: Resumed,
    last: At,
) -> SessionRecord {
    let asked = ending.request_end.map(|at| at.time);
    let head = opening
        .exchange
        .response
        .as_ref()
        .map(|response| response.span.there.time);
    let ended = match (ending.end.at, ending.end.kind) {
        (Some(at), _) => at,
        // `timeout` names no frame; the last one of the connection tells how long it was seen.
        (None, _) => last,
    };
    SessionRecord {
        events: ending.events,
        comments: ending.comments,
        chunks: ending.chunks,
        body_bytes: ending.body_bytes,
        data_bytes: ending.data_bytes,
        wire_bytes: ending.wire_bytes,
        segments: ending.segments,
        time_to_head: asked.zip(head).map(|(asked, head)| head.since(asked)),
        // Without a head the first event that was captured need not be the first.
        time_to_first_event: asked
            .filter(|_| head.is_some())
            .zip(ending.first_event)
            .map(|(asked, first)| first.time.since(asked)),
        duration: asked.map(|asked| ended.time.since(asked)),
        gaps: ending.gaps,
        rate: rate(ending),
        heartbeats: ending.heartbeats,
        longest_silence: ending.longest_silence,
        incomplete_event: ending.incomplete_event,
        missing: ending.missing.clone(),
        lost: ending.lost,
        end: ending.end,
        resumed,
        opening,
    }
}

/// Events in a billion seconds, so that the number is whole: the gaps between events, divided by the time from the first to the last.
fn rate(ending: &SessionEnding) -> Option<i64> {
    const BILLION_SECONDS: i128 = 1_000_000_000 * 1_000_000_000;
    let (first, last) = ending.first_event.zip(ending.last_event)?;
    let took = i128::from(last.time.since(first.time));
    let gaps = i128::from(ending.events) - 1;
    (gaps > 0 && took > 0)
        .then(|| gaps * BILLION_SECONDS / took)
        .map(|rate| i64::try_from(rate).unwrap_or(i64::MAX))
}
