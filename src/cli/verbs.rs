//! The verbs: everything that the old tool did not have. Parsed with clap as it is.

mod rs;

use clap::{Arg, ArgAction, ArgMatches, Command};

pub use rs::RsVerb;

use super::program::Request;

/// A verb with what every verb takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// What to do.
    pub verb: Verb,
    /// The network namespace to do it in.
    pub netns: Option<String>,
    /// Report in JSON.
    pub json: bool,
}

/// What a verb asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `rs`: real servers.
    Rs(RsVerb),
}

/// The first words; making clap's tables to find out would cost every classic command.
const VERBS: [&str; 1] = ["rs"];

/// Whether `word` begins a verb's command line.
pub fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// The parser of all verbs.
pub fn command() -> Command {
    Command::new("ipvsadm")
        .about("Administration of the Linux Virtual Server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(rs::command())
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
                .help("Report in JSON"),
        )
}

/// Reads a command line whose first word [`is_verb`].
pub fn parse(args: &[String]) -> Request {
    let words = std::iter::once("ipvsadm").chain(args.iter().map(String::as_str));
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            let status = if error.use_stderr() { 2 } else { 0 };
            return Request::Told { text: error.to_string(), status };
        }
    };
    match verb(&matches) {
        Ok(verb) => Request::Verb(Called {
            verb,
            netns: matches.get_one::<String>("netns").cloned(),
            json: matches.get_flag("json"),
        }),
        Err(text) => Request::Told { text: format!("{text}\n"), status: 2 },
    }
}

fn verb(matches: &ArgMatches) -> Result<Verb, String> {
    match matches.subcommand() {
        Some(("rs", matches)) => rs::read(matches).map(Verb::Rs),
        _ => Err("no verb".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_known_by_its_first_word() {
        let command = command();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, VERBS);
        command.debug_assert();
    }

    #[test]
    fn every_help_fits_and_has_examples() {
        let mut command = command().term_width(80);
        for verb in command.get_subcommands_mut() {
            for word in verb.get_subcommands_mut() {
                let help = word.clone().term_width(80).render_help().to_string();
                assert!(help.contains("EXAMPLES"), "{help}");
                assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
            }
        }
    }
}
