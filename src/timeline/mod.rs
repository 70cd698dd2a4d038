//! From labels to numbered rows: what TCP and the layers above say of a frame becomes one row, when it is certain that somebody sees it.
//!
//! [`Rows`] keeps the rows of one connection until they are final, [`narrate`] finds their words, [`redact`] hides secrets.

pub mod narrate;
pub mod redact;
mod rows;

pub use rows::{After, Entry, Frames, LatestEvent, Rows, Shown, Spare};
