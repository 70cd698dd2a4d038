//! What the workers have to do, each its orders one after the other, and what they made, until the caller takes it.
//!
//! Whoever is free takes the oldest order of a worker that nobody works with: a thread, or the caller while it waits. So all are done at the same
//! time, wherever the work lies.

use super::super::batch::{Common, Part};
use super::super::made::Made;
use super::super::worker::{Unfinished, Worker};
use super::UNDER_WAY;
use crate::model::FrameNo;
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Desk {
    state: Mutex<State>,
    /// There may be something to do.
    ordered: Condvar,
    /// Something was done.
    done: Condvar,
}

struct State {
    seats: Vec<Seat>,
    /// Threads that wait for orders, and whether the caller waits for what is done. To wake nobody costs as much as to wake somebody.
    idle: usize,
    caller_waits: bool,
    /// What the caller asks for.
    wanted: Option<Wanted>,
    /// Nobody wants anything any more.
    closed: bool,
    /// With what a thread has panicked.
    panic: Option<Box<dyn Any + Send>>,
}

/// A worker's next piece, which need not reach further than to a frame.
#[derive(Clone, Copy)]
struct Wanted {
    whose: usize,
    until: Option<FrameNo>,
}

/// A worker's place.
struct Seat {
    /// `None` while somebody works with it.
    worker: Option<Box<Worker>>,
    orders: VecDeque<Order>,
    /// How many orders were worked off.
    number: u64,
    done: VecDeque<Done>,
}

/// Something for one worker to do.
pub(super) struct Order {
    /// The batch, or `None` at the end of the capture.
    batch: Option<(Arc<Common>, Part)>,
    /// What is left of the batch.
    left: Option<Unfinished>,
    made: Made,
}

/// What was made of an order, or a piece of that.
pub(super) struct Done {
    pub(super) made: Made,
    /// To be used again.
    pub(super) part: Option<Part>,
}

/// A worker with an order, while somebody works with it.
struct Task {
    whose: usize,
    worker: Box<Worker>,
    order: Order,
    until: Option<FrameNo>,
}

/// A worker with whom nobody works any more.
struct Free {
    whose: usize,
    worker: Box<Worker>,
    done: Done,
    /// What is left of its order.
    left: Option<Order>,
}

/// Who takes tasks. They begin at different ends, so that each mostly works with the same workers, whose connections are in its cache.
#[derive(Clone, Copy)]
enum Who {
    Thread,
    Caller,
}

impl Order {
    /// A part of a batch, and what shall take what is made of it: empty.
    pub(super) fn batch(common: Arc<Common>, part: Part, made: Made) -> Order {
        Order {
            batch: Some((common, part)),
            left: None,
            made,
        }
    }

    /// The end of the capture.
    pub(super) fn the_end() -> Order {
        Order {
            batch: None,
            left: None,
            made: Made::default(),
        }
    }

    /// Has it worked off, at least a piece. What is left of it then.
    fn work_off(mut self, worker: &mut Worker, until: Option<FrameNo>) -> (Done, Option<Order>) {
        let Some((common, part)) = &mut self.batch else {
            worker.finish(&mut self.made);
            let made = self.made;
            return (Done { made, part: None }, None);
        };
        match worker.batch(common, part, &mut self.left, until, &mut self.made) {
            Some(made) => (Done { made, part: None }, Some(self)),
            None => {
                let part = self.batch.map(|(_, part)| part);
                let made = self.made;
                (Done { made, part }, None)
            }
        }
    }
}

impl Desk {
    /// Nothing to do for these workers.
    pub(super) fn new(workers: impl Iterator<Item = Worker>) -> Arc<Desk> {
        let seats = workers.map(|worker| Seat {
            worker: Some(Box::new(worker)),
            orders: VecDeque::new(),
            number: 0,
            done: VecDeque::new(),
        });
        Arc::new(Desk {
            state: Mutex::new(State {
                seats: seats.collect(),
                idle: 0,
                caller_waits: false,
                wanted: None,
                closed: false,
                panic: None,
            }),
            ordered: Condvar::new(),
            done: Condvar::new(),
        })
    }

