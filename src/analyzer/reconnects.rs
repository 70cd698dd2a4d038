//! Stitches the sessions of one EventSource together: which earlier session a request goes on from.
//!
//! What sessions were asked with and how they ended comes in, in the order of the capture and over all connections, with the
//! requests that got no stream and the connections that were refused in between; links to earlier sessions go out. Links go
//! backwards only, so that a longer capture changes none.
//!
//! Invariant: `order` names every session in `ended`, oldest end first, and is no longer than `most`.

use crate::model::text::Lasting;
use crate::model::{
    At, Direction, Endpoint, Exchange, Finding, Ids, Nanos, Reconnect, Resumed, SessionEnding,
    SessionOpening, Severity, limits,
};
use crate::timeline::Frames;
use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

type Seeded = foldhash::quality::RandomState;

/// The sessions that a client may come back to.
#[derive(Debug)]
pub(super) struct Reconnects {
    /// Sessions that are remembered.
    most: usize,
    seed: Seeded,
    /// Sessions that have ended and that none continues, by what they were asked with and where their client goes on; those of one key in
    /// the order of their ends.
    ended: HashMap<u64, SmallVec<[Ended; 1]>, Seeded>,
    /// The sessions in the order of their ends, those that were continued since then included.
    order: VecDeque<(u64, u32)>,
    /// Connections refused, by client and server, where a session has ended between the two.
    peers: HashMap<u64, Peer, Seeded>,
}

/// What a session, or what was no session, was asked with.
#[derive(Debug)]
pub(super) struct Asked {
    /// Stands for client (its address), authority, target and user agent.
    stream: u64,
    /// Stands for client (its address) and server (address and port).
    peer: u64,
    /// The request's first frame.
    at: At,
    /// The first frame of the connection, if it was opened for the request.
    connected: Option<At>,
    /// Where it asks to go on.
    last_event_id: Option<Arc<str>>,
    /// Stands for that.
    from: Option<u64>,
    /// Whether it is what EventSource sends.
    event_source: bool,
    /// The session that it goes on from.
    before: Option<Ended>,
}

/// A session that has ended.
#[derive(Debug)]
struct Ended {
    session: u32,
    connection: u32,
    /// As in [`Asked`].
    peer: u64,
    at: At,
    /// The IDs of the stream, if they are of ordinary length; where it set none, those of the streams that it continued.
    ids: Option<Box<Ids>>,
    /// The reconnection time in force, milliseconds.
    retry: Option<u64>,
    /// Whether EventSource would come back: it asked, and did not close the stream itself.
    may_come_back: bool,
    /// Attempts to come back that got another answer.
    declined: u64,
    /// The last of them.
    declined_at: Option<At>,
    /// What was refused before it ended.
    refused_before: u64,
}

#[derive(Debug, Default)]
struct Peer {
    refused: u64,
    refused_at: Option<At>,
    /// Ended sessions between the two.
    sessions: u32,
}

/// Milliseconds that EventSource waits where no stream has set a reconnection time: browsers and libraries wait between one second and five,
/// with up to half of that taken off at random.
const SHORTEST_WAIT: u64 = 500;

/// Capture time after which a request without an ID is taken for a new stream and not for another attempt, nanoseconds: implementations that wait longer from
/// attempt to attempt stop at 30 s to a minute.
const LONGEST_WAIT: Nanos = 60_000_000_000;

const MILLISECOND: Nanos = 1_000_000;

impl Reconnects {
    /// Nothing has ended yet; `memory`: what the whole analysis may take, bytes.
    pub(super) fn new(memory: usize) -> Reconnects {
        Reconnects {
            most: limits::ENDED_SESSIONS.min(memory / limits::ENDED_SESSION),
            seed: Seeded::default(),
            ended: HashMap::default(),
            order: VecDeque::new(),
            peers: HashMap::default(),
        }
    }

    /// What is asked by an exchange; `None` where its request was not captured.
    pub(super) fn asked(&self, exchange: &Exchange, ends: &Frames) -> Option<Asked> {
        let request = exchange.request.as_deref()?;
        let (client, server) = (ends.client, ends.server);
        let authority = request.authority.as_deref().map(str::to_ascii_lowercase);
        // HTTP/1.0 need not name the authority; the server's address stands in.
        let address = authority.is_none().then_some(server);
        let agent: Option<&str> = request.values("user-agent").next();
        let stream = (client.address, authority, address, &request.target, agent);
        Some(Asked {
            stream: self.seed.hash_one(stream),
            peer: self.peer(client.address, server),
            at: request.span.first,
            connected: exchange.first.then_some(ends.first),
            last_event_id: request.goes_on_from().map(Arc::from),
            from: request.goes_on_from().map(|id| self.seed.hash_one(id)),
            event_source: request.is_of_event_source(),
            before: None,
        })
    }

