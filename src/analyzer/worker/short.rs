//! The short ways of nearly all segments: those of which nobody wants a row, and those that make a plain one.
//!
//! In: what is left of a connection's segments. Out: the same without those that went a short way, and what became final with them.

use super::super::batch::Run;
use super::super::finals::{Finals, live_ends};
use super::super::made::Made;
use super::super::slot::{Live, Slot};
use super::Worker;
use crate::model::{Delivery, Detail, PlainText, Span, limits};
use crate::timeline::LatestEvent;

/// So many runs before one is worked off it is fetched for the first time: enough for each step to have come before the next, and so few that what was
/// fetched still lies in the first cache when it is needed.
pub(super) const AHEAD: usize = 6;

impl Worker {
    /// Has fetched what runs need that come soon, as far as it lies in memory only: where the connection of `last` lies, that connection's own lines for
    /// the run before, and so on, since what one step fetched tells the next where to look. While it is worked off each run would wait for its own.
    #[inline]
    pub(super) fn fetch(&self, runs: &[Run<'_>], last: usize) {
        let run = |before: usize| runs.get(last.checked_sub(before)?);
        let live = |before: usize| match self.slots.get(self.place(run(before)?.connection)) {
            Some(Slot::Live(live)) => Some(&**live),
            _ => None,
        };
        if let Some(run) = run(0) {
            self.slots.fetch(self.place(run.connection));
            run.fetch();
        }
        let shown = self.detail == Detail::Frames;
        if let Some(live) = live(1) {
            live.fetch_own(shown);
        }
        if let Some(live) = live(2) {
            live.fetch_first(shown);
        }
        if let Some(live) = live(3) {
            live.fetch_next(shown);
        }
        if let Some(run) = run(4) {
            run.fetch_payloads();
        }
        if let Some(live) = live(4) {
            live.fetch_last();
        }
    }

    /// Takes the next segments, at most so many, as long as they go a short way. Whether there was one.
    #[inline]
    pub(super) fn short(&mut self, run: &mut Run<'_>, most: usize, made: &mut Made) -> bool {
        match self.detail {
            Detail::Frames => self.plain(run, most, made),
            Detail::Events | Detail::Sessions => self.pass(run, most, made),
        }
    }

    /// Takes the next segments, at most so many, as long as they make plain rows of an open session, and somebody writes their lines: the way of nearly
    /// all. Whether there was one.
    fn plain(&mut self, run: &mut Run<'_>, most: usize, made: &mut Made) -> bool {
        let (connection, before) = (run.connection, run.left());
        let place = self.place(connection);
        let Some(Live {
            tcp,
            stack,
            rows,
            growth,
            ..
        }) = self.slots.live(place)
        else {
            return false;
        };
        let session = rows.plain_session().filter(|_| self.lines.is_some());
        let Some(session) = session else {
            return false;
        };
        let kept = tcp.kept();
        let mut latest = LatestEvent::default();
        while let Some(segment) = run.first()
            && let Some(ordinary) = tcp.ordinary(&segment)
        {
            let only = if segment.length > 0 && !tcp.may_answer(ordinary) {
                let direction = tcp.direction(ordinary);
                stack.only_event(direction, segment.payload, segment.at)
            } else {
                None
            };
            if only.is_none() && (segment.length > 0 || !tcp.acknowledges(ordinary, &segment)) {
                break;
            }
            let heard = tcp.hear_ordinary(ordinary, &segment);
            growth.carry(segment.payload.len(), self.epoch);
            let row = tcp.plain_row(&segment, &heard, only.map(|only| only.event));
            let event = only.map_or(PlainText::NONE, |only| PlainText {
                event_type: only.event_type,
                data: only.data,
                shared: rows.shared(session, &mut latest, only.data),
            });
            made.push_plain(connection, session, row, event, run.block());
            run.advance();
            if made.fills(self.room) || before - run.left() == most {
                break;
            }
        }
        rows.keep(session, &latest);
        self.kept = self.kept - kept + tcp.kept();
        run.left() < before
    }

    /// Takes the next segments, at most so many, as long as they are ordinary ones of an open connection and no rows are wanted: the way of nearly
    /// all. Whether there was one.
    fn pass(&mut self, run: &mut Run<'_>, most: usize, made: &mut Made) -> bool {
        let (connection, before) = (run.connection, run.left());
        let place = self.place(connection);
        let Some(live) = self.slots.live(place) else {
            return false;
        };
        let Live {
            tcp,
            stack,
            rows,
            growth,
            ..
        } = &mut *live;
        let counts = self.detail == Detail::Sessions;
        while before - run.left() < most
            && let Some(segment) = run.first()
            && let Some(direction) = tcp.pass(&segment)
        {
            run.advance();
            if segment.payload.is_empty() {
                continue;
            }
            // Of an event that is counted nothing is said.
            let counted = counts.then(|| stack.only_event(direction, segment.payload, segment.at));
            if counted.flatten().is_some() {
                growth.carry(limits::CARRIED_COUNTED, self.epoch);
                continue;
            }
            growth.carry(segment.payload.len(), self.epoch);
            let delivery = Delivery::Data {
                bytes: segment.payload,
                span: Span::of(segment.at),
            };
            stack.deliver(direction, delivery, &mut self.said);
            if !self.said.is_empty() {
                growth.news(self.epoch);
                let mut finals = Finals {
                    made,
                    frame: segment.at.frame,
                    ends: live_ends(connection, tcp),
                    last: segment.at,
                };
                let (said, spare) = (&mut self.said, &mut self.spare);
                rows.heard(said, spare, &mut |entry| finals.take(entry));
                if made.should_write() {
                    made.write(&mut self.lines, &mut self.spare);
                }
                if made.fills(self.room) {
                    break;
                }
            }
        }
        if run.is_over()
            && growth.is_due(self.epoch)
            && let Some(grown) = live.grown(self.epoch)
        {
            made.grown.push((connection, grown));
        }
        run.left() < before
    }
}
