//! Server-Sent Events: a parser to the letter of WHATWG HTML §9.2.5–9.2.6, and the facts of one session.
//!
//! Body bytes come in with the frames and the chunk that carried them; events, comments and the session's numbers go out.
//! Nothing here knows HTTP, TCP or content codings.

mod gaps;
mod ids;
mod parser;
mod rope;
mod session;

pub use parser::{Block, Item, Mark, Parser};
pub use session::OnlyEvent;
pub(crate) use session::{Closing, Session};
