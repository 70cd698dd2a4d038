//! What is kept of a plain row: one line of the processor's cache, which goes from one core to another.
//!
//! In: a row, and where the text of its event lies. Out: the same row, once its frame is told.

use super::USUAL;
use crate::model::{
    At, Direction, Flags, FrameNo, PlainEvent, PlainRow, PlainText, Timestamp, limits,
};
use std::num::NonZero;

/// A plain row without the number of its frame, which its key has, and where the text of its event is.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(in super::super) struct Plain {
    /// The capture time.
    time: Timestamp,
    /// The time since the frame that it acknowledges, or since the event before.
    since: i64,
    /// The number of the frame that it acknowledges, or 0. Of an event its number and, behind that, that of its chunk, or 0.
    number: u64,
    sequence: u32,
    acknowledgment: u32,
    length: u32,
    window: u32,
    /// Numbered within the connection.
    pub(in super::super) session: u32,
    /// The length of the event's data.
    pub(super) data: u32,
    pub(super) text: Text,
    /// The length of the event's type; 0 for the usual one.
    pub(super) event_type: u16,
    /// How much of the data the one before has too, in front and behind.
    pub(super) shared: (u16, u16),
    /// What is true of it.
    bits: u8,
}

/// Where the text of an event lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// Where the data begins.
    pub(super) start: u32,
    /// So far before the data begins the event's type.
    pub(super) type_before: u16,
    /// The block that it lies in, or `COPIED`.
    pub(super) block: u8,
}

/// For `Text::block`: the text was copied.
pub(super) const COPIED: u8 = u8::MAX;

const _: () = assert!(
    size_of::<Plain>() == 64
        && limits::SHARED_TEXT < u16::MAX as usize
        && limits::PLAIN_TYPE < u16::MAX as usize
);

/// For `Plain::bits`: it brings an event, the client is who gets it, and its flags are more than ACK.
const EVENT: u8 = 1;
const TO_CLIENT: u8 = 2;
const PUSH: u8 = 4;

impl Text {
    /// That of a row without an event.
    pub(super) const NONE: Text = Text {
        start: 0,
        type_before: 0,
        block: COPIED,
    };
}

impl Plain {
    #[inline(always)] // As `Connection::ordinary`.
    pub(super) fn new(session: u32, row: PlainRow, event: PlainText<'_>, text: Text) -> Plain {
        let (number, since) = match row.event {
            Some(event) => {
                let chunk = event.chunk.map_or(0, NonZero::get);
                let both = u64::from(chunk) << 32 | u64::from(event.number.get());
                (both, event.gap)
            }
            None => (row.acknowledges.map_or(0, NonZero::get), row.rtt),
        };
        let bit = |bit, set| if set { bit } else { 0 };
        Plain {
            time: row.at.time,
            since,
            number,
            sequence: row.sequence,
            acknowledgment: row.acknowledgment,
            length: row.length,
            window: row.window,
            session,
            data: event.data.len() as u32, // of one line
            text,
            event_type: type_length(event.event_type),
            shared: (event.shared.0 as u16, event.shared.1 as u16), // at most `limits::SHARED_TEXT`
            bits: bit(EVENT, row.event.is_some())
                | bit(TO_CLIENT, row.direction == Direction::ToClient)
                | bit(PUSH, row.flags.has(Flags::PSH)),
        }
    }

    /// The row, which is that of `frame`.
    #[inline(always)] // As `PlainRows::text`.
    pub(in super::super) fn row(&self, frame: FrameNo) -> PlainRow {
        let event = NonZero::new(self.number as u32).filter(|_| self.has(EVENT));
        let event = event.map(|number| PlainEvent {
            number,
            chunk: NonZero::new((self.number >> 32) as u32),
            gap: self.since,
        });
        let (acknowledges, rtt) = match event {
            Some(_) => (None, 0),
            None => (NonZero::new(self.number), self.since),
        };
        PlainRow {
            at: At {
                frame,
                time: self.time,
            },
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            length: self.length,
            window: self.window,
            acknowledges,
            rtt,
            event,
            direction: match self.has(TO_CLIENT) {
                true => Direction::ToClient,
                false => Direction::ToServer,
            },
            flags: match self.has(PUSH) {
                true => Flags::PSH | Flags::ACK,
                false => Flags::ACK,
            },
        }
    }

    #[inline]
    fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

/// The length of an event's type as a row keeps it.
#[inline]
pub(super) fn type_length(event_type: &str) -> u16 {
    match event_type {
        USUAL => 0,
        event_type => event_type.len() as u16, // at most `limits::PLAIN_TYPE`
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a row brings: an event, or that it answers a frame.
    fn brings() -> impl Strategy<Value = (Option<PlainEvent>, Option<NonZero<u64>>, i64)> {
        let event = (1..=u32::MAX, any::<u32>(), any::<i64>()).prop_map(|(number, chunk, gap)| {
            let event = NonZero::new(number).map(|number| PlainEvent {
                number,
                chunk: NonZero::new(chunk),
                gap,
            });
            (event, None, 0)
        });
        let answer = (any::<u64>(), any::<i64>());
        prop_oneof![
            event,
            answer.prop_map(|(frame, rtt)| (None, NonZero::new(frame), rtt)),
            Just((None, None, 0)),
        ]
    }

    proptest! {
        #[test]
        fn a_row_comes_back_as_it_was(
            (frame, time) in any::<(u64, i64)>(),
            (sequence, acknowledgment, length, window) in any::<(u32, u32, u32, u32)>(),
            (event, acknowledges, rtt) in brings(),
            (to_client, push) in any::<(bool, bool)>(),
        ) {
            let row = PlainRow {
                at: At { frame: FrameNo(frame), time: Timestamp(time) },
                sequence,
                acknowledgment,
                length,
                window,
                acknowledges,
                rtt,
                event,
                direction: if to_client { Direction::ToClient } else { Direction::ToServer },
                flags: if push { Flags::PSH | Flags::ACK } else { Flags::ACK },
            };
            let plain = Plain::new(0, row, PlainText::NONE, Text::NONE);
            prop_assert_eq!(plain.row(row.at.frame), row);
        }
    }
}
