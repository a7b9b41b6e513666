//! Values of options: addresses, ports, names, numbers. Most cases use edits, which can be repeated
//! on an existing object.

use crate::network::SMALL;
use crate::pair::{Pair, lines};

/// Values for options that take a number.
const NUMBERS: &str = include_str!("cases/numbers.txt");

/// Service addresses for any protocol.
const SERVICES: &str = include_str!("cases/services.txt");

/// Real server addresses.
const SERVERS: &str = include_str!("cases/servers.txt");

/// Values of `-f`.
const MARKS: &str = include_str!("cases/marks.txt");

/// IPv6 prefix lengths, of which only the leading digits are read.
const PREFIXES: &str = include_str!("cases/prefixes.txt");

/// IPv4 masks for which both programs agree.
const MASKS: &str = include_str!("cases/masks.txt");

/// Names of schedulers, engines and scheduler flags.
const NAMES: &str = include_str!("cases/names.txt");

/// Options of sync daemons.
const DAEMON: &str = include_str!("cases/daemon.txt");

fn check_values(option: &str, values: &str, commands: &[&str]) {
    check_each(option, values, commands, Pair::check_effect);
}

/// Checks values whose effect /proc shows.
fn check_outlines(option: &str, values: &str, commands: &[&str]) {
    check_each(option, values, commands, Pair::check_outline);
}

fn check_each(option: &str, values: &str, commands: &[&str], check: fn(&mut Pair, &str)) {
    let mut pair = Pair::with(SMALL);
    for value in lines(values) {
        for command in commands {
            check(&mut pair, &format!("{command} {option} {value}"));
        }
    }
    pair.check_tables();
}

#[test]
fn weights() {
    check_outlines("-w", NUMBERS, &["-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m"]);
}

#[test]
fn upper_thresholds() {
    check_values("-x", NUMBERS, &["-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m"]);
}

#[test]
fn lower_thresholds() {
    check_values("-y", NUMBERS, &["-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m -x 2147483647"]);
    check_values("-x 10 -y", "9\n10\n11", &["-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m"]);
    check_values("-y", "0\n1", &["-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m"]);
}

#[test]
fn persistence_times() {
    check_outlines("-p", NUMBERS, &["-E -t 10.0.0.1:80"]);
    check_values(
        "-E -t 10.0.0.1:80",
        "--persistent
--persistent=7
--persistent=
--persistent 8 9
--persistent=x",
        &[""],
    );
}

#[test]
fn tunnel_ports() {
    let gue = "-e -t 10.0.0.1:80 -r 10.1.0.1:80 -i --tun-type gue";
    check_values("--tun-port", NUMBERS, &[gue]);
}

#[test]
fn tunnels() {
    let mut pair = Pair::with(SMALL);
    let kinds = ["", "ipip", "gue", "gre", "GRE", "''", "sit", "gue ", "' gre'"];
    let sums = [
        "",
        "--tun-nocsum",
        "--tun-csum",
        "--tun-remcsum",
        "--tun-csum --tun-nocsum",
        "--tun-remcsum --tun-csum --tun-nocsum",
        "--tun-nocsum --tun-remcsum",
    ];
    for kind in kinds {
        let kind = if kind.is_empty() { String::new() } else { format!("--tun-type {kind}") };
        for port in ["", "--tun-port 6080"] {
            for sum in sums {
                pair.check_effect(&format!(
                    "-e -t 10.0.0.1:80 -r 10.1.0.1:80 -i {kind} {port} {sum}"
                ));
            }
        }
    }
    for options in ["--tun-port 6080", "--tun-nocsum", "--tun-type ipip", "--tun-csum -w 5"] {
        for method in ["", "-g", "-m"] {
            pair.check_effect(&format!("-e -t 10.0.0.1:80 -r 10.1.0.1:80 {method} {options}"));
        }
    }
    pair.check_effect("-a -t [2001:db8::1]:80 -r 10.1.0.5:80 -i --tun-type gre --tun-csum");
    pair.check_effect("-a -f 7 -6 -r 10.1.0.5 -i");
    pair.check_effect("-a -f 1 -r [2001:db8:1::5]:0 -i");
    pair.check_effect("-d -f 1 -r [2001:db8:1::5]:0");
    pair.check_effect("-d -f 1 -r 2001:db8:1::5");
}

