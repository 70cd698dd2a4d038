//! What a form has written a moment ago and will write again: the second of a time, the ends of a conversation.

use super::Utc;
use crate::model::{Direction, Endpoint, Flags, FrameRecord};

/// What is remembered from one record to the next.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(super) utc: Utc,
    /// Of the last frame in each direction.
    ends: [Ends; 2],
}

type Key = (Endpoint, Endpoint, Direction, Flags);

#[derive(Debug, Default)]
struct Ends {
    of: Option<Key>,
    text: Vec<u8>,
}

impl Spoken {
    /// Nothing yet.
    pub(crate) fn new() -> Spoken {
        Spoken {
            utc: Utc::new(),
            ends: Default::default(),
        }
    }

    /// What was written of a frame with the same direction, ends and flags, if that was the last one in its direction: frames of one
    /// connection come one behind the other.
    pub(super) fn known(&self, frame: &FrameRecord) -> Option<&[u8]> {
        let ends = &self.ends[frame.tcp.direction as usize];
        (ends.of == Some(Ends::key(frame))).then_some(&ends.text)
    }

    /// Remembers what was written of a frame's direction, ends and flags.
    pub(super) fn remember(&mut self, frame: &FrameRecord, text: &[u8]) {
        let ends = &mut self.ends[frame.tcp.direction as usize];
        ends.of = Some(Ends::key(frame));
        ends.text.clear();
        ends.text.extend_from_slice(text);
    }
}

impl Ends {
    fn key(frame: &FrameRecord) -> Key {
        let tcp = &frame.tcp;
        (frame.client, frame.server, tcp.direction, tcp.flags)
    }
}
