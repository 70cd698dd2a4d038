//! All layers together, from the file to the records of the sessions.

use crate::captures::Shape;
use crate::material::file;
use criterion::{Criterion, Throughput};
use ssetrace::analyzer::{Analyzer, Connections, Options, Source};
use ssetrace::capture::Capture;
use ssetrace::model::{Detail, limits};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;

/// Enough that each of the 2,000 conversations that are open at a time has some events.
const FRAMES: u64 = 60_000;

pub(crate) fn measure(criterion: &mut Criterion) {
    let path = file(Shape::Sessions, FRAMES);
    let mut group = criterion.benchmark_group("analyzer");
    group.throughput(Throughput::Elements(analyze(&path, 1)));
    for jobs in [1, 2] {
        let name = format!("sessions, jobs {jobs}");
        group.bench_function(name, |bencher| bencher.iter(|| analyze(&path, jobs)));
    }
    group.finish();
}

/// How many frames were there.
fn analyze(path: &Path, jobs: usize) -> u64 {
    let mut capture = Capture::open(path).expect("a capture");
    let mut analyzer = Analyzer::new(&Options {
        connections: Connections::Sse,
        detail: Detail::Sessions,
        show_secrets: false,
        jobs: NonZeroUsize::new(jobs).expect("a job"),
        memory: limits::MEMORY,
    });
    let mut sink = |record| {
        black_box(record);
        Ok(())
    };
    while let Some(frame) = capture.next().expect("a frame") {
        let taken = analyzer.frame(&frame, &mut sink);
        taken.expect("a sink that takes all");
    }
    let source = Source {
        frames: capture.frames(),
        ..Source::default()
    };
    let summary = analyzer.finish(source, &mut sink);
    summary.expect("a sink that takes all").counts.frames
}