#[test]
fn service_addresses() {
    check_outlines("-t", SERVICES, &["-A -s rr", "-D"]);
}

#[test]
fn service_addresses_of_other_protocols() {
    let some = lines(SERVICES).take(28).collect::<Vec<_>>().join("\n");
    check_outlines("-u", &some, &["-A -p -s rr", "-D"]);
    check_outlines("--sctp-service", &some, &["-A -p -s rr", "-D"]);
}

#[test]
fn service_addresses_of_servers() {
    let some =
        "10.0.0.1:80\n10.0.0.1:http\n10.0.0.1\nvip.example:80\nnosuch.example:80\n10.0.0.9:80\n''";
    check_outlines("-r 10.1.0.1:80 -t", some, &["-a -m", "-e -m", "-d"]);
}

#[test]
fn real_server_addresses() {
    check_values(
        "-r",
        SERVERS,
        &["-a -t 10.0.0.1:80 -m", "-e -t 10.0.0.1:80 -i -w 3", "-d -t 10.0.0.1:80"],
    );
}

#[test]
fn real_server_addresses_of_other_services() {
    check_outlines("-r", SERVERS, &["-a -t [2001:db8::1]:80", "-d -t [2001:db8::1]:80"]);
    check_outlines("-r", SERVERS, &["-a -f 1", "-d -f 1"]);
    check_outlines("-r", SERVERS, &["-a -u 10.0.0.1:53 -i"]);
}

#[test]
fn firewall_marks() {
    check_outlines("-f", MARKS, &["-A", "-L -n", "-a -r 10.1.0.2 -m", "-D"]);
}

#[test]
fn masks() {
    check_outlines("-M", MASKS, &["-E -t 10.0.0.1:80 -p"]);
    check_outlines("-M", PREFIXES, &["-E -t [2001:db8::1]:80 -p", "-E -f 7 -6 -p"]);
    check_outlines("-M", MASKS, &["-E -t [2001:db8::1]:80 -p", "-E -f 1 -p"]);
    check_values("", "-M 255.255.255.0 -p -f 1", &["-E"]);
}

#[test]
fn names() {
    check_values("", NAMES, &["-E -t 10.0.0.1:80"]);
    check_values(
        "",
        &lines(NAMES).filter(|line| line.contains("--pe")).collect::<Vec<_>>().join("\n"),
        &["-E -u 10.0.0.1:53"],
    );
    check_values(
        "",
        "-o\n-o -p\n-o -s sh -b sh-port\n-o -o",
        &["-E -u 10.0.0.1:53", "-E -f 1", "-E -t 10.0.0.1:80"],
    );
}

#[test]
fn daemons() {
    let mut pair = Pair::new();
    let numbers = ["--syncid", "--sync-maxlen", "--mcast-port", "--mcast-ttl"];
    for (option, value) in
        numbers.iter().flat_map(|option| lines(NUMBERS).map(move |value| (option, value)))
    {
        daemon(&mut pair, "backup", &format!("--mcast-interface sync0 {option} {value}"));
    }
    for options in lines(DAEMON) {
        daemon(&mut pair, "master", options);
        if !options.contains("interface") {
            daemon(&mut pair, "backup", &format!("{options} --mcast-interface sync0"));
        }
    }
    pair.check_tables();
}

fn daemon(pair: &mut Pair, role: &str, options: &str) {
    if pair.check(&format!("--start-daemon {role} {options}")).status == 0 {
        pair.check_tables();
        pair.check(&format!("--stop-daemon {role}"));
    }
}
