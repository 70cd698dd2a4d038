//! What plain rows need of the rows of their connection.
//!
//! In: the data of an open session's events, one after the other. Out: what each shares with the one before; it never makes a row.

use super::{Rows, Shown};
use crate::model::fetch;

/// The latest of some events of a session that come one after the other: it is not copied yet.
#[derive(Debug, Default)]
pub struct LatestEvent<'a> {
    data: Option<&'a [u8]>,
    /// Bytes of the longest of them.
    longest: usize,
}

impl Rows {
    /// Has each line of the cache fetched that a plain row needs.
    #[inline]
    pub fn fetch(&self) {
        fetch(&self.plain);
        self.narrator.fetch();
    }

    /// Has fetched what lies elsewhere and the next row's words need.
    #[inline]
    pub fn fetch_lists(&self) {
        self.narrator.fetch_lists();
    }

    /// The session that is open, if a plain row of it would leave at once and change nothing: what [`frame`](Rows::frame) would do with it beside
    /// finding its words.
    #[inline]
    pub fn plain_session(&self) -> Option<u32> {
        self.plain
    }

    /// Finds out which session is [`plain_session`](Rows::plain_session).
    pub(super) fn find_plain(&mut self) {
        let shown = self.shown == Shown::All || (self.shown == Shown::Sse && self.streamed);
        let waits = !self.waiting.is_idle() || self.head_began.is_some() || self.answered;
        let plain = shown && !waits && self.narrator.is_plain();
        self.plain = match self.open[..] {
            [session] if plain => Some(session),
            _ => None,
        };
    }

    /// How much of the data of the [plain](Rows::plain_session) session's next event the one before has too, in front and behind. It becomes the `latest`,
    /// which has to be [kept](Rows::keep).
    #[inline]
    pub fn shared<'a>(
        &mut self,
        session: u32,
        latest: &mut LatestEvent<'a>,
        data: &'a [u8],
    ) -> (usize, usize) {
        let shared = self.narrator.shared(session, latest.data, data);
        latest.data = Some(data);
        latest.longest = latest.longest.max(data.len());
        shared
    }

    /// Keeps the latest event of the session for the next to be compared with.
    #[inline]
    pub fn keep(&mut self, session: u32, latest: &LatestEvent<'_>) {
        if let Some(data) = latest.data {
            self.narrator.keep(session, data, latest.longest);
        }
    }
}
