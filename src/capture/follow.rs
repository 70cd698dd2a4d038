//! Input that is still being made: a pipe that another program writes, or a file that grows.
//!
//! In comes a file; out goes a `Read` that waits for more without turning in circles, and ends soon after it is asked to.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a reader of a pipe sleeps before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(100);

/// How often a file is looked at for growth.
const GROWTH: Duration = Duration::from_millis(20);

/// How long a pipe's writer has to end by itself: a Ctrl-C on a pipeline reaches both programs, and the writer has more to say.
const GRACE: Duration = Duration::from_secs(3);

/// The input.
pub(super) struct Follow {
    pub(super) file: File,
    /// Whether its end is only the end so far.
    pub(super) grows: bool,
    pub(super) stop: Arc<AtomicBool>,
    /// When the word to stop was seen.
    pub(super) asked: Option<Instant>,
}

impl Follow {
    fn should_stop(&mut self) -> bool {
        if self.asked.is_none() && self.stop.load(Ordering::Relaxed) {
            self.asked = Some(Instant::now());
        }
        self.asked
            .is_some_and(|asked| self.grows || asked.elapsed() >= GRACE)
    }

    /// Waits until a read would not.
    fn wait(&self) -> bool {
        let nap = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(NAP.subsec_nanos()),
        };
        let mut input = [PollFd::new(&self.file, PollFlags::IN)];
        // An error shows again when it is read.
        poll(&mut input, Some(&nap)).is_ok_and(|ready| ready > 0)
    }
}

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.grows || self.wait() {
                match self.file.read(buffer)? {
                    0 if self.grows => sleep(GROWTH),
                    bytes => return Ok(bytes),
                }
            }
            if self.should_stop() {
                return Ok(0);
            }
        }
    }
}
