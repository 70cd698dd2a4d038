//! Connection numbers, as Wireshark's tcp.stream.

use crate::script::{client_end, server_end};
use ssetrace::model::{At, Endpoint, Flags, Segment, TcpOptions};
use ssetrace::tcp::{Flows, Located};

fn segment(
    source: Endpoint,
    destination: Endpoint,
    sequence: u32,
    flags: Flags,
) -> Segment<'static> {
    Segment {
        at: At::default(),
        source,
        destination,
        sequence,
        acknowledgment: 500,
        flags,
        window: 0,
        options: TcpOptions::default(),
        payload: b"",
        length: 0,
    }
}

fn other(port: u16) -> Endpoint {
    Endpoint {
        port,
        ..client_end()
    }
}

fn connection(number: u32) -> Located {
    Located {
        connection: number,
        port_reused: false,
        replaces: None,
    }
}

#[test]
fn both_directions_have_one_number() {
    let mut flows = Flows::default();
    let first = flows.locate(&segment(client_end(), server_end(), 1, Flags::SYN));
    assert_eq!(first, connection(0));
    let back = flows.locate(&segment(server_end(), client_end(), 1, Flags::ACK));
    assert_eq!(back, connection(0));
    assert_eq!(
        flows
            .locate(&segment(other(9), server_end(), 1, Flags::SYN))
            .connection,
        1
    );
    assert_eq!(flows.connections(), 2);
}

#[test]
fn both_directions_have_one_number_whatever_their_ends_have_in_common() {
    let end = |address: &str, port| Endpoint {
        address: address.parse().unwrap(),
        port,
    };
    let mut flows = Flows::default();
    for (number, one, other) in [
        (0, end("127.0.0.1", 1), end("127.0.0.1", 2)),
        (1, end("127.0.0.1", 2), end("127.0.0.2", 2)),
        (2, end("::1", 1), end("::1", 2)),
        (3, end("::1", 2), end("::2", 2)),
        (4, end("1::", 2), end("2::", 2)),
        (5, end("::1", 1), end("::1", 1)),
    ] {
        for (source, destination) in [(one, other), (other, one)] {
            let located = flows.locate(&segment(source, destination, 1, Flags::ACK));
            assert_eq!(located, connection(number), "{source} to {destination}");
        }
    }
}

#[test]
fn a_syn_with_another_number_takes_the_ports_over_also_from_the_other_side() {
    let mut flows = Flows::default();
    flows.locate(&segment(client_end(), server_end(), 1, Flags::ACK));
    // The ACK has told where the server's numbers begin: at 499.
    let same = flows.locate(&segment(server_end(), client_end(), 499, Flags::SYN));
    assert_eq!(same, connection(0));
    let taken = flows.locate(&segment(server_end(), client_end(), 498, Flags::SYN));
    assert_eq!(
        taken,
        Located {
            connection: 1,
            port_reused: true,
            replaces: Some(0)
        }
    );
}

#[test]
fn a_quoted_header_takes_a_number_and_gives_nothing_else() {
    let mut flows = Flows::default();
    flows.quoted(client_end(), server_end(), 7, Flags::SYN);
    flows.locate(&segment(other(9), server_end(), 1, Flags::SYN));
    // Its initial number is not believed, so that a SYN with another one is the same connection.
    let real = flows.locate(&segment(client_end(), server_end(), 8, Flags::SYN));
    assert_eq!(real, connection(0));
}

#[test]
fn a_quoted_header_of_a_known_connection_changes_nothing() {
    let mut flows = Flows::default();
    flows.locate(&segment(client_end(), server_end(), 7, Flags::SYN));
    flows.quoted(client_end(), server_end(), 7, Flags::SYN);
    flows.quoted(client_end(), server_end(), 99, Flags::ACK);
    let next = flows.locate(&segment(client_end(), server_end(), 8, Flags::ACK));
    assert_eq!(next, connection(0));
}

#[test]
fn a_connection_that_a_quoted_syn_replaces_is_told_at_once() {
    let mut flows = Flows::default();
    flows.locate(&segment(client_end(), server_end(), 7, Flags::SYN));
    let replaced = flows.quoted(client_end(), server_end(), 99, Flags::SYN);
    assert_eq!(replaced, Some(0));
    let next = flows.locate(&segment(client_end(), server_end(), 100, Flags::ACK));
    assert_eq!(next, connection(1));
}

#[test]
fn an_ipv4_address_is_not_the_ipv6_address_that_maps_it() {
    let mut flows = Flows::default();
    flows.locate(&segment(client_end(), server_end(), 1, Flags::ACK));
    let [a, b] = [client_end(), server_end()].map(|end| match end.address {
        std::net::IpAddr::V4(v4) => Endpoint {
            address: v4.to_ipv6_mapped().into(),
            ..end
        },
        std::net::IpAddr::V6(_) => end,
    });
    assert_eq!(flows.locate(&segment(a, b, 1, Flags::ACK)).connection, 1);
}

#[test]
fn a_connection_with_itself_is_one_connection() {
    let mut flows = Flows::default();
    flows.locate(&segment(client_end(), client_end(), 1, Flags::SYN));
    let next = flows.locate(&segment(client_end(), client_end(), 1, Flags::SYN));
    assert_eq!(next, connection(0));
}
