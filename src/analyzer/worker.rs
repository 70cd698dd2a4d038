//! Owns whole connections: their TCP state, what is read from their bytes, and their rows.
//!
//! In: batches of segments with their connection's number. Out: items, each with the frame that made it final.
//! It never numbers a session across connections and never looks at another worker's connections.

use super::batch::{Clock, Common, Part, Run};
use super::growth::Growth;
use super::share::Shares;
use super::slot::{Live, Slot};
use super::slots::{Left, Slots};
use super::{Connections, Options};
use crate::layers::Stack;
use crate::model::{
    At, ConnectionRecord, Delivery, Detail, Ending, Endpoint, Event, Exchange, FrameNo,
    FrameRecord, Said, Segment, SessionEnding, Span, TeardownKind, Timestamp, limits,
};
use crate::tcp::{Connection, Rest};
use crate::timeline::{Entry, Frames, Rows, Shown};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something final.
#[derive(Debug)]
pub(super) struct Item {
    /// The frame that made it final; behind every frame where the end of the capture did.
    pub(super) frame: FrameNo,
    pub(super) connection: u32,
    pub(super) what: What,
}

impl Item {
    /// The order of the output.
    pub(super) fn order(&self) -> (FrameNo, u32) {
        (self.frame, self.connection)
    }
}

/// Puts items in the order of the output; those of a connection are in it. They are large, so that their places are sorted and they
/// move once.
pub(super) fn sort(items: &mut Vec<Item>) {
    if items.is_sorted_by_key(Item::order) {
        return;
    }
    let keyed = (0_u32..)
        .zip(&*items)
        .map(|(place, item)| (item.frame, item.connection, place));
    let mut order: Vec<(FrameNo, u32, u32)> = keyed.collect();
    order.sort_unstable();
    let mut unsorted: Vec<Option<Item>> = items.drain(..).map(Some).collect();
    let next = |(_, _, place): (_, _, u32)| unsorted.get_mut(place as usize)?.take();
    items.extend(order.into_iter().filter_map(next));
}

/// What became final. Sessions are numbered within the connection.
#[derive(Debug)]
pub(super) enum What {
    /// The connection's next session begins.
    SessionOpens {
        exchange: Box<Exchange>,
        at: At,
        ends: Frames,
    },
    Row(Box<FrameRecord>),
    Event {
        session: u32,
        event: Box<Event>,
    },
    /// `last`: the connection's last frame so far.
    SessionEnds {
        session: u32,
        ending: Box<SessionEnding>,
        last: At,
    },
    /// A request for an event stream got another answer, or none.
    Declined {
        exchange: Box<Exchange>,
        at: At,
        ends: Frames,
    },
    /// The server refused the connection.
    Refused {
        at: At,
        client: Endpoint,
        server: Endpoint,
    },
    /// The connection is closed: frames may come, bytes will not.
    Closes,
    /// It is over, and is kept as if it were closed: frames came late, or may answer some that were on their way.
    HoldsOn,
    /// The connection is over. Its record comes where frames are wanted; the sessions in it are for the merge to fill in.
    Over(Option<Box<ConnectionRecord>>),
}

pub(super) struct Worker {
    connections: Connections,
    detail: Detail,
    show_secrets: bool,
    shares: Shares,
    /// That of the batch that is worked off.
    epoch: u32,
    /// By the connection's place among those of this worker. A number that only a quoted TCP header took stays empty.
    slots: Slots,
    /// When closed connections are over.
    closing: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Kept to be used again.
    said: Vec<Said>,
    /// As in [`Part`].
    grown: Vec<(u32, u32)>,
}

impl Worker {
    /// One of the workers that have these shares.
    pub(super) fn new(options: &Options, shares: Shares) -> Worker {
        Worker {
            shares,
            epoch: 0,
            connections: options.connections.clone(),
            detail: options.detail,
            show_secrets: options.show_secrets,
            slots: Slots::default(),
            closing: BinaryHeap::new(),
            said: Vec::new(),
            grown: Vec::new(),
        }
    }

