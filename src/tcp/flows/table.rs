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
    recent: Option<Box<[[Recent<WORDS>; 2]; RECENT]>>,
    /// Those that had to make room there, while their entries are still due their stamps.
    due: Vec<Recent<WORDS>>,
    /// Random too: what places in `recent` are told by.
    seeds: [u64; 2],
}

/// A power of two, so that a hash's low bits are a place; several for each of the connections that usually speak at a time. Each has room
/// for two, the later first, since else connections would often share one with another: some, of two thousand at a time; most, of twenty thousand.
const RECENT: usize = match cfg!(test) {
    true => 2, // so that places are shared
    false => 16 * 1024,
};

/// So many entries get their stamps together: one after the other, so that the processor fetches several at a time.
const DUE: usize = match cfg!(test) {
    true => 3,
    false => 32,
};

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
            due: Vec::new(),
        }
    }
}

impl<const WORDS: usize> Table<WORDS> {
    /// Gives the connection of a segment that changes no entry, if it was spoken to of late.
    #[inline(always)] // As `Flows::spoken_to`.
    pub(super) fn of_late(&mut self, key: Key<WORDS>, flags: Flags, epoch: u32) -> Option<u32> {
        let place = self.place(key);
        let [later, earlier] = &mut self.recent.as_mut()?[place];
        if flags.has(Flags::SYN) {
            return None;
        }
        if later.key == key {
            later.last_used = epoch;
            return Some(later.connection);
        }
        if earlier.key == key {
            earlier.last_used = epoch;
            return Some(earlier.connection);
        }
        None
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
        self.forget_of_late(key);
        let (located, settled) = self.locate_in_flows(key, side, segment, numbers);
        if settled && !segment.flags.has(Flags::SYN) {
            self.spoken_to(Recent {
                key,
                connection: located.connection,
                last_used: numbers.epoch,
            });
        }
        located
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
        self.forget_of_late(key);
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

    /// Puts a connection first in its place among those that were spoken to of late.
    fn spoken_to(&mut self, recent: Recent<WORDS>) {
        let place = self.place(recent.key);
        if self.recent.is_none() {
            self.recent = vec![[Recent::NONE; 2]; RECENT].try_into().ok();
        }
        if let Some(places) = &mut self.recent {
            let [later, earlier] = &mut places[place];
            let before = std::mem::replace(earlier, *later);
            *later = recent;
            self.due.push(before);
            if self.due.len() == DUE {
                self.stamp_due();
            }
        }
    }

    /// Gives the entries of those that had to make room the stamps that they are due.
    fn stamp_due(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        due.drain(..).for_each(|recent| self.stamp(&recent));
        self.due = due;
    }

    /// Forgets that a 4-tuple was used of late, if it was.
    fn forget_of_late(&mut self, key: Key<WORDS>) {
        let place = self.place(key);
        let Some(places) = &mut self.recent else {
            return;
        };
        if let Some(recent) = places[place].iter_mut().find(|recent| recent.key == key) {
            let before = std::mem::replace(recent, Recent::NONE);
            self.stamp(&before);
        }
    }

    /// Gives an entry the stamp that it is due.
    fn stamp(&mut self, recent: &Recent<WORDS>) {
        if recent.key != Key::NOBODY
            && let Some(flow) = self.flows.get_mut(&recent.key)
        {
            flow.last_used = flow.last_used.max(recent.last_used);
        }
    }

    /// Gives every entry the stamp that it is due, and forgets what was used of late.
    fn settle(&mut self) {
        self.stamp_due();
        let places = self.recent.take();
        for recent in places.iter().flat_map(|places| places.as_flattened()) {
            self.stamp(recent);
        }
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

#[cfg(test)]
mod tests {
    use super::super::Flows;
    use super::super::key::Keyed;
    use super::*;
    use crate::model::{At, Endpoint, PlainAddresses, PlainHeader, TcpOptions};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    /// Endpoints that differ in one part only, more often the same ones; in either direction.
    fn ends() -> impl Strategy<Value = (Endpoint, Endpoint)> {
        let pick = || prop_oneof![6 => Just(1_u8), 1 => Just(2)];
        let end = || (pick(), pick(), pick());
        let all = (any::<[bool; 2]>(), end(), end());
        all.prop_map(|([over_v4, back], client, server)| {
            let end = |(first, last, port): (u8, u8, u8), more: u16| Endpoint {
                address: match over_v4 {
                    true => IpAddr::from([first, 0, 0, last]),
                    false => IpAddr::from([first.into(), 0, 0, 0, 0, 0, 0, last.into()]),
                },
                port: u16::from(port) + more,
            };
            // Its address may be the same.
            let (client, server) = (end(client, 0), end(server, 1));
            match back {
                true => (server, client),
                false => (client, server),
            }
        })
    }

    fn segment() -> impl Strategy<Value = Segment<'static>> {
        let flags = prop_oneof![
            6 => Just(Flags::ACK.0),
            2 => Just(Flags::PSH.0),
            2 => Just(Flags::SYN.0),
            1 => any::<u8>(),
        ];
        let all = (ends(), 0_u32..3, 0_u32..3, flags);
        all.prop_map(
            |((source, destination), sequence, acknowledgment, flags)| Segment {
                at: At::default(),
                source,
                destination,
                sequence,
                acknowledgment,
                flags: Flags(flags),
                window: 0,
                options: TcpOptions::NONE,
                payload: b"",
                length: 0,
            },
        )
    }

    /// What `Flows::spoken_to` says of the header.
    fn spoken_to(flows: &mut Flows, segment: &Segment<'_>) -> Option<u32> {
        let tcp = PlainHeader::tcp_of(segment);
        let header = |addresses| PlainHeader {
            addresses,
            tcp: &tcp,
        };
        match (segment.source.address, segment.destination.address) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let both = [source.octets(), destination.octets()].concat();
                let both = both.first_chunk().unwrap();
                flows.spoken_to(header(PlainAddresses::V4(both)))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let both = [source.octets(), destination.octets()].concat();
                let both = both.first_chunk().unwrap();
                flows.spoken_to(header(PlainAddresses::V6(both)))
            }
            _ => panic!("two IP versions"),
        }
    }

