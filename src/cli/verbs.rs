//! The verbs, which the old tool did not have. clap parses them.

mod apply;
mod arguments;
mod completions;
mod conns;
mod diff;
mod director;
mod drain;
mod history;
mod metrics;
mod mistake;
mod moment;
mod report;
mod rollback;
mod rs;
mod serve;
mod set;
mod target;
mod top;
mod undrain;
mod watch;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

pub use apply::{ApplyVerb, Order};
pub use arguments::HostVerb;
pub use completions::Shell;
pub use conns::{ConnsVerb, Sort};
pub use diff::DiffVerb;
pub use drain::{DrainOrder, DrainVerb};
pub use history::HistoryVerb;
pub use metrics::MetricsVerb;
pub use report::ReportVerb;
pub use rollback::RollbackVerb;
pub use serve::ServeVerb;
pub use set::SetVerb;
pub use top::TopVerb;
pub use undrain::UndrainVerb;
pub use watch::WatchVerb;

use crate::classic::{Names, VERBS};
use crate::error::{Mistake, Usage};

/// A verb with the options that every verb has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The verb with its arguments.
    pub verb: Verb,
    /// Network namespace for the verb, if not the current one.
    pub netns: Option<String>,
    /// Print the report as JSON.
    pub json: bool,
}

/// A verb with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `apply`: makes the kernel's table equal to a file.
    Apply(ApplyVerb),
    /// `completions`: prints the script of a shell.
    Completions(Shell),
    /// `conns`: lists, counts or compares connections.
    Conns(ConnsVerb),
    /// `diff`: compares a file with the table or with another file.
    Diff(DiffVerb),
    /// `history`: shows recorded changes.
    History(HistoryVerb),
    /// `rollback`: goes back to the table before a recorded change.
    Rollback(RollbackVerb),
    /// `metrics`: prints the table for Prometheus.
    Metrics(MetricsVerb),
    /// `report`: writes the page of `serve` to a file.
    Report(ReportVerb),
    /// `rs`: prepares this host as a real server, undoes that, or shows its status.
    Rs(HostVerb),
    /// `director`: prepares this host as a director, undoes that, or shows its status.
    Director(HostVerb),
    /// `serve`: shows the table over HTTP.
    Serve(ServeVerb),
    /// `set`: changes only the named fields.
    Set(SetVerb),
    /// `drain`: takes a real server out of service.
    Drain(DrainVerb),
    /// `top`: shows the table with its rates, live.
    Top(TopVerb),
    /// `undrain`: gives a drained real server its weight back.
    Undrain(UndrainVerb),
    /// `watch`: reports changes of the table.
    Watch(WatchVerb),
}

/// Result of parsing the arguments of a verb.
pub enum Answer {
    /// Run the verb.
    Call(Called),
    /// Print this help text.
    Help(String),
}

/// The parsers of the verbs, in the order of [`VERBS`].
const COMMANDS: [fn() -> Command; VERBS.len()] = [
    apply::command,
    completions::command,
    conns::command,
    diff::command,
    director::command,
    drain::command,
    history::command,
    metrics::command,
    report::command,
    rollback::command,
    rs::command,
    serve::command,
    set::command,
    top::command,
    undrain::command,
    watch::command,
];

/// clap's parser of all verbs.
pub fn command() -> Command {
    command_with(|_| true)
}

/// The parser of the verb with this name, or of all if there is none. To create a parser takes
/// longer than to use it.
fn command_for(name: Option<&String>) -> Command {
    let verb = VERBS.into_iter().find(|verb| name.is_some_and(|name| name == verb));
    command_with(|name| verb.is_none_or(|verb| verb == name))
}

fn command_with(is_wanted: impl Fn(&str) -> bool) -> Command {
    let wanted = VERBS.into_iter().zip(COMMANDS).filter(|(name, _)| is_wanted(name));
    Command::new("ipvsadm")
        .about("Administration of the Linux Virtual Server")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(wanted.map(|(_, command)| command()))
        .arg(
            Arg::new("netns")
                .long("netns")
                .value_name("NAME|PID")
                .global(true)
                .help("Work in this network namespace"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .global(true)
                .help("Print the report as JSON"),
        )
}

/// Reads a command line whose first word begins a verb.
///
/// # Errors
/// The mistake in the line.
pub fn parse(args: &[String], names: Names) -> Result<Answer, Usage> {
    let mut command = command_for(args.first());
    let args = asked_for_help(&command, args);
    let words = std::iter::once("ipvsadm").chain(args.iter().map(String::as_str));
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Answer::Help(error.to_string()));
        }
        Err(error) => return Err(mistake::usage(&error, &command, &args)),
    };
    Ok(Answer::Call(Called {
        verb: verb(&matches, names)?,
        netns: matches.get_one::<String>("netns").cloned(),
        json: matches.get_flag("json"),
    }))
}

