//! Which response answers which request (RFC 9112 §9.3.2): in order.
//!
//! Requests come in as they begin, as their heads and as their bodies become complete; each final response takes the oldest one
//! that waits. Interim responses take none.

use crate::model::{At, Exchange, RequestHead, limits};
use std::collections::VecDeque;
use std::sync::Arc;

/// The exchanges of one connection.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    /// Requests whose heads are complete and that nothing has answered, oldest first.
    waiting: VecDeque<Request>,
    /// The request that the last final response answers.
    current: Option<Request>,
    /// Where the request head in the making began.
    in_head: Option<At>,
    /// The request head in the making was answered already.
    answered_early: bool,
    /// More requests waited than the cap allows: nothing is matched any more.
    unmatched: bool,
    /// Responses may have been missed: the next one answers the youngest request that waits.
    missed_responses: bool,
    /// Requests may have been missed since the youngest that is known.
    missed_requests: bool,
    /// A request head was complete.
    asked: bool,
    /// A start line was seen: the connection does speak HTTP/1.
    pub(super) confirmed: bool,
}

/// A request whose head is complete.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) head: Arc<RequestHead>,
    /// The frame in which its first byte was there.
    begun: At,
    /// The frame in which its last byte, head and body, was there.
    pub(super) end: Option<At>,
    /// Whether it is the first of its connection.
    pub(super) first: bool,
    /// Bytes that its head holds.
    memory: usize,
}

impl Exchanges {
    /// A request's first byte was there.
    pub(super) fn begin(&mut self, at: At) {
        self.in_head = Some(at);
    }

    /// Whether a request head is in the making.
    pub(super) fn begun(&self) -> bool {
        self.in_head.is_some()
    }

    /// The request head in the making was lost.
    pub(super) fn abandon(&mut self) {
        self.in_head = None;
        self.answered_early = false;
    }

    /// A request head is complete. `false`: too many wait; from here on requests and responses are not matched.
    pub(super) fn request(&mut self, head: Arc<RequestHead>) -> bool {
        self.missed_requests = false;
        let begun = self.in_head.take().unwrap_or(head.span.first);
        let request = Request {
            memory: head.memory(),
            head,
            begun,
            end: None,
            first: !std::mem::replace(&mut self.asked, true),
        };
        if std::mem::take(&mut self.answered_early) {
            self.set_current(Some(request));
            return true;
        }
        if self.unmatched {
            return true;
        }
        if self.waiting.len() >= limits::PIPELINED {
            while self.next().is_some() {}
            self.unmatched = true;
            return false;
        }
        if self.waiting.capacity() == 0 {
            // Hardly any client sends a second one before the first is answered.
            self.waiting.reserve_exact(1);
        }
        self.waiting.push_back(request);
        true
    }

    /// The last byte of the youngest request was there.
    pub(super) fn request_end(&mut self, at: At) {
        // Requests are answered in order, so the youngest is the last that waits, or the one that is being answered.
        if let Some(request) = self.waiting.back_mut().or(self.current.as_mut())
            && request.end.is_none()
        {
            request.end = Some(at);
        }
    }

    /// Responses may have been missed.
    pub(super) fn miss_responses(&mut self) {
        self.missed_responses = true;
    }

    /// Requests may have been missed.
    pub(super) fn miss_requests(&mut self) {
        self.missed_requests = true;
    }

    /// A final response is complete up to its head: the request that it answers, if that was captured.
    pub(super) fn answer(&mut self) -> Option<&Request> {
        if std::mem::take(&mut self.missed_responses) {
            // Hardly any client sends a second request before the first is answered: all but the youngest had their answers, and
            // that one too where a later one may have been missed.
            let unanswered = usize::from(!self.missed_requests);
            while self.waiting.len() > unanswered {
                self.next();
            }
        }
        let next = self.waiting.pop_front();
        self.set_current(next);
        if self.current.is_none() && self.in_head.is_some() {
            self.answered_early = true;
        }
        self.current.as_ref()
    }

    /// Takes the oldest request that waits, which nothing answers.
    fn next(&mut self) -> Option<Request> {
        self.waiting.pop_front()
    }

    /// A request is the one that is being answered.
    fn set_current(&mut self, request: Option<Request>) {
        self.current = request;
    }

    /// A response whose head nobody saw is under way: the request that it answers, if that was captured. The youngest, as in [`answer`](Exchanges::answer).
    pub(super) fn answered_unseen(&mut self) -> Exchange {
        self.missed_responses = true;
        self.answered()
    }

    /// A final response comes: the exchange as far as its request tells it.
    pub(super) fn answered(&mut self) -> Exchange {
        match self.answer() {
            Some(request) => Exchange {
                request: Some(request.head.clone()),
                request_end: request.end,
                first: request.first,
                ..Exchange::default()
            },
            None => Exchange::default(),
        }
    }

    /// The requests that asked for an event stream and that nothing will answer any more, oldest first.
    pub(super) fn unanswered_streams(&mut self) -> impl Iterator<Item = Request> + use<> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting
            .into_iter()
            .filter(|request| request.head.asks_for_stream())
    }

    /// Whether the youngest request is answered.
    pub(super) fn is_answered(&self) -> bool {
        self.waiting.is_empty() && self.current.is_some()
    }

    /// The last frame of the request that is being answered.
    pub(super) fn current_end(&self) -> Option<At> {
        self.current.as_ref().and_then(|request| request.end)
    }

    /// Bytes of memory on the heap, roughly.
    pub(super) fn memory(&self) -> usize {
        let heads = self.waiting.iter().chain(&self.current);
        let heads: usize = heads.map(|request| request.memory).sum();
        heads + self.waiting.capacity() * size_of::<Request>()
    }

    /// The oldest request that nothing has answered, by the frame in which it began.
    pub(super) fn unanswered(&self) -> Option<At> {
        self.waiting
            .front()
            .map(|request| request.begun)
            .or(self.in_head.filter(|_| !self.answered_early))
    }
}
