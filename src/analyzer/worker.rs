//! Owns whole connections: their TCP state, what is read from their bytes, and their rows.
//!
//! In: batches of segments with their connection's number. Out: items, each with the frame that made it final.
//! It never numbers a session across connections and never looks at another worker's connections.

mod pieces;
mod short;

use super::batch::{Clock, Common, Part, Run};
use super::finals::{END, Finals, live_ends, refused};
use super::growth::Growth;
use super::made::{Made, What};
use super::share::Shares;
use super::slot::{Live, Slot};
use super::slots::{Left, Slots};
use super::{Connections, Options};
use crate::layers::Stack;
use crate::model::{
    Delivery, Detail, Ending, FrameNo, Lines, Said, Segment, Timestamp, limits, shrink,
};
use crate::tcp::{Connection, Rest};
use crate::timeline::{After, Frames, Rows, Shown, Spare};
pub(super) use pieces::Unfinished;
use short::AHEAD;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(super) struct Worker {
    connections: Connections,
    detail: Detail,
    show_secrets: bool,
    shares: Shares,
    /// How much may be made before it is handed on, bytes.
    room: usize,
    /// That of the batch that is worked off.
    epoch: u32,
    /// By the connection's place among those of this worker. A number that only a quoted TCP header took stays empty.
    slots: Slots,
    /// When closed connections are over.
    closing: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Writes rows and events as lines, where that is wanted.
    lines: Option<Box<dyn Lines>>,
    /// Bytes that the connections keep to compare copies with.
    kept: usize,
    /// Kept to be used again.
    said: Vec<Said>,
    spare: Spare,
    packed: Vec<u8>,
}

impl Worker {
    /// One of the workers that have these shares.
    pub(super) fn new(options: &Options, lines: Option<Box<dyn Lines>>, shares: Shares) -> Worker {
        Worker {
            shares,
            room: limits::ITEMS.min(options.memory / 16) / shares.workers(),
            epoch: 0,
            lines,
            connections: options.connections.clone(),
            detail: options.detail,
            show_secrets: options.show_secrets,
            slots: Slots::default(),
            closing: BinaryHeap::new(),
            kept: 0,
            said: Vec::new(),
            spare: Spare::default(),
            packed: Vec::new(),
        }
    }

    /// Works off its part of a batch, or what is `left` of it. What became final is put into `made`, which is empty at first. Where that is much, the
    /// rest is left, and all that is complete comes back. What is left is worked off up to the frame `until` at most.
    pub(super) fn batch(
        &mut self,
        common: &Common,
        part: &mut Part,
        left: &mut Option<Unfinished>,
        until: Option<FrameNo>,
        made: &mut Made,
    ) -> Option<Made> {
        let mut rest = match left.take() {
            Some(rest) => rest,
            None => self.begin(common, part, made),
        };
        let complete = self.in_frame_order(&mut rest, common, part, until, made);
        if complete.is_some() {
            *left = Some(rest);
            return complete;
        }
        self.settle(part, &mut rest, common, None, made);
        self.write(made);
        made.kept = self.kept;
        made.sort();
        None
    }

