//! The latest bytes of one direction that were handed on, kept to be compared with what comes again.
//!
//! Deliveries come in, then copies of bytes that lie before the next expected one; where they differ, and where they come too late, goes out. It holds the
//! bytes of the latest frames: those that the receiver has not acknowledged, as far as they have room in `limits::DELIVERED_BYTES`, and acknowledged ones as
//! far as all have room in `limits::DELIVERED_ACKNOWLEDGED`; what is older is not compared.

use super::assembler::part;
use super::sequence::SeqNo;
use crate::model::limits::{DELIVERED_ACKNOWLEDGED, DELIVERED_BYTES, DELIVERED_FRAMES};
use crate::model::{Conflict, Delivery, FrameNo, fetch};
use std::collections::VecDeque;

/// The bytes before the next expected one.
///
/// Invariants: the runs follow each other without a space, and the last ends at the next expected byte; `bytes` holds those of the
/// runs that are known, in the same order.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Whether nobody would see that a copy differs: nothing is kept.
    idle: bool,
    /// Bytes of all runs.
    length: u64,
    bytes: VecDeque<u8>,
    runs: VecDeque<Run>,
}

/// Room that is never too much.
const MUCH: usize = 8 * DELIVERED_ACKNOWLEDGED;

/// Bytes that follow each other and came in one frame.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The frame; for bytes that are not known, any.
    carrier: FrameNo,
    length: u32,
    kind: Kind,
}

/// What is known of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its bytes.
    Known,
    /// It was missing, and was given up.
    GivenUp,
    /// The snaplen cut it, or a probe brought it, which a receiver may refuse.
    Unsure,
}

/// What came of comparing a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) conflict: Option<Conflict>,
    /// Bytes of it that were given up as missing before.
    pub(super) late: u32,
}

impl Delivered {
    /// Takes the next delivery. Before it so many bytes were not acknowledged; with it, they are so many more. What `probe` brought is not held against a
    /// copy: a receiver may refuse it.
    pub(super) fn take(
        &mut self,
        delivery: &Delivery<'_>,
        probe: Option<FrameNo>,
        unacknowledged: &mut u64,
    ) {
        let length = match delivery {
            Delivery::Data { bytes, .. } => bytes.len() as u64,
            Delivery::Gap { bytes, .. } => *bytes,
            Delivery::End { .. } => 0,
        };
        *unacknowledged = unacknowledged.saturating_add(length);
        if self.idle || length == 0 {
            return;
        }
        self.forget_acknowledged(*unacknowledged, length);
        match *delivery {
            Delivery::Data { span, .. } if probe == Some(span.first.frame) => {
                self.skip(length, Kind::Unsure);
            }
            Delivery::Data { bytes, span } => self.push(bytes, span.first.frame),
            Delivery::Gap { between, .. } if between.0 == between.1 => {
                self.skip(length, Kind::Unsure);
            }
            Delivery::Gap { .. } => self.skip(length, Kind::GivenUp),
            Delivery::End { .. } => {}
        }
    }

