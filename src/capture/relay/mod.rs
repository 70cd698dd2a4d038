//! Between the interfaces and the analysis: a thread that saves frames in their order and hands them on.
//!
//! Frames of [`Live`] come in, go to the capture file if there is one, and come out of [`Relay::next`]. Saving never waits for the
//! analysis, which may be slower for a while, or whose rows somebody reads slowly: what does not fit into memory then is read from the
//! capture file. Where there is no file that can be read (standard output, a ring, or none at all) the thread waits, the kernel's buffer fills, and
//! the kernel drops and counts.

mod queue;
mod work;

use super::live::{Captured, Drops, Live, Source};
use super::save::{Form, Save, back};
use queue::{Queue, Taken};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use work::Work;

/// Bytes of lots that wait for the analysis: a second of a busy interface.
const WAITING: usize = 16 * 1024 * 1024;

/// Bytes that are read from the capture file at a time: any block fits.
const READ: usize = 1024 * 1024;

/// When a capture ends by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// After so many frames.
    pub count: Option<u64>,
    /// Then.
    pub deadline: Option<Instant>,
}

/// What comes next.
pub enum Next<'a> {
    /// A frame.
    Frame(Captured<'a>),
    /// Nothing for now: what is final should be shown, then [`Relay::wait`].
    Waits,
    /// The capture has ended.
    Ended,
}

/// How a capture ended.
pub struct Ended {
    /// The interfaces with what each dropped, and why it ended if nobody asked and [`Relay::news`] has not told.
    pub sources: Vec<(Source, Drops, Option<String>)>,
    /// Whether all frames that were handed on are saved.
    pub saved: io::Result<()>,
}

/// A capture that runs.
pub struct Relay {
    queue: Arc<Queue>,
    drops: Box<dyn Fn() -> Drops>,
    sources: Vec<Source>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Ended>,
    form: Form,
    /// The capture file, for reading.
    file: Option<File>,
    /// Blocks of frames, and where the next begins.
    lot: Vec<u8>,
    at: usize,
}

impl Relay {
    /// Starts the thread. It ends when `stop` is set, at the bounds, and when all interfaces have ended.
    pub fn start(
        live: Live,
        mut save: Option<Save>,
        bounds: Bounds,
        stop: &Arc<AtomicBool>,
    ) -> Relay {
        let queue = Arc::new(Queue::new(WAITING));
        let form = save.as_ref().map_or(Form::Pcapng, Save::form);
        let file = save.as_mut().and_then(Save::take_back);
        let sources = live.sources().to_vec();
        let drops = live.counts();
        let to = Arc::clone(&queue);
        let work = Work::new(live, save, file.is_some(), bounds, to, Arc::clone(stop));
        Relay {
            queue,
            drops: Box::new(drops),
            sources,
            stop: Arc::clone(stop),
            thread: thread::spawn(move || work.run()),
            form,
            file,
            lot: Vec::new(),
            at: 0,
        }
    }

    /// The interfaces.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The next frame, if it is there. Never waits for one.
    ///
    /// # Errors
    /// Frames that were saved cannot be read.
    #[allow(clippy::should_implement_trait)] // An iterator cannot lend what it owns.
    pub fn next(&mut self) -> io::Result<Next<'_>> {
        if self.at == self.lot.len() {
            self.at = 0;
            // Asked first: what it brought before it ended is there.
            let ended = self.thread.is_finished();
            match self.queue.take() {
                Taken::Lot(lot) => self.lot = lot,
                Taken::Saved(range) => self.read(range)?,
                Taken::Nothing => {
                    self.lot.clear();
                    return Ok(if ended { Next::Ended } else { Next::Waits });
                }
            }
        }
        let rest = self.lot.get(self.at..).unwrap_or_default();
        let block = back::length(self.form, rest).and_then(|length| rest.get(..length));
        let (block, saved) = block
            .and_then(|block| Some((block, back::frame(self.form, block)?)))
            .ok_or_else(changed)?;
        let source = self.sources.get(saved.interface).ok_or_else(changed)?;
        self.at += block.len();
        Ok(Next::Frame(Captured {
            interface: saved.interface,
            link: source.link,
            time: saved.time,
            bytes: saved.bytes,
            wire_length: saved.wire_length,
        }))
    }

    /// Waits until there may be a next frame, at most for `most`.
    pub fn wait(&self, most: Duration) {
        self.queue.wait_for_more(most);
    }

    /// What was dropped so far.
    pub fn drops(&self) -> Drops {
        (self.drops)()
    }

    /// Bytes of the capture file that have yet to be analysed, where they are more than wait in memory.
    pub fn behind(&self) -> u64 {
        self.queue.behind()
    }

    /// The interfaces that have ended since this was asked last, while others go on, and why.
    pub fn news(&self) -> Vec<(String, String)> {
        self.queue.news()
    }

    /// Ends the capture, without taking what it still has.
    pub fn end(self) -> Ended {
        self.stop.store(true, Ordering::Relaxed);
        self.queue.leave();
        self.thread.join().unwrap_or_else(|_| Ended {
            sources: Vec::new(),
            saved: Err(io::Error::other("the thread that saves panicked")),
        })
    }

    /// Reads whole blocks of the capture file.
    fn read(&mut self, range: Range<u64>) -> io::Result<()> {
        let file = self.file.as_ref().ok_or_else(changed)?;
        let length = usize::try_from(range.end - range.start).unwrap_or(READ);
        self.lot.resize(length.min(READ), 0);
        file.read_exact_at(&mut self.lot, range.start)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => changed(),
                _ => error,
            })?;
        let mut whole = 0;
        while let Some(length) = back::length(self.form, self.lot.get(whole..).unwrap_or_default())
        {
            whole += length;
        }
        if whole == 0 {
            return Err(changed());
        }
        self.lot.truncate(whole);
        self.queue.read(range.start + whole as u64);
        Ok(())
    }
}

fn changed() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the capture file was changed by somebody else",
    )
}
