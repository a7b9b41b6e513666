//! Runs child processes with a time limit.

use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Time limit after which a child counts as hung, even on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Number of both the user and the group `nobody`.
const NOBODY: u32 = 65534;

/// An executable file, and its argument 0.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub name: &'static str,
}

/// Result of a finished child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Exit status as in a shell: 128 + signal if a signal killed the child.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    /// Whether the child was killed at the time limit.
    pub hung: bool,
}

impl Program {
    /// Runs the program in the calling thread's namespace.
    pub fn run(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        self.end(self.command(words, stdin))
    }

    /// Like [`Self::run`], as a user without any privilege.
    pub fn run_as_nobody(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        let mut command = self.command(words, stdin);
        command.uid(NOBODY).gid(NOBODY);
        self.end(command)
    }

    fn command(&self, words: &[String], stdin: Option<&str>) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0(self.name).args(words).stdin(input(stdin));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn end(&self, mut command: Command) -> Outcome {
        match command.spawn() {
            Ok(child) => collect(child, Instant::now() + LIMIT),
            Err(error) => panic!("cannot run {}: {error}", self.path.display()),
        }
    }
}

/// Runs a shell command with `folder` first in the PATH. The old companions set their own PATH, so
/// the folder is also mounted over the system's folders.
pub fn run_commands_of(folder: &Path, line: &str, stdin: Option<&str>) -> Outcome {
    let folder = folder.display();
    let script = format!(
        "mount -n -t overlay -o lowerdir={folder}:/usr/sbin overlay /usr/sbin || exit 125
         PATH={folder}:$PATH exec {line}"
    );
    let shell = Program { path: "unshare".into(), name: "unshare" };
    shell.run(&["--mount", "/bin/sh", "-c", &script].map(str::to_owned), stdin)
}

/// Runs a helper of the test, which must succeed.
pub fn must(program: &str, words: &[&str], stdin: Option<&str>) -> String {
    let helper = Program { path: PathBuf::from(program), name: "helper" };
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let outcome = helper.run(&words, stdin);
    assert!(
        outcome.status == 0,
        "{program} {words:?} <<< {stdin:?} ended with {}: {}",
        outcome.status,
        outcome.stderr
    );
    outcome.stdout
}

fn input(text: Option<&str>) -> Stdio {
    let Some(text) = text else { return Stdio::null() };
    let mut file = tempfile::tempfile().expect("scratch file for standard input");
    file.write_all(text.as_bytes()).expect("write scratch file");
    file.rewind().expect("rewind scratch file");
    Stdio::from(file)
}

fn collect(mut child: Child, deadline: Instant) -> Outcome {
    let mut stdout = child.stdout.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let mut texts = [Vec::new(), Vec::new()];
    let mut open = [true, true];
    while open != [false, false] {
        let ready = ready([(stdout.as_fd(), open[0]), (stderr.as_fd(), open[1])], deadline);
        if ready == [false, false] {
            break;
        }
        if ready[0] {
            open[0] = drain(&mut stdout, &mut texts[0]);
        }
        if ready[1] {
            open[1] = drain(&mut stderr, &mut texts[1]);
        }
    }
    let ended = if open == [false, false] { wait(&mut child, deadline) } else { None };
    let hung = ended.is_none();
    let ended = ended.unwrap_or_else(|| {
        child.kill().expect("kill a child that hangs");
        child.wait().expect("wait for a killed child")
    });
    let [stdout, stderr] = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
    Outcome { status: status(ended), stdout, stderr, hung }
}

fn ready(streams: [(BorrowedFd<'_>, bool); 2], deadline: Instant) -> [bool; 2] {
    let mut waited: Vec<PollFd<'_>> = streams
        .iter()
        .filter(|(_, open)| *open)
        .map(|(stream, _)| PollFd::new(*stream, PollFlags::POLLIN))
        .collect();
    let left = deadline.saturating_duration_since(Instant::now());
    let limit = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
    if poll(&mut waited, limit).unwrap_or(0) == 0 {
        return [false, false];
    }
    let mut answers = waited.iter().map(|stream| stream.any().unwrap_or(false));
    streams.map(|(_, open)| open && answers.next().unwrap_or(false))
}

/// Reads what is available. Returns whether the stream is still open.
fn drain(stream: &mut impl Read, text: &mut Vec<u8>) -> bool {
    let mut block = [0; 16 * 1024];
    match stream.read(&mut block) {
        Ok(0) | Err(_) => false,
        Ok(count) => {
            text.extend_from_slice(&block[..count]);
            true
        }
    }
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().expect("wait for a child") {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::yield_now();
    }
}

fn status(ended: ExitStatus) -> i32 {
    ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0))
}
