//! How large a ring of files is: `10x100MB`.

use super::numbered;
use std::path::{Path, PathBuf};

/// Files that a ring may have: all are open at once, and a process may commonly open 1,024.
const FILES: usize = 500;

/// Bytes that a file of a ring must have: room for the longest frame with its headers.
const SMALLEST: u64 = 512 * 1024;

/// A ring of files, of which the newest overwrites the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    files: usize,
    pub(super) size: u64,
}

impl Ring {
    /// A ring of so many files of so many bytes, or why there is no such one.
    pub fn new(files: usize, size: u64) -> Result<Ring, String> {
        if !(2..=FILES).contains(&files) {
            return Err(format!("a ring has 2 to {FILES} files"));
        }
        if size < SMALLEST {
            return Err("a file of a ring has at least 512KiB".to_owned());
        }
        Ok(Ring { files, size })
    }

    /// The files' names: `cap-01.pcapng` and so on.
    pub fn paths(self, path: &Path) -> impl Iterator<Item = PathBuf> {
        let digits = self.files.to_string().len();
        (1..=self.files).map(move |number| numbered(path, number, digits))
    }
}
