//! The thread of the relay: it takes frames in their order, puts them into blocks, saves these and hands them on.
//!
//! In: interfaces that are being read, an open capture file, bounds. Out: lots of whole blocks, each after it was saved, and how it all
//! ended.

use super::queue::Queue;
use super::{Bounds, Ended};
use crate::capture::live::{Drops, Live, Next};
use crate::capture::save::{Form, Save, block};
use crate::model::Timestamp;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Bytes of blocks that are saved and handed on together, where more frames are there already.
const LOT: usize = 256 * 1024;

/// How long nothing may happen before the clock is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The thread's state.
pub(super) struct Work {
    live: Live,
    save: Option<Save>,
    form: Form,
    /// Whether the capture file can be read.
    readable: bool,
    bounds: Bounds,
    queue: Arc<Queue>,
    stop: Arc<AtomicBool>,
    lot: Vec<u8>,
    /// Frames of each interface.
    frames: Vec<u64>,
    /// The time of the last frame.
    last: Timestamp,
}

impl Work {
    /// Frames of `live`, to `save`, whose file may be readable, and to `queue`.
    pub(super) fn new(
        live: Live,
        save: Option<Save>,
        readable: bool,
        bounds: Bounds,
        queue: Arc<Queue>,
        stop: Arc<AtomicBool>,
    ) -> Work {
        Work {
            frames: vec![0; live.sources().len()],
            form: save.as_ref().map_or(Form::Pcapng, Save::form),
            live,
            save,
            readable,
            bounds,
            queue,
            stop,
            lot: Vec::new(),
            last: Timestamp::default(),
        }
    }

    /// Relays frames until something ends it, and completes the file.
    pub(super) fn run(mut self) -> Ended {
        let saved = self.relay().and_then(|()| self.hand_on().map(drop));
        self.stop.store(true, Ordering::Relaxed);
        let sources = self.live.end();
        let drops: Vec<Drops> = sources.iter().map(|(_, drops, _)| *drops).collect();
        let saved = saved.and_then(|()| match self.save {
            Some(save) => save.finish(self.last, &drops, &self.frames),
            None => Ok(()),
        });
        self.queue.end();
        Ended { sources, saved }
    }

    /// An error is one of saving.
    fn relay(&mut self) -> io::Result<()> {
        let mut count = 0;
        loop {
            match self.live.next() {
                Next::Frame(frame) => {
                    count += 1;
                    self.last = frame.time;
                    if let Some(frames) = self.frames.get_mut(frame.interface) {
                        *frames += 1;
                    }
                    block::frame(
                        self.form,
                        frame.interface,
                        frame.time,
                        frame.bytes,
                        frame.wire_length,
                        &mut self.lot,
                    );
                    if self.bounds.count == Some(count) {
                        return Ok(());
                    }
                    if self.lot.len() >= LOT
                        && (!self.hand_on()? || self.left() == Some(Duration::ZERO))
                    {
                        return Ok(());
                    }
                }
                Next::Waits => {
                    if !self.hand_on()? {
                        return Ok(());
                    }
                    let left = self.left();
                    if left == Some(Duration::ZERO) {
                        self.stop.store(true, Ordering::Relaxed);
                    }
                    self.live.wait(match left {
                        None | Some(Duration::ZERO) => LOOK,
                        Some(left) => left.min(LOOK),
                    });
                }
                Next::Ended => return Ok(()),
            }
        }
    }

    /// How long the capture may still go on, if it has a deadline.
    fn left(&self) -> Option<Duration> {
        let deadline = self.bounds.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Saves what was collected and hands it on. False when nobody takes it any more.
    fn hand_on(&mut self) -> io::Result<bool> {
        self.queue.tell(self.live.ended());
        if self.lot.is_empty() {
            return Ok(true);
        }
        // The next one may be as long, and is not if there is a pause: what waits must not be much room for little.
        let next = Vec::with_capacity(self.lot.len());
        let lot = std::mem::replace(&mut self.lot, next);
        let saved = match &mut self.save {
            Some(save) => Some(save.write(&lot)?),
            None => None,
        };
        Ok(self.queue.bring(lot, saved.filter(|_| self.readable)))
    }
}
