//! A worker's connections, by number, in pages that go when nothing is left in them.

use super::slot::{Live, Slot};
use crate::model::fetch;

/// A page's slots: enough that the list of pages is short, few enough that a page goes soon after its connections.
const PAGE: usize = 64;

#[derive(Default)]
pub(super) struct Slots {
    pages: Vec<Page>,
}

#[derive(Default)]
struct Page {
    /// Connections that are over and of which nothing is kept: a bit each.
    over: u64,
    slots: Option<Box<[Option<Slot>; PAGE]>>,
    used: u32,
}

/// What becomes of what was in a place.
pub(super) enum Left {
    Slot(Slot),
    /// Nothing but that it is over.
    Over,
    /// Not even that.
    Nothing,
}

impl Slots {
    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.pages.len() * PAGE
    }

    /// Whether the connection of a place is over and nothing is kept of it.
    pub(super) fn is_over(&self, place: usize) -> bool {
        let page = self.pages.get(place / PAGE);
        page.is_some_and(|page| page.over >> (place % PAGE) & 1 == 1)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Slot> {
        let slots = self.pages.get(place / PAGE)?.slots.as_ref()?;
        slots[place % PAGE].as_ref()
    }

    /// As [`get`](Slots::get).
    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        let slots = self.pages.get_mut(place / PAGE)?.slots.as_mut()?;
        slots[place % PAGE].as_mut()
    }

    /// Has fetched what is in a place.
    #[inline]
    pub(super) fn fetch(&self, place: usize) {
        if let Some(page) = self.pages.get(place / PAGE)
            && let Some(slots) = &page.slots
        {
            fetch(&slots[place % PAGE]);
        }
    }

    /// What is kept of the open connection of a place.
    #[inline]
    pub(super) fn live(&mut self, place: usize) -> Option<&mut Live> {
        match self.get_mut(place) {
            Some(Slot::Live(live)) => Some(live),
            _ => None,
        }
    }

    /// What is in a place, made by `new` where there is nothing.
    pub(super) fn get_or_insert_with(
        &mut self,
        place: usize,
        new: impl FnOnce() -> Slot,
    ) -> &mut Slot {
        let number = place / PAGE;
        if self.pages.len() <= number {
            self.pages.resize_with(number + 1, Page::default);
        }
        let page = &mut self.pages[number];
        let slots = page
            .slots
            .get_or_insert_with(|| Box::new([const { None }; PAGE]));
        let slot = &mut slots[place % PAGE];
        if slot.is_none() {
            page.used += 1;
        }
        slot.get_or_insert_with(new)
    }

    /// Takes out what is in a place, if anything is, and leaves there what `becomes` makes of it.
    pub(super) fn replace(&mut self, place: usize, becomes: impl FnOnce(Slot) -> Left) {
        let Some(page) = self.pages.get_mut(place / PAGE) else {
            return;
        };
        let Some(slots) = &mut page.slots else {
            return;
        };
        let slot = &mut slots[place % PAGE];
        let Some(old) = slot.take() else {
            return;
        };
        match becomes(old) {
            Left::Slot(left) => {
                *slot = Some(left);
                return;
            }
            Left::Over => page.over |= 1 << (place % PAGE),
            Left::Nothing => {}
        }
        page.used -= 1;
        if page.used == 0 {
            page.slots = None;
        }
    }
}

const _: () = assert!(PAGE == u64::BITS as usize, "a bit for each place");

const _: () = assert!(
    size_of::<Option<Slot>>() <= 64,
    "with an entry of the 4-tuples, what stays of a connection is at most 128 bytes"
);

#[cfg(test)]
mod tests {
    use super::super::growth::Growth;
    use super::*;
    use crate::layers::Stack;
    use crate::model::{At, Detail, Endpoint, Flags, Segment, TcpOptions};
    use crate::tcp::Connection;
    use crate::timeline::{Rows, Shown};

    fn live() -> Slot {
        let end = Endpoint {
            address: [127, 0, 0, 1].into(),
            port: 1,
        };
        let segment = Segment {
            at: At::default(),
            source: end,
            destination: end,
            sequence: 0,
            acknowledgment: 0,
            flags: Flags::SYN,
            window: 0,
            options: TcpOptions::NONE,
            payload: b"",
            length: 0,
        };
        Slot::Live(Box::new(Live {
            connection: 0,
            tcp: Connection::new(&segment, false, false),
            stack: Stack::new(Detail::Sessions),
            rows: Rows::new(Shown::None, false),
            over_at: None,
            growth: Growth::default(),
        }))
    }

    #[test]
    fn of_what_is_over_a_bit_stays_and_pages_go_with_their_last_connection() {
        let mut slots = Slots::default();
        for place in [0, 1, 70] {
            slots.get_or_insert_with(place, live);
        }
        slots.replace(0, |_| Left::Over);
        assert!(slots.is_over(0) && slots.get(0).is_none());
        assert!(!slots.is_over(1) && slots.get(1).is_some());
        slots.replace(1, Left::Slot);
        assert!(slots.pages[0].slots.is_some());
        slots.replace(1, |_| Left::Nothing);
        assert!(slots.pages[0].slots.is_none() && !slots.is_over(1));
        assert!(slots.get(70).is_some() && !slots.is_over(1_000));
        slots.replace(0, |_| unreachable!("nothing is there"));
    }
}
