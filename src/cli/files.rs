//! What a live run writes to: the results and the capture, which must not meet in one file.

use super::args::Live as Arguments;
use super::output::{allow_many_files, is_same_file, output};
use crate::capture::live::Opened;
use crate::capture::save::{self, Described, Ring, Save};
use anyhow::Context;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// What an error of the capture file means.
pub(super) const UNSAVED: &str = "the captured frames could not be saved";

/// What an error of reading it again means.
pub(super) const UNREAD: &str = "the frames that were saved could not be read again";

/// Refuses what cannot be written as it is asked for.
pub(super) fn check(arguments: &Arguments) -> anyhow::Result<()> {
    let shared = &arguments.shared;
    let to_stdout = arguments.write.as_deref() == Some(Path::new("-"));
    if to_stdout && output(shared).is_none() {
        anyhow::bail!(
            "`--write -` puts the capture on standard output: name a file for the results with `-o`."
        );
    }
    if to_stdout && io::stdout().is_terminal() {
        anyhow::bail!("a capture would upset the terminal: redirect standard output.");
    }
    if to_stdout && arguments.ring.is_some() {
        anyhow::bail!("`--ring` is for files, and `--write -` is none.");
    }
    let saved = match (&arguments.write, arguments.ring) {
        (None, _) => Vec::new(),
        (Some(path), None) => vec![path.clone()],
        (Some(path), Some(ring)) => ring.paths(path).collect(),
    };
    if let Some(out) = output(shared)
        && saved
            .iter()
            .any(|path| path == out || is_same_file(path, out))
    {
        anyhow::bail!(
            "{} cannot hold the capture (`--write`) and the results (`-o`) both: name two files.",
            out.display()
        );
    }
    Ok(())
}

/// What was opened for writing.
pub(super) struct Files {
    pub(super) out: Box<dyn Write>,
    pub(super) save: Option<Save>,
    /// Those that did not exist before.
    pub(super) new: Vec<File>,
}

/// Opens them, while the rights to do so are there.
pub(super) fn open(arguments: &Arguments, opened: &Opened) -> anyhow::Result<Files> {
    let mut files = Files {
        out: Box::new(io::sink()),
        save: None,
        new: Vec::new(),
    };
    files.out = match output(&arguments.shared) {
        Some(path) => {
            let (file, new) = save::create(path)?;
            if new {
                files.new.push(file.try_clone()?);
            }
            Box::new(file)
        }
        None => Box::new(io::stdout().lock()),
    };
    let Some(path) = &arguments.write else {
        return Ok(files);
    };
    let described = Described {
        sources: opened.sources().to_vec(),
        filter: arguments.shared.filter.clone(),
    };
    if path == Path::new("-") {
        files.save = Some(Save::stream(io::stdout(), described)?);
        return Ok(files);
    }
    let links = || described.sources.iter().map(|source| source.link);
    if save::Form::of(path) == save::Form::Pcap && links().any(|link| Some(link) != links().next())
    {
        anyhow::bail!(
            "{} cannot hold interfaces whose link types differ: give the file the ending .pcapng.",
            path.display()
        );
    }
    let (save, new) = match arguments.ring {
        None => Save::file(path, described),
        Some(ring) => {
            allow_many_files();
            Save::ring(path, ring, described)
        }
    }
    .context(UNSAVED)?;
    files.save = Some(save);
    files.new.extend(new);
    Ok(files)
}

/// How the summary names the capture.
pub(super) fn shown(path: &Path, ring: Option<Ring>) -> String {
    match (path.to_str(), ring) {
        (Some("-"), _) => "standard output".to_owned(),
        (_, None) => path.display().to_string(),
        (_, Some(ring)) => {
            let paths: Vec<PathBuf> = ring.paths(path).collect();
            let ends = [paths.first(), paths.last()].into_iter().flatten();
            let ends: Vec<String> = ends.map(|path| path.display().to_string()).collect();
            ends.join(" to ")
        }
    }
}
