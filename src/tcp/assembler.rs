//! Puts one direction's bytes in order, each byte once, with the frames that brought it.
//!
//! Segments of one direction come in, and the acknowledgments of the other; [`Delivery`]s go out in stream order: data, gaps, one end.
//! In-order bytes are handed on as they lie in the frame; only what waits behind a hole is copied, up to the caps of `limits`.
//! The first copy of a byte wins, whatever comes later. Copies that differ from what waits behind a hole are told; what was handed on is
//! not kept here.
//!
//! **Positions.** Sequence numbers are unwrapped to 64 bits around the next expected one, so that a stream may be longer than 4 GiB.
//!
//! **Gaps.** A hole is given up, as a `Gap`, once nothing will fill it: when the receiver has acknowledged past it and bytes (or
//! the FIN) beyond it have been captured, on whichever of the two comes later; when a cap is reached; at the end. An acknowledgment
//! alone is not enough, because captures show ACKs before the data they acknowledge (several interfaces, several queues): as long
//! as nothing lies behind the hole, waiting costs nothing. What the snaplen cut is a gap at once.
//!
//! **The start** is the number behind the SYN. Without one it is the first number the sender used, and until a byte has been
//! delivered it may still move back to an earlier segment that comes late. Once it has been, earlier bytes are taken for
//! retransmissions: holding back the first bytes of every connection begun in the middle would falsify the frames of the many for the few.

use super::sequence::SeqNo;
use super::waiting::Waiting;
use crate::model::{At, Conflict, Delivery, Ending, Flags, FrameNo, Segment, Span, fetch};

/// The position of the first sequence number seen: so high that every position before it, half the circle at most, is positive.
const ORIGIN: u64 = 1 << 32;

/// How far the start is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The sender has not been seen.
    Unknown,
    /// It has been seen in the middle of the stream, and nothing was delivered yet.
    Guessed,
    /// Its SYN has been seen, and nothing was delivered yet.
    Told,
    /// Something was delivered.
    Running,
}

/// What a segment did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// Where its payload waits: the bytes missing between what was delivered and the first byte that waits.
    pub(super) hole: u32,
    /// Where others behind the hole had brought bytes of it with other values.
    pub(super) conflict: Option<Conflict>,
    /// Bytes of it that were given up as missing before.
    pub(super) late: u32,
    /// Where it brought the bytes for which others waited: the first of these.
    pub(super) filled: Option<At>,
}

/// One direction's reassembly.
///
/// Between two calls every position in `waiting` is behind `next`. What every segment needs stands at the beginning.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Assembler {
    start: Start,
    ended: bool,
    /// The sequence number of the next byte to deliver, and its position.
    next_number: SeqNo,
    next: u64,
    /// The highest position that the receiver has acknowledged.
    acked: u64,
    /// Up to here, bytes that are neither delivered nor waiting were cut by the snaplen, and the frame that it cut.
    cut_until: u64,
    /// The frame that carried the last byte that was delivered, or on which a gap was declared since.
    last: At,
    cut_in: FrameNo,
    /// The highest number acknowledged before the sender was seen.
    acked_early: Option<SeqNo>,
    /// The FIN's position, and its frame: nothing is delivered at or behind it.
    fin: Option<u64>,
    fin_in: At,
    waiting: Waiting,
}

impl Assembler {
    pub(super) fn new() -> Assembler {
        Assembler {
            start: Start::Unknown,
            next: ORIGIN,
            next_number: SeqNo(0),
            acked: 0,
            acked_early: None,
            cut_until: 0,
            cut_in: FrameNo(0),
            fin: None,
            fin_in: At::default(),
            ended: false,
            last: At::default(),
            waiting: Waiting::default(),
        }
    }

    /// Has what every segment needs fetched.
    #[inline]
    pub(super) fn fetch(&self) {
        fetch(&self.next);
    }

    /// Bytes that were delivered, or given up, and that the receiver has not acknowledged.
    #[inline]
    pub(super) fn unacknowledged(&self) -> u64 {
        self.next.saturating_sub(self.acked)
    }

