//! Completes a command line that is being typed.
//!
//! The shells call `ipvsadm __complete PROGRAM WORD…`; the last word is the one under the cursor,
//! and may be empty. This module answers from the tables of both languages. For candidates that
//! only the kernel knows, it tells `cmd` what to look up.

mod classic;
mod verbs;
mod wanted;

use super::program::Program;
use crate::classic::command_line::{Start, start};
use crate::classic::lexer::{Given, Token, What, tokens, tokens_of};
use crate::classic::options::Opt;
use crate::model::{ENGINES, Kind, SCHEDULERS};
use wanted::Values;

pub use wanted::{Candidate, Live, Wanted};

/// First argument of a call by a shell.
pub(super) const QUESTION: &str = "__complete";

/// All schedulers of Linux.
pub fn schedulers() -> Vec<Candidate> {
    kinds(&SCHEDULERS)
}

/// All persistence engines of Linux.
pub fn engines() -> Vec<Candidate> {
    kinds(&ENGINES)
}

fn kinds(kinds: &[Kind]) -> Vec<Candidate> {
    kinds.iter().map(|kind| Candidate::new(kind.name, kind.help)).collect()
}

/// Reads the words after [`QUESTION`]: the name of the program and its arguments.
pub fn wanted(words: &[String]) -> Wanted {
    let Some((name, words)) = words.split_first() else { return Wanted::default() };
    let (typed, words) = words.split_last().map_or(("", words), |(word, rest)| (word, rest));
    match (Program::from_name(name), start(&tokens_of(words))) {
        (Program::Ipvsadm, Start::Verb) => verbs::wanted(words, typed),
        (Program::Ipvsadm, Start::Classic) if words.first().is_some_and(|word| word == "help") => {
            verbs::explained(&words[1..], typed)
        }
        (Program::Ipvsadm, Start::Nothing) => {
            let mut wanted = classic::wanted(words, typed);
            if wanted.before.is_empty() {
                wanted.fixed.splice(0..0, verbs::first_words());
            }
            wanted
        }
        (Program::Ipvsadm, _) => classic::wanted(words, typed),
        (Program::Save, _) => companion(&[("-n", Opt::Numeric)], words, typed),
        (Program::Restore, _) => companion(&[], words, typed),
    }
}

/// Completes `ipvsadm-save` and `ipvsadm-restore`, which take these options and `--netns`.
fn companion(options: &[(&str, Opt)], words: &[String], typed: &str) -> Wanted {
    const NETNS: What = What::Option(Opt::Netns);
    let waits = |it: &Token<'_>| matches!(it, Token::Mistake(it) if it.lacks_value == Some(NETNS));
    if tokens_of(words).last().is_some_and(waits) {
        return Wanted::of(typed).with(Values::live(Live::Namespaces));
    }
    if let Some(Token::Given(Given { what: NETNS, value: Some(name), .. })) =
        tokens(std::iter::once(typed)).last()
    {
        let before = typed[..typed.len() - name.len()].to_owned();
        return Wanted { before, ..Wanted::of(name) }.with(Values::live(Live::Namespaces));
    }
    let options = options.iter().chain(&[("--netns", Opt::Netns)]);
    let fixed = options.map(|(word, option)| Candidate::new(*word, option.row().help())).collect();
    Wanted { fixed, ..Wanted::of(typed) }
}

#[test]
fn help_is_offered_and_goes_on_with_verbs() {
    let names = |line: &str| -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        wanted(&words).fixed.into_iter().map(|it| it.word).collect()
    };
    assert!(names("ipvsadm he").contains(&"help".to_owned()));
    assert_eq!(names("ipvsadm help "), crate::classic::VERBS);
    assert_eq!(names("ipvsadm help rs "), ["prepare", "undo", "status"]);
    assert!(names("ipvsadm help nonsense ").is_empty());
}

#[test]
fn save_and_restore_offer_their_options() {
    let ask = |line: &str| wanted(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let words = |line: &str| ask(line).fixed.into_iter().map(|it| it.word).collect::<Vec<_>>();
    assert_eq!(words("ipvsadm-save -"), ["-n", "--netns"]);
    assert_eq!(words("ipvsadm-restore "), ["--netns"]);
    assert_eq!(ask("ipvsadm-save -n --netns ").live, [Live::Namespaces]);
    let glued = ask("ipvsadm-restore --netns=l");
    assert_eq!((glued.before.as_str(), glued.typed.as_str()), ("--netns=", "l"));
    assert_eq!(glued.live, [Live::Namespaces]);
}

/// Calls of the completion as a shell would make them.
#[cfg(test)]
mod asked {
    use super::{Wanted, wanted};

    pub fn ask(line: &str) -> Wanted {
        let words = std::iter::once("ipvsadm").chain(line.split(' '));
        wanted(&words.map(str::to_owned).collect::<Vec<_>>())
    }

    pub fn offered(line: &str) -> Vec<String> {
        let wanted = ask(line);
        let words = wanted.fixed.into_iter().map(|candidate| candidate.word);
        words.filter(|word| word.starts_with(&wanted.typed)).collect()
    }
}

#[test]
fn a_verb_may_follow_the_network_namespace() {
    use asked::offered;
    assert!(offered("--netns lb app").contains(&"apply".to_owned()));
    assert!(offered("--netns=lb --json d").contains(&"diff".to_owned()));
    assert!(offered("--netns lb apply --dry").contains(&"--dry-run".to_owned()));
    assert_eq!(asked::ask("--netns lb set -t ").netns.as_deref(), Some("lb"));
}
