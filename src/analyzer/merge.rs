//! Puts what became final in the order of the output, numbers the sessions, and counts.
//!
//! In: items of the workers, those of one batch at a time. Out: records: by the frame that made them final, then by
//! connection, then in frame order.

use super::collected::Collected;
use super::dispatch::Dispatched;
use super::made::{Answered, Made, Next, Refused, Touched, What};
use super::order::{Found, Key};
use super::plain::EventText;
use super::reconnects::{Asked, Reconnects};
use super::{Connections, Options, Sink, Source};
use crate::model::At;
use crate::model::{
    ConnectionRecord, Counts, EndKind, EventRecord, Exchange, Finding, Lines, Out, PlainRow,
    PlainText, Record, RequestHead, Resumed, SessionEnding, SessionOpening, SessionRecord, Stream,
    Summary, limits,
};
use crate::timeline::narrate;
use crate::timeline::redact::redact_target;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Merger {
    /// Writes what is missing of lines.
    lines: Option<Box<dyn Lines>>,
    /// Lines that are final, up to some kilobytes.
    text: Arc<Out>,
    /// The words of a plain row.
    words: String,
    connections: Connections,
    show_secrets: bool,
    /// The sessions of the connections that are not over, by their number within the connection.
    sessions: HashMap<u32, SmallVec<[Numbered; 1]>, foldhash::fast::RandomState>,
    reconnects: Reconnects,
    counts: Counts,
}

/// Lines that are looked up together.
const AHEAD: usize = 16;

/// A line that comes next.
struct Ahead {
    whose: usize,
    key: Key,
    /// Its session, where it has one.
    stream: Option<Stream>,
}

/// A session's number and, while it is open, how it began.
#[derive(Debug)]
struct Numbered {
    stream: Stream,
    open: Option<Box<Open>>,
}

#[derive(Debug)]
struct Open {
    opening: SessionOpening,
    /// What it was asked with; `None` where the request was not captured.
    asked: Option<Asked>,
}

