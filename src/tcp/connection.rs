//! One TCP connection: its roles, its handshake and its close, the analysis of its segments, and both directions in order.
//!
//! Segments come in, in order of capture; the [`TcpFacts`] of each go out, and before them the deliveries it makes. It holds no
//! more than the caps of `limits` allow, reads no bytes but the first line that tells the roles, and knows neither numbers nor other connections.

use super::analysis::{Side, Unacked};
use super::assembler::{Assembler, Placed};
use super::delivered::{Compared, Delivered};
use super::ended::Ended;
use super::headers::{Headers, Heard};
use super::sequence::SeqNo;
use super::teardown::Step;
use crate::model::{
    At, Conflict, Delivery, Direction, Ending, Endpoint, Flags, Handshake, Label, PlainEvent,
    PlainRow, Segment, Span, TcpFacts, Teardown, Timestamp, fetch,
};
use std::mem::offset_of;

/// A connection from its first captured frame on.
///
/// What [passes](Connection::pass) needs few lines of the processor's cache: it stands side by side.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    assemblers: [Assembler; 2],
    /// Whether both directions are open and in order and the handshake is over: what only a segment changes that is not ordinary.
    plain: bool,
    /// Whether somebody asks for facts.
    shown: bool,
    /// Where the facts are to tell of copies that differ.
    delivered: Option<Box<Kept>>,
    headers: Headers,
}

/// What copies are compared with. The server's, whose bytes are most, stand beside how much it takes where the client spoke first.
#[derive(Debug, Default)]
#[repr(C)]
struct Kept {
    both: [Delivered; 2],
    /// Bytes of memory that it takes.
    memory: usize,
    /// The server and whether copies of its bytes are compared, as was said last.
    compares: Option<(Side, bool)>,
}

/// The sender of an ordinary segment.
#[derive(Clone, Copy, Debug)]
pub struct Ordinary(Side);

impl Kept {
    /// Takes what the segment of one side delivers. Of what it delivered before so many bytes are not acknowledged.
    fn take(&mut self, side: Side, delivery: &Delivery<'_>, mut unacknowledged: u64) {
        let own = &mut self.both[side.index()];
        let before = own.memory();
        own.take(delivery, None, &mut unacknowledged);
        self.memory = self.memory - before + own.memory();
    }

    /// Finds out how much memory it takes.
    fn count(&mut self) {
        self.memory = self.both.iter().map(Delivered::memory).sum();
    }
}

const _: () = assert!(
    size_of::<Assembler>() == 128 && offset_of!(Headers, first) <= 4 * 64 - 16,
    "a line for each direction, and four for the headers"
);

impl Connection {
    /// A connection that begins with `first`, which is to be given to [`segment`](Connection::segment) next. `port_reused` is `Located`'s.
    /// `shown`: whether its facts will be shown; else they do not name the frames that are acknowledged and sent again, and tell of no
    /// copy that differs from what was handed up.
    pub fn new(first: &Segment<'_>, port_reused: bool, shown: bool) -> Connection {
        Connection {
            assemblers: [Assembler::new(), Assembler::new()],
            plain: false,
            shown,
            headers: Headers::new(first, port_reused, shown),
            delivered: shown.then(Box::default),
        }
    }

