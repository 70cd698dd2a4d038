//! The sessions of the connections that are not over, by connection and by their number within it.
//!
//! Every plain row looks up its stream here, and neighbours in the output are of different connections. That of a connection's latest session lies in
//! one line of the processor's cache, in a page with those of the connections next to it: few lines tell where the pages are, which stand in order.

use super::reconnects::Asked;
use crate::model::{SessionOpening, Stream, fetch};

/// A page's connections: few enough that one open connection keeps little memory.
const PAGE: usize = 8;

/// A book's pages: enough that what stays of all that is over, a word for each book, is little.
const BOOK: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Option<Box<Book>>>);

/// Pages, and how many there are.
#[derive(Debug)]
struct Book {
    pages: [Option<Box<Page>>; BOOK],
    used: usize,
}

type Page = [Option<OfConnection>; PAGE];

/// The sessions of a connection.
#[derive(Debug)]
#[repr(align(64))]
struct OfConnection {
    latest: Session,
    #[expect(clippy::box_collection, reason = "nearly always there are none")]
    earlier: Option<Box<Vec<Session>>>,
}

const _: () = assert!(size_of::<Option<OfConnection>>() == 64);

/// A session's stream and, while it is open, how it began.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: Stream,
    pub(super) open: Option<Box<Open>>,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) opening: SessionOpening,
    /// What it was asked with; `None` where the request was not captured.
    pub(super) asked: Option<Asked>,
}

impl OfConnection {
    fn earlier(&self) -> &[Session] {
        self.earlier.as_ref().map_or(&[], |earlier| &earlier[..])
    }

    fn all(&self) -> impl Iterator<Item = &Session> {
        self.earlier().iter().chain([&self.latest])
    }
}

impl Sessions {
    #[inline]
    fn page(&self, connection: u32) -> Option<&Page> {
        let place = Place::of(connection);
        self.0.get(place.book)?.as_ref()?.pages[place.page].as_deref()
    }

    fn page_mut(&mut self, connection: u32) -> Option<&mut Page> {
        let place = Place::of(connection);
        self.0.get_mut(place.book)?.as_mut()?.pages[place.page].as_deref_mut()
    }

    #[inline]
    fn of(&self, connection: u32) -> Option<&OfConnection> {
        self.page(connection)?[Place::of(connection).line].as_ref()
    }

    /// Has the stream fetched of a connection's latest session.
    #[inline]
    pub(super) fn fetch(&self, connection: u32) {
        if let Some(page) = self.page(connection) {
            fetch(&page[Place::of(connection).line]);
        }
    }

    /// The stream of a session.
    #[inline]
    pub(super) fn stream(&self, connection: u32, session: u32) -> Option<&Stream> {
        let of = self.of(connection)?;
        let session = session as usize;
        let earlier = of.earlier();
        if session == earlier.len() {
            return Some(&of.latest.stream);
        }
        Some(&earlier.get(session)?.stream)
    }

    /// The number of a session among all.
    pub(super) fn number(&self, connection: u32, session: u32) -> Option<u32> {
        Some(self.stream(connection, session)?.session)
    }

    /// Takes out how an open session began: it ends.
    pub(super) fn end(&mut self, connection: u32, session: u32) -> Option<Box<Open>> {
        let page = self.page_mut(connection)?;
        let OfConnection { latest, earlier } = page[Place::of(connection).line].as_mut()?;
        let earlier = earlier.as_mut().map_or(&mut [][..], |earlier| earlier);
        let session = session as usize;
        if session == earlier.len() {
            return latest.open.take();
        }
        earlier.get_mut(session)?.open.take()
    }

    /// Adds a connection's next session.
    pub(super) fn push(&mut self, connection: u32, session: Session) {
        let place = Place::of(connection);
        if self.0.len() <= place.book {
            self.0.resize_with(place.book + 1, || None);
        }
        let book = self.0[place.book].get_or_insert_with(|| Box::new(Book::EMPTY));
        let page = &mut book.pages[place.page];
        book.used += usize::from(page.is_none());
        match &mut page.get_or_insert_default()[place.line] {
            Some(of) => {
                let before = std::mem::replace(&mut of.latest, session);
                of.earlier.get_or_insert_default().push(before);
            }
            none => {
                *none = Some(OfConnection {
                    latest: session,
                    earlier: None,
                });
            }
        }
    }

    /// Forgets the sessions of a connection: it is over. Their numbers.
    pub(super) fn remove(&mut self, connection: u32) -> Vec<u32> {
        let place = Place::of(connection);
        let Some(page) = self.page_mut(connection) else {
            return Vec::new();
        };
        let Some(of) = page[place.line].take() else {
            return Vec::new();
        };
        if page.iter().all(Option::is_none) {
            self.drop_page(place);
        }
        of.all().map(|session| session.stream.session).collect()
    }

    /// A page is empty.
    fn drop_page(&mut self, place: Place) {
        let book = &mut self.0[place.book];
        if let Some(pages) = book {
            pages.pages[place.page] = None;
            pages.used -= 1;
            if pages.used == 0 {
                *book = None;
            }
        }
    }
}

impl Book {
    const EMPTY: Book = Book {
        pages: [const { None }; BOOK],
        used: 0,
    };
}

/// Where a connection's sessions stand.
#[derive(Clone, Copy)]
struct Place {
    book: usize,
    page: usize,
    line: usize,
}

impl Place {
    #[inline]
    fn of(connection: u32) -> Place {
        let connection = connection as usize;
        Place {
            book: connection / (PAGE * BOOK),
            page: connection / PAGE % BOOK,
            line: connection % PAGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn session(connection: u32, number: u32) -> Session {
        let end = Endpoint {
            address: [127, 0, 0, 1].into(),
            port: 1,
        };
        let stream = Stream {
            session: number,
            connection,
            client: end,
            server: end,
        };
        Session { stream, open: None }
    }

    /// Some of one page, of one book, and of others.
    const CONNECTIONS: [u32; 9] = [0, 1, 7, 8, 9, 511, 512, 520, 99_999];

    fn connection() -> impl Strategy<Value = u32> {
        prop::sample::select(CONNECTIONS.to_vec())
    }

    proptest! {
        #[test]
        fn a_session_is_found_until_its_connection_is_over(
            steps in prop::collection::vec((connection(), prop::bool::weighted(0.3)), 1..60),
        ) {
            let (mut sessions, mut plain) = (Sessions::default(), HashMap::<u32, Vec<u32>>::new());
            for (number, (connection, over)) in (0..).zip(steps) {
                if over {
                    prop_assert_eq!(sessions.remove(connection), plain.remove(&connection).unwrap_or_default());
                } else {
                    sessions.push(connection, session(connection, number));
                    plain.entry(connection).or_default().push(number);
                }
                for connection in CONNECTIONS {
                    let wanted = plain.get(&connection).map_or(&[][..], |all| all);
                    let found = (0..).map_while(|local| Some(sessions.stream(connection, local)?.session));
                    prop_assert_eq!(found.collect::<Vec<u32>>(), wanted);
                }
            }
            plain.into_keys().for_each(|connection| drop(sessions.remove(connection)));
            prop_assert!(sessions.0.iter().all(Option::is_none), "pages and books go with their last connection");
        }
    }
}
