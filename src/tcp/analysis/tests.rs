#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::model::TcpOptions;
use proptest::prelude::*;

/// A segment, told by what its sender and the peer have sent so far.
#[derive(Clone, Debug)]
struct Step {
    from_a: bool,
    flags: Flags,
    /// Behind the highest number sent, and behind the peer's.
    seq: i32,
    ack: i32,
    length: u32,
    window: u16,
    scale: Option<u8>,
    wait: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let flags = prop_oneof![
        20 => Just(Flags::ACK),
        1 => Just(Flags::SYN),
        1 => Just(Flags(Flags::SYN.0 | Flags::ACK.0)),
        1 => Just(Flags(Flags::FIN.0 | Flags::ACK.0)),
        1 => Just(Flags::RST),
        1 => Just(Flags(0)),
    ];
    let near = || prop_oneof![9 => Just(0), 1 => -3..=3, 1 => -300..=300];
    let length = prop_oneof![4 => Just(0), 1 => Just(1), 6 => 1_u32..400];
    let window = prop_oneof![6 => Just(500), 1 => Just(0), 2 => 0_u16..1_000];
    let scale = prop_oneof![6 => Just(None), 1 => (0_u8..3).prop_map(Some)];
    let wait = prop_oneof![Just(0), Just(1_000), Just(5_000_000), Just(300_000_000)];
    (
        any::<bool>(),
        flags,
        near(),
        near(),
        length,
        window,
        scale,
        wait,
    )
        .prop_map(
            |(from_a, flags, seq, ack, length, window, scale, wait)| Step {
                from_a,
                flags,
                seq,
                ack,
                length,
                window,
                scale,
                wait,
            },
        )
}

/// The segments of the steps, each with the side that sends it.
fn segments(steps: Vec<Step>) -> Vec<(Side, Segment<'static>)> {
    let (mut next, mut time) = ([SeqNo(u32::MAX - 900), SeqNo(7)], 1_000);
    let end = |port| crate::model::Endpoint {
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        port,
    };
    let segment = |(step, frame): (Step, u64)| {
        let side = if step.from_a { Side::A } else { Side::B };
        let sequence = next[side.index()].0.wrapping_add_signed(step.seq);
        time += step.wait;
        let segment = Segment {
            at: At {
                frame: FrameNo(frame),
                time: Timestamp(time),
            },
            source: end(1),
            destination: end(2),
            sequence,
            acknowledgment: next[side.other().index()].0.wrapping_add_signed(step.ack),
            flags: step.flags,
            window: step.window,
            options: TcpOptions {
                window_scale: step.scale,
                ..TcpOptions::default()
            },
            payload: b"",
            length: step.length,
        };
        let numbered =
            u32::from(step.flags.has(Flags::SYN)) + u32::from(step.flags.has(Flags::FIN));
        let behind = SeqNo(sequence).plus(step.length + numbered);
        if behind.is_after(next[side.index()]) {
            next[side.index()] = behind;
        }
        (side, segment)
    };
    steps.into_iter().zip(1..).map(segment).collect()
}

proptest! {
    /// What is judged at once is judged as by every rule, and leaves the same behind.
    #[test]
    fn an_ordinary_segment_is_judged_as_by_every_rule(steps in prop::collection::vec(step(), 1..80)) {
        let mut analysis = Analysis::NEW;
        let mut unacked: [Unacked; 2] = Default::default();
        for (side, segment) in segments(steps) {
            let (mut other, mut other_unacked) = (analysis, unacked.clone());
            let header = Header::of(&segment);
            let said = analysis.segment(side, &segment, Some(&mut unacked));
            let by_rules = other.by_every_rule(side, &segment, &header, Some(&mut other_unacked));
            prop_assert_eq!(format!("{said:?}"), format!("{by_rules:?}"));
            prop_assert_eq!(format!("{analysis:?}"), format!("{other:?}"));
            prop_assert_eq!(format!("{unacked:?}"), format!("{other_unacked:?}"));
        }
    }

    /// Two minutes on, what is kept of an analysis says what the analysis would have said.
    #[test]
    fn a_frozen_analysis_goes_on_as_if_nothing_had_been_dropped(
        before in prop::collection::vec(step(), 1..40),
        after in prop::collection::vec(step(), 1..20),
    ) {
        let mut analysis = Analysis::NEW;
        let mut unacked: [Unacked; 2] = Default::default();
        let mut steps = before;
        // Both sides acknowledge everything.
        let ack = |from_a| Step {
            from_a,
            flags: Flags::ACK,
            seq: 0,
            ack: 0,
            length: 0,
            window: 500,
            scale: None,
            wait: 0,
        };
        steps.extend([ack(true), ack(false)]);
        let thawed_at = steps.len();
        steps.extend(after);
        steps[thawed_at].wait += 120_000_000_000;
        let segments = segments(steps);
        for (side, segment) in &segments[..thawed_at] {
            analysis.segment(*side, segment, Some(&mut unacked));
        }
        let waits = unacked.iter().any(Unacked::waits);
        let Some(frozen) = Frozen::new(&analysis).filter(|_| !waits) else {
            return Ok(());
        };
        let mut thawed = frozen.thaw();
        let mut late_unacked: [Unacked; 2] = Default::default();
        for (side, segment) in &segments[thawed_at..] {
            let mut said = analysis.segment(*side, segment, Some(&mut unacked));
            let late = thawed.segment(*side, segment, Some(&mut late_unacked));
            // The first carrier of what is sent again may have been forgotten.
            said.repeats = late.repeats;
            prop_assert_eq!(format!("{said:?}"), format!("{late:?}"));
        }
    }
}

#[test]
fn the_next_segment_of_a_quiet_flow_is_ordinary() {
    let mut flow = Flow::NEW;
    (flow.base, flow.next, flow.ackable) = (Some(SeqNo(9)), SeqNo(10), SeqNo(10));
    let analysis = Analysis {
        flows: [flow; 2],
        ..Analysis::NEW
    };
    let header = Header {
        at: At::default(),
        flags: Flags::ACK,
        seq: SeqNo(10),
        ack: SeqNo(10),
        length: 100,
        window: 500,
    };
    assert!(analysis.is_ordinary(Side::A, &header));
    let later = Header {
        seq: SeqNo(11),
        ..header
    };
    assert!(!analysis.is_ordinary(Side::A, &later));
}
