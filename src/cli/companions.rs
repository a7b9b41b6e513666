//! Arguments of `ipvsadm-save` and `ipvsadm-restore`.

use super::request::Request;
use crate::classic::lexer::{Given, Mistake, Token, What, tokens};
use crate::classic::options::Opt;
use crate::classic::parser::{Classic, Invocation, Save};
use crate::error::pasted::remark;

const SAVE_USAGE: &str = "Usage: ipvsadm-save [-n] [--netns NAME] > FILE\n  \
    -n            print numbers; look up no names\n  \
    --netns NAME  save the table of this network namespace\n";

const RESTORE_USAGE: &str = "Usage: ipvsadm-restore [--netns NAME] < FILE\n  \
    --netns NAME  load the rules into this network namespace\n";

const SAVE_STREAM: &str = "the rules go to standard output: ipvsadm-save > FILE";
const RESTORE_STREAM: &str = "the rules come from standard input: ipvsadm-restore < FILE";

/// Note about an ignored word.
fn ignored(word: &str, stream: &str) -> String {
    format!("`{word}' was ignored: {}", remark(word).as_deref().unwrap_or(stream))
}

/// Reads the arguments of ipvsadm-save, which has always ignored words without a dash.
pub(super) fn save(args: &[String]) -> Request {
    let usage = || Request::Told { text: SAVE_USAGE.to_owned(), status: 1 };
    let Ok((netns, others)) = netns(args) else { return usage() };
    let (options, others): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|word| word.starts_with('-'));
    if options.iter().any(|word| *word != "-n") {
        // As with the old program, this is an error even if help was requested.
        return usage();
    }
    let numeric = !options.is_empty();
    let invocation = Invocation::Save(Save { numeric, full: false, json: false });
    let notes = others.into_iter().map(|word| ignored(word, SAVE_STREAM)).collect();
    Request::Classic(Classic { netns, notes, ..invocation.into() })
}

/// Reads the arguments of ipvsadm-restore, which has always ignored all other words.
pub(super) fn restore(args: &[String]) -> Request {
    match netns(args) {
        Ok((netns, others)) => {
            let ignored = others.into_iter().map(|word| ignored(word, RESTORE_STREAM)).collect();
            Request::Replace { netns, ignored }
        }
        Err(NoName) => Request::Told { text: RESTORE_USAGE.to_owned(), status: 1 },
    }
}

/// Error: `--netns` without a name.
struct NoName;

/// Splits the words into the network namespace and all others. No other option has a value here.
fn netns(args: &[String]) -> Result<(Option<String>, Vec<&str>), NoName> {
    let (mut found, mut others) = (None, Vec::new());
    let mut rest = tokens(args.iter().map(String::as_str));
    loop {
        let before = rest.clone();
        match rest.next() {
            Some(Token::Given(Given { what: What::Option(Opt::Netns), value, .. })) => {
                found = value.map(str::to_owned);
            }
            Some(Token::Mistake(Mistake {
                lacks_value: Some(What::Option(Opt::Netns)), ..
            })) => {
                return Err(NoName);
            }
            Some(_) => {
                rest = before;
                others.extend(rest.skip_word());
            }
            None => return Ok((found, others)),
        }
    }
}
