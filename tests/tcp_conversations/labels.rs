//! Every label of TCP, each in the smallest conversation that has it. The rules are Wireshark's.

use crate::script::{MS, Talk};
use ssetrace::model::{Flags, FrameNo};

/// The frame that the latest one sends again.
fn repeated(talk: &Talk) -> Option<FrameNo> {
    talk.last().repeats.map(|repeated| repeated.frame)
}

#[test]
fn a_handshake_has_its_three_labels_and_its_rtt() {
    let mut talk = Talk::new();
    talk.client().syn().scale(7).send();
    talk.server().syn().scale(3).send();
    talk.client().send();
    assert_eq!(talk.labels(1), ["syn"]);
    assert_eq!(talk.labels(2), ["syn-ack"]);
    assert_eq!(talk.labels(3), ["handshake-ack"]);
    assert_eq!(talk.facts(1).syn.unwrap().window_factor, Some(128));
    assert_eq!(talk.facts(3).initial_rtt, Some(2 * MS));
    let handshake = talk.connection().handshake();
    assert_eq!(
        (handshake.syn, handshake.syn_ack, handshake.ack),
        (Some(FrameNo(1)), Some(FrameNo(2)), Some(FrameNo(3)))
    );
    assert_eq!(handshake.rtt, Some(2 * MS));
}

#[test]
fn the_handshakes_ack_may_bring_data() {
    let mut talk = Talk::new();
    talk.client().syn().send();
    talk.server().syn().send();
    talk.client().data("hello").send();
    assert_eq!(talk.labels(3), ["handshake-ack"]);
}

#[test]
fn only_the_clients_first_ack_is_the_handshakes() {
    let mut talk = Talk::open();
    talk.client().data("hello").send();
    talk.server().send();
    assert!(talk.labels(4).is_empty());
    assert_eq!(talk.labels(5), ["ack"]);
}

#[test]
fn relative_numbers_begin_at_the_syn_or_at_one() {
    let mut talk = Talk::open();
    talk.client().data("hello").send();
    assert_eq!(
        (talk.facts(1).sequence, talk.facts(1).acknowledgment),
        (0, None)
    );
    assert_eq!(
        (talk.facts(4).sequence, talk.facts(4).acknowledgment),
        (1, Some(1))
    );
    let mut begun = Talk::begun();
    begun.client().at(5_000).data("hello").send();
    begun.server().acking(5_005).send();
    assert_eq!(begun.facts(1).sequence, 1);
    assert_eq!(begun.facts(2).acknowledgment, Some(6));
}

#[test]
fn a_window_is_scaled_when_both_sides_offered_it_and_never_on_a_syn() {
    let mut talk = Talk::new();
    talk.client().syn().scale(4).window(100).send();
    talk.server().syn().scale(2).window(100).send();
    talk.client().window(100).send();
    assert_eq!(
        (talk.facts(1).window, talk.facts(1).window_before),
        (100, None)
    );
    assert_eq!(talk.facts(2).window, 100);
    assert_eq!(
        (talk.facts(3).window, talk.facts(3).window_before),
        (1_600, Some(100))
    );
}

#[test]
fn a_window_is_not_scaled_when_one_side_did_not_offer_it() {
    let mut talk = Talk::new();
    talk.client().syn().scale(4).send();
    talk.server().syn().send();
    talk.client().window(100).send();
    assert_eq!(talk.facts(3).window, 100);
}

#[test]
fn push_is_the_flag() {
    let mut talk = Talk::open();
    talk.client().flags(Flags::ACK | Flags::PSH).send();
    let labels: Vec<_> = talk.last().labels.iter().map(|l| l.name()).collect();
    assert!(labels.contains(&"push"));
}

