//! Rows and events as text of an output form, written in the thread that made them.

use super::{Event, FrameRecord, Out, PlainRow, PlainText, Record, Stream};
use std::fmt::Debug;

/// Writes rows and events as lines: one for each thread that makes them, one for the thread that knows the numbers of the sessions.
/// All of them write the same text of the same record.
pub trait Lines: Debug + Send {
    /// Another one, for another thread.
    fn another(&self) -> Box<dyn Lines>;

    /// Appends a frame's line to `out`, without the numbers of its sessions: the place where they go. `None` if the form has no
    /// line for it.
    fn frame(&mut self, frame: &FrameRecord, out: &mut Out) -> Option<usize>;

    /// Appends what is missing of a frame's line: its session, and all that it touches.
    fn frame_sessions(&mut self, session: Option<u32>, touched: &[u32], out: &mut Out);

    /// Appends an event's line to `out`, without the number of its session: the place where that goes. `None` if the form has no
    /// line for it.
    fn event(&mut self, connection: u32, event: &Event, out: &mut Out) -> Option<usize>;

    /// Appends what is missing of an event's line: its session.
    fn event_session(&mut self, session: u32, out: &mut Out);

    /// Appends the line of a record that is neither, if the form has one. Whether nobody else needs to see it.
    fn record(&mut self, record: &Record, out: &mut Out) -> bool;

    /// Appends the lines of a plain row and of its event, as far as the form has such: those of the records that would say the same.
    fn plain(&mut self, row: &PlainRow, of: &Stream, text: &PlainText<'_>, out: &mut Out);
}
