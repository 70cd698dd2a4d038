//! What holds for any order, cut and repetition of segments, and for hostile ones.

use crate::script::{client_end, server_end};
use proptest::prelude::*;
use ssetrace::model::limits::{REASSEMBLY_BYTES, REASSEMBLY_PIECES};
use ssetrace::model::{
    At, Conflict, Delivery, Direction, Ending, Flags, FrameNo, Label, Pack, Segment, Span,
    TcpOptions, Timestamp,
};
use ssetrace::tcp::{Connection, Ended};

fn at(frame: usize) -> At {
    At {
        frame: FrameNo(frame as u64),
        time: Timestamp(frame as i64 * 1_000_000),
    }
}

fn from_client<'a>(frame: usize, sequence: u32, flags: Flags, payload: &'a [u8]) -> Segment<'a> {
    Segment {
        at: at(frame),
        source: client_end(),
        destination: server_end(),
        sequence,
        acknowledgment: 0,
        flags,
        window: 1_000,
        options: TcpOptions::default(),
        payload,
        length: payload.len() as u32,
    }
}

/// The bytes of the client, each with its carrier and the frame in which it was there.
#[derive(Default)]
struct Read {
    bytes: Vec<(u8, u64, u64)>,
    gaps: u64,
    ends: usize,
}

impl Read {
    fn take(&mut self, direction: Direction, delivery: &Delivery<'_>) {
        if direction == Direction::ToClient {
            return;
        }
        assert_eq!(self.ends, 0, "nothing comes behind the end");
        match delivery {
            Delivery::Data { bytes, span } => self.bytes.extend(
                bytes
                    .iter()
                    .map(|byte| (*byte, span.first.frame.0, span.there.frame.0)),
            ),
            Delivery::Gap { bytes, .. } => self.gaps += bytes,
            Delivery::End { .. } => self.ends += 1,
        }
    }
}

/// The slow truth: each byte by its first copy, there as soon as all before it are.
fn oracle(segments: &[(usize, usize)], data: &[u8]) -> Vec<(u8, u64, u64)> {
    let carrier = |offset: usize| {
        let place = segments
            .iter()
            .position(|(start, length)| (*start..start + length).contains(&offset));
        // Frame 1 is the SYN.
        place.map(|place| place as u64 + 2)
    };
    let mut there = 0;
    let mut read = Vec::new();
    for (offset, byte) in data.iter().enumerate() {
        let Some(first) = carrier(offset) else { break };
        there = there.max(first);
        read.push((*byte, first, there));
    }
    read
}

prop_compose! {
    /// A stream, and segments of it in any order, with repetitions and overlaps.
    fn stream()(
        data in proptest::collection::vec(any::<u8>(), 1..300),
        isn in prop_oneof![any::<u32>(), Just(u32::MAX - 100)],
        cuts in proptest::collection::vec((0.0..1.0f64, 1usize..60), 0..60),
        width in 1usize..40,
        swaps in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 0..40),
    ) -> (Vec<u8>, u32, Vec<(usize, usize)>) {
        // Every byte once, in order, and more segments anywhere; then shuffled.
        let mut segments: Vec<_> = (0..data.len())
            .step_by(width)
            .map(|start| (start, width.min(data.len() - start)))
            .collect();
        for (place, length) in cuts {
            let start = (place * data.len() as f64) as usize;
            segments.push((start, length.min(data.len() - start)));
        }
        let count = segments.len();
        for (a, b) in swaps {
            segments.swap(a.index(count), b.index(count));
        }
        (data, isn, segments)
    }
}

