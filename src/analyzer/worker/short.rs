//! The short ways of nearly all segments: those of which nobody wants a row, and those that make a plain one.
//!
//! In: what is left of a connection's segments. Out: the same without those that went a short way, and what became final with them.

use super::super::batch::{Bucket, Common, Run};
use super::super::finals::{Finals, live_ends};
use super::super::made::Made;
use super::super::slot::{Live, Slot};
use super::Worker;
use crate::model::{Delivery, Detail, PlainText, Span};
use crate::timeline::LatestEvent;

impl Worker {
    /// Looks at what a bucket's segments need, one after the other: what of it lies in memory only then comes into the cache at the same
    /// time. While they are worked off each would wait for its own.
    pub(super) fn touch(&self, bucket: &Bucket, common: &Common) {
        let all = |touch: fn(&Live) -> u64| {
            bucket.runs(common).fold(0, |touched, run| {
                match self.slots.get(self.place(run.connection)) {
                    Some(Slot::Live(live)) => touched ^ touch(live),
                    _ => touched,
                }
            })
        };
        let mut touched = bucket.touch(common);
        if self.detail == Detail::Frames {
            touched ^= all(Live::touch_own);
            touched ^= all(Live::touch_first);
            touched ^= all(Live::touch_lists);
        } else {
            touched ^= all(Live::touch);
        }
        std::hint::black_box(touched);
    }

    /// Takes the next segments, at most so many, as long as they make plain rows of an open session, and somebody writes their lines: the way of nearly
    /// all. Whether there was one.
    pub(super) fn plain(&mut self, run: &mut Run<'_>, most: usize, made: &mut Made) -> bool {
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

    /// Takes the next segments as long as they are ordinary ones of an open connection and no rows are wanted: the way of nearly all.
    pub(super) fn pass(&mut self, run: &mut Run<'_>, made: &mut Made) {
        let connection = run.connection;
        let place = self.place(connection);
        let Some(live) = self.slots.live(place) else {
            return;
        };
        let Live {
            tcp,
            stack,
            rows,
            growth,
            ..
        } = &mut *live;
        while let Some(segment) = run.first()
            && let Some(direction) = tcp.pass(&segment)
        {
            run.advance();
            if segment.payload.is_empty() {
                continue;
            }
            let delivery = Delivery::Data {
                bytes: segment.payload,
                span: Span::of(segment.at),
            };
            stack.deliver(direction, delivery, &mut self.said);
            growth.carry(segment.payload.len(), self.epoch);
            if !self.said.is_empty() {
                growth.news(self.epoch);
                let mut finals = Finals {
                    made,
                    frame: segment.at.frame,
                    ends: live_ends(connection, tcp),
                    last: segment.at,
                };
                rows.heard(&mut self.said, &mut |entry| finals.take(entry));
                made.write_some(&mut self.lines, &mut self.spare);
                if made.fills(self.room) {
                    break;
                }
            }
        }
        if run.is_over()
            && growth.is_due(self.epoch)
            && let Some(grown) = live.grown()
        {
            made.grown.push((connection, grown));
        }
    }
}
