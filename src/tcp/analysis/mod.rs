//! What Wireshark says of a segment: relative numbers, the scaled window, which frame an ACK answers, and the labels of its TCP analysis.
//!
//! Segments of one connection come in, in order of capture, each with the side that sent it; an [`Analysed`] goes out for each.
//! The rules are those of Wireshark 4.0 ("TCP Analysis" in its User's Guide), kept even where they are odd: a user who has both
//! windows open must see the same. A position of 0 means "nothing seen yet", and the acknowledgment field counts whether or not ACK is set.
//!
//! The state is `Copy`, and small, so that frames that come after a connection is over can still be analysed (`Frozen`, `Remains`);
//! only the lists of unacknowledged segments, which grow, are kept apart from it.

mod frozen;
mod packed;
mod position;
mod repeat;
mod unacked;

use super::sequence::SeqNo;
use crate::model::{
    At, Direction, Flags, FrameNo, Label, LabelSet, Nanos, PlainEvent, PlainRow, Repeated, Segment,
    TcpFacts, Timestamp, fetch,
};
pub(super) use frozen::Frozen;
use std::num::NonZero;
pub(super) use unacked::Unacked;

/// Which of a connection's two senders. Which of them is the client may turn out later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The sender of the connection's first frame.
    A,
    /// The other one.
    B,
}

impl Side {
    pub(super) fn index(self) -> usize {
        self as usize
    }

    pub(super) fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

/// What the analysis says of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysed {
    pub(super) labels: LabelSet,
    /// tcp.seq.
    pub(super) sequence: u32,
    /// tcp.ack.
    pub(super) acknowledgment: Option<u32>,
    /// tcp.window_size.
    pub(super) window: u32,
    pub(super) window_before: Option<u32>,
    /// tcp.analysis.acks_frame and the time since it.
    pub(super) acknowledges: Option<(FrameNo, Nanos)>,
    /// tcp.analysis.duplicate_ack_num and tcp.analysis.duplicate_ack_frame.
    pub(super) duplicate: Option<(u32, FrameNo)>,
    /// What this segment sends again.
    pub(super) repeats: Option<Repeated>,
    /// Whether it acknowledges bytes of the peer that were not acknowledged before. A SYN is no byte; a FIN counts.
    pub(super) news: bool,
}

impl Analysed {
    /// The row of an ordinary segment.
    #[inline(always)] // As `Connection::ordinary`.
    pub(super) fn plain_row(
        &self,
        segment: &Segment<'_>,
        direction: Direction,
        event: Option<PlainEvent>,
    ) -> PlainRow {
        let answers = self.acknowledges;
        PlainRow {
            at: segment.at,
            sequence: self.sequence,
            acknowledgment: self.acknowledgment.unwrap_or(0), // never without ACK
            length: segment.length,
            window: self.window,
            acknowledges: answers.and_then(|(frame, _)| NonZero::new(frame.0)),
            rtt: answers.map_or(0, |(_, rtt)| rtt),
            event,
            direction,
            flags: segment.flags,
        }
    }

    /// The facts of the analysis; what only the whole connection knows is left empty.
    pub(super) fn facts(&self, segment: &Segment<'_>, direction: Direction) -> TcpFacts {
        let mut labels = self.labels;
        if segment.flags.has(Flags::PSH) {
            labels.insert(Label::Push);
        }
        TcpFacts {
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            length: segment.length,
            captured: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
            window: self.window,
            window_before: self.window_before,
            acknowledges: self.acknowledges.map(|(frame, _)| frame),
            acks_unseen: labels.has(Label::AckedUnseenSegment),
            // As in Wireshark, no time at all is not shown.
            rtt: self
                .acknowledges
                .map(|(_, rtt)| rtt)
                .filter(|rtt| *rtt != 0),
            labels,
            duplicate: self.duplicate,
            repeats: self.repeats,
            ..TcpFacts::of(segment.at, direction, segment.flags)
        }
    }
}

/// What is known of one sender.
#[derive(Clone, Copy, Debug)]
struct Flow {
    /// The number that relative numbers are counted from, once known.
    base: Option<SeqNo>,
    /// The highest number seen so far behind a segment; 0 before the first.
    next: SeqNo,
    /// The highest number that the peer can acknowledge without the capture having missed something; 0 before the first segment.
    ackable: SeqNo,
    /// The acknowledgment field of its last segment.
    last_ack: SeqNo,
    /// The highest number it has acknowledged, once it has acknowledged anything.
    acked: Option<SeqNo>,
    /// The window field of its last segment.
    window: Option<u16>,
    /// The window it announced last, as shown.
    shown: Option<u32>,
    scale: Scale,
    /// Whether its last window came with a SYN, where windows are not scaled (RFC 7323 §2.2).
    window_of_syn: bool,
    /// Whether its last segment was a keep-alive, or a zero window probe.
    probe: Option<Probe>,
    duplicates: u32,
    /// The frame whose ACK the duplicates repeat.
    duplicates_of: FrameNo,
    /// When `next` went forward last.
    next_time: Timestamp,
    /// When its last segment came.
    last_time: Timestamp,
}