    /// A session opens: the earlier one that it continues, which no other can continue any more.
    pub(super) fn continues(&mut self, asked: &mut Asked) -> Option<Reconnect> {
        let (key, place) = self.find(asked)?;
        let all = self.ended.get_mut(&key)?;
        let before = all.remove(place);
        if all.is_empty() {
            self.ended.remove(&key);
        }
        let refused = self.leave(before.peer, before.refused_before);
        let reconnect = Reconnect {
            session: before.session,
            delay: asked.came_back(&before),
            retry: before.retry,
            attempts: 1 + before.declined + refused,
        };
        asked.before = Some(before);
        Some(reconnect)
    }

    /// A session is over: it may be continued from now on. What its IDs say, if it continued another.
    pub(super) fn ended(
        &mut self,
        asked: Asked,
        opening: &SessionOpening,
        ending: &SessionEnding,
    ) -> Resumed {
        let before = asked.before;
        let resumed = match (&before, &ending.ids) {
            (Some(before), Some(ids)) => resumed(before, ids, asked.last_event_id.as_deref()),
            _ => Resumed::default(),
        };
        // Where no end was seen nobody knows since when the client is gone.
        let Some(at) = ending.end.at else {
            return resumed;
        };
        let (inherited, retry) = match before {
            Some(before) => (before.ids, before.retry),
            None => (None, None),
        };
        // Stands for where its client goes on, if anywhere: the last ID, or what the request asked for.
        let reached = match ending.ids.as_ref().map(|ids| as_sent(&ids.last)) {
            Some("") => None,
            Some(id) => Some(self.seed.hash_one(id)),
            None => asked.from,
        };
        let may_come_back = asked.event_source && ending.end.by != Some(Direction::ToServer);
        if reached.is_none() && !may_come_back {
            return resumed; // Nothing tells a request that goes on from it.
        }
        let short = |ids: &Ids| ids.first.len() + ids.last.len() <= limits::REMEMBERED_IDS;
        let ids = match &ending.ids {
            Some(ids) => Some(ids.clone()).filter(|ids| short(ids)),
            None => inherited,
        };
        let peer = self.peers.entry(asked.peer).or_default();
        peer.sessions += 1;
        let ended = Ended {
            session: opening.session,
            connection: opening.connection,
            peer: asked.peer,
            at,
            ids,
            retry: ending.retry.or(retry),
            may_come_back,
            declined: 0,
            declined_at: None,
            refused_before: peer.refused,
        };
        let key = self.key(asked.stream, reached);
        self.order.push_back((key, ended.session));
        self.ended.entry(key).or_default().push(ended);
        self.forget_oldest();
        resumed
    }

    /// A request got another answer than a stream, or none. What is to be said of it.
    pub(super) fn declined(
        &mut self,
        asked: &Asked,
        exchange: &Exchange,
        at: At,
    ) -> Option<Finding> {
        let (key, place) = self.find(asked)?;
        let all = self.ended.get_mut(&key)?;
        let before = all.get_mut(place)?;
        before.declined += 1;
        before.declined_at = Some(at);
        // WHATWG HTML §9.2.1: "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204".
        let told = exchange.response.as_deref()?;
        if told.status != 204 {
            return None;
        }
        let before = all.remove(place);
        if all.is_empty() {
            self.ended.remove(&key);
        }
        self.leave(before.peer, 0);
        let answered = told.span.there.frame;
        let from = match &asked.last_event_id {
            Some(id) => format!(" with Last-Event-ID \"{}\"", shortened(id)),
            None => String::new(),
        };
        let delay = Lasting(asked.came_back(&before));
        Some(Finding {
            code: "stop-204",
            severity: Severity::Note,
            session: Some(before.session),
            connection: Some(before.connection),
            frames: vec![asked.at.frame, answered],
            text: format!(
                "the client came back after {delay}{from} and was told 204 (No. {answered}): no more reconnects"
            ),
        })
    }

