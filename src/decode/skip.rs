//! Why a frame could not be read: the closed list behind `summary.skipped`.

use crate::model::SkipReason;

/// The link-layer header type of the capture is not known here.
pub const UNKNOWN_LINK: SkipReason = SkipReason("unknown link type");
/// The capture ends inside a link-layer header.
pub const LINK_CUT: SkipReason = SkipReason("link header cut short");
/// A link-layer header contradicts itself.
pub const LINK_BAD: SkipReason = SkipReason("bad link header");
/// The capture ends inside an IPv4 or IPv6 header.
pub const IP_CUT: SkipReason = SkipReason("IP header cut short");
/// An IP version, header length or total length that cannot be.
pub const IP_BAD: SkipReason = SkipReason("bad IP header");
/// The capture ends inside the header of a tunnel.
pub const TUNNEL_CUT: SkipReason = SkipReason("tunnel header cut short");
/// The capture ends inside a TCP header, before its window.
pub const TCP_CUT: SkipReason = SkipReason("TCP header cut short");
/// A protected 802.11 frame.
pub const ENCRYPTED: SkipReason = SkipReason("encrypted");
/// More headers in one frame than [`crate::model::limits::LAYERS`], or more reassembled packets inside each other than
/// [`crate::model::limits::NESTED_REASSEMBLY`].
pub const TOO_DEEP: SkipReason = SkipReason("nested too deep");
/// An older packet's fragments were given up to make room for this one.
pub const FRAGMENTS_GIVEN_UP: SkipReason = SkipReason("too many incomplete fragments");

/// Every reason.
pub const ALL: [SkipReason; 10] = [
    UNKNOWN_LINK,
    LINK_CUT,
    LINK_BAD,
    IP_CUT,
    IP_BAD,
    TUNNEL_CUT,
    TCP_CUT,
    ENCRYPTED,
    TOO_DEEP,
    FRAGMENTS_GIVEN_UP,
];
