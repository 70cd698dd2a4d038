//! Owns whole connections: their TCP state, what is read from their bytes, and their rows.
//!
//! In: batches of segments with their connection's number. Out: items, each with the frame that made it final.
//! It never numbers a session across connections and never looks at another worker's connections.

use super::batch::Batch;
use super::{Connections, Options};
use crate::layers::Stack;
use crate::model::{
    At, ConnectionRecord, Delivery, Detail, Ending, Endpoint, Event, Exchange, FrameNo,
    FrameRecord, Said, Segment, SessionEnding, TcpFacts, Timestamp, limits,
};
use crate::tcp::{Connection, Located, Remains};
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

/// What became final. Sessions are numbered within the connection.
#[derive(Debug)]
pub(super) enum What {
    /// The connection's next session begins.
    SessionOpens {
        exchange: Box<Exchange>,
        at: At,
        client: Endpoint,
        server: Endpoint,
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
    /// The connection is over. Its sessions are for the merge to fill in.
    Over(Box<ConnectionRecord>),
}

pub(super) struct Worker {
    connections: Connections,
    detail: Detail,
    show_secrets: bool,
    /// By connection number. A number that only a quoted TCP header took stays empty.
    slots: Vec<Option<Slot>>,
    /// When closed connections are over.
    closing: BinaryHeap<Reverse<(Timestamp, u32)>>,
    items: Vec<Item>,
    /// Kept to be used again.
    said: Vec<Said>,
}

enum Slot {
    Live(Box<Live>),
    /// Over: what is needed for the number and the analysis of frames that come late.
    Late(Box<Late>),
}

struct Late {
    remains: Remains,
    /// Whether its rows are shown.
    shown: bool,
}

struct Live {
    tcp: Connection,
    stack: Stack,
    rows: Rows,
    /// Once it is closed: when it is over.
    over_at: Option<Timestamp>,
}

impl Worker {
    pub(super) fn new(options: &Options) -> Worker {
        Worker {
            connections: options.connections.clone(),
            detail: options.detail,
            show_secrets: options.show_secrets,
            slots: Vec::new(),
            closing: BinaryHeap::new(),
            items: Vec::new(),
            said: Vec::new(),
        }
    }

    /// What became final since the last call.
    pub(super) fn items(&mut self) -> &mut Vec<Item> {
        &mut self.items
    }

