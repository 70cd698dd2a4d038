//! Tables in GitHub's Markdown (GFM §4.10), with every sign that means something there escaped: the text shows as it is.

use std::io::{self, Write};

/// Writes a row of cells: one line of escaped text each.
pub(super) fn row<'a>(
    cells: impl Iterator<Item = &'a str>,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(b"|")?;
    for cell in cells {
        if cell.is_empty() {
            out.write_all(b" |")?;
        } else {
            write!(out, " {} |", text(cell))?;
        }
    }
    out.write_all(b"\n")
}

/// Writes the line under the heads; `right` for the columns whose cells stand to the right.
pub(super) fn rule(right: impl Iterator<Item = bool>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"|")?;
    for right in right {
        out.write_all(if right { b"--:|" } else { b":--|" })?;
    }
    out.write_all(b"\n")
}

/// Writes lines that were made for a terminal: indented ones as a list, the others with `before` in front.
pub(super) fn outline(lines: &[u8], before: &str, out: &mut impl Write) -> io::Result<()> {
    for line in String::from_utf8_lossy(lines).lines() {
        match line.strip_prefix("  ") {
            Some(item) => writeln!(out, "- {}", text(item.trim_start()))?,
            None => writeln!(out, "{before}{}", text(line))?,
        }
    }
    Ok(())
}

/// `text` with a backslash before what Markdown, its tables and its mathematics would take for more than a character.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '$'
        ) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
