//! `ipvsadm completions`: the script that makes a shell complete our words.

use clap::{Arg, ArgMatches, Command};

use crate::error::Usage;

/// A shell that we have a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

const HELP: &str = "\
The script asks the program for every word, so it completes what is legal there,
and the services, real servers, schedulers and interfaces that there are.

EXIT STATUS
  0  the script was printed
  2  the command line cannot be understood

EXAMPLES
  In this bash:
    eval \"$(ipvsadm completions bash)\"
  For everybody, with bash-completion:
    ipvsadm completions bash > /usr/share/bash-completion/completions/ipvsadm
  For everybody, with zsh:
    ipvsadm completions zsh > /usr/share/zsh/vendor-completions/_ipvsadm
  For everybody, with fish:
    ipvsadm completions fish > /usr/share/fish/vendor_completions.d/ipvsadm.fish";

pub(super) fn command() -> Command {
    Command::new("completions")
        .about("Print the script that makes a shell complete the words of ipvsadm")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(["bash", "zsh", "fish"])
                .help("The shell"),
        )
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> Result<Shell, Usage> {
    match matches.get_one::<String>("shell").map(String::as_str) {
        Some("bash") => Ok(Shell::Bash),
        Some("zsh") => Ok(Shell::Zsh),
        Some("fish") => Ok(Shell::Fish),
        _ => Err(Usage::other("completions needs a shell")),
    }
}