    /// Gives each worker its next order.
    pub(super) fn give(&self, orders: impl Iterator<Item = Order>) {
        let mut state = self.lock();
        for (seat, order) in state.seats.iter_mut().zip(orders) {
            seat.orders.push_back(order);
        }
        if state.idle > 0 {
            drop(state);
            self.ordered.notify_all();
        }
    }

    /// What a worker made next, a piece up to the frame `until`; until that is there, the caller works.
    pub(super) fn receive(&self, whose: usize, until: Option<FrameNo>) -> Done {
        let mut state = self.lock();
        state.wanted = Some(Wanted { whose, until });
        loop {
            if let Some(done) = state.seats[whose].done.pop_front() {
                state.wanted = None;
                if state.idle > 0 && state.may_begin(whose) {
                    drop(state);
                    self.ordered.notify_one();
                }
                return done;
            }
            if let Some(panic) = state.panic.take() {
                drop(state);
                resume_unwind(panic);
            }
            state = match state.take(Who::Caller) {
                Some(task) => {
                    drop(state);
                    let free = task.work_off();
                    let mut state = self.lock();
                    state.put_back(free);
                    state
                }
                None => {
                    state.caller_waits = true;
                    let mut state = wait(&self.done, state);
                    state.caller_waits = false;
                    state
                }
            };
        }
    }

    /// Works for the workers until the desk is closed.
    pub(super) fn serve(&self) {
        let mut state = self.lock();
        while !state.closed {
            let Some(task) = state.take(Who::Thread) else {
                state.idle += 1;
                state = wait(&self.ordered, state);
                state.idle -= 1;
                continue;
            };
            drop(state);
            let free = catch_unwind(AssertUnwindSafe(|| task.work_off()));
            state = self.lock();
            match free {
                Ok(free) => state.put_back(free),
                Err(panic) => {
                    state.panic = Some(panic);
                    self.done.notify_one();
                    return;
                }
            }
            if state.caller_waits {
                self.done.notify_one();
            }
        }
    }

    /// Nobody wants anything any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ordered.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(condition: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condition
        .wait(state)
        .unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    fn work_off(self) -> Free {
        let Task {
            whose,
            mut worker,
            order,
            until,
        } = self;
        let (done, left) = order.work_off(&mut worker, until);
        Free {
            whose,
            worker,
            done,
            left,
        }
    }
}

impl State {
    /// The oldest order of a worker that nobody works with.
    fn take(&mut self, who: Who) -> Option<Task> {
        let seats = self.seats.iter().enumerate();
        let free = seats.filter(|(whose, _)| self.may_begin(*whose));
        let (whose, _) = match who {
            Who::Thread => free.min_by_key(|(_, seat)| seat.number),
            Who::Caller => free.rev().min_by_key(|(_, seat)| seat.number),
        }?;
        let seat = &mut self.seats[whose];
        let (worker, order) = (seat.worker.take()?, seat.orders.pop_front()?);
        let wanted = self.wanted.filter(|wanted| wanted.whose == whose);
        Some(Task {
            whose,
            worker,
            order,
            until: wanted.and_then(|wanted| wanted.until),
        })
    }

    /// Whether somebody may begin with a worker's next order: of what it made no more waits than of the batches that may be under way. The next piece of
    /// one that comes in pieces is made when the caller asks for it, since pieces are large.
    fn may_begin(&self, whose: usize) -> bool {
        let seat = &self.seats[whose];
        let may = |order: &Order| match order.left {
            Some(_) => {
                let is_wanted = self.wanted.is_some_and(|wanted| wanted.whose == whose);
                is_wanted && seat.done.is_empty()
            }
            None => seat.done.len() < UNDER_WAY,
        };
        seat.worker.is_some() && seat.orders.front().is_some_and(may)
    }

    fn put_back(&mut self, free: Free) {
        let seat = &mut self.seats[free.whose];
        seat.worker = Some(free.worker);
        seat.done.push_back(free.done);
        match free.left {
            Some(left) => seat.orders.push_front(left),
            None => seat.number += 1,
        }
    }
}
