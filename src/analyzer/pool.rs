//! The workers: one in the caller's thread, or one or more in threads of their own.
//!
//! In: batches, one after the other. Out: the items that each made final, batch by batch, in the same order and the same whatever the
//! number of workers. At most a few batches are under way at a time.

use super::Options;
use super::batch::{Batch, Common, Part};
use super::share::Shares;
use super::worker::{Item, Worker};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may be under way: enough that nobody waits for the other, few enough that memory stays small.
pub(super) const UNDER_WAY: usize = 2;

pub(super) enum Pool {
    /// One worker, in the caller's thread.
    Here {
        worker: Box<Worker>,
        /// What it made of the last batch, until that is collected.
        done: Option<Done>,
    },
    /// One or more in threads of their own.
    Threads {
        threads: Vec<Thread>,
        under_way: usize,
    },
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Done {
    /// Those of each worker in order.
    pub(super) items: Vec<Item>,
    /// As in [`Part`].
    pub(super) grown: Vec<(u32, u32)>,
    /// Connections that others took the 4-tuple from: nothing is left of them.
    pub(super) replaced: Vec<u32>,
}

impl Done {
    /// Takes what a worker tells beside items.
    fn take(&mut self, part: &mut Part) {
        self.grown.append(&mut part.grown);
        let replaced = part.replaced.iter();
        self.replaced
            .extend(replaced.map(|(connection, _)| connection));
    }
}

/// A worker's thread.
pub(super) struct Thread {
    /// `None` once it has been told that the capture is over.
    orders: Option<SyncSender<(Arc<Common>, Part)>>,
    done: Receiver<(Part, Vec<Item>)>,
    handle: Option<JoinHandle<()>>,
    /// To be used again.
    spare: Vec<Part>,
}

impl Pool {
    /// The workers for so many jobs, with these shares.
    pub(super) fn new(options: &Options, shares: Shares) -> Pool {
        if options.jobs.get() == 1 {
            return Pool::Here {
                worker: Box::new(Worker::new(options, shares)),
                done: None,
            };
        }
        Pool::Threads {
            threads: (0..shares.workers())
                .map(|_| Thread::start(options, shares))
                .collect(),
            under_way: 0,
        }
    }

    /// Hands out a batch and leaves an empty one in its place. Where [`is_busy`](Pool::is_busy), one has to be collected first.
    pub(super) fn submit(&mut self, batch: &mut Batch) {
        let (common, mut parts) = batch.end();
        match self {
            Pool::Here { worker, done } => {
                let done = done.get_or_insert_default();
                for part in &mut parts {
                    worker.batch(&common, part, &mut done.items);
                    done.take(part);
                }
                batch.begin(parts, Some(common));
            }
            Pool::Threads { threads, under_way } => {
                let common = Arc::new(common);
                for (thread, part) in threads.iter_mut().zip(parts) {
                    thread.send(Arc::clone(&common), part);
                }
                *under_way += 1;
                let spare = |thread: &mut Thread| thread.spare.pop().unwrap_or_default();
                let parts = threads.iter_mut().map(spare).collect();
                // What the threads look at is left to them.
                batch.begin(parts, Arc::into_inner(common));
            }
        }
    }

    /// Whether a batch has to be collected before the next is submitted.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Pool::Here { done, .. } => done.is_some(),
            Pool::Threads { under_way, .. } => *under_way >= UNDER_WAY,
        }
    }

    /// Waits for the oldest batch and appends what became of it. False if none is under way.
    pub(super) fn collect(&mut self, into: &mut Done) -> bool {
        match self {
            Pool::Here { done, .. } => match done.take() {
                Some(mut done) => {
                    into.items.append(&mut done.items);
                    into.grown.append(&mut done.grown);
                    into.replaced.append(&mut done.replaced);
                    true
                }
                None => false,
            },
            Pool::Threads { under_way: 0, .. } => false,
            Pool::Threads { threads, under_way } => {
                *under_way -= 1;
                for thread in threads {
                    let (mut part, mut items) = thread.receive();
                    into.items.append(&mut items);
                    into.take(&mut part);
                    thread.spare.push(part);
                }
                true
            }
        }
    }

    /// The capture is over, and nothing is under way: appends what that makes final.
    pub(super) fn finish(&mut self, into: &mut Vec<Item>) {
        match self {
            Pool::Here { worker, .. } => worker.finish(into),
            Pool::Threads { threads, .. } => {
                for thread in threads.iter_mut() {
                    thread.orders = None;
                }
                for thread in threads {
                    into.append(&mut thread.receive().1);
                }
            }
        }
    }
}

impl Thread {
    fn start(options: &Options, shares: Shares) -> Thread {
        let (orders, received) = sync_channel::<(Arc<Common>, Part)>(UNDER_WAY);
        let (finished, done) = sync_channel(UNDER_WAY);
        let mut worker = Worker::new(options, shares);
        let handle = std::thread::spawn(move || {
            // Whoever waits for the items may have gone: then nobody wants them.
            for (common, mut part) in received {
                let mut items = Vec::new();
                worker.batch(&common, &mut part, &mut items);
                drop(common);
                if finished.send((part, items)).is_err() {
                    return;
                }
            }
            let mut items = Vec::new();
            worker.finish(&mut items);
            let _ = finished.send((Part::default(), items));
        });
        Thread {
            orders: Some(orders),
            done,
            handle: Some(handle),
            spare: Vec::new(),
        }
    }

    fn send(&mut self, common: Arc<Common>, part: Part) {
        let sent = self
            .orders
            .as_ref()
            .is_some_and(|orders| orders.send((common, part)).is_ok());
        if !sent {
            self.rethrow();
        }
    }

    fn receive(&mut self) -> (Part, Vec<Item>) {
        match self.done.recv() {
            Ok(done) => done,
            Err(_) => self.rethrow(),
        }
    }

    /// A worker that does not answer has panicked: so does the caller, with the same words.
    fn rethrow(&mut self) -> ! {
        match self.handle.take().map(JoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            _ => unreachable!("a worker ends only when it is told to, or by a panic"),
        }
    }
}
