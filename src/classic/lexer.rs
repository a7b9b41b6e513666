//! Words to options, by clap, in the order in which they stand.
//!
//! The old tool read its words with popt, from left to right, and stopped at the first that it did
//! not like; which message a user sees depends on that order. clap reads the whole line, so the
//! order is taken from its indices, and when it refuses the line, the longest part of the line that
//! it accepts is what comes before the mistake.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction};
use indexmap::IndexSet;

use super::options::{COMMANDS, Command, OPTIONS, Opt, Takes};

/// Stands for "no value": no word of a command line can contain a NUL, and none of a file does.
const ABSENT: &str = "\0";
/// Stands for a lone `-`, which popt never takes as an optional value and clap does.
const DASH: &str = "\0-";
const LOOSE: &str = "words";

/// An option, or a command, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) what: What,
    pub(crate) value: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Command(Command),
    Option(Opt),
}

/// A word that is no option, or lacks its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) word: String,
    pub(crate) missing_value: bool,
}

/// A command line, read up to its first mistake.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) given: Vec<Given>,
    pub(crate) loose: Vec<String>,
    pub(crate) failure: Option<Failure>,
}

/// Reads words of the classic language.
#[derive(Default)]
pub struct Scanner {
    /// clap, set up when it is first needed: making it costs more than using it, and rule lines in the
    /// canonical form do not need it.
    language: Option<clap::Command>,
    /// What lines of files mean otherwise than they say; of a file that is read twice once.
    pub(crate) notes: IndexSet<String>,
    /// How often clap was asked.
    #[cfg(test)]
    scans: usize,
}

impl Scanner {
    /// Takes what was noted of lines of files: those that mean otherwise than they say.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes).into_iter().collect()
    }
}

fn language() -> clap::Command {
    let mut command = clap::Command::new("ipvsadm")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true);
    for row in COMMANDS {
        let (first, more) = row.short.split_first().map_or((None, &[][..]), |(f, m)| (Some(*f), m));
        let arg = argument(row.long, first, row.takes).visible_short_aliases(more.to_vec());
        command = command.arg(arg);
    }
    for row in OPTIONS {
        command = command.arg(argument(row.long, row.short, row.takes));
    }
    let loose = Arg::new(LOOSE).action(ArgAction::Append).num_args(0..);
    command.arg(loose)
}

fn argument(long: &'static str, short: Option<char>, takes: Takes) -> Arg {
    let arg = Arg::new(long).long(long).short(short).action(ArgAction::Append);
    match takes {
        // A flag of clap's own would forget where each repetition stood.
        Takes::Nothing => arg.num_args(0..=1).require_equals(true).default_missing_value(ABSENT),
        Takes::Value(_) => arg.num_args(1).allow_hyphen_values(true),
        Takes::Perhaps(_) => arg.num_args(0..=1).default_missing_value(ABSENT),
    }
}

impl Scanner {
    /// Reads the words of one command.
    pub(crate) fn read(&mut self, args: &[String]) -> Words {
        let args: Vec<&str> =
            args.iter().map(|arg| if arg == "-" { DASH } else { arg.as_str() }).collect();
        match self.scan(&args) {
            Ok(words) => words,
            Err(_) => self.read_to_mistake(&args),
        }
    }

    /// The word as typed that ends option number `index`: its value, if that is a word of its own.
    pub(crate) fn word_of(&mut self, args: &[String], index: usize) -> String {
        let (mut short, mut long) = (0, args.len());
        // With fewer words there are never more options.
        while long - short > 1 {
            let middle = usize::midpoint(short, long);
            if self.read(&args[..middle]).given.len() > index {
                long = middle;
            } else {
                short = middle;
            }
        }
        args.get(short).cloned().unwrap_or_default()
    }

    fn read_to_mistake(&mut self, args: &[&str]) -> Words {
        let (end, mut words) = longest(args.len(), |end| self.scan(&args[..end]).ok());
        let word = args[end];
        let kind = self.scan(&args[..=end]).err();
        if let Some(more) = self.good_letters(&args[..end], word) {
            words = more;
        }
        let missing_value = kind != Some(ErrorKind::UnknownArgument);
        words.failure = Some(Failure { word: word.replace(DASH, "-"), missing_value });
        words
    }

