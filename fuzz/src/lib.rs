//! What the fuzz targets do with their bytes: all that `ssetrace analyze` does with a file, but printing it.

use ssetrace::analyzer::{Analyzer, Connections, Options, Source};
use ssetrace::model::{Detail, Frame, Record};
use ssetrace::report::{self, Format, Report};
use std::num::NonZeroUsize;

/// Bytes: so little that the cap is reached by the files that a fuzzer makes.
const MEMORY: usize = 1024 * 1024;

/// An analysis and the forms that it is written in.
pub struct Run {
    analyzer: Analyzer,
    reports: Vec<Report<std::io::Sink>>,
    frames: u64,
    rows: u64,
}

impl Default for Run {
    fn default() -> Run {
        let reports = [Format::Table, Format::Jsonl].map(|format| {
            let options = report::Options {
                format,
                ..report::Options::default()
            };
            Report::new(options, std::io::sink())
        });
        Run {
            analyzer: Analyzer::new(&Options {
                connections: Connections::All,
                detail: Detail::Frames,
                show_secrets: false,
                jobs: NonZeroUsize::MIN,
                memory: MEMORY,
            }),
            reports: reports.into(),
            frames: 0,
            rows: 0,
        }
    }
}

impl Run {
    /// The next frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        let Run {
            analyzer,
            reports,
            rows,
            ..
        } = self;
        let mut sink = |record: Record| write(reports, rows, &record);
        analyzer
            .frame(frame, &mut sink)
            .expect("nothing that is written fails");
    }

    /// The end of the capture.
    pub fn finish(self) {
        let Run {
            analyzer,
            mut reports,
            frames,
            mut rows,
        } = self;
        let source = Source {
            frames,
            ..Source::default()
        };
        let mut sink = |record: Record| write(&mut reports, &mut rows, &record);
        analyzer
            .finish(source, &mut sink)
            .expect("nothing that is written fails");
        for report in reports {
            report.finish().expect("nothing that is written fails");
        }
        assert!(rows <= frames, "{rows} rows of {frames} frames");
    }
}

fn write(
    reports: &mut [Report<std::io::Sink>],
    rows: &mut u64,
    record: &Record,
) -> std::io::Result<()> {
    *rows += u64::from(matches!(record, Record::Frame(_)));
    reports
        .iter_mut()
        .try_for_each(|report| report.record(record))
}
