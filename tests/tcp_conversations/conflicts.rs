//! Copies of bytes that came before: whether they differ, and from which frame's.

use crate::script::{MS, Talk};
use ssetrace::model::limits::DELIVERED_BYTES;

/// How many bytes of the latest frame differ, and the frame that carried the first copy.
fn conflict(talk: &Talk) -> Option<(u32, u64)> {
    let conflict = talk.last().conflict;
    conflict.map(|conflict| (conflict.bytes, conflict.first.0))
}

#[test]
fn a_retransmission_with_another_byte_conflicts_with_the_frame_that_came_first() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().data("two").send();
    talk.pause(200).server().at(1).data("ONe").send();
    assert_eq!(conflict(&talk), Some((2, 4)));
    talk.server().at(4).data("twO").send();
    assert_eq!(conflict(&talk), Some((1, 5)));
    assert_eq!(talk.to_client(), ["one@4", "two@5"]);
}

#[test]
fn the_same_bytes_again_are_no_conflict() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().at(1).data("one").send();
    talk.client().send();
    talk.server().at(1).data("one").send();
    assert!((4..=7).all(|frame| talk.facts(frame).conflict.is_none()));
}

#[test]
fn a_copy_may_be_cut_otherwise() {
    let mut talk = Talk::open();
    for part in ["abc", "def", "ghi"] {
        talk.server().data(part).send();
    }
    talk.server().at(2).data("bcdefgh").send();
    assert_eq!(conflict(&talk), None);
    talk.server().at(3).data("cdEf").send();
    assert_eq!(conflict(&talk), Some((1, 5)));
    talk.server().at(3).data("CdEfgH").send();
    assert_eq!(conflict(&talk), Some((3, 4)), "the first that differs");
    talk.server().at(5).data("e").send();
    assert_eq!(conflict(&talk), None);
}

#[test]
fn the_new_tail_of_a_longer_copy_is_data_and_its_old_part_is_compared() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().at(1).data("onEtwo").send();
    assert_eq!(conflict(&talk), Some((1, 4)));
    assert_eq!(talk.to_client(), ["one@4", "two@5"]);
    talk.server().at(3).data("etwothree").send();
    assert_eq!(conflict(&talk), None);
    talk.server().at(5).data("Wothree").send();
    assert_eq!(conflict(&talk), Some((1, 5)));
}

#[test]
fn what_was_acknowledged_a_moment_ago_is_compared() {
    let mut talk = Talk::open();
    talk.server().data("injected").send();
    talk.client().send();
    talk.pause(30).server().at(1).data("genuine answer").send();
    assert_eq!(conflict(&talk), Some((7, 4)));
    assert_eq!(talk.to_client(), ["injected@4", "answer@6"]);
}

#[test]
fn both_directions_are_compared_each_with_itself() {
    let mut talk = Talk::open();
    talk.client().data("GET").send();
    talk.server().data("200").send();
    talk.client().at(1).data("PUT").send();
    assert_eq!(conflict(&talk), Some((2, 4)));
    talk.server().at(1).data("500").send();
    assert_eq!(conflict(&talk), Some((1, 5)));
}

#[test]
fn copies_are_compared_where_the_numbers_wrap() {
    let mut talk = Talk::with_isns(5, u32::MAX - 4);
    talk.handshake();
    talk.server().data("abcdef").send();
    talk.server().data("ghi").send();
    talk.server().at(1).data("abcdefghi").send();
    assert_eq!(conflict(&talk), None);
    talk.server().at(3).data("cDeFg").send();
    assert_eq!(conflict(&talk), Some((2, 4)));
}

#[test]
fn the_byte_of_a_keep_alive_is_garbage() {
    let mut talk = Talk::open();
    talk.client().data("hello").send();
    talk.client().at(5).data("\0").send();
    assert_eq!(talk.last_labels(), ["keep-alive"]);
    assert_eq!(conflict(&talk), None);
    // Behind a hole too.
    talk.client().data("lost").lose();
    talk.client().data("late").send();
    talk.client().at(13).data("\0").send();
    assert_eq!(talk.last_labels(), ["keep-alive"]);
    assert_eq!(conflict(&talk), None);
    talk.client().at(6).data("lost").send();
    assert_eq!(talk.to_server(), ["hello@4", "lost@8", "late@6-8"]);
}

