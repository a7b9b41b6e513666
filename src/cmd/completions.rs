//! `ipvsadm completions`: prints a shell script that calls `ipvsadm __complete`.

use crate::cli::Shell;
use crate::error::Error;

use super::Session;

pub(super) fn run(session: &mut Session<'_>, shell: Shell) -> Result<u8, Error> {
    let script = match shell {
        Shell::Bash => include_str!("completions/ipvsadm.bash"),
        Shell::Zsh => include_str!("completions/_ipvsadm"),
        Shell::Fish => include_str!("completions/ipvsadm.fish"),
    };
    session.out.write_all(script.as_bytes())?;
    Ok(0)
}
