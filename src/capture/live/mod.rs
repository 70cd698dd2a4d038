//! Frames as they happen: libpcap on one interface or several, each read by a thread of its own, joined by time.
//!
//! In come names and settings; out go frames in the order in which they are numbered, analysed and saved, and at the end what the
//! kernel and the interfaces dropped. Nothing here looks inside a frame. Opening and reading are two steps, so that rights can be
//! given up between them ([`rights`]) before the first frame is looked at.

mod error;
mod interfaces;
mod order;
mod reader;
pub mod rights;

pub use error::Error;
pub use interfaces::{Device, devices, loopback};

use super::Filter;
use super::filter::link_type;
use crate::model::{LinkType, Timestamp};
use order::Order;
use pcap::{Active, Linktype};
use reader::{Batch, Figures, Reader};
use std::iter::Sum;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Batches of [`reader::BATCH`] bytes that may wait to be put in order and saved, 16 MiB: who takes them ([`super::relay`]) is as fast as a
/// reader, but may get the processor later. When they are full the kernel's buffer takes what comes, and when that is full it drops and counts.
const WAITING: usize = 64;

/// What the kernel waits before it hands on a block of frames that is not full. libpcap's immediate mode has a slot of the longest frame's
/// size for each frame: 64 KiB on loopback, so that a buffer of 32 MiB holds 500 frames, a few milliseconds of a busy stream, and
/// every frame wakes the reader. Blocks hold frames as long as they are, hundreds of thousands in the same buffer; their price is
/// this wait, which no eye notices. A shorter one costs frames: libpcap's blocks have 256 KiB, so that 32 MiB are 128 of them, and however
/// little comes, each wait uses one up. With 1 ms a program that got no processor for 128 ms lost frames at a thousand a second.
const BLOCK: Duration = Duration::from_millis(10);

/// All interfaces of a Linux machine at once.
const ANY: &str = "any";

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of interfaces.
    pub interfaces: Vec<String>,
    /// A filter in libpcap's language.
    pub filter: Option<String>,
    /// Bytes of each frame that are captured.
    pub snaplen: u32,
    /// Bytes of the kernel's buffer, for each interface.
    pub buffer: u32,
    /// Whether frames for other machines are captured too.
    pub promiscuous: bool,
}

/// An interface that is open.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// How its frames begin.
    pub link: LinkType,
    /// Bytes of each frame that are captured.
    pub snaplen: u32,
}

/// Interfaces that are open, none of their frames looked at.
pub struct Opened {
    sources: Vec<Source>,
    handles: Vec<pcap::Capture<Active>>,
}

impl Opened {
    /// Opens all interfaces, or none.
    pub fn open(settings: &Settings) -> Result<Opened, Error> {
        if let Some(filter) = &settings.filter {
            Filter::new(filter)?;
        }
        let mut opened = Opened {
            sources: Vec::new(),
            handles: Vec::new(),
        };
        for name in &settings.interfaces {
            let handle = open(name, settings)?;
            opened.sources.push(Source {
                name: name.clone(),
                link: link_type(handle.get_datalink().0),
                snaplen: settings.snaplen,
            });
            opened.handles.push(handle);
        }
        Ok(opened)
    }

    /// The interfaces, in the order in which they were named.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The interfaces that are open beside `any`, which captures on them too.
    pub fn beside_any(&self) -> impl Iterator<Item = &str> {
        let names = self.sources.iter().map(|source| source.name.as_str());
        let any = names.clone().any(|name| name == ANY);
        names.filter(move |name| any && *name != ANY)
    }

    /// Starts the readers. They end when `stop` is set, each when all frames from before that are handed on.
    pub fn start(self, stop: &Arc<AtomicBool>) -> Live {
        let (sender, receiver) = sync_channel(WAITING);
        let mut readers = Vec::new();
        let sources = self.sources.iter().zip(self.handles);
        for (interface, (source, handle)) in sources.enumerate() {
            let figures = Arc::new(Figures::default());
            let reader = Reader {
                interface,
                name: source.name.clone(),
                handle,
                sender: sender.clone(),
                stop: Arc::clone(stop),
                figures: Arc::clone(&figures),
            };
            let thread = thread::spawn(move || reader.run());
            readers.push(Running {
                figures,
                thread: Some(thread),
            });
        }
        Live {
            order: Order::new(self.sources.len()),
            sources: self.sources,
            receiver: Some(receiver),
            readers,
            stop: Arc::clone(stop),
        }
    }
}

/// Interfaces that are being read.
pub struct Live {
    sources: Vec<Source>,
    receiver: Option<Receiver<Batch>>,
    order: Order,
    readers: Vec<Running>,
    stop: Arc<AtomicBool>,
}

