//! Tells plain rows: the words that [`Narrator::frame`] has for a frame that acknowledges, or brings an event in a chunk of its own, and nothing else.

use super::events::{Part, tell_numbers, tell_whole};
use super::shared::shared;
use super::tcp::tell_answered;
use super::{Narrator, Say};
use crate::model::{PlainRow, PlainText, fetch, fetch_end};
use std::slice;

impl Narrator {
    /// Whether nothing that came before plays a part in the words of a plain row, but the event before.
    pub fn is_plain(&self) -> bool {
        let closed = self.window_closed.iter().any(Option::is_some);
        !self.syn_waits && !closed && self.behind_hole == [false; 2]
    }

    /// Has the lines of the cache fetched in which it tells where the [lists](Narrator::fetch_lists) are: those of the first open session lie in it.
    #[inline]
    pub fn fetch(&self) {
        fetch(&self.open);
        fetch_end(slice::from_ref(&self.open));
    }

    /// How much of the data of a session's next event the one before has too, in front and behind. `latest`: the one before, if it is not kept yet.
    #[inline]
    pub fn shared(&mut self, session: u32, latest: Option<&[u8]>, data: &[u8]) -> (usize, usize) {
        match latest {
            Some(latest) => shared(latest, data),
            None => self.open_session(session).previous.shared(data),
        }
    }

    /// Keeps the data of a session's latest event. No event since the last that was kept is longer than `longest`, nor is this one.
    pub fn keep(&mut self, session: u32, latest: &[u8], longest: usize) {
        let previous = &mut self.open_session(session).previous;
        previous.make_room(longest);
        previous.keep(latest);
    }
}

/// Adds the words of a plain row, with the text of its event.
#[inline]
pub fn plain(words: &mut impl Say, row: &PlainRow, text: &PlainText<'_>) {
    let Some(event) = row.event else {
        return tell_answered(words, row.acknowledged(), Some(row.acknowledgment));
    };
    let number = u64::from(event.number.get());
    let chunk = event
        .chunk
        .map(|chunk| (u64::from(chunk.get()), u64::from(chunk.get())));
    tell_numbers(words, (number, number), chunk);
    tell_whole(words, text.event_type, Part::of(text.data, text.shared));
}
