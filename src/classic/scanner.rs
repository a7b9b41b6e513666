//! Reads options and their values with clap.
//!
//! clap does not support popt's bundles and optional values, nor the order of different options. So
//! it gets the tokens of a line in one form: `--name` or `--name=value`, then the loose words after
//! `--`. The tokens tell the order of options and the place of a mistake.

use clap::{Arg, ArgAction, ArgMatches, Command};
use indexmap::IndexSet;

use super::lexer::{Given, Mistake, Token, What};
use super::options::{COMMANDS, OPTIONS, Takes};
use super::values::Names;

const LOOSE: &str = "words";

/// An option or a command with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken<'a> {
    pub(crate) what: What,
    pub(crate) value: Option<String>,
    /// Last word of the option, as typed.
    pub(crate) last_word: &'a str,
}

/// A command line up to its first mistake.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words<'a> {
    pub(crate) taken: Vec<Taken<'a>>,
    pub(crate) loose: Vec<String>,
    pub(crate) mistake: Option<Mistake<'a>>,
}

/// Reader of command lines and rule lines.
#[derive(Default)]
pub struct Scanner {
    /// clap's parser, created on first use. Creating it costs more than using it, and canonical
    /// rule lines do not need it.
    language: Option<Command>,
    /// Functions that look up host and port names.
    pub(crate) names: Names,
    /// Notes about lines of files whose effect differs from their text. A set, because a file may
    /// be read twice.
    pub(crate) notes: IndexSet<String>,
    /// Name of the file that is read, for notes, if there are several files.
    pub(crate) file: Option<String>,
}

impl Scanner {
    /// A scanner that looks up names. The default scanner refuses names.
    pub fn new(names: Names) -> Self {
        Self { names, ..Self::default() }
    }

    /// Takes the notes about lines of files.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes).into_iter().collect()
    }

    /// Reads the words of one command.
    pub(crate) fn read<'a>(&mut self, words: &[Token<'a>]) -> Words<'a> {
        let (mut given, mut loose, mut mistake) = (Vec::new(), Vec::new(), None);
        for token in words {
            match token {
                Token::Given(it) => given.push(*it),
                Token::Loose(word) => loose.push(*word),
                Token::Dashes => {}
                Token::Mistake(found) => {
                    mistake = Some(*found);
                    break;
                }
            }
        }
        let options = given.iter().map(argument);
        let loose = std::iter::once("--").chain(loose).map(str::to_owned);
        let language = self.language.get_or_insert_with(language);
        let Ok(matches) = language.try_get_matches_from_mut(options.chain(loose)) else {
            // clap accepts every line of this form. If it does not, blame the first option.
            let word = given.first().map_or("", |first| first.word);
            let mistake = Some(Mistake { word, lacks_value: None });
            return Words { mistake, ..Words::default() };
        };
        Words { mistake, ..in_order(&given, matches) }
    }
}

fn argument(given: &Given<'_>) -> String {
    let name = given.what.long();
    given.value.map_or_else(|| format!("--{name}"), |value| format!("--{name}={value}"))
}

/// The values that clap found, in the order of the line.
fn in_order<'a>(given: &[Given<'a>], mut matches: ArgMatches) -> Words<'a> {
    let loose = matches.remove_many(LOOSE).into_iter().flatten().collect();
    let mut taken: Vec<Taken<'a>> = given
        .iter()
        .map(|it| Taken { what: it.what, value: None, last_word: it.last_word() })
        .collect();
    for place in 0..taken.len() {
        let what = taken[place].what;
        let Some(values) = matches.remove_occurrences::<String>(what.long()) else { continue };
        let same = taken[place..].iter_mut().filter(|it| it.what == what);
        for (it, mut value) in same.zip(values) {
            it.value = value.next();
        }
    }
    Words { taken, loose, mistake: None }
}

fn language() -> Command {
    let command = Command::new("ipvsadm")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(COMMANDS.iter().map(|row| option(row.long, row.takes)))
        .args(OPTIONS.iter().map(|row| option(row.long, row.takes)));
    command.arg(Arg::new(LOOSE).action(ArgAction::Append).num_args(0..))
}

