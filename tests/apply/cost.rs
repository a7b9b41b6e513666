//! Counts requests: only the necessary changes, and hardly more than one listing.

use std::fmt::Write;

use crate::common::namespace;
use crate::program::{file, restore, traced, traced_restore};

const SERVICES: usize = 10_000;

/// Different addresses: before Linux 7.1, the kernel's hash table of services has only 256 buckets.
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

/// System calls that carry requests to the kernel.
const CALLS: &str = "trace=sendto,getsockopt";

/// From a trace: the numbers of the commands that change something, and the number of reads
/// (commands 4, 8, 11, 13 and 15, and all socket options).
fn requests(log: &str) -> (Vec<u8>, usize) {
    let starts = log.lines().filter(|row| row.contains("sendto(")).flat_map(|row| {
        row.split("nlmsg_type=IPVS").skip(1).filter_map(|part| part.split_once("}, \"\\x"))
    });
    let commands = starts.filter_map(|(_, payload)| u8::from_str_radix(&payload[..2], 16).ok());
    let (reading, changing): (Vec<u8>, Vec<u8>) =
        commands.partition(|command| [4, 8, 11, 13, 15].contains(command));
    let options = log.lines().filter(|row| row.contains("IP_VS_SO_GET_"));
    (changing, reading.len() + options.count())
}

#[test]
fn one_weight_of_ten_thousand_services_is_one_request_and_one_listing() {
    namespace(|| {
        restore(&many(1)).expect(0);
        let (_two, two) = file(&many(2));
        // The seccomp filter stops only at the traced calls.
        let trace = ["--seccomp-bpf", "-xx", "-s", "16", "-e", CALLS];
        let (outcome, log) = traced(&trace, &["apply", &two]);
        assert_eq!(outcome.out, "1 change made: 0 added, 1 edited, 0 deleted\n", "{outcome:?}");
        let (changes, apply) = requests(&log);
        assert_eq!(changes, [6], "SET_DEST is 6");
        let (outcome, log) = traced(&trace, &["-S", "-n"]);
        outcome.expect(0);
        let (_, list) = requests(&log);
        assert_eq!(list, SERVICES + 3, "their number, two lists of them, the real servers of each");
        assert!(apply <= list + 6, "the services once more, time-outs and daemons: {apply}");
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
fn restore_syncs_to_disk_once() {
    namespace(|| {
        for text in [many(1), many(2)] {
            let trace = ["--seccomp-bpf", "-e", "trace=fsync,fdatasync,write"];
            let (outcome, log) = traced_restore(&trace, &text);
            outcome.expect(0);
            // One fsync for the file and one for its folder.
            assert_eq!(log.matches("sync(").count(), 2, "{log}");
            assert!(log.matches("write(").count() < 20, "{log}");
        }
    });
}

#[test]
fn restore_onto_the_same_table_sends_nothing() {
    namespace(|| {
        let text = many(1);
        restore(&text).expect(0);
        let trace = ["--seccomp-bpf", "-xx", "-s", "16", "-e", CALLS];
        let (outcome, log) = traced_restore(&trace, &text);
        outcome.expect(0);
        let (changes, reads) = requests(&log);
        assert!(reads > SERVICES, "it reads at least: {reads}");
        assert_eq!(changes, [0; 0]);
    });
}
