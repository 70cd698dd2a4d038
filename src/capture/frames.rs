//! What hands out the frames of saved captures: one of them, or several as one.

use super::{Capture, Error};
use crate::model::{Frame, FrameNo, LinkType, Timestamp};

/// Frames in order, and what is known of where they come from.
pub trait Frames {
    /// The next frame (that matches the filter), or `None` at the end. May wait for input.
    ///
    /// # Errors
    /// Input that cannot be read, or a filter that cannot be asked.
    #[allow(clippy::should_implement_trait)] // An iterator cannot lend what it owns.
    fn next(&mut self) -> Result<Option<Frame<'_>>, Error>;

    /// Waits until the next frame (that matches the filter) is there. Whether there is one.
    ///
    /// # Errors
    /// Those of [`next`](Frames::next).
    fn wait(&mut self) -> Result<bool, Error>;

    /// Whether the next frame is there without reading more input.
    ///
    /// # Errors
    /// Those of [`next`](Frames::next).
    fn ready(&mut self) -> Result<bool, Error>;

    /// Whether reading may have to wait for whoever writes.
    fn may_wait(&self) -> bool;

    /// The name as given.
    fn name(&self) -> String;

    /// `pcap`, `pcapng, gzip` and the like.
    fn format(&self) -> String;

    /// Whether times count finer than microseconds.
    fn nanoseconds(&self) -> bool;

    /// Frames so far, whether or not they match the filter.
    fn frames(&self) -> u64;

    /// Bytes read so far, as they stand in the files, and all that there are; `None` where nobody knows.
    fn bytes(&self) -> Option<(u64, u64)>;

    /// The time of the first frame and of the last so far, whether or not they match the filter.
    fn times(&self) -> Option<(Timestamp, Timestamp)>;

    /// The link types of the frames so far, in order of first use.
    fn link_types(&self) -> &[LinkType];

    /// The captures that end inside a packet, each with that packet's number in it.
    fn cuts(&self) -> Vec<(&str, FrameNo)>;

    /// What kept captures from being read to their end while others went on.
    fn damage(&mut self) -> Vec<Error>;
}

impl Frames for Capture {
    #[inline(always)] // As there.
    fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        Capture::next(self)
    }

    fn wait(&mut self) -> Result<bool, Error> {
        Capture::wait(self)
    }

    fn ready(&mut self) -> Result<bool, Error> {
        Capture::ready(self)
    }

    fn may_wait(&self) -> bool {
        self.size().is_none()
    }

    fn name(&self) -> String {
        Capture::name(self).to_owned()
    }

    fn format(&self) -> String {
        Capture::format(self)
    }

    fn nanoseconds(&self) -> bool {
        Capture::nanoseconds(self)
    }

    fn frames(&self) -> u64 {
        Capture::frames(self)
    }

    fn bytes(&self) -> Option<(u64, u64)> {
        Some((self.bytes_read(), self.size()?))
    }

    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        self.first_time().zip(self.last_time())
    }

    fn link_types(&self) -> &[LinkType] {
        Capture::link_types(self)
    }

    fn cuts(&self) -> Vec<(&str, FrameNo)> {
        let cut = self.truncated().map(|packet| (Capture::name(self), packet));
        cut.into_iter().collect()
    }

    fn damage(&mut self) -> Vec<Error> {
        Vec::new()
    }
}
