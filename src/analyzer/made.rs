//! What workers make of a batch: items, each with the frame that made it final, and the text of those that are lines already.
//!
//! How much room it takes is reckoned, so that a worker can tell when it has made so much that it should be handed on.

mod text;

use super::order::{Found, Key, Order, Place};
use super::plain::{Plain, PlainRows};
use crate::model::{
    At, ConnectionRecord, Endpoint, Event, Exchange, FrameNo, FrameRecord, Lines, PlainRow,
    PlainText, SessionEnding, empty, fetch_lines, limits,
};
use crate::timeline::{Frames, Spare};
use text::{Line, Text};

/// Something final.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) connection: u32,
    pub(super) what: What,
}

/// What became final. Sessions are numbered within the connection.
#[derive(Debug)]
pub(super) enum What {
    /// The connection's next session begins.
    SessionOpens(Box<Answered>),
    Row(Box<FrameRecord>),
    /// A row's line in the text.
    RowLine {
        line: Line,
        sessions: Touched,
    },
    Event {
        session: u32,
        event: Box<Event>,
    },
    /// An event's line in the text.
    EventLine {
        line: Line,
        session: u32,
    },
    /// `last`: the connection's last frame so far.
    SessionEnds {
        session: u32,
        ending: Box<SessionEnding>,
        last: At,
    },
    /// A request for an event stream got another answer, or none.
    Declined(Box<Answered>),
    /// The server refused the connection.
    Refused(Box<Refused>),
    /// The connection is closed: frames may come, bytes will not.
    Closes,
    /// It is over, and is kept as if it were closed: frames came late, or may answer some that were on their way.
    HoldsOn,
    /// The connection is over. Its record comes where frames are wanted; the sessions in it are for the merge to fill in.
    Over(Option<Box<ConnectionRecord>>),
}

const _: () = assert!(size_of::<Item>() <= 48);

/// An exchange of a connection, complete at `at`.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) exchange: Box<Exchange>,
    pub(super) at: At,
    pub(super) ends: Frames,
}

/// A connection that did not come about.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) at: At,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
}

/// The session of a frame and all that it touches.
#[derive(Debug)]
pub(super) enum Touched {
    None,
    One(u32),
    Several(Box<(Option<u32>, Vec<u32>)>),
}

impl Touched {
    /// What it takes apart, bytes.
    fn size(&self) -> usize {
        match self {
            Touched::None | Touched::One(_) => 0,
            Touched::Several(several) => size_of_val(&several.1[..]),
        }
    }

    /// The session, where it is one.
    pub(super) fn only(&self) -> Option<u32> {
        match self {
            Touched::One(session) => Some(*session),
            Touched::None | Touched::Several(_) => None,
        }
    }

    pub(super) fn of(row: &FrameRecord) -> Touched {
        match (row.session, &row.sessions[..]) {
            (None, []) => Touched::None,
            (Some(session), [only]) if session == *only => Touched::One(session),
            (session, all) => Touched::Several(Box::new((session, all.to_vec()))),
        }
    }
}

impl What {
    /// What it takes beside the item, about, bytes.
    fn size(&self) -> usize {
        /// A record, an event, a head with its fields.
        const PART: usize = 512;
        match self {
            What::RowLine { line, sessions } => line.len() + sessions.size(),
            What::EventLine { line, .. } => line.len(),
            What::Row(row) => PART + row.annotation.text.len(),
            What::Event { event, .. } => PART + event.data.len(),
            What::SessionOpens(_) | What::SessionEnds { .. } | What::Declined(_) => 2 * PART,
            What::Over(Some(_)) => PART,
            What::Over(None) | What::Refused(_) | What::Closes | What::HoldsOn => 0,
        }
    }
}

/// What the merge looks at before it comes to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next<'a> {
    /// A line, and the session that it names where it names one.
    Line(Line, Option<u32>),
    /// A plain row.
    Plain(&'a Plain),
    /// No line.
    Other,
}

/// What one worker made of a batch, or of the beginning of one.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Those of each connection in order.
    pub(super) items: Vec<Item>,
    /// The frame before which no item is missing, where the rest of the batch comes apart.
    pub(super) before: Option<FrameNo>,
    /// What the items take, about, bytes.
    taken: usize,
    /// Of how many items the lines are written, and what these took.
    written: (usize, usize),
    /// The steps of `limits::GROWN` that connections hold beyond what is reckoned, in the order in which the worker looked at them.
    pub(super) grown: Vec<(u32, u32)>,
    /// Connections that others took the 4-tuple from: nothing is left of them.
    pub(super) gone: Vec<u32>,
    /// Bytes that the worker's connections keep, after the batch, to compare copies with.
    pub(super) kept: usize,
    text: Text,
    /// Rows, some with events, whose lines the merge writes.
    pub(super) plain: PlainRows,
    order: Order,
}

impl Made {
    #[inline]
    pub(super) fn push(&mut self, frame: FrameNo, connection: u32, what: What) {
        self.taken += size_of::<Item>() + size_of::<Key>() + what.size();
        let place = Place::item(self.items.len());
        self.order.push(frame, connection, place);
        self.items.push(Item { connection, what });
    }

