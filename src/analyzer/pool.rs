//! The workers: one in the caller's thread, or one or more in threads of their own.
//!
//! In: batches, one after the other. Out: what each worker made of them, batch by batch. At most a few batches are under way at a time. Of a
//! batch of which much was made, what is complete comes before the rest is made.

use super::Options;
use super::batch::{Batch, Common, Part};
use super::collected::Collected;
use super::made::Made;
use super::share::Shares;
use super::worker::Worker;
use crate::model::Lines;
use std::io;
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
    done: Receiver<(Option<Part>, Made)>,
    handle: Option<JoinHandle<()>>,
    /// To be used again.
    spare: Vec<(Part, Made)>,
}

/// Passes on what is complete.
pub(super) type Merge<'a> = dyn FnMut(&mut Collected) -> io::Result<()> + 'a;

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
    ///
    /// # Errors
    /// Those of `merge`.
    pub(super) fn submit(
        &mut self,
        batch: &mut Batch,
        into: &mut Collected,
        merge: &mut Merge<'_>,
    ) -> io::Result<()> {
        let (common, mut parts) = batch.end();
        match self {
            Pool::Here(here) => {
                let mut made = std::mem::take(&mut here.spare);
                let mut merged = Ok(());
                for part in &mut parts {
                    here.worker.batch(&common, part, &mut made, &mut |piece| {
                        if merged.is_ok() {
                            into.take(0, piece);
                            merged = merge(into);
                            into.passed_on(0);
                        }
                    });
                }
                here.done = Some(made);
                batch.begin(parts, Some(common));
                merged
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
                Ok(())
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

    /// Waits for the oldest batch and puts what each worker made of it into `into`, for [`give_back`](Pool::give_back). What comes in pieces goes to
    /// `merge` up to the last. False if no batch is under way.
    ///
    /// # Errors
    /// Those of `merge`.
    pub(super) fn collect(
        &mut self,
        into: &mut Collected,
        merge: &mut Merge<'_>,
    ) -> io::Result<bool> {
        match self {
            Pool::Here(here) => {
                let Some(made) = here.done.take() else {
                    return Ok(false);
                };
                into.take(0, made);
            }
            Pool::Threads { under_way: 0, .. } => return Ok(false),
            Pool::Threads { threads, under_way } => {
                *under_way -= 1;
                for (whose, thread) in threads.iter_mut().enumerate() {
                    into.take(whose, thread.receive());
                }
                while let Some(whose) = into.waits_for() {
                    merge(into)?;
                    into.passed_on(whose);
                    into.take(whose, threads[whose].receive());
                }
            }
        }
        Ok(true)
    }

    /// Takes back what was collected, to be used again.
    pub(super) fn give_back(&mut self, collected: &mut Collected) {
        let mut empty = collected.clear();
        match self {
            Pool::Here(here) => here.spare = empty.next().unwrap_or_default(),
            Pool::Threads { threads, .. } => {
                for (thread, made) in threads.iter_mut().zip(empty) {
                    if let Some((_, spare)) = thread.spare.last_mut() {
                        *spare = made;
                    }
                }
            }
        }
    }

    /// The capture is over, and nothing is under way: what that makes final.
    pub(super) fn finish(&mut self, into: &mut Collected) {
        match self {
            Pool::Here(here) => {
                let mut made = Made::default();
                here.worker.finish(&mut made);
                into.take(0, made);
            }
            Pool::Threads { threads, .. } => {
                for thread in threads.iter_mut() {
                    thread.orders = None;
                }
                for (whose, thread) in threads.iter_mut().enumerate() {
                    into.take(whose, thread.receive());
                }
            }
        }
    }
}

impl Thread {
    fn start(mut worker: Worker) -> Thread {
        let (orders, received) = sync_channel::<Order>(UNDER_WAY);
        // The next is made while one waits; more would be held for nothing.
        let (finished, done) = sync_channel(UNDER_WAY - 1);
        let handle = std::thread::spawn(move || {
            // Whoever waits for the items may have gone: then nobody wants them.
            for (common, mut part, mut made) in received {
                worker.batch(&common, &mut part, &mut made, &mut |piece| {
                    let _ = finished.send((None, piece));
                });
                drop(common);
                if finished.send((Some(part), made)).is_err() {
                    return;
                }
            }
            let mut made = Made::default();
            worker.finish(&mut made);
            let _ = finished.send((None, made));
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

    fn receive(&mut self) -> Made {
        match self.done.recv() {
            Ok((part, made)) => {
                let spare = part.map(|part| (part, Made::default()));
                self.spare.extend(spare);
                made
            }
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
