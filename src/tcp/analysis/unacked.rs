//! The segments of one direction that were sent and not yet acknowledged, and a few that just were.
//!
//! Sent segments come in, acknowledgment numbers come in; which frame an ACK acknowledges, and which frame first carried bytes
//! that are sent again, go out. The list is bounded as Wireshark's is: above the bound a segment is not remembered.

use crate::model::limits::UNACKED_SEGMENTS;
use crate::model::{At, FrameNo, Pack, fetch};
use crate::tcp::sequence::SeqNo;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// Acknowledged segments that are kept to name the first carrier of a spurious retransmission: what is repeated in vain was
/// acknowledged a moment ago. One less than a power of two, so that a quiet connection's list stays in its first small block.
const HISTORY: usize = 7;

/// How many segments are looked at for a first carrier: it is most often the oldest one. A longer search would let
/// segments in reverse order, each searched for among thousands, take minutes.
const SEARCHED: usize = 1_024;

/// Numbers that lie nearer to each other than this, an eighth of the circle, are put in one order by "before" and "after". Others are
/// compared one by one, as Wireshark compares all.
const FAR: i32 = 1 << 29;

/// So many segments in no order are compared with an ACK. Where more wait, hostile numbers cost no more than honest ones.
const COMPARED: usize = 256;

/// A segment that takes up sequence space.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    at: At,
    start: SeqNo,
    /// The number behind its last byte, SYN or FIN.
    end: SeqNo,
}

/// The list of one direction, in order of capture.
///
/// Invariants: the first `history` of `sent` were acknowledged, `history <= HISTORY`, and `sent.len() - history <= UNACKED_SEGMENTS`;
/// `order` is true of the others.
#[derive(Clone, Debug, Default)]
pub(in crate::tcp) struct Unacked {
    sent: VecDeque<Sent>,
    history: usize,
    order: Order,
}

/// How the ends of the segments that are not acknowledged follow each other.
#[derive(Clone, Copy, Debug, Default)]
enum Order {
    /// They never go back: an ACK takes from the front only.
    #[default]
    Rising,
    /// This is the lowest of them: an ACK before it takes nothing.
    From(SeqNo),
    /// They are so far apart that none is the lowest.
    Scattered,
}

impl Order {
    /// The order when a segment that ends at `end` comes behind all from `oldest` to `last`.
    fn with(self, end: SeqNo, oldest: SeqNo, last: SeqNo) -> Order {
        let lower = |known: SeqNo| if end.is_before(known) { end } else { known };
        match self {
            _ if end.since(oldest).unsigned_abs() >= FAR.unsigned_abs() => Order::Scattered,
            Order::Scattered => Order::Scattered,
            Order::Rising if !end.is_before(last) => Order::Rising,
            Order::Rising => Order::From(lower(oldest)),
            Order::From(lowest) => Order::From(lower(lowest)),
        }
    }
}

impl Unacked {
    /// Has its own lines fetched.
    #[inline]
    pub(in crate::tcp) fn fetch_first(&self) {
        fetch(&self.history);
        fetch(&self.sent);
    }

    /// Has fetched what the next segment needs.
    #[inline]
    pub(in crate::tcp) fn fetch(&self) {
        self.sent.back().into_iter().for_each(fetch);
    }

    /// Remembers a segment, if there is room.
    pub(super) fn push(&mut self, at: At, start: SeqNo, end: SeqNo) {
        let waiting = self.sent.len() - self.history;
        if waiting >= UNACKED_SEGMENTS {
            return;
        }
        self.order = match (self.sent.get(self.history), self.sent.back()) {
            (Some(oldest), Some(last)) if waiting > 0 => self.order.with(end, oldest.end, last.end),
            _ => Order::Rising,
        };
        self.sent.push_back(Sent { at, start, end });
    }

    /// Takes out what `ack` acknowledges. Gives the first frame that ends exactly there: the one this ACK answers.
    pub(super) fn acknowledge(&mut self, ack: SeqNo) -> Option<At> {
        let lowest = match (self.order, self.sent.get(self.history)) {
            (_, None) => return None,
            (Order::From(lowest), _) => lowest,
            (_, Some(oldest)) => oldest.end,
        };
        let distance = ack.since(lowest);
        let in_order = distance > -FAR && !matches!(self.order, Order::Scattered);
        if !in_order && self.sent.len() - self.history <= COMPARED {
            return self.acknowledge_unordered(ack);
        }
        if distance < 0 {
            return None;
        }
        if !matches!(self.order, Order::Rising) {
            return self.acknowledge_unordered(ack);
        }
        let mut answered = None;
        while let Some(oldest) = self.sent.get(self.history) {
            if ack.is_before(oldest.end) {
                break;
            }
            if ack == oldest.end && answered.is_none() {
                answered = Some(oldest.at);
            }
            if self.history < HISTORY {
                self.history += 1;
            } else {
                self.sent.pop_front();
            }
        }
        self.give_back();
        answered
    }

