//! Deliveries to the layers above TCP, as a worker makes them where only sessions are wanted.

use ssetrace::layers::Stack;
use ssetrace::model::{At, Delivery, Detail, Direction, FrameNo, Said, Span, Timestamp};
use std::hint::black_box;

/// A stack and what it said.
pub(crate) struct Talk {
    stack: Stack,
    said: Vec<Said>,
    frames: u64,
}

impl Talk {
    pub(crate) fn new() -> Talk {
        Talk {
            stack: Stack::new(Detail::Sessions),
            said: Vec::new(),
            frames: 0,
        }
    }

    pub(crate) fn client(&mut self, bytes: &[u8]) {
        self.deliver(Direction::ToServer, bytes);
    }

    pub(crate) fn server(&mut self, bytes: &[u8]) {
        self.deliver(Direction::ToClient, bytes);
    }

    /// Whether a response is under way.
    pub(crate) fn goes_on(&self) -> bool {
        self.stack.open_response()
    }

    fn deliver(&mut self, direction: Direction, bytes: &[u8]) {
        self.frames += 1;
        let span = Span::of(At {
            frame: FrameNo(self.frames),
            time: Timestamp(self.frames as i64 * 1_000_000),
        });
        let delivery = Delivery::Data { bytes, span };
        self.stack.deliver(direction, delivery, &mut self.said);
        black_box(&self.said);
        self.said.clear();
    }
}
