//! Splits words into tokens. Only this file knows how options are written.
//!
//! The old tool read its words with popt, from left to right: `-A`, `-At` for `-A -t`, and values
//! glued to the letter, after `=` or as the next word. Command lines, rule lines, completion and
//! the search for `--netns` before a verb use these tokens. Completion also reads verbs with them,
//! because clap writes options in the same way.

use super::options::{COMMANDS, Command, OPTIONS, Opt, Takes};

/// A command or an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A command of the classic language, such as `-A`.
    Command(Command),
    /// An option of the classic language, such as `-t`.
    Option(Opt),
}

impl What {
    /// Long name, without its dashes.
    pub(crate) fn long(self) -> &'static str {
        match self {
            Self::Command(command) => command.row().long,
            Self::Option(option) => option.row().long,
        }
    }

    /// Name in the help text of the value that it requires; `None` if it requires none.
    pub(crate) fn value(self) -> Option<&'static str> {
        let takes = match self {
            Self::Command(command) => command.row().takes,
            Self::Option(option) => option.row().takes,
        };
        match takes {
            Takes::Value(name) => Some(name),
            _ => None,
        }
    }
}

/// A command or an option on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given<'a, W = What> {
    pub(crate) what: W,
    pub(crate) value: Option<&'a str>,
    /// The word with the name or the letter.
    pub(crate) word: &'a str,
    /// Whether the value is a word of its own, as in `-w 3`.
    is_apart: bool,
}

impl<'a> Given<'a> {
    /// The last word of the option: its value, if that is a word of its own.
    pub(crate) fn last_word(&self) -> &'a str {
        self.value.filter(|_| self.is_apart).unwrap_or(self.word)
    }
}

/// A word with an unknown name or letter, or with an option that lacks its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake<'a, W = What> {
    pub(crate) word: &'a str,
    pub(crate) lacks_value: Option<W>,
}

/// A token of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a, W = What> {
    /// A command or an option.
    Given(Given<'a, W>),
    /// A word that is neither an option nor a value.
    Loose(&'a str),
    /// `--`, after which all words are loose.
    Dashes,
    /// An unknown option, or an option without its value at the end of the line.
    Mistake(Mistake<'a, W>),
}

impl<'a> Token<'a> {
    /// The word in which the token begins.
    pub(crate) fn word(&self) -> &'a str {
        match self {
            Self::Given(Given { word, .. })
            | Self::Loose(word)
            | Self::Mistake(Mistake { word, .. }) => word,
            Self::Dashes => "--",
        }
    }
}

/// A set of options with their names and letters.
pub(crate) trait Language {
    /// Type that identifies an option.
    type What: Copy;

    fn by_letter(&self, letter: char) -> Option<Known<Self::What>>;
    /// `name` is the name after `--`.
    fn by_long(&self, name: &str) -> Option<Known<Self::What>>;
}

/// An option, and whether it takes a value.
#[derive(Clone, Copy)]
pub(crate) struct Known<W> {
    pub(crate) what: W,
    pub(crate) arity: Arity,
}

/// Whether an option takes a value.
#[derive(Clone, Copy)]
pub(crate) enum Arity {
    None,
    Value,
    /// The next word is the value, unless it begins with a dash.
    Perhaps,
}

/// Iterator over the tokens of a line. It continues after a mistake.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a, I, L> {
    words: I,
    /// Language of the unread words.
    pub(crate) language: L,
    /// The current bundle, such as `-Ln`.
    word: &'a str,
    /// Its unread letters.
    letters: &'a str,
    only_loose: bool,
}

/// Iterates over the tokens of words of the classic language.
pub(crate) fn tokens<'a, I: Iterator<Item = &'a str>>(words: I) -> Tokens<'a, I, Classic> {
    Tokens::new(words, Classic)
}

/// Collects the tokens of a command line.
pub fn tokens_of(args: &[String]) -> Vec<Token<'_>> {
    tokens(args.iter().map(String::as_str)).collect()
}

impl<'a, I: Iterator<Item = &'a str> + Clone, L: Language> Iterator for Tokens<'a, I, L> {
    type Item = Token<'a, L::What>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if !self.letters.is_empty() {
            return Some(self.letter());
        }
        let word = self.words.next()?;
        // In rule files most options are one letter.
        if let [b'-', letter] = word.as_bytes()
            && !self.only_loose
            && let Some(known) = self.language.by_letter(char::from(*letter))
        {
            return Some(self.given(known, word, None));
        }
        Some(self.other(word))
    }
}

