//! Finds the TCP segment in a frame and the connection that it belongs to.
//!
//! In: frames. Out: segments with their connection's number. Counts what could not be read.

use crate::decode::Decoder;
use crate::model::{Decoded, Frame, Segment};
use crate::tcp::{Flows, Located};
use std::collections::BTreeMap;

/// A segment and its connection.
pub(super) struct Routed<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) located: Located,
}

/// What the dispatcher counted.
pub(super) struct Dispatched {
    /// Frames that could not be read, by reason.
    pub(super) skipped: BTreeMap<&'static str, u64>,
}

pub(super) struct Dispatcher {
    decoder: Decoder,
    flows: Flows,
    skipped: BTreeMap<&'static str, u64>,
}

impl Dispatcher {
    pub(super) fn new() -> Dispatcher {
        Dispatcher {
            decoder: Decoder::new(),
            flows: Flows::default(),
            skipped: BTreeMap::new(),
        }
    }

    pub(super) fn frame<'a>(&'a mut self, frame: &Frame<'a>) -> Option<Routed<'a>> {
        match self.decoder.decode(frame) {
            Decoded::Tcp(segment) => {
                let located = self.flows.locate(&segment);
                Some(Routed { segment, located })
            }
            Decoded::Quoted {
                source,
                destination,
                sequence,
                flags,
            } => {
                self.flows.quoted(source, destination, sequence, flags);
                None
            }
            Decoded::Other => None,
            Decoded::Skipped(reason) => {
                *self.skipped.entry(reason.0).or_default() += 1;
                None
            }
        }
    }

    pub(super) fn counts(self) -> Dispatched {
        Dispatched {
            skipped: self.skipped,
        }
    }
}