proptest! {
    #[test]
    fn any_order_of_segments_gives_the_same_bytes_with_the_frames_that_brought_them((data, isn, segments) in stream()) {
        let mut read = Read::default();
        let syn = from_client(1, isn, Flags::SYN, b"");
        let mut connection = Connection::new(&syn, false, true);
        connection.segment(&syn, &mut |d, delivery| read.take(d, &delivery));
        for (index, (start, length)) in segments.iter().enumerate() {
            let sequence = isn.wrapping_add(1).wrapping_add(*start as u32);
            let segment = from_client(index + 2, sequence, Flags::ACK, &data[*start..start + length]);
            let facts = connection.segment(&segment, &mut |d, delivery| read.take(d, &delivery));
            prop_assert_eq!(facts.conflict, None);
        }
        let truth = oracle(&segments, &data);
        prop_assert_eq!(truth.len(), data.len());
        prop_assert_eq!(&read.bytes, &truth);
        prop_assert_eq!(read.gaps, 0);
    }

    #[test]
    fn one_byte_that_is_another_one_is_found_in_whatever_copy(
        (data, isn, segments) in stream(),
        acks in proptest::collection::vec(any::<bool>(), 1..20),
        copies in proptest::collection::vec((any::<proptest::sample::Index>(), 2usize..60, proptest::option::of((any::<proptest::sample::Index>(), 1u8..))), 1..30),
    ) {
        let mut read = Read::default();
        let syn = from_client(1, isn, Flags::SYN, b"");
        let mut connection = Connection::new(&syn, false, true);
        connection.segment(&syn, &mut |d, delivery| read.take(d, &delivery));
        let number = |offset: usize| isn.wrapping_add(1).wrapping_add(offset as u32);
        let mut frame = 1;
        for ((start, length), acks) in segments.iter().zip(acks.iter().cycle()) {
            frame += 1;
            let segment = from_client(frame, number(*start), Flags::ACK, &data[*start..start + length]);
            let facts = connection.segment(&segment, &mut |d, delivery| read.take(d, &delivery));
            prop_assert_eq!(facts.conflict, None);
            if *acks {
                frame += 1;
                let mut ack = from_client(frame, 7_000, Flags::ACK, b"");
                std::mem::swap(&mut ack.source, &mut ack.destination);
                ack.acknowledgment = number(read.bytes.len());
                connection.segment(&ack, &mut |d, delivery| read.take(d, &delivery));
            }
        }
        for (place, length, change) in copies {
            let start = place.index(data.len());
            let mut copy = data[start..data.len().min(start + length)].to_vec();
            let changed = change.map(|(place, by)| {
                let place = place.index(copy.len());
                copy[place] ^= by;
                start + place
            });
            frame += 1;
            let segment = from_client(frame, number(start), Flags::ACK, &copy);
            let facts = connection.segment(&segment, &mut |d, delivery| read.take(d, &delivery));
            let first = changed.map(|place| Conflict { bytes: 1, first: FrameNo(read.bytes[place].1) });
            let garbage = facts.labels.has(Label::KeepAlive);
            prop_assert_eq!(facts.conflict, first.filter(|_| !garbage));
        }
    }

    #[test]
    fn every_byte_is_delivered_or_told_missing((data, isn, segments) in stream(), kept in proptest::collection::vec(any::<bool>(), 120)) {
        let mut read = Read::default();
        let syn = from_client(1, isn, Flags::SYN, b"");
        let mut connection = Connection::new(&syn, false, true);
        connection.segment(&syn, &mut |d, delivery| read.take(d, &delivery));
        let mut last = 0;
        for (index, (start, length)) in segments.iter().enumerate().filter(|(i, _)| kept[i % kept.len()]) {
            let sequence = isn.wrapping_add(1).wrapping_add(*start as u32);
            let segment = from_client(index + 2, sequence, Flags::ACK, &data[*start..start + length]);
            connection.segment(&segment, &mut |d, delivery| read.take(d, &delivery));
            last = last.max(start + length);
        }
        connection.finish(at(1_000), Ending::CaptureEnd, &mut |d, delivery| read.take(d, &delivery));
        prop_assert_eq!(read.bytes.len() as u64 + read.gaps, last as u64);
        prop_assert_eq!(read.ends, 1);
    }

    /// What passes unheard leaves the same behind, and its payload is what would have been delivered.
    #[test]
    fn a_segment_passes_as_it_would_have_been_heard(
        segments in proptest::collection::vec(
            (any::<bool>(), prop_oneof![20 => Just(16u8), 5 => Just(24), 1 => Just(17), 1 => Just(4), 1 => any::<u8>()],
             prop_oneof![15 => Just(0i32), 1 => -30..30], prop_oneof![9 => Just(0i32), 1 => -30..30], 0usize..20, prop_oneof![9 => Just(0u32), 1 => 0u32..9], 0u16..900),
            1..60,
        ),
        begins in prop_oneof![Just(100u32), Just(u32::MAX - 40)],
    ) {
        let data: Vec<u8> = (0..20).collect();
        let mut next = [begins, 7_000];
        let (mut heard, mut passed): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut connections: Option<[Connection; 2]> = None;
        let handshake = [(true, 2u8, 0usize), (false, 18, 0), (true, 16, 0), (true, 24, 5), (false, 24, 9)];
        let handshake = handshake.map(|(client, flags, length)| (client, flags, 0, 0, length, 0, 500));
        for (index, (client, flags, seq, ack, length, cut, window)) in handshake.into_iter().chain(segments).enumerate() {
            let (own, peer) = (usize::from(!client), usize::from(client));
            let sequence = next[own].wrapping_add_signed(seq);
            let mut segment = from_client(index + 1, sequence, Flags(flags), &data[..length]);
            segment.acknowledgment = next[peer].wrapping_add_signed(ack);
            segment.window = window;
            segment.length += cut;
            if !client {
                std::mem::swap(&mut segment.source, &mut segment.destination);
            }
            let end = sequence.wrapping_add(segment.length + u32::from(flags & 3 != 0));
            if end.wrapping_sub(next[own]) as i32 > 0 {
                next[own] = end;
            }
            let [one, other] = connections.get_or_insert_with(|| [Connection::new(&segment, false, false), Connection::new(&segment, false, false)]);
            one.segment(&segment, &mut |direction, delivery| heard.push(format!("{direction:?} {delivery:?}")));
            match other.pass(&segment) {
                Some(_) if length == 0 => {}
                Some(direction) => {
                    let delivery = Delivery::Data { bytes: segment.payload, span: Span::of(segment.at) };
                    passed.push(format!("{direction:?} {delivery:?}"));
                }
                None => {
                    other.segment(&segment, &mut |direction, delivery| passed.push(format!("{direction:?} {delivery:?}")));
                }
            }
            prop_assert_eq!(&heard, &passed);
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }

    #[test]
    fn what_a_closed_connection_is_packed_into_is_that_connection(
        segments in proptest::collection::vec(
            (any::<bool>(), prop_oneof![9 => Just(24u8), 1 => any::<u8>()], prop_oneof![9 => 0u32..2_000, 1 => any::<u32>()], prop_oneof![9 => 0u32..2_000, 1 => any::<u32>()], 0usize..50, any::<u16>()),
            1..60,
        ),
        shown in any::<bool>(),
        reused in any::<bool>(),
    ) {
        let data = [7; 50];
        let mut connection = None;
        for (index, (client, flags, sequence, acknowledgment, length, window)) in segments.into_iter().enumerate() {
            let mut segment = from_client(index + 1, sequence, Flags(flags), &data[..length]);
            (segment.acknowledgment, segment.window) = (acknowledgment, window);
            if !client {
                std::mem::swap(&mut segment.source, &mut segment.destination);
            }
            let connection = connection.get_or_insert_with(|| Connection::new(&segment, reused, shown));
            connection.segment(&segment, &mut |_, _| ());
        }
        let mut ended = connection.unwrap().into_ended();
        let before = format!("{ended:?}");
        let mut bytes = Vec::new();
        ended.pack(&mut Pack::writes(&mut bytes));
        prop_assert_eq!(&format!("{ended:?}"), &before);
        let mut again = Ended::blank();
        again.pack(&mut Pack::reads(&bytes));
        prop_assert_eq!(&format!("{again:?}"), &before);
    }

    #[test]
    fn hostile_segments_neither_panic_nor_pass_the_caps(
        segments in proptest::collection::vec(
            (any::<bool>(), any::<u8>(), prop_oneof![any::<u32>(), 0u32..2_000], prop_oneof![any::<u32>(), 0u32..2_000], 0usize..50, 0u32..70_000, any::<u16>()),
            1..200,
        ),
    ) {
        let data = [7; 50];
        let mut connection = None;
        let mut ends = [0; 2];
        let mut take = |direction: Direction, delivery: Delivery<'_>| {
            if matches!(delivery, Delivery::End { .. }) {
                ends[usize::from(direction == Direction::ToClient)] += 1;
            }
        };
        for (index, (client, flags, sequence, acknowledgment, length, more, window)) in segments.into_iter().enumerate() {
            let mut segment = from_client(index + 1, sequence, Flags(flags), &data[..length]);
            segment.acknowledgment = acknowledgment;
            segment.window = window;
            if length > 25 {
                segment.length += more;
            }
            if !client {
                std::mem::swap(&mut segment.source, &mut segment.destination);
            }
            let connection = connection.get_or_insert_with(|| Connection::new(&segment, false, true));
            connection.segment(&segment, &mut take);
            prop_assert!(connection.memory() < 1 << 20 && connection.kept() <= connection.memory());
        }
        connection.unwrap().finish(at(1_000), Ending::CaptureEnd, &mut take);
        prop_assert_eq!(ends, [1, 1]);
    }
}

