//! The workers: one in the caller's thread, or several, most of them in threads of their own.
//!
//! In: batches, one after the other. Out: the items that each made final, batch by batch, in the same order and the same whatever the
//! number of workers. At most a few batches are under way at a time.

use super::Options;
use super::batch::{Batch, Common, Part};
use super::share::Shares;
use super::worker::{Item, Worker};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may be under way: enough that nobody waits for the other, few enough that memory stays small.
pub(super) const UNDER_WAY: usize = 2;

pub(super) struct Pool {
    shares: Shares,
    /// The first worker, where it works in the caller's thread.
    here: Option<Here>,
    /// The others.
    threads: Vec<Thread>,
    under_way: usize,
}

/// The worker in the caller's thread, and what it made of each batch that was not collected.
struct Here {
    worker: Box<Worker>,
    done: VecDeque<Vec<Item>>,
}

/// A worker's thread.
struct Thread {
    /// `None` once it has been told that the capture is over.
    orders: Option<SyncSender<(Arc<Common>, Part)>>,
    done: Receiver<(Part, Vec<Item>)>,
    handle: Option<JoinHandle<()>>,
    /// To be used again.
    spare: Vec<Part>,
}

impl Pool {
    pub(super) fn new(options: &Options) -> Pool {
        let jobs = options.jobs.get();
        let shares = Shares::of_jobs(jobs);
        let here = (jobs <= 2).then(|| Here {
            worker: Box::new(Worker::new(options, shares)),
            done: VecDeque::new(),
        });
        let threads = shares.workers() - usize::from(here.is_some());
        Pool {
            shares,
            here,
            threads: (0..threads)
                .map(|_| Thread::start(options, shares))
                .collect(),
            under_way: 0,
        }
    }

    /// Which connections belong to which worker.
    pub(super) fn shares(&self) -> Shares {
        self.shares
    }

    /// Hands out a batch and leaves an empty one in its place.
    pub(super) fn submit(&mut self, batch: &mut Batch) {
        let (common, parts) = batch.end();
        let common = Arc::new(common);
        let mut parts = parts.into_iter();
        let own = match &mut self.here {
            Some(here) => parts.next().map(|part| (here, part)),
            None => None,
        };
        for (thread, part) in self.threads.iter_mut().zip(parts) {
            thread.send(Arc::clone(&common), part);
        }
        let mut next = Vec::with_capacity(self.shares.workers());
        if let Some((here, mut part)) = own {
            let mut items = Vec::new();
            here.worker.batch(&common, &mut part, &mut items);
            here.done.push_back(items);
            next.push(part);
        }
        let spare = |thread: &mut Thread| thread.spare.pop().unwrap_or_default();
        next.extend(self.threads.iter_mut().map(spare));
        self.under_way += 1;
        // What the threads still look at is left to them.
        batch.begin(next, Arc::into_inner(common));
    }

    /// Whether a batch has to be collected before the next is submitted.
    pub(super) fn is_busy(&self) -> bool {
        self.threads.is_empty() || self.under_way >= UNDER_WAY
    }

    /// Waits for the oldest batch and appends the items that it made final, those of each worker in order. False if none is under way.
    pub(super) fn collect(&mut self, into: &mut Vec<Item>) -> bool {
        if self.under_way == 0 {
            return false;
        }
        self.under_way -= 1;
        let here = self.here.as_mut().and_then(|here| here.done.pop_front());
        into.append(&mut here.unwrap_or_default());
        for thread in &mut self.threads {
            let (part, mut items) = thread.receive();
            into.append(&mut items);
            thread.spare.push(part);
        }
        true
    }

    /// The capture is over, and nothing is under way: appends what that makes final.
    pub(super) fn finish(&mut self, into: &mut Vec<Item>) {
        for thread in &mut self.threads {
            thread.orders = None;
        }
        if let Some(here) = &mut self.here {
            here.worker.finish(into);
        }
        for thread in &mut self.threads {
            into.append(&mut thread.receive().1);
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
