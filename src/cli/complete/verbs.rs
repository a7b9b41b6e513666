//! Completes a line of a verb, from clap's commands.

use clap::{Arg, ArgAction, Command, ValueHint};

use super::classic::key;
use super::wanted::{Candidate, Live, Values, Wanted};
use crate::classic::lexer::{Arity, Given, Known, Language, Token, Tokens};
use crate::classic::options::Opt;
use crate::cli::verbs;
use crate::model::field::{Fields, Shape};
use crate::model::{Destination, Family, Protocol, Service, ServiceKey};

/// The verbs themselves, and `help`.
pub(super) fn first_words() -> Vec<Candidate> {
    let mut words = subcommands(&verbs::command());
    words.push(Candidate::new("help", "Explain the commands, or a verb"));
    words
}

/// What `help` explains: a verb, or one of its subcommands.
pub(super) fn explained(words: &[String], typed: &str) -> Wanted {
    let root = verbs::command();
    let named = words.iter().try_fold(&root, |at, word| at.find_subcommand(word));
    let fixed = named.map(subcommands).unwrap_or_default();
    Wanted { fixed, ..Wanted::of(typed) }
}

fn subcommands(command: &Command) -> Vec<Candidate> {
    let candidate = |it: &Command| {
        Candidate::new(it.get_name(), it.get_about().unwrap_or_default().to_string())
    };
    command.get_subcommands().map(candidate).collect()
}

/// The words before the cursor.
struct Line<'a> {
    command: &'a Command,
    given: Vec<(&'a Arg, Option<String>)>,
    loose: usize,
    /// The option whose value is the next word.
    waits: Option<&'a Arg>,
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// The options of one of clap's commands, as a [`Language`] for the tokeniser.
#[derive(Clone, Copy)]
struct Options<'a>(&'a Command);

impl<'a> Language for Options<'a> {
    type What = &'a Arg;

    fn by_letter(&self, letter: char) -> Option<Known<&'a Arg>> {
        self.0.get_arguments().find(|arg| arg.get_short() == Some(letter)).map(known)
    }

    fn by_long(&self, name: &str) -> Option<Known<&'a Arg>> {
        self.0.get_arguments().find(|arg| arg.get_long() == Some(name)).map(known)
    }
}

fn known(arg: &Arg) -> Known<&Arg> {
    Known { what: arg, arity: if takes_value(arg) { Arity::Value } else { Arity::None } }
}

impl<'a> Line<'a> {
    fn read(root: &'a Command, words: &[String]) -> Self {
        let mut line = Self { command: root, given: Vec::new(), loose: 0, waits: None };
        let mut tokens = Tokens::new(words.iter().map(String::as_str), Options(root));
        while let Some(token) = tokens.next() {
            match token {
                Token::Given(Given { what, value, .. }) => {
                    line.given.push((what, value.map(str::to_owned)));
                }
                Token::Loose(word) => match line.command.find_subcommand(word) {
                    Some(command) => {
                        line.command = command;
                        tokens.language = Options(command);
                    }
                    None => line.loose += 1,
                },
                Token::Dashes => {}
                Token::Mistake(mistake) => line.waits = mistake.lacks_value,
            }
        }
        line
    }

    /// The option in the word that is being typed, with the beginning of its value.
    fn option<'w>(&self, typed: &'w str) -> Option<(&'a Arg, &'w str)> {
        match Tokens::new(std::iter::once(typed), Options(self.command)).last()? {
            Token::Given(Given { what, value: Some(glued), .. }) => Some((what, glued)),
            _ => None,
        }
    }

    fn value(&self, id: &str) -> Option<&str> {
        let found = self.given.iter().rfind(|(arg, _)| arg.get_id() == id);
        found.and_then(|(_, value)| value.as_deref())
    }

    fn has(&self, id: &str) -> bool {
        self.given.iter().any(|(arg, _)| arg.get_id() == id)
    }

    /// The service on the line of `set`, `drain` or `undrain`.
    fn service(&self) -> Option<ServiceKey> {
        if let Some(mark) = self.value("fwmark") {
            let family = if self.has("ipv6") { Family::V6 } else { Family::V4 };
            return Some(ServiceKey::Fwmark { mark: mark.parse().ok()?, family });
        }
        let protocols = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
        protocols.into_iter().find_map(|(id, protocol)| key(protocol, self.value(id)?))
    }

    /// Options that can be added to the line.
    fn options(&self) -> Vec<Candidate> {
        let free = |arg: &&Arg| {
            let again = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
            let conflicts = self.command.get_arg_conflicts_with(arg);
            !arg.is_positional()
                && !arg.is_hide_set()
                && (again || !self.has(arg.get_id().as_str()))
                && !conflicts.iter().any(|other| self.has(other.get_id().as_str()))
                && (self.loose == 0 || !conflicts.iter().any(|other| other.is_positional()))
        };
        let candidate = |arg: &Arg| {
            let long = arg.get_long().map(|long| format!("--{long}"));
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            long.map(|long| Candidate::new(long, help))
        };
        self.command.get_arguments().filter(free).filter_map(candidate).collect()
    }

    fn positional(&self) -> Option<&'a Arg> {
        let mut found = None;
        for (place, arg) in self.command.get_positionals().enumerate() {
            let many = arg.get_num_args().is_some_and(|range| range.max_values() > self.loose);
            if place == self.loose || many {
                found = Some(arg);
            }
        }
        found
    }
}

