//! Compares the program with Debian's ipvsadm 1.31 in one boot of one kernel: `scripts/bench.sh`.
//!
//! Every run that changes a table has its own network namespace, because the kernel keeps deleted
//! real servers in a list for two minutes and searches it at every addition. Addresses are spread,
//! because kernels before 7.1 hash services only by their low bytes.

#![allow(clippy::print_stdout)] // the bench prints its results

mod measure;
#[path = "../../tests/common/reference.rs"]
mod reference;
mod replay;
mod world;

use std::time::Duration;

use ipvsadm::Client;
use measure::{Bench, Run, in_turns, median, medians, millis, turns};
use world::{Size, changes, connect, in_namespace, load};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

type Section = fn(&Bench) -> Outcome<()>;

/// Numbers of alternating runs. Listing a large table depends on the machine's system calls, whose
/// speed varies by a tenth, so it has [`MANY`]. Restoring onto a table, and connections, are slow
/// with the old program, so they have [`FEW`].
const RUNS: usize = 7;
const MANY: usize = 15;
const FEW: usize = 3;

const ONE_WEIGHT: &str = "apply of one weight";

/// Sections that can be run alone: `scripts/bench.sh NAME…`.
const SECTIONS: &[(&str, Section)] = &[
    ("tables", tables),
    ("linear", linear),
    ("restore", restore),
    ("apply", apply),
    ("connections", connections),
];

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [first, rest @ ..] = words.as_slice()
        && first == measure::USAGE
    {
        return measure::usage(rest);
    }
    if let Some(word) = words.iter().find(|word| !SECTIONS.iter().any(|(name, _)| name == word)) {
        let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        return Err(format!("{word} is none of {}", names.join(", ")).into());
    }
    let scratch = tempfile::tempdir()?;
    let theirs = reference::checked()?.display().to_string();
    let ours = env!("CARGO_BIN_EXE_ipvsadm").to_owned();
    let bench = Bench { theirs, ours, scratch: scratch.path().to_owned() };
    println!(
        "medians of {RUNS} alternating runs ({MANY} of lists, {FEW} of restores onto a table and of\n\
         connections);"
    );
    println!("user time (10 ms ticks), peak memory and system calls of one more run each");
    println!("(calls only where a run takes less than 4 seconds)");
    for (name, section) in SECTIONS {
        if words.is_empty() || words.iter().any(|word| word == name) {
            section(&bench)?;
        }
    }
    Ok(())
}

/// One change; then restore, listings and save for tables of several sizes.
fn tables(bench: &Bench) -> Outcome<()> {
    println!("\n# Commands\n");
    measure::titles();
    let add = Run { words: &["-A", "-t", "192.0.2.80:80", "-s", "rr"], stdin: None };
    bench.compare("-A -t 192.0.2.80:80 -s rr", 3 * RUNS, |program| {
        in_namespace(|| add.time(program))
    })?;
    for size in [Size(200, 5), Size(2_000, 3), Size(2_000, 5), Size(10_000, 3), Size(10_000, 5)] {
        table(bench, size)?;
    }
    Ok(())
}

fn table(bench: &Bench, size: Size) -> Outcome<()> {
    let Size(services, servers) = size;
    println!("\n{services} services x {servers} = {} real servers", services * servers);
    let file = size.rules(&bench.scratch, 0)?;
    let restore = Run { words: &["-R"], stdin: Some(&file) };
    bench.compare("-R", RUNS, |program| in_namespace(|| restore.time(program)))?;
    let rules = changes(&file)?;
    in_namespace(|| {
        load(&rules)?;
        for words in [&["-Ln"][..], &["-Ln", "--stats"], &["-Ln", "--rate"], &["-S", "-n"]] {
            let run = Run { words, stdin: None };
            bench.compare(&words.join(" "), MANY, |program| run.time(program))?;
        }
        bench.alone(ONE_WEIGHT, RUNS, one_weight(bench, size)?)
    })
}

/// Prepares runs of apply that change one weight of a loaded table.
fn one_weight(bench: &Bench, size: Size) -> Outcome<impl Fn(&str) -> Outcome<Duration>> {
    let (old, new) = (size.rules(&bench.scratch, 0)?, size.rules(&bench.scratch, 1)?);
    let ours = bench.ours.clone();
    Ok(move |program: &str| {
        let [old, new] = [&old, &new].map(|path| path.to_string_lossy());
        Run { words: &["apply", &old], stdin: None }.time(&ours)?;
        Run { words: &["apply", &new], stdin: None }.time(program)
    })
}

