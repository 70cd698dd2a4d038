//! What was written of something, kept as it will likely be written again.

use super::room::Text;
use crate::model::Endpoint;
use std::net::{IpAddr, Ipv4Addr};

/// What was written of something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<T, const L: usize> {
    of: T,
    text: Text<L>,
}

/// A number in decimal.
pub(super) type Number = Known<u64, 24>;

/// An address and port.
pub(super) type End = Known<Endpoint, 48>;

impl Number {
    pub(super) const ZERO: Number = Known {
        of: 0,
        text: Text::of("0"),
    };

    /// Whether it is the text of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn is(&self, value: u64) -> bool {
        self.of == value
    }

    /// The text of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn number(&mut self, value: impl Into<u64>) -> &Text<24> {
        let value = value.into();
        if self.of != value {
            self.change(value);
        }
        &self.text
    }

    #[inline(never)] // There are many places.
    fn change(&mut self, value: u64) {
        let next = value.wrapping_sub(self.of) == 1;
        if !(next && self.text.count()) {
            self.text.write(|room| room.number(value));
        }
        self.of = value;
    }
}

impl End {
    pub(super) const UNSPECIFIED: End = Known {
        of: Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        },
        text: Text::of("0.0.0.0:0"),
    };

    /// The text of this one.
    #[inline(always)] // As `Room::new`.
    pub(super) fn endpoint(&mut self, endpoint: Endpoint) -> &Text<48> {
        if self.of != endpoint {
            self.of = endpoint;
            self.text.write(|room| room.endpoint(endpoint));
        }
        &self.text
    }
}
