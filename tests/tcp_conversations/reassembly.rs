//! Each direction's bytes in order, with the frames that brought them.

use crate::script::{MS, Talk, client_end};
use ssetrace::model::{Ending, Flags, FrameNo};

#[test]
fn bytes_in_order_are_there_in_the_frame_that_carries_them() {
    let mut talk = Talk::open();
    talk.client().data("ask").send();
    talk.server().data("one").send();
    talk.server().data("two").send();
    assert_eq!(talk.to_server(), ["ask@4"]);
    assert_eq!(talk.to_client(), ["one@5", "two@6"]);
}

#[test]
fn bytes_behind_a_hole_are_there_when_it_is_filled() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").send();
    talk.server().data("three").send();
    assert!(talk.to_client().is_empty());
    assert_eq!((talk.facts(4).hole, talk.facts(5).hole), (3, 3));
    assert!(talk.facts(4).waiting && talk.facts(5).waiting);
    talk.server().at(1).data("one").send();
    assert_eq!(talk.to_client(), ["one@6", "two@4-6", "three@5-6"]);
    let facts = talk.last();
    assert!(facts.fills_hole.is_some() && !facts.waiting && facts.hole == 0);
}

#[test]
fn a_hole_of_the_clients_does_not_count_as_waiting() {
    let mut talk = Talk::open();
    talk.client().data("one").lose();
    talk.client().data("two").send();
    assert_eq!(talk.last().hole, 3);
    assert!(!talk.last().waiting);
}

#[test]
fn one_of_two_holes_is_filled_at_a_time() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").send();
    talk.server().data("three").lose();
    talk.server().data("four").send();
    talk.server().at(1).data("one").send();
    assert_eq!(talk.to_client(), ["one@6", "two@4-6"]);
    assert!(talk.last().fills_hole.is_some() && talk.last().waiting);
    talk.server().at(7).data("three").send();
    assert_eq!(talk.to_client()[2..], ["three@7", "four@5-7"]);
}

#[test]
fn a_hole_may_be_filled_in_parts() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").send();
    talk.server().at(1).data("o").send();
    assert!(talk.last().fills_hole.is_none() && talk.last().waiting);
    talk.server().at(2).data("ne").send();
    assert!(talk.last().fills_hole.is_some());
    assert_eq!(talk.to_client(), ["o@5", "ne@6", "two@4-6"]);
}

#[test]
fn a_retransmission_brings_nothing_and_its_new_tail_is_delivered() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().at(1).data("one").send();
    talk.server().at(1).data("onetwo").send();
    assert_eq!(talk.to_client(), ["one@4", "two@6"]);
}

#[test]
fn the_first_copy_of_a_byte_wins() {
    let mut talk = Talk::open();
    talk.server().at(4).data("def").send();
    talk.server().at(6).data("XYZ").send();
    talk.server().at(1).data("abcDE").send();
    assert_eq!(
        talk.to_client(),
        ["abc@6", "def@4-6", "YZ@5-6"],
        "bytes that waited stay as they came first"
    );
}

#[test]
fn sequence_numbers_wrap() {
    let mut talk = Talk::with_isns(u32::MAX - 3, u32::MAX);
    talk.handshake();
    talk.client().data("abcdefgh").send();
    talk.client().data("ijkl").lose();
    talk.client().data("mnop").send();
    talk.client().at(9).data("ijkl").send();
    assert_eq!(talk.to_server(), ["abcdefgh@4", "ijkl@6", "mnop@5-6"]);
}

#[test]
fn data_in_the_syn_comes_first() {
    let mut talk = Talk::new();
    talk.client().syn().data("early").send();
    talk.server().syn().send();
    talk.client().data("late").send();
    assert_eq!(talk.to_server(), ["early@1", "late@3"]);
}

#[test]
fn data_of_a_syn_that_was_not_taken_up_is_not_doubled() {
    let mut talk = Talk::new();
    talk.client().syn().data("early").send();
    talk.server().syn().acking(1).send();
    talk.client().at(1).data("early").send();
    assert_eq!(talk.to_server(), ["early@1"]);
}

