//! A connection that has closed, until it is over.
//!
//! Segments that still come go in, their facts go out; at the end, what late ones need.

use super::headers::Headers;
use super::remains::Rest;
use crate::model::{At, Endpoint, Handshake, Pack, Segment, TcpFacts, Teardown};

/// A connection whose both directions have ended: frames may still come, bytes will not.
#[derive(Debug)]
pub struct Ended(pub(super) Headers);

impl Ended {
    /// One that [`pack`](Ended::pack) is to read.
    pub fn blank() -> Ended {
        let nowhere = Endpoint {
            address: [0; 4].into(),
            port: 0,
        };
        Ended(Headers::of(At::default(), [nowhere; 2], false, false))
    }

    /// Writes it in few bytes, or becomes what was written.
    pub fn pack(&mut self, pack: &mut Pack<'_>) {
        self.0.pack(pack);
    }

    /// Takes the connection's next segment and gives its facts.
    pub fn segment(&mut self, segment: &Segment<'_>) -> TcpFacts {
        let heard = self.0.hear(segment);
        self.0.facts(segment, &heard)
    }

    /// Memory on the heap, in bytes, roughly: what is not acknowledged yet.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }

    /// The client.
    pub fn client(&self) -> Endpoint {
        self.0.client()
    }

    /// The server.
    pub fn server(&self) -> Endpoint {
        self.0.server()
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.0.frames
    }

    /// Frames that brought other bytes than came first.
    pub fn conflicts(&self) -> u64 {
        self.0.conflicts
    }

    /// The first frame.
    pub fn first(&self) -> At {
        self.0.first
    }

    /// The latest frame.
    pub fn last(&self) -> At {
        self.0.last
    }

    /// The handshake.
    pub fn handshake(&self) -> Handshake {
        self.0.handshake()
    }

    /// The teardown.
    pub fn teardown(&self) -> Teardown {
        self.0.closing.teardown()
    }

    /// What is needed to analyse frames that come after the connection is over: in few bytes where nothing was on its way.
    #[must_use]
    pub fn into_rest(self) -> Rest {
        let ends = (self.client(), self.server());
        let Headers {
            analysis,
            unacked,
            roles,
            ..
        } = self.0;
        let closed = self.0.closing.bits(roles.client());
        let unacked = unacked.map_or_else(Default::default, |lists| *lists);
        Rest::new(analysis, unacked, ends, roles.client(), closed)
    }
}
