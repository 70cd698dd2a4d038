//! What the user typed, and the program on one page. The only room with anyhow and the only one that writes to standard error.

mod args;
mod interfaces;
mod live;
mod messages;
mod run;
mod signals;
mod status;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// The exit status of what could not be done.
const COULD_NOT: u8 = 2;

/// Runs the program: status 0 when it is done, 2 when something could not be done.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Analyze(arguments) => run::analyze(arguments),
        Command::Live(arguments) => live::live(arguments),
        Command::Interfaces => interfaces::interfaces(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(COULD_NOT),
        Err(error) => {
            messages::error(&error);
            ExitCode::from(COULD_NOT)
        }
    }
}