    fn acknowledge_unordered(&mut self, ack: SeqNo) -> Option<At> {
        let mut answered = None;
        let mut index = 0;
        let mut taken: SmallVec<[Sent; HISTORY + 1]> = SmallVec::new();
        let mut order = Order::Rising;
        let mut oldest_and_last: Option<(SeqNo, SeqNo)> = None;
        let history = self.history;
        self.sent.retain(|sent| {
            index += 1;
            if index <= history {
                return true;
            }
            if ack == sent.end && answered.is_none() {
                answered = Some(sent.at);
            }
            let stays = ack.is_before(sent.end);
            if stays {
                let (oldest, last) = oldest_and_last.unwrap_or((sent.end, sent.end));
                order = order.with(sent.end, oldest, last);
                oldest_and_last = Some((oldest, sent.end));
            } else {
                taken.push(*sent);
                if taken.len() > HISTORY {
                    taken.remove(0);
                }
            }
            stays
        });
        for sent in taken {
            self.sent.insert(self.history, sent);
            if self.history < HISTORY {
                self.history += 1;
            } else {
                self.sent.pop_front();
            }
        }
        self.order = order;
        self.give_back();
        answered
    }

    /// Its part in what waits in few bytes.
    pub(in crate::tcp) fn pack(&mut self, pack: &mut Pack<'_>) {
        let length = pack.length(self.sent.len());
        self.sent.resize(length, Sent::default());
        for sent in &mut self.sent {
            pack.at(&mut sent.at);
            sent.start.pack(pack);
            sent.end.pack(pack);
        }
        self.history = pack.length(self.history);
        let mut lowest = match self.order {
            Order::From(lowest) => Some(lowest),
            Order::Rising | Order::Scattered => None,
        };
        let mut scattered = matches!(self.order, Order::Scattered);
        pack.option(&mut lowest, |pack, lowest| lowest.pack(pack));
        pack.flag(&mut scattered);
        self.order = match lowest {
            Some(lowest) => Order::From(lowest),
            None if scattered => Order::Scattered,
            None => Order::Rising,
        };
    }

    /// Whether segments wait for an ACK.
    #[inline]
    pub(in crate::tcp) fn waits(&self) -> bool {
        self.sent.len() > self.history
    }

    /// After a long flight the memory it took is given back.
    fn give_back(&mut self) {
        if self.sent.len() == self.history && self.sent.capacity() > 16 * (HISTORY + 1) {
            self.sent.shrink_to(2 * (HISTORY + 1));
        }
    }

    /// The first remembered frame, other than `but`, that carried the byte at `seq`; looked for among the oldest.
    pub(super) fn carrier(&self, seq: SeqNo, but: FrameNo) -> Option<At> {
        self.sent
            .iter()
            .take(SEARCHED)
            .find(|sent| {
                sent.at.frame != but && !seq.is_before(sent.start) && seq.is_before(sent.end)
            })
            .map(|sent| sent.at)
    }

    /// Bytes of memory that the list holds.
    pub(in crate::tcp) fn memory(&self) -> usize {
        self.sent.capacity() * size_of::<Sent>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use proptest::prelude::*;

    /// What Wireshark does: every remembered segment is compared with every ACK.
    #[derive(Default)]
    struct Plain(Vec<(u64, SeqNo)>);

    impl Plain {
        fn acknowledge(&mut self, ack: SeqNo) -> Option<u64> {
            let answered = self.0.iter().find(|(_, end)| *end == ack);
            let answered = answered.map(|(frame, _)| *frame);
            self.0.retain(|(_, end)| ack.is_before(*end));
            answered
        }
    }

    fn number() -> impl Strategy<Value = u32> {
        let step = prop_oneof![Just(1_u32), Just(1 << 29), Just(1 << 31)];
        prop_oneof![
            0..12_u32,
            (0..8_u32, step).prop_map(|(n, step)| n.wrapping_mul(step).wrapping_sub(3)),
        ]
    }

    proptest! {
        #[test]
        fn an_ack_answers_the_frame_that_a_plain_list_gives(
            steps in prop::collection::vec((any::<bool>(), number()), 1..60),
        ) {
            let (mut list, mut plain) = (Unacked::default(), Plain::default());
            for ((sends, number), frame) in steps.into_iter().zip(1..) {
                let number = SeqNo(number);
                if sends {
                    let at = At { frame: FrameNo(frame), time: Timestamp(0) };
                    list.push(at, number.minus(1), number);
                    plain.0.push((frame, number));
                } else {
                    let answered = list.acknowledge(number).map(|at| at.frame.0);
                    prop_assert_eq!(answered, plain.acknowledge(number));
                }
            }
        }
    }
}