/// Our program only: time by the number of services.
fn linear(bench: &Bench) -> Outcome<()> {
    println!("\n# Ours alone, milliseconds by the number of services, 3 real servers each\n");
    println!("{:>8} {:>10} {:>10} {:>10} {:>10}", "services", "-R", "-Ln", "-S -n", "in memory");
    for services in [2_000, 10_000, 20_000] {
        let file = Size(services, 3).rules(&bench.scratch, 0)?;
        let rules = changes(&file)?;
        let restore = Run { words: &["-R"], stdin: Some(&file) };
        let listing = |words: &[&str]| {
            in_namespace(|| {
                load(&rules)?;
                Run { words, stdin: None }.time(&bench.ours)
            })
        };
        let [restore, list, save, memory] = in_turns(
            RUNS,
            [
                &|| in_namespace(|| restore.time(&bench.ours)),
                &|| listing(&["-Ln"]),
                &|| listing(&["-S", "-n"]),
                &|| in_namespace(|| load(&rules)),
            ],
        )?
        .map(millis);
        println!("{services:>8} {restore:>10.1} {list:>10.1} {save:>10.1} {memory:>10.1}");
    }
    Ok(())
}

/// Splits the time of a restore into the kernel's work, the start of a process, and the rest. Also
/// restores onto an existing table.
fn restore(bench: &Bench) -> Outcome<()> {
    println!("\n# Restore of 10,000 services x 3\n");
    let size = Size(10_000, 3);
    let file = size.rules(&bench.scratch, 0)?;
    let whole = Run { words: &["-R"], stdin: Some(&file) };
    parts(bench, &whole, size)?;
    let rules = changes(&file)?;
    println!("\n# ipvsadm-restore onto that table\n");
    measure::titles();
    let restore = Bench { ours: restore_program(bench)?, ..bench.clone() };
    for (name, changed) in [("the same file", 0), ("1 % other weights", 100)] {
        let file = size.rules(&bench.scratch, changed)?;
        let again = Run { words: &[], stdin: Some(&file) };
        restore.alone(name, FEW, |program| {
            in_namespace(|| {
                load(&rules)?;
                again.time(program)
            })
        })?;
    }
    bench.compare("-R after -C (clear, reload)", FEW, |program| {
        in_namespace(|| {
            load(&rules)?;
            cleared(program, &whole)
        })
    })
}

/// Splits the time of `-R` into the start of a process, the kernel's part (measured by sending the
/// same messages again), and the rest. Each round is split separately, because the machine's speed
/// varies between rounds.
fn parts(bench: &Bench, restore: &Run<'_>, Size(services, servers): Size) -> Outcome<()> {
    let prepared = replay::sent(bench, restore)?;
    let made = in_namespace(|| {
        replay::replay(&prepared)?;
        Ok(Client::open()?.table()?.destinations())
    })?;
    if made != services * servers {
        return Err(format!("the prepared messages make {made} real servers").into());
    }
    let start = Run { words: &["-v"], stdin: None };
    let turns = turns(
        MANY,
        [
            &|| in_namespace(|| start.time(&bench.ours)),
            &|| in_namespace(|| replay::replay(&prepared)),
            &|| in_namespace(|| restore.time(&bench.ours)),
        ],
    )?;
    let [start, kernel, whole] = medians(&turns).map(millis);
    println!(
        "start of a process {start:.1} ms, the prepared messages {kernel:.1} ms, -R {whole:.1} ms"
    );
    let ratios =
        turns.iter().map(|[start, kernel, whole]| millis(*whole) / millis(*start + *kernel));
    println!("-R takes {:.2} x the two", median(ratios));
    Ok(())
}

/// Path of a link through which the program is called ipvsadm-restore.
fn restore_program(bench: &Bench) -> Outcome<String> {
    let link = bench.scratch.join("ipvsadm-restore");
    std::os::unix::fs::symlink(&bench.ours, &link)?;
    Ok(link.display().to_string())
}

fn cleared(program: &str, restore: &Run<'_>) -> Outcome<Duration> {
    let clear = Run { words: &["-C"], stdin: None };
    Ok(clear.time(program)? + restore.time(program)?)
}

/// Applies one changed weight among 10,000 services, and lists the same table for comparison.
fn apply(bench: &Bench) -> Outcome<()> {
    println!("\n# One weight of 10,000 services x 3\n");
    let size = Size(10_000, 3);
    let rules = changes(&size.rules(&bench.scratch, 0)?)?;
    measure::titles();
    in_namespace(|| {
        load(&rules)?;
        let list = |words: &'static [&'static str]| {
            move |program: &str| Run { words, stdin: None }.time(program)
        };
        let [_, stats, save, apply] = bench
            .among(
                MANY,
                [
                    ("-Ln", &list(&["-Ln"])),
                    ("-Ln --stats", &list(&["-Ln", "--stats"])),
                    ("-S -n", &list(&["-S", "-n"])),
                    (ONE_WEIGHT, &one_weight(bench, size)?),
                ],
            )?
            .map(|it| it.as_secs_f64());
        println!("apply: {:.2} x -Ln --stats, {:.2} x -S -n", apply / stats, apply / save);
        Ok(())
    })
}

fn connections(bench: &Bench) -> Outcome<()> {
    println!("\n# Connections\n");
    measure::titles();
    for wanted in [10_000, 100_000] {
        in_namespace(|| {
            connect(wanted)?;
            let run = Run { words: &["-L", "-c", "-n"], stdin: None };
            bench.compare(&format!("-L -c -n of {wanted}"), FEW, |program| run.time(program))
        })?;
    }
    Ok(())
}