    /// Takes the segments of a batch.
    pub(super) fn batch(&mut self, batch: &Batch) {
        for (segment, located) in batch.grouped() {
            self.segment(&segment, &located, batch);
        }
        let clock = batch.last_clock();
        while let Some(&Reverse((deadline, connection))) = self.closing.peek()
            && deadline <= clock
        {
            self.closing.pop();
            if let Some(frame) = batch.first_frame_at(deadline) {
                self.end(connection, Ending::Expired, frame);
            }
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, located: &Located, batch: &Batch) {
        let connection = located.connection;
        let frame = segment.at.frame;
        if let Some(old) = located.replaces {
            // Its segments came before: it has the lower number.
            self.end(old, Ending::Expired, frame);
        }
        let place = connection as usize;
        if self.slots.len() <= place {
            self.slots.resize_with(place + 1, || None);
        }
        if let Some(Slot::Live(live)) = &self.slots[place]
            && let Some(deadline) = live.over_at
            && deadline <= batch.clock_at(frame)
            && let Some(over) = batch.first_frame_at(deadline)
        {
            self.end(connection, Ending::Expired, over);
        }
        let wanted = self.wanted(connection);
        let show_secrets = self.show_secrets;
        let slot = self.slots[place].get_or_insert_with(|| {
            Slot::Live(Box::new(Live {
                tcp: Connection::new(segment, located.port_reused),
                stack: Stack::new(self.detail),
                rows: Rows::new(wanted, show_secrets),
                over_at: None,
            }))
        });
        let said = &mut self.said;
        let items = &mut self.items;
        match slot {
            Slot::Live(live) => {
                let Live {
                    tcp,
                    stack,
                    rows,
                    over_at,
                } = &mut **live;
                let heard = tcp.hear(segment, &mut |direction, delivery| {
                    stack.deliver(direction, delivery, said);
                });
                if self.detail == Detail::Frames || !said.is_empty() {
                    let facts = tcp.facts(segment, &heard);
                    let ends = Frames {
                        connection,
                        client: tcp.client(),
                        server: tcp.server(),
                    };
                    rows.frame(
                        ends,
                        &facts,
                        said,
                        facts.waiting || stack.pending(),
                        stack.open_response(),
                        &mut |entry| items.push(item(frame, ends, facts.at, entry)),
                    );
                }
                if over_at.is_none()
                    && let Some(closed) = tcp.closed_at()
                {
                    let closed = closed.max(batch.clock_at(frame));
                    let deadline = Timestamp(closed.0.saturating_add(limits::CLOSED_LINGER));
                    *over_at = Some(deadline);
                    self.closing.push(Reverse((deadline, connection)));
                }
            }
            Slot::Late(late) => {
                let Late { remains, shown } = &mut **late;
                let facts: TcpFacts = remains.segment(segment);
                if *shown {
                    let ends = Frames {
                        connection,
                        client: remains.client(),
                        server: remains.server(),
                    };
                    let mut rows = Rows::new(Shown::All, show_secrets);
                    rows.frame(ends, &facts, said, false, false, &mut |entry| {
                        items.push(item(frame, ends, facts.at, entry));
                    });
                }
            }
        }
    }

    /// The end of the capture: every connection is over, in the order of their numbers.
    pub(super) fn finish(&mut self) {
        for connection in 0..self.slots.len() as u32 {
            self.end(connection, Ending::CaptureEnd, END);
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
    fn end(&mut self, connection: u32, ending: Ending, frame: FrameNo) {
        let Some(slot) = self.slots.get_mut(connection as usize) else {
            return;
        };
        let Some(Slot::Live(live)) = slot else {
            return;
        };
        let Live {
            tcp, stack, rows, ..
        } = &mut **live;
        let ends = Frames {
            connection,
            client: tcp.client(),
            server: tcp.server(),
        };
        let last = tcp.last();
        let said = &mut self.said;
        tcp.finish(last, ending, &mut |direction, delivery| {
            // What waits behind a hole at the end is not handed up: it would add labels to rows that have left.
            if let Delivery::End { .. } = delivery {
                stack.deliver(direction, delivery, said);
            }
        });
        let items = &mut self.items;
        rows.finish(&mut self.said, &mut |entry| {
            items.push(item(frame, ends, last, entry));
        });
        items.push(Item {
            frame,
            connection,
            what: What::Over(Box::new(ConnectionRecord {
                connection,
                client: ends.client,
                server: ends.server,
                frames: tcp.frames(),
                span: (tcp.first(), last),
                handshake: tcp.handshake(),
                teardown: tcp.teardown(),
                sessions: Vec::new(),
                other_streams: stack.other_streams().to_vec(),
                protocol: stack.protocol(),
            })),
        });
        let shown = match self.connections {
            _ if self.detail < Detail::Frames => false,
            Connections::Sse => rows.streamed(),
            Connections::All => true,
            Connections::Only(ref numbers) => numbers.contains(&connection),
        };
        *slot = Some(Slot::Late(Box::new(Late {
            remains: tcp.remains(),
            shown,
        })));
    }
}

/// Stands for the end of the capture, behind every frame.
const END: FrameNo = FrameNo(u64::MAX);

fn item(frame: FrameNo, ends: Frames, last: At, entry: Entry) -> Item {
    let what = match entry {
        Entry::SessionOpens { exchange, at, .. } => What::SessionOpens {
            exchange,
            at,
            client: ends.client,
            server: ends.server,
        },
        Entry::Row(row) => What::Row(row),
        Entry::Event { session, event } => What::Event { session, event },
        Entry::SessionEnds { session, ending } => What::SessionEnds {
            session,
            ending,
            last,
        },
    };
    Item {
        frame,
        connection: ends.connection,
        what,
    }
}
