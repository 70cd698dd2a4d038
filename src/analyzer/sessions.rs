//! The sessions of the connections that are not over, by connection and by their number within it.
//!
//! Every plain row looks up its stream here, and neighbours in the output are of different connections. That of a connection's latest session lies in
//! one line of the processor's cache, in a page with those of the connections next to it: few lines tell where the pages are.

use super::reconnects::Asked;
use crate::model::{SessionOpening, Stream, fetch};
use std::collections::HashMap;

/// A page's connections: enough that there are few pages, few enough that one open connection keeps little memory.
const PAGE: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<u32, Box<Page>, foldhash::fast::RandomState>);

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
    fn of(&self, connection: u32) -> Option<&OfConnection> {
        let (page, place) = place(connection);
        self.0.get(&page)?[place].as_ref()
    }

    /// Has the stream fetched of a connection's latest session.
    #[inline]
    pub(super) fn fetch(&self, connection: u32) {
        let (page, place) = place(connection);
        if let Some(page) = self.0.get(&page) {
            fetch(&page[place]);
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
        let (page, place) = place(connection);
        let OfConnection { latest, earlier } = self.0.get_mut(&page)?[place].as_mut()?;
        let earlier = earlier.as_mut().map_or(&mut [][..], |earlier| earlier);
        let session = session as usize;
        if session == earlier.len() {
            return latest.open.take();
        }
        earlier.get_mut(session)?.open.take()
    }

    /// Adds a connection's next session.
    pub(super) fn push(&mut self, connection: u32, session: Session) {
        let (page, place) = place(connection);
        match &mut self.0.entry(page).or_default()[place] {
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
        let (number, place) = place(connection);
        let Some(page) = self.0.get_mut(&number) else {
            return Vec::new();
        };
        let Some(of) = page[place].take() else {
            return Vec::new();
        };
        if page.iter().all(Option::is_none) {
            self.0.remove(&number);
        }
        of.all().map(|session| session.stream.session).collect()
    }
}

/// A connection's page, and the place in it.
#[inline]
fn place(connection: u32) -> (u32, usize) {
    let page = PAGE as u32;
    (connection / page, (connection % page) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_session_is_found_until_its_connection_is_over(
            steps in prop::collection::vec((0..20_u32, prop::bool::weighted(0.3)), 1..60),
        ) {
            let (mut sessions, mut plain) = (Sessions::default(), HashMap::<u32, Vec<u32>>::new());
            for (number, (connection, over)) in (0..).zip(steps) {
                if over {
                    prop_assert_eq!(sessions.remove(connection), plain.remove(&connection).unwrap_or_default());
                } else {
                    sessions.push(connection, session(connection, number));
                    plain.entry(connection).or_default().push(number);
                }
                for connection in 0..20 {
                    let wanted = plain.get(&connection).map_or(&[][..], |all| all);
                    let found = (0..).map_while(|local| Some(sessions.stream(connection, local)?.session));
                    prop_assert_eq!(found.collect::<Vec<u32>>(), wanted);
                }
            }
            plain.into_keys().for_each(|connection| drop(sessions.remove(connection)));
            prop_assert!(sessions.0.is_empty(), "pages go with their last connection");
        }
    }
}
