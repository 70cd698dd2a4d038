//! How connections close, and what is said of them afterwards.

use crate::script::{MS, Talk};
use ssetrace::model::{FrameNo, TeardownKind, Timestamp};

fn closed() -> Talk {
    let mut talk = Talk::open();
    talk.server().fin().send();
    talk.client().send();
    talk.client().fin().send();
    talk.server().send();
    talk
}

#[test]
fn a_close_counts_its_four_frames() {
    let talk = closed();
    assert_eq!(talk.labels(4), ["fin"]);
    assert_eq!(talk.labels(5), ["fin-ack"]);
    assert_eq!(talk.facts(5).acknowledges_fin, Some(FrameNo(4)));
    let numbers: Vec<_> = (4..=7).map(|frame| talk.facts(frame).teardown).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(4)]);
    let teardown = talk.connection().teardown();
    assert_eq!(teardown.kind, TeardownKind::Fin);
    assert_eq!(teardown.frames.to_vec(), [4, 5, 6, 7].map(FrameNo));
}

#[test]
fn a_fin_may_acknowledge_the_peers_fin() {
    let mut talk = Talk::open();
    talk.server().fin().send();
    talk.client().fin().send();
    assert_eq!(talk.last_labels(), ["fin", "fin-ack"]);
    assert_eq!(talk.last().teardown, Some(2));
    talk.server().send();
    assert_eq!(talk.last_labels(), ["fin-ack"]);
    assert_eq!(talk.last().acknowledges_fin, Some(FrameNo(5)));
}

#[test]
fn closed_tells_who_has_sent_a_fin() {
    let talk = closed();
    let bits: Vec<_> = (3..=7).map(|frame| talk.facts(frame).closed).collect();
    assert_eq!(bits, [0, 0b10, 0b10, 0b11, 0b11]);
}

#[test]
fn a_connection_is_closed_when_both_fins_are_acknowledged() {
    let talk = closed();
    let last = talk.facts(7).at.time;
    assert_eq!(talk.connection().closed_at(), Some(last));
    let mut half = Talk::open();
    half.server().fin().send();
    half.client().send();
    assert_eq!(half.connection().closed_at(), None);
    assert_eq!(half.connection().teardown().kind, TeardownKind::Open);
}

#[test]
fn an_ack_captured_before_the_fin_it_acknowledges_closes_too() {
    let mut talk = Talk::open();
    talk.client().fin().send();
    talk.client().acking(2).send();
    talk.server().fin().acking(2).send();
    assert_eq!(talk.last_labels(), ["fin", "fin-ack"]);
    assert!(talk.connection().closed_at().is_some());
}

#[test]
fn an_rst_closes_at_once() {
    let mut talk = Talk::open();
    talk.client().rst().send();
    assert_eq!(talk.last_labels(), ["reset"]);
    assert_eq!(talk.last().teardown, None);
    assert_eq!(talk.last().closed, 0b100);
    assert_eq!(talk.connection().teardown().kind, TeardownKind::Rst);
    assert!(talk.connection().closed_at().is_some());
}

#[test]
fn an_rst_behind_a_fin_is_a_frame_of_the_teardown() {
    let mut talk = Talk::open();
    talk.client().fin().send();
    talk.server().rst().send();
    assert_eq!(talk.last().teardown, Some(2));
    assert_eq!(talk.connection().teardown().kind, TeardownKind::Rst);
}

#[test]
fn a_fin_sent_again_is_named_once() {
    let mut talk = Talk::open();
    talk.client().fin().send();
    talk.pause(500).client().fin().at(1).send();
    assert_eq!(talk.last_labels(), ["fin", "retransmission"]);
    assert_eq!(talk.last().teardown, None);
    assert_eq!(talk.connection().teardown().frames.to_vec(), [FrameNo(4)]);
}

#[test]
fn what_remains_of_a_connection_still_knows_its_numbers() {
    let mut talk = closed();
    let mut rest = closed()
        .into_connection()
        .into_ended()
        .into_rest()
        .into_late();
    talk.pause(130_000).server().rst().send();
    let late = talk.last();
    let segment = ssetrace::model::Segment {
        at: late.at,
        source: talk.connection().server(),
        destination: talk.connection().client(),
        sequence: 70_002,
        acknowledgment: 1_002,
        flags: late.flags,
        window: 1_000,
        options: Default::default(),
        payload: b"",
        length: 0,
    };
    assert_eq!(
        rest.ends(&segment),
        (talk.connection().client(), talk.connection().server())
    );
    let facts = rest.segment(&segment);
    assert_eq!(
        (facts.sequence, facts.acknowledgment, facts.direction),
        (late.sequence, late.acknowledgment, late.direction)
    );
    assert_eq!((facts.labels, facts.closed), (late.labels, late.closed));
}

#[test]
fn the_first_and_the_last_frame_are_told() {
    let talk = closed();
    let connection = talk.into_connection();
    assert_eq!(connection.last().frame, FrameNo(7));
    assert!(connection.has_ended());
    let ended = connection.into_ended();
    assert_eq!(ended.frames(), 7);
    assert_eq!(ended.first().time, Timestamp(1_001 * MS));
    assert_eq!(ended.last().frame, FrameNo(7));
}
