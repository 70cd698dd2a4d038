//! The three-way handshake (RFC 9293 §3.5): which captured frames are its SYN, its SYN-ACK and the ACK of that.
//!
//! Segments come in with the side that sent them; the labels `syn`, `syn-ack` and `handshake-ack` and the frames go out.

use super::analysis::Side;
use super::sequence::SeqNo;
use crate::model::{Flags, FrameNo, Label, LabelSet, Pack, Segment, SynOptions};

/// The frames of the handshake seen so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Handshaking {
    pub(super) syn: Option<FrameNo>,
    pub(super) syn_ack: Option<FrameNo>,
    pub(super) ack: Option<FrameNo>,
    /// Who will send the ACK, and the lowest number it can acknowledge (unknown where the SYN-ACK was not captured).
    expected: Option<(Side, Option<SeqNo>)>,
}

impl Handshaking {
    /// Whether a segment without SYN tells it nothing any more.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.ack.is_some() || self.expected.is_none()
    }

    /// Its part in what waits in few bytes.
    pub(super) fn pack(&mut self, pack: &mut Pack<'_>) {
        for frame in [&mut self.syn, &mut self.syn_ack, &mut self.ack] {
            pack.option(frame, Pack::frame);
        }
        let mut side = self.expected.map(|(side, _)| side);
        pack.choice(&mut side, &[None, Some(Side::A), Some(Side::B)]);
        let mut number = self.expected.and_then(|(_, number)| number);
        pack.option(&mut number, |pack, number| number.pack(pack));
        self.expected = side.map(|side| (side, number));
    }

    /// Adds the handshake's label of a segment, if it has one.
    pub(super) fn segment(&mut self, side: Side, segment: &Segment<'_>, labels: &mut LabelSet) {
        let flags = segment.flags;
        let ack = flags.has(Flags::ACK);
        if flags.has(Flags::SYN) {
            let number = SeqNo(segment.sequence).plus(1);
            if ack {
                labels.insert(Label::SynAck);
                self.syn_ack.get_or_insert(segment.at.frame);
                self.expected = Some((side.other(), Some(number)));
            } else {
                labels.insert(Label::Syn);
                self.syn.get_or_insert(segment.at.frame);
                self.expected.get_or_insert((side, None));
            }
            return;
        }
        if self.ack.is_some() || !ack || flags.has(Flags::RST) {
            return;
        }
        if let Some((client, number)) = self.expected
            && client == side
            && number.is_none_or(|number| !SeqNo(segment.acknowledgment).is_before(number))
        {
            labels.insert(Label::HandshakeAck);
            self.ack = Some(segment.at.frame);
        }
    }
}

/// What a SYN or a SYN-ACK offers; `None` for other segments.
pub(super) fn offers(segment: &Segment<'_>) -> Option<SynOptions> {
    segment.flags.has(Flags::SYN).then(|| SynOptions {
        mss: segment.options.mss,
        // RFC 7323 §2.3: more than 14 counts as 14.
        window_factor: segment.options.window_scale.map(|shift| 1 << shift.min(14)),
        sack: segment.options.sack_permitted,
    })
}
