//! The header of the PROXY protocol before the client's first bytes.

use crate::script::{CHUNKED, GET, Script};
use ssetrace::model::{Protocol, ProxyHeader};

const LINE: &str = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";
const SAYS: &str = "PROXY header: 192.0.2.1:56324 → 198.51.100.1:443";

/// A header of version 2 that says the same, with a unique ID behind the addresses that looks like a request.
fn binary() -> Vec<u8> {
    let addresses = [192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB];
    let id = "GET / HTTP/1.1\r\n\r\n";
    let length = [0, 12 + 3 + id.len() as u8];
    let front = b"\r\n\r\n\0\r\nQUIT\n\x21\x11";
    let type_and_length = [5, 0, id.len() as u8];
    [
        &front[..],
        &length,
        &addresses,
        &type_and_length,
        id.as_bytes(),
    ]
    .concat()
}

/// What is told of the client's frames: a frame number and a fact each.
fn told(pieces: &[&[u8]]) -> Vec<String> {
    let script = pieces.iter().fold(Script::new(), Script::client);
    script.told()
}

#[test]
fn the_request_behind_the_header_is_read() {
    for header in [LINE.as_bytes(), &binary()] {
        let together = [header, GET.as_bytes()].concat();
        assert_eq!(
            told(&[&together]),
            [
                &format!("1 {SAYS}"),
                "1 request begins",
                "1 request GET /events"
            ]
        );
        let apart = told(&[header, GET.as_bytes()]);
        assert_eq!(
            apart,
            [
                &format!("1 {SAYS}"),
                "2 request begins",
                "2 request GET /events"
            ]
        );
    }
}

#[test]
fn the_header_and_the_request_may_be_cut_anywhere() {
    for header in [LINE.as_bytes(), &binary()] {
        let all = [header, GET.as_bytes()].concat();
        for cut in 1..all.len() {
            let (a, b) = all.split_at(cut);
            let script = Script::new().client(a).client(b).server(CHUNKED);
            let opened = script.openings()[0];
            let request = opened.request.as_ref().expect("a request");
            assert_eq!(request.target, "/events", "cut at {cut}");
            assert_eq!(
                script
                    .told()
                    .iter()
                    .filter(|told| told.contains(SAYS))
                    .count(),
                1
            );
        }
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        let told = told(&bytes);
        let end = header.len();
        let of_header: Vec<String> = told
            .iter()
            .filter(|told| told.contains("PROXY"))
            .cloned()
            .collect();
        assert_eq!(of_header, [format!("{end} {SAYS}")]);
        assert_eq!(
            told[told.len() - 2..],
            [
                format!("{} request begins", end + 1),
                format!("{} request GET /events", all.len()),
            ]
        );
    }
}

#[test]
fn what_only_begins_like_a_header_is_read_as_if_there_were_none() {
    for request in [
        "POST / HTTP/1.1\r\n\r\n",
        "PROPFIND / HTTP/1.1\r\n\r\n",
        "PROXY / HTTP/1.1\r\n\r\n",
        "PROXY TCP4 HTTP/1.1\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
        for cut in 1..request.len() {
            let (a, b) = request.as_bytes().split_at(cut);
            let told = told(&[a, b]);
            assert_eq!(told.len(), 2, "{request:?} cut at {cut}: {told:?}");
            assert!(told[0].ends_with("request begins"), "{told:?}");
            assert!(told[1].starts_with("2 request "), "{told:?}");
        }
    }
}

#[test]
fn a_header_that_is_not_well_formed_is_opaque() {
    // Without the ID, which is a request wherever a delivery begins with it.
    let mut other_version = binary()[..28].to_vec();
    other_version[12] = 0x31;
    for header in [
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 x\r\n",
        &b"PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n"[..],
        &other_version,
    ] {
        for cut in 1..header.len() {
            let (a, b) = header.split_at(cut);
            let script = Script::new().client(a).client(b);
            let told = script.told();
            assert!(
                told.iter().all(|told| told.ends_with("request begins")),
                "cut at {cut}: {told:?}"
            );
            assert_eq!(script.stack.protocol(), Protocol::Unknown);
            assert!(script.stack.unanswered().is_none(), "cut at {cut}");
        }
    }
}

#[test]
fn only_the_first_bytes_of_a_direction_are_a_header() {
    let later = Script::new().client(GET).client(LINE).client(GET);
    assert!(!later.told().concat().contains("PROXY header"));
    let twice = Script::new().client(LINE).client(LINE);
    assert_eq!(twice.told(), [format!("1 {SAYS}")]);
    let server = Script::new().server(LINE);
    assert!(server.told().is_empty());
}

#[test]
fn bytes_missing_in_a_header_make_it_unread() {
    let script = Script::new()
        .client(&LINE[..20])
        .client_misses(10)
        .client(&LINE[30..])
        .client(GET);
    assert_eq!(script.told(), ["4 request begins", "4 request GET /events"]);
}

#[test]
fn tls_and_http_2_are_told_behind_a_header() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (bytes, protocol) in [(&hello[..], Protocol::Tls), (preface, Protocol::Http2)] {
        let together = Script::new().client([LINE.as_bytes(), bytes].concat());
        assert_eq!(together.stack.protocol(), protocol);
        let apart = Script::new().client(binary()).client(bytes);
        assert_eq!(apart.stack.protocol(), protocol);
    }
}

#[test]
fn a_header_without_addresses_says_so() {
    assert_eq!(ProxyHeader::Unknown.to_string(), "unknown");
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    assert_eq!(told(&[local]), ["1 PROXY header: local"]);
    assert_eq!(told(&[b"PROXY UNKNOWN\r\n"]), ["1 PROXY header: unknown"]);
}
