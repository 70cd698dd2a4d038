//! The layers above one TCP connection, told as conversations: who sends what in which frame, and what is said of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

mod coding;
mod gaps;
mod http;
mod properties;
mod script;
mod session;
