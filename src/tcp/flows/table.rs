//! The 4-tuples of one IP version.

use super::key::Key;
use super::{Located, Numbers};
use crate::model::{Flags, Segment};
use crate::tcp::sequence::SeqNo;
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// One entry for each 4-tuple.
#[derive(Debug)]
pub(super) struct Table<const WORDS: usize> {
    flows: HashMap<Key<WORDS>, Flow, RandomState>,
    /// Entries that were used of late and that another segment without SYN changes in nothing but the stamp: these lie in the
    /// processor's cache when the table does not. Made for the first of them.
    recent: Option<Box<[Recent<WORDS>; RECENT]>>,
    /// Random too: what places in `recent` are told by.
    seeds: [u64; 2],
}

/// A power of two, so that a hash's low bits are a place; several for each of the connections that usually speak at a time.
const RECENT: usize = 16 * 1024;

/// A connection that was spoken to of late.
#[derive(Clone, Copy, Debug)]
struct Recent<const WORDS: usize> {
    /// `NOBODY` where there is none.
    key: Key<WORDS>,
    connection: u32,
    /// The stamp that its entry is due.
    last_used: u32,
}

impl<const WORDS: usize> Recent<WORDS> {
    const NONE: Recent<WORDS> = Recent {
        key: Key::NOBODY,
        connection: 0,
        last_used: 0,
    };
}

/// The newest connection of a 4-tuple.
#[derive(Debug)]
struct Flow {
    connection: u32,
    /// What relative sequence numbers of the key's first and second endpoint are counted from, once known.
    bases: [SeqNo; 2],
    known: [bool; 2],
    has_segments: bool,
    last_used: u32,
}

const _: () = assert!(
    size_of::<(Key<5>, Flow)>() <= 64,
    "an entry outlives its connection"
);

/// What a header did to the entry of its 4-tuple.
struct Found<'a> {
    flow: &'a mut Flow,
    /// Whether it is a SYN that has just taken the 4-tuple over.
    taken_over: bool,
    /// The connection that it took it from, if that had segments.
    replaces: Option<u32>,
}

impl<const WORDS: usize> Default for Table<WORDS> {
    fn default() -> Table<WORDS> {
        let flows: HashMap<_, _, RandomState> = HashMap::default();
        Table {
            seeds: [0, 1].map(|seed| flows.hasher().hash_one(seed)),
            flows,
            recent: None,
        }
    }
}

impl<const WORDS: usize> Table<WORDS> {
    /// Gives the connection of a segment that changes no entry, if it was spoken to of late.
    #[inline(always)] // As `Flows::spoken_to`.
    pub(super) fn of_late(&mut self, key: Key<WORDS>, flags: Flags, epoch: u32) -> Option<u32> {
        let place = self.place(key);
        let recent = &mut self.recent.as_mut()?[place];
        if recent.key != key || flags.has(Flags::SYN) {
            return None;
        }
        recent.last_used = epoch;
        Some(recent.connection)
    }

    /// The place of a key in `recent`.
    #[inline(always)]
    fn place(&self, key: Key<WORDS>) -> usize {
        key.mixed(self.seeds) % RECENT
    }

    /// Gives the connection of a segment whose source has place `side` in `key`.
    pub(super) fn locate(
        &mut self,
        key: Key<WORDS>,
        side: usize,
        segment: &Segment<'_>,
        numbers: &mut Numbers,
    ) -> Located {
        match self.of_late(key, segment.flags, numbers.epoch) {
            Some(connection) => Located {
                connection,
                port_reused: false,
                replaces: None,
            },
            None => self.locate_anew(key, side, segment, numbers),
        }
    }

    /// Gives the connection of a segment that was not spoken to of late, and remembers that it is.
    #[inline(never)]
    fn locate_anew(
        &mut self,
        key: Key<WORDS>,
        side: usize,
        segment: &Segment<'_>,
        numbers: &mut Numbers,
    ) -> Located {
        self.settle_at(self.place(key));
        let (located, settled) = self.locate_in_flows(key, side, segment, numbers);
        if settled && !segment.flags.has(Flags::SYN) {
            self.remember(Recent {
                key,
                connection: located.connection,
                last_used: numbers.epoch,
            });
        }
        located
    }

    /// Puts a connection in its place among those that were spoken to of late.
    fn remember(&mut self, spoken_to: Recent<WORDS>) {
        let place = self.place(spoken_to.key);
        if self.recent.is_none() {
            self.recent = vec![Recent::NONE; RECENT].try_into().ok();
        }
        if let Some(recent) = &mut self.recent {
            recent[place] = spoken_to;
        }
    }