pub(super) fn wanted(words: &[String], typed: &str) -> Wanted {
    let mut root = verbs::command();
    root.build(); // adds the global options to each verb
    let line = Line::read(&root, words);
    let netns = line.value("netns").map(str::to_owned);
    let wanted = Wanted { netns, ..Wanted::of(typed) };
    if let Some(arg) = line.waits {
        return value(&line, arg, wanted);
    }
    if let Some((arg, rest)) = line.option(typed) {
        let (before, rest) = typed.split_at(typed.len() - rest.len());
        return value(&line, arg, Wanted { before: before.into(), typed: rest.into(), ..wanted });
    }
    if line.command.has_subcommands() && !typed.starts_with('-') {
        return Wanted { fixed: subcommands(line.command), ..wanted };
    }
    match line.positional() {
        Some(arg) if !typed.starts_with('-') && !wants_service(&line) => value(&line, arg, wanted),
        _ => Wanted { fixed: line.options(), ..wanted },
    }
}

/// Whether the verb still needs a service, which comes before the fields.
fn wants_service(line: &Line<'_>) -> bool {
    let service = ["tcp", "udp", "sctp", "fwmark"];
    line.command.get_groups().any(|group| group.get_id() == "service")
        && !service.iter().any(|id| line.has(id))
}

fn value(line: &Line<'_>, arg: &Arg, wanted: Wanted) -> Wanted {
    let possible: Vec<Candidate> = arg
        .get_possible_values()
        .iter()
        .map(|it| {
            Candidate::new(it.get_name(), it.get_help().cloned().unwrap_or_default().to_string())
        })
        .collect();
    if !possible.is_empty() {
        return Wanted { fixed: possible, ..wanted };
    }
    if arg.get_value_hint() == ValueHint::FilePath {
        return wanted.with(Values::live(Live::Files));
    }
    let Some(values) = values(line, arg.get_id().as_str(), &wanted.typed) else { return wanted };
    if arg.get_id() == "words" {
        return field(line, wanted);
    }
    let list = arg.get_value_delimiter() == Some(',') || arg.get_id() == "scope";
    let wanted = wanted.with(values);
    if list { wanted.last_of_list() } else { wanted }
}

/// Candidates for an argument with this name. `None` if its values, such as numbers, cannot be
/// guessed.
fn values(line: &Line<'_>, id: &str, typed: &str) -> Option<Values> {
    let prepares = line.command.get_name() == "prepare";
    Some(match id {
        "netns" => Values::live(Live::Namespaces),
        "iface" | "dev" => Values::live(Live::Interfaces),
        "rip" => Values::live(Live::OwnAddresses { port: false }),
        "vip" if prepares => Values::live(Live::VirtualAddresses),
        "vip" => Values {
            fixed: Vec::new(),
            live: vec![Live::VirtualAddresses, Live::OwnAddresses { port: false }],
        },
        "scheduler" => Values::live(Live::Schedulers),
        "pe" => Values::live(Live::Engines),
        "set" if !typed.contains('=') => Values::live(Live::Parameters),
        "tunnel" => Values::words(["ipip", "gre", "gre:csum", "gue", "gue:"]),
        "scope" => Values {
            fixed: Values::words(["tcp", "udp", "sctp", "port=", "fwmark", "fwmark="]).fixed,
            live: vec![Live::VirtualAddresses],
        },
        "tcp" => Values::live(Live::Services(Opt::Tcp)),
        "udp" => Values::live(Live::Services(Opt::Udp)),
        "sctp" => Values::live(Live::Services(Opt::Sctp)),
        "fwmark" => Values::live(Live::Services(Opt::Fwmark)),
        "server" => Values::live(Live::Servers(line.service())),
        "everywhere" => Values::live(Live::Servers(None)),
        "words" => Values::default(),
        "record" => Values::live(Live::Records),
        _ => return None,
    })
}

