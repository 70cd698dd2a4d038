//! The rules that compare a segment's position and window with what its sender and its peer said last:
//! windows, holes, keep-alives, duplicate ACKs.

use super::{CONTROL, Flow, Header, Probe, Scale};
use crate::model::{Flags, FrameNo, Label, LabelSet};
use crate::tcp::sequence::SeqNo;

/// The count of duplicates of a side after an ACK of something unseen: it lets no second such ACK be told, and the next duplicate is number 1.
const NEUTRAL: u32 = u32::MAX;

/// Adds the labels of this file but `acked-unseen-segment`, in Wireshark's order. Gives the number of a duplicate ACK and the frame it repeats.
pub(super) fn judge(
    own: &mut Flow,
    peer: &Flow,
    header: &Header,
    labels: &mut LabelSet,
) -> Option<(u32, FrameNo)> {
    if header.length == 1 && header.seq == own.next && peer.window == Some(0) {
        labels.insert(Label::ZeroWindowProbe);
        return None;
    }
    let control = header.has(CONTROL);
    if header.window == 0 && !control {
        labels.insert(Label::ZeroWindow);
    }
    if own.next != SeqNo(0) && header.seq.is_after(own.next) && !header.has(Flags::RST) {
        labels.insert(Label::PreviousSegmentNotCaptured);
    }
    if header.length <= 1 && header.seq == own.next.minus(1) && !control {
        labels.insert(Label::KeepAlive);
    }
    if header.length > 0 && !control && fills_window(peer, header) {
        labels.insert(Label::WindowFull);
    }
    // What is left says nothing new but, perhaps, a window: the numbers of the segment before.
    let repeats =
        header.length == 0 && !control && header.seq == own.next && header.ack == own.last_ack;
    if !repeats {
        return None;
    }
    let same_window = own.window == Some(header.window);
    if header.window > 0 {
        if !same_window {
            labels.insert(Label::WindowUpdate);
            return None;
        }
        if peer.probe == Some(Probe::KeepAlive) {
            labels.insert(Label::KeepAliveAck);
            return None;
        }
        own.duplicates = own.duplicates.checked_add(1).unwrap_or(1);
        labels.insert(Label::DuplicateAck);
        return Some((own.duplicates, own.duplicates_of));
    }
    if same_window && peer.probe == Some(Probe::ZeroWindow) {
        labels.insert(Label::ZeroWindowProbeAck);
    }
    None
}

/// Whether the segment goes exactly to the edge of the peer's window.
pub(super) fn fills_window(peer: &Flow, header: &Header) -> bool {
    let shift = match peer.scale {
        Scale::Unknown => return false,
        Scale::Shift(shift) if !peer.window_of_syn => shift,
        _ => 0,
    };
    // Before the peer's first segment Wireshark counts with the largest window there is.
    let window = peer.window.map_or(u32::MAX, u32::from);
    header.end() == peer.last_ack.plus(window.wrapping_shl(u32::from(shift)))
}

/// Whether the peer's last ACK was a duplicate that asks for a byte from `start` up to `behind`.
pub(super) fn asks_for(peer: &Flow, start: SeqNo, behind: SeqNo) -> bool {
    !matches!(peer.duplicates, 0 | NEUTRAL)
        && !peer.last_ack.is_before(start)
        && peer.last_ack.is_before(behind)
}

/// Adds `acked-unseen-segment`: the ACK reaches beyond everything captured without a hole.
pub(super) fn acked_unseen(peer: &mut Flow, header: &Header, labels: &mut LabelSet) {
    if peer.ackable == SeqNo(0) || !header.has(Flags::ACK) || !header.ack.is_after(peer.ackable) {
        return;
    }
    if peer.ackable.is_before(peer.next) {
        // Told once: from here on the hole is taken as filled.
        peer.ackable = peer.next;
        labels.insert(Label::AckedUnseenSegment);
    } else {
        if peer.duplicates == 0 {
            labels.insert(Label::AckedUnseenSegment);
        }
        peer.duplicates = NEUTRAL;
    }
}
