//! The segments of one direction that were sent and not yet acknowledged, and a few that just were.
//!
//! Sent segments come in, acknowledgment numbers come in; which frame an ACK acknowledges, and which frame first carried bytes
//! that are sent again, go out. The list is bounded as Wireshark's is: above the bound a segment is not remembered.

use crate::model::limits::UNACKED_SEGMENTS;
use crate::model::{At, FrameNo};
use crate::tcp::sequence::SeqNo;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// Acknowledged segments that are kept to name the first carrier of a spurious retransmission: what is repeated in vain was
/// acknowledged a moment ago. One less than a power of two, so that a quiet connection's list stays in its first small block.
const HISTORY: usize = 7;

/// How many segments are looked at for a first carrier: it is most often the oldest one. A longer search would let
/// segments in reverse order, each searched for among thousands, take minutes.
const SEARCHED: usize = 1_024;

/// A segment that takes up sequence space.
#[derive(Clone, Copy, Debug)]
struct Sent {
    at: At,
    start: SeqNo,
    /// The number behind its last byte, SYN or FIN.
    end: SeqNo,
}

/// The list of one direction, in order of capture.
///
/// Invariants: the first `history` of `sent` were acknowledged, `history <= HISTORY`, and `sent.len() - history <= UNACKED_SEGMENTS`.
/// While `lowest` is `None` the ends of the others never go back, so that an ACK takes from the front only.
#[derive(Clone, Debug, Default)]
pub(in crate::tcp) struct Unacked {
    sent: VecDeque<Sent>,
    history: usize,
    /// Once the ends are out of order: the lowest of them. An ACK before it takes nothing.
    lowest: Option<SeqNo>,
}

impl Unacked {
    /// Remembers a segment, if there is room.
    pub(super) fn push(&mut self, at: At, start: SeqNo, end: SeqNo) {
        let waiting = self.sent.len() - self.history;
        if waiting >= UNACKED_SEGMENTS {
            return;
        }
        if waiting == 0 {
            self.lowest = None;
        } else if let Some(lowest) = self.lowest {
            if end.is_before(lowest) {
                self.lowest = Some(end);
            }
        } else if self.sent.back().is_some_and(|last| end.is_before(last.end))
            && let Some(oldest) = self.sent.get(self.history)
        {
            self.lowest = Some(if end.is_before(oldest.end) {
                end
            } else {
                oldest.end
            });
        }
        self.sent.push_back(Sent { at, start, end });
    }

    /// Takes out what `ack` acknowledges. Gives the first frame that ends exactly there: the one this ACK answers.
    pub(super) fn acknowledge(&mut self, ack: SeqNo) -> Option<At> {
        if let Some(lowest) = self.lowest {
            return if ack.is_before(lowest) {
                None
            } else {
                self.acknowledge_unordered(ack)
            };
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
        let mut ordered = true;
        let mut last: Option<SeqNo> = None;
        let mut lowest: Option<SeqNo> = None;
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
                ordered &= last.is_none_or(|last| !sent.end.is_before(last));
                last = Some(sent.end);
                if lowest.is_none_or(|lowest| sent.end.is_before(lowest)) {
                    lowest = last;
                }
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
        self.lowest = if ordered { None } else { lowest };
        self.give_back();
        answered
    }

    /// Takes no more memory than it must.
    pub(in crate::tcp) fn shrink(&mut self) {
        self.sent.shrink_to_fit();
    }

    /// After a long flight the memory it took is given back.
    fn give_back(&mut self) {
        if self.sent.len() == self.history && self.sent.capacity() > 16 * (HISTORY + 1) {
            self.sent.shrink_to(2 * (HISTORY + 1));
        }
    }

    /// The first remembered frame, other than `but`, that carried the byte at `seq`; looked for among the oldest.
    pub(super) fn carrier(&self, seq: SeqNo, but: FrameNo) -> Option<FrameNo> {
        self.sent
            .iter()
            .take(SEARCHED)
            .find(|sent| {
                sent.at.frame != but && !seq.is_before(sent.start) && seq.is_before(sent.end)
            })
            .map(|sent| sent.at.frame)
    }

    /// Bytes of memory that the list holds.
    pub(in crate::tcp) fn memory(&self) -> usize {
        self.sent.capacity() * size_of::<Sent>()
    }
}
