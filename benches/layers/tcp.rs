//! The segments of one connection: roles, analysis, and the bytes in order.

use crate::material::Conversation;
use criterion::{Criterion, Throughput};
use ssetrace::model::{FrameNo, Segment};
use ssetrace::tcp::Connection;
use std::hint::black_box;

/// Segments that are lost at once, and as many that come before they are sent again.
const WINDOW: usize = 32;

pub(crate) fn measure(criterion: &mut Criterion) {
    let conversation = Conversation::new();
    let segments = conversation.segments();
    let mut group = criterion.benchmark_group("tcp");
    for (name, change) in [
        ("in order", (|pairs| pairs.to_vec()) as Change),
        ("half out of order", half_out_of_order),
        ("a window of losses", window_of_losses),
    ] {
        let segments = changed(&segments, change);
        group.throughput(Throughput::Elements(segments.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| assemble(&segments)));
    }
    group.finish();
}

/// As a worker does where no rows are wanted.
fn assemble(segments: &[Segment<'_>]) {
    let mut connection = Connection::new(&segments[0], false, false);
    for segment in segments {
        if connection.pass(segment).is_some() {
            black_box(segment.payload);
            continue;
        }
        connection.hear(segment, &mut |_, delivery| {
            black_box(delivery);
        });
    }
    assert!(connection.has_ended());
}

/// What becomes of pairs of a chunk and its ACK.
type Change = for<'a> fn(&[Segment<'a>]) -> Vec<Segment<'a>>;

/// The conversation with another middle, numbered anew.
fn changed<'a>(segments: &[Segment<'a>], change: Change) -> Vec<Segment<'a>> {
    let middle = Conversation::middle(segments);
    let (opening, closing) = (&segments[..middle.start], &segments[middle.end..]);
    let middle = change(&segments[middle]);
    let mut changed = [opening, &middle, closing].concat();
    for (number, segment) in (1..).zip(&mut changed) {
        segment.at.frame = FrameNo(number);
    }
    changed
}

/// Of four chunks two come in the other order.
fn half_out_of_order<'a>(pairs: &[Segment<'a>]) -> Vec<Segment<'a>> {
    let mut out = Vec::new();
    for four in pairs.chunks(8) {
        match four {
            [a, b, c, d, e, _, g, h] => out.extend([a, b, c, d, g, e, h]),
            rest => out.extend(rest),
        }
    }
    out
}

/// A window is lost, what follows is acknowledged again and again, and the window is sent once more.
fn window_of_losses<'a>(pairs: &[Segment<'a>]) -> Vec<Segment<'a>> {
    let mut out = Vec::new();
    for two in pairs.chunks(2 * 2 * WINDOW) {
        let (lost, seen) = two.split_at((2 * WINDOW).min(two.len()));
        let before = Segment {
            acknowledgment: lost[0].sequence,
            ..lost[1]
        };
        out.extend(seen.iter().step_by(2).flat_map(|data| [*data, before]));
        out.extend(lost.iter().step_by(2));
        out.extend(two.last());
    }
    out
}
