//! A row of which nothing is said but that it carries bytes or acknowledges some, in few bytes: what opaque traffic is made of.
//!
//! In: the facts of a frame. Out: the same facts, or the row with its words, once it turns out that somebody will see it, which is seldom.

use super::super::narrate::Narrator;
use super::{Frames, record};
use crate::model::{
    At, Direction, Flags, FrameNo, FrameRecord, Label, LabelSet, Phase, TcpFacts, Timestamp,
};
use std::num::NonZero;

#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    time: Timestamp,
    sequence: u32,
    acknowledgment: Option<u32>,
    length: u32,
    window: u32,
    window_before: Option<u32>,
    /// How many frames before it was the one that it acknowledges.
    acknowledges: Option<NonZero<u32>>,
    rtt: Option<NonZero<u32>>,
    flags: Flags,
    direction: Direction,
    push: bool,
    ack: bool,
    closed: u8,
    phase: Phase,
}

impl Quiet {
    /// `None` where there is more to it.
    pub(super) fn new(tcp: &TcpFacts, phase: Phase) -> Option<Quiet> {
        // What does not fit is found out below.
        let frames = |acknowledged: FrameNo| tcp.at.frame.0.wrapping_sub(acknowledged.0) as u32;
        let quiet = Quiet {
            time: tcp.at.time,
            sequence: tcp.sequence,
            acknowledgment: tcp.acknowledgment,
            length: tcp.length,
            window: tcp.window,
            window_before: tcp.window_before,
            acknowledges: tcp.acknowledges.map(frames).and_then(NonZero::new),
            rtt: tcp.rtt.and_then(|rtt| NonZero::new(rtt as u32)),
            flags: tcp.flags,
            direction: tcp.direction,
            push: tcp.labels.has(Label::Push),
            ack: tcp.labels.has(Label::Ack),
            closed: tcp.closed,
            phase,
        };
        let is_all = !tcp.flags.has(Flags::RST) && quiet.facts(tcp.at.frame) == *tcp;
        is_all.then_some(quiet)
    }

    /// The frame's facts.
    fn facts(&self, frame: FrameNo) -> TcpFacts {
        let at = At {
            frame,
            time: self.time,
        };
        let mut labels = LabelSet::EMPTY;
        for (label, has) in [(Label::Push, self.push), (Label::Ack, self.ack)] {
            if has {
                labels.insert(label);
            }
        }
        let before = |frames: NonZero<u32>| FrameNo(frame.0.wrapping_sub(frames.get().into()));
        TcpFacts {
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            length: self.length,
            captured: self.length,
            window: self.window,
            window_before: self.window_before,
            acknowledges: self.acknowledges.map(before),
            rtt: self.rtt.map(|rtt| rtt.get().into()),
            labels,
            closed: self.closed,
            ..TcpFacts::of(at, self.direction, self.flags)
        }
    }

    /// The row of the frame.
    pub(super) fn row(&self, frame: FrameNo, ends: Frames) -> Box<FrameRecord> {
        let mut row = record(ends, &self.facts(frame));
        let words = &mut row.annotation;
        let told = Narrator::default().frame(&row.tcp, &[], false, words);
        (row.rail, row.keep) = (told.rail, told.keep);
        row.phase = self.phase;
        row
    }
}

const _: () = assert!(
    size_of::<Quiet>() <= 56,
    "it takes no more room than what else waits"
);