fn option(long: &'static str, takes: Takes) -> Arg {
    let values = if matches!(takes, Takes::Value(_)) { 1..=1 } else { 0..=1 };
    let arg = Arg::new(long).long(long).action(ArgAction::Append);
    arg.num_args(values).require_equals(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::lexer::tokens_of;

    /// Formats each option as `name=value`.
    fn names(words: &Words<'_>) -> Vec<String> {
        let name = |it: &Taken<'_>| match &it.value {
            Some(value) => format!("{}={value}", it.what.long()),
            None => it.what.long().to_owned(),
        };
        words.taken.iter().map(name).collect()
    }

    /// Options, loose words, and the mistake; its flag tells whether a value is missing.
    fn read(line: &str) -> (Vec<String>, Vec<String>, Option<(String, bool)>) {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let words = Scanner::default().read(&tokens_of(&args));
        let mistake = words.mistake.map(|it| (it.word.to_owned(), it.lacks_value.is_some()));
        (names(&words), words.loose, mistake)
    }

    fn options(line: &str) -> Vec<String> {
        read(line).0
    }

    #[test]
    fn bundles_and_glued_values() {
        let parts = ["add-service", "tcp-service=10.0.0.1:80", "persistent=300"];
        assert_eq!(options("-At10.0.0.1:80 -p300"), parts);
        assert_eq!(options("-Ln"), ["list", "numeric"]);
        assert_eq!(options("-w=4 -w -1"), ["weight=4", "weight=-1"]);
        assert_eq!(options("--weight= -w="), ["weight=", "weight="]);
    }

    #[test]
    fn repetitions_keep_their_order() {
        assert_eq!(options("-n -L -n"), ["numeric", "list", "numeric"]);
    }

    #[test]
    fn an_optional_value_never_begins_with_a_dash() {
        assert_eq!(options("-p -t X"), ["persistent", "tcp-service=X"]);
        let (options, loose, _) = read("-p -");
        assert_eq!((&options[..], &loose[..]), (&["persistent".into()][..], &["-".into()][..]));
        assert_eq!(self::options("-p-"), ["persistent=-"]);
        assert_eq!(self::options("-p -p 7 -p"), ["persistent", "persistent=7", "persistent"]);
    }

    #[test]
    fn words_after_two_dashes_are_loose() {
        let (options, loose, mistake) = read("-L -- -n --nonsense --");
        assert_eq!((&options[..], mistake), (&["list".into()][..], None));
        assert_eq!(loose, ["-n", "--nonsense", "--"]);
        assert_eq!(self::options("-t -- -n"), ["tcp-service=--", "numeric"]);
    }

    #[test]
    fn a_mistake_in_a_bundle_keeps_the_letters_before_it() {
        let (options, _, mistake) = read("-L -nQ --stats");
        assert_eq!(options, ["list", "numeric"]);
        assert_eq!(mistake, Some(("-nQ".to_owned(), false)));
    }

    #[test]
    fn a_missing_value_is_distinguished_from_an_unknown_option() {
        let (options, _, mistake) = read("-L -At");
        assert_eq!(options, ["list", "add-service"]);
        assert_eq!(mistake, Some(("-At".to_owned(), true)));
        assert_eq!(read("-A --t X").2, Some(("--t".to_owned(), false)));
    }

    #[test]
    fn the_last_word_of_an_option_is_its_value_or_its_own() {
        let args = ["-An", "--stop-daemon", "backup", "-E"].map(str::to_owned);
        let words = Scanner::default().read(&tokens_of(&args));
        let last: Vec<&str> = words.taken.iter().map(|it| it.last_word).collect();
        assert_eq!(last, ["-An", "-An", "backup", "-E"]);
    }

    #[test]
    fn long_lines_are_read_in_one_pass() {
        let mut args: Vec<String> = vec!["-n".to_owned(); 30_000];
        args[20_000] = format!("-{}Q", "n".repeat(5000));
        let words = Scanner::default().read(&tokens_of(&args));
        assert_eq!(words.taken.len(), 25_000);
        assert_eq!(words.mistake.unwrap().word, args[20_000]);
    }
}
