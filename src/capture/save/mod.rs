//! Writes captured frames to a file, or to a ring of files: pcapng, or pcap with nanoseconds.
//!
//! In come frames as whole blocks, in the order in which they are numbered; whoever reads the file meanwhile finds
//! packets and nothing else. Files are opened before the first frame; afterwards no file is opened any more, since the rights to do so
//! may be gone. Nothing is ever redacted here.

pub(super) mod back;
pub(super) mod block;
mod ring;

pub use ring::Ring;

use super::live::{Drops, Source};
use crate::model::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// pcapng: any number of interfaces, and what they dropped.
    Pcapng,
    /// pcap with nanoseconds: one link type.
    Pcap,
}

impl Form {
    /// The form that a file's name asks for: pcap where it ends so, else pcapng.
    pub fn of(path: &Path) -> Form {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("pcap") => Form::Pcap,
            _ => Form::Pcapng,
        }
    }
}

/// What stands in the files' headers.
#[derive(Clone, Debug)]
pub struct Described {
    /// The interfaces, in the order of their numbers.
    pub sources: Vec<Source>,
    /// The filter that was set.
    pub filter: Option<String>,
}

/// A capture that is being written.
pub struct Save {
    form: Form,
    described: Described,
    target: Target,
    /// Bytes that were written.
    written: u64,
    /// To read what was written.
    back: Option<File>,
}

/// Where it goes.
enum Target {
    /// A file, or standard output.
    One(Box<dyn Write + Send>),
    /// Files in turn.
    Ring(Files),
}

/// The files of a ring.
struct Files {
    files: Vec<File>,
    /// Bytes that each may have.
    size: u64,
    current: usize,
    /// Bytes of the current file.
    length: u64,
}

impl Save {
    /// Writes to `path`, which is opened now; tells the files that are new.
    pub fn file(path: &Path, described: Described) -> io::Result<(Save, Vec<File>)> {
        let form = Form::of(path);
        let (file, new) = create(path)?;
        let back = same_file(path, &file);
        let new = match new {
            true => vec![file.try_clone()?],
            false => Vec::new(),
        };
        let mut save = Save::new(form, described, Target::One(Box::new(file)))?;
        save.back = back;
        Ok((save, new))
    }

    /// Writes pcapng to `out`.
    pub fn stream(out: impl Write + Send + 'static, described: Described) -> io::Result<Save> {
        Save::new(Form::Pcapng, described, Target::One(Box::new(out)))
    }

    /// Writes to the files of a ring, all of which are opened now; tells those that are new.
    pub fn ring(path: &Path, ring: Ring, described: Described) -> io::Result<(Save, Vec<File>)> {
        let (mut files, mut news) = (Vec::new(), Vec::new());
        for path in ring.paths(path) {
            let (file, new) = create(&path)?;
            if new {
                news.push(file.try_clone()?);
            }
            files.push(file);
        }
        let form = Form::of(path);
        let mut header = Vec::new();
        block::header(form, &described, &mut header);
        for file in files.iter_mut().skip(1) {
            // Whoever looks at the ring early finds captures without packets.
            file.write_all(&header)?;
        }
        let files = Files {
            files,
            size: ring.size,
            current: 0,
            length: 0,
        };
        Ok((Save::new(form, described, Target::Ring(files))?, news))
    }

    fn new(form: Form, described: Described, target: Target) -> io::Result<Save> {
        let mut save = Save {
            form,
            described,
            target,
            written: 0,
            back: None,
        };
        save.header()?;
        Ok(save)
    }

    /// The form of the blocks.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// What reads the file that is written, if it is one: [`write`](Save::write) tells where.
    pub(super) fn take_back(&mut self) -> Option<File> {
        self.back.take()
    }

    /// Writes frames' blocks; where in the file they stand.
    pub(super) fn write(&mut self, blocks: &[u8]) -> io::Result<Range<u64>> {
        let start = self.written;
        let mut rest = blocks;
        while let Some(room) = self.room(rest) {
            let (fits, later) = rest.split_at(room);
            self.put(fits)?;
            self.next_file()?;
            rest = later;
        }
        self.put(rest)?;
        Ok(start..self.written)
    }

    /// Writes what each interface dropped.
    pub(super) fn finish(
        mut self,
        last: Timestamp,
        drops: &[Drops],
        frames: &[u64],
    ) -> io::Result<()> {
        let mut blocks = Vec::new();
        if self.form == Form::Pcapng {
            for (interface, (drops, frames)) in drops.iter().zip(frames).enumerate() {
                block::statistics(interface, last, *drops, *frames, &mut blocks);
            }
        }
        self.put(&blocks)
    }

    /// How many bytes of blocks the ring's file takes, if not all of them.
    fn room(&self, blocks: &[u8]) -> Option<usize> {
        let Target::Ring(files) = &self.target else {
            return None;
        };
        let room = files.size.saturating_sub(files.length);
        let mut taken = 0;
        while let Some(length) = back::length(self.form, blocks.get(taken..)?) {
            if (taken + length) as u64 > room {
                return Some(taken);
            }
            taken += length;
        }
        None
    }

    fn put(&mut self, blocks: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Target::One(out) => {
                out.write_all(blocks)?;
                out.flush()?;
            }
            Target::Ring(files) => {
                if let Some(file) = files.files.get_mut(files.current) {
                    file.write_all(blocks)?;
                }
                files.length += blocks.len() as u64;
            }
        }
        self.written += blocks.len() as u64;
        Ok(())
    }

    fn header(&mut self) -> io::Result<()> {
        let mut header = Vec::new();
        block::header(self.form, &self.described, &mut header);
        self.put(&header)
    }

    /// Goes on in the ring's next file, which loses what it held.
    fn next_file(&mut self) -> io::Result<()> {
        if let Target::Ring(files) = &mut self.target {
            files.current = (files.current + 1) % files.files.len().max(1);
            if let Some(file) = files.files.get_mut(files.current) {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
            }
            files.length = 0;
        }
        self.header()
    }
}

/// Opens a file for writing, empty; whether it is new.
pub fn create(path: &Path) -> io::Result<(File, bool)> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok((File::create(path)?, false))
        }
        Err(error) => Err(error),
    }
    .map_err(|error| named(path, &error))
}

/// The file that was opened for writing once more, for reading; none where it is no file, or may not be read.
fn same_file(path: &Path, written: &File) -> Option<File> {
    let is_file = written.metadata().ok().filter(|file| file.is_file())?;
    let read = File::open(path).ok()?;
    let identity = read.metadata().ok()?;
    ((identity.dev(), identity.ino()) == (is_file.dev(), is_file.ino())).then_some(read)
}

/// The error with the file's name.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("{} cannot be written: {error}", path.display()),
    )
}

/// `cap.pcapng` → `cap-03.pcapng`.
fn numbered(path: &Path, number: usize, digits: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| ending.to_string_lossy());
    let ending = ending.map_or_else(String::new, |ending| format!(".{ending}"));
    path.with_file_name(format!("{stem}-{number:0digits$}{ending}"))
}

#[cfg(test)]
mod tests;
