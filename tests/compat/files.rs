//! Rule files: each program loads what the other saved; the commands that save and restore.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use crate::comparison::{diff, difference, report};
use crate::departures::without_thresholds;
use crate::network::{RICH, SMALL};
use crate::pair::{Pair, Side, shown, words};
use crate::testbed::process::{Outcome, run_commands_of};
use crate::testbed::{self, UnderTest};

fn save(side: &Side, line: &str) -> String {
    let outcome = side.run(&words(line), None);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{line}");
    outcome.stdout
}

fn restore(side: &Side, file: &str) {
    let outcome = side.run(&words("-R"), Some(file));
    assert_eq!(
        (outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()),
        (0, "", ""),
        "-R <<< {file}"
    );
}

#[test]
fn a_saved_table_is_the_same_text() {
    let mut pair = Pair::with(&without_thresholds(RICH));
    pair.check("-S -n");
    pair.check("--save --numeric");
}

#[test]
fn each_program_loads_what_either_saves() {
    for (from_ours, to_ours) in [(true, true), (true, false), (false, true)] {
        let mut pair = Pair::with(&without_thresholds(RICH));
        let from = if from_ours { &pair.ours } else { &pair.theirs };
        let to = if to_ours { &pair.ours } else { &pair.theirs };
        let file = save(from, "-S -n");
        let before = pair.table(from);
        pair.load_side(to, "-C\n");
        restore(to, &file);
        let after = pair.table(to);
        let again = save(to, "-S -n");
        let direction = format!("from ours: {from_ours}, to ours: {to_ours}");
        if before != after {
            pair.differs(format!(
                "loading changes the table ({direction}):\n{}",
                diff(&before, &after)
            ));
        }
        if file != again {
            pair.differs(format!("a second file differs ({direction}):\n{}", diff(&file, &again)));
        }
    }
}

#[test]
fn accepted_lines_of_a_file() {
    let mut pair = Pair::new();
    let files = [
        "",
        "\n",
        "\n\n  \n\t\n",
        "-A -t 10.0.0.1:80 -s rr",
        "-A -t 10.0.0.2:80 -s rr\n-a -t 10.0.0.2:80 -r 10.1.0.1:80 -m -w 1",
        "-A -t 10.0.0.3:80\r\n-a -t 10.0.0.3:80 -r 10.1.0.1:80 -m\r\n",
        "  -A\t-t   10.0.0.4:80  \t -s rr  \n",
        "ipvsadm\n",
        "ipvsadm -A -t 10.0.0.5:80\nipvsadm -a -t 10.0.0.5:80 -r 10.1.0.1:80 -i\n",
        "-C\n-A -t 10.0.0.6:80\n",
        "-A -t 10.0.0.7:80\n-L -n\n-S -n\n-D -t 10.0.0.7:80\n-L -n\n",
        "--set 5 6 7\n-L --timeout\n",
        "--start-daemon backup --mcast-interface sync0\n-L --daemon\n",
        "-Z\n-Z -t 10.0.0.6:80\n",
        "-A -t [2001:db8::1]:80 -s wlc -p 60 -M 64\n-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -m -w 9\n",
        "-A -t[2001:db8::2]:80 -swlc\n",
        "-A -t 10.0.0.8:80 -s rr\n-E -t 10.0.0.8:80 -s wrr -p\n-a -t 10.0.0.8:80 -r 10.1.0.1 -w 3 -x 9 -y 8\n-e -t 10.0.0.8:80 -r 10.1.0.1 -w 4\n-d -t 10.0.0.8:80 -r 10.1.0.1\n",
        "-A -f 9 -6 -s sh -b sh-port\n-a -f 9 -6 -r 10.1.0.1 -i --tun-type gre --tun-csum\n",
        "-A -t vip.example:http\n-a -t vip.example:http -r server.example:http -g -w 1\n",
        "--add-service --tcp-service=10.0.0.9:80 --scheduler=rr\n",
        "-A -u 10.0.0.9:80 -s rr -o\n\n\n-A -u 10.0.0.10:80 -s rr\n",
        "-C",
        "-C\n-C\n",
    ];
    for file in files {
        pair.check_input("-R", file);
        pair.check_tables();
    }
    pair.check_input("--restore", "-A -t 10.0.0.1:80 -s rr\n");
    pair.check_input("-R --", "-A -t 10.0.0.2:80 -s rr\n");
    pair.check_input("-R --sort", "-A -t 10.0.0.3:80 -s rr\n");
    pair.check_tables();
}