    /// Works off its part of a batch. What became final is appended to `items`, in order.
    pub(super) fn batch(&mut self, common: &Common, part: &mut Part, items: &mut Vec<Item>) {
        let clock = &common.clock;
        self.epoch = common.epoch;
        for &(connection, frame) in &part.given_up {
            self.end(connection, Ending::Expired, frame, items);
            self.forget(connection);
        }
        for bucket in part.buckets() {
            bucket.group();
            for mut run in bucket.runs(common) {
                self.run(&mut run, clock, items);
            }
        }
        for &(connection, frame) in &part.replaced {
            let over = self
                .deadline(connection)
                .and_then(|deadline| clock.first_frame_at(deadline).filter(|over| *over < frame));
            self.end(connection, Ending::Expired, over.unwrap_or(frame), items);
            self.forget(connection);
        }
        let now = clock.last();
        while let Some(&Reverse((deadline, connection))) = self.closing.peek()
            && deadline <= now
        {
            self.closing.pop();
            if let Some(frame) = clock.first_frame_at(deadline) {
                self.end(connection, Ending::Expired, frame, items);
            }
        }
        std::mem::swap(&mut part.grown, &mut self.grown);
        sort(items);
    }

    /// Works off the segments of one connection.
    fn run(&mut self, run: &mut Run<'_>, clock: &Clock, items: &mut Vec<Item>) {
        loop {
            if self.detail < Detail::Frames {
                self.pass(run, items);
            }
            let Some(segment) = run.first() else {
                break;
            };
            self.segment(run.connection, &segment, run.port_reused(), clock, items);
            run.advance();
        }
        if self.detail == Detail::Frames {
            self.look(run.connection);
        }
    }

    /// Looks at what a connection holds that is left for now.
    fn look(&mut self, connection: u32) {
        let place = self.place(connection);
        let slot = self.slots.get_mut(place);
        if let Some(grown) = slot.and_then(Slot::grown) {
            self.grown.push((connection, grown));
        }
    }

    /// Takes the next segments as long as they are ordinary ones of an open connection and no rows are wanted: the way of nearly all.
    fn pass(&mut self, run: &mut Run<'_>, items: &mut Vec<Item>) {
        let connection = run.connection;
        let place = self.place(connection);
        let Some(Slot::Live(live)) = self.slots.get_mut(place) else {
            return;
        };
        let Live {
            tcp,
            stack,
            rows,
            growth,
            ..
        } = &mut **live;
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
                let (frame, ends) = (segment.at.frame, live_ends(connection, tcp));
                rows.heard(&mut self.said, &mut |entry| {
                    items.push(item(frame, ends, segment.at, entry));
                });
            }
        }
        if run.is_over()
            && growth.is_due(self.epoch)
            && let Some(grown) = live.grown()
        {
            self.grown.push((connection, grown));
        }
    }

    /// Works off any segment.
    fn segment(
        &mut self,
        connection: u32,
        segment: &Segment<'_>,
        port_reused: bool,
        clock: &Clock,
        items: &mut Vec<Item>,
    ) {
        let frame = segment.at.frame;
        let place = self.place(connection);
        if let Some(deadline) = self.deadline(connection)
            && deadline <= clock.at(frame)
            && let Some(over) = clock.first_frame_at(deadline)
        {
            self.end(connection, Ending::Expired, over, items);
        }
        if self.slots.is_over(place) {
            return;
        }
        let wanted = self.wanted(connection);
        let show_secrets = self.show_secrets;
        let slot = self.slots.get_or_insert_with(place, || {
            Slot::Live(Box::new(Live {
                connection,
                tcp: Connection::new(segment, port_reused, self.detail == Detail::Frames),
                stack: Stack::new(self.detail),
                rows: Rows::new(wanted, show_secrets),
                over_at: None,
                growth: Growth::default(),
            }))
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
                        let ends = live_ends(connection, tcp);
                        rows.heard(said, &mut |entry| {
                            items.push(item(frame, ends, segment.at, entry));
                        });
                    }
                    // Nothing that comes later will be shown.
                    if tcp.closed_at().is_some() && tcp.has_ended() {
                        items.extend(refused(connection, tcp));
                        self.end(connection, Ending::Expired, frame, items);
                    }
                    return;
                }
                let heard = tcp.hear(segment, &mut |direction, delivery| {
                    stack.deliver(direction, delivery, said);
                });
                let facts = tcp.facts(segment, &heard);
                let ends = live_ends(connection, tcp);
                rows.frame(
                    ends,
                    &facts,
                    said,
                    facts.waiting || stack.pending(),
                    stack.open_response(),
                    &mut |entry| items.push(item(frame, ends, facts.at, entry)),
                );
                if over_at.is_none()
                    && let Some(closed) = tcp.closed_at()
                {
                    let closed = closed.max(clock.at(frame));
                    let deadline = Timestamp(closed.0.saturating_add(limits::CLOSED_LINGER));
                    *over_at = Some(deadline);
                    self.closing.push(Reverse((deadline, connection)));
                    items.extend(refused(connection, tcp));
                }
                if over_at.is_some() && tcp.has_ended() {
                    self.slots.replace(place, |slot| Left::Slot(slot.close()));
                    items.push(Item {
                        frame,
                        connection,
                        what: What::Closes,
                    });
                }
            }
            Slot::Closed(closed) => {
                let facts = closed.tcp.segment(segment);
                let ends = closed.ends();
                closed
                    .rows
                    .frame(ends, &facts, said, false, false, &mut |entry| {
                        items.push(item(frame, ends, facts.at, entry));
                    });
            }
            Slot::Remains(remains) => {
                let late = Box::new(remains.revive());
                *slot = Slot::Late(late);
                items.push(Item {
                    frame,
                    connection,
                    what: What::HoldsOn,
                });
                self.late(connection, segment, items);
            }
            Slot::Late(_) => self.late(connection, segment, items),
        }
    }

    /// A frame of a connection that was over.
    fn late(&mut self, connection: u32, segment: &Segment<'_>, items: &mut Vec<Item>) {
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
        let mut rows = Rows::new(Shown::All, self.show_secrets);
        rows.frame(ends, &facts, &mut self.said, false, false, &mut |entry| {
            items.push(item(segment.at.frame, ends, facts.at, entry));
        });
    }

    /// The end of the capture: every connection is over, in the order of their numbers.
    pub(super) fn finish(&mut self, items: &mut Vec<Item>) {
        for place in 0..self.slots.places() {
            if let Some(connection) = self.slots.get(place).and_then(Slot::open) {
                self.end(connection, Ending::CaptureEnd, END, items);
            }
        }
    }

    /// No frame can name the connection any more.
    fn forget(&mut self, connection: u32) {
        self.slots
            .replace(self.place(connection), |_| Left::Nothing);
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
    fn end(&mut self, connection: u32, ending: Ending, frame: FrameNo, items: &mut Vec<Item>) {
        let place = self.place(connection);
        let Worker {
            slots,
            said,
            detail,
            connections,
            grown,
            ..
        } = self;
        slots.replace(place, |mut slot| {
            if let Slot::Live(live) = &mut slot {
                let Live {
                    tcp, stack, rows, ..
                } = &mut **live;
                let (ends, last) = (live_ends(connection, tcp), tcp.last());
                tcp.finish(last, ending, &mut |direction, delivery| {
                    // What waits behind a hole at the end is not handed up: it would add labels to rows that have left.
                    if let Delivery::End { .. } = delivery {
                        stack.deliver(direction, delivery, said);
                    }
                });
                rows.finish(said, &mut |entry| {
                    items.push(item(frame, ends, last, entry));
                });
            }
            let mut over = |record| {
                items.push(Item {
                    frame,
                    connection,
                    what: What::Over(record),
                });
            };
            if *detail < Detail::Frames {
                if slot.open().is_some() {
                    over(None);
                }
                return Left::Over;
            }
            let closed = match slot.close() {
                Slot::Closed(closed) => closed,
                other => return Left::Slot(other),
            };
            over(Some(Box::new(closed.record())));
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
                    items.push(Item {
                        frame,
                        connection,
                        what: What::HoldsOn,
                    });
                    let mut slot = Slot::Late(late);
                    grown.extend(slot.grown().map(|steps| (connection, steps)));
                    slot
                }
            })
        });
    }
}

