//! Who is the client, when the capture does not begin at the beginning.

use crate::script::{Talk, client_end, server_end};
use ssetrace::model::Direction::{ToClient, ToServer};

#[test]
fn the_syn_tells_the_client() {
    let mut talk = Talk::new();
    // The script's server opens here: port 80 to port 50000.
    talk.server().syn().send();
    assert_eq!(talk.connection().client(), server_end());
    assert_eq!(talk.last().direction, ToServer);
}

#[test]
fn a_syn_ack_as_first_frame_tells_the_server() {
    let mut talk = Talk::new();
    talk.client().syn().lose();
    talk.client().at(0).acking(1).syn().send();
    assert_eq!(talk.connection().server(), client_end());
    assert_eq!(talk.last().direction, ToClient);
}

#[test]
fn without_a_syn_the_sender_of_a_request_is_the_client() {
    let mut talk = Talk::begun();
    talk.server().data("GET /events HTTP/1.1\r\n\r\n").send();
    assert_eq!(talk.connection().client(), server_end());
}

#[test]
fn without_a_syn_the_sender_of_a_status_line_is_the_server() {
    let mut talk = Talk::begun();
    talk.client().data("HTTP/1.1 200 OK\r\n").send();
    assert_eq!(talk.connection().server(), client_end());
}

#[test]
fn without_either_the_lower_port_is_the_server() {
    let mut talk = Talk::begun();
    talk.server().data("data: 1\n\n").send();
    assert_eq!(talk.connection().server(), server_end());
    talk.client().data("GET / HTTP/1.1\r\n\r\n").send();
    assert_eq!(talk.connection().server(), server_end());
}

#[test]
fn roles_are_not_revised_after_the_first_payload() {
    let mut talk = Talk::begun();
    talk.client().data("x").send();
    talk.server().data("GET / HTTP/1.1\r\n\r\n").send();
    assert_eq!(talk.connection().client(), client_end());
}

#[test]
fn frames_before_the_first_payload_count_by_the_lower_port() {
    let mut talk = Talk::begun();
    talk.server().send();
    assert_eq!(talk.facts(1).direction, ToClient);
    talk.server().data("GET / HTTP/1.1\r\n\r\n").send();
    assert_eq!(talk.facts(2).direction, ToServer);
    assert_eq!(talk.to_server(), ["GET / HTTP/1.1\r\n\r\n@2"]);
}

#[test]
fn an_end_waits_until_it_is_known_whose_it_is() {
    let mut talk = Talk::begun();
    talk.client().fin().send();
    assert!(talk.to_server().is_empty());
    talk.server().data("GET / HTTP/1.1\r\n\r\n").send();
    assert_eq!(talk.to_client(), ["fin@2"]);
    assert_eq!(talk.to_server(), ["GET / HTTP/1.1\r\n\r\n@2"]);
}
