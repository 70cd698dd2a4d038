//! Text from the wire made safe to show: controls as `\u{…}`. For every form but JSON, which has escapes of its own.

use crate::model::Out;

/// Whether `character` must not reach a terminal: C0, DEL, C1 (all of Unicode's Cc) or a bidi control.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends `text` to `out` with its unsafe characters as `\u{…}`, but those that `raw` lets through.
pub(crate) fn push_escaped(out: &mut Out, text: &str, raw: impl Fn(char) -> bool) {
    let mut written = 0;
    for (place, character) in text.char_indices() {
        if is_unsafe(character) && !raw(character) {
            out.extend_from_slice(&text.as_bytes()[written..place]);
            character
                .escape_unicode()
                .for_each(|escaped| out.push(escaped as u8));
            written = place + character.len_utf8();
        }
    }
    out.extend_from_slice(&text.as_bytes()[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_show_as_their_code_points_but_those_let_through() {
        let mut out = Out::default();
        push_escaped(&mut out, "a\u{1b}[1m\n\t\u{85}\u{202e}é", |c| c == '\n');
        assert_eq!(
            String::from_utf8(out.written().to_vec()).unwrap(),
            "a\\u{1b}[1m\n\\u{9}\\u{85}\\u{202e}é"
        );
    }
}
