//! The one place that writes to standard error: errors and notes, a sentence each.

use super::args::Color;
use crate::report::text::Escaped;
use std::io::Write;

/// An error and what caused it, without a full stop.
pub(super) fn sentence(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let sentence = causes.join(": ");
    sentence.trim_end_matches('.').replace('\n', " ")
}

/// `ssetrace: ` and what is wrong.
pub(super) fn error(sentence: &str) {
    let (red, plain) = (anstyle::AnsiColor::Red.on_default(), anstyle::Reset);
    say(&format!("{red}ssetrace:{plain} {}.", Escaped(sentence)));
}

/// `note: ` and what is good to know.
pub(super) fn note(sentence: &str) {
    say(&format!("note: {}", Escaped(sentence)));
}

/// `ssetrace: ` and what it does now.
pub(super) fn tell(sentence: &str) {
    say(&format!("ssetrace: {}", Escaped(sentence)));
}

/// `4,121 frames`, `1 frame`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {noun}{}", if count == 1 { "" } else { "s" })
}

fn say(line: &str) {
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Whether the environment has nothing against colours.
pub(super) fn colors_are_welcome() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// What `--color` says holds for standard error too.
pub(super) fn set_color(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}
