//! The plain rows that a worker made of a batch. Their events' texts stay where they are, in the blocks of the batch.

pub(super) use crate::model::PlainText as EventText;
use crate::model::{Block, PlainRow, limits};

/// A plain row, and where the text of its event is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) row: PlainRow,
    /// Numbered within the connection.
    pub(super) session: u32,
    /// Where the data begins, and its length.
    start: u32,
    data: u32,
    /// So far before the data begins the event's type, and its length; 0 for the usual one.
    type_before: u16,
    event_type: u16,
    /// How much of the data the one before has too, in front and behind.
    shared: (u16, u16),
    /// The block that it lies in, or `COPIED`.
    block: u8,
}

/// For `Plain::block`: the text was copied.
const COPIED: u8 = u8::MAX;

const _: () = assert!(
    size_of::<Plain>() <= 96
        && limits::BATCH_BLOCKS < COPIED as usize
        && limits::SHARED_TEXT < u16::MAX as usize
        && limits::PLAIN_TYPE < u16::MAX as usize
);

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

    /// Reads something of each line of the cache that a row lies in.
    #[inline]
    pub(super) fn touch(&self, place: usize) -> u64 {
        let plain = &self.rows[place];
        plain.row.at.frame.0 ^ u64::from(plain.session) ^ u64::from(plain.block)
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
        let mut plain = Plain {
            row,
            session,
            start: 0,
            data: event.data.len() as u32, // of one line
            type_before: 0,
            event_type: 0,
            shared: (event.shared.0 as u16, event.shared.1 as u16), // at most `limits::SHARED_TEXT`
            block: COPIED,
        };
        if event.event_type != USUAL {
            plain.event_type = event.event_type.len() as u16; // at most `limits::PLAIN_TYPE`
        }
        let copied = self.copied.len();
        if plain.row.event.is_some() && !self.find(&mut plain, event, block) {
            self.copy(&mut plain, event);
        }
        self.rows.push(plain);
        size_of::<Plain>() + self.copied.len() - copied
    }

    /// Finds the text of an event in its block.
    #[inline]
    fn find(&self, plain: &mut Plain, event: EventText<'_>, block: Option<u8>) -> bool {
        let Some((number, block)) =
            block.and_then(|block| Some((block, self.blocks.get(usize::from(block))?)))
        else {
            return false;
        };
        let Some(start) = block.place_of(event.data) else {
            return false;
        };
        if plain.event_type > 0 {
            let Some(before) = block.place_of(event.event_type.as_bytes()) else {
                return false;
            };
            let Ok(before) = u16::try_from(start - before) else {
                return false;
            };
            plain.type_before = before;
        }
        plain.block = number;
        plain.start = start as u32; // blocks are small
        true
    }

    /// Copies the text of an event.
    #[inline(never)]
    fn copy(&mut self, plain: &mut Plain, event: EventText<'_>) {
        if plain.event_type > 0 {
            self.copied.extend_from_slice(event.event_type.as_bytes());
        }
        plain.type_before = plain.event_type;
        plain.block = COPIED;
        plain.start = self.copied.len() as u32; // at most what a batch carries
        self.copied.extend_from_slice(event.data);
    }

    /// Adds the row of another list.
    pub(super) fn push_other(&mut self, plain: &Plain, of: &PlainRows) {
        let mut plain = *plain;
        if plain.block == COPIED && plain.row.event.is_some() {
            let text = of.text(&plain);
            self.copy(&mut plain, text);
        }
        self.rows.push(plain);
    }

    /// The text of a row's event.
    #[inline]
    pub(super) fn text(&self, plain: &Plain) -> EventText<'_> {
        let event_type = match plain.event_type {
            0 => USUAL,
            length => {
                let start = plain.start as usize - usize::from(plain.type_before);
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
        &self.bytes(plain)[plain.start as usize..][..plain.data as usize]
    }

    /// What the text of a row's event lies in.
    #[inline]
    fn bytes(&self, plain: &Plain) -> &[u8] {
        match plain.block {
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