fn live_ends(connection: u32, tcp: &Connection) -> Frames {
    Frames {
        connection,
        client: tcp.client(),
        server: tcp.server(),
        first: tcp.first(),
    }
}

/// Says so, if a connection that has just closed never opened: the server answered the SYN with RST.
fn refused(connection: u32, tcp: &Connection) -> Option<Item> {
    let handshake = tcp.handshake();
    let reset = tcp.teardown().kind == TeardownKind::Rst;
    (reset && handshake.syn.is_some() && handshake.syn_ack.is_none()).then(|| Item {
        frame: tcp.last().frame,
        connection,
        what: What::Refused {
            at: tcp.last(),
            client: tcp.client(),
            server: tcp.server(),
        },
    })
}

/// Stands for the end of the capture, behind every frame.
const END: FrameNo = FrameNo(u64::MAX);

fn item(frame: FrameNo, ends: Frames, last: At, entry: Entry) -> Item {
    let what = match entry {
        Entry::SessionOpens { exchange, at, .. } => What::SessionOpens { exchange, at, ends },
        Entry::Row(row) => What::Row(row),
        Entry::Event { session, event } => What::Event { session, event },
        Entry::SessionEnds { session, ending } => What::SessionEnds {
            session,
            ending,
            last,
        },
        Entry::Declined { exchange, at } => What::Declined { exchange, at, ends },
    };
    Item {
        frame,
        connection: ends.connection,
        what,
    }
}
