//! Helpers: run our program and the reference, and move tables into and out of the kernel.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::LazyLock;

use ipvsadm::Client;
use ipvsadm::internals::classic::{daemon_line, destination_line, service_line, timeouts_line};
use ipvsadm::internals::cli::Program;
use ipvsadm::internals::cmd::Session;
use ipvsadm::model::{DaemonRole, Numbers, Pool, Table};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tempfile::NamedTempFile;

use crate::reference::checked;

/// A table, and another one that differs from it in every value.
pub const OLD: &str = "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 5\n";
pub const NEW: &str =
    "-A -t 192.0.2.80:80 -s wlc\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 7\n";

/// Result of a finished program.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: i32,
    pub out: String,
    pub complaints: String,
}

impl Outcome {
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

pub fn finish(mut child: Child, input: &str) -> Outcome {
    // A program that refuses its arguments does not read, so the write may fail.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome {
        status: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        complaints: text(output.stderr),
    }
}

/// Starts `program` with pipes for all three streams.
pub fn start(program: &str, name: &str, words: &[&str]) -> Child {
    Command::new(program)
        .arg0(name)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("{program} does not start: {why}"))
}

pub const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// Rules whose last line only the kernel refuses, because it is the broadcast address of `lo`.
pub const REFUSED: &str = "-A -f 255 -s rr\n-a -f 255 -r 127.255.255.255:80 -g -w 1\n";

/// First line of the resulting message.
pub const REFUSAL: &str =
    "Invalid operation.  Possibly wrong module version, address not unicast, ...\n";

pub fn ours(words: &[&str]) -> Outcome {
    finish(start(OURS, "ipvsadm", words), "")
}

/// Runs a shell script, in which `$ours` is our program.
pub fn shell(words: &str) -> Outcome {
    finish(start("sh", "sh", &["-c", &format!("ours={OURS}\n{words}")]), "")
}

/// Runs our program within this process, which is faster.
pub fn inside(words: &[&str]) -> Outcome {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut session = Session::new(&mut out, &mut complaints, "ipvsadm".to_owned());
    let status = session.run(Program::Ipvsadm, &words).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { status: status.into(), out: text(out), complaints: text(complaints) }
}

/// Runs our program with this standard input.
pub fn ours_with(input: &str, words: &[&str]) -> Outcome {
    finish(start(OURS, "ipvsadm", words), input)
}

/// Runs our program with another argument 0.
pub fn called(name: &str, input: &str, words: &[&str]) -> Outcome {
    finish(start(OURS, name, words), input)
}

pub fn restore(input: &str) -> Outcome {
    called("ipvsadm-restore", input, &[])
}

/// Runs `ipvsadm-restore` with a delay of 5 ms before each send.
pub fn slow_restore(input: &str) -> Outcome {
    let inject = "inject=sendto:delay_enter=5000";
    traced_restore(&["-e", "trace=sendto", "-e", inject], input).0
}

/// Runs `ipvsadm-restore` under strace and returns the trace too.
pub fn traced_restore(trace: &[&str], input: &str) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ipvsadm-restore");
    symlink(OURS, &path).unwrap();
    under_strace(trace, &[path.to_str().unwrap()], input)
}

/// Runs the reference, the old program.
pub fn reference(input: &str, words: &[&str]) -> Outcome {
    static PROGRAM: LazyLock<PathBuf> =
        LazyLock::new(|| checked().unwrap_or_else(|sentence| panic!("{sentence}")));
    finish(start(PROGRAM.to_str().unwrap(), "ipvsadm", words), input)
}

/// Runs our program under strace and returns the trace too.
pub fn traced(trace: &[&str], words: &[&str]) -> (Outcome, String) {
    under_strace(trace, &[&[OURS], words].concat(), "")
}

fn under_strace(trace: &[&str], command: &[&str], input: &str) -> (Outcome, String) {
    let log = NamedTempFile::new().unwrap();
    let words = [&["-f", "-o", log.path().to_str().unwrap()], trace, command].concat();
    let outcome = finish(start("strace", "strace", &words), input);
    (outcome, fs::read_to_string(log.path()).unwrap())
}

/// Time for a confirmation, in seconds, that no test reaches.
pub const LONG: &str = "3600";

/// Starts `apply --confirm` and returns when it waits.
pub fn waiting(seconds: &str, path: &str) -> (Child, BufReader<ChildStderr>) {
    let mut child = start(OURS, "ipvsadm", &["apply", "--confirm", seconds, path]);
    let mut complaints = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    complaints.read_line(&mut line).unwrap();
    assert!(line.starts_with("applied; run `ipvsadm apply --accept' within"), "{line}");
    (child, complaints)
}

/// Starts `apply --confirm` and kills it while it waits.
pub fn killed(path: &str) {
    let (mut child, _complaints) = waiting(LONG, path);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(journals(), 1);
}

/// Writes a temporary file and returns it with its path.
pub fn file(text: &str) -> (NamedTempFile, String) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

/// Formats a table as a rule file.
pub fn lines(table: &Table) -> String {
    let mut text = String::new();
    for (key, pool) in &table.pools {
        text += &(service_line(&pool.service, &Numbers).unwrap() + "\n");
        for server in pool.destinations.values() {
            text += &(destination_line(key, server, &Numbers).unwrap() + "\n");
        }
    }
    text += &table.timeouts.iter().map(|it| timeouts_line(it) + "\n").collect::<String>();
    for daemon in table.daemons.values().flatten() {
        text += &(daemon_line(daemon) + "\n");
    }
    text
}

/// Reads the kernel's services.
pub fn live() -> Table {
    let mut client = Client::open().unwrap();
    let mut table = Table::default();
    for entry in client.services().unwrap() {
        let mut pool = Pool::new(entry.service);
        let servers = client.destinations(&pool.service.key).unwrap();
        pool.destinations = servers.iter().map(|it| (it.destination.key, it.destination)).collect();
        table.pools.insert(pool.service.key, pool.into());
    }
    table
}

/// Reads the kernel's services, time-outs and daemons.
pub fn live_whole() -> Table {
    let mut client = Client::open().unwrap();
    let mut table = live();
    table.timeouts = Some(client.timeouts().unwrap());
    table.daemons = [(DaemonRole::Master, None), (DaemonRole::Backup, None)].into();
    for daemon in client.daemons().unwrap() {
        table.daemons.insert(daemon.role, Some(daemon));
    }
    table
}

/// Random values with a fixed seed.
pub struct Random(TestRunner);

impl Random {
    pub fn new() -> Self {
        Self(TestRunner::deterministic())
    }

    pub fn draw<T>(&mut self, strategy: impl Strategy<Value = T>) -> T
    where
        T: std::fmt::Debug,
    {
        strategy.new_tree(&mut self.0).unwrap().current()
    }
}

/// Number of journals of running or killed applies.
pub fn journals() -> usize {
    let folder = fs::read_dir("/run/ipvsadm").into_iter().flatten();
    let paths = folder.map(|entry| entry.unwrap().path());
    let journal = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "json")
            && path.file_name().unwrap().to_str().unwrap().starts_with("apply")
    };
    paths.filter(journal).count()
}
