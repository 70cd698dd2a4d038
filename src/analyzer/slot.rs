//! What a worker keeps of a connection: everything while it is open, less once it is closed, next to nothing once it is over.

use super::growth::{Growth, steps};
use crate::layers::Stack;
use crate::model::{ConnectionRecord, OtherStream, Pack, Protocol, Timestamp, fetch, limits};
use crate::tcp::{self, Connection, Ended, Remains};
use crate::timeline::{Frames, Rows, Shown};

pub(super) enum Slot {
    Live(Box<Live>),
    /// Closed, and not over yet: frames may come, bytes will not.
    Closed(Box<Closed>),
    /// The same in few bytes, as long as no frame comes.
    Packed(Packed),
    /// Over: what is needed for the analysis of frames that come late, as far as their rows are shown.
    Remains(Remains),
    /// Over, and frames came late.
    Late(Box<tcp::Late>),
}

/// What every segment needs begins with `tcp`, and goes on behind it.
#[repr(C)]
pub(super) struct Live {
    pub(super) tcp: Connection,
    pub(super) growth: Growth,
    pub(super) stack: Stack,
    pub(super) connection: u32,
    /// Once it is closed: when it is over.
    pub(super) over_at: Option<Timestamp>,
    pub(super) rows: Rows,
}

pub(super) struct Packed {
    connection: u32,
    pub(super) over_at: Timestamp,
    protocol: Protocol,
    bytes: Box<[u8]>,
}

pub(super) struct Closed {
    pub(super) connection: u32,
    pub(super) tcp: Ended,
    pub(super) protocol: Protocol,
    pub(super) other_streams: Vec<OtherStream>,
    pub(super) rows: Box<Rows>,
    pub(super) over_at: Timestamp,
    growth: Growth,
}

const _: () = assert!(
    std::mem::offset_of!(Live, growth).is_multiple_of(64),
    "what stands behind `tcp` begins a line of the cache"
);

/// What the merge keeps of an open session beside its heads, bytes.
const MERGED: usize = 512;

/// What the worker and the merge keep of a closed connection beside its slot, bytes.
const BESIDE: usize = 128;

impl Slot {
    /// The connection's number, unless it is over.
    pub(super) fn open(&self) -> Option<u32> {
        match self {
            Slot::Live(live) => Some(live.connection),
            Slot::Closed(closed) => Some(closed.connection),
            Slot::Packed(packed) => Some(packed.connection),
            Slot::Remains(_) | Slot::Late(_) => None,
        }
    }

    /// In few bytes, if it is closed and can be. They are put together in `spare`.
    pub(super) fn pack(self, spare: &mut Vec<u8>) -> Slot {
        match self {
            Slot::Closed(closed) => closed.pack(spare),
            _ => self,
        }
    }

    /// Ready for a frame.
    pub(super) fn unpack(&mut self) {
        if let Slot::Packed(packed) = self {
            *self = Slot::Closed(Box::new(packed.unpack()));
        }
    }

    /// Without what only a connection needs that still has bytes to come.
    pub(super) fn close(mut self) -> Slot {
        self.unpack();
        let Slot::Live(live) = self else {
            return self;
        };
        let Live {
            connection,
            tcp,
            stack,
            mut rows,
            over_at,
            growth,
        } = *live;
        rows.close();
        Slot::Closed(Box::new(Closed {
            connection,
            tcp: tcp.into_ended(),
            protocol: stack.protocol(),
            other_streams: stack.other_streams().to_vec(),
            rows: Box::new(rows),
            over_at: over_at.unwrap_or(Timestamp(i64::MAX)),
            growth,
        }))
    }

    /// In steps of `limits::GROWN`, what the connection holds beyond what every one is reckoned with, where that has changed; delivered bytes are counted apart.
    pub(super) fn grown(&mut self, epoch: u32) -> Option<u32> {
        match self {
            Slot::Live(live) => live.grown(epoch),
            Slot::Closed(closed) => closed.grown(epoch),
            // It may have told more when it was open; nobody remembers what.
            Slot::Packed(packed) => {
                let held = BESIDE + rounded_up(packed.bytes.len());
                Some(steps(held, limits::CLOSED_CONNECTION))
            }
            // Frames come late seldom: here too.
            Slot::Late(late) => Some(steps(late.memory(), limits::CLOSED_CONNECTION)),
            Slot::Remains(_) => None,
        }
    }
}

/// With what the allocator adds: it has eight sizes of blocks to each power of two.
fn rounded_up(held: usize) -> usize {
    held + held / 16
}

