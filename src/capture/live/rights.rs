//! Gives up the rights that opening an interface took, before a stranger's bytes are parsed.
//!
//! Started as root it becomes the user who called sudo, or `nobody`; started with a capability it lays that down. It is called while
//! there is one thread only: Linux keeps rights for each thread, and those that are made later inherit what is left.

use nix::unistd::{Gid, Uid, User};
use std::io;

/// Who the program becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    uid: Uid,
    gid: Gid,
}

impl Owner {
    /// The user's number.
    pub fn uid(self) -> u32 {
        self.uid.as_raw()
    }

    /// The group's number.
    pub fn gid(self) -> u32 {
        self.gid.as_raw()
    }
}

/// Whom rights are dropped to: the user who called sudo, else `nobody`; `None` where the program does not run as root.
pub fn owner() -> Option<Owner> {
    if !Uid::effective().is_root() {
        return None;
    }
    let number = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    let invoker = number("SUDO_UID")
        .filter(|uid| *uid != 0)
        .zip(number("SUDO_GID"))
        .map(|(uid, gid)| Owner {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
        });
    Some(invoker.unwrap_or_else(|| match User::from_name("nobody") {
        Ok(Some(nobody)) => Owner {
            uid: nobody.uid,
            gid: nobody.gid,
        },
        // What Linux itself takes for nobody.
        _ => Owner {
            uid: Uid::from_raw(65_534),
            gid: Gid::from_raw(65_534),
        },
    }))
}

/// Drops the rights for good, or says why they cannot be dropped.
pub fn drop_to(owner: Option<Owner>) -> io::Result<()> {
    if let Some(Owner { uid, gid }) = owner {
        // In this order: who is not root any more may not change groups.
        #[cfg(not(target_vendor = "apple"))]
        nix::unistd::setgroups(&[gid])?;
        nix::unistd::setgid(gid)?;
        nix::unistd::setuid(uid)?;
        if nix::unistd::setuid(Uid::from_raw(0)).is_ok() {
            return Err(io::Error::other("they could be taken back"));
        }
    }
    capabilities()
}

/// Lays down what `setcap` gave.
#[cfg(target_os = "linux")]
fn capabilities() -> io::Result<()> {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
    let none = CapabilitySet::empty();
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?)
}

#[cfg(not(target_os = "linux"))]
fn capabilities() -> io::Result<()> {
    Ok(())
}