struct Running {
    figures: Arc<Figures>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Running {
    /// Waits for its end and tells, once, why it ended if nobody asked.
    fn why(&mut self) -> Option<String> {
        match self.thread.take()?.join() {
            Ok(ended) => ended.err(),
            Err(_) => Some("its reader panicked".to_owned()),
        }
    }
}

/// What comes next.
pub enum Next<'a> {
    /// A frame.
    Frame(Captured<'a>),
    /// Nothing for now: what is final should be shown, then [`Live::wait`].
    Waits,
    /// All interfaces have ended.
    Ended,
}

/// A frame of an interface, without a number yet.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// Which of [`Live::sources`].
    pub interface: usize,
    /// How `bytes` begins.
    pub link: LinkType,
    /// When it was captured.
    pub time: Timestamp,
    /// What was captured.
    pub bytes: &'a [u8],
    /// Its length on the wire.
    pub wire_length: u32,
}

/// How many frames were lost, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Because the kernel's buffer was full.
    pub kernel: u64,
    /// By the interface or its driver.
    pub interface: u64,
}

impl Drops {
    /// Both together.
    pub fn all(self) -> u64 {
        self.kernel + self.interface
    }
}

impl Sum for Drops {
    fn sum<I: Iterator<Item = Drops>>(drops: I) -> Drops {
        drops.fold(Drops::default(), |sum, drops| Drops {
            kernel: sum.kernel + drops.kernel,
            interface: sum.interface + drops.interface,
        })
    }
}

impl Live {
    /// The interfaces.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The next frame, if it is there and its place in the order is certain. Never waits.
    #[allow(clippy::should_implement_trait)] // An iterator cannot lend what it owns.
    pub fn next(&mut self) -> Next<'_> {
        let mut ended = self.receiver.is_none();
        while let Some(receiver) = &self.receiver {
            // One batch ahead is enough where there is one interface; of several, all that came decides the order.
            if self.order.is_ready() {
                break;
            }
            match receiver.try_recv() {
                Ok(batch) => self.order.take(batch),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    ended = true;
                    break;
                }
            }
        }
        match self.order.next(ended, Instant::now) {
            Some(frame) => Next::Frame(Captured {
                interface: frame.interface,
                link: self
                    .sources
                    .get(frame.interface)
                    .map_or(LinkType(0), |source| source.link),
                time: frame.time,
                bytes: frame.bytes,
                wire_length: frame.wire_length,
            }),
            None if ended => Next::Ended,
            None => Next::Waits,
        }
    }

    /// Waits until there may be a next frame, at most for `most`.
    pub fn wait(&mut self, most: Duration) {
        let most = match self.order.due(Instant::now()) {
            Some(due) => most.min(due),
            None => most,
        };
        if let Some(receiver) = &self.receiver {
            match receiver.recv_timeout(most) {
                Ok(batch) => self.order.take(batch),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// What tells how much was dropped so far, from any thread.
    pub(super) fn counts(&self) -> impl Fn() -> Drops + use<> {
        let readers = self.readers.iter();
        let figures: Vec<Arc<Figures>> =
            readers.map(|reader| Arc::clone(&reader.figures)).collect();
        move || figures.iter().map(|figures| figures.drops()).sum()
    }

    /// The interfaces that have ended by themselves since this was asked last, and why.
    pub fn ended(&mut self) -> Vec<(String, String)> {
        let sources = self.sources.iter().zip(&mut self.readers);
        sources
            .filter(|(_, reader)| reader.thread.as_ref().is_some_and(JoinHandle::is_finished))
            .filter_map(|(source, reader)| Some((source.name.clone(), reader.why()?)))
            .collect()
    }

    /// Ends the readers without taking what they still have; tells what each interface dropped, and why it ended if nobody asked
    /// and [`ended`](Live::ended) has not told.
    pub fn end(mut self) -> Vec<(Source, Drops, Option<String>)> {
        self.stop.store(true, Ordering::Relaxed);
        // A reader that waits to hand on a batch ends when nobody takes it any more.
        self.receiver = None;
        let sources = std::mem::take(&mut self.sources);
        sources
            .into_iter()
            .zip(&mut self.readers)
            .map(|(source, reader)| {
                let why = reader.why();
                (source, reader.figures.drops(), why)
            })
            .collect()
    }
}

/// Opens one interface with its filter.
fn open(name: &str, settings: &Settings) -> Result<pcap::Capture<Active>, Error> {
    let failed = |error: pcap::Error| Error::opening(name, &error);
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let known = devices().unwrap_or_default();
    if !known.is_empty() && !known.iter().any(|device| device.name == name) {
        return Err(Error::NoInterface {
            name: name.to_owned(),
            known: interfaces::names(&known),
        });
    }
    let handle = pcap::Capture::from_device(name).map_err(failed)?;
    let handle = handle
        .precision(reader::PRECISION)
        .snaplen(number(settings.snaplen))
        .buffer_size(number(settings.buffer))
        .promisc(settings.promiscuous)
        .timeout(BLOCK.as_millis() as i32);
    let mut handle = handle
        .open()
        .and_then(pcap::Capture::setnonblock)
        .map_err(failed)?;
    if name == ANY && handle.get_datalink() == Linktype::LINUX_SLL {
        // The second version says which interface each frame was on. Where it is not known the first one does.
        let _ = handle.set_datalink(Linktype::LINUX_SLL2);
    }
    if let Some(filter) = &settings.filter {
        handle
            .filter(filter, true)
            .map_err(|error| Error::filter(name, filter, &error))?;
    }
    Ok(handle)
}