#[test]
fn the_byte_of_a_keep_alive_is_no_data() {
    let mut talk = Talk::open();
    talk.client().at(0).data("\0").send();
    assert_eq!(talk.last_labels(), ["keep-alive"]);
    talk.client().data("hello").send();
    talk.client().at(5).data("\0").send();
    assert_eq!(talk.to_server(), ["hello@5"]);
}

#[test]
fn the_byte_of_a_zero_window_probe_is_data_once() {
    let mut talk = Talk::open();
    talk.client().data("12345678").send();
    talk.server().window(0).send();
    talk.client().at(9).data("9").send();
    talk.server().acking(9).window(0).send();
    talk.server().acking(9).send();
    talk.client().data("9abc").send();
    assert_eq!(talk.to_server(), ["12345678@4", "9@6", "abc@9"]);
}

#[test]
fn an_acknowledged_hole_is_a_gap_on_the_ack() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().data("two").lose();
    talk.server().data("three").send();
    talk.client().acking(4).send();
    assert_eq!(talk.to_client(), ["one@4"]);
    talk.client().send();
    assert_eq!(talk.to_client()[1..], ["gap 3 of 4-5@7", "three@5-7"]);
    assert!(!talk.last().waiting && talk.last().fills_hole.is_none());
}

#[test]
fn an_ack_seen_before_its_data_is_no_gap() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.client().send();
    assert_eq!(talk.last_labels(), ["ack", "acked-unseen-segment"]);
    talk.server().at(1).data("one").send();
    assert_eq!(talk.to_client(), ["one@5"]);
}

#[test]
fn a_hole_acknowledged_before_is_a_gap_when_bytes_behind_it_come() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.client().send();
    assert!(talk.to_client().is_empty());
    talk.server().data("two").send();
    assert_eq!(talk.to_client(), ["gap 3 of 2-5@5", "two@5"]);
    assert_eq!(talk.last().hole, 0);
}

#[test]
fn a_hole_acknowledged_in_part_waits_for_its_rest() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").lose();
    talk.server().data("three").send();
    talk.client().acking(4).send();
    assert!(talk.to_client().is_empty());
    talk.server().at(4).data("two").send();
    assert_eq!(talk.to_client(), ["gap 3 of 2-6@6", "two@6", "three@4-6"]);
}

#[test]
fn what_the_snaplen_cut_is_a_gap_at_once() {
    let mut talk = Talk::open();
    talk.server().data("onetwo").cut(3).send();
    talk.server().data("three").send();
    assert_eq!(talk.to_client(), ["one@4", "gap 3 of 4@4", "three@5"]);
    assert_eq!((talk.facts(4).length, talk.facts(4).captured), (6, 3));
}

#[test]
fn a_payload_of_which_nothing_was_captured_is_a_gap() {
    let mut talk = Talk::open();
    talk.server().data("one").cut(3).send();
    talk.server().data("two").cut(3).send();
    assert_eq!(talk.to_client(), ["gap 3 of 4@4", "gap 3 of 5@5"]);
}

#[test]
fn a_cut_segment_behind_a_hole_keeps_its_gap() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("twoTWO").cut(3).send();
    talk.server().data("three").send();
    talk.server().at(1).data("one").send();
    assert_eq!(
        talk.to_client(),
        ["one@6", "two@4-6", "gap 3 of 4@6", "three@5-6"]
    );
}

#[test]
fn a_cut_that_another_frame_covers_is_no_gap() {
    let mut talk = Talk::open();
    talk.server().at(4).data("two").send();
    talk.server().at(1).data("onetwo").cut(3).send();
    assert_eq!(talk.to_client(), ["one@5", "two@4-5"]);
}

#[test]
fn a_fin_ends_its_direction_behind_its_data() {
    let mut talk = Talk::open();
    talk.server().data("bye").fin().send();
    assert_eq!(talk.to_client(), ["bye@4", "fin@4"]);
    assert!(talk.to_server().is_empty());
}

#[test]
fn the_other_direction_goes_on_after_a_fin() {
    let mut talk = Talk::open();
    talk.client().fin().send();
    talk.server().data("still here").send();
    talk.server().fin().send();
    assert_eq!(talk.to_server(), ["fin@4"]);
    assert_eq!(talk.to_client(), ["still here@5", "fin@6"]);
}

