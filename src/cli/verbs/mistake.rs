//! Turns clap's errors into our own: what is wrong, what is valid, what was probably meant.
//!
//! clap's own text is never printed, because it proposes `-- WORD`, which no verb accepts.

use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::target::SERVICE_HINT;
use crate::error::{Mistake, Usage, pasted};

/// Other words for the subcommands of `rs` and `director`.
const SYNONYMS: [(&str, &str); 17] = [
    ("add", "prepare"),
    ("check", "status"),
    ("clean", "undo"),
    ("del", "undo"),
    ("delete", "undo"),
    ("disable", "undo"),
    ("down", "undo"),
    ("enable", "prepare"),
    ("init", "prepare"),
    ("list", "status"),
    ("remove", "undo"),
    ("setup", "prepare"),
    ("show", "status"),
    ("start", "prepare"),
    ("stop", "undo"),
    ("up", "prepare"),
    ("verify", "status"),
];

/// Explanation of each `--mode` of `rs`.
const RS_MODES: [&str; 3] = [
    "dr: direct routing (-g); the director is on the same network, and answers go straight to the \
     clients",
    "tun: tunnelling (-i); the director may be on another network, and answers go straight to the \
     clients",
    "nat: masquerading (-m); packets and answers go through the director",
];

/// Explanation of each `--mode` of `director`.
const DIRECTOR_MODES: [&str; 3] = [
    "dr: direct routing (-g)",
    "tun: tunnelling (-i)",
    "nat: masquerading (-m); the director forwards packets and sends no ICMP redirects",
];

/// Name of the argument of `set` in clap's errors.
const FIELD: &str = "FIELD=VALUE";

/// An error of clap, with the parser that found it.
struct Finding<'a> {
    error: &'a clap::Error,
    /// The verb with its subcommand, such as `rs prepare`.
    path: String,
    /// Parser of the verb or of its subcommand.
    parser: &'a Command,
}

/// The mistake that clap's `error` reports about `args`.
pub(super) fn usage(error: &clap::Error, command: &Command, args: &[String]) -> Usage {
    let (path, parser) = called(command, args);
    let finding = Finding { error, path, parser };
    match error.kind() {
        ErrorKind::InvalidSubcommand => finding.unknown_subcommand(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Usage {
                mistake: Mistake::NoSubcommand { verb: finding.path.clone() },
                legal: vec![finding.subcommands()],
                meant: None,
            }
        }
        ErrorKind::UnknownArgument => finding.unknown_argument(),
        ErrorKind::MissingRequiredArgument => finding.missing(),
        ErrorKind::ArgumentConflict => finding.conflict(),
        ErrorKind::TooManyValues => finding.too_many(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => finding.value(),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Usage::other(first.trim_start_matches("error: "))
        }
    }
}

/// The verb with its subcommand in `args`, and its parser.
fn called<'a>(command: &'a Command, args: &[String]) -> (String, &'a Command) {
    let (mut path, mut parser) = (Vec::new(), command);
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--netns" {
            words.next();
        } else if let Some(below) = parser.find_subcommand(word) {
            path.push(word.as_str());
            parser = below;
        } else if !word.starts_with('-') {
            break;
        }
    }
    (path.join(" "), parser)
}

/// Joins words with commas, and the last one with `or`.
fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

