//! Live capture on loopback, with real servers and clients. Where the rights or a tool are missing a test says so and is skipped.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

mod ends;
mod rights;
mod rows;
mod saved;
mod sources;
mod terminal;
mod world;