impl Flow {
    const NEW: Flow = Flow {
        base: None,
        next: SeqNo(0),
        ackable: SeqNo(0),
        last_ack: SeqNo(0),
        acked: None,
        window: None,
        shown: None,
        scale: Scale::Unknown,
        window_of_syn: false,
        probe: None,
        duplicates: 0,
        duplicates_of: FrameNo(0),
        next_time: Timestamp(0),
        last_time: Timestamp(0),
    };
}

/// A flow's window scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// The handshake was not seen: windows are shown as they are (Wireshark's -1).
    Unknown,
    /// One side did not offer scaling: it is not used (Wireshark's -2).
    Unused,
    /// The shift count of the flow's own option.
    Shift(u8),
}

/// A segment that asks for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    KeepAlive,
    ZeroWindow,
}

/// The header fields that the rules read.
#[derive(Clone, Copy)]
struct Header {
    at: At,
    flags: Flags,
    seq: SeqNo,
    ack: SeqNo,
    length: u32,
    window: u16,
}

impl Header {
    fn of(segment: &Segment<'_>) -> Header {
        Header {
            at: segment.at,
            flags: segment.flags,
            seq: SeqNo(segment.sequence),
            ack: SeqNo(segment.acknowledgment),
            length: segment.length,
            window: segment.window,
        }
    }

    fn has(&self, flags: Flags) -> bool {
        self.flags.has(flags)
    }

    /// The number behind the payload.
    fn end(&self) -> SeqNo {
        self.seq.plus(self.length)
    }
}

/// SYN, FIN or RST: never a keep-alive, a window update or a duplicate ACK.
const CONTROL: Flags = Flags(Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0);
/// The bits that take up a sequence number.
const NUMBERED: Flags = Flags(Flags::SYN.0 | Flags::FIN.0);

/// The state of one connection's analysis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    flows: [Flow; 2],
    /// When the last SYN came; 0 where none did, as in Wireshark.
    syn_time: Timestamp,
    /// From the SYN to the first ACK after it; 0 while unknown, as in Wireshark.
    initial_rtt: Nanos,
}

impl Analysis {
    pub(super) const NEW: Analysis = Analysis {
        flows: [Flow::NEW; 2],
        syn_time: Timestamp(0),
        initial_rtt: 0,
    };

    /// tcp.analysis.initial_rtt.
    pub(super) fn initial_rtt(&self) -> Option<Nanos> {
        (self.initial_rtt != 0).then_some(self.initial_rtt)
    }

    /// Has each line of the cache fetched that it takes.
    #[inline]
    pub(super) fn fetch(&self) {
        for flow in &self.flows {
            fetch(&flow.next);
            fetch(&flow.last_time);
        }
    }

    /// The highest number that `side` has acknowledged.
    pub(super) fn acked_by(&self, side: Side) -> Option<SeqNo> {
        self.flows[side.index()].acked
    }

