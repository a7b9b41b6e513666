//! Measures single runs of a program, and compares two programs.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Outcome;

/// Arguments and standard input of a measured run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub words: &'a [&'a str],
    pub stdin: Option<&'a Path>,
}

impl Run<'_> {
    /// Wall-clock time of the run.
    pub fn time(&self, program: &str) -> Outcome<Duration> {
        let stdin =
            self.stdin.map_or(Ok(Stdio::null()), |path| File::open(path).map(Stdio::from))?;
        let start = Instant::now();
        let status =
            Command::new(program).args(self.words).stdin(stdin).stdout(Stdio::null()).status()?;
        let spent = start.elapsed();
        if status.success() {
            return Ok(spent);
        }
        Err(io::Error::other(format!("{program} {}: {status}", self.words.join(" "))).into())
    }
}

/// Cost of one run apart from its time.
pub struct Cost {
    pub calls: Option<usize>,
    pub user: Duration,
    pub peak_kib: i64,
}

/// Time up to which system calls are counted; strace slows longer runs down too much.
const COUNTED: Duration = Duration::from_secs(4);

/// Argument that makes this bench run another program and print its resource usage.
pub const USAGE: &str = "--usage";

/// Runs a program for [`USAGE`]. A child inherits the resource figures of its parent at first, so
/// the parent must be small.
pub fn usage(words: &[String]) -> Outcome<()> {
    let [report, program, args @ ..] = words else { return Err("no program".into()) };
    let status = Command::new(program).args(args).status()?;
    let spent = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let user = spent.user_time();
    let micros = user.tv_sec() * 1_000_000 + user.tv_usec();
    std::fs::write(report, format!("{micros} {}", spent.max_rss()))?;
    std::process::exit(status.code().unwrap_or(1))
}

/// Runs a program once and returns its time.
pub type Measured<'a> = &'a dyn Fn(&str) -> Outcome<Duration>;

/// Does something and returns its time.
pub type Work<'a> = &'a dyn Fn() -> Outcome<Duration>;

/// Runs all works in turn, `runs` times. A disturbance of the machine affects all works of a round.
pub fn turns<const N: usize>(runs: usize, works: [Work<'_>; N]) -> Outcome<Vec<[Duration; N]>> {
    let mut turns = Vec::with_capacity(runs);
    for _ in 0..runs {
        let mut spent = [Duration::ZERO; N];
        for (work, spent) in works.iter().zip(&mut spent) {
            *spent = work()?;
        }
        turns.push(spent);
    }
    Ok(turns)
}

/// The median of each work.
pub fn medians<const N: usize>(turns: &[[Duration; N]]) -> [Duration; N] {
    std::array::from_fn(|work| median(turns.iter().map(|turn| turn[work])))
}

/// The median; the default value if there are no values.
pub fn median<T: PartialOrd + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
    let middle = values.len() / 2;
    values.into_iter().nth(middle).unwrap_or_default()
}

/// The medians of [`turns`].
pub fn in_turns<const N: usize>(runs: usize, works: [Work<'_>; N]) -> Outcome<[Duration; N]> {
    turns(runs, works).map(|turns| medians(&turns))
}

/// Paths of both programs, and a scratch folder.
#[derive(Clone)]
pub struct Bench {
    pub theirs: String,
    pub ours: String,
    pub scratch: PathBuf,
}

impl Bench {
    /// Runs both programs alternately and prints a line with the medians and the cost of one run.
    pub fn compare(
        &self,
        name: &str,
        runs: usize,
        run: impl Fn(&str) -> Outcome<Duration>,
    ) -> Outcome<()> {
        let [theirs, ours] = in_turns(runs, [&|| run(&self.theirs), &|| run(&self.ours)])?;
        println!(
            "{name:<28} {} | {} {:>7.1}x",
            columns(theirs, &self.cost(&self.theirs, theirs, &run)?),
            columns(ours, &self.cost(&self.ours, ours, &run)?),
            theirs.as_secs_f64() / ours.as_secs_f64(),
        );
        Ok(())
    }

    /// Runs only our program.
    pub fn alone(
        &self,
        name: &str,
        runs: usize,
        run: impl Fn(&str) -> Outcome<Duration>,
    ) -> Outcome<()> {
        self.among(runs, [(name, &run)]).map(drop)
    }

    /// Runs several variants of our program alternately. Prints a line for each and returns the
    /// medians.
    pub fn among<const N: usize>(
        &self,
        runs: usize,
        rows: [(&str, Measured<'_>); N],
    ) -> Outcome<[Duration; N]> {
        let ours = rows.map(|(_, run)| move || run(&self.ours));
        let medians = in_turns(runs, ours.each_ref().map(|run| run as Work<'_>))?;
        for ((name, run), spent) in rows.iter().zip(&medians) {
            let cost = self.cost(&self.ours, *spent, run)?;
            println!("{name:<28} {:>33} | {}", "", columns(*spent, &cost));
        }
        Ok(medians)
    }

    fn cost(
        &self,
        program: &str,
        spent: Duration,
        run: impl Fn(&str) -> Outcome<Duration>,
    ) -> Outcome<Cost> {
        let calls = if spent < COUNTED { Some(self.calls(program, &run)?) } else { None };
        let report = self.scratch.join("usage");
        let this = std::env::current_exe()?;
        self.wrapped(&format!("{} {USAGE} {}", this.display(), report.display()), program, &run)?;
        let text = std::fs::read_to_string(&report)?;
        let (micros, peak) = text.split_once(' ').ok_or("no usage")?;
        let user = Duration::from_micros(micros.parse()?);
        Ok(Cost { calls, user, peak_kib: peak.parse()? })
    }

    fn calls(&self, program: &str, run: impl Fn(&str) -> Outcome<Duration>) -> Outcome<usize> {
        let log = self.scratch.join("strace");
        self.wrapped(&format!("strace -f -o {}", log.display()), program, run)?;
        let log = BufReader::new(File::open(log)?);
        Ok(log.lines().map_while(Result::ok).filter(|line| line.contains('(')).count())
    }

    /// Runs the program once under a wrapper such as strace.
    pub fn wrapped(
        &self,
        wrapper: &str,
        program: &str,
        run: impl Fn(&str) -> Outcome<Duration>,
    ) -> Outcome<()> {
        let script = self.scratch.join("wrapped");
        std::fs::write(&script, format!("#!/bin/sh\nexec {wrapper} {program} \"$@\"\n"))?;
        Command::new("chmod").arg("755").arg(&script).status()?;
        run(&script.to_string_lossy()).map(drop)
    }
}

pub fn titles() {
    let half = format!("{:>9} {:>7} {:>7} {:>7}", "ms", "user", "MiB", "calls");
    println!("{:<28} {:^33} | {:^33}", "", "ipvsadm 1.31", "ours");
    println!("{:<28} {half} | {half} {:>8}", "", "ratio");
}

fn columns(time: Duration, cost: &Cost) -> String {
    #[allow(clippy::cast_precision_loss)] // precise enough for printing
    let peak = cost.peak_kib as f64 / 1024.0;
    let calls = cost.calls.map_or("-".to_owned(), |calls| calls.to_string());
    format!("{:>9.1} {:>7.0} {peak:>7.1} {calls:>7}", millis(time), millis(cost.user))
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
