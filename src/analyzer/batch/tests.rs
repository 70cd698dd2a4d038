//! Segments come back from a batch as they went in, connection by connection.

use super::*;
use crate::decode;
use crate::model::{Endpoint, Flags, LinkType, TcpOptions};
use std::num::NonZeroUsize;

fn batch(connections: &[u32]) -> Batch {
    let mut batch = Batch::new(Shares::of_jobs(NonZeroUsize::MIN));
    for (frame, connection) in (1..).zip(connections) {
        let at = At {
            frame: FrameNo(frame),
            time: Timestamp(frame as i64 * 10),
        };
        let here = Endpoint {
            address: [127, 0, 0, 1].into(),
            port: 1,
        };
        batch.frame(at, at.time);
        let payload = [frame as u8];
        let segment = Segment {
            at,
            source: here,
            destination: here,
            sequence: 0,
            acknowledgment: 0,
            flags: Flags::ACK,
            window: 0,
            options: TcpOptions::default(),
            payload: &payload,
            length: 1,
        };
        let frame = Frame {
            at,
            link: LinkType(1),
            bytes: &payload,
            wire_length: 1,
            block: None,
        };
        batch.segment(
            &frame,
            &segment,
            Located {
                connection: *connection,
                port_reused: false,
                replaces: None,
            },
        );
    }
    batch
}

fn order(mut batch: Batch) -> Vec<(u32, u8)> {
    let mut order = Vec::new();
    let step = batch.shares.step();
    for part in &mut batch.parts {
        for bucket in &mut part.buckets {
            bucket.group(step);
            for mut run in bucket.runs(&batch.common) {
                while let Some(segment) = run.first() {
                    order.push((run.connection, segment.payload[0]));
                    run.advance();
                }
            }
        }
    }
    order
}

#[test]
fn segments_come_by_connection_and_then_as_they_were_captured() {
    let near = batch(&[7, 3, 7, 3, 9]);
    assert_eq!(order(near), [(3, 2), (3, 4), (7, 1), (7, 3), (9, 5)]);
    let far = batch(&[4_000_000_000, 0, 4_000_000_000]);
    assert_eq!(order(far), [(0, 2), (4_000_000_000, 1), (4_000_000_000, 3)]);
    assert_eq!(order(batch(&[])), []);
}

#[test]
fn a_plain_segment_comes_back_as_it_was_read() {
    let ethernet = |ether_type: [u8; 2]| [[2; 12].as_slice(), &ether_type].concat();
    let v4 = [
        &[0x45, 0, 0, 55, 0, 1, 0x40, 0, 64, 6, 0, 0],
        [10, 0, 0, 1, 10, 0, 0, 2].as_slice(),
    ];
    let addresses: Vec<u8> = (0..32).collect();
    let v6 = |addresses: &[u8]| [&[0x60, 0, 0, 0, 0, 35, 6, 64], addresses].concat();
    let tcp = [
        0, 80, 0x90, 0, 0, 0, 0, 5, 0, 0, 0, 7, 0x80, 0x18, 1, 2, 0, 0, 0, 0,
    ];
    let timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
    let mut batch = Batch::new(Shares::of_jobs(NonZeroUsize::MIN));
    let mut read = Vec::new();
    for (number, timestamps_are_there) in (1..).zip([true, false, true, false]) {
        let (ether_type, ip) = match number {
            1 => ([0x86, 0xdd], v6(&addresses)),
            2 => (
                [0x86, 0xdd],
                v6(&[&addresses[16..], &addresses[..16]].concat()),
            ),
            _ => ([8, 0], v4.concat()),
        };
        let mut tcp = tcp;
        // Without them their bytes are payload.
        tcp[12] = if timestamps_are_there { 0x80 } else { 0x50 };
        let bytes = [
            &ethernet(ether_type),
            &ip,
            tcp.as_slice(),
            &timestamps,
            b"abc",
        ]
        .concat();
        let at = At {
            frame: FrameNo(number),
            time: Timestamp(0),
        };
        let frame = Frame {
            at,
            link: LinkType(1),
            bytes: &bytes,
            wire_length: 0,
            block: None,
        };
        let plain = decode::plain(&frame)
            .or_else(|| decode::plain_other(&frame))
            .unwrap();
        assert_eq!(plain.timestamps(), Some(timestamps_are_there));
        batch.frame(at, at.time);
        batch.plain(&frame, &plain, timestamps_are_there, 0);
        read.push(format!("{:?}", plain.segment(at)));
    }
    let (common, mut parts) = batch.end();
    let bucket = &mut parts[0].buckets[0];
    bucket.group(0);
    let mut run = bucket.runs(&common).next().unwrap();
    for read in read {
        assert_eq!(format!("{:?}", run.first().unwrap()), read);
        run.advance();
    }
    assert!(run.is_over());
}

#[test]
fn a_deadline_is_met_by_the_first_frame_whose_clock_has_reached_it() {
    let (common, _) = batch(&[0, 0, 0]).end();
    let clock = &common.clock;
    assert_eq!(clock.first_frame_at(Timestamp(20)), Some(FrameNo(2)));
    assert_eq!(clock.first_frame_at(Timestamp(21)), Some(FrameNo(3)));
    assert_eq!(clock.first_frame_at(Timestamp(31)), None);
    assert_eq!(clock.at(FrameNo(2)), Timestamp(20));
}