    #[derive(Clone, Debug)]
    enum Event {
        Segment(Segment<'static>),
        Quoted(Segment<'static>),
        Epoch,
        Retain(u32),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            30 => segment().prop_map(Event::Segment),
            3 => segment().prop_map(Event::Quoted),
            1 => Just(Event::Epoch),
            1 => (0_u32..9).prop_map(Event::Retain),
        ];
        proptest::collection::vec(event, 0..150)
    }

    proptest! {
        #[test]
        fn what_was_spoken_to_of_late_has_the_number_that_the_tables_give(events in events()) {
            let (mut flows, mut at_length) = (Flows::new(), Flows::new());
            let mut epoch = 0;
            let mut ends_of = BTreeMap::new();
            for event in events {
                match event {
                    Event::Segment(segment) => {
                        match Keyed::of(segment.source, segment.destination) {
                            Keyed::V4(key, _) => at_length.v4.forget_of_late(key),
                            Keyed::V6(key, _) => at_length.v6.forget_of_late(key),
                        }
                        let located = at_length.locate(&segment);
                        match spoken_to(&mut flows, &segment) {
                            Some(connection) => prop_assert_eq!(
                                located,
                                Located { connection, port_reused: false, replaces: None }
                            ),
                            None => prop_assert_eq!(located, flows.locate(&segment)),
                        }
                        let (source, destination) = (segment.source, segment.destination);
                        let ends = (source.min(destination), source.max(destination));
                        prop_assert_eq!(*ends_of.entry(located.connection).or_insert(ends), ends);
                    }
                    Event::Quoted(header) => {
                        let [one, other] = [&mut flows, &mut at_length].map(|flows| {
                            flows.quoted(header.source, header.destination, header.sequence, header.flags)
                        });
                        prop_assert_eq!(one, other);
                    }
                    Event::Epoch => {
                        epoch += 1;
                        flows.set_epoch(epoch);
                        at_length.set_epoch(epoch);
                    }
                    Event::Retain(number) => {
                        flows.retain(|connection| connection != number);
                        at_length.retain(|connection| connection != number);
                    }
                }
            }
            prop_assert_eq!(flows.connections(), at_length.connections());
            let [one, other] = [flows, at_length].map(|mut flows| {
                let mut entries: Vec<_> = flows.entries().collect();
                entries.sort_unstable();
                entries
            });
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn two_connections_whose_places_are_one_are_both_spoken_to_of_late() {
        let mut table = Table::<2>::default();
        let mut numbers = Numbers::default();
        let keys: Vec<_> = (0..)
            .map(|word| Key([word, 1 << 47]))
            .filter(|key| table.place(*key) == 0)
            .take(3)
            .collect();
        let end = Endpoint {
            address: [0; 4].into(),
            port: 1,
        };
        let segment = Segment {
            at: At::default(),
            source: end,
            destination: end,
            sequence: 1,
            acknowledgment: 1,
            flags: Flags::ACK,
            window: 0,
            options: TcpOptions::NONE,
            payload: b"",
            length: 0,
        };
        for key in &keys {
            table.locate(*key, 0, &segment, &mut numbers);
        }
        let of_late: Vec<_> = keys
            .iter()
            .map(|key| table.of_late(*key, Flags::ACK, 0))
            .collect();
        assert_eq!(of_late, [None, Some(1), Some(2)]);
    }
}
