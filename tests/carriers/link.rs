//! An IPv4 packet over every link layer.

use super::frames::*;

const IPV4: u16 = 0x0800;

/// Name, link type, frame.
pub(crate) fn link_layers(p: &[u8]) -> Vec<(&'static str, u32, Vec<u8>)> {
    let framed = ethernet(IPV4, p);
    let mut pktap = vec![0; 108];
    pktap[0] = 108;
    pktap[4] = 1;
    pktap[8] = 1;
    let mut prism = vec![0; 144];
    prism[0] = 0x44;
    prism[4] = 144;
    let mut avs = vec![0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64];
    avs.resize(64, 0);
    let data = wifi([0x08, 0x01], &[], &snap(IPV4, p));
    let nflog = {
        let [l0, l1] = (4 + p.len() as u16).to_le_bytes();
        let header = [2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 3, 0, 5, 0, 10, 0, 0, 0, 0, 0];
        before(&before(&header, &[l0, l1, 9, 0]), p)
    };
    let nflog_big_endian = {
        let [l0, l1] = (4 + p.len() as u16).to_be_bytes();
        before(&[2, 0, 0, 5, l0, l1, 0, 9], p)
    };
    let sll = |hardware: u16, protocol: u16, payload: &[u8]| {
        let mut header = vec![0, 0];
        header.extend(hardware.to_be_bytes());
        header.extend([0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
        header.extend(protocol.to_be_bytes());
        before(&header, payload)
    };
    let sll2 = {
        let header = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6];
        before(&before(&header, &[2, 0, 0, 0, 0, 1, 0, 0]), p)
    };
    let mut with_address_4 = vec![2, 0, 0, 0, 0, 4];
    let four_addresses = wifi([0x08, 0x03], &with_address_4, &snap(IPV4, p));
    with_address_4.extend([0, 0]);
    let four_addresses_qos = wifi([0x88, 0x03], &with_address_4, &snap(IPV4, p));
    let radiotap = |flags: u8, frame: &[u8]| {
        // Present: timestamp and flags.
        let header = [0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, flags];
        before(&header, frame)
    };
    let padded = wifi([0x88, 0x01], &[0, 0, 0xee, 0xee], &snap(IPV4, p));
    let amsdu = {
        let mut frame = vec![0; 12];
        frame.extend([0, 5]);
        frame.extend([0x9c, 0x9c, 3, 0, 0, 0]); // a subframe of five bytes and its padding to 20
        let last = snap(IPV4, p);
        frame.extend([0; 12]);
        frame.extend((last.len() as u16).to_be_bytes());
        frame.extend(last);
        wifi([0x88, 0x01], &[0x80, 0], &frame)
    };
    let juniper = |flags: u8, rest: &[u8]| before(&[b'M', b'G', b'C', flags], rest);
    vec![
        ("NULL, little-endian", 0, before(&[2, 0, 0, 0], p)),
        ("NULL, big-endian", 0, before(&[0, 0, 0, 2], p)),
        ("NULL with an EtherType", 0, before(&[0, 8, 0, 0], p)),
        ("Ethernet", 1, framed.clone()),
        (
            "Ethernet with a VLAN tag",
            1,
            ethernet(0x8100, &tag(5, IPV4, p)),
        ),
        (
            "Ethernet with two VLAN tags",
            1,
            ethernet(0x88a8, &tag(5, 0x8100, &tag(6, IPV4, p))),
        ),
        (
            "Ethernet with old QinQ",
            1,
            ethernet(0x9100, &tag(5, 0x8100, &tag(6, IPV4, p))),
        ),
        ("Ethernet with LLC and SNAP", 1, ethernet_snap(IPV4, p)),
        (
            "a VLAN tag before LLC and SNAP",
            1,
            ethernet(0x8100, &tag(5, 8 + p.len() as u16, &snap(IPV4, p))),
        ),
        (
            "Ethernet with LLC's access point of IP",
            1,
            ethernet(3 + p.len() as u16, &before(&[6, 6, 3], p)),
        ),
        ("jumbo LLC", 1, ethernet(0x8870, &snap(IPV4, p))),
        ("PPPoE", 1, ethernet(0x8864, &pppoe(0x0021, p))),
        (
            "MPLS",
            1,
            ethernet(0x8847, &before(&[0, 1, 0, 0, 0, 2, 1, 64], p)),
        ),
        (
            "Ethernet over MPLS with a control word",
            1,
            ethernet(0x8847, &before(&[0, 1, 1, 64, 0, 0, 0, 9], &framed)),
        ),
        (
            "Ethernet over MPLS without a control word",
            1,
            ethernet(0x8847, &before(&[0, 1, 1, 64], &framed)),
        ),
        (
            "a provider backbone",
            1,
            ethernet(0x88e7, &before(&[0, 0, 0, 5], &framed)),
        ),
        (
            "an E-tag",
            1,
            ethernet(0x893f, &before(&[0, 0, 0, 1, 0, 0, 8, 0], p)),
        ),
        (
            "a VN-tag",
            1,
            ethernet(0x8926, &before(&[0, 0, 0, 1, 8, 0], p)),
        ),
        (
            "FabricPath",
            1,
            before(
                &ethernet(0x8903, &before(&[0, 0x60], &framed)),
                &[1, 2, 3, 4],
            ),
        ),
        (
            "FabricPath behind a tag",
            1,
            before(
                &ethernet(0x8100, &tag(1, 0x8903, &before(&[0, 0x60], &framed))),
                &[1, 2, 3, 4],
            ),
        ),
        ("PPP", 9, before(&[0xff, 3, 0, 0x21], p)),
        ("PPP without address and control", 9, before(&[0, 0x21], p)),
        (
            "PPP with a protocol of one byte",
            9,
            before(&[0xff, 3, 0x21], p),
        ),
        (
            "PPP in one multilink fragment",
            9,
            before(&[0xff, 3, 0, 0x3d, 0xc0, 0, 0, 1, 0x21], p),
        ),
        ("Cisco HDLC under PPP", 9, before(&[0x0f, 0, 8, 0], p)),
        ("PPP in HDLC", 50, before(&[0xff, 3, 0, 0x21], p)),
        ("PPPoE alone", 51, pppoe(0x0021, p)),
        (
            "PPP with a direction",
            204,
            before(&[1, 0xff, 3, 0, 0x21], p),
        ),
        ("raw IP", 101, p.to_vec()),
        ("raw IP, old number", 12, p.to_vec()),
        ("raw IP, another old number", 14, p.to_vec()),
        ("raw IPv4", 228, p.to_vec()),
        ("Cisco HDLC", 104, before(&[0x0f, 0, 8, 0], p)),
        ("802.11", 105, data.clone()),
        (
            "802.11 with QoS",
            105,
            wifi([0x88, 0x01], &[0, 0], &snap(IPV4, p)),
        ),
        (
            "802.11 with QoS and HT control",
            105,
            wifi([0x88, 0x81], &[0, 0, 1, 2, 3, 4], &snap(IPV4, p)),
        ),
        ("802.11 with four addresses", 105, four_addresses),
        (
            "a mesh of 802.11",
            105,
            wifi(
                [0x88, 0x02],
                &[0, 1],
                &before(&[0, 31, 1, 0, 0, 0], &snap(IPV4, p)),
            ),
        ),
        (
            "802.11 without LLC",
            105,
            wifi([0x08, 0x00], &[], &before(&[8, 0], p)),
        ),
        (
            "802.11 with four addresses and QoS",
            105,
            four_addresses_qos,
        ),
        ("an A-MSDU", 105, amsdu),
        (
            "frame relay with an NLPID",
            107,
            before(&[0x18, 0x41, 3, 0xcc], p),
        ),
        (
            "frame relay with SNAP",
            107,
            before(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], p),
        ),
        ("Cisco's frame relay", 107, before(&[0x18, 0x41, 8, 0], p)),
        ("LOOP", 108, before(&[0, 0, 0, 2], p)),
        ("Linux cooked", 113, sll(1, IPV4, p)),
        (
            "Linux cooked with a tag",
            113,
            sll(1, 0x8100, &tag(5, IPV4, p)),
        ),
        ("Linux cooked with LLC", 113, sll(1, 4, &snap(IPV4, p))),
        ("Prism", 119, before(&prism, &data)),
        ("AVS", 163, before(&avs, &data)),
        ("radiotap", 127, before(&[0, 0, 8, 0, 0, 0, 0, 0], &data)),
        (
            "radiotap with more bit maps",
            127,
            before(&[0, 0, 12, 0, 0, 0, 0, 0x80, 0, 0, 0, 0], &data),
        ),
        (
            "radiotap with a frame check sequence",
            127,
            radiotap(0x10, &before(&data, &[1, 2, 3, 4])),
        ),
        ("radiotap with padding", 127, radiotap(0x20, &padded)),
        ("PPI", 192, before(&[0, 0, 8, 0, 105, 0, 0, 0], &data)),
        ("Juniper's Ethernet", 178, juniper(1, &framed)),
        (
            "Juniper's Ethernet with extensions",
            178,
            juniper(0x81, &before(&[0, 3, 1, 1, 9], &framed)),
        ),
        (
            "Juniper's Ethernet without its header",
            178,
            juniper(3, &before(&[2, 0, 0, 0], p)),
        ),
        (
            "Juniper's PPP",
            179,
            juniper(0, &before(&[0xff, 3, 0, 0x21], p)),
        ),
        (
            "Juniper's HDLC",
            181,
            juniper(0, &before(&[0x0f, 0, 8, 0], p)),
        ),
        (
            "Juniper's frame relay",
            180,
            juniper(0, &before(&[0x18, 0x41, 3, 0xcc], p)),
        ),
        ("Juniper's services", 136, juniper(0, &before(&[0; 12], p))),
        ("Juniper's GGSN", 133, juniper(0, &before(&[2, 0, 0, 0], p))),
        ("NFLOG", 239, nflog),
        ("NFLOG, big-endian", 239, nflog_big_endian),
        ("PKTAP", 258, before(&pktap, &framed)),
        ("Linux cooked, version 2", 276, sll2),
    ]
}
