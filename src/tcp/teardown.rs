//! How a connection closes (RFC 9293 §3.6): FINs, their acknowledgments, RSTs.
//!
//! Segments come in with the side that sent them; the labels `fin`, `fin-ack` and `reset`, the frames of the teardown, and the
//! time at which the connection was closed go out.

use super::analysis::Side;
use super::sequence::SeqNo;
use crate::model::limits::TEARDOWN_RSTS;
use crate::model::{
    Flags, FrameNo, Label, LabelSet, Pack, Segment, Teardown, TeardownKind, Timestamp,
};
use smallvec::SmallVec;

/// One side's FIN.
#[derive(Clone, Copy, Debug, Default)]
struct Fin {
    frame: FrameNo,
    /// The number that acknowledges it.
    behind: SeqNo,
    acked: bool,
}

/// What is known of the close.
#[derive(Clone, Debug, Default)]
pub(super) struct Closing {
    fins: [Option<Fin>; 2],
    resets: usize,
    kind: TeardownKind,
    frames: SmallVec<[FrameNo; 4]>,
    closed_at: Option<Timestamp>,
}

/// What a segment means to the close.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// The peer's FIN that it newly acknowledges.
    pub(super) acknowledges_fin: Option<FrameNo>,
    /// Which frame of the teardown it is, from 1.
    pub(super) number: Option<u8>,
}

impl Closing {
    /// Whether neither a FIN nor an RST was seen: a segment without either tells it nothing.
    #[inline]
    pub(super) fn has_not_begun(&self) -> bool {
        self.kind == TeardownKind::Open && self.fins.iter().all(Option::is_none)
    }

    /// Its part in what waits in few bytes.
    pub(super) fn pack(&mut self, pack: &mut Pack<'_>) {
        for fin in &mut self.fins {
            pack.option(fin, |pack, fin| {
                pack.frame(&mut fin.frame);
                fin.behind.pack(pack);
                pack.flag(&mut fin.acked);
            });
        }
        self.resets = pack.length(self.resets);
        let kinds = [TeardownKind::Open, TeardownKind::Fin, TeardownKind::Rst];
        pack.choice(&mut self.kind, &kinds);
        let frames = pack.length(self.frames.len());
        self.frames.resize(frames, FrameNo::default());
        self.frames.iter_mut().for_each(|frame| pack.frame(frame));
        pack.option(&mut self.closed_at, Pack::time);
    }

    /// Adds the labels of a segment. `acked` is the highest number that the peer of `side` has acknowledged.
    pub(super) fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        acked: Option<SeqNo>,
        labels: &mut LabelSet,
    ) -> Step {
        let flags = segment.flags;
        let mut step = Step::default();
        let mut counts = false;
        if flags.has(Flags::ACK)
            && let Some(fin) = &mut self.fins[side.other().index()]
            && !fin.acked
            && !SeqNo(segment.acknowledgment).is_before(fin.behind)
        {
            fin.acked = true;
            step.acknowledges_fin = Some(fin.frame);
            labels.insert(Label::FinAck);
            counts = true;
        }
        if flags.has(Flags::FIN) {
            labels.insert(Label::Fin);
            let own = &mut self.fins[side.index()];
            if own.is_none() {
                let behind = SeqNo(segment.sequence).plus(segment.length).plus(1);
                *own = Some(Fin {
                    frame: segment.at.frame,
                    behind,
                    // The capture may show an ACK before what it acknowledges.
                    acked: acked.is_some_and(|acked| !acked.is_before(behind)),
                });
                counts = true;
            }
        }
        if flags.has(Flags::RST) {
            labels.insert(Label::Reset);
            if self.resets < TEARDOWN_RSTS {
                self.resets += 1;
                counts = true;
            }
        }
        let both = self.fins.iter().all(Option::is_some);
        if self.kind == TeardownKind::Open {
            if both {
                self.kind = TeardownKind::Fin;
            } else if flags.has(Flags::RST) {
                self.kind = TeardownKind::Rst;
            }
        }
        if counts {
            self.frames.push(segment.at.frame);
            if self.fins.iter().any(Option::is_some) {
                step.number = u8::try_from(self.frames.len()).ok();
            }
        }
        if flags.has(Flags::RST) || both && self.fins.iter().flatten().all(|fin| fin.acked) {
            self.closed_at.get_or_insert(segment.at.time);
        }
        step
    }

    /// The frames of the teardown.
    pub(super) fn teardown(&self) -> Teardown {
        Teardown {
            kind: self.kind,
            frames: self.frames.clone(),
        }
    }

    /// When both FINs were acknowledged, or an RST came.
    pub(super) fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }

    /// `TcpFacts::closed`.
    pub(super) fn bits(&self, client: Side) -> u8 {
        let fin = |side: Side| u8::from(self.fins[side.index()].is_some());
        fin(client) | fin(client.other()) << 1 | u8::from(self.resets > 0) << 2
    }
}
