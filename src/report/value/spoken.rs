//! What a form has written a moment ago and will write again: the second of a time, the ends of a conversation, its labels.

use super::Utc;
use crate::model::{Direction, Endpoint, Flags, FrameRecord, LabelSet};

/// What is remembered from one record to the next.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(super) utc: Utc,
    /// Of the last frame in each direction: frames of one connection come one behind the other.
    pub(super) ends: [Known<Ends>; 2],
    pub(super) labels: [Known<LabelSet>; 2],
}

/// A frame's direction, ends and flags.
pub(super) type Ends = (Flags, Endpoint, Endpoint, Direction);

/// What was written of something.
#[derive(Debug)]
pub(super) struct Known<T> {
    of: Option<T>,
    text: Vec<u8>,
}

impl<T> Default for Known<T> {
    fn default() -> Known<T> {
        Known {
            of: None,
            text: Vec::new(),
        }
    }
}

impl Spoken {
    /// Nothing yet.
    pub(crate) fn new() -> Spoken {
        Spoken {
            utc: Utc::new(),
            ends: Default::default(),
            labels: Default::default(),
        }
    }
}

impl<T: PartialEq> Known<T> {
    /// What was written of `this`, if that was the last.
    #[inline]
    pub(super) fn get(&self, this: &T) -> Option<&[u8]> {
        (self.of.as_ref() == Some(this)).then_some(&self.text)
    }

    /// Remembers what was written of `this`.
    pub(super) fn remember(&mut self, this: T, text: &[u8]) {
        self.of = Some(this);
        self.text.clear();
        self.text.extend_from_slice(text);
    }
}

/// A frame's direction, ends and flags.
#[inline]
pub(super) fn ends(frame: &FrameRecord) -> Ends {
    let tcp = &frame.tcp;
    (tcp.flags, frame.client, frame.server, tcp.direction)
}