#[test]
fn a_fin_waits_for_the_bytes_before_it() {
    let mut talk = Talk::open();
    talk.server().data("bye").lose();
    talk.server().fin().send();
    assert!(talk.to_client().is_empty());
    talk.server().at(1).data("bye").send();
    assert_eq!(talk.to_client(), ["bye@5", "fin@5"]);
}

#[test]
fn a_fin_behind_a_hole_waits_like_bytes() {
    let mut talk = Talk::open();
    talk.server().data("good").lose();
    talk.server().data("bye").lose();
    talk.server().fin().send();
    assert_eq!(talk.last().hole, 7);
    talk.server().at(1).data("good").send();
    assert_eq!((talk.last().hole, talk.last().fills_hole), (0, None));
    talk.server().at(5).data("bye").send();
    assert_eq!(talk.last().fills_hole, Some((FrameNo(4), 2 * MS)));
    let mut whole = Talk::open();
    whole.server().data("bye").fin().send();
    assert_eq!((whole.last().hole, whole.last().fills_hole), (0, None));
}

#[test]
fn a_fin_whose_hole_is_given_up_on_it_does_not_wait() {
    let mut talk = Talk::open();
    talk.server().data("bye").lose();
    talk.client().acking(5).send();
    talk.server().fin().send();
    assert_eq!(talk.last().hole, 0);
    assert_eq!(talk.to_client(), ["gap 3 of 2-5@5", "fin@5"]);
}

#[test]
fn what_was_acknowledged_and_never_captured_is_a_gap_at_the_end() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.server().data("bye").fin().lose();
    talk.client().send();
    talk.finish(Ending::CaptureEnd);
    assert_eq!(
        talk.to_client(),
        ["one@4", "gap 0 of 4-5@5", "capture end@5"]
    );
}

#[test]
fn an_acknowledged_fin_gives_up_the_hole_before_it() {
    let mut talk = Talk::open();
    talk.server().data("bye").lose();
    talk.server().fin().send();
    talk.client().acking(4).send();
    assert!(talk.to_client().is_empty());
    talk.client().send();
    assert_eq!(talk.to_client(), ["gap 3 of 2-4@6", "fin@6"]);
}

#[test]
fn data_behind_a_fin_is_not_delivered() {
    let mut talk = Talk::open();
    talk.server().data("bye").fin().send();
    talk.server().at(4).data("more").send();
    assert_eq!(talk.to_client(), ["bye@4", "fin@4"]);
    let mut late = Talk::open();
    late.server().at(7).data("behind").send();
    late.server().at(4).data("twoTWO").send();
    late.server().at(6).fin().send();
    late.server().at(1).data("one").send();
    assert_eq!(late.to_client(), ["one@7", "tw@5-7", "fin@7"]);
}

#[test]
fn an_rst_ends_both_directions_with_what_waits() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").send();
    talk.client().rst().send();
    assert_eq!(talk.to_client(), ["gap 3 of 2-4@5", "two@4-5", "reset@5"]);
    assert_eq!(talk.to_server(), ["reset@5"]);
    talk.server().data("late").send();
    assert_eq!(talk.to_client().len(), 3);
}

#[test]
fn the_text_of_an_rst_is_no_data() {
    let mut talk = Talk::open();
    talk.server().rst().data("no such service").send();
    assert_eq!(talk.to_client(), ["reset@4"]);
}

#[test]
fn the_end_of_the_capture_hands_up_what_waits() {
    let mut talk = Talk::open();
    talk.server().data("one").lose();
    talk.server().data("two").send();
    talk.finish(Ending::CaptureEnd);
    assert_eq!(
        talk.to_client(),
        ["gap 3 of 2-4@4", "two@4", "capture end@4"]
    );
    assert_eq!(talk.to_server(), ["capture end@4"]);
}

#[test]
fn a_direction_ends_once() {
    let mut talk = Talk::open();
    talk.server().fin().send();
    talk.finish(Ending::Expired);
    talk.finish(Ending::CaptureEnd);
    assert_eq!(talk.to_client(), ["fin@4"]);
    assert_eq!(talk.to_server(), ["expired@4"]);
}

