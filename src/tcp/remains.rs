//! What is left of a connection that is over: enough to analyse the frames that still come.
//!
//! Late segments of a connection come in, their [`TcpFacts`] go out. Nothing is put in order or handed up any more, and no memory is taken.

use super::analysis::{Analysis, Frozen, Side};
use crate::model::{Direction, Endpoint, Flags, FrameNo, Label, Segment, TcpFacts};

/// The rest of a connection, small enough to keep for every connection of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Remains {
    analysis: Frozen,
    /// The client is the lower of the two endpoints.
    client_is_low: bool,
    /// The sender of the first frame was the client.
    client_is_a: bool,
    closed: u8,
}

impl Remains {
    pub(super) fn new(
        analysis: &Analysis,
        client: Endpoint,
        server: Endpoint,
        client_side: Side,
        closed: u8,
    ) -> Remains {
        Remains {
            analysis: Frozen::new(analysis),
            client_is_low: client <= server,
            client_is_a: client_side == Side::A,
            closed,
        }
    }

    /// The client and the server, of which one sent `segment` to the other.
    pub fn ends(&self, segment: &Segment<'_>) -> (Endpoint, Endpoint) {
        if self.is_from_client(segment) {
            (segment.source, segment.destination)
        } else {
            (segment.destination, segment.source)
        }
    }

    /// Analyses a frame that came after the connection was over.
    pub fn segment(&mut self, segment: &Segment<'_>) -> TcpFacts {
        let from_client = self.is_from_client(segment);
        let side = if from_client == self.client_is_a {
            Side::A
        } else {
            Side::B
        };
        let direction = if from_client {
            Direction::ToServer
        } else {
            Direction::ToClient
        };
        let mut analysis = self.analysis.thaw();
        let said = analysis.segment(side, segment, None);
        self.analysis = Frozen::new(&analysis);
        let mut facts = said.facts(segment, direction);
        facts.duplicate = facts.duplicate.filter(|(_, of)| *of != FrameNo(0));
        for (flag, label) in [
            (
                Flags::SYN,
                if segment.flags.has(Flags::ACK) {
                    Label::SynAck
                } else {
                    Label::Syn
                },
            ),
            (Flags::FIN, Label::Fin),
            (Flags::RST, Label::Reset),
        ] {
            if segment.flags.has(flag) {
                facts.labels.insert(label);
            }
        }
        if said.news && segment.length == 0 {
            facts.labels.insert(Label::Ack);
        }
        if segment.flags.has(Flags::FIN) {
            self.closed |= if from_client { 1 } else { 2 };
        }
        if segment.flags.has(Flags::RST) {
            self.closed |= 4;
        }
        facts.closed = self.closed;
        facts
    }

    fn is_from_client(&self, segment: &Segment<'_>) -> bool {
        (segment.source <= segment.destination) == self.client_is_low
    }
}

const _: () = assert!(
    size_of::<Remains>() <= 56,
    "it outlives its connection, beside an entry of 64 bytes in Flows"
);
