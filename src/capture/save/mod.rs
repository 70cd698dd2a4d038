//! Writes captured frames to a file, or to a ring of files: pcapng, or pcap with nanoseconds.
//!
//! In come frames in the order in which they are numbered; out go whole blocks, so that whoever reads the file meanwhile finds
//! packets and nothing else. Files are opened before the first frame; afterwards no file is opened any more, since the rights to do so
//! may be gone. Nothing is ever redacted here.

mod block;
mod ring;

pub use ring::Ring;

use super::live::{Drops, Source};
use crate::model::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of blocks that are collected before they are written, where nobody waits for them.
const COLLECTED: usize = 256 * 1024;

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
    /// Whole blocks that are not yet written.
    blocks: Vec<u8>,
    /// The time of the last frame.
    last: Timestamp,
}

/// Where it goes.
enum Target {
    /// A file, or standard output.
    One(Box<dyn Write>),
    /// Files in turn.
    Ring(Files),
}

/// The files of a ring.
struct Files {
    files: Vec<File>,
    /// Bytes that each may have.
    size: u64,
    current: usize,
    /// Bytes of the current file, those that are collected included.
    length: u64,
}

impl Save {
    /// Writes to `path`, which is opened now; tells the files that are new.
    pub fn file(path: &Path, described: Described) -> io::Result<(Save, Vec<File>)> {
        let form = Form::of(path);
        let (file, new) = create(path)?;
        let new = match new {
            true => vec![file.try_clone()?],
            false => Vec::new(),
        };
        Ok((
            Save::new(form, described, Target::One(Box::new(file)))?,
            new,
        ))
    }

    /// Writes pcapng to `out`.
    pub fn stream(out: impl Write + 'static, described: Described) -> io::Result<Save> {
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
            blocks: Vec::new(),
            last: Timestamp::default(),
        };
        save.header()?;
        Ok(save)
    }

    /// Adds a frame of interface `interface`.
    pub fn frame(
        &mut self,
        interface: usize,
        time: Timestamp,
        bytes: &[u8],
        wire_length: u32,
    ) -> io::Result<()> {
        self.last = time;
        let before = self.blocks.len();
        block::frame(
            self.form,
            interface,
            time,
            bytes,
            wire_length,
            &mut self.blocks,
        );
        if let Target::Ring(files) = &mut self.target {
            let block = (self.blocks.len() - before) as u64;
            if files.length + block > files.size {
                let block = self.blocks.split_off(before);
                self.flush()?;
                self.next_file()?;
                self.blocks.extend_from_slice(&block);
            }
            if let Target::Ring(files) = &mut self.target {
                files.length += block;
            }
        }
        if self.blocks.len() >= COLLECTED {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the blocks that are collected.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        match &mut self.target {
            Target::One(out) => {
                out.write_all(&self.blocks)?;
                out.flush()?;
            }
            Target::Ring(files) => {
                if let Some(file) = files.files.get_mut(files.current) {
                    file.write_all(&self.blocks)?;
                }
            }
        }
        self.blocks.clear();
        Ok(())
    }

    /// Writes what is left, and what each interface dropped.
    pub fn finish(mut self, drops: &[Drops], frames: &[u64]) -> io::Result<()> {
        if self.form == Form::Pcapng {
            for (interface, (drops, frames)) in drops.iter().zip(frames).enumerate() {
                block::statistics(interface, self.last, *drops, *frames, &mut self.blocks);
            }
        }
        self.flush()
    }

    fn header(&mut self) -> io::Result<()> {
        block::header(self.form, &self.described, &mut self.blocks);
        if let Target::Ring(files) = &mut self.target {
            files.length = self.blocks.len() as u64;
        }
        self.flush()
    }

    /// Goes on in the ring's next file, which loses what it held.
    fn next_file(&mut self) -> io::Result<()> {
        if let Target::Ring(files) = &mut self.target {
            files.current = (files.current + 1) % files.files.len().max(1);
            if let Some(file) = files.files.get_mut(files.current) {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
            }
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