    /// What waits behind a hole.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Places a segment of this direction that is no RST. Delivers its payload, and what waited for it, as far as they are in order.
    ///
    /// A FIN without payload is only remembered: [`flush`](Assembler::flush) delivers the end.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) -> Placed {
        if self.ended {
            return Placed::default();
        }
        let mut number = SeqNo(segment.sequence);
        let syn = segment.flags.has(Flags::SYN);
        if syn {
            number = number.plus(1);
        }
        self.find_start(number, syn, segment);
        let position = self.position(number);
        if segment.flags.has(Flags::FIN) {
            self.finish_at(position + u64::from(segment.length), segment.at);
        }
        if segment.length == 0 {
            return Placed::default();
        }
        self.place(position, segment, deliver)
    }

    /// Whether it has begun, nothing waits and nothing has ended: a segment that is [expected](Assembler::expects) is delivered whole, and
    /// an acknowledgment delivers nothing.
    pub(super) fn is_plain(&self) -> bool {
        self.start != Start::Unknown && self.fin.is_none() && !self.ended && self.waiting.is_empty()
    }

    /// The number of the next byte to deliver.
    pub(super) fn next_number(&self) -> SeqNo {
        self.next_number
    }

    /// Whether the next byte has that number.
    #[inline]
    pub(super) fn expects(&self, number: SeqNo) -> bool {
        number == self.next_number
    }

    /// Takes a payload of that many bytes, all captured, that is the next one: what [`segment`](Assembler::segment) would do with it.
    #[inline]
    pub(super) fn pass(&mut self, bytes: usize, at: At) {
        self.advance(bytes as u64);
        self.last = at;
        self.cut_until = self.next;
    }

    /// Whether bytes before `number` were not captured, as far as is known by now.
    pub(super) fn lacks(&self, number: SeqNo) -> bool {
        let bytes = self.position(number).min(self.fin.unwrap_or(u64::MAX));
        self.start == Start::Unknown || bytes > self.next
    }

    /// Hears that the receiver acknowledged everything before `number`. Tells whether a flush may deliver something now.
    pub(super) fn acknowledged(&mut self, number: SeqNo) -> bool {
        if self.start == Start::Unknown {
            if self.acked_early.is_none_or(|known| number.is_after(known)) {
                self.acked_early = Some(number);
            }
            return false;
        }
        let position = self.position(number);
        let news = position > self.acked;
        if news {
            self.acked = position;
        }
        news && (self.fin.is_some() || !self.waiting.is_empty())
    }

    /// Delivers what can be delivered by now.
    pub(super) fn flush(&mut self, at: At, deliver: &mut dyn FnMut(Delivery<'_>)) {
        self.pump(at, None, deliver);
    }

    /// Where a FIN of `frame` waits: the bytes missing between what was delivered and the first byte, or the FIN, behind it.
    pub(super) fn hole_before_fin(&self, frame: FrameNo) -> u32 {
        let fin = self
            .fin
            .filter(|_| self.fin_in.frame == frame && !self.ended);
        let missing = fin.map_or(0, |fin| self.waiting.first().unwrap_or(fin) - self.next);
        u32::try_from(missing).unwrap_or(u32::MAX)
    }

    /// Whether nothing more is handed up.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Ends the direction, if it has not ended: what waits, with gaps for what is missing before it, and the end.
    pub(super) fn finish(&mut self, at: At, ending: Ending, deliver: &mut dyn FnMut(Delivery<'_>)) {
        self.pump(at, Some(ending), deliver);
    }

    /// Learns where the stream stands from a segment whose payload begins at `number`.
    fn find_start(&mut self, number: SeqNo, syn: bool, segment: &Segment<'_>) {
        match self.start {
            Start::Running => {}
            Start::Unknown => {
                self.start = if syn { Start::Told } else { Start::Guessed };
                self.next_number = number;
                self.last = segment.at;
                if let Some(number) = self.acked_early.take() {
                    self.acked = self.position(number);
                }
            }
            // A second SYN-ACK with another number before the first byte: the receiver took up this one.
            Start::Told if syn && number != self.next_number => self.restart(number),
            Start::Told => {}
            Start::Guessed if syn => {
                self.start = Start::Told;
                self.restart(number);
            }
            Start::Guessed => {
                let position = self.position(number);
                // Late, but nothing was delivered yet: the stream is known from here. One byte only, in front of
                // the expected number, is a keep-alive's.
                let late = position < self.next && segment.length > 1;
                // One further: the first segment was a keep-alive, which stands one number back.
                if late || position == self.next + 1 {
                    self.restart(number);
                }
            }
        }
    }

    fn restart(&mut self, number: SeqNo) {
        self.next = self.position(number);
        self.next_number = number;
    }

    /// Hears of a FIN at `fin`. Of two that disagree the lower one counts, so that the end comes.
    fn finish_at(&mut self, fin: u64, at: At) {
        if fin >= self.next && self.fin.is_none_or(|known| fin < known) {
            (self.fin, self.fin_in) = (Some(fin), at);
            self.waiting.cut(fin);
        }
    }

    /// Puts a payload at `position`: delivered, kept, or known already.
    fn place(
        &mut self,
        position: u64,
        segment: &Segment<'_>,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) -> Placed {
        let at = segment.at;
        let mut end = position + u64::from(segment.length);
        if let Some(fin) = self.fin {
            end = end.min(fin);
        }
        let begin = position.max(self.next);
        if begin >= end {
            return Placed::default();
        }
        let payload = part(segment.payload, begin - position, end - position);
        let in_order = begin == self.next;
        let first = self.waiting.first();
        let filled = self.waiting.first_carrier();
        if in_order && first.is_none_or(|first| end <= first) {
            let fin = self.fin.filter(|_| self.fin_in.frame != at.frame);
            let behind = first.or(fin);
            let filled = filled.or(fin.map(|_| self.fin_in));
            if !payload.is_empty() {
                self.hand_on(payload, Span::of(at), deliver);
            }
            self.cut_until = self.cut_until.max(end);
            if (payload.len() as u64) < end - begin {
                self.cut_in = at.frame;
            }
            self.pump(at, None, deliver);
            return Placed {
                filled: filled.filter(|_| behind == Some(end)),
                ..Placed::default()
            };
        }
        let conflict = self.waiting.keep(begin, payload, end, at);
        self.pump(at, None, deliver);
        let waits = self.next <= begin;
        let missing = self.waiting.first().unwrap_or(self.next) - self.next;
        Placed {
            hole: if waits {
                u32::try_from(missing).unwrap_or(u32::MAX)
            } else {
                0
            },
            conflict,
            filled: filled.filter(|_| in_order),
            ..Placed::default()
        }
    }

    /// Delivers in order until a hole that may still be filled, or the end.
    fn pump(&mut self, at: At, ending: Option<Ending>, deliver: &mut dyn FnMut(Delivery<'_>)) {
        while !self.ended {
            let first = self.waiting.first();
            if let Some(start) = first
                && start <= self.next
            {
                self.hand_on_first(start, at, deliver);
                continue;
            }
            let stop = first.or(self.fin);
            let cut = stop.map_or(self.cut_until, |stop| stop.min(self.cut_until));
            if cut > self.next {
                self.gap(cut, (self.cut_in, self.cut_in), at, deliver);
            } else if let Some(start) = first {
                if self.acked < start && !self.waiting.is_full() && ending.is_none() {
                    return;
                }
                let behind = self.waiting.first_carrier().unwrap_or(at);
                self.gap(start, (self.last.frame, behind.frame), at, deliver);
            } else if let Some(fin) = self.fin
                // Only the number behind the FIN says that every byte before it has arrived.
                && (fin == self.next || self.acked > fin)
            {
                if fin > self.next {
                    self.gap(fin, (self.last.frame, self.fin_in.frame), at, deliver);
                }
                self.end(at, Ending::Fin, deliver);
            } else if let Some(ending) = ending {
                if self.acked > self.next {
                    self.gap_of_unknown_size((self.last.frame, at.frame), at, deliver);
                }
                self.end(at, ending, deliver);
            } else {
                return;
            }
        }
    }

    /// Delivers the first waiting piece, which begins at `start`, at or before `next`.
    fn hand_on_first(&mut self, start: u64, at: At, deliver: &mut dyn FnMut(Delivery<'_>)) {
        let Some(piece) = self.waiting.take(start) else {
            return;
        };
        let bytes = part(&piece.bytes, self.next - start, u64::MAX);
        if !bytes.is_empty() {
            let span = Span {
                first: piece.carrier,
                there: at,
            };
            self.hand_on(bytes, span, deliver);
        }
        self.cut_until = self.cut_until.max(start + piece.length());
        if (piece.bytes.len() as u64) < piece.length() {
            self.cut_in = piece.carrier.frame;
        }
    }

    fn hand_on(&mut self, bytes: &[u8], span: Span, deliver: &mut dyn FnMut(Delivery<'_>)) {
        self.advance(bytes.len() as u64);
        self.last = span.first;
        deliver(Delivery::Data { bytes, span });
    }

    fn gap(
        &mut self,
        until: u64,
        between: (FrameNo, FrameNo),
        at: At,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        let bytes = until - self.next;
        self.advance(bytes);
        let span = Span {
            first: self.last,
            there: at,
        };
        self.last = at;
        deliver(Delivery::Gap {
            bytes,
            span,
            between,
        });
    }

    /// What was acknowledged and never captured is missing; how many of it are bytes nobody knows, since a FIN counts as one.
    fn gap_of_unknown_size(
        &mut self,
        between: (FrameNo, FrameNo),
        at: At,
        deliver: &mut dyn FnMut(Delivery<'_>),
    ) {
        let span = Span {
            first: self.last,
            there: at,
        };
        self.advance(self.acked - self.next);
        deliver(Delivery::Gap {
            bytes: 0,
            span,
            between,
        });
    }

    fn end(&mut self, at: At, ending: Ending, deliver: &mut dyn FnMut(Delivery<'_>)) {
        self.ended = true;
        deliver(Delivery::End { at, ending });
    }

    fn advance(&mut self, bytes: u64) {
        self.start = Start::Running;
        self.next += bytes;
        // The circle wraps: the low 32 bits are the distance on it.
        self.next_number = self.next_number.plus(bytes as u32);
    }

    fn position(&self, number: SeqNo) -> u64 {
        self.next
            .saturating_add_signed(i64::from(number.since(self.next_number)))
    }
}

/// The bytes of `bytes` from `from` up to `until`, as far as there are any.
pub(super) fn part(bytes: &[u8], from: u64, until: u64) -> &[u8] {
    let bound = |offset: u64| usize::try_from(offset).map_or(bytes.len(), |o| o.min(bytes.len()));
    bytes.get(bound(from)..bound(until)).unwrap_or_default()
}