#[test]
fn an_ack_names_the_frame_it_answers_and_the_time_since() {
    let mut talk = Talk::open();
    talk.client().data("hello").send();
    talk.client().data("world").send();
    talk.server().send();
    assert_eq!(talk.last_labels(), ["ack"]);
    assert_eq!(talk.last().acknowledges, Some(FrameNo(5)));
    assert_eq!(talk.last().rtt, Some(MS));
}

#[test]
fn data_that_acknowledges_is_no_ack() {
    let mut talk = Talk::open();
    talk.client().data("hello").send();
    talk.server().data("hi").send();
    assert!(talk.last_labels().is_empty());
    assert_eq!(talk.last().acknowledges, Some(FrameNo(4)));
}

#[test]
fn a_window_update_changes_the_window_and_nothing_else() {
    let mut talk = Talk::open();
    talk.server().window(2_000).send();
    assert_eq!(talk.last_labels(), ["window-update"]);
    assert_eq!(talk.last().window_before, Some(1_000));
}

#[test]
fn a_full_window_is_told_by_the_segment_that_fills_it() {
    let mut talk = Talk::open();
    talk.server().window(8).send();
    talk.client().data("12345678").send();
    assert_eq!(talk.last_labels(), ["window-full"]);
}

#[test]
fn a_closed_window_is_probed_and_the_probe_is_answered() {
    let mut talk = Talk::open();
    talk.client().data("12345678").send();
    talk.server().window(0).send();
    assert_eq!(talk.last_labels(), ["ack", "zero-window"]);
    talk.client().at(9).data("9").send();
    assert_eq!(talk.last_labels(), ["zero-window-probe"]);
    talk.server().acking(9).window(0).send();
    assert_eq!(talk.last_labels(), ["zero-window", "zero-window-probe-ack"]);
}

#[test]
fn a_keep_alive_stands_one_byte_back_and_is_answered() {
    let mut talk = Talk::open();
    talk.client().at(0).send();
    assert_eq!(talk.last_labels(), ["keep-alive"]);
    talk.server().send();
    assert_eq!(talk.last_labels(), ["keep-alive-ack"]);
}

#[test]
fn duplicate_acks_are_counted_from_one_and_name_the_ack_they_repeat() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.client().send();
    talk.server().data("two").lose();
    talk.server().data("three").send();
    talk.client().acking(4).send();
    talk.server().data("four").send();
    talk.client().acking(4).send();
    assert_eq!(talk.labels(7), ["duplicate-ack"]);
    assert_eq!(talk.facts(7).duplicate, Some((1, FrameNo(5))));
    assert_eq!(talk.facts(9).duplicate, Some((2, FrameNo(5))));
}

#[test]
fn a_retransmission_names_the_first_carrier_of_its_bytes() {
    let mut talk = Talk::open();
    let first = talk.client().data("hello").send();
    talk.pause(200).client().at(1).data("hello").send();
    assert_eq!(talk.last_labels(), ["retransmission"]);
    assert_eq!(repeated(&talk), Some(FrameNo(first)));
    let repeated = talk.last().repeats.unwrap();
    assert_eq!((repeated.after, repeated.asked), (201 * MS, false));
}

#[test]
fn a_fast_retransmission_follows_two_duplicate_acks() {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.client().send();
    talk.server().data("two").send();
    talk.server().data("three").send();
    talk.client().acking(4).send();
    talk.client().acking(4).send();
    talk.server().at(4).data("two").send();
    assert_eq!(
        talk.last_labels(),
        ["retransmission", "fast-retransmission"]
    );
    assert_eq!(repeated(&talk), Some(FrameNo(6)));
    assert!(talk.last().repeats.unwrap().asked, "by duplicate ACKs");
}

#[test]
fn a_spurious_retransmission_repeats_what_was_acknowledged() {
    let mut talk = Talk::open();
    let first = talk.client().data("hello").send();
    talk.server().send();
    talk.client().at(1).data("hello").send();
    assert_eq!(
        talk.last_labels(),
        ["retransmission", "spurious-retransmission"]
    );
    assert_eq!(repeated(&talk), Some(FrameNo(first)));
}

