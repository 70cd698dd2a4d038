//! Headers as bytes: each function puts its header before what it carries.

/// Puts `header` before `payload`.
pub(crate) fn before(header: &[u8], payload: &[u8]) -> Vec<u8> {
    [header, payload].concat()
}

/// The segment that every carrier carries: port 49152 to 8080, PSH and ACK, timestamps, 12 bytes of payload.
pub(crate) fn tcp() -> Vec<u8> {
    let mut bytes = vec![0xc0, 0x00, 0x1f, 0x90, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];
    bytes.extend([0x77, 0x88, 0x80, 0x18, 0x01, 0xf5, 0xab, 0xcd, 0, 0]);
    bytes.extend([1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9]);
    bytes.extend(PAYLOAD);
    bytes
}

/// The payload of [`tcp`].
pub(crate) const PAYLOAD: &[u8] = b"data: hello\n";

/// IPv4 from 10.0.0.1 to 10.0.0.2.
pub(crate) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_fragment(protocol, 7, 0, false, payload)
}

/// A fragment of an IPv4 packet; `offset` in bytes.
pub(crate) fn ipv4_fragment(
    protocol: u8,
    identification: u16,
    offset: usize,
    more: bool,
    payload: &[u8],
) -> Vec<u8> {
    let [t0, t1] = (20 + payload.len() as u16).to_be_bytes();
    let [i0, i1] = identification.to_be_bytes();
    let field = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
    let [f0, f1] = field.to_be_bytes();
    let header = [0x45, 0, t0, t1, i0, i1, f0, f1, 64, protocol, 0, 0];
    let header = before(&header, &[10, 0, 0, 1, 10, 0, 0, 2]);
    before(&header, payload)
}

/// IPv6 from 2001:db8::1 to 2001:db8::2.
pub(crate) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (payload.len() as u16).to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0, l0, l1, next, 64];
    for last in [1, 2] {
        header.extend([
            0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last,
        ]);
    }
    before(&header, payload)
}

/// The fragment header of IPv6; `offset` in bytes.
pub(crate) fn ipv6_fragment(next: u8, identification: u32, offset: usize, more: bool) -> Vec<u8> {
    let [o0, o1] = (offset as u16 | u16::from(more)).to_be_bytes();
    before(&[next, 0, o0, o1], &identification.to_be_bytes())
}

/// UDP from a high port.
pub(crate) fn udp(destination: u16, payload: &[u8]) -> Vec<u8> {
    let [d0, d1] = destination.to_be_bytes();
    let [l0, l1] = (8 + payload.len() as u16).to_be_bytes();
    before(&[0xea, 0x60, d0, d1, l0, l1, 0, 0], payload)
}

/// Ethernet.
pub(crate) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let [t0, t1] = ether_type.to_be_bytes();
    let header = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, t0, t1];
    before(&header, payload)
}

/// Ethernet with a length, LLC and SNAP.
pub(crate) fn ethernet_snap(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let llc = snap(ether_type, payload);
    ethernet(llc.len() as u16, &llc)
}

/// LLC and SNAP with an EtherType.
pub(crate) fn snap(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let [t0, t1] = ether_type.to_be_bytes();
    before(&[0xaa, 0xaa, 3, 0, 0, 0, t0, t1], payload)
}

/// A VLAN tag before an EtherType.
pub(crate) fn tag(identifier: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let header = [identifier.to_be_bytes(), ether_type.to_be_bytes()].concat();
    before(&header, payload)
}

/// A session of PPPoE with PPP.
pub(crate) fn pppoe(protocol: u16, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (2 + payload.len() as u16).to_be_bytes();
    let [p0, p1] = protocol.to_be_bytes();
    before(&[0x11, 0, 0, 9, l0, l1, p0, p1], payload)
}

/// A MAC header of 802.11 with LLC behind it.
pub(crate) fn wifi(frame_control: [u8; 2], after_addresses: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut header = before(&frame_control, &[0, 0]);
    header.extend([
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0,
    ]);
    header.extend(after_addresses);
    before(&header, payload)
}

/// GRE.
pub(crate) fn gre(flags: u16, protocol: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = [flags.to_be_bytes(), protocol.to_be_bytes()].concat();
    before(&before(&header, options), payload)
}
