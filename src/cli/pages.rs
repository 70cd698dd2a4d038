//! What ssetrace says of itself to shells and to man(1), made from the same words as `--help`.

use super::args::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write};

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ssetrace", &mut script);
    print(&script)
}

/// Prints the page of `name`, or of the whole.
pub(super) fn manual(name: Option<&str>) -> anyhow::Result<()> {
    let mut whole = Cli::command();
    // Gives each command its full name: `ssetrace-live`.
    whole.build();
    let command = match name {
        None => whole,
        Some(name) => whole
            .find_subcommand(name)
            .with_context(|| {
                format!("there is no command \"{name}\"; `ssetrace --help` says what there is")
            })?
            .clone(),
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    print(&page)
}

/// To standard output, whose reader may go.
fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("the output could not be written")
        }
        _ => Ok(()),
    }
}