    /// Analyses one segment of `side`. Without the lists nothing names the frame that is acknowledged or sent again.
    pub(super) fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        unacked: Option<&mut [Unacked; 2]>,
    ) -> Analysed {
        let header = Header::of(segment);
        if segment.options.window_scale.is_none() && self.is_ordinary(side, &header) {
            self.ordinary(side, segment, unacked)
        } else {
            self.by_every_rule(side, segment, &header, unacked)
        }
    }

    /// Whether a segment that has no window scale is an ordinary one: the next of a flow without holes, of which no rule has anything to say.
    #[inline(always)] // As `Connection::ordinary`.
    pub(super) fn finds_ordinary(&self, side: Side, segment: &Segment<'_>) -> bool {
        self.is_ordinary(side, &Header::of(segment))
    }

    fn by_every_rule(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        header: &Header,
        unacked: Option<&mut [Unacked; 2]>,
    ) -> Analysed {
        let mut labels = LabelSet::EMPTY;
        let news = self.numbers(side, header, &mut labels);

        // Copies of both flows: the compiler keeps them in registers, and a rule cannot change the wrong one.
        let mut own = self.flows[side.index()];
        let mut peer = self.flows[side.other().index()];
        let duplicate = position::judge(&mut own, &peer, header, &mut labels);
        if header.ack != own.last_ack {
            own.duplicates = 0;
            own.duplicates_of = header.at.frame;
        }
        position::acked_unseen(&mut peer, header, &mut labels);
        repeat::judge(&own, &peer, header, self.initial_rtt, &mut labels);
        let behind = remember(&mut own, header, labels);
        let (mut repeats, mut answered) = (None, None);
        if let Some(unacked) = unacked {
            let sent = &mut unacked[side.index()];
            if labels.has_any(&[Label::Retransmission, Label::OutOfOrder]) {
                repeats = sent
                    .carrier(header.seq, header.at.frame)
                    .map(|first| Repeated {
                        frame: first.frame,
                        after: header.at.time.since(first.time),
                        // What asked before they were sent did not ask for them.
                        asked: peer.last_time > first.time
                            && position::asks_for(&peer, header.seq, behind),
                    });
            }
            if header.length > 0 || header.has(NUMBERED) {
                sent.push(header.at, header.seq, behind);
            }
            answered = unacked[side.other().index()].acknowledge(header.ack);
        }

        let window = shown_window(&own, header);
        let window_before = own.shown.replace(window);
        let analysed = Analysed {
            labels,
            sequence: header.seq.relative_to(own.base.unwrap_or_default()),
            acknowledgment: header
                .has(Flags::ACK)
                .then(|| header.ack.relative_to(peer.base.unwrap_or_default())),
            window,
            window_before,
            acknowledges: answered.map(|at| (at.frame, header.at.time.since(at.time))),
            duplicate,
            repeats,
            news,
        };
        self.handshake(&mut own, &mut peer, segment);
        self.flows[side.index()] = own;
        self.flows[side.other().index()] = peer;
        analysed
    }

    /// Whether the segment is the next one of a flow without holes, and no rule has anything to say of it: most are.
    #[inline(always)] // As `Connection::ordinary`.
    fn is_ordinary(&self, side: Side, header: &Header) -> bool {
        let own = &self.flows[side.index()];
        let peer = &self.flows[side.other().index()];
        let expected = !header.has(CONTROL)
            && header.has(Flags::ACK)
            && header.seq == own.next
            && header.seq == own.ackable
            && own.next != SeqNo(0)
            && own.base.is_some()
            && peer.base.is_some()
            && header.window > 0
            && peer.ackable != SeqNo(0)
            && !header.ack.is_after(peer.ackable)
            && (self.initial_rtt != 0 || self.syn_time == Timestamp(0));
        if header.length == 0 {
            return expected && header.ack != own.last_ack;
        }
        expected
            && header.length > 1
            && (peer.last_ack == SeqNo(0) || header.end().since(peer.last_ack) > 0)
            && !position::fills_window(peer, header)
    }

    /// Takes an ordinary segment of which nobody wants to hear. Whether it was one.
    #[inline]
    pub(super) fn pass(&mut self, side: Side, segment: &Segment<'_>) -> bool {
        let header = Header::of(segment);
        let ordinary = self.is_ordinary(side, &header);
        if ordinary {
            self.keep(side, &header);
            let own = &mut self.flows[side.index()];
            own.shown = Some(shown_window(own, &header));
        }
        ordinary
    }

    /// Whether a number is beyond all that `side` has acknowledged.
    #[inline]
    pub(super) fn is_news(&self, side: Side, ack: SeqNo) -> bool {
        ack.is_after(self.known(side))
    }

    /// The highest number that `side` has acknowledged, or that of the first byte.
    #[inline]
    fn known(&self, side: Side) -> SeqNo {
        let peer_base = self.flows[side.other().index()].base.unwrap_or_default();
        let acked = self.flows[side.index()].acked;
        acked.unwrap_or(peer_base.plus(1))
    }

    /// What the rules keep of an ordinary segment. Whether it acknowledges anything new.
    #[inline(always)] // As `Connection::ordinary`.
    fn keep(&mut self, side: Side, header: &Header) -> bool {
        let known = self.known(side);
        let own = &mut self.flows[side.index()];
        let news = header.ack.is_after(known);
        own.acked = Some(if news { header.ack } else { known });
        if header.ack != own.last_ack {
            own.duplicates = 0;
            own.duplicates_of = header.at.frame;
            own.last_ack = header.ack;
        }
        if header.length > 0 {
            own.next = header.end();
            own.ackable = own.next;
            own.next_time = header.at.time;
        }
        own.window = Some(header.window);
        own.window_of_syn = false;
        own.last_time = header.at.time;
        own.probe = None;
        news
    }

    /// What the rules say of an ordinary segment.
    #[inline(always)] // As `Connection::ordinary`.
    pub(super) fn ordinary(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        unacked: Option<&mut [Unacked; 2]>,
    ) -> Analysed {
        let header = &Header::of(segment);
        let peer_base = self.flows[side.other().index()].base.unwrap_or_default();
        let news = self.keep(side, header);
        let own = &mut self.flows[side.index()];
        let answered = unacked.and_then(|unacked| {
            if header.length > 0 {
                unacked[side.index()].push(header.at, header.seq, own.next);
            }
            unacked[side.other().index()].acknowledge(header.ack)
        });
        let window = shown_window(own, header);
        Analysed {
            labels: LabelSet::EMPTY,
            sequence: header.seq.relative_to(own.base.unwrap_or_default()),
            acknowledgment: Some(header.ack.relative_to(peer_base)),
            window,
            window_before: own.shown.replace(window),
            acknowledges: answered.map(|at| (at.frame, header.at.time.since(at.time))),
            duplicate: None,
            repeats: None,
            news,
        }
    }

    /// Settles what relative numbers are counted from, and whether the segment acknowledges anything new.
    fn numbers(&mut self, side: Side, header: &Header, labels: &mut LabelSet) -> bool {
        let mut own = self.flows[side.index()];
        if header.has(Flags::SYN) {
            match own.base {
                // A SYN with another number is a new connection, which `Flows` tells; this one is sent again. An
                // RST may have moved `next` meanwhile (RFC 9293 §3.5.2 lets its number equal the ACK received).
                Some(_) if !header.has(Flags::ACK) => own.next = own.ackable,
                // A SYN-ACK with another number: the SYN of this new connection was not captured.
                Some(base) if base != header.seq => {
                    own.base = Some(header.seq);
                    labels.insert(Label::PortReused);
                    self.flows[side.other().index()].acked = None;
                }
                _ => {}
            }
        }
        if own.base.is_none() {
            own.base = Some(if header.has(Flags::SYN) {
                header.seq
            } else {
                // Begun in the middle: its first byte has the relative number 1, as behind a SYN.
                header.seq.minus(1)
            });
        }
        let mut news = false;
        if header.has(Flags::ACK) {
            let peer = &mut self.flows[side.other().index()];
            let base = *peer.base.get_or_insert(header.ack.minus(1));
            let known = own.acked.unwrap_or(base.plus(1));
            news = header.ack.is_after(known);
            own.acked = Some(if news { header.ack } else { known });
        }
        self.flows[side.index()] = own;
        news
    }

    /// What a handshake's segments tell for those that follow: the initial RTT and the window scales.
    fn handshake(&mut self, own: &mut Flow, peer: &mut Flow, segment: &Segment<'_>) {
        let syn = segment.flags.has(Flags::SYN);
        let ack = segment.flags.has(Flags::ACK);
        if syn {
            own.window_of_syn = true;
            if !ack {
                self.syn_time = segment.at.time;
            }
        } else if ack {
            own.window_of_syn = false;
            if self.syn_time != Timestamp(0) && self.initial_rtt == 0 {
                self.initial_rtt = segment.at.time.since(self.syn_time);
            }
        }
        if let Some(shift) = segment.options.window_scale {
            // RFC 7323 §2.3: more than 14 counts as 14.
            own.scale = Scale::Shift(shift.min(14));
        }
        if syn {
            if own.scale == Scale::Unknown {
                own.scale = Scale::Unused;
                peer.scale = Scale::Unused;
            } else if ack && peer.scale == Scale::Unused {
                own.scale = Scale::Unused;
            }
        }
    }
}

