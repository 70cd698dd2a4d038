//! Conversations as they appear in a capture, and what the TCP room makes of them.

// The script's own helpers are no test functions: clippy.toml's permission does not reach them.
#![allow(clippy::unwrap_used)]

mod close;
mod conflicts;
mod labels;
mod numbers;
mod properties;
mod reassembly;
mod roles;
mod script;
