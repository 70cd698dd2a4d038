//! Both directions of an HTTP/1 connection, or of one that may turn out to be one.

use super::exchange::Exchanges;
use super::open::Open;
use super::request::Requests;
use super::response::{Responses, Shared};
use crate::layers::Ledger;
use crate::layers::sse::{OnlyEvent, Session};
use crate::model::{At, Delivery, Direction, Ending, FrameNo, Protocol, Said, fetch};

/// The reader of one connection. Nearly all that comes is a part of a response.
#[derive(Default)]
#[repr(C)]
pub(in crate::layers) struct Connection {
    responses: Responses,
    requests: Requests,
    exchanges: Exchanges,
}

/// What follows from a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layers) enum Next {
    /// HTTP/1 goes on.
    More,
    /// HTTP/1 goes on, but the rest of the delivery cannot be read.
    Skip,
    /// From here on the connection speaks that.
    Speaks(Protocol),
    /// A header of the PROXY protocol is over, and the direction begins: so many bytes of the delivery are left.
    Begins(usize),
    /// A CONNECT was granted: anything may follow; so many bytes of the delivery are left.
    Tunnel(usize),
}

impl Connection {
    /// The next delivery of one direction.
    #[inline(always)] // Deliveries are large to hand over.
    pub(in crate::layers) fn deliver(
        &mut self,
        direction: Direction,
        delivery: Delivery<'_>,
        ledger: &mut Ledger,
        said: &mut Vec<Said>,
    ) -> Next {
        let exchanges = &mut self.exchanges;
        match direction {
            Direction::ToServer => match delivery {
                Delivery::Data { bytes, span } => {
                    return self.requests.data(bytes, span, exchanges, said);
                }
                Delivery::Gap {
                    bytes,
                    span,
                    between,
                } => self.requests.gap(bytes, span, between, exchanges, said),
                Delivery::End { ending, .. } => {
                    self.requests.end(exchanges);
                    if ending == Ending::Fin {
                        self.responses.client_ends();
                    }
                }
            },
            Direction::ToClient => {
                let shared = &mut Shared {
                    exchanges,
                    ledger,
                    said,
                };
                match delivery {
                    Delivery::Data { bytes, span } => {
                        return self.responses.data(bytes, span, shared);
                    }
                    Delivery::Gap {
                        bytes,
                        span,
                        between,
                    } => self.responses.gap(bytes, span, between, shared),
                    Delivery::End { at, ending } => self.responses.end(at, ending, shared),
                }
            }
        }
        Next::More
    }

    /// Takes the server's next bytes, which came in `at`, if they are one event of the open stream and nothing else.
    #[inline]
    pub(in crate::layers) fn only_event<'a>(
        &mut self,
        bytes: &'a [u8],
        at: At,
    ) -> Option<OnlyEvent<'a>> {
        self.responses.only_event(bytes, at)
    }

    /// Bytes of the open response, if there is one, are missing at the end.
    pub(in crate::layers) fn misses_answer(&mut self, bytes: u64, between: (FrameNo, FrameNo)) {
        self.responses.misses(bytes, between);
    }

    /// Has the line of the cache fetched that tells where the open response is.
    #[inline]
    pub(in crate::layers) fn fetch_first(&self) {
        fetch(&self.responses);
    }

    /// Has each line of the open response fetched that a part of an event stream needs.
    #[inline]
    pub(in crate::layers) fn fetch_next(&self, shown: bool) {
        let open = self.responses.open().into_iter();
        open.for_each(|open| open.fetch(shown));
    }

    /// Has fetched what lies elsewhere and such a part needs.
    #[inline]
    pub(in crate::layers) fn fetch_last(&self) {
        let open = self.responses.open().into_iter();
        open.for_each(Open::fetch_lists);
    }

    /// Whether a start line was seen.
    pub(in crate::layers) fn is_confirmed(&self) -> bool {
        self.exchanges.confirmed
    }

    /// Whether a response's body is not over.
    pub(in crate::layers) fn open_response(&self) -> bool {
        self.responses.is_open()
    }

    /// The session whose response is not over: HTTP/1 has at most one.
    pub(in crate::layers) fn session(&self) -> Option<&Session> {
        self.responses
            .content()
            .and_then(|content| content.session())
    }

    /// Whether the open response has a content coding.
    pub(in crate::layers) fn decodes(&self) -> bool {
        let content = self.responses.content();
        content.is_some_and(|content| content.decodes())
    }

    /// Bytes of memory, roughly.
    pub(in crate::layers) fn memory(&self) -> usize {
        size_of::<Connection>()
            + self.requests.memory()
            + self.responses.memory()
            + self.exchanges.memory()
    }

    /// The oldest request that nothing has answered, by the frame in which it began.
    pub(in crate::layers) fn unanswered(&self) -> Option<At> {
        self.exchanges.unanswered()
    }
}
