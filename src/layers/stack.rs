//! The stack of one TCP connection: what it speaks is found out, then read.

use super::http::{Connection, Next};
use super::sse::{OnlyEvent, Session};
use super::{Ledger, probe};
use crate::model::{At, Delivery, Detail, Direction, FrameNo, OtherStream, Protocol, Said};

/// The layers above one TCP connection. What every delivery needs stands at the beginning.
#[repr(C)]
pub struct Stack {
    layer: Layer,
    /// Which directions have delivered bytes: bit 0 to the server, bit 1 to the client.
    begun: u8,
    ledger: Ledger,
}

/// What is on top of TCP.
enum Layer {
    /// No payload was seen.
    Nothing,
    /// HTTP/1, or what may turn out to be it wherever a delivery begins with a start line.
    Http(Box<Connection>),
    /// Something whose bytes are not read.
    Opaque(Protocol),
}

impl Stack {
    /// A connection that nothing is known of. Of what it carries, `detail` is said.
    pub fn new(detail: Detail) -> Stack {
        Stack {
            layer: Layer::Nothing,
            begun: 0,
            ledger: Ledger::new(detail),
        }
    }

    /// Hears the next delivery of one direction and says what it means. Each direction has an `End` of its own; a response,
    /// and with it a session, ends with that of the server's direction.
    pub fn deliver(&mut self, direction: Direction, delivery: Delivery<'_>, said: &mut Vec<Said>) {
        let http = match &mut self.layer {
            Layer::Opaque(_) => return,
            Layer::Http(http) => http,
            Layer::Nothing => match delivery {
                Delivery::Data { .. } | Delivery::Gap { .. } => {
                    self.layer = Layer::Http(Box::default());
                    return self.deliver(direction, delivery, said);
                }
                Delivery::End { .. } => return,
            },
        };
        let bit = match direction {
            Direction::ToServer => 1,
            Direction::ToClient => 2,
        };
        if let Delivery::Data { bytes, .. } = delivery
            && self.begun & bit == 0
        {
            self.begun |= bit;
            if !http.is_confirmed() && probe::is_tls(bytes) {
                self.layer = Layer::Opaque(Protocol::Tls);
                return;
            }
        }
        match http.deliver(direction, delivery, &mut self.ledger, said) {
            Next::More | Next::Skip => {}
            Next::Speaks(protocol) => self.layer = Layer::Opaque(protocol),
            Next::Begins(left) => {
                self.begun &= !bit;
                self.deliver_rest(direction, delivery, left, said);
            }
            Next::Tunnel(left) => {
                self.layer = Layer::Nothing;
                self.begun = 0;
                self.deliver_rest(direction, delivery, left, said);
            }
        }
    }

    /// Hears a delivery of bytes that were there as they came, in `at`, if they are one event of the open session and nothing else; else it has not
    /// heard it. Nothing is said: the event tells all that [`deliver`](Stack::deliver) would say.
    #[inline]
    pub fn only_event<'a>(
        &mut self,
        direction: Direction,
        bytes: &'a [u8],
        at: At,
    ) -> Option<OnlyEvent<'a>> {
        match (&mut self.layer, direction) {
            (Layer::Http(http), Direction::ToClient) => http.only_event(bytes, at),
            _ => None,
        }
    }

    /// Hears the last `left` bytes of a delivery.
    fn deliver_rest(
        &mut self,
        direction: Direction,
        delivery: Delivery<'_>,
        left: usize,
        said: &mut Vec<Said>,
    ) {
        if let Delivery::Data { bytes, span } = delivery
            && left > 0
        {
            let bytes = &bytes[bytes.len() - left..];
            self.deliver(direction, Delivery::Data { bytes, span }, said);
        }
    }

    /// Hears at the end that bytes of one direction are missing (0 if nobody knows how many), and what lies behind them will not be read.
    pub fn misses(&mut self, direction: Direction, bytes: u64, between: (FrameNo, FrameNo)) {
        if let (Layer::Http(http), Direction::ToClient) = (&mut self.layer, direction) {
            http.misses_answer(bytes, between);
        }
    }

    /// Whether an open session has bytes of an event that is not complete; comments and blank lines do not count.
    pub fn pending(&self) -> bool {
        self.session().is_some_and(Session::pending)
    }

    /// What the connection speaks, as far as its bytes have told.
    pub fn protocol(&self) -> Protocol {
        match &self.layer {
            Layer::Nothing => Protocol::None,
            Layer::Http(http) if http.is_confirmed() => Protocol::Http1,
            Layer::Http(_) => Protocol::Unknown,
            Layer::Opaque(protocol) => *protocol,
        }
    }

    /// Whether its bytes are not read: it speaks something else.
    pub fn is_opaque(&self) -> bool {
        matches!(self.layer, Layer::Opaque(_))
    }

    /// Memory on the heap, in bytes, roughly: what every layer keeps, and the heads of an open session, which others keep too.
    pub fn memory(&self) -> usize {
        self.http().map_or(0, Connection::memory) + self.ledger.memory()
    }

    /// Whether a content coding is undone: what it holds may then grow by more than it is given.
    pub fn decodes(&self) -> bool {
        self.http().is_some_and(Connection::decodes)
    }

    /// The streams of other forms so far.
    pub fn other_streams(&self) -> &[OtherStream] {
        &self.ledger.other_streams
    }

    /// Whether a response has begun whose body is not over.
    pub fn open_response(&self) -> bool {
        self.http().is_some_and(Connection::open_response)
    }

    /// The sessions that are open, by their numbers within the connection.
    pub fn open_sessions(&self) -> impl Iterator<Item = u32> {
        self.session().map(Session::number).into_iter()
    }

    /// The oldest request that nothing has answered, by the frame in which its first byte was there. A few bytes that look like
    /// the beginning of a request count as one until more of them tell.
    pub fn unanswered(&self) -> Option<At> {
        self.http().and_then(Connection::unanswered)
    }

    /// Has the first line of the cache fetched that a part of an event stream needs, where its own tells which that is.
    #[inline]
    pub fn fetch_first(&self) {
        self.http().into_iter().for_each(Connection::fetch_first);
    }

    /// Has the lines fetched that the first one tells of.
    #[inline]
    pub fn fetch_next(&self, shown: bool) {
        let http = self.http().into_iter();
        http.for_each(|http| http.fetch_next(shown));
    }

    /// Has the last ones fetched, which these tell of.
    #[inline]
    pub fn fetch_last(&self) {
        self.http().into_iter().for_each(Connection::fetch_last);
    }

    fn http(&self) -> Option<&Connection> {
        match &self.layer {
            Layer::Http(http) => Some(http),
            Layer::Nothing | Layer::Opaque(_) => None,
        }
    }

    fn session(&self) -> Option<&Session> {
        self.http().and_then(Connection::session)
    }
}
