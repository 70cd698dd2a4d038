//! Who is the client: told by the SYN, else by the first payload.
//!
//! Segments come in until the roles are settled; the client's side goes out. What was settled is never revised, so that
//! a longer capture never turns a connection round.

use super::analysis::Side;
use crate::model::{Endpoint, FirstLine, Flags, Pack, Segment};

/// The client's side, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Roles {
    /// Neither a SYN nor payload has been seen: the higher port counts as the client.
    Assumed(Side),
    /// Settled for good.
    Settled(Side),
}

impl Roles {
    /// Before the first frame of `source` (side A) and `destination` (side B): the lower port is the server, and of equal
    /// ports the first sender is the client.
    pub(super) fn of_ports(source: Endpoint, destination: Endpoint) -> Roles {
        Roles::Assumed(if source.port < destination.port {
            Side::B
        } else {
            Side::A
        })
    }

    /// Its part in what waits in few bytes.
    pub(super) fn pack(&mut self, pack: &mut Pack<'_>) {
        let all = [
            Roles::Assumed(Side::A),
            Roles::Assumed(Side::B),
            Roles::Settled(Side::A),
            Roles::Settled(Side::B),
        ];
        pack.choice(self, &all);
    }

    pub(super) fn client(self) -> Side {
        match self {
            Roles::Assumed(side) | Roles::Settled(side) => side,
        }
    }

    pub(super) fn settled(self) -> bool {
        matches!(self, Roles::Settled(_))
    }

    /// Learns from a segment of `side`.
    pub(super) fn learn(&mut self, side: Side, segment: &Segment<'_>) {
        let Roles::Assumed(assumed) = *self else {
            return;
        };
        let flags = segment.flags;
        if flags.has(Flags::SYN) {
            *self = Roles::Settled(if flags.has(Flags::ACK) {
                side.other()
            } else {
                side
            });
        } else if segment.length > 0 && !flags.has(Flags::RST) {
            *self = Roles::Settled(match FirstLine::of(segment.payload) {
                Some(FirstLine::Request) => side,
                Some(FirstLine::Status) => side.other(),
                None => assumed,
            });
        }
    }
}
