//! What a worker keeps of a connection: everything while it is open, less once it is closed, next to nothing once it is over.

use crate::layers::Stack;
use crate::model::{ConnectionRecord, OtherStream, Protocol, Timestamp};
use crate::tcp::{self, Connection, Ended, Remains};
use crate::timeline::{Frames, Rows};

pub(super) enum Slot {
    Live(Box<Live>),
    /// Closed, and not over yet: frames may come, bytes will not.
    Closed(Box<Closed>),
    /// Over: what is needed for the analysis of frames that come late, as far as their rows are shown.
    Remains(Remains),
    /// Over, and frames came late.
    Late(Box<tcp::Late>),
}

pub(super) struct Live {
    pub(super) connection: u32,
    pub(super) tcp: Connection,
    pub(super) stack: Stack,
    pub(super) rows: Rows,
    /// Once it is closed: when it is over.
    pub(super) over_at: Option<Timestamp>,
}

pub(super) struct Closed {
    pub(super) connection: u32,
    pub(super) tcp: Ended,
    pub(super) protocol: Protocol,
    pub(super) other_streams: Vec<OtherStream>,
    pub(super) rows: Box<Rows>,
    pub(super) over_at: Timestamp,
}

impl Slot {
    /// The connection's number, unless it is over.
    pub(super) fn open(&self) -> Option<u32> {
        match self {
            Slot::Live(live) => Some(live.connection),
            Slot::Closed(closed) => Some(closed.connection),
            Slot::Remains(_) | Slot::Late(_) => None,
        }
    }

    /// Without what only a connection needs that still has bytes to come.
    pub(super) fn close(self) -> Slot {
        let Slot::Live(live) = self else {
            return self;
        };
        let Live {
            connection,
            tcp,
            stack,
            rows,
            over_at,
        } = *live;
        Slot::Closed(Box::new(Closed {
            connection,
            tcp: tcp.into_ended(),
            protocol: stack.protocol(),
            other_streams: stack.other_streams().to_vec(),
            rows: Box::new(rows),
            over_at: over_at.unwrap_or(Timestamp(i64::MAX)),
        }))
    }
}

impl Closed {
    pub(super) fn ends(&self) -> Frames {
        Frames {
            connection: self.connection,
            client: self.tcp.client(),
            server: self.tcp.server(),
            first: self.tcp.first(),
        }
    }

    /// The connection's record; its sessions are for the merge to fill in.
    pub(super) fn record(&self) -> ConnectionRecord {
        let tcp = &self.tcp;
        ConnectionRecord {
            connection: self.connection,
            client: tcp.client(),
            server: tcp.server(),
            frames: tcp.frames(),
            conflicts: tcp.conflicts(),
            span: (tcp.first(), tcp.last()),
            handshake: tcp.handshake(),
            teardown: tcp.teardown(),
            sessions: Vec::new(),
            other_streams: self.other_streams.clone(),
            protocol: self.protocol,
        }
    }
}