    /// The next bytes, which `carrier` brought first.
    fn push(&mut self, bytes: &[u8], carrier: FrameNo) {
        let mut latest = bytes;
        if bytes.len() > DELIVERED_BYTES {
            self.forget();
            latest = &bytes[bytes.len() - DELIVERED_BYTES..];
        }
        self.make_room(latest.len());
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(DELIVERED_ACKNOWLEDGED);
        }
        self.bytes.extend(latest);
        self.length += latest.len() as u64;
        self.runs.push_back(Run {
            carrier,
            length: latest.len() as u32,
            kind: Kind::Known,
        });
    }

    /// The next bytes, of which nothing is known that a copy could be held against.
    fn skip(&mut self, bytes: u64, kind: Kind) {
        let Ok(length) = u32::try_from(bytes) else {
            return self.forget();
        };
        self.make_room(0);
        self.length += bytes;
        self.runs.push_back(Run {
            carrier: FrameNo(0),
            length,
            kind,
        });
    }

    /// Whether copies are compared with what is delivered from now on. Where not, all bytes are forgotten.
    pub(super) fn compares(&mut self, compares: bool) {
        if self.idle == compares {
            self.forget();
            self.idle = !compares;
        }
    }

    /// Forgets all bytes.
    pub(super) fn forget(&mut self) {
        self.length = 0;
        self.bytes = VecDeque::new();
        self.runs = VecDeque::new();
    }

    /// Compares `copy`, which begins at `number`, with what is known of the same bytes; `next` is the next expected one.
    pub(super) fn compare(&self, next: SeqNo, number: SeqNo, copy: &[u8]) -> Compared {
        let mut compared = Compared::default();
        let length = copy.len() as i64;
        // Places in the copy and in `bytes`, from the end backwards.
        let mut end = i64::from(next.since(number));
        let mut known_end = self.bytes.len();
        for run in self.runs.iter().rev() {
            if end <= 0 {
                break;
            }
            let start = end - i64::from(run.length);
            let (from, until) = (start.max(0), end.min(length));
            let copied = part(copy, from.cast_unsigned(), until.cast_unsigned());
            match run.kind {
                Kind::Known => {
                    known_end -= run.length as usize;
                    let bytes = self.differing(known_end + (from - start) as usize, copied);
                    if bytes > 0 {
                        let first = run.carrier;
                        let conflict = Some(Conflict { bytes, first });
                        compared.conflict = Conflict::of_both(conflict, compared.conflict);
                    }
                }
                Kind::GivenUp => compared.late += copied.len() as u32,
                Kind::Unsure => {}
            }
            end = start;
        }
        compared
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.runs.capacity() * size_of::<Run>()
    }

    /// Has its own lines fetched.
    #[inline]
    pub(super) fn fetch_first(&self) {
        fetch(&self.length);
        fetch(&self.runs);
        fetch(&self.bytes);
    }

    /// Has fetched what the next bytes need.
    #[inline]
    pub(super) fn fetch(&self) {
        self.runs.front().into_iter().for_each(fetch);
        self.runs.back().into_iter().for_each(fetch);
        self.bytes.back().into_iter().for_each(fetch);
    }

    /// Forgets the oldest frames, so that one with so many bytes finds room.
    fn make_room(&mut self, bytes: usize) {
        while self.bytes.len() + bytes > DELIVERED_BYTES || self.runs.len() >= DELIVERED_FRAMES {
            if self.runs.is_empty() {
                return;
            }
            self.forget_oldest();
        }
    }

    /// Forgets the oldest frames of those that are acknowledged, so that so many bytes that come find room with the others. With them so many are not
    /// acknowledged.
    #[inline]
    fn forget_acknowledged(&mut self, unacknowledged: u64, coming: u64) {
        while self.length + coming > DELIVERED_ACKNOWLEDGED as u64
            && let Some(oldest) = self.runs.front()
            && self.length - u64::from(oldest.length) + coming >= unacknowledged
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.runs.pop_front() {
            self.length -= u64::from(oldest.length);
            if oldest.kind == Kind::Known {
                self.bytes.drain(..oldest.length as usize);
            }
        }
        // Many that waited for an acknowledgment do not stay paid for.
        if self.bytes.capacity() > MUCH && self.bytes.len() < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(2 * self.bytes.len());
        }
    }

    /// How many bytes of `copy` are not those from place `from` on, as far as both reach.
    fn differing(&self, from: usize, copy: &[u8]) -> u32 {
        let (front, behind) = self.bytes.as_slices();
        let in_front = front.get(from..).unwrap_or_default();
        let (head, rest) = copy.split_at(copy.len().min(in_front.len()));
        let behind = behind.get(from.saturating_sub(front.len())..);
        differing(in_front, head) + differing(behind.unwrap_or_default(), rest)
    }
}