/// Words of a line that has only ASCII letters and blanks. Faster than
/// [`str::split_ascii_whitespace`], because most words of a rule are an option of one letter.
#[derive(Clone, Debug)]
pub(crate) struct PlainWords<'a>(pub(crate) &'a str);

impl<'a> Iterator for PlainWords<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        if self.0.starts_with(' ') {
            self.0 = self.0.trim_start_matches(' ');
        }
        let bytes = self.0.as_bytes();
        let length = match bytes {
            [] => return None,
            [b'-', _, b' ', ..] => 2,
            _ => bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len()),
        };
        let (word, rest) = self.0.split_at(length);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(word)
    }
}

/// A token of a line on which each option is a word of its own.
#[derive(Clone, Copy)]
pub(crate) enum Plain<'a> {
    Command(Command),
    Option(Opt, Option<&'a str>),
    /// Anything else, such as a bundle of letters, a glued value or a mistake.
    Other,
    End,
}

impl<'a> From<&Token<'a>> for Plain<'a> {
    fn from(token: &Token<'a>) -> Self {
        match *token {
            Token::Given(Given { what: What::Option(option), value, .. }) => {
                Self::Option(option, value)
            }
            Token::Given(Given { what: What::Command(command), value: None, .. }) => {
                Self::Command(command)
            }
            _ => Self::Other,
        }
    }
}

impl<'a, I: Iterator<Item = &'a str> + Clone> Tokens<'a, I, Classic> {
    /// Like [`Iterator::next`], for rule lines as this program writes them: it is several times as
    /// fast, because it keeps neither the words nor the state of a bundle. After [`Plain::Other`] the
    /// line must be read again.
    #[inline]
    pub(crate) fn plain(&mut self) -> Plain<'a> {
        let Some(word) = self.words.next() else { return Plain::End };
        let known = match word.as_bytes() {
            [b'-', letter] => Classic.by_letter(char::from(*letter)),
            [b'-', b'-', ..] => Classic.by_long(&word[2..]),
            _ => None,
        };
        let Some(Known { what, arity }) = known else { return Plain::Other };
        match (what, arity) {
            (What::Command(command), Arity::None) => Plain::Command(command),
            (What::Option(option), Arity::None) => Plain::Option(option, None),
            // The value of a rule line does not begin with a dash.
            (What::Option(option), _) => match self.words.next() {
                Some(value) if !value.starts_with('-') => Plain::Option(option, Some(value)),
                _ => Plain::Other,
            },
            _ => Plain::Other,
        }
    }
}

impl<I, L> Tokens<'_, I, L> {
    pub(crate) fn new(words: I, language: L) -> Self {
        Self { words, language, word: "", letters: "", only_loose: false }
    }
}

impl<'a, I: Iterator<Item = &'a str> + Clone, L: Language> Tokens<'a, I, L> {
    /// Skips the next word, whatever it is, and returns it.
    pub(crate) fn skip_word(&mut self) -> Option<&'a str> {
        self.letters = "";
        self.words.next()
    }

    fn other(&mut self, word: &'a str) -> Token<'a, L::What> {
        match word.as_bytes() {
            _ if self.only_loose => Token::Loose(word),
            b"--" => {
                self.only_loose = true;
                Token::Dashes
            }
            [b'-', b'-', ..] => self.long(word),
            [b'-', _, ..] => {
                self.word = word;
                self.letters = &word[1..];
                self.letter()
            }
            _ => Token::Loose(word),
        }
    }

    fn long(&mut self, word: &'a str) -> Token<'a, L::What> {
        let (name, glued) = match word[2..].split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (&word[2..], None),
        };
        match self.language.by_long(name) {
            Some(known) => self.given(known, word, glued),
            None => Token::Mistake(Mistake { word, lacks_value: None }),
        }
    }

    fn letter(&mut self) -> Token<'a, L::What> {
        let mut letters = self.letters.chars();
        let known = letters.next().and_then(|letter| self.language.by_letter(letter));
        let rest = letters.as_str();
        self.letters = "";
        let Some(known) = known else {
            return Token::Mistake(Mistake { word: self.word, lacks_value: None });
        };
        let after_equals = rest.strip_prefix('=');
        let glued = match known.arity {
            Arity::None if after_equals.is_none() => {
                self.letters = rest;
                None
            }
            _ => after_equals.or((!rest.is_empty()).then_some(rest)),
        };
        self.given(known, self.word, glued)
    }

    #[inline]
    fn given(
        &mut self,
        known: Known<L::What>,
        word: &'a str,
        glued: Option<&'a str>,
    ) -> Token<'a, L::What> {
        let Known { what, arity } = known;
        let mut given = Given { what, value: glued, word, is_apart: false };
        if glued.is_none() {
            match arity {
                Arity::None => {}
                Arity::Value => match self.words.next() {
                    Some(next) => given = Given { value: Some(next), is_apart: true, ..given },
                    None => return Token::Mistake(Mistake { word, lacks_value: Some(what) }),
                },
                Arity::Perhaps => {
                    let mut ahead = self.words.clone();
                    if let Some(next) = ahead.next().filter(|next| !next.starts_with('-')) {
                        given = Given { value: Some(next), is_apart: true, ..given };
                        self.words = ahead;
                    }
                }
            }
        }
        Token::Given(given)
    }
}

