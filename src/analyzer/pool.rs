//! The workers: one in the caller's thread, or several in threads of their own.
//!
//! In: batches, one after the other. Out: the items that each made final, batch by batch, in the same order and the same whatever the
//! number of workers. At most a few batches are under way at a time.

use super::Options;
use super::batch::{Batch, Clock, Part};
use super::worker::{Item, Worker};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may be under way: enough that nobody waits for the other, few enough that memory stays small.
pub(super) const UNDER_WAY: usize = 2;

pub(super) enum Pool {
    /// Everything in the caller's thread.
    Here {
        worker: Box<Worker>,
        items: Vec<Item>,
        /// Whether `items` are those of a batch that was not collected.
        done: bool,
    },
    /// Threads, and how many batches are under way.
    Threads {
        threads: Vec<Thread>,
        under_way: usize,
        /// Parts to be used again, a batch's together.
        spare: VecDeque<Vec<Part>>,
    },
}

/// A worker's thread.
pub(super) struct Thread {
    /// `None` once it has been told that the capture is over.
    orders: Option<SyncSender<(Arc<Clock>, Part)>>,
    done: Receiver<(Part, Vec<Item>)>,
    handle: Option<JoinHandle<()>>,
}

/// How many workers there are: of several jobs one is that of the caller, who reads the frames.
pub(super) fn workers(options: &Options) -> usize {
    (options.jobs.get() - 1).max(1)
}

impl Pool {
    pub(super) fn new(options: &Options) -> Pool {
        let jobs = options.jobs.get();
        if jobs == 1 {
            return Pool::Here {
                worker: Box::new(Worker::new(options, 1)),
                items: Vec::new(),
                done: false,
            };
        }
        Pool::Threads {
            threads: (0..workers(options))
                .map(|_| Thread::start(options))
                .collect(),
            under_way: 0,
            spare: VecDeque::new(),
        }
    }

    /// Hands out a batch and leaves an empty one in its place.
    pub(super) fn submit(&mut self, batch: &mut Batch) {
        match self {
            Pool::Here {
                worker,
                items,
                done,
            } => {
                for part in &mut batch.parts {
                    worker.batch(&batch.clock, part, items);
                }
                *done = true;
                let parts = std::mem::take(&mut batch.parts);
                batch.renew(parts);
            }
            Pool::Threads {
                threads,
                under_way,
                spare,
            } => {
                let parts = spare
                    .pop_front()
                    .unwrap_or_else(|| threads.iter().map(|_| Part::default()).collect());
                let parts = std::mem::replace(&mut batch.parts, parts);
                for (thread, part) in threads.iter_mut().zip(parts) {
                    thread.send(Arc::clone(&batch.clock), part);
                }
                *under_way += 1;
                let parts = std::mem::take(&mut batch.parts);
                batch.renew(parts);
            }
        }
    }

    /// Whether a batch has to be collected before the next is submitted.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Pool::Here { done, .. } => *done,
            Pool::Threads { under_way, .. } => *under_way >= UNDER_WAY,
        }
    }

    /// Waits for the oldest batch and appends the items that it made final, those of each worker in order. False if none is under way.
    pub(super) fn collect(&mut self, into: &mut Vec<Item>) -> bool {
        match self {
            Pool::Here { items, done, .. } => {
                into.append(items);
                std::mem::take(done)
            }
            Pool::Threads { under_way: 0, .. } => false,
            Pool::Threads {
                threads,
                under_way,
                spare,
            } => {
                *under_way -= 1;
                let parts = threads
                    .iter_mut()
                    .map(|thread| {
                        let (part, mut items) = thread.receive();
                        into.append(&mut items);
                        part
                    })
                    .collect();
                spare.push_back(parts);
                true
            }
        }
    }

    /// The capture is over, and nothing is under way: appends what that makes final.
    pub(super) fn finish(&mut self, into: &mut Vec<Item>) {
        match self {
            Pool::Here { worker, items, .. } => {
                worker.finish(items);
                into.append(items);
            }
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
    fn start(options: &Options) -> Thread {
        let (orders, received) = sync_channel::<(Arc<Clock>, Part)>(UNDER_WAY);
        let (finished, done) = sync_channel(UNDER_WAY);
        let mut worker = Worker::new(options, workers(options));
        let handle = std::thread::spawn(move || {
            // Whoever waits for the items may have gone: then nobody wants them.
            for (clock, mut part) in received {
                let mut items = Vec::new();
                worker.batch(&clock, &mut part, &mut items);
                drop(clock);
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
        }
    }

    fn send(&mut self, clock: Arc<Clock>, part: Part) {
        let sent = self
            .orders
            .as_ref()
            .is_some_and(|orders| orders.send((clock, part)).is_ok());
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
