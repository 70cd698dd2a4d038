//! Where the results go and how they look, from what the user typed and what is at the other end.

use super::args::{Color, Shared};
use super::messages;
use crate::report;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Rows above which a timeline is folded on a terminal.
const ROWS_ON_A_TERMINAL: usize = 60;

/// Bytes of output that are collected before they are written.
const OUTPUT_BUFFER: usize = 256 * 1024;

pub(super) type Output = BufWriter<Box<dyn Write>>;

/// The file that the results go to; none where it is standard output.
pub(super) fn output(shared: &Shared) -> Option<&Path> {
    let path = shared.output.as_deref()?;
    (path != Path::new("-")).then_some(path)
}

/// Whether two names are one file's, which is there.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    let same = |path: &Path| {
        path.metadata()
            .map(|file| (file.is_file(), file.dev(), file.ino()))
    };
    match (same(one), same(other)) {
        (Ok(one), Ok(other)) => one.0 && one == other,
        _ => false,
    }
}

/// Output that is collected before it is written.
pub(super) fn buffered(out: Box<dyn Write>) -> Output {
    BufWriter::with_capacity(OUTPUT_BUFFER, out)
}

/// How the results look.
pub(super) fn look(shared: &Shared, nanoseconds: bool) -> report::Options {
    let terminal = output(shared).is_none() && io::stdout().is_terminal();
    let color = match shared.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && messages::colors_are_welcome(),
    };
    let columns = terminal_size::terminal_size().map_or(0, |(width, _)| usize::from(width.0));
    report::Options {
        view: shared.view.into(),
        format: shared.format.into(),
        width: shared.width.unwrap_or(if terminal { columns } else { 0 }),
        color,
        time: shared.time.into(),
        max_rows: shared
            .max_rows
            .unwrap_or(if terminal { ROWS_ON_A_TERMINAL } else { 0 }),
        legend: terminal && !shared.quiet,
        nanoseconds,
        live: false,
        terminal,
    }
}

/// Allows as many open files as the system lets this user have: a ring or a merge may need more than programs commonly get.
pub(super) fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where it is not allowed, opening the one file too many says so.
    let _ = setrlimit(Resource::Nofile, most);
}

/// An error of the output.
pub(super) fn unwritable(error: io::Error) -> anyhow::Error {
    anyhow::Error::from(error).context("the output could not be written")
}

/// Whether whoever read the output has gone: a normal end.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
