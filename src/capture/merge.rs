//! Several saved captures as one: frames by time, numbered anew, as mergecap would write them to one file.
//!
//! In come captures; out goes, of those frames that stand first in each, the earliest (of several at the same time, that of the
//! capture named first). Frames of one capture never change their order, even where its clock goes back. A capture that is
//! damaged ends there, and the others go on.

use super::{Capture, Error, Filter, Frames};
use crate::model::{At, Frame, FrameNo, LinkType, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Captures that are read as one.
pub struct Merged {
    /// None has a filter: numbers count every frame.
    captures: Vec<Capture>,
    filter: Option<Filter>,
    /// The captures whose first frame is there: its time, and the capture's place.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The captures whose first frame has yet to be read; those in neither are over.
    unread: Vec<usize>,
    /// The next frame, which matches the filter: its capture and its number. It still is that capture's pending one.
    pending: Option<(usize, At)>,
    frames: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    link_types: Vec<LinkType>,
    damage: Vec<Error>,
}

impl Merged {
    /// These captures, which have no filter of their own.
    pub fn new(captures: Vec<Capture>) -> Merged {
        Merged {
            unread: (0..captures.len()).collect(),
            heads: BinaryHeap::with_capacity(captures.len()),
            captures,
            filter: None,
            pending: None,
            frames: 0,
            first_time: None,
            last_time: None,
            link_types: Vec::new(),
            damage: Vec::new(),
        }
    }

    /// Hands out only frames that match `filter`. The others keep their numbers and are counted.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Merged {
        self.filter = Some(filter);
        self
    }

    /// Looks for the next frame; `read` makes sure of a capture's first frame, or says that it cannot yet.
    fn seek(&mut self, read: fn(&mut Capture) -> Result<Head, Error>) -> Result<Head, Error> {
        while self.pending.is_none() {
            while let Some(&place) = self.unread.last() {
                let Some(capture) = self.captures.get_mut(place) else {
                    break; // Every place in `unread` is a capture's.
                };
                match read(capture) {
                    Ok(Head::There) => {
                        let time = capture.pending.as_ref().map(|record| record.at.time);
                        self.heads.push(Reverse((time.unwrap_or_default(), place)));
                    }
                    Ok(Head::Waits) => return Ok(Head::Waits),
                    Ok(Head::Over) => {}
                    Err(error) => self.damage.push(error),
                }
                self.unread.pop();
            }
            let Some(Reverse((time, place))) = self.heads.pop() else {
                return Ok(Head::Over);
            };
            self.take(time, place)?;
        }
        Ok(Head::There)
    }

    /// Numbers the first frame of the capture at `place`, and keeps it if it matches.
    fn take(&mut self, time: Timestamp, place: usize) -> Result<(), Error> {
        self.frames += 1;
        self.first_time.get_or_insert(time);
        self.last_time = Some(time);
        let Some((capture, record)) = self
            .captures
            .get_mut(place)
            .and_then(|capture| capture.pending.take().map(|record| (capture, record)))
        else {
            return Ok(()); // Every place in `heads` is that of a capture whose first frame is there.
        };
        if !self.link_types.contains(&record.link) {
            self.link_types.push(record.link);
        }
        let bytes = capture.buffer.slice(record.start, record.length);
        let matches = match &mut self.filter {
            None => true,
            Some(filter) => filter.matches(record.link, bytes, &capture.name)?,
        };
        if matches {
            capture.pending = Some(record);
            let frame = FrameNo(self.frames);
            self.pending = Some((place, At { frame, time }));
        } else {
            self.unread.push(place);
        }
        Ok(())
    }
}

/// How it stands with a first frame.
enum Head {
    There,
    /// More input has to be waited for.
    Waits,
    /// There is none any more.
    Over,
}

impl Frames for Merged {
    fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        self.wait()?;
        let Some((place, at)) = self.pending.take() else {
            return Ok(None);
        };
        self.unread.push(place);
        let frame = match self.captures.get_mut(place) {
            Some(capture) => capture.next()?,
            None => None,
        };
        Ok(frame.map(|frame| Frame { at, ..frame }))
    }

    fn wait(&mut self) -> Result<bool, Error> {
        let read = |capture: &mut Capture| {
            Ok(match capture.wait()? {
                true => Head::There,
                false => Head::Over,
            })
        };
        Ok(matches!(self.seek(read)?, Head::There))
    }

    fn ready(&mut self) -> Result<bool, Error> {
        let read = |capture: &mut Capture| {
            Ok(match capture.ready()? {
                true => Head::There,
                false => Head::Waits,
            })
        };
        Ok(matches!(self.seek(read)?, Head::There))
    }

    fn may_wait(&self) -> bool {
        self.captures.iter().any(Frames::may_wait)
    }

    fn name(&self) -> String {
        let names: Vec<&str> = self.captures.iter().map(Capture::name).collect();
        names.join(" + ")
    }

    fn format(&self) -> String {
        let mut formats: Vec<String> = Vec::new();
        for format in self.captures.iter().map(Capture::format) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        formats.join(" and ")
    }

    fn nanoseconds(&self) -> bool {
        self.captures.iter().any(Capture::nanoseconds)
    }

    fn frames(&self) -> u64 {
        self.frames
    }

    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        self.first_time.zip(self.last_time)
    }

    fn link_types(&self) -> &[LinkType] {
        &self.link_types
    }

    fn cuts(&self) -> Vec<(&str, FrameNo)> {
        self.captures.iter().flat_map(Frames::cuts).collect()
    }

    fn damage(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.damage)
    }
}