/// Candidates for a field of `set`, or for its value.
fn field(line: &Line<'_>, wanted: Wanted) -> Wanted {
    if line.has("server") { field_of::<Destination>(wanted) } else { field_of::<Service>(wanted) }
}

fn field_of<T: Fields>(wanted: Wanted) -> Wanted {
    let Some((name, typed)) = wanted.typed.split_once('=') else {
        let names = T::fields().iter().map(|field| field.name);
        let fixed = names.map(|name| Candidate::new(format!("{name}="), "")).collect();
        return Wanted { fixed, ..wanted };
    };
    let values = match T::field(name).map(|field| field.shape) {
        Some(Shape::Scheduler) => Values::live(Live::Schedulers),
        Some(Shape::Engine) => Values::live(Live::Engines),
        Some(Shape::Switch) => Values::words(["true", "false"]),
        Some(Shape::Choice(words)) => Values::words(words.iter().copied()),
        _ => Values::default(),
    };
    let wanted = Wanted { before: format!("{name}="), typed: typed.to_owned(), ..wanted };
    wanted.with(values)
}

#[cfg(test)]
mod tests {
    use super::super::asked::{ask, offered};
    use super::*;

    #[test]
    fn words_and_options_come_from_clap() {
        assert_eq!(offered("rs "), ["prepare", "undo", "status"]);
        assert_eq!(offered("rs prepare --mode "), ["dr", "tun", "nat"]);
        assert_eq!(offered("rs prepare --mode=t"), ["tun"]);
        assert_eq!(ask("rs prepare --mode=t").before, "--mode=");
        assert!(offered("rs prepare --").contains(&"--netns".to_owned()));
        assert!(!offered("rs prepare --mode dr --m").contains(&"--mode".to_owned()));
        assert!(!offered("apply --accept --re").contains(&"--recover".to_owned()));
        assert_eq!(offered("completions "), ["bash", "zsh", "fish"]);
    }

    #[test]
    fn files_and_live_values_are_requested() {
        assert_eq!(ask("apply --dry-run ").live, [Live::Files]);
        assert_eq!(ask("diff one ").live, [Live::Files]);
        assert_eq!(ask("diff one two ").live, []);
        assert_eq!(ask("rs status --netns ").live, [Live::Namespaces]);
        assert_eq!(ask("director prepare --iface ").live, [Live::Interfaces]);
        assert_eq!(ask("director prepare --scheduler wlc,r").before, "wlc,");
        let key = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        assert_eq!(ask("set -t 192.0.2.80:80 -r ").live, [Live::Servers(Some(key))]);
    }

    #[test]
    fn fields_are_those_of_the_object() {
        assert!(offered("set ").contains(&"--tcp-service".to_owned()));
        assert_eq!(offered("set -f 7 p"), ["persistence="]);
        assert_eq!(offered("set -f 7 -r 192.0.2.1 w"), ["weight="]);
        assert_eq!(offered("set -f 7 -r 192.0.2.1 forwarding=r"), ["route"]);
        assert_eq!(ask("set -f 7 scheduler=").live, [Live::Schedulers]);
    }

    /// Arguments whose values cannot be guessed.
    const FREE: [&str; 27] = [
        "seconds",
        "listen",
        "allow-host",
        "since",
        "until",
        "reason",
        "timeout",
        "min-up",
        "ramp",
        "confirm",
        "wait",
        "advmss",
        "director",
        "set",
        "persistent",
        "netmask",
        "sched-flags",
        "weight",
        "u-threshold",
        "l-threshold",
        "tun-port",
        "client",
        "service",
        "server",
        "state",
        "top",
        "interval",
    ];

    #[test]
    fn every_argument_with_a_value_has_candidates_or_is_free() {
        fn check(command: &Command) {
            let root = Command::new("ipvsadm");
            let line = Line::read(&root, &[]);
            for arg in command.get_arguments().filter(|arg| takes_value(arg)) {
                let known = !arg.get_possible_values().is_empty()
                    || arg.get_value_hint() == ValueHint::FilePath
                    || FREE.contains(&arg.get_id().as_str())
                    || values(&line, arg.get_id().as_str(), "").is_some();
                assert!(known, "{} {}", command.get_name(), arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&verbs::command());
    }
}
