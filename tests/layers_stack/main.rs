//! The layers above one TCP connection, told as conversations: who sends what in which frame, and what is said of it.

#![allow(clippy::unwrap_used)] // A test that fails says so by panicking, in its helpers too.

mod coding;
mod gaps;
mod headless;
mod http;
mod properties;
mod proxy;
mod script;
mod session;