    /// Adds a plain row of a session, with the text of its event, which came in a block of the batch.
    #[inline]
    pub(super) fn push_plain(
        &mut self,
        connection: u32,
        session: u32,
        row: PlainRow,
        event: PlainText<'_>,
        block: Option<u8>,
    ) {
        let place = Place::plain(self.plain.len());
        self.order.push(row.at.frame, connection, place);
        self.taken += size_of::<Key>() + self.plain.push(session, row, event, block);
    }

    /// Whether enough came since the last time for its lines to be written: the code that makes rows and the code that writes them do not fit into the
    /// processor's cache together.
    #[inline]
    pub(super) fn should_write(&self) -> bool {
        self.taken >= self.written.1 + limits::UNWRITTEN
    }

    /// Writes the lines of the rows and events that came since the last time. Rows that may be used again go to `spare`.
    pub(super) fn write(&mut self, lines: &mut Option<Box<dyn Lines>>, spare: &mut Spare) {
        let (first, _) = self.written;
        if let Some(lines) = lines {
            for place in first..self.items.len() {
                self.write_item(place, &mut **lines, spare);
            }
        }
        self.written = (self.items.len(), self.taken);
    }

    /// Writes the line of a row or an event, if the form has one.
    fn write_item(&mut self, place: usize, lines: &mut dyn Lines, spare: &mut Spare) {
        let item = &mut self.items[place];
        if !matches!(item.what, What::Row(_) | What::Event { .. }) {
            return;
        }
        let size = item.what.size();
        item.what = match std::mem::replace(&mut item.what, What::Closes) {
            What::Row(row) => match self.text.push(|text| lines.frame(&row, text)) {
                None => What::Row(row),
                Some(line) => {
                    let sessions = Touched::of(&row);
                    spare.give(row);
                    What::RowLine { line, sessions }
                }
            },
            What::Event { session, event } => {
                let connection = item.connection;
                match self.text.push(|text| lines.event(connection, &event, text)) {
                    None => What::Event { session, event },
                    Some(line) => What::EventLine { line, session },
                }
            }
            other => other,
        };
        self.taken = self.taken - size + item.what.size();
    }

    /// The text of a line before and behind the numbers of sessions.
    pub(super) fn text(&self, line: Line) -> (&[u8], &[u8]) {
        self.text.parts(line)
    }

    /// Has the text fetched of what comes next.
    #[inline]
    pub(super) fn fetch_text(&self, next: Next<'_>) {
        let text = match next {
            Next::Line(line, _) => self.text.get(line),
            Next::Plain(plain) => self.plain.data(plain),
            Next::Other => return,
        };
        fetch_lines(text, usize::MAX);
    }

    /// Whether the items take so much room.
    #[inline]
    pub(super) fn fills(&self, room: usize) -> bool {
        self.taken >= room
    }

    /// Takes all, of which no item is missing before a frame, in the order of the output.
    pub(super) fn take_before(&mut self, frame: FrameNo) -> Made {
        let next = Made {
            plain: self.plain.another(),
            ..Made::default()
        };
        let mut taken = std::mem::replace(self, next);
        taken.before = Some(frame);
        taken.sort();
        taken
    }

    /// Finds the order of the output.
    pub(super) fn sort(&mut self) {
        self.order.sort();
    }

    /// Where everything is, in the order of the output.
    #[inline]
    pub(super) fn keys(&self) -> &[Key] {
        self.order.keys()
    }

    /// Has a plain row fetched, if it is one.
    #[inline]
    pub(super) fn fetch_row(&self, place: Place) {
        if let Found::Plain(place) = place.find() {
            self.plain.fetch(place);
        }
    }

    /// What the merge makes lines of, and of which session of which connection.
    #[inline]
    pub(super) fn next(&self, place: Place) -> Next<'_> {
        match place.find() {
            Found::Plain(place) => Next::Plain(self.plain.get(place)),
            Found::Item(place) => match &self.items[place].what {
                What::RowLine { line, sessions } => Next::Line(*line, sessions.only()),
                What::EventLine { line, session } => Next::Line(*line, Some(*session)),
                _ => Next::Other,
            },
        }
    }

    /// Makes room for the next batch.
    pub(super) fn clear(&mut self) {
        empty(&mut self.items);
        (self.before, self.kept) = (None, 0);
        self.taken = 0;
        self.written = (0, 0);
        empty(&mut self.grown);
        empty(&mut self.gone);
        self.text.clear();
        self.plain.clear();
        self.order.clear();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in super::super) fn made(items: &[(u64, u32)]) -> Made {
        let mut made = Made::default();
        for (frame, connection) in items {
            made.push(FrameNo(*frame), *connection, What::Closes);
        }
        made.sort();
        made
    }

    pub(in super::super) fn items() -> impl Strategy<Value = Vec<(u64, u32)>> {
        let near = prop_oneof![9 => 0..12_u64, 1 => Just(u64::MAX)];
        prop::collection::vec((near, 0..4_u32), 0..40)
    }

    proptest! {
        #[test]
        fn items_come_by_frame_then_connection_and_then_as_they_were_made(items in items()) {
            let made = made(&items);
            let order: Vec<Place> = made.keys().iter().map(|key| key.place).collect();
            let mut wanted: Vec<usize> = (0..items.len()).collect();
            wanted.sort_by_key(|place| items[*place]);
            let wanted: Vec<Place> = wanted.into_iter().map(Place::item).collect();
            prop_assert_eq!(order, wanted);
        }
    }
}
