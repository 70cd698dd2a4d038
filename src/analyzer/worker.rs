//! Owns whole connections: their TCP state, what is read from their bytes, and their rows.
//!
//! In: segments with their connection's number, and the capture's clock. Out: items, each with the frame that made it final.
//! It never numbers a session across connections and never looks at another worker's connections.

use super::dispatch::Routed;
use super::{Connections, Options};
use crate::layers::Stack;
use crate::model::{
    At, ConnectionRecord, Delivery, Ending, Endpoint, Event, Exchange, FrameNo, FrameRecord, Said,
    SessionEnding, TcpFacts, Timestamp, limits,
};
use crate::tcp::{Connection, Remains};
use crate::timeline::{Entry, Frames, Rows, Shown};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Something final.
#[derive(Debug)]
pub(super) struct Item {
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
    frames: bool,
    show_secrets: bool,
    slots: BTreeMap<u32, Slot>,
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
    /// Whether its end is in `closing`.
    closing: bool,
}

impl Worker {
    pub(super) fn new(options: &Options) -> Worker {
        Worker {
            connections: options.connections.clone(),
            frames: options.frames,
            show_secrets: options.show_secrets,
            slots: BTreeMap::new(),
            closing: BinaryHeap::new(),
            items: Vec::new(),
            said: Vec::new(),
        }
    }

    /// What became final since the last call.
    pub(super) fn items(&mut self) -> &mut Vec<Item> {
        &mut self.items
    }

    /// The capture's clock is at `clock` with frame `frame`: connections that are over by then leave.
    pub(super) fn tick(&mut self, _frame: FrameNo, clock: Timestamp) {
        while let Some(&Reverse((deadline, connection))) = self.closing.peek()
            && deadline <= clock
        {
            self.closing.pop();
            self.over(connection);
        }
    }

    /// Takes one segment.
    pub(super) fn segment(&mut self, routed: &Routed<'_>, clock: Timestamp) {
        let (segment, located) = (&routed.segment, &routed.located);
        let connection = located.connection;
        if let Some(old) = located.replaces {
            self.over(old);
        }
        let wanted = self.wanted(connection);
        let show_secrets = self.show_secrets;
        let slot = self.slots.entry(connection).or_insert_with(|| {
            Slot::Live(Box::new(Live {
                tcp: Connection::new(segment, located.port_reused),
                stack: Stack::new(),
                rows: Rows::new(wanted, show_secrets),
                closing: false,
            }))
        });
        match slot {
            Slot::Live(live) => {
                let Live {
                    tcp,
                    stack,
                    rows,
                    closing,
                } = &mut **live;
                let said = &mut self.said;
                let facts = tcp.segment(segment, &mut |direction, delivery| {
                    stack.deliver(direction, delivery, said);
                });
                let ends = Frames {
                    connection,
                    client: tcp.client(),
                    server: tcp.server(),
                };
                let last = facts.at;
                let items = &mut self.items;
                rows.frame(
                    ends,
                    &facts,
                    said,
                    facts.waiting || stack.pending(),
                    stack.open_response(),
                    &mut |entry| {
                        items.push(item(ends, last, entry));
                    },
                );
                if !*closing && let Some(closed) = tcp.closed_at() {
                    *closing = true;
                    let deadline =
                        Timestamp(closed.max(clock).0.saturating_add(limits::CLOSED_LINGER));
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
                    let items = &mut self.items;
                    let mut rows = Rows::new(Shown::All, show_secrets);
                    rows.frame(ends, &facts, &mut self.said, false, false, &mut |entry| {
                        items.push(item(ends, facts.at, entry));
                    });
                }
            }
        }
    }

    /// The end of the capture: every connection is over, in the order of their numbers.
    pub(super) fn finish(&mut self) {
        let all: Vec<u32> = self.slots.keys().copied().collect();
        for connection in all {
            self.end(connection, Ending::CaptureEnd);
        }
    }

    /// Which rows of a connection are wanted.
    fn wanted(&self, connection: u32) -> Shown {
        match &self.connections {
            _ if !self.frames => Shown::None,
            Connections::Sse => Shown::Sse,
            Connections::All => Shown::All,
            Connections::Only(numbers) if numbers.contains(&connection) => Shown::All,
            Connections::Only(_) => Shown::None,
        }
    }

    fn over(&mut self, connection: u32) {
        self.end(connection, Ending::Expired);
    }

    /// A connection is over: its state goes, its record comes, what late frames need stays.
    fn end(&mut self, connection: u32, ending: Ending) {
        let Some(slot) = self.slots.get_mut(&connection) else {
            return;
        };
        let Slot::Live(live) = slot else { return };
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
            items.push(item(ends, last, entry));
        });
        items.push(Item {
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
            _ if !self.frames => false,
            Connections::Sse => rows.streamed(),
            Connections::All => true,
            Connections::Only(ref numbers) => numbers.contains(&connection),
        };
        *slot = Slot::Late(Box::new(Late {
            remains: tcp.remains(),
            shown,
        }));
    }
}

fn item(ends: Frames, last: At, entry: Entry) -> Item {
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
        connection: ends.connection,
        what,
    }
}