    /// The options before the mistake in a bundle such as `-LnQ`.
    fn good_letters(&mut self, before: &[&str], word: &str) -> Option<Words> {
        if !word.starts_with('-') || word.starts_with("--") {
            return None;
        }
        let ends = word.char_indices().skip(2).map(|(at, _)| at).collect::<Vec<_>>();
        let (_, words) = longest(ends.len() + 1, |number| {
            let mut args = before.to_vec();
            let Some(end) = number.checked_sub(1) else { return Some(None) };
            args.push(&word[..ends[end]]);
            self.scan(&args).ok().map(Some)
        });
        words
    }

    fn scan(&mut self, args: &[&str]) -> Result<Words, ErrorKind> {
        #[cfg(test)]
        {
            self.scans += 1;
        }
        let matches = self
            .language
            .get_or_insert_with(language)
            .try_get_matches_from_mut(args)
            .map_err(|error| error.kind())?;
        let mut found: Vec<(usize, Given)> = Vec::new();
        let mut loose: Vec<(usize, String)> = Vec::new();
        let mut collect = |name: &str, what: What, takes: Takes| {
            let indices = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            for (index, value) in indices.zip(values) {
                if value == DASH && matches!(takes, Takes::Perhaps(_)) {
                    loose.push((index, "-".to_owned()));
                }
                let value = match value.as_str() {
                    ABSENT => None,
                    DASH if matches!(takes, Takes::Perhaps(_)) => None,
                    DASH => Some("-".to_owned()),
                    other => Some(other.to_owned()),
                };
                found.push((index, Given { what, value }));
            }
        };
        for row in COMMANDS {
            collect(row.long, What::Command(row.command), row.takes);
        }
        for row in OPTIONS {
            collect(row.long, What::Option(row.option), row.takes);
        }
        let indices = matches.indices_of(LOOSE).into_iter().flatten();
        let values = matches.get_many::<String>(LOOSE).into_iter().flatten();
        loose.extend(indices.zip(values.map(|word| word.replace(DASH, "-"))));
        found.sort_by_key(|(index, _)| *index);
        loose.sort_by_key(|(index, _)| *index);
        Ok(Words {
            given: found.into_iter().map(|(_, given)| given).collect(),
            loose: loose.into_iter().map(|(_, word)| word).collect(),
            failure: None,
        })
    }
}

/// The greatest length below `length` that `read` accepts, and what it reads. Nothing is always
/// accepted; where something was not, because an option lacks its value at the end, the lengths
/// before and after it are. So it is found by bisection: a line may have 30,000 words.
fn longest<T: Default>(length: usize, mut read: impl FnMut(usize) -> Option<T>) -> (usize, T) {
    let mut found = (0, T::default());
    let (mut good, mut bad) = (0, length);
    while bad > good {
        let middle = good + (bad - good) / 2;
        let read_from = |end: usize, read: &mut dyn FnMut(usize) -> Option<T>| {
            read(end).map(|words| (end, words))
        };
        let read_here =
            read_from(middle, &mut read).or_else(|| read_from(middle.checked_sub(1)?, &mut read));
        match read_here {
            Some(read) => {
                found = read;
                good = middle + 1;
            }
            None => bad = middle,
        }
    }
    found
}

/// Names that other programs have for options.
const SYNONYMS: [(&str, &str); 14] = [
    ("algorithm", "--scheduler"),
    ("direct", "--gatewaying (-g)"),
    ("dr", "--gatewaying (-g)"),
    ("gateway", "--gatewaying (-g)"),
    ("masq", "--masquerading (-m)"),
    ("masquerade", "--masquerading (-m)"),
    ("nat", "--masquerading (-m)"),
    ("output", "--json"),
    ("format", "--json"),
    ("persist", "--persistent"),
    ("persistence", "--persistent"),
    ("server", "--real-server"),
    ("tunnel", "--ipip (-i)"),
    ("tunneling", "--ipip (-i)"),
];

/// The option whose name is nearest to a word that is none.
pub(crate) fn suggestion(word: &str) -> Option<String> {
    let name = word.strip_prefix("--")?.split('=').next()?;
    if let Some((_, known)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        return Some((*known).to_owned());
    }
    let names = COMMANDS.iter().map(|row| row.long).chain(OPTIONS.iter().map(|row| row.long));
    names
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .chain(unique_start(name).map(|known| (0, known)))
        .filter(|(distance, _)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, known)| format!("--{known}"))
}

