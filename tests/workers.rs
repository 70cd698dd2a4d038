//! Whoever works for a worker, a thread or the caller: what goes wrong there is the caller's, and nobody waits for ever.

mod common;

use common::{SSE, Script, chunk};
use ssetrace::analyzer::{Analyzer, Connections, Options, Sink};
use ssetrace::model::limits::MEMORY;
use ssetrace::model::{
    At, Detail, Event, Frame, FrameNo, FrameRecord, Lines, LinkType, Out, PlainRow, PlainText,
    Record, Stream, Timestamp,
};
use std::io;
use std::num::NonZeroUsize;
use std::panic::catch_unwind;

/// So often is tried what may be done by a thread or by the caller.
const ROUNDS: usize = 20;

/// A form in which no row can be written.
#[derive(Debug)]
struct Unwritable;

impl Lines for Unwritable {
    fn another(&self) -> Box<dyn Lines> {
        Box::new(Unwritable)
    }

    fn frame(&mut self, _: &FrameRecord, _: &mut Out) -> Option<usize> {
        panic!("no row can be written")
    }

    fn frame_sessions(&mut self, _: Option<u32>, _: &[u32], _: &mut Out) {}

    fn event(&mut self, _: u32, _: &Event, _: &mut Out) -> Option<usize> {
        None
    }

    fn event_session(&mut self, _: u32, _: &mut Out) {}

    fn record(&mut self, _: &Record, _: &mut Out) -> bool {
        true
    }

    fn plain(&mut self, _: &PlainRow, _: &Stream, _: &PlainText<'_>, _: &mut Out) {}
}

/// Streams on some connections, and all of their frames.
fn streams() -> Vec<(Timestamp, Vec<u8>)> {
    let stream = |port| {
        Script::new()
            .port(port)
            .handshake()
            .request("/stream")
            .answer(SSE.as_bytes())
            .answer(&chunk("data: one\n\n"))
            .teardown()
            .frames()
    };
    (20_000..20_032).flat_map(stream).collect()
}

/// Analyses frames up to a wait for more of them.
fn analyse(
    frames: &[(Timestamp, Vec<u8>)],
    jobs: usize,
    lines: Option<Box<dyn Lines>>,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    let options = Options {
        connections: Connections::Sse,
        detail: Detail::Frames,
        show_secrets: false,
        jobs: NonZeroUsize::new(jobs).expect("a job"),
        memory: MEMORY,
    };
    let mut analyzer = Analyzer::with_lines(&options, lines);
    for ((time, bytes), number) in frames.iter().zip(1..) {
        let frame = Frame {
            at: At {
                frame: FrameNo(number),
                time: *time,
            },
            link: LinkType(101),
            bytes,
            wire_length: bytes.len() as u32,
            block: None,
        };
        analyzer.frame(&frame, sink)?;
    }
    analyzer.settle(sink)
}

#[test]
fn a_panic_reaches_the_caller_whoever_was_at_work() {
    let frames = streams();
    for jobs in [1, 2, 4] {
        for _ in 0..ROUNDS {
            let panic = catch_unwind(|| {
                let lines: Box<dyn Lines> = Box::new(Unwritable);
                analyse(&frames, jobs, Some(lines), &mut |_| Ok(()))
            })
            .expect_err("a row is wanted");
            let words = panic.downcast_ref::<&str>();
            assert_eq!(words, Some(&"no row can be written"), "{jobs} jobs");
        }
    }
}

#[test]
fn a_sink_that_fails_ends_the_analysis_while_others_are_at_work() {
    let frames = streams();
    for jobs in [1, 2, 4] {
        for _ in 0..ROUNDS {
            let mut taken = 0;
            let error = analyse(&frames, jobs, None, &mut |_| {
                taken += 1;
                match taken {
                    ..3 => Ok(()),
                    _ => Err(io::Error::other("the disk is full")),
                }
            });
            assert_eq!(error.expect_err("it fails").to_string(), "the disk is full");
            assert_eq!(taken, 3, "{jobs} jobs");
        }
    }
}
