//! Why an interface could not be captured on. Each displays as one whole sentence: what was tried, what is wrong, what to do.

use crate::capture;

/// Why an interface could not be captured on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such interface.
    #[error("there is no interface \"{name}\"; there are {known}.")]
    NoInterface {
        /// The name.
        name: String,
        /// The names of those that there are, with commas.
        known: String,
    },
    /// The rights to capture are missing.
    #[error(
        "capturing on {name} needs rights: run it with sudo, or once `sudo setcap cap_net_raw+ep {program}`."
    )]
    Rights {
        /// The interface.
        name: String,
        /// The path of this program.
        program: String,
    },
    /// The interface is there but switched off.
    #[error("{name} is down: `sudo ip link set {name} up` switches it on.")]
    Down {
        /// The interface.
        name: String,
    },
    /// The system refuses for another reason.
    #[error("cannot capture on {name}: {reason}.")]
    Interface {
        /// The interface.
        name: String,
        /// What libpcap says.
        reason: String,
    },
    /// The system does not tell its interfaces.
    #[error("the interfaces cannot be listed: {reason}.")]
    List {
        /// What libpcap says.
        reason: String,
    },
    /// The filter cannot be used.
    #[error(transparent)]
    Filter(#[from] capture::Error),
}

impl Error {
    /// An error of opening an interface. libpcap's codes do not reach us, but its sentences do.
    pub(super) fn opening(name: &str, error: &pcap::Error) -> Error {
        let reason = reason(error);
        let lower = reason.to_lowercase();
        let name = name.to_owned();
        // "Operation not permitted", "Permission denied", "You don't have permission …".
        if lower.contains("permission") || lower.contains("not permitted") {
            let program = std::env::current_exe();
            let program =
                program.map_or_else(|_| "ssetrace".to_owned(), |path| path.display().to_string());
            return Error::Rights { name, program };
        }
        if lower.contains("is not up") || lower.contains("is down") {
            return Error::Down { name };
        }
        Error::Interface { name, reason }
    }

    /// An error of a filter that compiles for some link type, but not for this interface's.
    pub(super) fn filter(name: &str, filter: &str, error: &pcap::Error) -> Error {
        Error::Interface {
            name: name.to_owned(),
            reason: format!(
                "the filter \"{filter}\" does not compile for it: {}",
                reason(error)
            ),
        }
    }
}

/// libpcap's sentence as a part of one of ours: without its end, and its first word small unless it is a name.
pub(super) fn reason(error: &pcap::Error) -> String {
    let reason = match error {
        pcap::Error::PcapError(reason) => reason.clone(),
        other => other.to_string(),
    };
    let reason = reason.replace('\n', " ").trim_end_matches('.').to_owned();
    let mut letters = reason.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some('a'..='z')) => {
            format!("{}{}", first.to_lowercase(), &reason[first.len_utf8()..])
        }
        _ => reason,
    }
}
