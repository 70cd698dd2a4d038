//! The one place that writes to standard error: errors and notes, a sentence each.

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
    say(&format!("{red}ssetrace:{plain} {}.", escaped(sentence)));
}

/// `note: ` and what is good to know.
pub(super) fn note(sentence: &str) {
    say(&format!("note: {}", escaped(sentence)));
}

/// `ssetrace: ` and what it does now.
pub(super) fn tell(sentence: &str) {
    say(&format!("ssetrace: {}", escaped(sentence)));
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

/// File names may hold anything; a terminal gets no control character from them.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}
