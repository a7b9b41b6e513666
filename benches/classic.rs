//! The program beside Debian's ipvsadm 1.31, in one boot of one kernel: `scripts/bench.sh`.
//!
//! Every run that changes a table has a network namespace of its own: the kernel keeps deleted real
//! servers in a list for two minutes and searches it at every addition. Addresses are spread: up to
//! kernel 7.0 services hash by the low bytes only.

#![allow(clippy::print_stdout)] // its output is its purpose

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ipvsadm::Client;
use ipvsadm::cli::{Invocation, Scanner, read_rules};
use nix::sched::{CloneFlags, unshare};

const SERVERS: usize = 3;
const RUNS: usize = 5;
const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let reference = std::env::var("IPVSADM_REFERENCE").unwrap_or("/usr/sbin/ipvsadm".to_owned());
    let scratch = tempfile::tempdir()?;
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok();
    println!("median of {RUNS} alternating runs, milliseconds (system calls)\n");
    println!("{:<38} {:>18} {:>18} {:>8}", "", "ipvsadm 1.31", "ours", "ratio");
    let bench = Bench { reference, scratch: scratch.path().to_owned(), strace };
    bench.single()?;
    bench.restore(2_000)?;
    bench.readers(2_000)?;
    println!("\nours alone, by the number of services, {SERVERS} real servers each\n");
    println!("{:>8} {:>10} {:>10} {:>10} {:>10}", "services", "-R", "-Ln", "-S -n", "in memory");
    for services in [2_000, 10_000, 20_000] {
        bench.scale(services)?;
    }
    Ok(())
}

struct Bench {
    reference: String,
    scratch: PathBuf,
    strace: bool,
}

impl Bench {
    fn single(&self) -> Outcome<()> {
        let args = ["-A", "-t", "192.0.2.80:80", "-s", "rr"];
        self.compare("-A -t 192.0.2.80:80 -s rr", |program| {
            in_namespace(|| time(program, &args, None))
        })?;
        Ok(())
    }

    fn restore(&self, services: usize) -> Outcome<()> {
        let file = self.rule_file(services)?;
        let name = format!("-R of {services} x {SERVERS}");
        self.compare(&name, |program| in_namespace(|| time(program, &["-R"], Some(&file))))
    }

    fn readers(&self, services: usize) -> Outcome<()> {
        let file = self.rule_file(services)?;
        in_namespace(|| {
            load(&file)?;
            for args in [&["-Ln"][..], &["-Ln", "--stats"], &["-S", "-n"]] {
                let name = format!("{} of {services} x {SERVERS}", args.join(" "));
                self.compare(&name, |program| time(program, args, None))?;
            }
            Ok(())
        })
    }

    fn scale(&self, services: usize) -> Outcome<()> {
        let file = self.rule_file(services)?;
        let run = |args: &[&str], stdin: Option<&Path>| {
            median(
                (0..RUNS)
                    .map(|_| {
                        in_namespace(|| {
                            if stdin.is_none() {
                                load(&file)?;
                            }
                            time(OURS, args, stdin)
                        })
                    })
                    .collect::<Outcome<Vec<_>>>()?,
            )
        };
        let restore = run(&["-R"], Some(&file))?;
        let list = run(&["-Ln"], None)?;
        let save = run(&["-S", "-n"], None)?;
        let memory =
            median((0..RUNS).map(|_| in_namespace(|| load(&file))).collect::<Outcome<_>>()?)?;
        let [restore, list, save, memory] = [restore, list, save, memory].map(millis);
        println!("{services:>8} {restore:>10.1} {list:>10.1} {save:>10.1} {memory:>10.1}");
        Ok(())
    }

    fn compare(&self, name: &str, run: impl Fn(&str) -> Outcome<Duration>) -> Outcome<()> {
        let mut theirs = Vec::new();
        let mut ours = Vec::new();
        for _ in 0..RUNS {
            theirs.push(run(&self.reference)?);
            ours.push(run(OURS)?);
        }
        let (theirs, ours) = (median(theirs)?, median(ours)?);
        let calls = |program: &str| -> Outcome<String> {
            if !self.strace {
                return Ok("strace missing".to_owned());
            }
            let counter = self.scratch.join("strace");
            let wrapper = self.scratch.join("counted");
            let text =
                format!("#!/bin/sh\nexec strace -f -o {} {program} \"$@\"\n", counter.display());
            std::fs::write(&wrapper, text)?;
            Command::new("chmod").arg("755").arg(&wrapper).status()?;
            run(&wrapper.to_string_lossy())?;
            let log = std::fs::read_to_string(&counter)?;
            Ok(log.lines().filter(|line| line.contains('(')).count().to_string())
        };
        println!(
            "{name:<38} {:>9.1} {:>8} {:>9.1} {:>8} {:>7.1}x",
            millis(theirs),
            format!("({})", calls(&self.reference)?),
            millis(ours),
            format!("({})", calls(OURS)?),
            theirs.as_secs_f64() / ours.as_secs_f64(),
        );
        Ok(())
    }

    fn rule_file(&self, services: usize) -> Outcome<PathBuf> {
        let path = self.scratch.join(format!("rules-{services}"));
        let mut text = String::new();
        for service in 0..services {
            let [_, _, high, low] = u32::try_from(service)?.to_be_bytes();
            let vip = format!("198.18.{high}.{low}:80");
            writeln!(text, "-A -t {vip} -s wlc")?;
            for server in 1..=SERVERS {
                writeln!(text, "-a -t {vip} -r 198.19.{low}.{server}:80 -m -w {server}")?;
            }
        }
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// Runs `work` in a thread with a network namespace of its own.
fn in_namespace<T: Send>(work: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
            work()
        });
        thread.join().map_err(|_| "the thread of a namespace panicked")?
    })
}

fn time(program: &str, args: &[&str], stdin: Option<&Path>) -> Outcome<Duration> {
    let stdin = stdin.map_or(Ok(Stdio::null()), |path| File::open(path).map(Stdio::from))?;
    let start = Instant::now();
    let status = Command::new(program).args(args).stdin(stdin).stdout(Stdio::null()).status()?;
    let spent = start.elapsed();
    if status.success() {
        Ok(spent)
    } else {
        Err(io::Error::other(format!("{program} {}: {status}", args.join(" "))).into())
    }
}

/// The kernel's own work and ours, without the start of a process and without parsing.
fn load(file: &Path) -> Outcome<Duration> {
    let lines = read_rules(&mut Scanner::default(), "bench", &std::fs::read(file)?)?;
    let changes: Vec<_> = lines
        .into_iter()
        .filter_map(|line| match line.invocation {
            Invocation::Change(change) => Some(change),
            _ => None,
        })
        .collect();
    let mut client = Client::open()?;
    let start = Instant::now();
    let refused = client.batch(&changes)?;
    let spent = start.elapsed();
    if refused.is_empty() { Ok(spent) } else { Err("the kernel refused rules".into()) }
}

fn median(mut times: Vec<Duration>) -> Outcome<Duration> {
    times.sort();
    times.get(times.len() / 2).copied().ok_or_else(|| "no run".into())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