/// popt knows no abbreviations, but people do.
fn unique_start(name: &str) -> Option<&'static str> {
    let mut starts = COMMANDS
        .iter()
        .map(|row| row.long)
        .chain(OPTIONS.iter().map(|row| row.long))
        .filter(|known| name.len() >= 3 && known.starts_with(name));
    let first = starts.next()?;
    starts.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Words {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Scanner::default().read(&args)
    }

    fn names(words: &Words) -> Vec<String> {
        let name = |given: &Given| {
            let long = match given.what {
                What::Command(command) => command.row().long,
                What::Option(option) => option.row().long,
            };
            match &given.value {
                Some(value) => format!("{long}={value}"),
                None => long.to_owned(),
            }
        };
        words.given.iter().map(name).collect()
    }

    #[test]
    fn bundles_and_glued_values() {
        assert_eq!(
            names(&read("-At10.0.0.1:80 -p300")),
            ["add-service", "tcp-service=10.0.0.1:80", "persistent=300"]
        );
        assert_eq!(names(&read("-Ln")), ["list", "numeric"]);
        assert_eq!(names(&read("-w=4 -w -1")), ["weight=4", "weight=-1"]);
    }

    #[test]
    fn repetitions_keep_their_order() {
        assert_eq!(names(&read("-n -L -n")), ["numeric", "list", "numeric"]);
    }

    #[test]
    fn optional_value_is_no_option_and_no_dash() {
        assert_eq!(names(&read("-p -t X")), ["persistent", "tcp-service=X"]);
        let words = read("-p -");
        assert_eq!(
            (names(&words), words.loose),
            (vec!["persistent".to_owned()], vec!["-".to_owned()])
        );
        assert_eq!(names(&read("-p-")), ["persistent=-"]);
    }

    #[test]
    fn mistake_in_a_bundle_keeps_the_letters_before_it() {
        let words = read("-L -nQ --stats");
        assert_eq!(names(&words), ["list", "numeric"]);
        assert_eq!(words.failure, Some(Failure { word: "-nQ".to_owned(), missing_value: false }));
    }

    #[test]
    fn missing_value_is_told_from_unknown_option() {
        let failure = read("-A -t").failure;
        assert_eq!(failure, Some(Failure { word: "-t".to_owned(), missing_value: true }));
    }

    #[test]
    fn word_of_an_option_is_the_last_one_that_it_takes() {
        let args: Vec<String> =
            ["-An", "--stop-daemon", "backup", "-E"].map(str::to_owned).to_vec();
        let mut scanner = Scanner::default();
        assert_eq!(scanner.word_of(&args, 1), "-An");
        assert_eq!(scanner.word_of(&args, 2), "backup");
        assert_eq!(scanner.word_of(&args, 3), "-E");
        let args = ["-L", "-LQ"].map(str::to_owned);
        assert_eq!(scanner.word_of(&args, 1), "-LQ");
    }

    #[test]
    fn the_mistake_is_found_by_bisection() {
        let many = |bad: &str| {
            let mut args = vec!["-n"; 10_000];
            args.insert(7_000, bad);
            args.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let mut scanner = Scanner::default();
        for bad in ["--nonsense", &format!("-{}Q", "n".repeat(5000))] {
            let words = scanner.read(&many(bad));
            assert_eq!(words.failure.unwrap().word, bad);
            assert!(words.given.len() >= 7_000);
        }
        assert_eq!(scanner.word_of(&many("-L"), 7_000), "-L");
        assert!(scanner.scans < 200, "{}", scanner.scans);
    }

    #[test]
    fn every_mistake_is_where_the_longest_good_part_ends() {
        // As before: the lengths one by one, from the longest.
        let words = ["-A", "-t", "X", "-Q", "-p", "-", "--numeric=1", "x", "-nt", "-nQ", "-s"];
        let mut scanner = Scanner::default();
        for mut number in 0..words.len().pow(4) {
            let mut args = Vec::new();
            for _ in 0..4 {
                args.push(words[number % words.len()].to_owned());
                number /= words.len();
            }
            let args: Vec<&str> = args.iter().map(|it| if it == "-" { DASH } else { it }).collect();
            if scanner.scan(&args).is_err() {
                let one_by_one =
                    (0..args.len()).rev().find(|end| scanner.scan(&args[..*end]).is_ok());
                let (end, _) = longest(args.len(), |end| scanner.scan(&args[..end]).ok());
                assert_eq!(Some(end), one_by_one, "{args:?}");
            }
        }
    }

    #[test]
    fn near_names_are_suggested() {
        assert_eq!(suggestion("--schedular=rr").as_deref(), Some("--scheduler"));
        assert_eq!(suggestion("--num").as_deref(), Some("--numeric"));
        assert_eq!(suggestion("--banana"), None);
    }
}
