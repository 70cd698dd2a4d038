//! TCP: which connection a segment belongs to, what Wireshark would say of it, and each direction's bytes in order.
//!
//! Segments come in from the decoder, in order of capture. [`Flows`] gives each its connection number; [`Connection`] gives each its
//! facts and hands up the bytes, gaps and ends of both directions; [`Rest`] gives the facts of frames that come after the end.
//! Nothing here reads what the bytes mean, knows a clock but the capture's, or holds more than the caps of `model::limits`.

mod analysis;
mod assembler;
mod connection;
mod delivered;
mod ended;
mod flows;
mod handshake;
mod headers;
mod remains;
mod roles;
mod sequence;
mod teardown;
mod waiting;

pub use connection::{Connection, Ordinary};
pub use ended::Ended;
pub use flows::{Flows, Located};
pub use headers::Heard;
pub use remains::{Late, Remains, Rest};
