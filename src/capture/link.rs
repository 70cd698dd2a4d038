//! The names of link types.

use crate::model::LinkType;
use std::borrow::Cow;

/// The name of a link type as in LINKTYPE_ETHERNET, without the prefix; the number of one that no capture of TCP is likely to have.
pub fn link_name(link: LinkType) -> Cow<'static, str> {
    Cow::Borrowed(match link.0 {
        0 => "NULL",
        1 => "ETHERNET",
        6 => "IEEE802_5",
        8 => "SLIP",
        9 => "PPP",
        10 => "FDDI",
        12 | 14 | 101 => "RAW",
        50 => "PPP_HDLC",
        51 => "PPP_ETHER",
        100 => "ATM_RFC1483",
        104 => "C_HDLC",
        105 => "IEEE802_11",
        107 => "FRELAY",
        108 => "LOOP",
        113 => "LINUX_SLL",
        117 => "PFLOG",
        119 => "IEEE802_11_PRISM",
        127 => "IEEE802_11_RADIOTAP",
        149 => "USER2",
        163 => "IEEE802_11_AVS",
        166 => "PPP_PPPD",
        192 => "PPI",
        204 => "PPP_WITH_DIR",
        205 => "C_HDLC_WITH_DIR",
        228 => "IPV4",
        229 => "IPV6",
        239 => "NFLOG",
        240 => "NETANALYZER",
        242 => "IPOIB",
        252 => "WIRESHARK_UPPER_PDU",
        258 => "PKTAP",
        276 => "LINUX_SLL2",
        other => return Cow::Owned(other.to_string()),
    })
}
