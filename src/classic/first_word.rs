//! Explains a first word that is no command.
//!
//! Called only if a command line is refused.

use super::lexer::{Given, Token, What};
use super::options::{COMMANDS, CommandRow, OPTIONS, Opt};
use super::verb_names::VERBS;

/// Words that people and other programs use for commands, each with a proposal.
const SYNONYMS: [(&str, &str); 41] = [
    ("add", "-A adds a service, -a a real server"),
    ("change", CHANGE),
    ("check", STATUS),
    ("clean", CLEAR),
    ("clear", CLEAR),
    ("conn", CONNS),
    ("connection", CONNS),
    ("connections", CONNS),
    ("del", DELETE),
    ("delete", DELETE),
    ("disable", DRAIN),
    ("display", LIST),
    ("dump", SAVE),
    ("edit", CHANGE),
    ("enable", UNDRAIN),
    ("erase", CLEAR),
    ("export", SAVE),
    ("flush", CLEAR),
    ("get", LIST),
    ("import", LOAD),
    ("load", LOAD),
    ("ls", LIST),
    ("modify", CHANGE),
    ("monitor", TOP),
    ("prepare", "did you mean `ipvsadm rs prepare' or `ipvsadm director prepare'?"),
    ("print", LIST),
    ("quiesce", DRAIN),
    ("reload", LOAD),
    ("remove", DELETE),
    ("reset", "did you mean -Z (--zero), which sets counters to zero?"),
    ("restart", LOAD),
    ("resume", UNDRAIN),
    ("rm", DELETE),
    ("show", LIST),
    ("start", "did you mean --start-daemon, or `ipvsadm rs prepare'?"),
    ("stats", "did you mean -L --stats?"),
    ("status", STATUS),
    ("stop", "did you mean --stop-daemon, or `ipvsadm rs undo'?"),
    ("timeout", "--set TCP TCPFIN UDP sets time-outs, -L --timeout lists them"),
    ("timeouts", "--set TCP TCPFIN UDP sets time-outs, -L --timeout lists them"),
    ("undo", "did you mean `ipvsadm rollback', `ipvsadm rs undo' or `ipvsadm director undo'?"),
];

const CHANGE: &str =
    "`ipvsadm set' changes only the fields that you name; -E and -e reset all others";
const CLEAR: &str = "did you mean -C (--clear), which deletes every service?";
const CONNS: &str = "did you mean `ipvsadm conns'?";
const DELETE: &str = "-D deletes a service, -d a real server";
const DRAIN: &str = "to send a real server no new connections: \
                     ipvsadm drain -t VIP:PORT -r RIP";
const LIST: &str = "did you mean -L (--list)?";
const LOAD: &str = "to make the table equal to a file of rules: ipvsadm apply FILE";
const SAVE: &str = "did you mean -S (--save)?";
const STATUS: &str = "-L lists the table; `ipvsadm rs status' and `ipvsadm director status' check \
                      this host";
const UNDRAIN: &str = "to give a drained real server its weight back: \
                       ipvsadm undrain -t VIP:PORT -r RIP";
const TOP: &str = "to see the rates as they change: ipvsadm top";

/// The word that should have been a command. Only `--netns NAME` may precede it.
pub(super) fn first_word<'a>(words: &[Token<'a>]) -> &'a str {
    let is_netns =
        |it: &&Token<'_>| matches!(it, Token::Given(Given { what: What::Option(Opt::Netns), .. }));
    words.iter().find(|it| !is_netns(it)).or(words.first()).map_or("", Token::word)
}

/// Proposal for a first word that is no command.
pub(super) fn meant(word: &str) -> Option<String> {
    let bare = word.trim_start_matches('-').split('=').next()?;
    let exact = COMMANDS.iter().find(|row| row.long == bare);
    if let Some(value) = exact
        .filter(|_| word.strip_prefix("--") == Some(bare))
        .and_then(|row| What::Command(row.command).value())
    {
        return Some(format!("it needs a value: {value}"));
    }
    if word.starts_with("--") && OPTIONS.iter().any(|row| row.long == bare) {
        return None;
    }
    // Before the exact names, because a synonym may warn of what the command does.
    let synonym = || SYNONYMS.iter().find(|(synonym, _)| *synonym == bare);
    synonym()
        .map(|(_, text)| (*text).to_owned())
        .or_else(|| exact.map(did_you_mean))
        .or_else(|| letter(word, bare))
        .or_else(|| nearest(word, bare))
}

