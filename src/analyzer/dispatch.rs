//! Finds the TCP segment in a frame and the connection that it belongs to.
//!
//! In: frames. Out: segments with their connection's number, into a batch. Counts what could not be read.

use super::batch::Batch;
use crate::decode::{self, Decoder, Plain};
use crate::model::{Decoded, Frame};
use crate::tcp::Flows;
use std::collections::BTreeMap;

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

    /// Takes the next frame.
    #[inline(always)] // As there.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, batch: &mut Batch) {
        // The way of nearly all frames.
        if !self.plain(decode::plain(frame), frame, batch) {
            self.any(*frame, batch);
        }
    }

    /// Takes what was read of a frame at once, if it belongs to a connection that was spoken to of late.
    #[inline(always)] // As above.
    fn plain(&mut self, plain: Option<Plain<'_>>, frame: &Frame<'_>, batch: &mut Batch) -> bool {
        if let Some(plain) = plain
            && let Some(timestamps) = plain.timestamps()
            && let Some(connection) = self.flows.spoken_to(plain.header)
        {
            batch.plain(frame, &plain, timestamps, connection);
            return true;
        }
        false
    }

    #[inline(never)] // So that the way of nearly all stays short.
    fn any(&mut self, frame: Frame<'_>, batch: &mut Batch) {
        if self.plain(decode::plain_other(&frame), &frame, batch) {
            return;
        }
        match self.decoder.decode(&frame) {
            Decoded::Tcp(segment) => {
                let located = self.flows.locate(&segment);
                batch.segment(&frame, &segment, located);
            }
            Decoded::Quoted {
                source,
                destination,
                sequence,
                flags,
            } => {
                if let Some(old) = self.flows.quoted(source, destination, sequence, flags) {
                    batch.replaced(old, frame.at.frame);
                }
            }
            Decoded::Other => {}
            Decoded::Skipped(reason) => *self.skipped.entry(reason.0).or_default() += 1,
        }
    }

    /// The 4-tuples.
    pub(super) fn flows(&mut self) -> &mut Flows {
        &mut self.flows
    }

    /// Bytes of memory beside the 4-tuples: fragments of IP packets.
    pub(super) fn memory(&self) -> usize {
        self.decoder.memory()
    }

    pub(super) fn counts(self) -> Dispatched {
        Dispatched {
            skipped: self.skipped,
        }
    }
}
