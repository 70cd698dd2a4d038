//! BPF filters in libpcap's language: compiled by libpcap, once for each link type that a capture turns out to have.
//!
//! In comes the filter's text, then each frame's link type and bytes; out goes whether it matches. It never drops a frame whose link
//! type it could not be compiled for: that is an error.

use super::Error;
use crate::model::LinkType;
use pcap::{BpfProgram, Linktype};

/// A filter and its programs.
pub struct Filter {
    text: String,
    /// One for each link type met, in order of first use.
    programs: Vec<(LinkType, BpfProgram)>,
}

/// Link types one of which every filter of libpcap's language compiles for: the language's words depend on the link type
/// ("type mgt" is for 802.11, "ifname" for pflog), and the first one's reason is the one worth reading.
const TRIED: [LinkType; 8] = [
    LinkType(1),
    LinkType(101),
    LinkType(127),
    LinkType(113),
    LinkType(0),
    LinkType(117),
    LinkType(100),
    LinkType(140),
];

impl Filter {
    /// Checks that `text` is a filter, before anything is read.
    pub fn new(text: &str) -> Result<Filter, Error> {
        let mut reason = None;
        for link in TRIED {
            match compile(link, text) {
                Ok(program) => {
                    return Ok(Filter {
                        text: text.to_owned(),
                        programs: vec![(link, program)],
                    });
                }
                Err(why) => reason = reason.or(Some(why)),
            }
        }
        Err(Error::Filter {
            filter: text.to_owned(),
            reason: reason.unwrap_or_default(),
        })
    }

    /// Whether a frame of capture `name` matches.
    pub(super) fn matches(
        &mut self,
        link: LinkType,
        bytes: &[u8],
        name: &str,
    ) -> Result<bool, Error> {
        let known = self.programs.iter().position(|(known, _)| *known == link);
        let at = match known {
            Some(at) => at,
            None => {
                let program = compile(link, &self.text).map_err(|reason| Error::FilterForLink {
                    filter: self.text.clone(),
                    name: name.to_owned(),
                    link: description(link),
                    reason,
                })?;
                self.programs.push((link, program));
                self.programs.len() - 1
            }
        };
        Ok(self
            .programs
            .get(at)
            .is_some_and(|(_, program)| program.filter(bytes)))
    }
}

/// Compiles `text` for `link`, or gives libpcap's reason why not.
fn compile(link: LinkType, text: &str) -> Result<BpfProgram, String> {
    pcap::Capture::dead(Linktype(dlt(link)))
        .and_then(|dead| dead.compile(text, true))
        .map_err(|error| match error {
            pcap::Error::PcapError(reason) => {
                let reason = reason
                    .strip_prefix("can't parse filter expression: ")
                    .unwrap_or(&reason);
                reason.trim_end_matches('.').to_owned()
            }
            other => other.to_string(),
        })
}

/// libpcap's words for a link type: `Ethernet`.
fn description(link: LinkType) -> String {
    Linktype(dlt(link))
        .get_description()
        .unwrap_or_else(|_| format!("link type {}", link.0))
}

/// The link type of a file for the number that libpcap's programming interface has for it.
pub(super) fn link_type(dlt: i32) -> LinkType {
    match dlt {
        11 => LinkType(100),
        12 => LinkType(101),
        other => LinkType(u32::try_from(other).unwrap_or(u32::MAX)),
    }
}

/// The number that libpcap's programming interface has for a link type of a file. They differ only for the oldest ones, whose
/// numbers were not the same on every system (pcap-common.c).
fn dlt(link: LinkType) -> i32 {
    match link.0 {
        100 => 11,
        101 | 14 => 12,
        // 16 bits in every file format.
        other => other as i32,
    }
}