    /// The server refused a connection.
    pub(super) fn refused(&mut self, at: At, client: Endpoint, server: Endpoint) {
        let peer = self.peer(client.address, server);
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.refused += 1;
            peer.refused_at = Some(at);
        }
    }

    fn peer(&self, client: IpAddr, server: Endpoint) -> u64 {
        self.seed.hash_one((client, server))
    }

    /// Under what sessions of a stream are kept whose client goes on from there.
    fn key(&self, stream: u64, reached: Option<u64>) -> u64 {
        self.seed.hash_one((stream, reached))
    }

    /// The session that a request goes on from: its key, and its place there.
    fn find(&self, asked: &Asked) -> Option<(u64, usize)> {
        if asked.from.is_none() && !asked.event_source {
            return None;
        }
        let key = self.key(asked.stream, asked.from);
        let all = self.ended.get(&key)?;
        let fits = |ended: &Ended| {
            asked.at.frame > ended.at.frame
                && (asked.from.is_some() || asked.comes_back(ended, self.peers.get(&ended.peer)))
        };
        // Of several whose ID is the same (a broadcast to several windows) the one that ended last and whose time to wait is
        // over: none comes back before that, and of those that ended long ago most never will.
        let candidates = || {
            let newest = all
                .iter()
                .enumerate()
                .rev()
                .take(limits::RECONNECT_CANDIDATES);
            newest.filter(|(_, ended)| fits(ended))
        };
        candidates()
            .find(|(_, ended)| asked.waited(ended, SHORTEST_WAIT))
            .or_else(|| candidates().next())
            .map(|(place, _)| (key, place))
    }

    /// An ended session between the two is not waited for any more. How many connections were refused since there were so many.
    fn leave(&mut self, peer: u64, refused_before: u64) -> u64 {
        let Some(known) = self.peers.get_mut(&peer) else {
            return 0;
        };
        let refused = known.refused.saturating_sub(refused_before);
        known.sessions -= 1;
        if known.sessions == 0 {
            self.peers.remove(&peer);
        }
        refused
    }

    fn forget_oldest(&mut self) {
        if self.order.len() <= self.most {
            return;
        }
        let Some((key, session)) = self.order.pop_front() else {
            return;
        };
        if let Some(all) = self.ended.get_mut(&key)
            && let Some(place) = all.iter().position(|ended| ended.session == session)
        {
            let ended = all.remove(place);
            if all.is_empty() {
                self.ended.remove(&key);
            }
            self.leave(ended.peer, 0);
        }
    }
}

impl Asked {
    /// The time from the earlier session's end to the first sign of the client: it opens a connection, or asks on one that is open.
    fn came_back(&self, ended: &Ended) -> Nanos {
        let connected = self.connected.filter(|at| at.frame > ended.at.frame);
        connected.unwrap_or(self.at).time.since(ended.at.time)
    }

    /// Whether a request without an ID is EventSource's, back after a stream without IDs: it waits the reconnection time and goes
    /// on trying. Anything else is a client that asks again for reasons of its own.
    fn comes_back(&self, ended: &Ended, peer: Option<&Peer>) -> bool {
        let refused_at = peer
            .filter(|peer| peer.refused > ended.refused_before)
            .and_then(|peer| peer.refused_at);
        let tried = [Some(ended.at), ended.declined_at, refused_at];
        let since = tried.into_iter().flatten().map(|at| at.time).max();
        let retry = Nanos::try_from(ended.retry.unwrap_or(0)).unwrap_or(Nanos::MAX);
        let longest = LONGEST_WAIT.max(retry.saturating_mul(2 * MILLISECOND));
        self.event_source
            && ended.may_come_back
            && self.waited(ended, SHORTEST_WAIT)
            && since.is_some_and(|since| self.at.time.since(since) <= longest)
    }

    /// Whether the reconnection time was over; `unset`: what it is where no stream has set it, milliseconds.
    fn waited(&self, ended: &Ended, unset: u64) -> bool {
        let retry = Nanos::try_from(ended.retry.unwrap_or(unset)).unwrap_or(Nanos::MAX);
        // Timers are not exact, and the capture saw the end later than the client or earlier.
        let least = retry.saturating_mul(MILLISECOND) / 10 * 9;
        self.at.time.since(ended.at.time) >= least
    }
}

/// An ID as a request's field has it: white space around a value is no part of it (RFC 9110 §5.5).
fn as_sent(id: &str) -> &str {
    id.trim_matches([' ', '\t'])
}

/// What the IDs of a stream say that went on from `before`.
fn resumed(before: &Ended, ids: &Ids, asked: Option<&str>) -> Resumed {
    let unknown = Resumed::default();
    let (Some(earlier), Some(asked)) = (&before.ids, asked) else {
        return unknown;
    };
    if let (Some((prefix, reached)), Some((same, first))) =
        (Ids::number(asked), Ids::number(&ids.first))
        && prefix == same
        && earlier.by_one
        && ids.by_one
        && earlier.count + ids.count > 2
    {
        let again = |first: u64| (reached - first).saturating_add(1).min(ids.count);
        return Resumed {
            missed: Some(first.saturating_sub(reached).saturating_sub(1)),
            repeated: Some(if first <= reached { again(first) } else { 0 }),
        };
    }
    // The stream begins again, or with the ID that the client has.
    let repeated = if ids.first == earlier.first {
        Some(earlier.count.min(ids.count))
    } else {
        (as_sent(&ids.first) == asked).then_some(1)
    };
    Resumed {
        missed: None,
        repeated,
    }
}

/// An ID as a sentence quotes it.
fn shortened(id: &str) -> String {
    /// Characters of an ID in a sentence.
    const ID: usize = 40;
    match id.char_indices().nth(ID) {
        Some((end, _)) => format!("{}…", &id[..end]),
        None => id.to_owned(),
    }
}
