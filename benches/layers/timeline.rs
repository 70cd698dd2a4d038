//! The rows of a conversation: made of what was said, and written.

use crate::material::Conversation;
use criterion::{BatchSize, Criterion, Throughput};
use ssetrace::analyzer::{Analyzer, Connections, Options, Source};
use ssetrace::layers::Stack;
use ssetrace::model::{Detail, Record, Said, TcpFacts, limits};
use ssetrace::report::{self, Format, Report};
use ssetrace::tcp::Connection;
use ssetrace::timeline::{After, Entry, Frames, Rows, Shown, Spare};
use std::hint::black_box;
use std::io;
use std::num::NonZeroUsize;

pub(crate) fn measure(criterion: &mut Criterion) {
    let conversation = Conversation::new();
    rows(criterion, &conversation);
    reports(criterion, &conversation);
}

/// What is known of a frame when its row is made.
#[derive(Clone)]
struct Heard {
    facts: TcpFacts,
    said: Vec<Said>,
    after: After,
}

fn rows(criterion: &mut Criterion, conversation: &Conversation) {
    let (ends, heard) = heard(conversation);
    let mut group = criterion.benchmark_group("timeline");
    group.throughput(Throughput::Elements(heard.len() as u64));
    group.bench_function("rows", |bencher| {
        bencher.iter_batched(
            || heard.clone(),
            |heard| {
                let mut rows = Rows::new(Shown::Sse, false);
                let mut spare = Spare::default();
                for mut frame in heard {
                    let mut done = None;
                    rows.frame(
                        ends,
                        &frame.facts,
                        &mut frame.said,
                        frame.after,
                        &mut spare,
                        &mut |entry| {
                            if let Entry::Row(row) = black_box(entry) {
                                done = Some(row);
                            }
                        },
                    );
                    done.into_iter().for_each(|row| spare.give(row));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn heard(conversation: &Conversation) -> (Frames, Vec<Heard>) {
    let segments = conversation.segments();
    let mut connection = Connection::new(&segments[0], false, true);
    let mut stack = Stack::new(Detail::Frames);
    let mut all = Vec::new();
    for segment in &segments {
        let mut said = Vec::new();
        let heard = connection.hear(segment, &mut |direction, delivery| {
            stack.deliver(direction, delivery, &mut said);
        });
        all.push(Heard {
            facts: connection.facts(segment, &heard),
            said,
            after: After {
                pending: stack.pending(),
                responding: stack.open_response(),
            },
        });
    }
    let ends = Frames {
        connection: 0,
        client: connection.client(),
        server: connection.server(),
        first: connection.first(),
    };
    (ends, all)
}

fn reports(criterion: &mut Criterion, conversation: &Conversation) {
    let records = records(conversation);
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(conversation.frames.len() as u64));
    for (name, format) in [
        ("table", Format::Table),
        ("jsonl", Format::Jsonl),
        ("csv", Format::Csv),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let options = report::Options {
                    format,
                    ..report::Options::default()
                };
                let mut report = Report::new(options, io::sink());
                for record in &records {
                    report.record(record).expect("a writer that takes all");
                }
                report.finish().expect("a writer that takes all");
            });
        });
    }
    group.finish();
}

fn records(conversation: &Conversation) -> Vec<Record> {
    let mut analyzer = Analyzer::new(&Options {
        connections: Connections::Sse,
        detail: Detail::Frames,
        show_secrets: false,
        jobs: NonZeroUsize::MIN,
        memory: limits::MEMORY,
    });
    let mut records = Vec::new();
    let mut sink = |record| {
        records.push(record);
        Ok(())
    };
    for captured in &conversation.frames {
        let taken = analyzer.frame(&captured.frame(), &mut sink);
        taken.expect("a sink that takes all");
    }
    let finished = analyzer.finish(Source::default(), &mut sink);
    finished.expect("a sink that takes all");
    records
}
