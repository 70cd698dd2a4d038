//! The thread that reads one interface: it empties the kernel's buffer, hands the frames on in batches, and sleeps until more come.
//!
//! In: an open handle, and the word to stop. Out: batches, and the figures of what was dropped. It never looks inside a frame and
//! never drops one: where nobody takes its batches it waits, and the kernel's buffer fills.

use super::error::reason;
use super::{BLOCK, Drops};
use crate::model::Timestamp;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use pcap::{Active, Packet, Precision};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes of frames after which a batch is handed on even if more are there.
pub(super) const BATCH: usize = 256 * 1024;

/// Frames that are taken from libpcap at a time.
const TAKEN: usize = 1_024;

/// How long a reader sleeps before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(100);

/// How long a reader that should stop waits for what the kernel still holds: a block, rounded up to the kernel's tick, and as long again for
/// a turn of the scheduler.
const LINGER: Duration = Duration::from_millis(40);

/// How often the kernel is asked what it dropped.
const ASKED: Duration = Duration::from_millis(500);

/// Frames' times are asked for in nanoseconds where libpcap has them: Linux.
pub(super) const PRECISION: Precision = if cfg!(target_os = "linux") {
    Precision::Nano
} else {
    Precision::Micro
};

/// Frames of one interface, one behind the other.
pub(super) struct Batch {
    pub(super) interface: usize,
    pub(super) arrived: Instant,
    bytes: Vec<u8>,
    /// Time, captured length, length on the wire.
    frames: Vec<(Timestamp, u32, u32)>,
    /// The next frame, and where its bytes begin.
    at: (usize, usize),
}

impl Batch {
    pub(super) fn new(interface: usize) -> Batch {
        Batch {
            interface,
            arrived: Instant::now(),
            bytes: Vec::new(),
            frames: Vec::new(),
            at: (0, 0),
        }
    }

    pub(super) fn push(&mut self, time: Timestamp, bytes: &[u8], wire_length: u32) {
        // libpcap's lengths have 32 bits.
        self.frames.push((time, bytes.len() as u32, wire_length));
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether all its frames were taken.
    pub(super) fn is_over(&self) -> bool {
        self.at.0 >= self.frames.len()
    }

    /// The time of the next frame.
    pub(super) fn first_time(&self) -> Option<Timestamp> {
        self.frames.get(self.at.0).map(|(time, ..)| *time)
    }

    /// Takes the next frame: time, bytes, length on the wire.
    pub(super) fn next(&mut self) -> Option<(Timestamp, &[u8], u32)> {
        let (time, length, wire_length) = *self.frames.get(self.at.0)?;
        let start = self.at.1;
        let end = start + length as usize;
        self.at = (self.at.0 + 1, end);
        Some((time, self.bytes.get(start..end)?, wire_length))
    }
}

/// What was dropped on one interface, written by its reader.
#[derive(Debug, Default)]
pub(super) struct Figures {
    kernel: AtomicU64,
    interface: AtomicU64,
}

impl Figures {
    pub(super) fn drops(&self) -> Drops {
        Drops {
            kernel: self.kernel.load(Ordering::Relaxed),
            interface: self.interface.load(Ordering::Relaxed),
        }
    }

    /// Adds what libpcap's counters grew by; they have 32 bits and begin again at 0.
    fn grow(figure: &AtomicU64, before: &mut u32, now: u32) {
        figure.fetch_add(u64::from(now.wrapping_sub(*before)), Ordering::Relaxed);
        *before = now;
    }
}

/// The thread's state.
pub(super) struct Reader {
    pub(super) interface: usize,
    pub(super) name: String,
    pub(super) handle: pcap::Capture<Active>,
    pub(super) sender: SyncSender<Batch>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) figures: Arc<Figures>,
}

impl Reader {
    /// Reads until it should stop, nobody takes its frames any more, or the interface ends: then it says why.
    pub(super) fn run(mut self) -> Result<(), String> {
        let mut counted = (0, 0);
        let mut asked = Instant::now();
        let mut batch = Batch::new(self.interface);
        // When the word to stop was seen: as capture time and as this machine's.
        let mut stopped: Option<(Timestamp, Instant)> = None;
        let ended = loop {
            let mut latest = None;
            let taken = self.handle.dispatch(Some(TAKEN), |packet: Packet<'_>| {
                let time = time(&packet);
                latest = Some(time);
                batch.push(time, packet.data, packet.header.len);
            });
            let idle = !matches!(taken, Ok(1..));
            if (idle || batch.bytes.len() >= BATCH) && !batch.is_over() {
                batch.arrived = Instant::now();
                let full = std::mem::replace(&mut batch, Batch::new(self.interface));
                if self.sender.send(full).is_err() {
                    break Ok(());
                }
            }
            if let Err(error) = taken {
                break Err(reason(&error));
            }
            if asked.elapsed() >= ASKED {
                asked = Instant::now();
                self.count(&mut counted);
                if idle && is_down(&self.name) {
                    break Err("the interface went down".to_owned());
                }
            }
            if stopped.is_none() && self.stop.load(Ordering::Relaxed) {
                stopped = Some((clock(), Instant::now()));
            }
            match stopped {
                Some((at, _)) if latest.is_some_and(|latest| latest > at) => break Ok(()),
                Some((_, seen)) if idle => match LINGER.checked_sub(seen.elapsed()) {
                    Some(left) => self.sleep(left),
                    None => break Ok(()),
                },
                None if idle => self.sleep(NAP),
                _ => {}
            }
        };
        if !batch.is_over() {
            // A frame or two of the last turn.
            let _ = self.sender.send(batch);
        }
        self.count(&mut counted);
        ended
    }

    /// Sleeps until the kernel has frames, at most for `most`.
    fn sleep(&self, most: Duration) {
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(most.subsec_nanos()),
        };
        let mut handle = [PollFd::new(&self.handle, PollFlags::IN)];
        // An interruption is as good as an end of the nap.
        let _ = poll(&mut handle, Some(&timeout));
        if handle
            .iter()
            .any(|handle| handle.revents().intersects(PollFlags::ERR | PollFlags::HUP))
        {
            // libpcap says why at its next turn; if it does not mind, this keeps us from turning in circles.
            std::thread::sleep(BLOCK);
        }
    }

    fn count(&mut self, before: &mut (u32, u32)) {
        if let Ok(stats) = self.handle.stats() {
            Figures::grow(&self.figures.kernel, &mut before.0, stats.dropped);
            Figures::grow(&self.figures.interface, &mut before.1, stats.if_dropped);
        }
    }
}

/// Whether the interface is there but switched off. libpcap waits for it to come up again; that it is gone it says itself.
fn is_down(name: &str) -> bool {
    let mut addresses = getifaddrs().into_iter().flatten();
    let this = addresses.find(|address| address.interface_name == name);
    this.is_some_and(|address| !address.flags.contains(InterfaceFlags::IFF_UP))
}

fn time(packet: &Packet<'_>) -> Timestamp {
    let ts = packet.header.ts;
    // The fields' types differ from system to system.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let (seconds, fraction) = (ts.tv_sec as i64, ts.tv_usec as i64);
    let nanos = match PRECISION {
        Precision::Nano => fraction,
        Precision::Micro => fraction * 1_000,
    };
    Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// The clock that stamps frames.
fn clock() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(now.map_or(0, |now| i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)))
}
