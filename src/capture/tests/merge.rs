//! Several captures as one.

use super::build::File;
use super::*;

/// A pcap file with a frame for each of `times` (seconds), which holds `mark` and its place.
fn capture(mark: u8, times: &[u32]) -> Vec<u8> {
    let mut file = File::new(Order::Little).pcap(0xa1b2_c3d4, 4, 101);
    for (place, time) in times.iter().enumerate() {
        file = file.record(*time, 0, &[mark, place as u8], 2);
    }
    file.bytes
}

fn merged(captures: &[&[u8]]) -> Merged {
    Merged::new(captures.iter().map(|bytes| open(bytes).unwrap()).collect())
}

/// Number, seconds and bytes of each frame.
fn frames(merged: &mut Merged) -> Vec<(u64, i64, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some(frame) = merged.next().unwrap() {
        let seconds = frame.at.time.0 / 1_000_000_000;
        frames.push((frame.at.frame.0, seconds, frame.bytes.to_vec()));
    }
    frames
}

#[test]
fn the_earliest_frame_goes_first_and_numbers_run_over_all() {
    let mut both = merged(&[&capture(1, &[2, 3, 9]), &capture(2, &[1, 3, 4])]);
    let expected = [
        (1, 1, vec![2, 0]),
        (2, 2, vec![1, 0]),
        // At the same time that of the capture named first.
        (3, 3, vec![1, 1]),
        (4, 3, vec![2, 1]),
        (5, 4, vec![2, 2]),
        (6, 9, vec![1, 2]),
    ];
    assert_eq!(frames(&mut both), expected);
    let seconds = |time: Timestamp| time.0 / 1_000_000_000;
    let (first, last) = both.times().unwrap();
    assert_eq!((both.frames(), seconds(first), seconds(last)), (6, 1, 9));
    assert_eq!(both.name(), "test.cap + test.cap");
    assert_eq!(both.format(), "pcap");
}

#[test]
fn a_clock_that_goes_back_changes_no_order_within_its_capture() {
    let mut both = merged(&[&capture(1, &[5, 1, 6]), &capture(2, &[4, 7])]);
    let order: Vec<_> = frames(&mut both).into_iter().map(|frame| frame.2).collect();
    assert_eq!(order, [[2, 0], [1, 0], [1, 1], [1, 2], [2, 1]]);
}

#[test]
fn a_filter_keeps_the_numbers_of_the_whole() {
    // The first byte of an IPv4 packet.
    let filter = Filter::new("ip[0] = 0x46").unwrap();
    let captures = [capture(0x45, &[1, 3, 5]), capture(0x46, &[2, 4])];
    let mut both = merged(&[&captures[0], &captures[1]]).with_filter(filter);
    let numbers: Vec<_> = frames(&mut both).iter().map(|frame| frame.0).collect();
    assert_eq!(numbers, [2, 4]);
    assert_eq!(both.frames(), 5);
    assert_eq!(both.times().map(|(_, last)| last.0), Some(5_000_000_000));
}

#[test]
fn a_damaged_capture_ends_where_it_is_damaged_and_the_others_go_on() {
    let mut damaged = capture(1, &[1, 2]);
    damaged.extend([0xff; 32]);
    let mut cut = capture(2, &[3, 4]);
    cut.pop();
    let mut all = merged(&[&damaged, &cut, &capture(3, &[5])]);
    let order: Vec<_> = frames(&mut all).into_iter().map(|frame| frame.2).collect();
    assert_eq!(order, [[1, 0], [1, 1], [2, 0], [3, 0]]);
    assert_eq!(all.damage().len(), 1);
    assert_eq!(all.cuts(), [("test.cap", FrameNo(2))]);
}

#[test]
fn nothing_is_waited_for_where_a_frame_of_each_capture_is_there() {
    let mut both = merged(&[&capture(1, &[1, 2]), &capture(2, &[2])]);
    // The file headers have been read, and with them all that is this short.
    assert!(both.ready().unwrap());
    assert!(both.next().unwrap().is_some());
    assert!(both.ready().unwrap());
    assert!(both.next().unwrap().is_some());
    // Whether the first capture has more is not known before it is read.
    assert!(!both.ready().unwrap());
    assert!(both.wait().unwrap());
    assert!(both.next().unwrap().is_some());
    assert!(!both.wait().unwrap());
}