fn did_you_mean(row: &CommandRow) -> String {
    match row.short.first() {
        Some(letter) => format!("did you mean -{letter} (--{})?", row.long),
        None => format!("did you mean --{}?", row.long),
    }
}

/// Proposes `-a` for `a`, and `-v` for `-V`.
fn letter(word: &str, bare: &str) -> Option<String> {
    let mut letters = bare.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
    let named = |wanted: char| COMMANDS.iter().find(|row| row.short.contains(&wanted));
    let upper = letter.is_ascii_uppercase();
    let other = if upper { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
    let row = if word.starts_with('-') { named(other) } else { named(letter) }?;
    Some(did_you_mean(row))
}

/// The command or verb in which at most every third letter differs. If two are equally similar, a
/// word with a dash means the command.
fn nearest(word: &str, bare: &str) -> Option<String> {
    let near = |name: &str| {
        let distance = strsim::damerau_levenshtein(name, bare);
        (distance * 3 <= name.len()).then_some(distance)
    };
    let commands = COMMANDS.iter().filter_map(|row| Some((near(row.long)?, did_you_mean(row))));
    let verb = |name: &str| format!("did you mean `ipvsadm {name}'?");
    let verbs = VERBS.iter().chain(["help"].iter()).filter_map(|it| Some((near(it)?, verb(it))));
    let (command, verb) = (commands.min(), verbs.min());
    match (command, verb) {
        (Some(command), Some(verb)) => {
            let dashed = word.starts_with('-');
            let commands = command.0 < verb.0 || dashed && command.0 == verb.0;
            Some(if commands { command.1 } else { verb.1 })
        }
        (command, verb) => command.or(verb).map(|(_, text)| text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::lexer::tokens_of;

    fn says(word: &str, expected: &str) {
        let found = meant(word).unwrap_or_default();
        assert!(found.contains(expected), "{word}: {found:?} lacks {expected:?}");
    }

    #[test]
    fn mistyped_words_and_synonyms_are_recognised() {
        for (word, expected) in [
            ("aply", "`ipvsadm apply'"),
            ("dif", "`ipvsadm diff'"),
            ("sett", "`ipvsadm set'"),
            ("-set", "--set?"),
            ("hepl", "`ipvsadm help'"),
            ("--hepl", "-h (--help)"),
            ("--start-deamon", "--start-daemon?"),
            ("--start-daemon", "it needs a value: master|backup"),
            ("-save", "-S (--save)"),
            ("--list=1", "-L (--list)"),
            ("a", "-a (--add-server)"),
            ("-V", "-v (--version)"),
            ("list", "-L (--list)"),
            ("show", "-L (--list)"),
            ("flush", "-C (--clear)"),
            ("clear", "-C (--clear), which deletes every service"),
            ("prepare", "`ipvsadm rs prepare' or `ipvsadm director prepare'"),
            ("undo", "`ipvsadm rollback', `ipvsadm rs undo' or `ipvsadm director undo'"),
            ("disable", "ipvsadm drain -t VIP:PORT -r RIP"),
            ("quiesce", "ipvsadm drain -t VIP:PORT -r RIP"),
            ("resume", "ipvsadm undrain -t VIP:PORT -r RIP"),
            ("drian", "`ipvsadm drain'"),
            ("version", "-v (--version)"),
        ] {
            says(word, expected);
        }
        for word in ["frobnicate", "-Q", "", "foo", "-n", "-t", "--netns", "--tcp-service", "真"] {
            assert_eq!(meant(word), None, "{word}");
        }
    }

    #[test]
    fn the_first_word_follows_the_namespace() {
        let first = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            first_word(&tokens_of(&args)).to_owned()
        };
        assert_eq!(first("sett -t x"), "sett");
        assert_eq!(first("--netns gw nonsense -L"), "nonsense");
        assert_eq!(first("--netns=gw nonsense"), "nonsense");
        assert_eq!(first("--netns gw"), "--netns");
        assert_eq!(first("--netns gw -- -L"), "--");
    }
}