#[test]
fn a_connection_begun_in_the_middle_starts_where_it_is_first_seen() {
    let mut talk = Talk::begun();
    talk.server().at(9_000).data("one").send();
    talk.server().at(9_003).data("two").send();
    talk.client().at(700).acking(9_006).data("ask").send();
    assert_eq!(talk.to_client(), ["one@1", "two@2"]);
    assert_eq!(talk.to_server(), ["ask@3"]);
}

#[test]
fn in_the_middle_an_empty_segment_tells_where_the_stream_stands() {
    let mut talk = Talk::begun();
    talk.server().at(100).send();
    talk.server().at(103).data("two").send();
    assert!(talk.to_client().is_empty());
    talk.server().at(100).data("one").send();
    assert_eq!(talk.to_client(), ["one@3", "two@2-3"]);
}

#[test]
fn in_the_middle_a_segment_in_front_of_the_start_is_not_lost_while_nothing_was_delivered() {
    let mut talk = Talk::begun();
    talk.server().at(103).send();
    talk.server().at(100).data("one").send();
    talk.server().at(103).data("two").send();
    assert_eq!(talk.to_client(), ["one@2", "two@3"]);
}

#[test]
fn in_the_middle_a_keep_alive_is_no_start() {
    for probe in ["", "\0"] {
        let mut talk = Talk::begun();
        talk.server().at(100).send();
        talk.server().at(99).data(probe).send();
        talk.client().acking(100).send();
        talk.server().at(100).data("one").send();
        assert_eq!(talk.to_client(), ["one@4"]);
    }
    let mut first = Talk::begun();
    first.server().at(99).send();
    first.server().at(100).data("one").send();
    assert_eq!(first.to_client(), ["one@2"]);
    let mut closing = Talk::begun();
    closing.client().data("ask").send();
    closing.server().at(99).send();
    closing.server().at(100).fin().send();
    assert_eq!(closing.to_client(), ["fin@3"]);
}

#[test]
fn the_first_byte_of_a_connection_without_handshake_may_be_a_fin() {
    let mut talk = Talk::begun();
    talk.server().at(100).data("bye").fin().send();
    assert_eq!(talk.to_client(), ["bye@1", "fin@1"]);
}

#[test]
fn a_second_syn_ack_before_the_first_byte_moves_the_start() {
    let mut talk = Talk::new();
    talk.client().syn().send();
    talk.server().syn().send();
    talk.server().at(40_000).syn().send();
    talk.server().at(40_001).data("one").send();
    assert_eq!(talk.to_client(), ["one@4"]);
}

#[test]
fn an_empty_segment_delivers_nothing() {
    let mut talk = Talk::open();
    talk.client().flags(Flags::ACK | Flags::PSH).send();
    assert!(talk.to_server().is_empty() && talk.to_client().is_empty());
}

#[test]
fn urgent_data_stays_where_it_stands_in_the_stream() {
    // RFC 6093 §2: the urgent pointer marks a point of the stream and takes nothing out of it.
    let mut talk = Talk::open();
    talk.server().data("one").send();
    let urgent = Flags::ACK | Flags::PSH | Flags::URG;
    talk.server().data("two").flags(urgent).send();
    talk.server().data("three").send();
    assert_eq!(talk.to_client(), ["one@4", "two@5", "three@6"]);
}

#[test]
fn after_a_simultaneous_open_both_directions_are_read_from_their_first_byte() {
    // RFC 9293 §3.5, figure 7: both sides send a SYN, then a SYN-ACK with the same number.
    let mut talk = Talk::new();
    talk.client().syn().send();
    talk.server().flags(Flags::SYN).send();
    talk.client().at(0).flags(Flags::SYN | Flags::ACK).send();
    talk.server().at(0).flags(Flags::SYN | Flags::ACK).send();
    talk.client().data("ask").send();
    talk.server().data("answer").send();
    assert_eq!(talk.connection().client(), client_end());
    assert_eq!(talk.to_server(), ["ask@5"]);
    assert_eq!(talk.to_client(), ["answer@6"]);
}
