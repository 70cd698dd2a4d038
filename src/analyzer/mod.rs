//! Joins the rooms: frames go in, records come out in the order in which they became final.
//!
//! ```text
//! frame ─▶ dispatch (decoder, connection numbers) ─▶ worker (TCP, layers, rows) ─▶ merge (order, session numbers, counts) ─▶ records
//! ```
//!
//! The three parts share nothing but what they hand on, so that the middle one can be many. No clock and no file is here:
//! time is the capture's. Same frames in, same records out.

mod dispatch;
mod merge;
mod worker;

use crate::model::{Frame, Nanos, Record, Summary, Timestamp};
use dispatch::Dispatcher;
use merge::Merger;
use std::io;
use worker::Worker;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which connections' frames, events, sessions and connection records.
    pub connections: Connections,
    /// Whether frame records are made.
    pub frames: bool,
    /// Whether values of credentials are shown.
    pub show_secrets: bool,
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
    worker: Worker,
    merger: Merger,
    /// The latest capture time so far: it never goes back, though frames' times may.
    clock: Timestamp,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    pub fn new(options: &Options) -> Analyzer {
        Analyzer {
            dispatcher: Dispatcher::new(),
            worker: Worker::new(options),
            merger: Merger::new(options),
            clock: Timestamp(Nanos::MIN),
        }
    }

    /// Takes the next frame; what it made final goes to `sink`.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn frame(&mut self, frame: &Frame<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
        self.clock = self.clock.max(frame.at.time);
        self.worker.tick(frame.at.frame, self.clock);
        if let Some(routed) = self.dispatcher.frame(frame) {
            self.worker.segment(&routed, self.clock);
        }
        self.merger.frame(self.worker.items(), sink)
    }

    /// The capture is over.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn finish(mut self, source: Source, sink: &mut Sink<'_>) -> io::Result<Summary> {
        self.worker.finish();
        self.merger.frame(self.worker.items(), sink)?;
        self.merger.finish(source, self.dispatcher.counts(), sink)
    }
}
