//! Arguments that several verbs share.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::net::IpAddr;

use clap::builder::{TypedValueParser, UnknownArgumentValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::host::Spec;
use crate::model::InterfaceName;

/// Subcommand of `rs` or `director`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostVerb {
    /// Prepare the host.
    Prepare {
        /// Desired state of the host.
        spec: Spec,
        /// Also write files that prepare the host after each boot.
        persist: bool,
        /// Print a script instead of changing the host.
        dry_run: bool,
        /// Print the entry that the front gateway needs.
        static_entry: bool,
    },
    /// Undo the steps for these holders, or all steps.
    Undo {
        /// Holders whose steps are undone; `None`: all.
        holders: Option<BTreeSet<String>>,
        /// Only print the steps that would be undone.
        dry_run: bool,
    },
    /// Check the host against the recorded state, or against a spec.
    Status {
        /// The spec to check against; `None` is the recorded state.
        spec: Option<Spec>,
        /// Print nothing; only the exit status tells the result.
        quiet: bool,
    },
}

const EXIT: &str = "\
EXIT STATUS
  0  the host is in the requested state
  1  the host is not in that state; messages say why, and what could not be undone
  2  the command line is invalid";

pub(super) fn after(examples: &str) -> String {
    format!("{EXIT}\n\n{examples}")
}

pub(super) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub(super) fn quiet() -> Arg {
    flag("quiet", "Print nothing: the exit status is the answer").short('q')
}

pub(super) fn choice(
    name: &'static str,
    value: &'static str,
    from: &[&'static str],
    help: &'static str,
) -> Arg {
    Arg::new(name).long(name).value_name(value).value_parser(from.to_vec()).help(help)
}

pub(super) fn vip() -> Arg {
    Arg::new("vip")
        .long("vip")
        .value_name("ADDR")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(value_parser!(IpAddr))
        .help("Virtual addresses, separated by commas")
}

pub(super) fn interface(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("IFACE").value_parser(interface_name).help(help)
}

/// Checks an interface name. The kernel accepts no colon in one.
fn interface_name(word: &str) -> Result<String, String> {
    if word.contains(':') {
        return Err("the name of an interface has no colon".to_owned());
    }
    InterfaceName::new(word).map(|name| name.to_string()).map_err(|why| why.to_string())
}

pub(super) fn many<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches.get_many::<T>(name).into_iter().flatten().cloned().collect()
}

/// The virtual addresses without duplicates.
pub(super) fn vips(matches: &ArgMatches) -> Vec<IpAddr> {
    let mut seen = BTreeSet::new();
    let mut vips: Vec<IpAddr> = many(matches, "vip");
    vips.retain(|vip| seen.insert(*vip));
    vips
}

/// Mistake: both files are standard input.
pub(super) const ONE_INPUT: &str =
    "`-' is standard input, which can be read only once: name a file";

/// `--json` for a verb that has no report in JSON: refused, with the reason as a hint.
pub(super) fn no_json(why: &'static str) -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).hide(true).value_parser(NoJson(why))
}

/// Refuses a flag as if the verb did not have it. Other than the parser of clap that it uses, it has
/// the type of the flag, by which the caller reads `--json` of every verb.
#[derive(Clone)]
struct NoJson(&'static str);

impl TypedValueParser for NoJson {
    type Value = bool;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<bool, clap::Error> {
        // clap parses the default of a flag, too.
        if value == "false" {
            return Ok(false);
        }
        UnknownArgumentValueParser::suggest(self.0).parse_ref(command, arg, value).map(|_| true)
    }
}