#[test]
fn a_failing_last_line_decides_in_both_programs() {
    let mut pair = Pair::with(SMALL);
    for file in [
        "-A -t 10.0.0.1:80\n",
        "-A -t 10.0.0.9:80\n-A -t 10.0.0.9:80\n",
        "-D -t 10.0.0.77:80\n",
        "-a -t 10.0.0.77:80 -r 10.1.0.1\n",
        "-A -n\n",
        "-A -t bad\n",
        "-A\n",
    ] {
        pair.check_input("-R", file);
        pair.check_tables();
    }
}

/// A directory with the three commands under their names.
struct Commands {
    directory: TempDir,
}

impl Commands {
    fn new(side: UnderTest) -> Self {
        let directory = TempDir::new().expect("scratch directory");
        for name in ["ipvsadm", "ipvsadm-save", "ipvsadm-restore"] {
            symlink(testbed::companion(side, name).path, directory.path().join(name))
                .expect("link");
        }
        Self { directory }
    }

    /// Runs one of the commands from the PATH of a shell.
    fn run(&self, side: &Side, line: &str, stdin: Option<&str>) -> Outcome {
        side.namespace.enter();
        run_commands_of(self.directory.path(), line, stdin)
    }
}

#[test]
fn the_commands_that_save_and_restore() {
    let mut pair = Pair::with(&without_thresholds(RICH));
    let ours = Commands::new(testbed::under_test());
    let theirs = Commands::new(UnderTest::Theirs);
    let file = save(&pair.theirs, "-S -n");
    let commented = format!("# a comment\n#another\n{file}\n# the end\n");
    let cases = [
        ("ipvsadm-save -n", None),
        ("ipvsadm-save", None),
        ("ipvsadm-save word", None),
        ("ipvsadm-save -n word", None),
        ("ipvsadm-save -x", None),
        ("ipvsadm-save -h", None),
        ("ipvsadm-save --help", None),
        ("ipvsadm-save -n -n", None),
        ("ipvsadm-save --numeric", None),
        ("ipvsadm-restore", Some(file.as_str())),
        ("ipvsadm-restore", Some(commented.as_str())),
        ("ipvsadm-save -n", None),
        ("ipvsadm-restore", Some("")),
        ("ipvsadm-save -n", None),
        ("ipvsadm-restore", Some("-A -t 10.0.0.1:80 -s rr\n")),
        ("ipvsadm-save -n", None),
        ("ipvsadm-restore -h", Some("")),
        ("ipvsadm-restore word", Some("-A -t 10.0.0.2:80 -s rr\n")),
        ("ipvsadm-save -n", None),
    ];
    for (line, stdin) in cases {
        let names = !line.contains("-n") && line.starts_with("ipvsadm-save");
        let (our_run, their_run) =
            (ours.run(&pair.ours, line, stdin), theirs.run(&pair.theirs, line, stdin));
        let help = their_run.status != 0 || line.contains("-h");
        let same = if help || names {
            our_run.status == their_run.status
        } else {
            difference(&our_run, &their_run).is_none()
        };
        if !same {
            pair.differs(report("command", &shown(&words(line), stdin), &our_run, &their_run));
        }
    }
    pair.check_tables();
}

/// Names that can be resolved to the same numbers, and numbers without a name.
const NAMED: &str = "\
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:443 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.33:8080 -m -w 2
-a -t 10.0.0.1:80 -r 10.1.0.9:7001 -m -w 3
-A -t 10.0.0.9:21 -s wlc -p 300
-A -t 10.0.0.54:80 -s rr
-A -u 10.0.0.33:53 -s rr -o
-a -u 10.0.0.33:53 -r 10.1.0.1:53 -g -w 1
-A -u 10.0.0.1:7001 -s rr
-A --sctp-service 10.0.0.1:3868 -s rr
-A -t [2001:db8::1]:443 -s rr
-a -t [2001:db8::1]:443 -r [2001:db8:1::1]:443 -i -w 1
-A -f 80 -s rr
-a -f 80 -r 10.1.0.1:0 -g -w 1
";

#[test]
fn saved_names_are_the_same_text() {
    let mut pair = Pair::with(NAMED);
    let ours = Commands::new(testbed::under_test());
    let theirs = Commands::new(UnderTest::Theirs);
    for line in ["ipvsadm-save", "ipvsadm-save word", "ipvsadm -S", "ipvsadm --save"] {
        let our_run = ours.run(&pair.ours, line, None);
        let their_run = theirs.run(&pair.theirs, line, None);
        for part in
            ["vip.example:http -r server.example:https ", "10.0.0.9:ftp ", ".example:http -s"]
        {
            assert!(their_run.stdout.contains(part), "{line}, {part}: {their_run:?}");
        }
        if difference(&our_run, &their_run).is_some() {
            pair.differs(report("command", line, &our_run, &their_run));
        }
    }
}