/// Turns `VERB help` into `VERB --help`. A rule file of that name can be given as `./help`.
fn asked_for_help(command: &Command, args: &[String]) -> Vec<String> {
    let mut args = args.to_vec();
    let verb = args.first().and_then(|verb| command.find_subcommand(verb));
    let is_last = match &args[..] {
        [_, help] => help == "help",
        [_, below, help] => {
            help == "help" && verb.is_some_and(|verb| verb.find_subcommand(below).is_some())
        }
        _ => false,
    };
    if is_last && let Some(last) = args.last_mut() {
        "--help".clone_into(last);
    }
    args
}

/// The help text of the verb with these words, as for `ipvsadm help rs prepare`.
///
/// # Errors
/// The words name no verb.
pub fn help(words: &[String]) -> Result<Answer, Usage> {
    let command = command();
    let mut parser = &command;
    for word in words {
        let Some(below) = parser.find_subcommand(word) else {
            let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            return Err(Usage {
                mistake: Mistake::UnknownVerb { word: word.clone() },
                legal: vec![format!("the verbs are {}", names.join(", "))],
                meant: Some("ipvsadm -h explains the commands, such as -A".to_owned()),
            });
        };
        parser = below;
    }
    let words = words.iter().cloned().chain(["--help".to_owned()]).collect::<Vec<_>>();
    parse(&words, Names::default())
}

fn verb(matches: &ArgMatches, names: Names) -> Result<Verb, Usage> {
    match matches.subcommand() {
        Some(("apply", matches)) => apply::read(matches).map(Verb::Apply),
        Some(("completions", matches)) => completions::read(matches).map(Verb::Completions),
        Some(("conns", matches)) => conns::read(matches).map(Verb::Conns),
        Some(("diff", matches)) => diff::read(matches).map(Verb::Diff),
        Some(("history", matches)) => Ok(Verb::History(history::read(matches))),
        Some(("rollback", matches)) => Ok(Verb::Rollback(rollback::read(matches))),
        Some(("metrics", matches)) => Ok(Verb::Metrics(metrics::read(matches))),
        Some(("report", matches)) => Ok(Verb::Report(report::read(matches))),
        Some(("serve", matches)) => Ok(Verb::Serve(serve::read(matches))),
        Some(("set", matches)) => set::read(matches, names).map(Verb::Set),
        Some(("drain", matches)) => drain::read(matches, names).map(Verb::Drain),
        Some(("top", matches)) => Ok(Verb::Top(top::read(matches))),
        Some(("undrain", matches)) => undrain::read(matches, names).map(Verb::Undrain),
        Some(("watch", matches)) => Ok(Verb::Watch(watch::read(matches))),
        Some(("rs", matches)) => rs::read(matches).map(Verb::Rs),
        Some(("director", matches)) => director::read(matches).map(Verb::Director),
        _ => Err(Usage::other("a verb is missing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::Scanner;
    use crate::cli::{Program, Request};

    #[test]
    fn every_verb_is_recognised_by_its_first_word() {
        let command = command();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, VERBS);
        command.debug_assert();
    }

    #[test]
    fn the_hint_for_a_busy_table_names_every_verb_with_wait() {
        let command = command();
        let waits = |verb: &&Command| verb.get_arguments().any(|it| it.get_id() == "wait");
        let names = command.get_subcommands().filter(waits).map(Command::get_name);
        assert_eq!(names.collect::<Vec<_>>(), crate::error::WAITING_VERBS);
    }

    #[test]
    fn every_help_fits_and_has_examples() {
        let mut command = command().term_width(80);
        let fits = |command: &Command| {
            let help = command.clone().term_width(80).render_help().to_string();
            assert!(help.contains("EXAMPLES"), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        };
        for verb in command.get_subcommands_mut() {
            fits(verb);
            verb.get_subcommands().for_each(fits);
        }
    }

    /// The commands of this program in the examples of a help text.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let (_, examples) = help.split_once("EXAMPLES").expect("examples at the end");
        let lines = examples.replace("\\\n", " ");
        let lines = lines.lines().filter(|line| line.starts_with("    "));
        let commands = lines.flat_map(|line| line.split([';', '|', '(', ')']));
        let words = commands.map(|command| {
            let words = command.split('>').next().unwrap_or_default().split_whitespace();
            words.map(|word| word.trim_end_matches('"').to_owned()).collect::<Vec<_>>()
        });
        words
            .filter_map(|words| {
                let at = words.iter().position(|word| word == "ipvsadm")?;
                Some(words[at + 1..].to_vec())
            })
            .collect()
    }

    #[test]
    fn every_example_is_understood() {
        fn check(command: &mut Command) {
            let found = examples(&command.render_help().to_string());
            assert!(!found.is_empty(), "{}: no example", command.get_name());
            for words in found {
                let understood = Program::Ipvsadm
                    .understand(&mut Scanner::default(), "ipvsadm", &words)
                    .unwrap_or_else(|why| panic!("{words:?}: {why}"));
                assert!(!matches!(understood, Request::Told { .. }), "{words:?}: {understood:?}");
            }
            command.get_subcommands_mut().for_each(check);
        }
        command().term_width(200).get_subcommands_mut().for_each(check);
    }
}