/// The [`Language`] of classic command lines and rule lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Classic;

impl Language for Classic {
    type What = What;

    #[inline]
    fn by_letter(&self, letter: char) -> Option<Known<What>> {
        *LETTERS.get(letter as usize)?
    }

    fn by_long(&self, name: &str) -> Option<Known<What>> {
        let first = *STARTS.get(name.len())?;
        let end = *STARTS.get(name.len() + 1)?;
        let rows = BY_LENGTH.get(usize::from(first)..usize::from(end))?;
        let row = rows.iter().find(|row| long_of(usize::from(**row)) == name)?;
        Some(known(usize::from(*row)))
    }
}

const fn known(row: usize) -> Known<What> {
    let (what, takes) = if row < COMMANDS.len() {
        (What::Command(COMMANDS[row].command), &COMMANDS[row].takes)
    } else {
        let row = &OPTIONS[row - COMMANDS.len()];
        (What::Option(row.option), &row.takes)
    };
    let arity = match takes {
        Takes::Nothing => Arity::None,
        Takes::Value(_) => Arity::Value,
        Takes::Perhaps(_) => Arity::Perhaps,
    };
    Known { what, arity }
}

/// Number of rows in both tables: commands, then options.
const ROWS: usize = COMMANDS.len() + OPTIONS.len();

const fn long_of(row: usize) -> &'static str {
    if row < COMMANDS.len() { COMMANDS[row].long } else { OPTIONS[row - COMMANDS.len()].long }
}

/// Meaning of each ASCII letter. Searching the tables for each word would slow down rule files.
static LETTERS: [Option<Known<What>>; 128] = {
    let mut letters = [None; 128];
    let mut row = 0;
    while row < COMMANDS.len() {
        let mut at = 0;
        while at < COMMANDS[row].short.len() {
            letters[COMMANDS[row].short[at] as usize] = Some(known(row));
            at += 1;
        }
        row += 1;
    }
    while row < ROWS {
        if let Some(letter) = OPTIONS[row - COMMANDS.len()].short {
            letters[letter as usize] = Some(known(row));
        }
        row += 1;
    }
    letters
};

/// More letters than the longest long name has.
const LENGTHS: usize = 24;

/// Indices of the rows, sorted by the lengths of their long names.
#[allow(clippy::cast_possible_truncation)] // there are fewer than a hundred rows
static BY_LENGTH: [u8; ROWS] = {
    let mut rows = [0; ROWS];
    let (mut length, mut at) = (0, 0);
    while length < LENGTHS {
        let mut row = 0;
        while row < ROWS {
            if long_of(row).len() == length {
                rows[at] = row as u8;
                at += 1;
            }
            row += 1;
        }
        length += 1;
    }
    assert!(at == ROWS);
    rows
};

/// Index in [`BY_LENGTH`] of the first name of each length.
static STARTS: [u8; LENGTHS + 1] = {
    let mut starts = [0; LENGTHS + 1];
    let mut length = 0;
    while length < LENGTHS {
        let (mut row, mut count) = (0, 0);
        while row < ROWS {
            if long_of(row).len() == length {
                count += 1;
            }
            row += 1;
        }
        starts[length + 1] = starts[length] + count;
        length += 1;
    }
    starts
};
