//! An IPv4 packet through every tunnel, and an IPv6 packet over everything that carries one.

use super::frames::*;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

fn over_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(17, &udp(port, payload)))
}

fn over_gre(flags: u16, protocol: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(47, &gre(flags, protocol, options, payload)))
}

/// Name, frame on Ethernet.
pub(crate) fn tunnels(p: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let framed = ethernet(IPV4, p);
    let f = framed.as_slice();
    let erspan_2 = before(&[0x10, 5, 0, 1, 0, 0, 0, 0], f);
    let erspan_3 = before(&[0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], f);
    let mut subheader = vec![0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    subheader.extend([0; 8]);
    let gtp = |flags: u8, options: &[u8]| {
        let [l0, l1] = ((options.len() + p.len()) as u16).to_be_bytes();
        let header = before(&[flags, 0xff, l0, l1, 0, 0, 0, 1], options);
        before(&header, p)
    };
    let l2tp = {
        let [l0, l1] = (8 + 4 + p.len() as u16).to_be_bytes();
        before(&[0x40, 2, l0, l1, 0, 1, 0, 2, 0xff, 3, 0, 0x21], p)
    };
    let l2tp_offset = before(&[0x0a, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0, 2, 9, 9, 0x21], p);
    vec![
        ("IP in IP", ethernet(IPV4, &ipv4(4, p))),
        (
            "four IP headers",
            ethernet(IPV4, &ipv4(4, &ipv4(4, &ipv4(4, p)))),
        ),
        ("4in6", ethernet(IPV6, &ipv6(4, p))),
        ("Ethernet in IP", ethernet(IPV4, &ipv4(143, f))),
        ("EtherIP", ethernet(IPV4, &ipv4(97, &before(&[0x30, 0], f)))),
        (
            "MPLS in IP",
            ethernet(IPV4, &ipv4(137, &before(&[0, 1, 1, 64], p))),
        ),
        (
            "an authentication header in IPv4",
            ethernet(
                IPV4,
                &ipv4(
                    51,
                    &before(
                        &[
                            4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                            12,
                        ],
                        p,
                    ),
                ),
            ),
        ),
        ("GRE", over_gre(0, IPV4, &[], p)),
        (
            "GRE with checksum, key and sequence",
            over_gre(0xb000, IPV4, &[0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1], p),
        ),
        (
            "GRE with routing",
            over_gre(
                0x4000,
                IPV4,
                &[0, 0, 0, 0, 8, 0, 4, 4, 1, 2, 3, 4, 0, 0, 0, 0],
                p,
            ),
        ),
        ("Ethernet in GRE", over_gre(0, 0x6558, &[], f)),
        (
            "MPLS in GRE",
            over_gre(0, 0x8847, &[], &before(&[0, 1, 1, 64], p)),
        ),
        ("WCCP", over_gre(0, 0x883e, &[], p)),
        ("WCCP version 2", over_gre(0, 0x883e, &[0, 0, 0, 0], p)),
        (
            "PPTP",
            over_gre(
                0x3081,
                0x880b,
                &[0, 80, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2],
                &before(&[0xff, 3, 0, 0x21], p),
            ),
        ),
        ("ERSPAN type I", over_gre(0, 0x88be, &[], f)),
        (
            "ERSPAN type II",
            over_gre(0x1000, 0x88be, &[0, 0, 0, 1], &erspan_2),
        ),
        (
            "ERSPAN type III",
            over_gre(0x1000, 0x22eb, &[0, 0, 0, 1], &erspan_3),
        ),
        (
            "ERSPAN type III with a subheader",
            over_gre(0x1000, 0x22eb, &[0, 0, 0, 1], &before(&subheader, f)),
        ),
        (
            "an Aruba access point",
            over_gre(0, 0x8210, &[], &wifi([0x08, 0x01], &[], &snap(IPV4, p))),
        ),
        ("GRE in UDP", over_udp(4754, &gre(0, IPV4, &[], p))),
        (
            "VXLAN",
            over_udp(4789, &before(&[8, 0, 0, 0, 0, 0, 1, 0], f)),
        ),
        (
            "VXLAN on Linux's port",
            over_udp(8472, &before(&[8, 0, 0, 0, 0, 0, 1, 0], f)),
        ),
        (
            "VXLAN-GPE",
            over_udp(4790, &before(&[0xc, 0, 0, 1, 0, 0, 1, 0], p)),
        ),
        (
            "GENEVE",
            over_udp(6081, &before(&[0, 0, 0x65, 0x58, 0, 0, 1, 0], f)),
        ),
        (
            "GENEVE with options",
            over_udp(
                6081,
                &before(&[2, 0, 8, 0, 0, 0, 1, 0, 1, 2, 3, 1, 0, 0, 0, 0], p),
            ),
        ),
        ("GTP", over_udp(2152, &gtp(0x30, &[]))),
        (
            "GTP with a sequence number",
            over_udp(2152, &gtp(0x32, &[0, 1, 0, 0])),
        ),
        (
            "GTP with two extension headers",
            over_udp(
                2152,
                &gtp(0x34, &[0, 0, 0, 0x85, 1, 0, 9, 0xc0, 1, 1, 2, 0]),
            ),
        ),
        (
            "GTP version 0",
            over_udp(3386, &{
                let [l0, l1] = (p.len() as u16).to_be_bytes();
                let mut header = vec![0x1e, 0xff, l0, l1];
                header.extend([0; 16]);
                before(&header, p)
            }),
        ),
        ("L2TP", over_udp(1701, &l2tp)),
        (
            "L2TP with sequence numbers and an offset",
            over_udp(1701, &l2tp_offset),
        ),
        (
            "LISP",
            over_udp(4341, &before(&[0x80, 0, 0, 1, 0, 0, 0, 0], p)),
        ),
        ("MPLS in UDP", over_udp(6635, &before(&[0, 1, 1, 64], p))),
        (
            "VXLAN in ERSPAN",
            over_gre(
                0x1000,
                0x88be,
                &[0, 0, 0, 1],
                &before(
                    &[0x10, 5, 0, 1, 0, 0, 0, 0],
                    &over_udp(4789, &before(&[8, 0, 0, 0, 0, 0, 1, 0], f)),
                ),
            ),
        ),
    ]
}

/// IPv6 carriers: name, link type, frame.
pub(crate) fn of_ipv6(p: &[u8]) -> Vec<(&'static str, u32, Vec<u8>)> {
    let mut list = vec![
        ("Ethernet", 1, ethernet(IPV6, p)),
        ("IPv6 under IPv4's EtherType", 1, ethernet(IPV4, p)),
        ("6in4", 1, ethernet(IPV4, &ipv4(41, p))),
        ("IPv6 in IPv6", 1, ethernet(IPV6, &ipv6(41, p))),
        ("LOOP", 108, before(&[0, 0, 0, 24], p)),
        ("PPP", 9, before(&[0xff, 3, 0, 0x57], p)),
        ("raw IP", 101, p.to_vec()),
        ("raw IPv6", 229, p.to_vec()),
        ("Teredo", 1, over_udp(3544, p)),
        (
            "Teredo with authentication and origin",
            1,
            over_udp(
                3544,
                &before(
                    &[
                        0, 1, 1, 2, 9, 8, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6,
                    ],
                    p,
                ),
            ),
        ),
        ("frame relay", 107, before(&[0x18, 0x41, 3, 0x8e], p)),
    ];
    for (family, little, big) in [
        (10, "NULL of Linux", "NULL of Linux, big-endian"),
        (23, "NULL of Windows", "NULL of Windows, big-endian"),
        (24, "NULL of OpenBSD", "NULL of OpenBSD, big-endian"),
        (28, "NULL of FreeBSD", "NULL of FreeBSD, big-endian"),
        (30, "NULL of macOS", "NULL of macOS, big-endian"),
    ] {
        list.push((little, 0, before(&[family, 0, 0, 0], p)));
        list.push((big, 0, before(&[0, 0, 0, family], p)));
    }
    list
}
