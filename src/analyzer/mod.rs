//! Joins the rooms: frames go in, records come out in the order in which they became final.
//!
//! ```text
//! frame ─▶ dispatch (decoder, connection numbers) ─▶ batch ─▶ worker (TCP, layers, rows) ─▶ merge (order, session numbers, counts) ─▶ records
//! ```
//!
//! The three parts share nothing but what they hand on, so that the middle one can be many. No clock and no file is here:
//! time is the capture's. Same frames in, same records out.

mod batch;
mod cap;
mod collected;
mod dispatch;
mod finals;
mod growth;
mod made;
mod merge;
mod numbers;
mod order;
mod plain;
mod pool;
mod reconnects;
mod sessions;
mod share;
mod slot;
mod slots;
mod worker;
mod written;

use crate::model::{Detail, Frame, FrameNo, Lines, Nanos, Record, Summary, Timestamp, limits};
use batch::Batch;
use cap::Cap;
use collected::Collected;
use dispatch::Dispatcher;
use merge::Merger;
use pool::Pool;
use share::Shares;
use std::io;
use std::num::NonZeroUsize;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which connections' frames, events, sessions and connection records.
    pub connections: Connections,
    /// What is wanted of them.
    pub detail: Detail,
    /// Whether values of credentials are shown.
    pub show_secrets: bool,
    /// Threads that work on connections; 1: none but the caller's. The output is the same.
    pub jobs: NonZeroUsize,
    /// Bytes of memory to stay within: where connections need most of it they are given up, first those that are over, then those that were silent longest.
    pub memory: usize,
}

/// Which connections are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connections {
    /// Those with an SSE session.
    Sse,
    /// Every one.
    All,
    /// These, by number.
    Only(Vec<u32>),
}

impl Connections {
    /// Whether connection `number` may be shown; `sessions`: whether it has any.
    fn show(&self, number: u32, sessions: bool) -> bool {
        match self {
            Connections::Sse => sessions,
            Connections::All => true,
            Connections::Only(numbers) => numbers.contains(&number),
        }
    }
}

/// What the source of the frames knows of them at the end.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The capture's name as given.
    pub capture: String,
    /// `pcap`, `pcapng, gzip` and the like.
    pub format: String,
    /// Names of the link types in order of first use.
    pub link_types: Vec<String>,
    /// Frames in the file, those that a filter kept away included.
    pub frames: u64,
    /// Time of the file's first and last frame.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Whether the file ends inside a packet.
    pub truncated: bool,
}

/// Where records go. An error ends the analysis.
pub type Sink<'s> = dyn FnMut(Record) -> io::Result<()> + 's;

/// Analyses one capture.
pub struct Analyzer {
    dispatcher: Dispatcher,
    batch: Batch,
    pool: Pool,
    cap: Cap,
    /// Frames and bytes that are left of the epoch, whose end ends a batch.
    left: (usize, usize),
    /// Whether the next frame is the first of an epoch.
    epoch_is_over: bool,
    /// Kept to be used again.
    collected: Collected,
    merger: Merger,
    /// The latest capture time so far: it never goes back, though frames' times may.
    clock: Timestamp,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    pub fn new(options: &Options) -> Analyzer {
        Analyzer::with_lines(options, None)
    }

    /// An analyzer that has seen nothing, and gives rows and events as [`Record::Lines`], as far as `lines` writes them.
    pub fn with_lines(options: &Options, lines: Option<Box<dyn Lines>>) -> Analyzer {
        let shares = Shares::of_jobs(options.jobs);
        let frames = match options.detail {
            Detail::Frames => limits::BATCH_ROWS,
            Detail::Sessions | Detail::Events => limits::BATCH_FRAMES,
        };
        let cap = Cap::new(options.memory, frames);
        Analyzer {
            dispatcher: Dispatcher::new(),
            batch: Batch::new(shares),
            pool: Pool::new(options, lines.as_deref(), shares),
            left: cap.left(),
            cap,
            epoch_is_over: false,
            collected: Collected::default(),
            merger: Merger::new(options, lines),
            clock: Timestamp(Nanos::MIN),
        }
    }

    /// Takes the next frame. It is worked off with others, at the latest in [`settle`](Analyzer::settle); what then became final goes to `sink`.
    ///
    /// # Errors
    /// Those of `sink`.
    #[inline(always)] // So that a frame is never written to memory.
    pub fn frame(&mut self, frame: &Frame<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
        if self.epoch_is_over {
            self.begin_epoch(frame.at.frame);
        }
        self.clock = self.clock.max(frame.at.time);
        self.batch.frame(frame.at, self.clock);
        self.dispatcher.frame(frame, &mut self.batch);
        let (frames, bytes) = self.left;
        if self.batch.frames() >= frames || self.batch.bytes() >= bytes {
            return self.full(sink);
        }
        Ok(())
    }

    /// Begins an epoch with `frame`, the next one.
    #[inline(never)] // So that the way of nearly all frames stays short.
    fn begin_epoch(&mut self, frame: FrameNo) {
        self.epoch_is_over = false;
        let fragments = self.dispatcher.memory();
        let given_up = self.cap.next_epoch(self.dispatcher.flows(), fragments);
        self.batch.begin_epoch(&given_up, frame);
        self.left = self.cap.left();
    }

    /// Hands a full batch on.
    #[inline(never)] // As above.
    fn full(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.submit();
        if self.pool.is_busy() {
            self.collect(sink)?;
        }
        Ok(())
    }

    /// Works off the frames taken so far: before a wait for more of them.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn settle(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        if self.batch.frames() > 0 {
            self.submit();
        }
        while self.collect(sink)? {}
        Ok(())
    }

    fn submit(&mut self) {
        let (frames, bytes) = (self.batch.frames(), self.batch.bytes());
        self.epoch_is_over = self.cap.submitted(frames, bytes);
        self.left = self.cap.left();
        self.pool.submit(&mut self.batch);
    }

    /// Passes on what the oldest batch under way made final; false if there is none.
    fn collect(&mut self, sink: &mut Sink<'_>) -> io::Result<bool> {
        let Analyzer {
            pool,
            cap,
            collected,
            merger,
            ..
        } = self;
        let mut merge = |collected: &mut Collected| merger.made(collected, sink);
        if !pool.collect(collected, &mut merge)? {
            return Ok(false);
        }
        let (news, kept) = collected.news();
        cap.collected(news, kept);
        merge(collected)?;
        pool.give_back(collected);
        Ok(true)
    }

    /// The capture is over.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn finish(mut self, source: Source, sink: &mut Sink<'_>) -> io::Result<Summary> {
        self.settle(sink)?;
        self.pool.finish(&mut self.collected);
        self.merger.made(&mut self.collected, sink)?;
        let given_up = self.cap.given_up();
        self.merger
            .finish(source, self.dispatcher.counts(), given_up, sink)
    }
}
