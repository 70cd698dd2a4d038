//! The interfaces that one can capture on, and what each is good for.
//!
//! libpcap's list comes in; names, states, addresses and a line of advice go out. Nothing is opened.

use super::Error;
use super::error::reason;
use std::net::IpAddr;

/// An interface.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is connected to something, too.
    pub running: bool,
    /// Whether it carries what programs of this machine say to each other.
    pub loopback: bool,
    wireless: bool,
}

/// All interfaces, in libpcap's order: the likely ones first.
pub fn devices() -> Result<Vec<Device>, Error> {
    let list = pcap::Device::list().map_err(|error| Error::List {
        reason: reason(&error),
    })?;
    Ok(list
        .into_iter()
        .map(|device| Device {
            addresses: device
                .addresses
                .iter()
                .map(|address| address.addr)
                .collect(),
            up: device.flags.is_up(),
            running: device.flags.is_running(),
            loopback: device.flags.is_loopback(),
            wireless: device.flags.is_wireless(),
            name: device.name,
        })
        .collect())
}

/// The loopback interface's name.
pub fn loopback() -> Result<String, Error> {
    let devices = devices()?;
    match devices.iter().find(|device| device.loopback) {
        Some(device) => Ok(device.name.clone()),
        None => Err(Error::NoInterface {
            name: "lo".to_owned(),
            known: names(&devices),
        }),
    }
}

/// The names of the interfaces that carry TCP, with commas; all of them if there is no such one.
pub(super) fn names(devices: &[Device]) -> String {
    let join = |names: Vec<&str>| names.join(", ");
    let carrying = devices.iter().filter(|device| device.carries_tcp());
    match join(carrying.map(|device| device.name.as_str()).collect()) {
        none if none.is_empty() => {
            join(devices.iter().map(|device| device.name.as_str()).collect())
        }
        names => names,
    }
}

impl Device {
    /// `up`, `up, not connected` or `down`.
    pub fn state(&self) -> &'static str {
        match (self.up, self.running) {
            (true, true) => "up",
            (true, false) => "up, not connected",
            (false, _) => "down",
        }
    }

    /// Whether TCP can be seen on it at all.
    pub fn carries_tcp(&self) -> bool {
        !["bluetooth", "usbmon", "dbus-", "nfqueue"]
            .iter()
            .any(|other| self.name.starts_with(other))
    }

    /// What one would capture on it for. The names are those that Linux and macOS give.
    pub fn good_for(&self) -> &'static str {
        let begins = |beginnings: &[&str]| {
            beginnings
                .iter()
                .any(|beginning| self.name.starts_with(beginning))
        };
        if self.loopback {
            "programs of this machine that talk to each other (localhost)"
        } else if self.name == "any" {
            "all interfaces at once; a frame that crosses several appears several times"
        } else if !self.carries_tcp() {
            "no TCP: nothing for ssetrace"
        } else if self.name == "nflog" {
            "what a firewall rule hands to NFLOG"
        } else if begins(&["docker", "br-", "virbr", "cni", "podman", "bridge"]) {
            "containers or virtual machines behind this bridge"
        } else if begins(&["veth", "vnet", "tap"]) {
            "one container or virtual machine"
        } else if begins(&["tun", "wg", "utun", "ppp", "tailscale", "ipsec"]) {
            "what goes through this tunnel, as it is inside"
        } else if self.wireless || begins(&["wl"]) {
            "traffic with other machines, over Wi-Fi"
        } else {
            "traffic with other machines"
        }
    }
}