    /// As [`locate`](Table::locate); and whether nothing but a SYN changes the entry any more.
    #[inline(never)]
    fn locate_in_flows(
        &mut self,
        key: Key<WORDS>,
        side: usize,
        segment: &Segment<'_>,
        numbers: &mut Numbers,
    ) -> (Located, bool) {
        let Found {
            flow,
            taken_over,
            replaces,
        } = self.find(key, side, segment.sequence, segment.flags, numbers);
        flow.has_segments = true;

        let number = SeqNo(segment.sequence);
        let syn = segment.flags.has(Flags::SYN);
        let ack = segment.flags.has(Flags::ACK);
        if !flow.known[side] || syn && ack {
            flow.learn(side, if syn { number } else { number.minus(1) });
        }
        if ack && !flow.known[1 - side] {
            flow.learn(1 - side, SeqNo(segment.acknowledgment).minus(1));
        }
        let located = Located {
            connection: flow.connection,
            port_reused: taken_over,
            replaces,
        };
        (located, flow.known == [true; 2])
    }

    /// Hears of a quoted header, as [`Flows::quoted`](super::Flows::quoted).
    pub(super) fn quoted(
        &mut self,
        key: Key<WORDS>,
        side: usize,
        sequence: u32,
        flags: Flags,
        numbers: &mut Numbers,
    ) -> Option<u32> {
        self.settle_at(self.place(key));
        self.find(key, side, sequence, flags, numbers).replaces
    }

    /// The entry of a header's 4-tuple, made where there is none, and made anew where the header is a SYN that takes it over.
    fn find(
        &mut self,
        key: Key<WORDS>,
        side: usize,
        sequence: u32,
        flags: Flags,
        numbers: &mut Numbers,
    ) -> Found<'_> {
        let next = numbers.next;
        let flow = self.flows.entry(key).or_insert_with(|| Flow::new(next));
        flow.last_used = numbers.epoch;
        let pure_syn = flags.has(Flags::SYN) && !flags.has(Flags::ACK);
        let taken_over = pure_syn && flow.known[side] && flow.bases[side] != SeqNo(sequence);
        let mut replaces = None;
        if taken_over {
            replaces = flow.has_segments.then_some(flow.connection);
            *flow = Flow::new(next);
            flow.last_used = numbers.epoch;
        }
        if flow.connection == next {
            numbers.next += 1;
        }
        Found {
            flow,
            taken_over,
            replaces,
        }
    }

    /// Gives an entry the stamp that it is due, and forgets that it was used of late.
    fn settle_at(&mut self, place: usize) {
        let Some(recent) = &mut self.recent else {
            return;
        };
        let before = std::mem::replace(&mut recent[place], Recent::NONE);
        if before.key != Key::NOBODY
            && let Some(flow) = self.flows.get_mut(&before.key)
        {
            flow.last_used = flow.last_used.max(before.last_used);
        }
    }

    /// Gives every entry the stamp that it is due, and forgets what was used of late.
    fn settle(&mut self) {
        (0..RECENT).for_each(|place| self.settle_at(place));
    }

    /// Every entry: the connection's number and the stamp of its last use.
    pub(super) fn entries(&mut self) -> impl Iterator<Item = (u32, u32)> {
        self.settle();
        let flows = self.flows.values();
        flows.map(|flow| (flow.connection, flow.last_used))
    }

    /// Forgets the entries of the connections of which `keep` does not hold.
    pub(super) fn retain(&mut self, keep: &mut impl FnMut(u32) -> bool) {
        self.settle();
        self.flows.retain(|_, flow| keep(flow.connection));
        self.flows.shrink_to(self.flows.len() / 2 * 3);
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Bytes of memory, as far as the number of entries tells.
    pub(super) fn memory(&self) -> usize {
        // A table doubles when it is 7/8 full, and the old one is there until the new one is filled: three times the entries at worst.
        3 * self.len() * (size_of::<(Key<WORDS>, Flow)>() + 1)
    }
}

impl Flow {
    fn new(connection: u32) -> Flow {
        Flow {
            connection,
            bases: [SeqNo(0); 2],
            known: [false; 2],
            has_segments: false,
            last_used: 0,
        }
    }

    fn learn(&mut self, side: usize, base: SeqNo) {
        self.bases[side] = base;
        self.known[side] = true;
    }
}
