//! The workers: one in the caller's thread, or one or more in threads of their own.
//!
//! In: batches, one after the other. Out: what each worker made of them, batch by batch. At most a few batches are under way at a time.

use super::Options;
use super::batch::{Batch, Common, Part};
use super::made::Made;
use super::share::Shares;
use super::worker::Worker;
use crate::model::Lines;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may be under way: enough that nobody waits for the other, few enough that memory stays small.
pub(super) const UNDER_WAY: usize = 2;

pub(super) enum Pool {
    /// One worker, in the caller's thread.
    Here(Box<Here>),
    /// One or more in threads of their own.
    Threads {
        threads: Vec<Thread>,
        under_way: usize,
    },
}

/// A worker in the caller's thread.
pub(super) struct Here {
    worker: Worker,
    /// What it made of the last batch, until that is collected.
    done: Option<Made>,
    /// To be used again.
    spare: Made,
}

/// What a thread is told to work off, and what it may use for what it makes of it.
type Order = (Arc<Common>, Part, Made);

/// A worker's thread.
pub(super) struct Thread {
    /// `None` once it has been told that the capture is over.
    orders: Option<SyncSender<Order>>,
    done: Receiver<(Part, Made)>,
    handle: Option<JoinHandle<()>>,
    /// To be used again.
    spare: Vec<(Part, Made)>,
}

impl Pool {
    /// The workers for so many jobs, with these shares.
    pub(super) fn new(options: &Options, lines: Option<&dyn Lines>, shares: Shares) -> Pool {
        let worker = || Worker::new(options, lines.map(Lines::another), shares);
        if options.jobs.get() == 1 {
            return Pool::Here(Box::new(Here {
                worker: worker(),
                done: None,
                spare: Made::default(),
            }));
        }
        Pool::Threads {
            threads: (0..shares.workers())
                .map(|_| Thread::start(worker()))
                .collect(),
            under_way: 0,
        }
    }

    /// Hands out a batch and leaves an empty one in its place. Where [`is_busy`](Pool::is_busy), one has to be collected first.
    pub(super) fn submit(&mut self, batch: &mut Batch) {
        let (common, mut parts) = batch.end();
        match self {
            Pool::Here(here) => {
                let mut made = std::mem::take(&mut here.spare);
                for part in &mut parts {
                    here.worker.batch(&common, part, &mut made);
                }
                here.done = Some(made);
                batch.begin(parts, Some(common));
            }
            Pool::Threads { threads, under_way } => {
                let common = Arc::new(common);
                let mut empty = Vec::with_capacity(threads.len());
                for (thread, part) in threads.iter_mut().zip(parts) {
                    let (spare, made) = thread.spare.pop().unwrap_or_default();
                    thread.send((Arc::clone(&common), part, made));
                    empty.push(spare);
                }
                *under_way += 1;
                // What the threads look at is left to them.
                batch.begin(empty, Arc::into_inner(common));
            }
        }
    }

    /// Whether a batch has to be collected before the next is submitted.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Pool::Here(here) => here.done.is_some(),
            Pool::Threads { under_way, .. } => *under_way >= UNDER_WAY,
        }
    }

    /// Waits for the oldest batch and puts what each worker made of it into `into`, for [`give_back`](Pool::give_back). False if
    /// no batch is under way.
    pub(super) fn collect(&mut self, into: &mut Vec<Made>) -> bool {
        match self {
            Pool::Here(here) => {
                into.extend(here.done.take());
                !into.is_empty()
            }
            Pool::Threads { under_way: 0, .. } => false,
            Pool::Threads { threads, under_way } => {
                *under_way -= 1;
                for thread in threads {
                    let (part, made) = thread.receive();
                    into.push(made);
                    thread.spare.push((part, Made::default()));
                }
                true
            }
        }
    }

    /// Takes back what was collected, to be used again.
    pub(super) fn give_back(&mut self, collected: &mut Vec<Made>) {
        collected.iter_mut().for_each(Made::clear);
        match self {
            Pool::Here(here) => here.spare = collected.pop().unwrap_or_default(),
            Pool::Threads { threads, .. } => {
                for (thread, made) in threads.iter_mut().zip(collected.drain(..)) {
                    if let Some((_, spare)) = thread.spare.last_mut() {
                        *spare = made;
                    }
                }
            }
        }
    }

    /// The capture is over, and nothing is under way: what that makes final.
    pub(super) fn finish(&mut self, into: &mut Vec<Made>) {
        match self {
            Pool::Here(here) => {
                let mut made = Made::default();
                here.worker.finish(&mut made);
                into.push(made);
            }
            Pool::Threads { threads, .. } => {
                for thread in threads.iter_mut() {
                    thread.orders = None;
                }
                into.extend(threads.iter_mut().map(|thread| thread.receive().1));
            }
        }
    }
}

impl Thread {
    fn start(mut worker: Worker) -> Thread {
        let (orders, received) = sync_channel::<Order>(UNDER_WAY);
        let (finished, done) = sync_channel(UNDER_WAY);
        let handle = std::thread::spawn(move || {
            // Whoever waits for the items may have gone: then nobody wants them.
            for (common, mut part, mut made) in received {
                worker.batch(&common, &mut part, &mut made);
                drop(common);
                if finished.send((part, made)).is_err() {
                    return;
                }
            }
            let mut made = Made::default();
            worker.finish(&mut made);
            let _ = finished.send((Part::default(), made));
        });
        Thread {
            orders: Some(orders),
            done,
            handle: Some(handle),
            spare: Vec::new(),
        }
    }

    fn send(&mut self, order: Order) {
        let sent = self
            .orders
            .as_ref()
            .is_some_and(|orders| orders.send(order).is_ok());
        if !sent {
            self.rethrow();
        }
    }

    fn receive(&mut self) -> (Part, Made) {
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
