//! HTTP/1.1 (RFC 9112): requests and responses of one connection, matched, their bodies framed.
//!
//! Deliveries of both directions come in; facts about heads, chunks, bodies and, inside the responses that are event streams,
//! events go out. It never answers, never waits, and does not know what carried the bytes but by their span.

mod body;
mod connection;
mod content;
mod exchange;
mod fields;
mod framed;
mod head;
mod headless;
mod open;
mod request;
mod response;
mod start;

pub(super) use connection::{Connection, Next};
