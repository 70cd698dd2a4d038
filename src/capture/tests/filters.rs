//! Filters in libpcap's language.

use super::build::File;
use super::*;

/// An Ethernet frame with an IPv4 TCP segment from `port`.
fn segment(port: u16) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00]);
    frame.extend(ip(port));
    frame
}

fn ip(port: u16) -> Vec<u8> {
    let mut packet = vec![
        0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ];
    packet.extend(port.to_be_bytes());
    packet.extend([0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0]);
    packet
}

#[test]
fn frames_that_do_not_match_are_counted_and_keep_their_numbers() {
    let file = File::new(Order::Little)
        .pcap(0xa1b2_c3d4, 4, 1)
        .record(1, 0, &segment(1000), 54)
        .record(2, 0, &segment(2000), 54)
        .record(3, 0, &segment(1000), 54)
        .record(4, 0, &segment(3000), 54);
    let filter = Filter::new("tcp port 2000 or tcp port 3000").unwrap();
    let whole = drain(open(&file.bytes).unwrap().with_filter(filter));
    let numbers: Vec<u64> = whole.frames.iter().map(|frame| frame.0).collect();
    assert_eq!(numbers, [2, 4]);
    assert_eq!(whole.capture.frames(), 4);
    assert_eq!(whole.capture.first_time(), Some(Timestamp(1_000_000_000)));
    assert_eq!(whole.capture.last_time(), Some(Timestamp(4_000_000_000)));
}

#[test]
fn each_interface_is_filtered_by_its_own_link_type() {
    let none = |options| options;
    let file = File::new(Order::Little)
        .section()
        .interface(1, 0, none)
        .interface(101, 0, none)
        .enhanced(0, 0, &segment(1000), 54)
        .enhanced(1, 0, &ip(1000), 40)
        .enhanced(0, 0, &segment(2000), 54)
        .enhanced(1, 0, &ip(2000), 40);
    let filter = Filter::new("tcp src port 2000").unwrap();
    let whole = drain(open(&file.bytes).unwrap().with_filter(filter));
    let numbers: Vec<u64> = whole.frames.iter().map(|frame| frame.0).collect();
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn a_filter_that_does_not_compile_gives_the_reason_of_libpcap() {
    let error = Filter::new("tcp prot 80").err().unwrap();
    assert_eq!(
        error.to_string(),
        "the filter \"tcp prot 80\" does not compile: syntax error (libpcap)."
    );
}

#[test]
fn a_filter_for_another_link_type_is_a_filter_but_an_error_on_this_one() {
    let file = File::new(Order::Little)
        .pcap(0xa1b2_c3d4, 4, 1)
        .record(1, 0, &segment(1000), 54);
    let filter = Filter::new("type mgt").unwrap();
    let whole = drain(open(&file.bytes).unwrap().with_filter(filter));
    let error = whole.error.unwrap().to_string();
    assert!(
        error.starts_with(
            "the filter \"type mgt\" cannot be used on test.cap, which has Ethernet frames: "
        ),
        "{error}"
    );
    assert!(error.ends_with(" (libpcap)."), "{error}");
}
