//! The layers above one TCP connection, told as conversations: who sends what in which frame, and what is said of it.

mod coding;
mod gaps;
mod http;
mod properties;
mod script;
mod session;
