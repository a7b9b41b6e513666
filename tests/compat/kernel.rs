//! The kernel's errors, and commands whose effect depends on earlier ones.

use crate::network::SMALL;
use crate::pair::Pair;
use crate::testbed::hidden::Hidden;

fn check_each(pair: &mut Pair, lines: &[&str]) {
    for line in lines {
        pair.check(line);
    }
    pair.check_tables();
}

#[test]
fn errors_for_existing_and_missing_objects() {
    let mut pair = Pair::with(SMALL);
    check_each(
        &mut pair,
        &[
            "-A -t 10.0.0.1:80",
            "-A -u 10.0.0.1:53 -s nosuch",
            "-A -t 10.0.0.9:80 -s nosuch",
            "-E -t 10.0.0.1:80 -s nosuch",
            "-E -t 10.0.0.9:80",
            "-E -t 10.0.0.9:80 -s nosuch",
            "-A -u 10.0.0.9:80 --pe nosuch -p",
            "-E -u 10.0.0.1:53 --pe nosuch -p",
            "-A -f 1",
            "-A -f 7 -6",
            "-A -f 7",
            "-D -t 10.0.0.9:80",
            "-D -f 9",
            "-D -f 1 -6",
            "-D --sctp-service 10.0.0.1:80",
            "-Z -t 10.0.0.9:80",
            "-L -t 10.0.0.9:80",
            "-L -n -f 9",
            "-L -n -f 1 -6",
            "-L -n --stats -u 10.0.0.9:53",
            "-a -t 10.0.0.1:80 -r 10.1.0.1:80",
            "-a -t 10.0.0.9:80 -r 10.1.0.1:80",
            "-e -t 10.0.0.1:80 -r 10.1.0.9:80",
            "-e -t 10.0.0.9:80 -r 10.1.0.1:80",
            "-d -t 10.0.0.1:80 -r 10.1.0.9:80",
            "-d -t 10.0.0.9:80 -r 10.1.0.1:80",
            "-a -f 9 -r 10.1.0.1",
            "-e -f 1 -r 10.1.0.1:80",
            "-d -f 1 -r 10.1.0.1:80",
            "-d -t [2001:db8::1]:80 -r [2001:db8:1::9]:80",
            "--stop-daemon master",
            "--stop-daemon backup",
            "--start-daemon master --mcast-interface nosuch0",
        ],
    );
}

#[test]
fn values_that_the_kernel_refuses() {
    let mut pair = Pair::with(SMALL);
    check_each(
        &mut pair,
        &[
            "-a -t 10.0.0.1:80 -r 224.0.0.1:80",
            "-a -t 10.0.0.1:80 -r 255.255.255.255:80",
            "-a -t 10.0.0.1:80 -r 10.9.0.255:80",
            "-a -t 10.0.0.1:80 -r 0.0.0.0:80",
            "-a -t [2001:db8::1]:80 -r [ff02::1]:80",
            "-a -t [2001:db8::1]:80 -r [::]:80",
            "-a -t 10.0.0.1:80 -r 10.1.0.9:80 -y 5",
            "-e -t 10.0.0.1:80 -r 10.1.0.1:80 -x 5 -y 6",
            "-A -t 10.0.0.9:0 -p",
            "-A -u 10.0.0.9:0 -p -o",
            "-A -u 10.0.0.9:53 -s sh -o -p",
            "-E -t 10.0.0.1:80 -p -M 255.255.255.0",
            "-E -t 10.0.0.1:80 --pe sip -p",
            "--start-daemon master --mcast-interface sync0 --mcast-group 10.0.0.1",
            "--start-daemon master --mcast-interface lo --mcast-group ff05::81",
            "--start-daemon backup --mcast-interface sync0 --sync-maxlen 65507",
            "--start-daemon backup --mcast-interface sync0",
            "--start-daemon master --mcast-interface sync0 --sync-maxlen 1",
            "--start-daemon master --mcast-interface sync0",
            "-L --daemon",
            "-L --daemon -n",
        ],
    );
    check_each(
        &mut pair,
        &[
            "--stop-daemon master --syncid 9",
            "-L --daemon",
            "--stop-daemon backup",
            "--stop-daemon backup",
            "-L --daemon",
        ],
    );
}

