//! Frames built byte by byte, and what the decoder makes of them.

mod carriers;
mod fragments;
mod frames;
mod hostile;
mod network;
mod tunnels;
