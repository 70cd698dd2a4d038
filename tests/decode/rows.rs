//! The same conversation over every link layer and through every tunnel gives the same rows, events and sessions.

use super::carriers::{in_ipv6, of_ipv4, of_ipv6};
use super::common::{Analysed, SSE, Script, analyse_on, chunk};
use ssetrace::model::{Record, Timestamp};

/// A stream with a retransmission, a hole that is filled, and a close.
fn conversation() -> Script {
    let mut script = Script::new().handshake().request("/events");
    script = script.answer(SSE.as_bytes());
    script = script.answer(&chunk("data: one\n\n"));
    let before = script.pieces.len();
    script = script.answer_cut(&chunk("id: 7\ndata: two\n\n"), &[4, 9]);
    script.pieces.swap(before, before + 1);
    let again = script.pieces[before].clone();
    script.pieces.push(again);
    script.answer(b"0\r\n\r\n").teardown()
}

/// All that is said, but the summary: it names the link type.
fn said(analysed: &Analysed) -> Vec<String> {
    let records = analysed.records.iter();
    let records = records.filter(|record| !matches!(record, Record::Summary(_)));
    records.map(|record| format!("{record:?}")).collect()
}

/// What is said of `packets`, carried as `carried` does it.
fn analysed(
    packets: &[(Timestamp, Vec<u8>)],
    carried: impl Fn(&[u8]) -> (u32, Vec<u8>),
) -> Analysed {
    let mut link = 101;
    let frames: Vec<(Timestamp, Vec<u8>)> = packets
        .iter()
        .map(|(time, packet)| {
            let (this_link, frame) = carried(packet);
            link = this_link;
            (*time, frame)
        })
        .collect();
    analyse_on(link, &frames)
}

#[test]
fn the_same_conversation_over_every_carrier_gives_the_same_rows() {
    let packets = conversation().frames();
    let plain = analysed(&packets, |packet| (101, packet.to_vec()));
    assert_eq!(plain.rows().len(), packets.len());
    assert_eq!(plain.events().len(), 2);
    let wanted = said(&plain);
    for (place, (name, _, _)) in of_ipv4(&packets[0].1).into_iter().enumerate() {
        let got = analysed(&packets, |packet| {
            let (_, link, frame) = of_ipv4(packet).swap_remove(place);
            (link, frame)
        });
        assert_eq!(said(&got), wanted, "{name}");
    }
}

#[test]
fn the_same_conversation_over_every_carrier_of_ipv6_gives_the_same_rows() {
    let packets = conversation().frames().into_iter();
    let packets: Vec<(Timestamp, Vec<u8>)> = packets
        .map(|(time, packet)| (time, in_ipv6(&packet)))
        .collect();
    let plain = analysed(&packets, |packet| (101, packet.to_vec()));
    assert_eq!(plain.events().len(), 2);
    let wanted = said(&plain);
    for (place, (name, _, _)) in of_ipv6(&packets[0].1).into_iter().enumerate() {
        let got = analysed(&packets, |packet| {
            let (_, link, frame) = of_ipv6(packet).swap_remove(place);
            (link, frame)
        });
        assert_eq!(said(&got), wanted, "{name}");
    }
}
