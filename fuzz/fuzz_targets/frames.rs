//! Any bytes as TCP segments of a few connections: what a capture file's and a link layer's checks would keep away from the layers above.
//!
//! Each frame takes from the bytes: who sends, flags, how far number and acknowledgment are off, the window, the time, the payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ssetrace::model::{At, Frame, FrameNo, LinkType, Timestamp};
use ssetrace_fuzz::Run;

const SEGMENT: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let mut run = Run::default();
    let mut rest = bytes;
    let mut next = [[0xffff_fe00_u32, 0]; 4];
    let (mut number, mut time) = (1, 1_700_000_000_000_000_000_i64);
    while let Some((head, payload)) = rest.split_first_chunk::<SEGMENT>() {
        let [who, flags, seq, ack, window, wait, length, cut] = *head;
        let connection = usize::from(who >> 1 & 3);
        let side = usize::from(who & 1);
        let (payload, behind) = payload.split_at(usize::from(length).min(payload.len()));
        rest = behind;
        time += i64::from(wait) * i64::from(wait) * 100_000 - if who & 8 != 0 { 1_000 } else { 0 };
        // Most segments are the next one.
        let off = |by: u8| if by < 0xc0 { 0 } else { i32::from(by as i8) };
        let sequence = next[connection][side].wrapping_add_signed(off(seq));
        let acknowledgment = next[connection][1 - side].wrapping_add_signed(off(ack));
        next[connection][side] = sequence
            .wrapping_add(payload.len() as u32)
            .wrapping_add(u32::from(flags & 3 != 0));
        let packet = packet(
            (connection as u8, side),
            (sequence, acknowledgment),
            flags,
            u16::from(window) << 4,
            payload,
        );
        let captured = packet.len() - usize::from(if cut > 0xf0 { cut & 0xf } else { 0 });
        run.frame(&Frame {
            at: At {
                frame: FrameNo(number),
                time: Timestamp(time),
            },
            link: LinkType(101),
            bytes: &packet[..captured],
            wire_length: packet.len() as u32,
            block: None,
        });
        number += 1;
    }
    run.finish();
});

/// An IPv4 packet.
fn packet(
    (connection, side): (u8, usize),
    (sequence, acknowledgment): (u32, u32),
    flags: u8,
    window: u16,
    payload: &[u8],
) -> Vec<u8> {
    let ends = [([10, 0, 0, connection], 50_000_u16), ([10, 0, 1, 1], 80)];
    let (from, to) = (ends[side], ends[1 - side]);
    let mut packet = vec![0x45, 0];
    packet.extend((40 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet.extend(from.0);
    packet.extend(to.0);
    packet.extend(from.1.to_be_bytes());
    packet.extend(to.1.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend(acknowledgment.to_be_bytes());
    packet.extend([0x50, flags]);
    packet.extend(window.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(payload);
    packet
}
