//! What is known of connections by their number: sets of them, and sums.

use crate::model::limits;
use std::collections::HashMap;

/// What connections hold beyond what every one is reckoned with, in steps.
#[derive(Debug, Default)]
pub(super) struct Grown {
    steps: HashMap<u32, u32, foldhash::fast::RandomState>,
    sum: usize,
}

impl Grown {
    /// Sets a connection's steps; those it had.
    pub(super) fn set(&mut self, connection: u32, steps: u32) -> u32 {
        let before = match steps {
            0 => self.steps.remove(&connection),
            _ => self.steps.insert(connection, steps),
        };
        let before = before.unwrap_or(0);
        self.sum = self.sum + steps as usize - before as usize;
        before
    }

    /// Bytes.
    pub(super) fn memory(&self) -> usize {
        self.sum * limits::GROWN
    }
}

/// A set of connection numbers, a bit each.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    bits: Vec<u64>,
    /// How many there are.
    pub(super) count: usize,
}

impl Numbers {
    pub(super) fn insert(&mut self, number: u32) {
        let place = number as usize / 64;
        if self.bits.len() <= place {
            self.bits.resize(place + 1, 0);
        }
        let bit = 1 << (number % 64);
        self.count += usize::from(self.bits[place] & bit == 0);
        self.bits[place] |= bit;
    }

    pub(super) fn remove(&mut self, number: u32) {
        if self.has(number) {
            self.count -= 1;
            self.bits[number as usize / 64] &= !(1 << (number % 64));
        }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.bits
            .get(number as usize / 64)
            .is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }
}
