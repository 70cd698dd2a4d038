//! The plain rows that a worker made of a batch. Their events' texts stay where they are, in the blocks of the batch.

use crate::model::{At, Block, Direction, Flags, FrameNo, PlainEvent, PlainRow, Timestamp, limits};
use std::num::NonZero;

/// A plain row, and where the text of its event is: one line of the processor's cache, which goes from one core to another. Its frame is that of its key.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Plain {
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
    pub(super) session: u32,
    /// The length of the event's data.
    data: u32,
    text: Text,
    /// The length of the event's type; 0 for the usual one.
    event_type: u16,
    /// How much of the data the one before has too, in front and behind.
    shared: (u16, u16),
    /// What is true of it.
    bits: u8,
}

/// Where the text of an event lies.
#[derive(Clone, Copy, Debug)]
struct Text {
    /// Where the data begins.
    start: u32,
    /// So far before the data begins the event's type.
    type_before: u16,
    /// The block that it lies in, or `COPIED`.
    block: u8,
}

/// For `Text::block`: the text was copied.
const COPIED: u8 = u8::MAX;

const _: () = assert!(
    size_of::<Plain>() == 64
        && limits::BATCH_BLOCKS < COPIED as usize
        && limits::SHARED_TEXT < u16::MAX as usize
        && limits::PLAIN_TYPE < u16::MAX as usize
);

/// For `Plain::bits`: it brings an event, the client is who gets it, and its flags are more than ACK.
const EVENT: u8 = 1;
const TO_CLIENT: u8 = 2;
const PUSH: u8 = 4;

impl Plain {
    #[inline(always)] // As `Connection::ordinary`.
    fn new(session: u32, row: PlainRow, event: EventText<'_>, text: Text) -> Plain {
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
    pub(super) fn row(&self, frame: FrameNo) -> PlainRow {
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
fn type_length(event_type: &str) -> u16 {
    match event_type {
        USUAL => 0,
        event_type => event_type.len() as u16, // at most `limits::PLAIN_TYPE`
    }
}

/// The text of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventText<'a> {
    pub(super) event_type: &'a str,
    /// UTF-8.
    pub(super) data: &'a [u8],
    /// How much of the data the event before has too, in front and behind.
    pub(super) shared: (usize, usize),
}

impl Text {
    /// That of a row without an event.
    const NONE: Text = Text {
        start: 0,
        type_before: 0,
        block: COPIED,
    };
}

impl EventText<'_> {
    /// That of a row without an event.
    pub(super) const NONE: EventText<'static> = EventText {
        event_type: USUAL,
        data: b"",
        shared: (0, 0),
    };
}

#[derive(Debug, Default)]
pub(super) struct PlainRows {
    rows: Vec<Plain>,
    /// The batch's.
    blocks: Vec<Block>,
    /// What lies in none of them.
    copied: Vec<u8>,
}

/// The type of most events.
const USUAL: &str = "message";

impl PlainRows {
    /// Begins with the blocks of a batch.
    pub(super) fn begin(&mut self, blocks: &[Block]) {
        self.blocks.extend_from_slice(blocks);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, place: usize) -> &Plain {
        &self.rows[place]
    }

    /// Reads something of the line of the cache that a row lies in.
    #[inline]
    pub(super) fn touch(&self, place: usize) -> u64 {
        u64::from(self.rows[place].session)
    }

    /// Adds a row, and the text of its event, which came in a block of the batch. What it takes, bytes.
    #[inline]
    pub(super) fn push(
        &mut self,
        session: u32,
        row: PlainRow,
        event: EventText<'_>,
        block: Option<u8>,
    ) -> usize {
        let copied = self.copied.len();
        let text = match row.event {
            Some(_) => match self.find(event, block) {
                Some(text) => text,
                None => self.copy(event),
            },
            None => Text::NONE,
        };
        self.rows.push(Plain::new(session, row, event, text));
        size_of::<Plain>() + self.copied.len() - copied
    }

    /// Finds the text of an event in its block.
    #[inline]
    fn find(&self, event: EventText<'_>, number: Option<u8>) -> Option<Text> {
        let number = number?;
        let block = self.blocks.get(usize::from(number))?;
        let start = block.place_of(event.data)?;
        let type_before = match event.event_type {
            USUAL => 0,
            event_type => {
                let before = block.place_of(event_type.as_bytes())?;
                u16::try_from(start - before).ok()?
            }
        };
        Some(Text {
            start: start as u32, // blocks are small
            type_before,
            block: number,
        })
    }

    /// Copies the text of an event.
    #[inline(never)]
    fn copy(&mut self, event: EventText<'_>) -> Text {
        let type_before = type_length(event.event_type);
        if type_before > 0 {
            self.copied.extend_from_slice(event.event_type.as_bytes());
        }
        let start = self.copied.len() as u32; // at most what a batch carries
        self.copied.extend_from_slice(event.data);
        Text {
            start,
            type_before,
            block: COPIED,
        }
    }

    /// Adds the row of another list.
    pub(super) fn push_other(&mut self, plain: &Plain, of: &PlainRows) {
        let mut plain = *plain;
        if plain.text.block == COPIED && plain.has(EVENT) {
            plain.text = self.copy(of.text(&plain));
        }
        self.rows.push(plain);
    }

    /// The text of a row's event.
    #[inline(always)] // So that what is written next need not be read back from memory.
    pub(super) fn text(&self, plain: &Plain) -> EventText<'_> {
        let event_type = match plain.event_type {
            0 => USUAL,
            length => {
                let start = plain.text.start as usize - usize::from(plain.text.type_before);
                let bytes = &self.bytes(plain)[start..][..usize::from(length)];
                std::str::from_utf8(bytes).unwrap_or(USUAL) // it was one
            }
        };
        EventText {
            event_type,
            data: self.data(plain),
            shared: (plain.shared.0.into(), plain.shared.1.into()),
        }
    }

    /// The data of a row's event.
    #[inline]
    pub(super) fn data(&self, plain: &Plain) -> &[u8] {
        &self.bytes(plain)[plain.text.start as usize..][..plain.data as usize]
    }

    /// What the text of a row's event lies in.
    #[inline]
    fn bytes(&self, plain: &Plain) -> &[u8] {
        match plain.text.block {
            COPIED => &self.copied,
            block => self.blocks[usize::from(block)].bytes(),
        }
    }

    /// Begins anew, with the blocks of another list.
    pub(super) fn another(&self) -> PlainRows {
        PlainRows {
            blocks: self.blocks.clone(),
            ..PlainRows::default()
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.blocks.clear();
        self.copied.clear();
        self.copied.shrink_to(limits::OUT_KEPT);
    }
}