    /// Takes the connection's next segment and gives its facts: [`hear`](Connection::hear) and [`facts`](Connection::facts) in one.
    pub fn segment(
        &mut self,
        segment: &Segment<'_>,
        deliver: &mut dyn FnMut(Direction, Delivery<'_>),
    ) -> TcpFacts {
        let heard = self.hear(segment, deliver);
        self.facts(segment, &heard)
    }

    /// Takes the connection's next segment. What becomes readable with it is handed up.
    pub fn hear(
        &mut self,
        segment: &Segment<'_>,
        deliver: &mut dyn FnMut(Direction, Delivery<'_>),
    ) -> Heard {
        if let Some(ordinary) = self.ordinary(segment) {
            let heard = self.hear_ordinary(ordinary, segment);
            if segment.length > 0 {
                let (bytes, span) = (segment.payload, Span::of(segment.at));
                deliver(
                    self.headers.direction(heard.side),
                    Delivery::Data { bytes, span },
                );
            }
            return heard;
        }
        let was_settled = self.headers.roles.settled();
        let mut heard = self.headers.hear(segment);
        let peer = &self.assemblers[heard.side.other().index()];
        heard.acks_unseen = peer.lacks(SeqNo(segment.acknowledgment));
        heard.placed = self.assemble(&heard, segment, was_settled, deliver);
        if let Some(delivered) = &mut self.delivered {
            delivered.count();
        }
        self.headers.conflicts += u64::from(heard.placed.conflict.is_some());
        self.plain = self.headers.are_plain() && self.assemblers.iter().all(Assembler::is_plain);
        heard
    }

    /// Takes the connection's next segment if it is an ordinary one in the middle of the connection and nobody wants its facts:
    /// nothing but its payload is news. It has then done what [`hear`](Connection::hear) would have. The direction of the payload,
    /// which is not handed up.
    #[inline]
    pub fn pass(&mut self, segment: &Segment<'_>) -> Option<Direction> {
        let side = self.plain_side(segment)?;
        if self.shown || !self.headers.analysis.pass(side, segment) {
            return None;
        }
        self.take_ordinary(side, segment);
        Some(self.headers.direction(side))
    }

    /// Whether the connection's next segment is an ordinary one in the middle of it: nothing but its payload is news.
    #[inline(always)] // So that a segment that makes a plain row is never written to memory: reading it back would wait for all writes before.
    pub fn ordinary(&self, segment: &Segment<'_>) -> Option<Ordinary> {
        let side = self.plain_side(segment)?;
        let ordinary = self.headers.analysis.finds_ordinary(side, segment);
        ordinary.then_some(Ordinary(side))
    }

    /// Whose payload an ordinary segment has.
    #[inline(always)] // As `ordinary`.
    pub fn direction(&self, ordinary: Ordinary) -> Direction {
        self.headers.direction(ordinary.0)
    }

    /// Takes a segment that is [ordinary](Connection::ordinary). It has then done what [`hear`](Connection::hear) would have, but that the payload is
    /// not handed up.
    #[inline(always)] // As `ordinary`.
    pub fn hear_ordinary(&mut self, ordinary: Ordinary, segment: &Segment<'_>) -> Heard {
        let Ordinary(side) = ordinary;
        let Headers {
            analysis, unacked, ..
        } = &mut self.headers;
        let said = analysis.ordinary(side, segment, unacked.as_deref_mut());
        if segment.length > 0
            && let Some(delivered) = &mut self.delivered
        {
            let (bytes, span) = (segment.payload, Span::of(segment.at));
            let unacknowledged = self.assemblers[side.index()].unacknowledged();
            delivered.take(side, &Delivery::Data { bytes, span }, unacknowledged);
        }
        self.take_ordinary(side, segment);
        Heard {
            side,
            said,
            step: Step::default(),
            placed: Placed::default(),
            acks_unseen: false,
        }
    }

    /// Whether an ordinary segment acknowledges what was not acknowledged before.
    #[inline(always)] // As `ordinary`.
    pub fn acknowledges(&self, ordinary: Ordinary, segment: &Segment<'_>) -> bool {
        let ack = SeqNo(segment.acknowledgment);
        self.headers.analysis.is_news(ordinary.0, ack)
    }

    /// Whether an ordinary segment may turn out to acknowledge a frame. Where not, its row names none.
    #[inline(always)] // As `ordinary`.
    pub fn may_answer(&self, ordinary: Ordinary) -> bool {
        let peer = ordinary.0.other().index();
        let unacked = self.headers.unacked.as_ref();
        unacked.is_some_and(|lists| lists[peer].waits())
    }

    /// The row of an ordinary segment that was heard last, with the event that it brings: it did not [answer](Connection::may_answer) a frame then. Without one it
    /// [acknowledges](Connection::acknowledges) something.
    #[inline(always)] // As `ordinary`.
    pub fn plain_row(
        &self,
        segment: &Segment<'_>,
        heard: &Heard,
        event: Option<PlainEvent>,
    ) -> PlainRow {
        let direction = self.headers.direction(heard.side);
        heard.said.plain_row(segment, direction, event)
    }

    /// The sender of a segment that is an ordinary one, as far as its bytes and flags tell.
    #[inline(always)] // As `ordinary`.
    fn plain_side(&self, segment: &Segment<'_>) -> Option<Side> {
        const PLAIN: u8 = Flags::ACK.0 | Flags::PSH.0;
        let side = self.headers.side(segment);
        let plain = self.plain
            && segment.flags.0 & !PLAIN == 0
            && segment.options.window_scale.is_none()
            && segment.payload.len() == segment.length as usize
            && self.assemblers[side.index()].expects(SeqNo(segment.sequence));
        plain.then_some(side)
    }

    /// What an ordinary segment changes beside the analysis.
    #[inline(always)] // As `ordinary`.
    fn take_ordinary(&mut self, side: Side, segment: &Segment<'_>) {
        self.headers.frames += 1;
        self.headers.last = segment.at;
        let [own, peer] = match (side, &mut self.assemblers) {
            (Side::A, [a, b]) => [a, b],
            (Side::B, [a, b]) => [b, a],
        };
        // An ordinary segment has ACK.
        peer.acknowledged(SeqNo(segment.acknowledgment));
        if segment.length > 0 {
            own.pass(segment.payload.len(), segment.at);
        }
    }

    /// Has each line of the cache fetched that it takes for an ordinary segment.
    #[inline]
    pub fn fetch(&self) {
        self.assemblers.iter().for_each(Assembler::fetch);
        fetch(&self.plain);
        self.headers.analysis.fetch();
        fetch(&self.headers.last);
        fetch(&self.headers.unacked);
    }

    /// Has each line fetched that tells where the lists of the server are, which sends most, and whether the client waits for an ACK.
    #[inline]
    pub fn fetch_first(&self) {
        let server = self.headers.roles.client().other().index();
        if let Some(kept) = &self.delivered {
            fetch(&kept.memory);
            kept.both[server].fetch_first();
        }
        let unacked = self.headers.unacked.iter();
        unacked
            .flat_map(|lists| lists.iter())
            .for_each(Unacked::fetch_first);
    }

    /// Has fetched what lies elsewhere and facts need: these lists.
    #[inline]
    pub fn fetch_lists(&self) {
        let server = self.headers.roles.client().other().index();
        if let Some(kept) = &self.delivered {
            kept.both[server].fetch();
        }
        if let Some(lists) = &self.headers.unacked {
            lists[server].fetch();
        }
    }

    /// The facts of the segment that was heard last.
    pub fn facts(&self, segment: &Segment<'_>, heard: &Heard) -> TcpFacts {
        let mut facts = self.headers.facts(segment, heard);
        let server = self.headers.roles.client().other();
        facts.acks_unseen &= heard.acks_unseen;
        facts.hole = heard.placed.hole;
        facts.conflict = heard.placed.conflict;
        facts.late = heard.placed.late;
        facts.fills_hole = heard
            .placed
            .filled
            .map(|first| (first.frame, segment.at.time.since(first.time)));
        facts.waiting = !self.assemblers[server.index()].waiting().is_empty();
        facts
    }

    /// Ends both directions that have not ended: the capture is over, the connection is given up, or another takes its place.
    pub fn finish(
        &mut self,
        at: At,
        ending: Ending,
        deliver: &mut dyn FnMut(Direction, Delivery<'_>),
    ) {
        for side in [Side::A, Side::B] {
            let direction = self.headers.direction(side);
            self.assemblers[side.index()].finish(at, ending, &mut |delivery| {
                deliver(direction, delivery);
            });
        }
    }

    /// The client, as far as it is known: the answer is final from the first SYN or the first payload on.
    pub fn client(&self) -> Endpoint {
        self.headers.client()
    }

    /// The server.
    pub fn server(&self) -> Endpoint {
        self.headers.server()
    }

    /// The first frame.
    pub fn first(&self) -> At {
        self.headers.first
    }

    /// The latest frame.
    pub fn last(&self) -> At {
        self.headers.last
    }

    /// The handshake.
    pub fn handshake(&self) -> Handshake {
        self.headers.handshake()
    }

    /// The teardown.
    pub fn teardown(&self) -> Teardown {
        self.headers.closing.teardown()
    }

    /// When both FINs were acknowledged or an RST came: from then on the connection lingers for `limits::CLOSED_LINGER`.
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.headers.closing.closed_at()
    }

    /// Whether both directions have ended.
    pub fn has_ended(&self) -> bool {
        self.assemblers.iter().all(Assembler::has_ended)
    }

    /// The connection without what only its bytes need: nobody wants any that still come, and copies are not compared any more.
    #[must_use]
    pub fn into_ended(self) -> Ended {
        Ended(self.headers)
    }

    /// Memory on the heap, in bytes, roughly: what waits behind holes, what is not acknowledged yet, and what copies are compared with.
    #[inline]
    pub fn memory(&self) -> usize {
        if self.plain && !self.shown {
            return 0;
        }
        let waiting = self.assemblers.iter().map(|a| a.waiting().memory());
        waiting.sum::<usize>() + self.headers.memory() + self.kept()
    }

    /// The part of it that copies are compared with. It depends on the connection's segments only.
    pub fn kept(&self) -> usize {
        self.delivered.as_ref().map_or(0, |kept| kept.memory)
    }

    /// Whether anybody would see that a copy of bytes from the server differs; where not, what it would be compared with is not kept.
    pub fn compare_answers(&mut self, compares: bool) {
        let server = self.headers.roles.client().other();
        if let Some(kept) = &mut self.delivered
            && kept.compares != Some((server, compares))
        {
            kept.compares = Some((server, compares));
            kept.both[server.index()].compares(compares);
            kept.count();
        }
    }

    /// Forgets what copies are compared with.
    pub fn forget_delivered(&mut self) {
        if let Some(kept) = &mut self.delivered {
            kept.both.iter_mut().for_each(Delivered::forget);
            kept.memory = 0;
        }
    }

    /// Gives the segment to the assemblers. ACKs come first: they speak of what was sent before.
    fn assemble(
        &mut self,
        heard: &Heard,
        segment: &Segment<'_>,
        was_settled: bool,
        deliver: &mut dyn FnMut(Direction, Delivery<'_>),
    ) -> Placed {
        let (at, side) = (segment.at, heard.side);
        if segment.flags.has(Flags::RST) {
            // RFC 9293 §3.10.7: all queues are flushed. Its payload, if any, explains the reset (RFC 9293 §3.5.3): no data.
            let sent = self.headers.direction(side);
            self.finish(at, Ending::Reset(sent), deliver);
            return Placed::default();
        }
        let settled = self.headers.roles.settled();
        let ours = self.headers.direction(side);
        let theirs = ours.reverse();
        let both = self.delivered.as_mut().map(|kept| &mut kept.both);
        let (mut kept, mut peer_kept) = match (both, side) {
            (Some([a, b]), Side::A) => (Some(a), Some(b)),
            (Some([a, b]), Side::B) => (Some(b), Some(a)),
            (None, _) => (None, None),
        };
        if segment.flags.has(Flags::ACK) {
            let peer = &mut self.assemblers[side.other().index()];
            let due = peer.acknowledged(SeqNo(segment.acknowledgment));
            let mut unacknowledged = peer.unacknowledged();
            // Nothing is handed up in a direction that may yet turn round: only a FIN can wait for that.
            if settled && (due || !was_settled) {
                peer.flush(at, &mut |delivery| {
                    if let Some(kept) = &mut peer_kept {
                        kept.take(&delivery, None, &mut unacknowledged);
                    }
                    deliver(theirs, delivery);
                });
            }
        }
        let own = &mut self.assemblers[side.index()];
        // RFC 9293 §3.8.4: the byte of a keep-alive is garbage. That of a window probe may be refused, and then come otherwise.
        let probe = heard
            .said
            .labels
            .has_any(&[Label::KeepAlive, Label::ZeroWindowProbe])
            .then_some(at.frame);
        let number = SeqNo(segment.sequence).plus(u32::from(segment.flags.has(Flags::SYN)));
        let compared = kept.as_ref().map_or_else(Compared::default, |kept| {
            kept.compare(own.next_number(), number, segment.payload)
        });
        let mut unacknowledged = own.unacknowledged();
        let mut hand_on = |delivery: Delivery<'_>| {
            if let Some(kept) = &mut kept {
                kept.take(&delivery, probe, &mut unacknowledged);
            }
            deliver(ours, delivery);
        };
        let mut placed = own.segment(segment, &mut hand_on);
        if settled && (segment.flags.has(Flags::FIN) || !was_settled) {
            own.flush(at, &mut hand_on);
        }
        placed.hole = placed.hole.max(own.hole_before_fin(at.frame));
        placed.late = compared.late;
        placed.conflict = Conflict::of_both(compared.conflict, placed.conflict);
        if probe.is_some() {
            placed.conflict = None;
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FrameNo, TcpOptions};
    use proptest::prelude::*;

    /// Who sends, with which flags, how far beside the numbers that are due, how many bytes, how many of them cut, with which window.
    type Sent = (bool, u8, i32, i32, usize, u32, u16);

    fn sent() -> impl Strategy<Value = Sent> {
        let mostly = |usual: u32| prop_oneof![usual => Just(0), 1 => -30..30];
        let flags = prop_oneof![20 => Just(16), 5 => Just(24), 1 => Just(17), 1 => Just(4), 1 => any::<u8>()];
        let cut = prop_oneof![9 => Just(0), 1 => 0..9_u32];
        (
            any::<bool>(),
            flags,
            mostly(15),
            mostly(9),
            0..20_usize,
            cut,
            0..900_u16,
        )
    }

    proptest! {
        /// An ordinary segment goes a shorter way, to the same facts, deliveries and state.
        #[test]
        fn an_ordinary_segment_is_heard_as_any_other(
            sent in prop::collection::vec(sent(), 1..60),
            begins in prop_oneof![Just(100_u32), Just(u32::MAX - 40)],
            shown in any::<bool>(),
        ) {
            let ends = [(1, 40_000), (2, 80)].map(|(host, port)| Endpoint { address: [10, 0, 0, host].into(), port });
            let data: Vec<u8> = (0..20).collect();
            let mut next = [begins, 7_000];
            let mut connections: Option<[Connection; 2]> = None;
            let handshake = [(true, 2, 0), (false, 18, 0), (true, 16, 0), (true, 24, 5), (false, 24, 9)];
            let handshake = handshake.map(|(client, flags, length)| (client, flags, 0, 0, length, 0, 500));
            for (frame, (client, flags, sequence, acknowledgment, length, cut, window)) in (1..).zip(handshake.into_iter().chain(sent)) {
                let (own, peer) = (usize::from(!client), usize::from(client));
                let segment = Segment {
                    at: At { frame: FrameNo(frame), time: Timestamp(frame as i64 * 1_000) },
                    source: ends[own],
                    destination: ends[peer],
                    sequence: next[own].wrapping_add_signed(sequence),
                    acknowledgment: next[peer].wrapping_add_signed(acknowledgment),
                    flags: Flags(flags),
                    window,
                    options: TcpOptions::TIMESTAMPS,
                    payload: &data[..length],
                    length: length as u32 + cut,
                };
                let end = SeqNo(segment.sequence).plus(segment.length + u32::from(flags & 3 != 0));
                if end.is_after(SeqNo(next[own])) {
                    next[own] = end.0;
                }
                let new = || Connection::new(&segment, false, shown);
                let [short, long] = connections.get_or_insert_with(|| [new(), new()]);
                long.plain = false;
                let [short, long] = [short, long].map(|connection| {
                    let mut delivered = Vec::new();
                    let facts = connection.segment(&segment, &mut |direction, delivery| delivered.push(format!("{direction:?} {delivery:?}")));
                    (facts, delivered, format!("{connection:?}"))
                });
                prop_assert_eq!(short, long);
            }
        }
    }
}
