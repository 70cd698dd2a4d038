//! What the headers of a connection's segments tell: roles, handshake, analysis and close, all but its bytes.
//!
//! Segments come in, in order of capture; what was made of each goes out, and its facts, if somebody asks for them.

use super::analysis::{Analysed, Analysis, Side, Unacked};
use super::assembler::Placed;
use super::handshake::{Handshaking, offers};
use super::roles::Roles;
use super::teardown::{Closing, Step};
use crate::model::{At, Direction, Endpoint, Handshake, Label, Pack, Segment, TcpFacts};

/// What the headers of a connection's segments tell: all but its bytes.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Headers {
    pub(super) roles: Roles,
    pub(super) port_reused: bool,
    /// The sender of the first frame (side A), and the other.
    pub(super) ends: [Endpoint; 2],
    pub(super) analysis: Analysis,
    pub(super) frames: u64,
    pub(super) last: At,
    /// Where the facts are to name the frames that are acknowledged and sent again.
    pub(super) unacked: Option<Box<[Unacked; 2]>>,
    pub(super) first: At,
    /// Frames that brought other bytes than came first.
    pub(super) conflicts: u64,
    pub(super) handshake: Handshaking,
    pub(super) closing: Closing,
}

/// What was made of a segment, before anybody asks for its facts.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    pub(super) side: Side,
    pub(super) said: Analysed,
    pub(super) step: Step,
    pub(super) placed: Placed,
    /// Whether it acknowledges bytes that were not captured, as far as the bytes tell.
    pub(super) acks_unseen: bool,
}

impl Headers {
    /// Those of a connection that begins with `first`.
    pub(super) fn new(first: &Segment<'_>, port_reused: bool, shown: bool) -> Headers {
        Headers::of(
            first.at,
            [first.source, first.destination],
            port_reused,
            shown,
        )
    }

    /// Those of a connection between these ends that begins `first`, by whose sender the first of them is.
    pub(super) fn of(first: At, ends: [Endpoint; 2], port_reused: bool, shown: bool) -> Headers {
        Headers {
            roles: Roles::of_ports(ends[0], ends[1]),
            port_reused,
            ends,
            analysis: Analysis::NEW,
            frames: 0,
            last: first,
            first,
            conflicts: 0,
            unacked: shown.then(Box::default),
            handshake: Handshaking::default(),
            closing: Closing::default(),
        }
    }

    /// Its part in what waits in few bytes.
    pub(super) fn pack(&mut self, pack: &mut Pack<'_>) {
        pack.at(&mut self.first);
        self.ends.iter_mut().for_each(|end| pack.endpoint(end));
        self.roles.pack(pack);
        pack.flag(&mut self.port_reused);
        pack.number(&mut self.frames);
        pack.number(&mut self.conflicts);
        self.handshake.pack(pack);
        self.analysis.pack(pack);
        pack.option(&mut self.unacked, |pack, lists| {
            lists.iter_mut().for_each(|list| list.pack(pack));
        });
        self.closing.pack(pack);
        pack.at(&mut self.last);
    }

    pub(super) fn hear(&mut self, segment: &Segment<'_>) -> Heard {
        self.frames += 1;
        self.last = segment.at;
        let side = self.side(segment);
        self.roles.learn(side, segment);

        let mut said = self
            .analysis
            .segment(side, segment, self.unacked.as_deref_mut());
        if self.frames == 1 && self.port_reused {
            said.labels.insert(Label::PortReused);
        }
        self.handshake.segment(side, segment, &mut said.labels);
        let peer_acked = self.analysis.acked_by(side.other());
        let step = self
            .closing
            .segment(side, segment, peer_acked, &mut said.labels);
        Heard {
            side,
            said,
            step,
            placed: Placed::default(),
            acks_unseen: true,
        }
    }

    /// The sender of a segment.
    #[inline]
    pub(super) fn side(&self, segment: &Segment<'_>) -> Side {
        if segment.source == self.ends[0] {
            Side::A
        } else {
            Side::B
        }
    }

    /// The facts that the bytes have no part in.
    pub(super) fn facts(&self, segment: &Segment<'_>, heard: &Heard) -> TcpFacts {
        let Heard {
            side, said, step, ..
        } = *heard;
        let mut facts = said.facts(segment, self.direction(side));
        if facts.labels.has(Label::HandshakeAck) {
            facts.initial_rtt = self.analysis.initial_rtt();
        }
        if said.news
            && segment.length == 0
            && !facts.labels.has_any(&[Label::HandshakeAck, Label::FinAck])
        {
            facts.labels.insert(Label::Ack);
        }
        facts.syn = offers(segment);
        facts.acknowledges_fin = step.acknowledges_fin;
        facts.teardown = step.number;
        facts.closed = self.closing.bits(self.roles.client());
        facts
    }

    /// Whether a segment without control bits tells roles, handshake and close nothing.
    pub(super) fn are_plain(&self) -> bool {
        self.roles.settled() && self.handshake.is_over() && self.closing.has_not_begun()
    }

    pub(super) fn memory(&self) -> usize {
        let lists = self.unacked.iter().flat_map(|lists| &**lists);
        lists.map(|list| size_of::<Unacked>() + list.memory()).sum()
    }

    pub(super) fn client(&self) -> Endpoint {
        self.ends[self.roles.client().index()]
    }

    pub(super) fn server(&self) -> Endpoint {
        self.ends[self.roles.client().other().index()]
    }

    pub(super) fn handshake(&self) -> Handshake {
        Handshake {
            syn: self.handshake.syn,
            syn_ack: self.handshake.syn_ack,
            ack: self.handshake.ack,
            rtt: self.analysis.initial_rtt(),
        }
    }

    pub(super) fn direction(&self, side: Side) -> Direction {
        if side == self.roles.client() {
            Direction::ToServer
        } else {
            Direction::ToClient
        }
    }
}
