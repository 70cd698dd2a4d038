//! What a frame made final of a connection, on its way into what the worker made of the batch.
//!
//! In: entries of the timeline, and a connection that has just closed. Out: items, each with the frame that made it final.

use super::made::{Answered, Made, Refused, What};
use crate::model::{At, Exchange, FrameNo, TeardownKind};
use crate::tcp::Connection;
use crate::timeline::{Entry, Frames};

pub(super) fn live_ends(connection: u32, tcp: &Connection) -> Frames {
    Frames {
        connection,
        client: tcp.client(),
        server: tcp.server(),
        first: tcp.first(),
    }
}

/// Says so, if a connection that has just closed never opened: the server answered the SYN with RST.
pub(super) fn refused(connection: u32, tcp: &Connection, made: &mut Made) {
    let handshake = tcp.handshake();
    let reset = tcp.teardown().kind == TeardownKind::Rst;
    if reset && handshake.syn.is_some() && handshake.syn_ack.is_none() {
        let refused = Refused {
            at: tcp.last(),
            client: tcp.client(),
            server: tcp.server(),
        };
        let what = What::Refused(Box::new(refused));
        made.push(tcp.last().frame, connection, what);
    }
}

/// Stands for the end of the capture, behind every frame.
pub(super) const END: FrameNo = FrameNo(u64::MAX);

/// Takes what a frame made final of a connection.
pub(super) struct Finals<'a> {
    pub(super) made: &'a mut Made,
    pub(super) frame: FrameNo,
    pub(super) ends: Frames,
    pub(super) last: At,
}

impl Finals<'_> {
    pub(super) fn take(&mut self, entry: Entry) {
        let Finals { made, ends, .. } = self;
        let connection = ends.connection;
        let what = match entry {
            Entry::SessionOpens { exchange, at, .. } => {
                What::SessionOpens(answered(exchange, at, *ends))
            }
            Entry::Row(row) => What::Row(row),
            Entry::Event { session, event } => What::Event { session, event },
            Entry::SessionEnds { session, ending } => What::SessionEnds {
                session,
                ending,
                last: self.last,
            },
            Entry::Declined { exchange, at } => What::Declined(answered(exchange, at, *ends)),
        };
        made.push(self.frame, connection, what);
    }
}

fn answered(exchange: Box<Exchange>, at: At, ends: Frames) -> Box<Answered> {
    Box::new(Answered { exchange, at, ends })
}