#[test]
fn a_spurious_retransmission_names_its_carrier_also_after_a_hole() {
    let mut talk = Talk::open();
    talk.server().at(4).data("two").send();
    talk.server().at(1).data("one").send();
    talk.client().acking(7).send();
    talk.server().at(4).data("two").send();
    assert_eq!(repeated(&talk), Some(FrameNo(4)));
    talk.server().at(1).data("one").send();
    assert_eq!(repeated(&talk), Some(FrameNo(5)));
}

#[test]
fn a_segment_overtaken_a_moment_ago_is_out_of_order() {
    let mut talk = Talk::open();
    talk.server().at(4).data("two").send();
    assert_eq!(talk.last_labels(), ["previous-segment-not-captured"]);
    talk.server().at(1).data("one").send();
    assert_eq!(talk.last_labels(), ["out-of-order"]);
    assert_eq!(repeated(&talk), None);
}

#[test]
fn an_ack_of_what_was_not_captured_is_told_once() {
    let mut talk = Talk::open();
    talk.client().data("one").send();
    talk.client().data("two").lose();
    talk.server().send();
    assert_eq!(talk.last_labels(), ["ack", "acked-unseen-segment"]);
    talk.client().data("three").lose();
    talk.server().send();
    assert_eq!(talk.last_labels(), ["ack"]);
}

#[test]
fn a_syn_with_another_number_is_a_new_connection() {
    let mut talk = Talk::open();
    talk.again(900_000, 800_000);
    talk.handshake();
    assert_eq!(talk.labels(4), ["syn", "port-reused"]);
    assert_eq!(talk.labels(5), ["syn-ack"]);
    assert_eq!(talk.located[3].connection, 1);
    assert_eq!(talk.located[3].replaces, Some(0));
    assert_eq!(talk.located[4].connection, talk.located[3].connection);
    assert!(!talk.located[4].port_reused);
}

#[test]
fn a_syn_sent_again_is_a_retransmission_of_the_same_connection() {
    let mut talk = Talk::new();
    talk.client().syn().send();
    talk.pause(1_000).client().syn().at(0).send();
    assert_eq!(talk.last_labels(), ["syn", "retransmission"]);
    assert_eq!(talk.located[1].connection, 0);
}

#[test]
fn a_syn_ack_with_another_number_is_a_reused_port_without_a_new_connection() {
    let mut talk = Talk::open();
    talk.again(1_000, 800_000);
    talk.client().syn().send();
    talk.server().syn().send();
    assert_eq!(
        talk.last_labels(),
        ["syn-ack", "previous-segment-not-captured", "port-reused"]
    );
    assert_eq!(talk.located[4].connection, 0);
}

#[test]
fn an_ack_of_what_a_retransmission_brought_with_older_bytes_is_labelled_but_acknowledges_nothing_unseen()
 {
    let mut talk = Talk::open();
    talk.server().data("one").send();
    talk.client().send();
    talk.server().at(1).data("onetwo").send();
    talk.client().acking(7).send();
    assert_eq!(talk.last_labels(), ["ack", "acked-unseen-segment"]);
    assert!(!talk.last().acks_unseen);
    assert_eq!(talk.last().acknowledges, Some(FrameNo(6)));
    talk.client().acking(9).send();
    assert!(talk.last().acks_unseen, "nobody has seen these");
}

#[test]
fn what_was_asked_for_before_it_was_sent_was_not_lost() {
    // A capture on two interfaces has every frame twice, the ACKs too.
    let mut talk = Talk::open();
    talk.client().send();
    talk.server().data("one").send();
    talk.server().at(1).data("one").send();
    assert_eq!(talk.labels(4), ["duplicate-ack"]);
    let repeats = talk.last().repeats.unwrap();
    assert_eq!((repeats.frame, repeats.asked), (FrameNo(5), false));
}