#[test]
fn a_namespace_without_an_address_takes_no_server() {
    let mut pair = Pair::on("");
    check_each(
        &mut pair,
        &[
            "-A -t 10.0.0.1:80",
            "-a -t 10.0.0.1:80 -r 10.1.0.1:80",
            "-a -t 10.0.0.1:80 -r [2001:db8:1::1]:80 -i",
        ],
    );
}

#[test]
fn an_edit_resets_options_that_are_not_given() {
    let mut pair = Pair::with(SMALL);
    for line in [
        "-A -u 10.0.0.5:53 -s mh -p 77 -M 255.255.0.0 --pe sip -o -b mh-port",
        "-E -u 10.0.0.5:53",
        "-E -u 10.0.0.5:53 -o",
        "-E -u 10.0.0.5:53 -b flag-1",
        "-E -u 10.0.0.5:53 -p -M 255.0.0.0",
        "-E -u 10.0.0.5:53 -s rr",
        "-a -u 10.0.0.5:53 -r 10.1.0.1:5353 -m -w 9 -x 8 -y 7",
        "-e -u 10.0.0.5:53 -r 10.1.0.1:5353 -m",
        "-e -u 10.0.0.5:53 -r 10.1.0.1:5353",
        "-a -u 10.0.0.5:53 -r 10.1.0.2:5353",
        "-e -u 10.0.0.5:53 -r 10.1.0.2:5353 -w 4",
        "-e -u 10.0.0.5:53 -r 10.1.0.2 -i --tun-type gue --tun-port 9 --tun-csum",
        "-e -u 10.0.0.5:53 -r 10.1.0.2 -i",
        "-d -u 10.0.0.5:53 -r 10.1.0.2:5353",
        "-d -u 10.0.0.5:53 -r 10.1.0.2",
        "-d -u 10.0.0.5:53 -r 10.1.0.1:5353",
        "-D -u 10.0.0.5:53",
        "-Z",
        "-Z -t 10.0.0.1:80",
        "-C",
        "-C",
        "-Z",
        "-S",
        "-L -n",
        "-L -n -c",
        "-L -n --stats",
    ] {
        pair.check_effect(line);
    }
}

#[test]
fn daemons_and_servers_of_another_family_exclude_each_other() {
    let mut pair = Pair::with(SMALL);
    for line in [
        "-a -t 10.0.0.1:80 -r [2001:db8:1::9]:80 -i",
        "--start-daemon master --mcast-interface sync0",
        "-d -t 10.0.0.1:80 -r [2001:db8:1::9]:80",
        "--start-daemon master --mcast-interface sync0",
        "-a -t 10.0.0.1:80 -r [2001:db8:1::9]:80 -i",
        "--stop-daemon master",
    ] {
        pair.check_effect(line);
    }
}

#[test]
fn an_empty_table_is_no_error() {
    let mut pair = Pair::new();
    check_each(
        &mut pair,
        &[
            "",
            "-L",
            "-Ln",
            "-S",
            "-Sn",
            "-C",
            "-Z",
            "-Lc",
            "-L --daemon",
            "-L --timeout",
            "-L --stats",
            "-L --rate",
            "-L --thresholds",
            "-L --persistent-conn",
            "-L --tun-info",
            "-L -c --persistent-conn",
        ],
    );
    pair.check_input("-R", "");
}

#[test]
fn connections_cannot_be_read() {
    let mut pair = Pair::with(SMALL);
    let _hidden = Hidden::new("/proc");
    for line in ["-L -c", "-L -c -n", "-Lc --persistent-conn"] {
        let theirs = pair.check(line);
        let said = theirs.stderr.trim_end();
        assert_eq!((theirs.status, said), (1, "cannot open file /proc/net/ip_vs_conn"), "{line}");
    }
}

#[test]
fn help_and_version() {
    let mut pair = Pair::new();
    for line in [
        "-h",
        "--help",
        "-h foo -Q --bogus",
        "-hQ",
        "-hL",
        "-v",
        "--version",
        "-v foo -Q",
        "-vn",
        "-hv",
        "-vh",
    ] {
        let (ours, theirs) = pair.run(&crate::pair::words(line), None);
        let same = ours.status == theirs.status
            && ours.stdout.is_empty() == theirs.stdout.is_empty()
            && ours.stderr == theirs.stderr;
        let version = !line.starts_with("-v") && !line.starts_with("--v")
            || ours.stdout.starts_with("ipvsadm v1.31");
        if !same || !version {
            pair.differs(crate::comparison::report("help", line, &ours, &theirs));
        }
    }
}