/// How many bytes differ, as far as both reach.
pub(super) fn differing(one: &[u8], other: &[u8]) -> u32 {
    if one == other {
        return 0;
    }
    one.iter().zip(other).filter(|(a, b)| a != b).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{At, Span};

    /// Delivers `bytes` from number 0 on.
    fn deliver(delivered: &mut Delivered, next: &mut SeqNo, bytes: &[u8], carrier: u64) {
        delivered.push(bytes, FrameNo(carrier));
        *next = next.plus(bytes.len() as u32);
    }

    #[test]
    fn the_latest_frames_are_kept_as_far_as_they_have_room() {
        let (mut delivered, mut next) = (Delivered::default(), SeqNo(0));
        let half = vec![b'x'; DELIVERED_BYTES / 2];
        for carrier in 1..=3 {
            deliver(&mut delivered, &mut next, &half, carrier);
        }
        let at = |place: usize| delivered.compare(next, SeqNo(place as u32), b"y").conflict;
        assert_eq!(at(0), None);
        assert_eq!(at(half.len() - 1), None);
        let first = |carrier| {
            Some(Conflict {
                bytes: 1,
                first: FrameNo(carrier),
            })
        };
        assert_eq!(at(half.len()), first(2));
        assert_eq!(at(3 * half.len() - 1), first(3));
        assert_eq!(at(3 * half.len()), None);
    }

    #[test]
    fn of_what_is_acknowledged_a_little_is_kept_and_the_rest_is_whole() {
        let mut delivered = Delivered::default();
        let frame = [b'x'; 100];
        let (mut next, mut unacknowledged) = (SeqNo(0), 0);
        // The receiver acknowledges nothing up to frame 20, and then all.
        for carrier in 1..=40 {
            let span = Span::of(At {
                frame: FrameNo(carrier),
                ..At::default()
            });
            if carrier > 20 {
                unacknowledged = 0;
            }
            let bytes = &frame[..];
            delivered.take(&Delivery::Data { bytes, span }, None, &mut unacknowledged);
            next = next.plus(100);
            let kept = match carrier {
                ..=20 => carrier,
                _ => DELIVERED_ACKNOWLEDGED as u64 / 100,
            };
            assert_eq!(delivered.bytes.len() as u64, 100 * kept, "{carrier}");
            let number = next.minus(100 * kept as u32);
            let conflict = delivered.compare(next, number, b"y").conflict.unwrap();
            assert_eq!((conflict.bytes, conflict.first.0), (1, carrier + 1 - kept));
            let before = delivered.compare(next, number.minus(1), b"y");
            assert_eq!(before.conflict, None);
        }
    }

    #[test]
    fn of_a_frame_larger_than_the_bound_the_end_is_kept() {
        let (mut delivered, mut next) = (Delivered::default(), SeqNo(0));
        let frame = vec![b'x'; DELIVERED_BYTES + 10];
        deliver(&mut delivered, &mut next, b"before", 1);
        deliver(&mut delivered, &mut next, &frame, 2);
        let copy = vec![b'y'; frame.len() + 6];
        let conflict = delivered.compare(next, SeqNo(0), &copy).conflict.unwrap();
        assert_eq!(conflict.bytes as usize, DELIVERED_BYTES);
        assert_eq!(delivered.bytes.len(), DELIVERED_BYTES);
    }

    #[test]
    fn small_frames_are_bounded_by_their_number() {
        let (mut delivered, mut next) = (Delivered::default(), SeqNo(0));
        for carrier in 0..2 * DELIVERED_FRAMES as u64 {
            deliver(&mut delivered, &mut next, b"x", carrier);
            delivered.skip(1, Kind::Unsure);
            next = next.plus(1);
        }
        assert_eq!(delivered.runs.len(), DELIVERED_FRAMES);
        assert_eq!(delivered.bytes.len(), DELIVERED_FRAMES / 2);
    }

    #[test]
    fn bytes_may_lie_in_many_pieces() {
        let (mut delivered, mut next) = (Delivered::default(), SeqNo(u32::MAX - 7));
        let all: Vec<u8> = (0..DELIVERED_BYTES + 50_000)
            .map(|n| (n % 251) as u8)
            .collect();
        for (carrier, piece) in (1..).zip(all.chunks(1_000)) {
            deliver(&mut delivered, &mut next, piece, carrier);
        }
        let from = all.len() - 60_000;
        let number = next.minus(60_000);
        let same = delivered.compare(next, number, &all[from..]);
        assert_eq!(same, Compared::default());
        let mut copy = all[from..].to_vec();
        for byte in &mut copy {
            *byte ^= 1;
        }
        let conflict = delivered.compare(next, number, &copy).conflict.unwrap();
        assert_eq!(conflict.bytes, 60_000);
    }
}
