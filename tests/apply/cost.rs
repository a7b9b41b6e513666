//! What it costs: the changes that are needed, and hardly more than reading.

#![allow(clippy::print_stdout)] // figures, with --nocapture

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::common::namespace;
use crate::program::{file, ours, restore, traced, traced_restore};

const SERVICES: usize = 10_000;

/// Addresses apart: up to 7.0 the kernel's table of services has 256 buckets.
fn many(weight_of_last: u32) -> String {
    let mut text = String::new();
    for n in 0..SERVICES {
        let (a, b) = (n / 250, n % 250);
        let vip = format!("10.{a}.{b}.{}:80", n % 251);
        let weight = if n + 1 == SERVICES { weight_of_last } else { 1 };
        let _ =
            writeln!(text, "-A -t {vip} -s wlc\n-a -t {vip} -r 172.16.{a}.{b}:80 -g -w {weight}");
    }
    text
}

/// The requests of a trace that change something, by the number of their command.
fn changes(log: &str) -> Vec<u8> {
    let starts = log.lines().filter(|row| row.contains("sendto(")).flat_map(|row| {
        row.split("nlmsg_type=IPVS").skip(1).filter_map(|part| part.split_once("}, \"\\x"))
    });
    let commands = starts.filter_map(|(_, payload)| u8::from_str_radix(&payload[..2], 16).ok());
    // 4, 8, 11 and 13 read.
    commands.filter(|command| ![4, 8, 11, 13, 15].contains(command)).collect()
}

fn best(words: &[&str], status: i32) -> Duration {
    let once = || {
        let begun = Instant::now();
        ours(words).expect(status);
        begun.elapsed()
    };
    (0..2).map(|_| once()).min().unwrap()
}

#[test]
fn one_weight_of_ten_thousand_services_is_one_request() {
    namespace(|| {
        restore(&many(1)).expect(0);
        let (_two, two) = file(&many(2));
        // The filter spares the others the stop.
        let trace = ["--seccomp-bpf", "-xx", "-s", "16", "-e", "trace=sendto"];
        let (outcome, log) = traced(&trace, &["apply", &two]);
        assert_eq!(outcome.out, "1 change made: 0 added, 1 edited, 0 deleted\n", "{outcome:?}");
        assert_eq!(changes(&log), [6], "SET_DEST is 6");
    });
}

#[test]
fn a_name_is_looked_up_once() {
    namespace(|| {
        let trace = ["-e", "trace=openat"];
        let (outcome, log) = traced(&trace, &["-A", "-t", "localhost:80", "-s", "rr"]);
        outcome.expect(0);
        let look_ups = log.lines().filter(|row| row.contains("\"/etc/hosts\"")).count();
        assert_eq!(look_ups, 1, "{log}");
    });
}

#[test]
fn applying_one_weight_takes_hardly_longer_than_reading() {
    namespace(|| {
        restore(&many(1)).expect(0);
        let ((_one, one), (_two, two)) = (file(&many(1)), file(&many(2)));
        let read = best(&["-S", "-n"], 0);
        let list = best(&["-L", "-n"], 0);
        let applies = [&two, &one, &two].map(|path| best(&["apply", path], 0));
        let apply = applies.into_iter().min().unwrap();
        println!("list {list:.0?}, read all {read:.0?}, apply one weight {apply:.0?}");
        assert!(apply < read * 2, "apply {apply:?}, reading alone {read:?}");
    });
}

#[test]
fn restore_goes_to_the_disk_once() {
    namespace(|| {
        for text in [many(1), many(2)] {
            let trace = ["--seccomp-bpf", "-e", "trace=fsync,fdatasync,write"];
            let (outcome, log) = traced_restore(&trace, &text);
            outcome.expect(0);
            // The file and its folder.
            assert_eq!(log.matches("sync(").count(), 2, "{log}");
            assert!(log.matches("write(").count() < 20, "{log}");
        }
    });
}

#[test]
fn restore_onto_the_same_table_sends_nothing() {
    namespace(|| {
        let text = many(1);
        let begun = Instant::now();
        restore(&text).expect(0);
        let fresh = begun.elapsed();
        let begun = Instant::now();
        restore(&text).expect(0);
        let same = begun.elapsed();
        let trace = ["--seccomp-bpf", "-xx", "-s", "16", "-e", "trace=sendto"];
        let (outcome, log) = traced_restore(&trace, &text);
        outcome.expect(0);
        assert!(log.contains("sendto("), "it reads at least: {log}");
        assert_eq!(changes(&log), [0; 0]);
        ours(&["-C"]).expect(0);
        let begun = Instant::now();
        restore(&text).expect(0);
        let cleared = begun.elapsed();
        println!("restore: fresh {fresh:.0?}, onto the same {same:.0?}, after -C {cleared:.0?}");
    });
}
