//! Escapes text from outside before a terminal shows it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes each character that a terminal acts on, that is invisible, or that changes the direction
/// of text, as in `\n`, `\x1b`, `\u{202e}`. All other characters stay, and so do tabs.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, &['\t'])
}

/// Like [`printable`], but keeps line feeds, for text that this program has laid out.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, &['\t', '\n'])
}

fn escaped<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let harmful = |letter: char| is_harmful(letter) && !kept.contains(&letter);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            _ if !harmful(letter) => safe.push(letter),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            // Writing to a String cannot fail.
            '\0'..='\x7f' => drop(write!(safe, "\\x{:02x}", u32::from(letter))),
            _ => drop(write!(safe, "\\u{{{:x}}}", u32::from(letter))),
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal or editor acts on a character instead of showing it: controls (C0, DEL, C1),
/// line separators, and format characters (Unicode 16, category Cf), among them those that change
/// the direction of text.
pub fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || !letter.is_ascii()
            && matches!(
                letter,
                '\u{ad}'
                    | '\u{600}'..='\u{605}'
                    | '\u{61c}'
                    | '\u{6dd}'
                    | '\u{70f}'
                    | '\u{890}'..='\u{891}'
                    | '\u{8e2}'
                    | '\u{180e}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{feff}'
                    | '\u{fff9}'..='\u{fffb}'
                    | '\u{110bd}'
                    | '\u{110cd}'
                    | '\u{13430}'..='\u{1343f}'
                    | '\u{1bca0}'..='\u{1bca3}'
                    | '\u{1d173}'..='\u{1d17a}'
                    | '\u{e0001}'..='\u{e007f}'
            )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in ["", "eth0.10", "-t 192.0.2.80:80\t-s rr", "grün", "真实服务器", "a\\x1b"]
        {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn terminal_controls_are_escaped() {
        assert_eq!(printable("\x1b]0;x\x07\r\n"), "\\x1b]0;x\\x07\\r\\n");
        assert_eq!(printable("\u{9b}31m\x7f\0"), "\\u{9b}31m\\x7f\\x00");
        assert_eq!(printable("a\u{202e}b\u{feff}"), "a\\u{202e}b\\u{feff}");
        assert_eq!(printable_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_harmful_character(text in "\\PC*|.*|[\\x00-\\x9f\u{200b}-\u{206f}]*") {
            let safe = printable(&text);
            prop_assert!(safe.chars().all(|letter| letter == '\t' || !is_harmful(letter)));
            let again = printable(&safe).into_owned();
            prop_assert_eq!(again, safe.into_owned());
        }
    }
}
