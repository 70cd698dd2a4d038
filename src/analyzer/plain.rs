//! The plain rows that a worker made of a batch. Their events' texts stay where they are, in the blocks of the batch.

mod kept;

use crate::model::{Block, PlainRow, PlainText, empty, fetch, limits};
pub(super) use kept::Plain;
use kept::{COPIED, Text, type_length};

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

const _: () = assert!(limits::BATCH_BLOCKS < COPIED as usize);

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

    /// Has the line of the cache fetched that a row lies in.
    #[inline]
    pub(super) fn fetch(&self, place: usize) {
        fetch(&self.rows[place]);
    }

    /// Adds a row, and the text of its event, which came in a block of the batch. What it takes, bytes.
    #[inline]
    pub(super) fn push(
        &mut self,
        session: u32,
        row: PlainRow,
        event: PlainText<'_>,
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
    fn find(&self, event: PlainText<'_>, number: Option<u8>) -> Option<Text> {
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
    fn copy(&mut self, event: PlainText<'_>) -> Text {
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

    /// The text of a row's event.
    #[inline(always)] // So that what is written next need not be read back from memory.
    pub(super) fn text(&self, plain: &Plain) -> PlainText<'_> {
        let event_type = match plain.event_type {
            0 => USUAL,
            length => {
                let start = plain.text.start as usize - usize::from(plain.text.type_before);
                let bytes = &self.bytes(plain)[start..][..usize::from(length)];
                std::str::from_utf8(bytes).unwrap_or(USUAL) // it was one
            }
        };
        PlainText {
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
        empty(&mut self.rows);
        self.blocks.clear();
        self.copied.clear();
        self.copied.shrink_to(limits::OUT_KEPT);
    }
}
