//! Compares every listing of a table that contains everything.

use std::fmt::Write;

use crate::network::{RICH, SMALL};
use crate::pair::Pair;

/// Options that choose the columns of a listing of services.
const COLUMNS: &[&str] = &["--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info"];

/// Every option of listings.
const OPTIONS: &[&str] = &[
    "-n",
    "-X",
    "--nosort",
    "--sort",
    "--stats",
    "--rate",
    "--thresholds",
    "--persistent-conn",
    "--tun-info",
    "-c",
    "--timeout",
    "--daemon",
    "--syncid 5",
    "-t 10.0.0.33:81",
    "-f 7 -6",
];

/// Services that are listed alone.
const SINGLE: &[&str] = &[
    "-t 10.0.0.1:80",
    "-t vip.example:443",
    "-t 10.0.0.33:81",
    "-t 10.0.0.60",
    "-u 10.0.0.1:5060",
    "--sctp-service 10.0.0.1:3868",
    "-t [2001:db8::1]:443",
    "-f 1",
    "-f 7",
    "-f 7 -6",
    "-f 2147483647",
];

#[test]
fn each_set_of_columns() {
    let mut pair = Pair::with(RICH);
    for set in 0..1 << COLUMNS.len() {
        let chosen = (0..COLUMNS.len()).filter(|nth| set >> nth & 1 == 1).map(|nth| COLUMNS[nth]);
        let columns: Vec<&str> = chosen.collect();
        pair.check(&format!("-L -n {}", columns.join(" ")));
    }
}

#[test]
fn each_pair_of_options() {
    let mut pair = Pair::with(RICH);
    for (nth, first) in OPTIONS.iter().enumerate() {
        pair.check(&format!("-L {first}"));
        for second in &OPTIONS[nth + 1..] {
            pair.check(&format!("-L {second} {first}"));
        }
    }
}

#[test]
fn one_service() {
    let mut pair = Pair::with(RICH);
    for service in SINGLE {
        pair.check(&format!("-L {service}"));
        for columns in COLUMNS.iter().chain(&["", "-X", "--nosort"]) {
            pair.check(&format!("-L -n {service} {columns}"));
        }
    }
}

#[test]
fn names_and_numbers() {
    let mut pair = Pair::with(RICH);
    for line in [
        "",
        "-L",
        "-l",
        "-Ln",
        "-ln",
        "-L --stats",
        "-L --rate",
        "-L --thresholds",
        "-L --persistent-conn",
        "-L --tun-info",
        "-L --nosort",
        "-L --nosort -n",
        "--list --numeric --sort",
    ] {
        pair.check(line);
    }
}

#[test]
fn orders_of_the_old_program() {
    let mut pair = Pair::new();
    let addresses = ["130.0.0.1", "172.16.0.1", "192.168.0.1", "224.0.0.9", "1.1.1.1"];
    let mut rules = String::new();
    for (nth, address) in addresses.iter().rev().enumerate() {
        let port = 80 + nth;
        let _ = write!(
            rules,
            "-A -t {address}:{port} -s rr\n-A -t {address}:79 -s rr\n-A -u {address}:53 -s rr\n"
        );
        let _ = write!(rules, "-A -f {} -s rr\n-A -f {} -6 -s rr\n", nth + 1, 2_147_483_600 - nth);
    }
    for server in [
        "192.168.7.1:80",
        "10.1.0.1:80",
        "172.31.0.1:80",
        "10.1.0.1:79",
        "10.1.0.1:32768",
        "10.1.0.1:65535",
    ] {
        let _ = writeln!(rules, "-a -t 1.1.1.1:79 -r {server} -m");
    }
    for service in
        ["fd00::1", "2001:db8::1", "fe80::1", "2001:db8::ffff:ffff:0:1", "2001:db8::1:0:0:0"]
    {
        let _ = write!(rules, "-A -t [{service}]:80 -s rr\n-A -u [{service}]:1 -s rr\n");
    }
    pair.load(&rules);
    pair.check("-L -n");
    pair.check("-S -n");
    pair.check("-L -n --nosort");
}

#[test]
fn a_table_of_many_services() {
    let mut pair = Pair::new();
    let mut rules = String::new();
    for nth in 0..600 {
        let key = format!("-t 10.0.{}.{}:{}", nth % 7, nth % 250, 1000 + nth);
        let _ = writeln!(rules, "-A {key} -s rr");
        for server in 0..nth % 4 {
            let _ = writeln!(rules, "-a {key} -r 10.1.{server}.{}:80 -m -w {server}", nth % 99 + 1);
        }
    }
    pair.load(&rules);
    for line in ["-Ln", "-Ln --stats", "-Sn", "-Ln --nosort"] {
        pair.check(line);
    }
    rules.clear();
    for nth in 0..400 {
        let server = format!("10.2.{}.{}:80", nth / 200, nth % 200 + 1);
        let _ = writeln!(rules, "-a -t 10.0.0.0:1000 -r {server} -m");
    }
    pair.load(&rules);
    for line in ["-Ln", "-Ln -t 10.0.0.0:1000", "-Sn"] {
        pair.check(line);
    }
}

#[test]
fn timeouts_and_daemons() {
    let mut pair = Pair::with(SMALL);
    for line in [
        "-L --timeout",
        "--set 1 2 3",
        "-L --timeout",
        "--set 0 0 30",
        "-L --timeout -n",
        "--set 2678400 0 0",
        "-L --timeout",
        "-L --daemon",
        "--start-daemon backup --mcast-interface lo --syncid 255",
        "-L --daemon",
        "--start-daemon master --mcast-interface sync0 --syncid 1 --mcast-group ff05::81 --mcast-port 65535 --mcast-ttl 255 --sync-maxlen 1000",
        "-L --daemon",
        "-l --daemon -n",
        "--stop-daemon backup",
        "-L --daemon",
        "--stop-daemon master",
        "-L --daemon",
        "--start-daemon master --mcast-interface sync0 --mcast-group 239.1.2.3 --mcast-port 1",
        "-L --daemon",
    ] {
        pair.check(line);
    }
    pair.check_tables();
}
