//! The header of the PROXY protocol (HAProxy's specification, versions 1 and 2), with which a proxy tells the server whose connection it passes on.

use super::Endpoint;

/// What version 1 begins with (§2.1).
pub const PROXY_V1: &[u8] = b"PROXY ";

/// What version 2 begins with (§2.2).
pub const PROXY_V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// TCP over IPv4 or IPv6, from the first to the second.
    Tcp(Endpoint, Endpoint),
    /// Another address family or protocol, or none.
    Unknown,
    /// The proxy speaks for itself: a health check.
    Local,
}

impl std::fmt::Display for ProxyHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProxyHeader::Tcp(source, destination) => write!(f, "{source} → {destination}"),
            ProxyHeader::Unknown => f.write_str("unknown"),
            ProxyHeader::Local => f.write_str("local"),
        }
    }
}
