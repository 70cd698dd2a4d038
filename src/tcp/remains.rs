//! What is left of a connection that is over: enough to analyse the frames that still come.
//!
//! Late segments of a connection come in, their [`TcpFacts`] go out. Nothing is put in order or handed up any more.

use super::analysis::{Analysis, Frozen, Side, Unacked};
use crate::model::{Direction, Endpoint, Flags, Label, Segment, TcpFacts};

/// What is left of a connection.
#[derive(Debug)]
pub enum Rest {
    /// Nothing was on its way.
    Little(Remains),
    /// A late frame may answer one that was on its way, or more has to be known to analyse it.
    Much(Box<Late>),
}

/// The rest of a connection, small enough to keep for every connection of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Remains {
    analysis: Frozen,
    roles: Roles,
}

/// A connection that is over and whose frames may need more than its remains: one that a reset ended while segments were on their way,
/// or one of which frames came all the same.
#[derive(Debug)]
pub struct Late {
    analysis: Analysis,
    unacked: [Unacked; 2],
    roles: Roles,
}

#[derive(Clone, Copy, Debug)]
struct Roles(u8);

impl Roles {
    /// The client is the lower of the two endpoints.
    const CLIENT_IS_LOW: u8 = 1 << 3;
    /// The sender of the first frame was the client.
    const CLIENT_IS_A: u8 = 1 << 4;
    /// `TcpFacts::closed`.
    const CLOSED: u8 = 7;

    fn new(client: Endpoint, server: Endpoint, client_side: Side, closed: u8) -> Roles {
        let mut bits = closed & Roles::CLOSED;
        if client <= server {
            bits |= Roles::CLIENT_IS_LOW;
        }
        if client_side == Side::A {
            bits |= Roles::CLIENT_IS_A;
        }
        Roles(bits)
    }

    fn is_from_client(self, segment: &Segment<'_>) -> bool {
        (segment.source <= segment.destination) == (self.0 & Roles::CLIENT_IS_LOW != 0)
    }

    fn side_of_client(self) -> Side {
        if self.0 & Roles::CLIENT_IS_A != 0 {
            Side::A
        } else {
            Side::B
        }
    }
}

impl Rest {
    pub(super) fn new(
        analysis: Analysis,
        unacked: [Unacked; 2],
        (client, server): (Endpoint, Endpoint),
        client_side: Side,
        closed: u8,
    ) -> Rest {
        let roles = Roles::new(client, server, client_side, closed);
        let waits = unacked.iter().any(Unacked::waits);
        match Frozen::new(&analysis).filter(|_| !waits) {
            Some(analysis) => Rest::Little(Remains { analysis, roles }),
            None => Rest::Much(Box::new(Late {
                analysis,
                unacked,
                roles,
            })),
        }
    }

    /// What analyses the frames that come late.
    #[must_use]
    pub fn into_late(self) -> Box<Late> {
        match self {
            Rest::Little(remains) => Box::new(remains.revive()),
            Rest::Much(late) => late,
        }
    }
}

impl Remains {
    /// What analyses the frames that come late.
    pub fn revive(&self) -> Late {
        Late {
            analysis: self.analysis.thaw(),
            unacked: Default::default(),
            roles: self.roles,
        }
    }
}

impl Late {
    /// Bytes of memory, roughly.
    pub fn memory(&self) -> usize {
        size_of::<Late>() + self.unacked.iter().map(Unacked::memory).sum::<usize>()
    }

    /// The client and the server, of which one sent `segment` to the other.
    pub fn ends(&self, segment: &Segment<'_>) -> (Endpoint, Endpoint) {
        if self.roles.is_from_client(segment) {
            (segment.source, segment.destination)
        } else {
            (segment.destination, segment.source)
        }
    }

    /// Analyses a frame that came after the connection was over.
    pub fn segment(&mut self, segment: &Segment<'_>) -> TcpFacts {
        let client = self.roles.side_of_client();
        let (side, direction, fin) = if self.roles.is_from_client(segment) {
            (client, Direction::ToServer, 1)
        } else {
            (client.other(), Direction::ToClient, 2)
        };
        let said = self
            .analysis
            .segment(side, segment, Some(&mut self.unacked));
        let mut facts = said.facts(segment, direction);
        for (flag, label) in [
            (
                Flags::SYN,
                if segment.flags.has(Flags::ACK) {
                    Label::SynAck
                } else {
                    Label::Syn
                },
            ),
            (Flags::FIN, Label::Fin),
            (Flags::RST, Label::Reset),
        ] {
            if segment.flags.has(flag) {
                facts.labels.insert(label);
            }
        }
        if said.news && segment.length == 0 {
            facts.labels.insert(Label::Ack);
        }
        if segment.flags.has(Flags::FIN) {
            self.roles.0 |= fin;
        }
        if segment.flags.has(Flags::RST) {
            self.roles.0 |= 4;
        }
        facts.closed = self.roles.0 & Roles::CLOSED;
        facts
    }
}

const _: () = assert!(
    size_of::<Remains>() <= 60,
    "it outlives its connection, beside an entry of 64 bytes in Flows"
);
