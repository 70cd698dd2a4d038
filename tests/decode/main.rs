//! Frames built byte by byte, and what the decoder makes of them.

#[path = "../carriers/mod.rs"]
mod carriers;
#[path = "../common/mod.rs"]
mod common;
mod fragments;
mod hostile;
mod network;
mod rows;
mod segment;

use carriers::frames;
