//! Runs the few external programs: nft, arptables, modprobe.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::{Error, Obstacle};

/// Time limit of a program. A program that takes longer hangs, in a kernel lock or on a dead file
/// system.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest pause between two checks whether the program has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// Folders in which programs are searched. PATH is not used, because it belongs to the caller:
/// cron's PATH has no sbin, and another PATH may contain somebody else's nft.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// PATH in the environment of the program.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Stack size in bytes of a thread that copies a pipe. Set here, because otherwise `RUST_MIN_STACK`
/// decides.
const STACK: usize = 128 * 1024;

/// Runs a program with `input` on standard input and returns its standard output.
pub fn run(name: &str, arguments: &[&str], input: &str) -> Result<String, Error> {
    run_within(PATIENCE, name, arguments, input)
}

fn run_within(
    patience: Duration,
    name: &str,
    arguments: &[&str],
    input: &str,
) -> Result<String, Error> {
    let failed = |source: io::Error| Error::System { action: format!("run {name}"), source };
    let wrong = |text: &str| Error::Program {
        program: format!("{name} {}", arguments.join(" ")),
        text: text.to_owned(),
    };
    let path = find(name).ok_or_else(|| Obstacle::NoProgram { name: name.to_owned() })?;
    let start = Instant::now();
    let mut child = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let pipes = match copy_pipes(&mut child, input) {
        Ok(pipes) => pipes,
        Err(error) => {
            // The program got no input yet, so killing it loses nothing.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(error));
        }
    };
    let Some(status) = wait(&mut child, patience).map_err(failed)? else {
        return Err(wrong(&format!("timed out after {} s", patience.as_secs())));
    };
    let [output, errors] = pipes.map(|pipe| pipe.text(patience.saturating_sub(start.elapsed())));
    if status.success() {
        return Ok(output);
    }
    let mut lines = errors.lines().map(str::trim);
    Err(wrong(lines.find(|line| !line.is_empty()).unwrap_or("it gave no reason")))
}

/// Output of a program, which a thread reads.
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Closed at the end of the output.
    end: Receiver<()>,
}

impl Pipe {
    /// The whole output. A process that the program has left behind can keep the pipe open, so this
    /// waits no longer than `patience` after the program's end, and takes what came by then.
    fn text(self, patience: Duration) -> String {
        // Nothing is ever sent: the result is an error, at the end or after `patience`.
        let _ = self.end.recv_timeout(patience);
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Path of the program, or `None` if it is not installed.
fn find(name: &str) -> Option<PathBuf> {
    let is_executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(is_executable)
}

/// Starts threads that write the input and read output and errors.
fn copy_pipes(child: &mut Child, input: &str) -> io::Result<[Pipe; 2]> {
    let pipes = [collect(child.stdout.take())?, collect(child.stderr.take())?];
    if let Some(mut pipe) = child.stdin.take()
        && !input.is_empty()
    {
        let input = input.to_owned();
        // A write error is ignored: a program that ends early explains that itself.
        start(move || pipe.write_all(input.as_bytes()))?;
    }
    Ok(pipes)
}

/// Reads a pipe to its end in a thread of its own.
fn collect(pipe: Option<impl Read + Send + 'static>) -> io::Result<Pipe> {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let (open, end) = channel();
    let collected = Arc::clone(&bytes);
    start(move || {
        // Dropped, and so closed, with this thread's work.
        let _open: Sender<()> = open;
        let Some(mut pipe) = pipe else { return };
        let mut piece = [0; 4096];
        loop {
            match pipe.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // After a read error, the text before it is used.
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    let mut bytes = collected.lock().unwrap_or_else(PoisonError::into_inner);
                    bytes.extend_from_slice(&piece[..length]);
                }
            }
        }
    })?;
    Ok(Pipe { bytes, end })
}

/// Starts a thread. Fails, instead of panicking, if memory is short.
fn start<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().stack_size(STACK).spawn(work)
}

/// Waits for the program to end. After `patience` it kills the program and returns `None`.
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
    fn input_and_output_may_exceed_a_pipe() {
        let input = "0123456789\n".repeat(100_000);
        assert_eq!(run("cat", &[], &input).unwrap(), input);
    }

    /// A grandchild keeps the pipe open. The output of the program itself is whole nevertheless.
    #[test]
    fn a_process_that_a_program_leaves_is_not_waited_for() {
        let words = ["-c", "sleep 1000000 & echo $!"];
        let output = run_within(Duration::from_secs(1), "sh", &words, "").unwrap();
        let left = output.trim().parse().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(left), nix::sys::signal::SIGKILL)
            .unwrap();
    }

    #[test]
    fn the_environment_is_cleared() {
        let environment = run("env", &[], "").unwrap();
        let lines: std::collections::BTreeSet<&str> = environment.lines().collect();
        assert_eq!(lines, ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"].into());
    }

    #[test]
    fn a_hanging_program_is_killed_and_named() {
        let error = run_within(Duration::from_secs(1), "sleep", &["60"], "").unwrap_err();
        assert!(error.to_string().contains("sleep 60"), "{error}");
        assert!(error.to_string().contains("timed out after 1 s"), "{error}");
    }
}
