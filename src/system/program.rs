//! The few programs that are run: nft, arptables, modprobe.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Obstacle};

/// A program that waits for longer hangs, in a kernel lock or on a dead file system.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether it has ended, at most.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs a program with `input`, and returns what it printed.
pub fn run(name: &str, arguments: &[&str], input: &str) -> Result<String, Error> {
    run_within(PATIENCE, name, arguments, input)
}

fn run_within(
    patience: Duration,
    name: &str,
    arguments: &[&str],
    input: &str,
) -> Result<String, Error> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            Error::Obstacle(Obstacle::NoProgram { name: name.to_owned() })
        } else {
            Error::System { action: format!("run {name}"), source }
        }
    };
    let wrong = |text: &str| Error::Program {
        program: format!("{name} {}", arguments.join(" ")),
        text: text.to_owned(),
    };
    let mut child = Command::new(name)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let output = collect(child.stdout.take());
    let errors = collect(child.stderr.take());
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_owned();
        // A program that ends early says why itself.
        thread::spawn(move || pipe.write_all(input.as_bytes()));
    }
    let Some(status) = wait(&mut child, patience).map_err(failed)? else {
        return Err(wrong(&format!("no end after {} seconds", patience.as_secs())));
    };
    let [output, errors] = [output, errors].map(|text| text.join().unwrap_or_default());
    if status.success() {
        return Ok(output);
    }
    Err(wrong(errors.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no word why")))
}

/// Reads a pipe to its end, while others are read and written.
fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is all there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// `None` where it had to be killed.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_goes_through_than_a_pipe_holds() {
        let input = "0123456789\n".repeat(100_000);
        assert_eq!(run("cat", &[], &input).unwrap(), input);
    }

    #[test]
    fn a_program_that_hangs_is_ended_and_named() {
        let error = run_within(Duration::from_secs(1), "sleep", &["60"], "").unwrap_err();
        assert!(error.to_string().contains("sleep 60"), "{error}");
        assert!(error.to_string().contains("no end after 1 seconds"), "{error}");
    }
}
