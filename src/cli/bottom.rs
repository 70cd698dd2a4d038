//! The line at the terminal's bottom that says how far things are: on standard error, and only where that is a terminal.
//!
//! Rows that are printed meanwhile go above it: whoever writes them to the same terminal does so through [`Beside`].

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, Write};

/// How often a second the line changes at most.
const CHANGES: u8 = 20;

/// A line at the terminal's bottom, which stays hidden where standard error is no terminal, or `quiet`.
pub(super) fn line(quiet: bool) -> ProgressBar {
    let terminal = Term::stderr();
    let target = match !quiet && terminal.is_term() {
        true => ProgressDrawTarget::term_like_with_hz(Box::new(Roomy(terminal)), CHANGES),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}

/// `out`, whose lines go above that line.
pub(super) fn beside(line: &ProgressBar, out: Box<dyn Write>) -> Box<dyn Write> {
    match line.is_hidden() {
        true => out,
        false => Box::new(Beside {
            bar: line.clone(),
            out,
            begun: Vec::new(),
        }),
    }
}

/// The terminal, but for two columns: there it writes `^C` itself when Ctrl-C is typed. On a line that is full these would go to
/// the next, which would then be the one that is erased.
#[derive(Debug)]
struct Roomy(Term);

impl TermLike for Roomy {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(2).max(1)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.0.write_line(line)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A writer to the terminal that has the status line. It passes on whole lines only: the status line, drawn behind half of
/// one, would be erased together with it.
struct Beside {
    bar: ProgressBar,
    out: Box<dyn Write>,
    /// The beginning of a line whose end has yet to come.
    begun: Vec<u8>,
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None => 0,
        };
        let (lines, begun) = bytes.split_at(lines);
        if !lines.is_empty() {
            self.bar.suspend(|| {
                self.out.write_all(&self.begun)?;
                self.out.write_all(lines)?;
                // A line that waits would go below the status line.
                self.out.flush()
            })?;
            self.begun.clear();
        }
        self.begun.extend_from_slice(begun);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What ends without a line end, as `--format raw` may. There is nobody left to tell of an error.
        let _ = self.out.write_all(&self.begun);
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    struct Sent(Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            let _ = self.0.send(b"|".to_vec());
            Ok(())
        }
    }

    #[test]
    fn only_whole_lines_go_above_the_status_line() {
        let (sender, sent) = channel();
        let mut beside = Beside {
            bar: ProgressBar::hidden(),
            out: Box::new(Sent(sender)),
            begun: Vec::new(),
        };
        for part in ["row 1\nro", "w", " 2\n", "row 3\nend"] {
            assert_eq!(beside.write(part.as_bytes()).ok(), Some(part.len()));
        }
        drop(beside);
        let sent: Vec<u8> = sent.iter().flatten().collect();
        assert_eq!(
            String::from_utf8_lossy(&sent),
            "row 1\n|row 2\n|row 3\n|end|"
        );
    }
}
