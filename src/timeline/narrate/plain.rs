//! Tells plain rows: the words that [`Narrator::frame`] has for a frame that acknowledges, or brings an event in a chunk of its own, and nothing else.

use super::Narrator;
use super::events::{tell_numbers, tell_whole};
use super::tcp::tell_answered;
use crate::model::{PlainRow, PlainText};

impl Narrator {
    /// Whether nothing that came before plays a part in the words of a plain row.
    pub fn is_plain(&self) -> bool {
        let closed = self.window_closed.iter().any(Option::is_some);
        !self.pending && !self.syn_waits && !closed && self.behind_hole == [false; 2]
    }

    /// Adds the words of a plain row of a session, without a look at what stands before them; those of `text` are not read.
    pub fn plain(
        &mut self,
        row: &PlainRow,
        session: u32,
        text: &PlainText<'_>,
        words: &mut String,
    ) {
        let Some(event) = row.event else {
            return tell_answered(words, row.acknowledged(), Some(row.acknowledgment));
        };
        let number = event.number.get();
        let chunk = event.chunk.map(|chunk| (chunk.get(), chunk.get()));
        let previous = &mut self.open_session(session).previous;
        tell_numbers(words, (number, number), chunk);
        tell_whole(
            words,
            text.event_type,
            text.data,
            previous.shared(text.data),
        );
        previous.keep(text.data);
    }
}
