//! Completion in real shells on a real kernel: what a user sees after pressing Tab.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

#[path = "../common/mod.rs"]
#[allow(dead_code)] // tests/kernel uses all of it
mod common;
mod shells;

use std::process::Command;
use std::time::Duration;

use common::{namespace_within, run};
use shells::{OURS, Shell};

/// Time limit. Shells take seconds to start in a guest on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Services whose addresses have a common beginning, where the shells stop.
const TABLE: &str = "\
-A -t 192.0.2.100:80 -s wlc
-a -t 192.0.2.100:80 -r 10.0.0.11:80 -g -w 1
-a -t 192.0.2.100:80 -r 10.0.0.12:80 -g -w 3
-A -t 192.0.2.100:8443 -s rr
-A -u 192.0.2.100:53 -s rr
-A -f 7 -s rr
-A -t [2001:db8::100]:80 -s rr
";

/// Runs a test with the table in a new namespace, with an interface `eth0`.
fn bed(test: impl FnOnce(&mut Shells) + Send + 'static) {
    namespace_within(PATIENCE, || {
        run("ip", &["link", "add", "eth0", "type", "dummy"]);
        run("ip", &["address", "add", "192.0.2.2/24", "dev", "eth0"]);
        run("ip", &["link", "set", "eth0", "up"]);
        let script = format!("{OURS} -R <<END\n{TABLE}END\n");
        run("sh", &["-c", &script]);
        test(&mut Shells(Shell::all()));
    });
}

/// One shell of each kind: bash, zsh, fish.
struct Shells([Shell; 3]);

impl Shells {
    /// The screen of each shell after Tab. All shells work at the same time, since most of it is
    /// waiting.
    fn screens(&mut self, typed: &str, wanted: &[&str]) -> Vec<String> {
        self.0.iter_mut().for_each(|shell| shell.press(typed, wanted));
        self.0.iter_mut().map(Shell::screen).collect()
    }

    /// Presses Tab after `typed`. Each shell must complete or list all of `wanted`.
    #[track_caller]
    fn completes(&mut self, typed: &str, wanted: &[&str]) {
        for seen in self.screens(typed, wanted) {
            for word in wanted {
                assert!(seen.contains(word), "{typed}: no {word} in {seen:?}");
            }
        }
    }

    /// Presses Tab after `typed`. No shell may show any of `unwanted`.
    #[track_caller]
    fn leaves_out(&mut self, typed: &str, unwanted: &[&str]) {
        for seen in self.screens(typed, &[]) {
            for word in unwanted {
                assert!(!seen.contains(word), "{typed}: {word} in {seen:?}");
            }
        }
    }
}

// Starting three shells takes longer than ten completions in each, so each test has many.

#[test]
fn services_and_their_real_servers() {
    bed(|shells| {
        shells.completes("-D -t ", &["192.0.2.100:80", "192.0.2.100:8443", "2001:db8::100"]);
        shells.leaves_out("-D -t ", &["192.0.2.100:53"]);
        // Complete after the colon, at which bash splits words.
        shells.completes("-D -t 192.0.2.100:84", &["192.0.2.100:8443"]);
        shells.completes("-L -u ", &["192.0.2.100:53"]);
        shells.completes("--delete-service --udp-service=", &["--udp-service=192.0.2.100:53"]);

        shells.completes("-d -t 192.0.2.100:80 -r ", &["10.0.0.11:80", "10.0.0.12:80"]);
        shells.completes("-e -t 192.0.2.100:80 -r 10.0.0.12", &["10.0.0.12:80"]);
        shells.completes("set -t 192.0.2.100:80 -r 10.0.0.12:80 we", &["weight="]);
        shells.completes("drain -t 192.0.2.100:80 -r 10.0.0.12", &["10.0.0.12:80"]);
        shells.completes("drain --server ", &["10.0.0.11:80", "10.0.0.12:80"]);
        // Real servers of another service are offered too.
        shells.completes("-a -t 192.0.2.100:8443 -r ", &["10.0.0.11:80", "10.0.0.12:80"]);
        shells.leaves_out("-a -t 192.0.2.100:80 -r ", &["10.0.0.1"]);
    });
}