impl Live {
    /// Has each line of the cache fetched that an ordinary segment needs, or, if it is `shown`, a plain row, as far as they are the connection's own.
    #[inline]
    pub(super) fn fetch_own(&self, shown: bool) {
        self.tcp.fetch();
        fetch(&self.growth);
        if shown {
            self.rows.fetch();
        }
    }

    /// The same of what lies elsewhere, where these tell.
    #[inline]
    pub(super) fn fetch_first(&self, shown: bool) {
        self.stack.fetch_first();
        if shown {
            self.tcp.fetch_first();
            self.rows.fetch_lists();
        }
    }

    /// The same of what lies where that tells.
    #[inline]
    pub(super) fn fetch_next(&self, shown: bool) {
        self.stack.fetch_next(shown);
        if shown {
            self.tcp.fetch_lists();
        }
    }

    /// The same of what lies where that tells.
    #[inline]
    pub(super) fn fetch_last(&self) {
        self.stack.fetch_last();
    }

    /// As [`Slot::grown`].
    pub(super) fn grown(&mut self, epoch: u32) -> Option<u32> {
        let tcp = self.tcp.memory() - self.tcp.kept();
        let held = tcp + self.stack.memory() + self.rows.memory();
        let held = rounded_up(size_of::<Live>() + MERGED + held);
        let always = self.stack.decodes();
        self.growth
            .look(epoch, held, limits::OPEN_CONNECTION, always)
    }
}

impl Packed {
    fn unpack(&self) -> Closed {
        let mut pack = Pack::reads(&self.bytes);
        let mut tcp = Ended::blank();
        tcp.pack(&mut pack);
        let mut rows = Rows::new(Shown::None, false);
        rows.pack(&mut pack);
        Closed {
            connection: self.connection,
            tcp,
            protocol: self.protocol,
            other_streams: Vec::new(),
            rows: Box::new(rows),
            over_at: self.over_at,
            growth: Growth::default(),
        }
    }
}

impl Closed {
    fn pack(mut self: Box<Closed>, spare: &mut Vec<u8>) -> Slot {
        spare.clear();
        let mut pack = Pack::writes(spare);
        self.tcp.pack(&mut pack);
        if !self.other_streams.is_empty() || !self.rows.pack(&mut pack) {
            return Slot::Closed(self);
        }
        let packed = Packed {
            connection: self.connection,
            over_at: self.over_at,
            protocol: self.protocol,
            bytes: spare.as_slice().into(),
        };
        debug_assert_eq!(
            format!("{:?}", packed.unpack().parts()),
            format!("{:?}", self.parts()),
            "nothing is forgotten"
        );
        Slot::Packed(packed)
    }

    /// All that is packed.
    fn parts(&self) -> impl std::fmt::Debug {
        let Closed {
            connection,
            tcp,
            protocol,
            other_streams,
            rows,
            over_at,
            growth: _,
        } = self;
        (connection, tcp, protocol, other_streams, rows, over_at)
    }

    fn grown(&mut self, epoch: u32) -> Option<u32> {
        let names = self.other_streams.iter();
        let names: usize = names.map(|stream| stream.content_type.len()).sum();
        let streams = size_of_val(&self.other_streams[..]) + names;
        let held = self.tcp.memory() + self.rows.memory() + streams;
        let held = rounded_up(BESIDE + size_of::<Closed>() + size_of::<Rows>() + held);
        self.growth
            .look(epoch, held, limits::CLOSED_CONNECTION, true)
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{At, Endpoint, Flags, Segment, TcpOptions};
    use crate::tcp::Rest;

    #[test]
    fn what_holds_on_tells_what_it_holds_also_where_that_is_no_more_than_the_usual() {
        let end = Endpoint {
            address: [127, 0, 0, 1].into(),
            port: 1,
        };
        let segment = Segment {
            at: At::default(),
            source: end,
            destination: end,
            sequence: 0,
            acknowledgment: 0,
            flags: Flags::RST,
            window: 0,
            options: TcpOptions::NONE,
            payload: b"",
            length: 0,
        };
        let over = Connection::new(&segment, false, false).into_ended();
        let Rest::Little(remains) = over.into_rest() else {
            panic!("nothing was on its way");
        };
        // In the same batch it may have told more, as long as it was closed.
        let mut late = Slot::Late(Box::new(remains.revive()));
        assert_eq!(late.grown(0), Some(0));
    }
}
