//! What was typed wrong, as one sentence: what clap found out comes in, words and what to do instead go out.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

/// The sentence of a usage error, without its full stop.
pub(super) fn sentence(error: &Error) -> String {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(all)) => all.first().map(String::as_str),
        _ => None,
    };
    let option = named(ContextKind::InvalidArg).map(first_name);
    let command = std::env::args_os().nth(1);
    let help = help(command.as_deref().and_then(OsStr::to_str));
    let sentence = match (error.kind(), option) {
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            return format!("which command? `ssetrace analyze FILE` annotates a capture; {help}");
        }
        (ErrorKind::InvalidSubcommand, _) => {
            return not_a_command(
                named(ContextKind::InvalidSubcommand).unwrap_or_default(),
                named(ContextKind::SuggestedSubcommand),
            );
        }
        (ErrorKind::UnknownArgument, Some(word)) if !word.starts_with('-') => {
            format!("\"{word}\" is one word too many")
        }
        (ErrorKind::UnknownArgument, Some(option)) => {
            let mut sentence = format!("there is no option \"{option}\"");
            if let Some(meant) = named(ContextKind::SuggestedArg) {
                let _ = write!(sentence, "; \"{}\" comes nearest", first_name(meant));
            }
            sentence
        }
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(option)) => {
            let value = named(ContextKind::InvalidValue).unwrap_or_default();
            let mut sentence = if value.is_empty() {
                format!("`{option}` needs a value")
            } else {
                format!("`{option}` cannot be \"{value}\"")
            };
            if let Some(ContextValue::Strings(possible)) = error.get(ContextKind::ValidValue)
                && !possible.is_empty()
            {
                let _ = write!(sentence, ": it is one of {}", possible.join(", "));
            } else if let Some(why) = std::error::Error::source(error) {
                let _ = write!(sentence, ": {why}");
            }
            return sentence;
        }
        (ErrorKind::MissingRequiredArgument, Some("<FILE>...")) => {
            "which capture? Name a file, or `-` for standard input".to_owned()
        }
        (ErrorKind::MissingRequiredArgument, Some(missing)) => format!("`{missing}` is missing"),
        (ErrorKind::ArgumentConflict, Some(option)) => {
            let other = named(ContextKind::PriorArg).map_or("another option", first_name);
            format!("`{option}` and `{other}` do not go together")
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    };
    format!("{sentence}; {help}")
}

/// Where to look up what can be typed, after `command`.
fn help(command: Option<&str>) -> String {
    match command {
        Some(command @ ("analyze" | "live" | "interfaces" | "completions" | "man")) => {
            format!("`ssetrace {command} --help` says what there is")
        }
        _ => "`ssetrace --help` and `ssetrace analyze --help` say what there is".to_owned(),
    }
}

/// A word where a command should be. Most often it is a capture.
fn not_a_command(word: &str, meant: Option<&str>) -> String {
    if Path::new(word).exists() || word.contains(['.', '/']) {
        return format!("which command? To annotate a capture: `ssetrace analyze {word}`");
    }
    let meant = meant.map_or(String::new(), |meant| {
        format!("; \"{meant}\" comes nearest")
    });
    format!("there is no command \"{word}\"{meant}; `ssetrace --help` says what there is")
}

/// `--filter` of `--filter <BPF>`.
fn first_name(option: &str) -> &str {
    option.split([' ', '=']).next().unwrap_or(option)
}