#[test]
fn schedulers_addresses_interfaces_and_namespaces() {
    bed(|shells| {
        shells.completes("-A -t 192.0.2.100:81 -s w", &["wrr", "wlc"]);
        shells.completes("-A -t 192.0.2.100:81 -p 300 --pe s", &["sip"]);
        shells.completes("-A -t ", &["192.0.2.2:"]);
        shells.completes("--start-daemon master --mcast-interface e", &["eth0"]);
        shells.completes("director prepare --vip 192.0.2.100 --iface e", &["eth0"]);
        shells.completes("--set ", &["900"]);

        run("ip", &["netns", "add", "inner"]);
        run("ip", &["-n", "inner", "link", "set", "lo", "up"]);
        run(OURS, &["-A", "-t", "198.51.100.9:443", "-s", "rr", "--netns", "inner"]);
        shells.completes("-L --netns i", &["inner"]);
        shells.completes("top --netns i", &["inner"]);
        shells.completes("--netns inner -D -t ", &["198.51.100.9:443"]);
        shells.leaves_out("-D -t ", &["198.51.100.9"]);
        run("ip", &["netns", "delete", "inner"]);
    });
}

#[test]
fn commands_options_verbs_and_files() {
    bed(|shells| {
        shells.completes("", &["apply", "director"]);
        shells.completes("--add-se", &["--add-server", "--add-service"]);
        shells.completes("-A -t 192.0.2.100:81 --pers", &["--persistent"]);
        shells.leaves_out("-C --", &["--persistent", "--weight"]);
        shells.completes("rs pre", &["prepare"]);
        shells.completes("to", &["top"]);
        shells.completes("top --", &["--once", "--read-only", "--interval", "--netns"]);
        shells.completes("rs prepare --mode t", &["tun"]);
        shells.completes("completions ", &["bash", "zsh", "fish"]);

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("the-rules.txt"), "").unwrap();
        let path = folder.path().to_str().unwrap();
        shells.completes(&format!("apply {path}/the-r"), &[&format!("{path}/the-rules.txt")]);
        shells.completes(
            &format!("diff --scope tcp {path}/the-r"),
            &[&format!("{path}/the-rules.txt")],
        );
    });
}

/// Other users may choose names of interfaces and namespaces. Executed, these would print `uid=`.
#[test]
fn names_chosen_by_others_are_completed_quoted() {
    bed(|_| {
        run("ip", &["link", "add", "name", "x$(id>&2)", "type", "dummy"]);
        run("ip", &["netns", "add", "y`id` zz"]);
        let mut shells = Shell::all_typed();
        let rs = "rs status --mode dr --vip 192.0.2.100";
        let interface = ("2\\)", "interface x$(id>&2) cannot be used");
        let namespace = ("zz", "RemoteAddress:Port");
        for (typed, (mark, done)) in [
            (format!("{rs} --iface x"), interface),
            (format!("{rs} --iface=x"), interface),
            // A quoted beginning is understood.
            (format!("{rs} --iface x\\$\\(i"), interface),
            ("-L -n --netns y".to_owned(), namespace),
            ("-L -n --netns y\\`id\\`\\ ".to_owned(), namespace),
        ] {
            for shell in &mut shells {
                shell.run(&typed, mark);
            }
            for shell in &mut shells {
                let seen = shell.screen();
                assert!(!seen.contains("uid="), "{typed}: {seen:?}");
                assert!(seen.contains(done), "{typed}: {seen:?}");
            }
        }
        run("ip", &["netns", "delete", "y`id` zz"]);
    });
}

/// Everybody may read /proc. An error message would disturb the line that the user types.
#[test]
fn completion_without_privileges_prints_no_errors() {
    bed(|_| {
        let ask = |words: &[&str]| {
            let output = Command::new("setpriv")
                .args(["--reuid", "65534", "--clear-groups", "--inh-caps=-all"])
                .args([OURS, "__complete", "ipvsadm"])
                .args(words)
                .output()
                .expect("setpriv is installed");
            assert_eq!(
                (output.status.code(), &output.stderr[..]),
                (Some(0), &b""[..]),
                "{words:?}"
            );
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(ask(&["-D", "-t", ""]).starts_with("192.0.2.100:80\t2 real servers\n"));
        assert!(ask(&["-d", "-t", "192.0.2.100:80", "-r", ""]).contains("10.0.0.12:80\t"));
        assert_eq!(ask(&["-D", "-f", ""]), "");
        assert_eq!(ask(&["--set", ""]), "");
        assert_eq!(ask(&["-L", "--netns", "no-such", "-t", ""]), "");
    });
}