#[test]
fn a_million_one_byte_segments_in_reverse_order_stay_within_the_caps() {
    // Without optimisation a million take half a minute.
    let count = if cfg!(debug_assertions) {
        150_000
    } else {
        1_000_000
    };
    let mut read = 0;
    let mut gaps = 0;
    let mut take = |_: Direction, delivery: Delivery<'_>| match delivery {
        Delivery::Data { bytes, .. } => read += bytes.len(),
        Delivery::Gap { bytes, .. } => gaps += bytes as usize,
        Delivery::End { .. } => {}
    };
    let syn = from_client(1, 0, Flags::SYN, b"");
    let mut connection = Connection::new(&syn, false, true);
    connection.segment(&syn, &mut take);
    let mut most = 0;
    for sent in 0..count {
        let segment = from_client(sent + 2, (count - sent) as u32, Flags::ACK, b"x");
        connection.segment(&segment, &mut take);
        most = most.max(connection.memory());
    }
    assert_eq!(read + gaps, count);
    assert_eq!(read, REASSEMBLY_PIECES + 1);
    assert!(most < 10 << 20, "{most} bytes");
}

#[test]
fn bytes_behind_a_hole_are_bounded() {
    let payload = vec![b'x'; 60_000];
    let mut gaps = Vec::new();
    let mut take = |_: Direction, delivery: Delivery<'_>| {
        if let Delivery::Gap { bytes, .. } = delivery {
            gaps.push(bytes);
        }
    };
    let syn = from_client(1, 0, Flags::SYN, b"");
    let mut connection = Connection::new(&syn, false, true);
    connection.segment(&syn, &mut take);
    for sent in 0..300usize {
        let segment = from_client(sent + 2, 2 + 60_000 * sent as u32, Flags::ACK, &payload);
        connection.segment(&segment, &mut take);
        assert!(connection.memory() < REASSEMBLY_BYTES + (1 << 20));
    }
    assert_eq!(gaps, [1], "the one missing byte was given up at the cap");
}

#[test]
fn a_stream_may_be_longer_than_the_circle_of_sequence_numbers() {
    let payload = vec![b'x'; 1 << 20];
    let mut read = 0u64;
    let mut take = |_: Direction, delivery: Delivery<'_>| {
        if let Delivery::Data { bytes, .. } = delivery {
            read += bytes.len() as u64;
        }
    };
    let syn = from_client(1, 5, Flags::SYN, b"");
    let mut connection = Connection::new(&syn, false, true);
    connection.segment(&syn, &mut take);
    let mut sequence = 6u32;
    for sent in 0..5_000 {
        let segment = from_client(sent + 2, sequence, Flags::ACK, &payload);
        connection.segment(&segment, &mut take);
        sequence = sequence.wrapping_add(payload.len() as u32);
    }
    assert_eq!(read, 5_000 << 20);
}
