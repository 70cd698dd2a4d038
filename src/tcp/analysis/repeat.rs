//! The rule that tells what a segment is that does not advance: a retransmission, a fast or a spurious one, or one out of order.

use super::{Flow, Header, NUMBERED};
use crate::model::{Label, LabelSet, Nanos, Timestamp};
use crate::tcp::sequence::SeqNo;

/// After the last duplicate ACK a fast retransmission comes within 20 ms.
const FAST: u64 = 20_000_000;
/// Without an initial RTT, a segment is out of order (not sent again) if it comes within 3 ms of the one that overtook it.
const OVERTAKEN: u64 = 3_000_000;

/// Adds at most one of the four kinds; `retransmission` stands beside the fast and the spurious kind too, as in Wireshark.
pub(super) fn judge(
    own: &Flow,
    peer: &Flow,
    header: &Header,
    initial_rtt: Nanos,
    labels: &mut LabelSet,
) {
    if header.length == 0 && !header.has(NUMBERED) || labels.has(Label::KeepAlive) {
        return;
    }
    if header.length > 0 && peer.last_ack != SeqNo(0) && header.end().since(peer.last_ack) <= 0 {
        labels.insert(Label::SpuriousRetransmission);
        labels.insert(Label::Retransmission);
        return;
    }
    // A longer segment that begins one byte early adds to a zero window probe or a keep-alive: it is new.
    let stays_back = own.next != SeqNo(0)
        && header.seq.is_before(own.next)
        && !(header.length > 1 && header.seq == own.next.minus(1));
    if !stays_back {
        return;
    }
    if peer.duplicates >= 2 && peer.last_ack == header.seq && elapsed(peer.last_time, header) < FAST
    {
        labels.insert(Label::FastRetransmission);
        labels.insert(Label::Retransmission);
        return;
    }
    let behind = header.end().plus(u32::from(header.has(NUMBERED)));
    let overtaken = if initial_rtt == 0 {
        OVERTAKEN
    } else {
        initial_rtt.cast_unsigned()
    };
    if behind != own.next && elapsed(own.next_time, header) < overtaken {
        labels.insert(Label::OutOfOrder);
    } else {
        labels.insert(Label::Retransmission);
    }
}

/// The time since `earlier`. A clock that went back counts as a very long time.
fn elapsed(earlier: Timestamp, header: &Header) -> u64 {
    header.at.time.since(earlier).cast_unsigned()
}
