//! Command line words as text, with the original bytes of file names that are not UTF-8.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The words of the command line.
#[derive(Debug, Default)]
pub struct Args {
    /// Each word as text.
    pub texts: Vec<String>,
    /// Original bytes of each text that replaces a word that is not UTF-8.
    names: BTreeMap<String, OsString>,
}

impl Args {
    /// Converts words into text. A file name may have any bytes.
    pub fn of(words: impl Iterator<Item = OsString>) -> Self {
        let words: Vec<Result<String, OsString>> = words.map(OsString::into_string).collect();
        // The text must differ from all other words, or it would name the file of such a word.
        let taken: BTreeSet<&str> =
            words.iter().flatten().flat_map(|word| names_in(word)).collect();
        let mut args = Self::default();
        for word in &words {
            let text = match word {
                Ok(text) => text.clone(),
                Err(word) => args.name(word, &taken),
            };
            args.texts.push(text);
        }
        args
    }

    /// A unique text for a word that is not UTF-8.
    fn name(&mut self, word: &OsStr, taken: &BTreeSet<&str>) -> String {
        let bytes = word.as_bytes();
        // In `--option=VALUE` only the value is a file name.
        let start = match bytes.iter().position(|byte| *byte == b'=') {
            Some(place) if bytes.starts_with(b"--") => place + 1,
            _ => 0,
        };
        let (option, value) = bytes.split_at(start);
        let mut text = String::from_utf8_lossy(value).into_owned();
        if taken.contains(&*text) || self.names.contains_key(&text) {
            text = value.escape_ascii().to_string();
        }
        while taken.contains(&*text) || self.names.contains_key(&text) {
            text.push('?');
        }
        self.names.insert(text.clone(), OsStr::from_bytes(value).to_owned());
        String::from_utf8_lossy(option).into_owned() + &text
    }

    /// Path that a word names.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.names.get(text).map_or_else(|| PathBuf::from(text), PathBuf::from)
    }
}

/// The texts of a word that may name a file: the whole word, and the value in `--option=VALUE`.
fn names_in(word: &str) -> impl Iterator<Item = &str> {
    let value = word.strip_prefix("--").and_then(|option| option.split_once('='));
    [word].into_iter().chain(value.map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_bytes_get_different_texts() {
        let word = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        let args = Args::of(
            [word(b"diff"), word(b"a\xff"), word(b"a\xfe"), word(b"--x=b\xff")].into_iter(),
        );
        assert_eq!(args.texts[1..], ["a\u{fffd}", "a\\xfe", "--x=b\u{fffd}"]);
        let paths = ["a\u{fffd}", "a\\xfe", "b\u{fffd}", "diff"].map(|text| args.path(text));
        let expected: [&[u8]; 4] = [b"a\xff", b"a\xfe", b"b\xff", b"diff"];
        assert_eq!(
            paths.map(|it| it.as_os_str().as_bytes().to_vec()),
            expected.map(<[u8]>::to_vec)
        );
    }

    #[test]
    fn a_replaced_name_differs_from_every_other_word() {
        let bytes = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        let replaced = bytes(b"a\xff");
        for other in ["a\u{fffd}", "--from=a\u{fffd}"] {
            for words in [[&replaced, &other.into()], [&other.into(), &replaced]] {
                let args = Args::of(words.into_iter().cloned());
                assert_eq!(args.path("a\u{fffd}"), PathBuf::from("a\u{fffd}"), "{words:?}");
                let found = args.texts.iter().filter(|it| args.path(it).as_os_str() == replaced);
                assert_eq!(found.count(), 1, "{words:?}");
            }
        }
    }
}
