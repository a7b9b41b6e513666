//! The few programs that are run: nft, arptables, modprobe.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::error::{Error, Obstacle};

/// Runs a program with `input`, and returns what it printed.
pub fn run(name: &str, arguments: &[&str], input: &str) -> Result<String, Error> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            Error::Obstacle(Obstacle::NoProgram { name: name.to_owned() })
        } else {
            Error::System { action: format!("run {name}"), source }
        }
    };
    let mut child = Command::new(name)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends early says why itself.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no word why");
    Err(Error::Program {
        program: format!("{name} {}", arguments.join(" ")),
        text: text.to_owned(),
    })
}