    /// Works off its part of a batch connection by connection, until enough was made of it. What is left.
    fn begin(&mut self, common: &Common, part: &mut Part, made: &mut Made) -> Unfinished {
        self.epoch = common.epoch;
        if self.lines.is_some() {
            made.plain.begin(&common.blocks);
        }
        if common.forgets {
            self.forget_delivered();
        }
        for &(connection, frame) in &part.given_up {
            self.end(connection, Ending::Expired, frame, made);
            self.forget(connection);
        }
        let mut left = Unfinished::default();
        let step = self.shares.step();
        for (number, bucket) in part.buckets.iter_mut().enumerate() {
            bucket.group(step);
            let runs = bucket.runs(common);
            if !left.is_empty() || common.is_full() {
                runs.for_each(|run| left.add(number, &run));
                continue;
            }
            let mut runs: SmallVec<[Run<'_>; 128]> = runs.collect();
            (0..AHEAD).for_each(|step| self.fetch(&runs, step));
            for next in 0..runs.len() {
                self.fetch(&runs, next + AHEAD);
                self.run(&mut runs[next], &common.clock, made);
                if made.fills(self.room) {
                    common.fill();
                }
                if common.is_full() {
                    runs[next..].iter().for_each(|run| left.add(number, run));
                    break;
                }
            }
        }
        left
    }

    /// Ends the connections that are over before a frame, or at the end of the batch.
    fn settle(
        &mut self,
        part: &Part,
        left: &mut Unfinished,
        common: &Common,
        before: Option<FrameNo>,
        made: &mut Made,
    ) {
        let clock = &common.clock;
        while let Some((connection, frame)) = part.replaced.get(left.replaced)
            && before.is_none_or(|before| *frame < before)
        {
            let over = self
                .deadline(*connection)
                .and_then(|deadline| clock.first_frame_at(deadline).filter(|over| over < frame));
            self.end(*connection, Ending::Expired, over.unwrap_or(*frame), made);
            self.forget(*connection);
            made.gone.push(*connection);
            left.replaced += 1;
        }
        let now = clock.before(before);
        while let Some(&Reverse((deadline, connection))) = self.closing.peek()
            && deadline <= now
        {
            self.closing.pop();
            if let Some(frame) = clock.first_frame_at(deadline) {
                self.end(connection, Ending::Expired, frame, made);
            }
        }
    }

    /// Works off the segments of one connection, until enough was made of them.
    fn run(&mut self, run: &mut Run<'_>, clock: &Clock, made: &mut Made) {
        loop {
            self.short(run, usize::MAX, made);
            let Some(segment) = run.first() else {
                break;
            };
            if made.fills(self.room) {
                return;
            }
            self.segment(run.connection, &segment, run.port_reused(), clock, made);
            self.write_some(made);
            run.advance();
        }
        if self.detail == Detail::Frames {
            self.look(run.connection, made);
        }
    }

    /// Looks at what a connection holds that is left for now.
    fn look(&mut self, connection: u32, made: &mut Made) {
        let place = self.place(connection);
        let grown = match self.slots.get_mut(place) {
            Some(Slot::Live(live)) if !live.growth.is_due(self.epoch) => None,
            slot => slot.and_then(|slot| slot.grown(self.epoch)),
        };
        made.grown.extend(grown.map(|grown| (connection, grown)));
    }

    /// Works off any segment.
    fn segment(
        &mut self,
        connection: u32,
        segment: &Segment<'_>,
        port_reused: bool,
        clock: &Clock,
        made: &mut Made,
    ) {
        let frame = segment.at.frame;
        let place = self.place(connection);
        if let Some(deadline) = self.deadline(connection)
            && deadline <= clock.at(frame)
            && let Some(over) = clock.first_frame_at(deadline)
        {
            self.end(connection, Ending::Expired, over, made);
        }
        if self.slots.is_over(place) {
            return;
        }
        let wanted = self.wanted(connection);
        let show_secrets = self.show_secrets;
        let slot = self.slots.get_or_insert_with(place, || {
            let live = Box::new(Live {
                connection,
                tcp: Connection::new(segment, port_reused, wanted != Shown::None),
                stack: Stack::new(self.detail),
                rows: Rows::new(wanted, show_secrets),
                over_at: None,
                growth: Growth::default(),
            });
            Slot::Live(live)
        });
        let said = &mut self.said;
        match slot {
            Slot::Live(live) => {
                let Live {
                    tcp,
                    stack,
                    rows,
                    over_at,
                    growth,
                    ..
                } = &mut **live;
                growth.carry(segment.payload.len() + limits::CARRIED_APART, self.epoch);
                if self.detail < Detail::Frames {
                    tcp.hear(segment, &mut |direction, delivery| {
                        stack.deliver(direction, delivery, said);
                    });
                    if !said.is_empty() {
                        growth.news(self.epoch);
                        let mut finals = Finals {
                            made,
                            frame,
                            ends: live_ends(connection, tcp),
                            last: segment.at,
                        };
                        rows.heard(said, &mut self.spare, &mut |entry| finals.take(entry));
                    }
                    // Nothing that comes later will be shown.
                    if tcp.closed_at().is_some() && tcp.has_ended() {
                        refused(connection, tcp, made);
                        self.end(connection, Ending::Expired, frame, made);
                    }
                    return;
                }
                growth.news(self.epoch);
                let kept = tcp.kept();
                let heard = tcp.hear(segment, &mut |direction, delivery| {
                    stack.deliver(direction, delivery, said);
                });
                let facts = tcp.facts(segment, &heard);
                let ends = live_ends(connection, tcp);
                let mut finals = Finals {
                    made,
                    frame,
                    ends,
                    last: facts.at,
                };
                rows.frame(
                    ends,
                    &facts,
                    said,
                    After {
                        pending: facts.waiting || stack.pending(),
                        responding: stack.open_response(),
                    },
                    &mut self.spare,
                    &mut |entry| finals.take(entry),
                );
                // The rows of other answers, and of what is not read, are dropped.
                tcp.compare_answers(rows.may_be_shown(stack.is_opaque()));
                self.kept = self.kept - kept + tcp.kept();
                if over_at.is_none()
                    && let Some(closed) = tcp.closed_at()
                {
                    let closed = closed.max(clock.at(frame));
                    let deadline = Timestamp(closed.0.saturating_add(limits::CLOSED_LINGER));
                    *over_at = Some(deadline);
                    self.closing.push(Reverse((deadline, connection)));
                    refused(connection, tcp, made);
                }
                if over_at.is_some() && tcp.has_ended() {
                    self.kept -= tcp.kept();
                    let spare = &mut self.packed;
                    self.slots
                        .replace(place, |slot| Left::Slot(slot.close().pack(spare)));
                    made.push(frame, connection, What::Closes);
                }
            }
            Slot::Closed(closed) => {
                let facts = closed.tcp.segment(segment);
                let ends = closed.ends();
                let mut finals = Finals {
                    made,
                    frame,
                    ends,
                    last: facts.at,
                };
                let (rows, spare) = (&mut closed.rows, &mut self.spare);
                rows.frame(ends, &facts, said, After::default(), spare, &mut |entry| {
                    finals.take(entry);
                });
            }
            Slot::Packed(_) => {
                slot.unpack();
                self.segment(connection, segment, port_reused, clock, made);
            }
            Slot::Remains(remains) => {
                let late = Box::new(remains.revive());
                *slot = Slot::Late(late);
                made.push(frame, connection, What::HoldsOn);
                self.late(connection, segment, made);
            }
            Slot::Late(_) => self.late(connection, segment, made),
        }
    }

    /// A frame of a connection that was over.
    fn late(&mut self, connection: u32, segment: &Segment<'_>, made: &mut Made) {
        let place = self.place(connection);
        let Some(Slot::Late(late)) = self.slots.get_mut(place) else {
            return;
        };
        let facts = late.segment(segment);
        let (client, server) = late.ends(segment);
        let ends = Frames {
            connection,
            client,
            server,
            first: segment.at,
        };
        let mut finals = Finals {
            made,
            frame: segment.at.frame,
            ends,
            last: facts.at,
        };
        let mut rows = Rows::new(Shown::All, self.show_secrets);
        let (said, spare) = (&mut self.said, &mut self.spare);
        rows.frame(ends, &facts, said, After::default(), spare, &mut |entry| {
            finals.take(entry);
        });
    }

    /// The end of the capture: every connection is over, in the order of their numbers.
    pub(super) fn finish(&mut self, made: &mut Made) {
        for place in 0..self.slots.places() {
            if let Some(connection) = self.slots.get(place).and_then(Slot::open) {
                self.end(connection, Ending::CaptureEnd, END, made);
            }
        }
        self.write(made);
        made.sort();
    }

    /// Writes the lines of what was made since the last time, once that is enough.
    #[inline]
    fn write_some(&mut self, made: &mut Made) {
        if made.should_write() {
            self.write(made);
        }
    }

    /// Writes the lines of what was made since the last time. One frame can make some megabytes, in lists as large: these are given back first.
    fn write(&mut self, made: &mut Made) {
        shrink(&mut self.said);
        self.spare.shrink();
        made.write(&mut self.lines, &mut self.spare);
    }

    /// No frame can name the connection any more.
    fn forget(&mut self, connection: u32) {
        self.slots
            .replace(self.place(connection), |_| Left::Nothing);
    }

    /// Nothing that was delivered so far will be compared with copies.
    fn forget_delivered(&mut self) {
        for place in 0..self.slots.places() {
            if let Some(live) = self.slots.live(place) {
                live.tcp.forget_delivered();
            }
        }
        self.kept = 0;
    }

    /// Where a connection of this worker stands.
    fn place(&self, connection: u32) -> usize {
        self.shares.of(connection).1 as usize
    }

    /// When a closed connection is over.
    fn deadline(&self, connection: u32) -> Option<Timestamp> {
        match self.slots.get(self.place(connection))? {
            Slot::Live(live) => live.over_at,
            Slot::Closed(closed) => Some(closed.over_at),
            Slot::Packed(packed) => Some(packed.over_at),
            Slot::Remains(_) | Slot::Late(_) => None,
        }
    }

    /// Which rows of a connection are wanted.
    fn wanted(&self, connection: u32) -> Shown {
        match &self.connections {
            _ if self.detail < Detail::Frames => Shown::None,
            Connections::Sse => Shown::Sse,
            Connections::All => Shown::All,
            Connections::Only(numbers) if numbers.contains(&connection) => Shown::All,
            Connections::Only(_) => Shown::None,
        }
    }

    /// A connection is over: its state goes, its record comes, what late frames need stays. `frame` made it so.
    fn end(&mut self, connection: u32, ending: Ending, frame: FrameNo, made: &mut Made) {
        let place = self.place(connection);
        let Worker {
            slots,
            said,
            detail,
            connections,
            kept,
            spare,
            ..
        } = self;
        slots.replace(place, |mut slot| {
            if let Slot::Live(live) = &mut slot {
                let Live {
                    tcp, stack, rows, ..
                } = &mut **live;
                *kept -= tcp.kept();
                let (ends, last) = (live_ends(connection, tcp), tcp.last());
                tcp.finish(last, ending, &mut |direction, delivery| {
                    match delivery {
                        // What waits behind a hole at the end is not handed up: it would add labels to rows that have left.
                        Delivery::Data { .. } => {}
                        Delivery::Gap { bytes, between, .. } => {
                            stack.misses(direction, bytes, between);
                        }
                        Delivery::End { .. } => stack.deliver(direction, delivery, said),
                    }
                });
                let mut finals = Finals {
                    made,
                    frame,
                    ends,
                    last,
                };
                rows.finish(said, spare, &mut |entry| finals.take(entry));
            }
            if *detail < Detail::Frames {
                if slot.open().is_some() {
                    made.push(frame, connection, What::Over(None));
                }
                return Left::Over;
            }
            let closed = match slot.close() {
                Slot::Closed(closed) => closed,
                other => return Left::Slot(other),
            };
            let record = Some(Box::new(closed.record()));
            made.push(frame, connection, What::Over(record));
            let shown = match connections {
                Connections::Sse => closed.rows.streamed(),
                Connections::All => true,
                Connections::Only(numbers) => numbers.contains(&connection),
            };
            if !shown {
                return Left::Over;
            }
            Left::Slot(match closed.tcp.into_rest() {
                Rest::Little(remains) => Slot::Remains(remains),
                Rest::Much(late) => {
                    made.push(frame, connection, What::HoldsOn);
                    let mut slot = Slot::Late(late);
                    made.grown
                        .extend(slot.grown(self.epoch).map(|steps| (connection, steps)));
                    slot
                }
            })
        });
    }
}
