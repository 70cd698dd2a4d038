//! The plain rows that a worker made of a batch, and their text, one behind the other.

use crate::model::{PlainRow, PlainText, limits};

/// A plain row, and where its text begins: its words, the event's type unless it is the usual one, and the data, so many bytes of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) row: PlainRow,
    /// Numbered within the connection.
    pub(super) session: u32,
    start: u32,
    words: u32,
    event_type: u32,
    data: u32,
}

#[derive(Debug, Default)]
pub(super) struct PlainRows {
    rows: Vec<Plain>,
    text: String,
}

/// The type of most events.
const USUAL: &str = "message";

impl Plain {
    /// What it takes, bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Plain>() + self.length()
    }

    /// Bytes of its text.
    #[inline]
    fn length(&self) -> usize {
        self.words as usize + self.event_type as usize + self.data as usize
    }

    fn text<'a>(&self, all: &'a str) -> &'a str {
        &all[self.start as usize..][..self.length()]
    }
}

impl PlainRows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, place: usize) -> &Plain {
        &self.rows[place]
    }

    /// Adds a row with the type and the data of its event; `tell` adds its words. It.
    #[inline]
    pub(super) fn push(
        &mut self,
        session: u32,
        row: PlainRow,
        event: &PlainText<'_>,
        tell: impl FnOnce(&mut String),
    ) -> &Plain {
        let text = &mut self.text;
        let start = text.len();
        tell(text);
        let words = text.len() - start;
        let event_type = match event.event_type {
            USUAL => "",
            other => other,
        };
        text.push_str(event_type);
        text.push_str(event.data);
        // What is made of a batch is less than `limits::ITEMS` and the text of one frame.
        let plain = Plain {
            row,
            session,
            start: start as u32,
            words: words as u32,
            event_type: event_type.len() as u32,
            data: event.data.len() as u32,
        };
        self.rows.push_mut(plain)
    }

    /// Adds the row of another list.
    pub(super) fn push_other(&mut self, plain: &Plain, of: &PlainRows) {
        let start = self.text.len() as u32; // no more than there
        self.text.push_str(plain.text(&of.text));
        self.rows.push(Plain { start, ..*plain });
    }

    /// The text of a row.
    #[inline]
    pub(super) fn text(&self, plain: &Plain) -> PlainText<'_> {
        let (words, text) = plain.text(&self.text).split_at(plain.words as usize);
        let (event_type, data) = text.split_at(plain.event_type as usize);
        let event_type = match (plain.row.event, event_type) {
            (Some(_), "") => USUAL,
            (_, other) => other,
        };
        PlainText {
            words,
            event_type,
            data,
        }
    }

    /// The text of a row, as bytes.
    pub(super) fn bytes(&self, plain: &Plain) -> &[u8] {
        plain.text(&self.text).as_bytes()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.text.clear();
        self.text.shrink_to(limits::OUT_KEPT);
    }
}
