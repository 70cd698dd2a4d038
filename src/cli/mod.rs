//! What the user typed, and the program on one page. The only room with anyhow and the only one that writes to standard error.

mod args;
mod bottom;
mod files;
mod interfaces;
mod live;
mod messages;
mod notes;
mod output;
mod pages;
mod progress;
mod run;
mod signals;
mod status;
mod usage;

use crate::model::Severity;
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// The exit status when there is a finding as bad as `--fail-on` names.
const FOUND: u8 = 1;

/// The exit status of what could not be done.
const COULD_NOT: u8 = 2;

/// How it went.
#[derive(Debug)]
enum Outcome {
    /// All was done; the worst finding there was.
    Done(Option<Severity>),
    /// Something could not be done, which was said.
    CouldNot,
}

/// Runs the program. Its status: 0 when it is done, 1 when there is a finding as bad as `--fail-on` names, 2 when something
/// could not be done.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // `--help` and `--version` are no errors.
        Err(told) if !told.use_stderr() => told.exit(),
        Err(error) => {
            messages::error(&usage::sentence(&error));
            return ExitCode::from(COULD_NOT);
        }
    };
    let shared = match &cli.command {
        Command::Analyze(arguments) => Some(&arguments.shared),
        Command::Live(arguments) => Some(&arguments.shared),
        Command::Interfaces | Command::Completions { .. } | Command::Man { .. } => None,
    };
    if let Some(shared) = shared {
        messages::set_color(shared.color);
    }
    let fail_on = shared.and_then(|shared| shared.fail_on);
    let outcome = match &cli.command {
        Command::Analyze(arguments) => run::analyze(arguments),
        Command::Live(arguments) => live::live(arguments),
        Command::Interfaces => interfaces::interfaces().map(|()| Outcome::Done(None)),
        Command::Completions { shell } => pages::completions(*shell).map(|()| Outcome::Done(None)),
        Command::Man { command } => pages::manual(command.as_deref()).map(|()| Outcome::Done(None)),
    };
    match outcome {
        Ok(Outcome::Done(worst)) => match fail_on.map(Severity::from) {
            Some(bad) if worst >= Some(bad) => ExitCode::from(FOUND),
            _ => ExitCode::SUCCESS,
        },
        Ok(Outcome::CouldNot) => ExitCode::from(COULD_NOT),
        // Whoever read has gone, before anything was written: a normal end.
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            messages::error(&messages::sentence(&error));
            ExitCode::from(COULD_NOT)
        }
    }
}
