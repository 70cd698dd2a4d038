//! Where output waits for what has to stand before it: in memory up to a bound, then in an unnamed file, which is gone with the program.

use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// A file whose errors say what it is for, and where.
#[derive(Debug)]
pub(super) struct Temporary(SpooledTempFile);

impl Temporary {
    /// Nothing. Up to `in_memory` bytes do not touch the disk.
    pub(super) fn new(in_memory: usize) -> Temporary {
        Temporary(SpooledTempFile::new(in_memory))
    }
}

impl Read for Temporary {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(told)
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(told)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(told)
    }
}

impl Seek for Temporary {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to).map_err(told)
    }
}

fn told(error: io::Error) -> io::Error {
    // It would be tried again.
    if error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    let folder = tempfile::env::temp_dir();
    let words = format!(
        "what has to wait goes to an unnamed file in {}, and there: {error}; TMPDIR names another folder",
        folder.display()
    );
    io::Error::new(error.kind(), words)
}