impl Finding<'_> {
    fn text(&self, kind: ContextKind) -> String {
        self.texts(kind).into_iter().next().unwrap_or_default()
    }

    fn texts(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    /// The option in clap's error without its value, and the name of the value. `--mode <MODE>`
    /// becomes (`--mode`, `MODE`); `<FILE>` and `[FILE]...` become (`FILE`, `FILE`).
    fn option(&self) -> (String, String) {
        split(&self.text(ContextKind::InvalidArg))
    }

    fn arg(&self, option: &str) -> Option<&Arg> {
        let long = option.strip_prefix("--");
        let mut args = self.parser.get_arguments();
        args.find(|arg| match long {
            Some(long) => arg.get_long() == Some(long),
            None => arg.is_positional(),
        })
    }

    fn subcommands(&self) -> String {
        let names: Vec<&str> = self.parser.get_subcommands().map(Command::get_name).collect();
        format!("give {}; `ipvsadm {} --help' explains them", either(&names), self.path)
    }

    fn unknown_subcommand(&self) -> Usage {
        let word = self.text(ContextKind::InvalidSubcommand);
        let synonym = SYNONYMS.iter().find(|(synonym, _)| *synonym == word);
        let meant = match synonym {
            Some((_, name)) => Some((*name).to_owned()),
            None => self.texts(ContextKind::SuggestedSubcommand).into_iter().next(),
        };
        let meant = match meant {
            Some(name) => Some(format!("did you mean `ipvsadm {} {name}'?", self.path)),
            None => pasted::remark(&word).map(|text| format!("`{word}': {text}")),
        };
        Usage {
            legal: vec![self.subcommands()],
            mistake: Mistake::UnknownSubcommand { verb: self.path.clone(), word },
            meant,
        }
    }

    fn unknown_argument(&self) -> Usage {
        let word = self.text(ContextKind::InvalidArg);
        let remark = pasted::remark(&word).or_else(|| pasted::of_a_fork(&word));
        let remark = remark.map(|text| format!("`{word}': {text}"));
        if word.starts_with('-') {
            let suggested = self.texts(ContextKind::SuggestedArg).into_iter().next();
            let suggested = match &*word {
                "-o" | "--output" | "--format" if self.has_json() => Some("--json".to_owned()),
                // A verb that refuses it lists it nevertheless.
                "--json" => None,
                _ => suggested.map(|option| split(&option).0),
            };
            let explained = self.explanation();
            let meant = match (suggested, explained) {
                (Some(option), Some(text)) => Some(format!("did you mean {option}? {text}")),
                (Some(option), None) => Some(format!("did you mean {option}?")),
                (None, text) => text,
            };
            return Usage {
                legal: vec![self.options()],
                mistake: Mistake::UnknownOption { verb: self.path.clone(), word },
                meant: remark.or(meant),
            };
        }
        let meant = remark.or_else(|| self.value_of_an_option(&word));
        Usage { mistake: Mistake::Unexpected { word }, legal: vec![self.options()], meant }
    }

    /// The explanation that we attached to an option of another tool. clap's own advice, to put
    /// `--` before the word, never fits.
    fn explanation(&self) -> Option<String> {
        let Some(ContextValue::StyledStrs(texts)) = self.error.get(ContextKind::Suggested) else {
            return None;
        };
        let texts = texts.iter().map(ToString::to_string);
        texts.into_iter().find(|text| !text.contains("as a value"))
    }

    fn has_json(&self) -> bool {
        self.arg("--json").is_none_or(|arg| !arg.is_hide_set())
    }

    fn options(&self) -> String {
        let names: Vec<String> = self
            .parser
            .get_arguments()
            .filter(|arg| !arg.is_hide_set())
            .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
            .filter(|name| name != "--help")
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match &names[..] {
            [] => format!("see `ipvsadm {} --help'", self.path),
            [one] => format!("the only option is {one}"),
            [first @ .., last] => format!("the options are {} and {last}", first.join(", ")),
        }
    }

    /// The option whose value a surplus word probably is.
    fn value_of_an_option(&self, word: &str) -> Option<String> {
        let has = |long: &str| self.parser.get_arguments().any(|arg| arg.get_long() == Some(long));
        let is_address = word.parse::<IpAddr>().is_ok();
        if has("tcp-service") && (is_address || word.parse::<SocketAddr>().is_ok()) {
            let server = if has("real-server") { format!(" or -r {word}") } else { String::new() };
            return Some(format!("an address needs an option before it: -t {word}{server}"));
        }
        if has("tcp-service") && word.parse::<u16>().is_ok() {
            return Some(format!("write a port after its address, without a space: ADDR:{word}"));
        }
        let takes = |arg: &&Arg| {
            let values = arg.get_possible_values();
            arg.get_long().is_some() && values.iter().any(|value| value.matches(word, false))
                || is_address && arg.get_long() == Some("vip")
        };
        let option = self.parser.get_arguments().find(takes)?.get_long()?;
        Some(format!("did you mean --{option} {word}?"))
    }

    fn missing(&self) -> Usage {
        let missing = self.texts(ContextKind::InvalidArg);
        let what: Vec<String> = missing
            .iter()
            .map(|what| if is_group(what) { "a service".to_owned() } else { plain(what) })
            .collect();
        let explain = |what: &String| {
            if is_group(what) {
                vec![SERVICE_HINT.to_owned()]
            } else {
                self.explain(&split(what).0)
            }
        };
        let legal = missing.iter().flat_map(explain).collect();
        let what = what.join(" and ");
        Usage { mistake: Mistake::Missing { verb: self.path.clone(), what }, legal, meant: None }
    }

    /// Explanations of the modes, if the option is `--mode`.
    fn modes(&self, option: &str) -> Vec<String> {
        let modes: &[&str] = match (option, &*self.path) {
            ("--mode", "rs prepare" | "rs status") => &RS_MODES,
            ("--mode", "director prepare" | "director status") => &DIRECTOR_MODES,
            _ => &[],
        };
        modes.iter().map(|text| format!("--mode {text}")).collect()
    }

    /// Lines about the valid values of an option.
    fn explain(&self, option: &str) -> Vec<String> {
        let modes = self.modes(option);
        if !modes.is_empty() {
            return modes;
        }
        if option == FIELD {
            return vec!["for example weight=0; `ipvsadm set --help' lists the fields".to_owned()];
        }
        let Some(arg) = self.arg(option) else { return Vec::new() };
        let values: Vec<String> =
            arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if !values.is_empty() && arg.get_action().takes_values() {
            return vec![format!("{option} takes {}", either(&values))];
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        vec![format!("{option}: {}", lower(&help))]
    }

    fn conflict(&self) -> Usage {
        let mut option = self.option().0;
        let prior = self.texts(ContextKind::PriorArg);
        let others: Vec<String> = prior.iter().map(|other| split(other).0).collect();
        if option.is_empty() {
            // A subcommand after an option of its verb.
            option = self.text(ContextKind::InvalidSubcommand);
        }
        if others.is_empty() || others.contains(&option) {
            return Mistake::Repeated { option }.into();
        }
        let other = others.join(" and ");
        Mistake::Conflict { option, other }.into()
    }

    fn too_many(&self) -> Usage {
        let (option, _) = self.option();
        let word = self.text(ContextKind::InvalidValue);
        if option.starts_with('-') {
            return Mistake::UnwantedValue { option, word }.into();
        }
        Usage { legal: self.explain(&option), ..Mistake::Unexpected { word }.into() }
    }

    fn value(&self) -> Usage {
        let (option, value) = self.option();
        let word = self.text(ContextKind::InvalidValue);
        if word.is_empty() {
            let legal = self.explain(&option);
            return Usage { legal, ..Mistake::NoValue { option, value }.into() };
        }
        let remark = match &*option {
            "--vip" | "--director" | "--rip" => pasted::bare_address(&word),
            "--dev" | "--iface" => pasted::interface(&word),
            "--set" => pasted::parameter(&word),
            "--fwmark-service" => pasted::mark(&word),
            _ => pasted::remark(&word),
        };
        let remark = remark.map(|text| format!("`{word}': {text}"));
        let meant = self.texts(ContextKind::SuggestedValue).into_iter().next();
        let meant = remark
            .or_else(|| meant.map(|value| format!("did you mean {value}?")))
            .or_else(|| self.value_of_an_option(&word));
        let reason = self.reason();
        let legal = if option == FIELD { self.explain(FIELD) } else { self.modes(&option) };
        Usage { mistake: Mistake::Value { option, word, reason }, legal, meant }
    }

    /// Why a value is refused, in our own words instead of the standard library's or clap's.
    fn reason(&self) -> String {
        let Some(source) = std::error::Error::source(self.error) else {
            let values = self.texts(ContextKind::ValidValue);
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            return format!("expected {}", either(&values));
        };
        if let Some(error) = source.downcast_ref::<ParseIntError>() {
            let text = match error.kind() {
                IntErrorKind::Zero => "expected a number of at least 1",
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "the number is too large",
                _ => "expected a whole number",
            };
            return text.to_owned();
        }
        if source.is::<AddrParseError>() {
            return "expected an IP address".to_owned();
        }
        let text = source.to_string();
        match text.split_once(" is not in ") {
            Some((_, range)) => format!("expected {}", range.replace("..=", " to ")),
            None => text,
        }
    }
}

/// Removes brackets: `--mode <MODE>` becomes `--mode MODE`.
fn plain(what: &str) -> String {
    what.trim_end_matches("...").replace(['<', '>', '[', ']'], "")
}

/// Whether clap's text is a group of alternatives: `<--tcp-service <VIP[:PORT]>|--udp-service
/// <VIP[:PORT]>>`.
fn is_group(what: &str) -> bool {
    what.contains("|--")
}

fn split(what: &str) -> (String, String) {
    let plain = plain(what);
    match plain.split_once([' ', '=']) {
        Some((option, value)) if option.starts_with('-') => (option.to_owned(), value.to_owned()),
        _ => (plain.clone(), plain),
    }
}

/// Makes the first letter small, since help texts begin with a capital letter and hints do not.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            format!("{}{}", first.to_lowercase(), letters.as_str())
        }
        _ => text.to_owned(),
    }
}
