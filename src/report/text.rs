//! What every table needs to know of text: how many columns it takes, and where it can be cut.
//!
//! Text comes in already escaped; pieces of it go out. Widths are those of a terminal: a grapheme of 中文 or an emoji
//! takes two columns and is never split.

pub use crate::model::text::{Count, Escaped, Lasting, Range, Thousands, WriteTo};
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.graphemes(true).map(UnicodeWidthStr::width).sum()
    }
}

/// The longest beginning of `text` that takes at most `columns`, and the columns it takes.
pub fn fit(text: &str, columns: usize) -> (&str, usize) {
    // In ASCII a byte is a column; one byte more shows that nothing combines with the last. The rest is not looked at.
    let head = &text.as_bytes()[..text.len().min(columns.saturating_add(1))];
    if head.is_ascii() {
        let columns = columns.min(text.len());
        return (&text[..columns], columns);
    }
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if taken + wide > columns {
            return (&text[..at], taken);
        }
        taken += wide;
    }
    (text, taken)
}

/// `text`, cut with `…` where it takes more than `columns`.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if fits(text, columns) {
        return Cow::Borrowed(text);
    }
    let (head, _) = fit(text, columns.saturating_sub(1));
    Cow::Owned(format!("{}…", before_ellipsis(head)))
}

/// `head` without what looks bad before `…`: spaces, and another `…`.
pub fn before_ellipsis(head: &str) -> &str {
    head.trim_end_matches([' ', '…'])
}

/// Whether `text` takes at most `columns`.
pub fn fits(text: &str, columns: usize) -> bool {
    fit(text, columns).0.len() == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_graphemes_count_two_and_are_never_split() {
        assert_eq!(width("当前时间：1"), 11);
        assert_eq!(width("👩‍💻"), 2);
        assert_eq!(cut("当前时间", 8), "当前时间");
        assert_eq!(cut("当前时间", 7), "当前时…");
        assert_eq!(cut("当前时间", 6), "当前…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn text_that_already_ends_in_an_ellipsis_gets_no_second_one() {
        assert_eq!(cut("…{\"a\"}… to xyz", 9), "…{\"a\"}…");
    }

    proptest! {
        #[test]
        fn what_is_cut_takes_no_more_than_its_columns(text in "\\PC{0,40}", columns in 1usize..50) {
            let short = cut(&text, columns);
            prop_assert!(width(&short) <= columns, "{short:?}");
            prop_assert_eq!(fits(&text, columns), width(&text) <= columns);
        }
    }
}