impl Merger {
    pub(super) fn new(options: &Options, lines: Option<Box<dyn Lines>>) -> Merger {
        Merger {
            lines,
            text: Arc::default(),
            words: String::new(),
            connections: options.connections.clone(),
            show_secrets: options.show_secrets,
            sessions: HashMap::default(),
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
        let mut lines = SmallVec::new();
        loop {
            let other = self.look_ahead(collected, &mut lines);
            if lines.is_empty() && other.is_none() {
                return self.pass_on(sink);
            }
            for ahead in lines.drain(..) {
                if self.line(&collected.made[ahead.whose], &ahead) {
                    self.pass_on(sink)?;
                }
            }
            if let Some((whose, key)) = other
                && let Found::Item(place) = key.place.find()
            {
                let item = &mut collected.made[whose].items[place];
                let what = std::mem::replace(&mut item.what, What::Closes);
                self.item(item.connection, what, sink)?;
            }
        }
    }

    /// Looks up what the next lines need, some of them, up to an item that is none: where that is. The lines of a connection lie together, those that
    /// follow each other in the output do not: the processor waits for the memory of all of these at once.
    fn look_ahead(
        &self,
        collected: &mut Collected,
        lines: &mut SmallVec<[Ahead; AHEAD]>,
    ) -> Option<(usize, Key)> {
        while lines.len() < AHEAD {
            let (whose, key) = collected.next()?;
            let made = &collected.made[whose];
            let next = made.next(key.place);
            let session = match next {
                Next::Line(_, session) => session,
                Next::Plain(plain) => Some(plain.session),
                Next::Other => return Some((whose, key)),
            };
            made.fetch(next);
            let stream = session.and_then(|session| self.stream(key.connection, session));
            lines.push(Ahead {
                whose,
                key,
                stream: stream.copied(),
            });
        }
        None
    }

    /// Adds a line; whether it is time to pass on.
    fn line(&mut self, made: &Made, ahead: &Ahead) -> bool {
        let connection = ahead.key.connection;
        let place = match ahead.key.place.find() {
            Found::Item(place) => place,
            Found::Plain(place) => {
                let plain = made.plain.get(place);
                let event = made.plain.text(plain);
                return self.plain_lines(ahead.stream.as_ref(), &plain.row, event);
            }
        };
        let number = ahead.stream.map(|stream| stream.session);
        match &made.items[place].what {
            What::RowLine { line, sessions } => {
                self.row_line(connection, sessions, number, made.text(*line))
            }
            What::EventLine { line, .. } => self.event_line(connection, number, made.text(*line)),
            _ => false,
        }
    }

    /// Adds the lines of a plain row; whether it is time to pass on.
    fn plain_lines(
        &mut self,
        stream: Option<&Stream>,
        row: &PlainRow,
        event: EventText<'_>,
    ) -> bool {
        let out = Arc::get_mut(&mut self.text);
        let (Some(lines), Some(stream), Some(out)) = (&mut self.lines, stream, out) else {
            return false;
        };
        self.words.clear();
        narrate::plain(
            &mut self.words,
            row,
            event.event_type,
            event.data,
            event.shared,
        );
        let text = PlainText {
            words: &self.words,
            event_type: event.event_type,
            data: event.data,
        };
        lines.plain(row, stream, &text, out);
        out.len() >= limits::LINES
    }

    /// Passes on the lines that are final.
    fn pass_on(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        sink(Record::Lines(Arc::clone(&self.text)))?;
        match Arc::get_mut(&mut self.text) {
            Some(text) => text.clear(),
            // Somebody keeps it.
            None => self.text = Arc::default(),
        }
        Ok(())
    }

    /// Adds a row's line; whether it is time to pass on.
    fn row_line(
        &mut self,
        connection: u32,
        touched: &Touched,
        only: Option<u32>,
        (before, behind): (&[u8], &[u8]),
    ) -> bool {
        let number = |local: u32| Some(self.stream(connection, local)?.session);
        let (session, all): (_, SmallVec<[u32; 2]>) = match touched {
            Touched::None | Touched::One(_) => (only, only.into_iter().collect()),
            Touched::Several(several) => {
                let (session, all) = &**several;
                let all = all.iter().filter_map(|local| number(*local));
                (session.and_then(number), all.collect())
            }
        };
        let (Some(lines), Some(text)) = (&mut self.lines, Arc::get_mut(&mut self.text)) else {
            return false;
        };
        text.extend_from_slice(before);
        lines.frame_sessions(session, &all, text);
        text.extend_from_slice(behind);
        text.len() >= limits::LINES
    }

    /// Adds an event's line; whether it is time to pass on.
    fn event_line(
        &mut self,
        connection: u32,
        number: Option<u32>,
        (before, behind): (&[u8], &[u8]),
    ) -> bool {
        let shown = self.connections.show(connection, true);
        let number = number.filter(|_| shown);
        let text = Arc::get_mut(&mut self.text);
        let (Some(lines), Some(number), Some(text)) = (&mut self.lines, number, text) else {
            return false;
        };
        text.extend_from_slice(before);
        lines.event_session(number, text);
        text.extend_from_slice(behind);
        text.len() >= limits::LINES
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

    /// Passes on a record, behind the lines before it, or as one of them.
    fn emit(&mut self, record: Record, sink: &mut Sink<'_>) -> io::Result<()> {
        if let (Some(lines), Some(text)) = (&mut self.lines, Arc::get_mut(&mut self.text))
            && lines.record(&record, text)
        {
            return match text.len() >= limits::LINES {
                true => self.pass_on(sink),
                false => Ok(()),
            };
        }
        self.pass_on(sink)?;
        sink(record)
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
                    self.emit(Record::SessionOpens(Box::new(opening.clone())), sink)?;
                }
                let numbered = Numbered {
                    stream,
                    open: Some(Box::new(Open { opening, asked })),
                };
                self.sessions.entry(connection).or_default().push(numbered);
            }
            What::Row(mut row) => {
                if let Some(sessions) = self.sessions.get(&connection) {
                    let number = |local: u32| {
                        sessions
                            .get(local as usize)
                            .map(|session| session.stream.session)
                    };
                    row.session = row.session.and_then(number);
                    row.sessions = row
                        .sessions
                        .iter()
                        .filter_map(|local| number(*local))
                        .collect();
                }
                self.emit(Record::Frame(row), sink)?;
            }
            What::Event { session, event } => {
                if self.connections.show(connection, true)
                    && let Some(session) = self
                        .numbered(connection, session)
                        .map(|session| session.stream.session)
                {
                    self.emit(
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
                if let Some(open) = self
                    .numbered(connection, session)
                    .and_then(|session| session.open.take())
                {
                    let Open { opening, asked } = *open;
                    let resumed = match asked {
                        Some(asked) => self.reconnects.ended(asked, &opening, &ending),
                        None => Resumed::default(),
                    };
                    if self.connections.show(connection, true) {
                        let record = session_record(opening, &ending, resumed, last);
                        self.emit(Record::Session(Box::new(record)), sink)?;
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
            self.emit(Record::Finding(Box::new(finding)), sink)?;
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
        let sessions = self.sessions.remove(&connection).unwrap_or_default();
        if let Some(mut record) = record
            && self.connections.show(connection, !sessions.is_empty())
        {
            let numbers = sessions.iter().map(|session| session.stream.session);
            record.sessions = numbers.collect();
            self.emit(Record::Connection(record), sink)?;
        }
        Ok(())
    }

    /// A session of a connection, with its number among all.
    fn stream(&self, connection: u32, session: u32) -> Option<&Stream> {
        let sessions = self.sessions.get(&connection)?;
        Some(&sessions.get(session as usize)?.stream)
    }

    fn numbered(&mut self, connection: u32, session: u32) -> Option<&mut Numbered> {
        self.sessions
            .get_mut(&connection)?
            .get_mut(session as usize)
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
                    target: target.into_owned(),
                    authority: authority.map(Cow::into_owned),
                    ..RequestHead::clone(request)
                }));
            }
        }
        exchange
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
