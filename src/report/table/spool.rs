//! Where rows, and what heads them, wait until their table can be printed: a file in memory up to a bound, then an unnamed temporary one.
//!
//! Rows of many connections come in interleaved; the rows of one connection go out in their order, as often as they are
//! asked for. In memory stay, for each connection, a list of extents and a buffer of rows that are not yet in the file.

use crate::model::FrameRecord;
use crate::report::temporary::Temporary;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// The file is in memory up to here, bytes: the captures that people look at by hand never touch the disk.
const IN_MEMORY: usize = 16 * 1024 * 1024;

/// A connection's buffer goes to the file when it is this long, bytes: some 60 rows, and long enough for a read to be worth it.
const BUFFER: usize = 16 * 1024;

/// All buffers go to the file when they are this long together, bytes: a thousand connections may fill theirs.
const BUFFERS: usize = 16 * 1024 * 1024;

/// The file and the buffers' account.
pub(super) struct Spool {
    file: Temporary,
    end: u64,
    buffered: usize,
}

/// The rows of one connection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Rows {
    extents: Vec<Extent>,
    buffer: Vec<u8>,
    count: u64,
}

/// A place in the file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Extent {
    offset: u64,
    length: u32,
}

/// A place within the rows of one connection.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    extent: usize,
    loaded: Vec<u8>,
    at: usize,
}

impl Spool {
    pub(super) fn new() -> Spool {
        Spool {
            file: Temporary::new(IN_MEMORY),
            end: 0,
            buffered: 0,
        }
    }

    /// Adds a row to `rows`; whether all buffers should now be flushed.
    pub(super) fn push(&mut self, rows: &mut Rows, row: &FrameRecord) -> io::Result<bool> {
        let before = rows.buffer.len();
        let buffer = std::mem::take(&mut rows.buffer);
        rows.buffer = postcard::to_extend(row, buffer).map_err(io::Error::other)?;
        rows.count += 1;
        self.buffered += rows.buffer.len() - before;
        if rows.buffer.len() >= BUFFER {
            self.flush(rows)?;
        }
        Ok(self.buffered >= BUFFERS)
    }

    /// Moves the buffer of `rows` to the file.
    pub(super) fn flush(&mut self, rows: &mut Rows) -> io::Result<()> {
        if rows.buffer.is_empty() {
            return Ok(());
        }
        rows.extents.push(self.write(&rows.buffer)?);
        self.buffered -= rows.buffer.len();
        // The memory goes too: an idle connection keeps none.
        rows.buffer = Vec::new();
        Ok(())
    }

    /// Puts something else into the file: where it lies.
    pub(super) fn put(&mut self, value: &impl Serialize) -> io::Result<Extent> {
        let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
        self.write(&bytes)
    }

    /// Gets it back.
    pub(super) fn get<T: DeserializeOwned>(&mut self, extent: Extent) -> io::Result<T> {
        let mut bytes = Vec::new();
        self.read(extent, &mut bytes)?;
        postcard::from_bytes(&bytes).map_err(io::Error::other)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let offset = self.end;
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)?;
        self.end += u64::from(length);
        Ok(Extent { offset, length })
    }

    fn read(&mut self, extent: Extent, into: &mut Vec<u8>) -> io::Result<()> {
        into.resize(extent.length as usize, 0);
        self.file.seek(SeekFrom::Start(extent.offset))?;
        self.file.read_exact(into)
    }

    /// Forgets rows that are printed, and are dropped with their extents.
    pub(super) fn forget(&mut self, rows: &Rows) {
        self.buffered -= rows.buffer.len();
    }

    /// The row at `cursor`, which steps on; `None` behind the last.
    pub(super) fn next(
        &mut self,
        rows: &Rows,
        cursor: &mut Cursor,
    ) -> io::Result<Option<FrameRecord>> {
        while cursor.at == cursor.loaded.len() {
            cursor.at = 0;
            match rows.extents.get(cursor.extent) {
                Some(extent) => {
                    self.read(*extent, &mut cursor.loaded)?;
                }
                None if cursor.extent == rows.extents.len() && !rows.buffer.is_empty() => {
                    cursor.loaded.clone_from(&rows.buffer);
                }
                None => {
                    cursor.loaded.clear();
                    return Ok(None);
                }
            }
            cursor.extent += 1;
        }
        let rest = &cursor.loaded[cursor.at..];
        let (row, left) = postcard::take_from_bytes(rest).map_err(io::Error::other)?;
        cursor.at = cursor.loaded.len() - left.len();
        Ok(Some(row))
    }
}

impl Rows {
    /// How many rows there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}