/// Keeps of the segment what later ones are compared with. Gives the number behind it.
fn remember(own: &mut Flow, header: &Header, labels: LabelSet) -> SeqNo {
    let mut behind = header.end();
    if header.has(NUMBERED) {
        behind = behind.plus(1);
    }
    // A zero window probe's byte was not asked for: it does not move the flow on.
    let probes = labels.has(Label::ZeroWindowProbe);
    if !probes && (behind.is_after(own.next) || own.next == SeqNo(0)) {
        own.next = behind;
        own.next_time = header.at.time;
    }
    if !probes && (header.seq == own.ackable || own.ackable == SeqNo(0)) {
        own.ackable = own.next;
    }
    own.window = Some(header.window);
    own.last_ack = header.ack;
    own.last_time = header.at.time;
    own.probe = if labels.has(Label::KeepAlive) {
        Some(Probe::KeepAlive)
    } else if probes {
        Some(Probe::ZeroWindow)
    } else {
        None
    };
    behind
}

/// tcp.window_size: a SYN's window is never scaled (RFC 7323 §2.2).
fn shown_window(own: &Flow, header: &Header) -> u32 {
    let window = u32::from(header.window);
    match own.scale {
        Scale::Shift(shift) if !header.has(Flags::SYN) => window << shift,
        _ => window,
    }
}

#[cfg(test)]
mod tests;
