//! A worker's connections, by number, in pages that go when nothing is left in them.

use super::slot::Slot;

/// A page's slots: enough that the list of pages is short, few enough that a page goes soon after its connections.
const PAGE: usize = 64;

#[derive(Default)]
pub(super) struct Slots {
    pages: Vec<Option<Box<Page>>>,
}

struct Page {
    slots: [Option<Slot>; PAGE],
    used: usize,
}

impl Slots {
    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.pages.len() * PAGE
    }

    pub(super) fn get(&self, place: usize) -> Option<&Slot> {
        let page = self.pages.get(place / PAGE)?.as_ref()?;
        page.slots[place % PAGE].as_ref()
    }

    /// As [`get`](Slots::get).
    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        let page = self.pages.get_mut(place / PAGE)?.as_mut()?;
        page.slots[place % PAGE].as_mut()
    }

    /// What is in a place, made by `new` where there is nothing.
    pub(super) fn get_or_insert_with(
        &mut self,
        place: usize,
        new: impl FnOnce() -> Slot,
    ) -> &mut Slot {
        let number = place / PAGE;
        if self.pages.len() <= number {
            self.pages.resize_with(number + 1, || None);
        }
        let page = self.pages[number].get_or_insert_with(|| {
            Box::new(Page {
                slots: [const { None }; PAGE],
                used: 0,
            })
        });
        let slot = &mut page.slots[place % PAGE];
        if slot.is_none() {
            page.used += 1;
        }
        slot.get_or_insert_with(new)
    }

    /// Takes out what is in a place, if anything is, and puts in what `becomes` makes of it.
    pub(super) fn replace(&mut self, place: usize, becomes: impl FnOnce(Slot) -> Option<Slot>) {
        let Some(Some(page)) = self.pages.get_mut(place / PAGE) else {
            return;
        };
        let slot = &mut page.slots[place % PAGE];
        let Some(old) = slot.take() else {
            return;
        };
        *slot = becomes(old);
        if slot.is_none() {
            page.used -= 1;
            if page.used == 0 {
                self.pages[place / PAGE] = None;
            }
        }
    }
}

const _: () = assert!(
    size_of::<Option<Slot>>() <= 64,
    "with an entry of the 4-tuples, what stays of a connection is at most 128 bytes"
);