#[test]
fn the_byte_of_a_window_probe_is_held_against_nothing() {
    let mut talk = Talk::open();
    talk.client().data("12345678").send();
    talk.server().window(0).send();
    for probe in ["?", "!"] {
        talk.client().at(9).data(probe).send();
        assert_eq!(talk.last_labels(), ["zero-window-probe"]);
        assert_eq!(conflict(&talk), None);
        talk.server().acking(9).window(0).send();
    }
    talk.server().acking(9).send();
    talk.client().data("9abc").send();
    assert_eq!(conflict(&talk), None);
    talk.client().at(9).data("9aBc").send();
    assert_eq!(conflict(&talk), Some((1, 11)));
}

#[test]
fn of_cut_frames_the_bytes_are_compared_that_both_copies_have() {
    let mut talk = Talk::open();
    talk.server().data("onetwo").cut(3).send();
    talk.server().data("three").send();
    talk.server().at(1).data("oneTWO").send();
    assert_eq!((conflict(&talk), talk.last().late), (None, 0));
    talk.server().at(1).data("oNetwothrEE").cut(1).send();
    assert_eq!(conflict(&talk), Some((2, 4)));
    talk.server().at(1).data("onetwothreE").cut(1).send();
    assert_eq!(conflict(&talk), None);
}

#[test]
fn what_the_capture_missed_is_not_compared_and_what_is_round_it_is() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().data("two").lose();
    talk.server().data("three").send();
    talk.client().send();
    talk.server().at(1).data("oneTWOthree").send();
    assert_eq!(conflict(&talk), None);
    assert_eq!(talk.last().late, 3, "it was given up");
    talk.server().at(3).data("ETWOThree").send();
    assert_eq!(conflict(&talk), Some((2, 4)));
    assert_eq!(talk.to_client(), ["one@4", "gap 3 of 4-5@6", "three@5-6"]);
}

#[test]
fn what_waits_behind_a_hole_is_compared_with_its_own_frames() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().data("two").lose();
    talk.server().data("three").send();
    talk.server().data("four").send();
    talk.server().at(7).data("ThreeFour").send();
    assert_eq!(conflict(&talk), Some((2, 5)));
    talk.server().at(12).data("foUR").send();
    assert_eq!(conflict(&talk), Some((2, 6)));
    talk.server().at(1).data("OnetwothreefouR").send();
    assert_eq!(conflict(&talk), Some((2, 4)), "delivered and waiting ones");
    talk.server().at(7).data("threefOur").send();
    assert_eq!(conflict(&talk), Some((1, 6)), "after the hole was filled");
}

#[test]
fn copies_are_compared_with_the_first_not_with_each_other() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    for copy in ["two", "two", "one"] {
        talk.server().at(1).data(copy).send();
    }
    let conflicts = [5, 6, 7].map(|frame| talk.facts(frame).conflict.map(|c| c.bytes));
    assert_eq!(conflicts, [Some(3), Some(3), None]);
}

#[test]
fn a_direction_that_has_ended_is_compared_until_the_connection_is_closed() {
    let mut talk = Talk::open();
    talk.client().data("ask").send();
    talk.server().data("injected").fin().send();
    talk.client().send();
    talk.server().at(1).data("genuine!").send();
    assert_eq!(conflict(&talk), Some((7, 5)));
    assert_eq!(talk.to_client(), ["injected@5", "fin@5"]);
}

#[test]
fn data_of_a_syn_is_compared() {
    let mut talk = Talk::new();
    talk.client().syn().data("early").send();
    talk.server().syn().acking(1).send();
    talk.client().at(1).data("earli").send();
    assert_eq!(conflict(&talk), Some((1, 1)));
}

#[test]
fn a_connection_that_takes_the_ports_has_bytes_of_its_own() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.again(9_000, 70_000);
    talk.handshake();
    talk.server().data("two").send();
    assert_eq!(conflict(&talk), None);
}

#[test]
fn in_the_middle_of_a_stream_copies_are_compared_from_the_first_byte_on() {
    let mut talk = Talk::begun();
    talk.server().at(100).data("one").send();
    talk.server().at(97).data("xyzONE").send();
    assert_eq!(conflict(&talk), Some((3, 1)));
}

#[test]
fn what_lies_further_back_than_the_bound_is_not_compared() {
    let mut talk = Talk::open();
    let frame = "x".repeat(DELIVERED_BYTES / 4);
    for _ in 0..5 {
        talk.server().data(&frame).send();
    }
    let places = |place: u32| 1 + place * frame.len() as u32;
    talk.pause(1_000)
        .server()
        .at(places(1) - 2)
        .data("yy")
        .send();
    assert_eq!(conflict(&talk), None);
    talk.server().at(places(1) - 2).data("yyy").send();
    assert_eq!(conflict(&talk), Some((1, 5)));
    let repeated = talk.last().repeats.unwrap();
    assert_eq!(repeated.frame.0, 4);
    assert!(repeated.after > 1_000 * MS);
}
