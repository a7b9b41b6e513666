//! Arguments of `ipvsadm completions`, which prints a shell's completion script.

use clap::{Arg, ArgMatches, Command};

use super::arguments::no_json;
use crate::error::Usage;

/// A shell for which there is a script.
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
The script asks the program for candidates. It therefore offers only options that
are legal at that place, and the services, real servers, schedulers and
interfaces that exist.

EXIT STATUS
  0  the script was printed
  2  the command line is invalid

EXAMPLES
  For the running bash:
    eval \"$(ipvsadm completions bash)\"
  For all users, with bash-completion:
    ipvsadm completions bash > /usr/share/bash-completion/completions/ipvsadm
  For all users, with zsh:
    ipvsadm completions zsh > /usr/share/zsh/vendor-completions/_ipvsadm
  For all users, with fish:
    ipvsadm completions fish > /usr/share/fish/vendor_completions.d/ipvsadm.fish";

pub(super) fn command() -> Command {
    Command::new("completions")
        .about("Print a script that completes command lines of ipvsadm in a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(["bash", "zsh", "fish"])
                .help("The shell that runs the script"),
        )
        .arg(no_json("it prints a script"))
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
