//! Intended differences from the reference, as data. Each entry states both behaviours, and both
//! are tested. If the reference shows the new behaviour, the entry fails, because it describes no
//! difference.

use std::net::SocketAddr;

use ipvsadm::Client;
use ipvsadm::model::{
    Destination, Family, Forwarding, Granularity, Persistence, Protocol, SchedulerName, Service,
    ServiceKey,
};

use crate::comparison::HINT;
use crate::network::SMALL;
use crate::pair::{Pair, Side, ours_under_test, words};
use crate::testbed;
use crate::testbed::process::{Outcome, Program, must};

mod cases;
mod recognise;
pub use cases::DEPARTURES;
pub use recognise::declared;

/// A command for which the two programs differ on purpose.
pub struct Departure {
    /// What differs and why, in one line.
    pub reason: &'static str,
    /// Rules that both tables have before.
    pub before: &'static str,
    /// The command line.
    pub command: &'static str,
    /// Standard input, if any.
    pub stdin: Option<&'static str>,
    /// Behaviour of the reference.
    pub old: Effect,
    /// Behaviour of this project's program.
    pub new: Effect,
}

/// Observable effect of a command; `None` is not compared.
#[derive(Default)]
pub struct Effect {
    pub status: i32,
    pub stdout: Option<&'static str>,
    /// Also accepted: the same output with the services in another order, if the kernel chooses the
    /// order.
    pub or_stdout: &'static [&'static str],
    /// First line on standard error, without hints; empty for none.
    pub message: Option<&'static str>,
    /// Table after the command, as saved by the reference.
    pub table: Option<&'static str>,
}

impl Effect {
    /// Describes what was observed instead; `None` if the effect is as stated.
    fn missed(&self, seen: &Outcome, table: &str) -> Option<String> {
        let message = seen.stderr.lines().next().filter(|line| !line.starts_with(HINT));
        let differs =
            |wanted: Option<&str>, seen: &str| wanted.is_some_and(|wanted| wanted != seen);
        if seen.hung || seen.status != self.status {
            Some(format!("status {} and not {}", seen.status, self.status))
        } else if differs(self.stdout, &seen.stdout) && !self.or_stdout.contains(&&seen.stdout[..])
        {
            Some(format!("stdout {:?} and not {:?}", seen.stdout, self.stdout))
        } else if differs(self.message, message.unwrap_or_default()) {
            Some(format!("stderr {:?} and not {:?}", seen.stderr, self.message))
        } else if differs(self.table, table) {
            Some(format!("table {table:?} and not {:?}", self.table))
        } else {
            None
        }
    }
}

/// Removes thresholds from a saved table, as the old program does.
pub fn without_thresholds(saved: &str) -> String {
    let mut text = String::new();
    for line in saved.split_inclusive('\n') {
        let mut words = line.split(' ');
        let mut kept = Vec::new();
        let mut after_weight = false;
        while let Some(word) = words.next() {
            after_weight |= word == "-w";
            if after_weight && (word == "-x" || word == "-y") {
                let ends = words.next().is_some_and(|value| value.ends_with('\n'));
                kept.extend(ends.then_some("\n"));
            } else {
                kept.push(word);
            }
        }
        text += &kept.join(" ").replace(" \n", "\n");
    }
    text
}

fn saved(pair: &Pair, side: &Side) -> String {
    side.namespace.enter();
    let outcome = pair.reference().run(&words("-S -n"), None);
    assert_eq!(outcome.status, 0, "the reference does not save");
    outcome.stdout
}

fn missed(pair: &Pair, departure: &Departure, side: &Side, effect: &Effect) -> Option<String> {
    let seen = side.run(&words(departure.command), departure.stdin);
    effect.missed(&seen, &saved(pair, side))
}

#[test]
fn both_behaviours_are_as_declared() {
    let mut pair = Pair::new();
    for departure in DEPARTURES {
        pair.clear();
        pair.load(departure.before);
        let what = format!("{} ({:?}, {:?})", departure.reason, departure.command, departure.stdin);
        if let Some(difference) = missed(&pair, departure, &pair.theirs, &departure.old) {
            pair.differs(format!("the reference: {what}: {difference}"));
        }
        match missed(&pair, departure, &pair.ours, &departure.new) {
            Some(difference) if ours_under_test() => {
                pair.differs(format!("ours: {what}: {difference}"));
            }
            None if !ours_under_test() => pair.differs(format!("no departure: {what}")),
            _ => {}
        }
    }
}

#[test]
fn help_needs_no_privilege() {
    let _pair = Pair::new();
    let run = |program: &Program, option: &str| {
        let path = program.path.display();
        let script =
            format!("setpriv --bounding-set=-all --inh-caps=-all {path} {option}; echo $?");
        must("/bin/sh", &["-c", &script], None)
    };
    for option in ["-h", "-v"] {
        assert_eq!(run(&testbed::reference(), option), "2\n", "{option}");
        if ours_under_test() {
            let text = run(&testbed::ours(), option);
            assert!(text.ends_with("\n0\n") && text.len() > 10, "{option}: {text:?}");
        }
    }
}

#[test]
fn a_daemon_that_is_stopped_at_once_does_not_hang() {
    // The kernel may send no answer, and the old program waits for it without a time limit.
    let pair = Pair::new();
    if ours_under_test() {
        let file = "--start-daemon backup --mcast-interface sync0\n--stop-daemon backup\n";
        let ours = pair.ours.run(&words("-R"), Some(file));
        assert_eq!((ours.status, ours.hung), (0, false), "{ours:?}");
        assert_eq!(pair.ours.run(&words("-L --daemon"), None).stdout, "");
    }
}

#[test]
fn another_namespace_can_be_named() {
    let pair = Pair::new();
    let own = std::process::id();
    for line in [format!("-L --timeout --netns {own}"), format!("-C --netns={own}")] {
        let theirs = pair.theirs.run(&words(&line), None);
        assert_eq!(theirs.status, 255, "{line}");
        assert!(theirs.stderr.contains(": unknown option"), "{}", theirs.stderr);
    }
    if ours_under_test() {
        let line = format!("-L --timeout --netns {own}");
        let ours = pair.ours.run(&words(&line), None);
        assert_eq!(
            (ours.status, ours.stdout.starts_with("Timeout (tcp tcpfin udp)")),
            (0, true),
            "{ours:?}"
        );
        let ours = pair.ours.run(&words("-L --timeout --netns no-such-namespace"), None);
        assert!(ours.status != 0 && !ours.stderr.is_empty(), "{ours:?}");
    }
}

#[test]
fn unwritable_output_is_an_error() {
    let pair = Pair::with(SMALL);
    pair.theirs.namespace.enter();
    let run = |program: &Program, words: &str| {
        let script = format!("{} {words} 2>&1 >/dev/full; echo $?", program.path.display());
        must("/bin/sh", &["-c", &script], None)
    };
    for words in ["", "-L", "-L -n --stats", "-L --timeout", "-L -c", "-S", "-S -n"] {
        assert_eq!(run(&pair.theirs.program, words), "0\n", "{words}");
        if ours_under_test() {
            let said = run(&pair.ours.program, words);
            assert_eq!(said, "No space left on device\n1\n", "{words}");
        }
    }
}

/// Adds objects with values that no option can express.
fn make_unsayable() {
    let mut client = Client::open().expect("IPVS");
    let address = "10.0.0.1".parse().expect("an address");
    let service = |protocol, port| {
        let key = ServiceKey::Address { protocol, address, port };
        Service::new(key, SchedulerName::new("rr").expect("a name"))
    };
    let web = service(Protocol::Tcp, 80);
    client.add_service(web.clone()).expect("a service");
    let granularity = Granularity::host(Family::V4);
    let persistence = Some(Persistence { timeout: 3_000_000, granularity });
    for odd in [
        service(Protocol::Other(50), 80),
        service(Protocol::Tcp, 0),
        Service { one_packet: true, ..service(Protocol::Tcp, 81) },
        Service { persistence, ..service(Protocol::Tcp, 82) },
    ] {
        client.add_service(odd).expect("a service that no option makes");
    }
    for (server, forwarding) in
        [("10.1.0.1:80", Forwarding::Masquerade), ("10.1.0.2:80", Forwarding::Bypass)]
    {
        let server: SocketAddr = server.parse().expect("an address");
        let server = Destination { forwarding, ..Destination::new(server) };
        client.add_destination(web.key, server).expect("a real server");
    }
}

#[test]
fn save_leaves_out_values_that_no_rule_can_express() {
    let pair = Pair::new();
    for side in [&pair.ours, &pair.theirs] {
        side.namespace.enter();
        make_unsayable();
    }
    let theirs = pair.theirs.run(&words("-S -n"), None);
    assert_eq!((theirs.status, theirs.stderr.as_str()), (0, ""));
    for part in ["(null)", "--xxx-service"] {
        assert!(theirs.stdout.contains(part), "{part}: {}", theirs.stdout);
    }
    for line in [
        "-A -t 10.0.0.1:0 -s rr\n",
        "-A -t 10.0.0.1:81 -s rr -o\n",
        "-A -t 10.0.0.1:82 -s rr -p 3000000\n",
    ] {
        assert!(theirs.stdout.contains(line), "{line}: {}", theirs.stdout);
        assert_eq!(pair.theirs.run(&words("-R"), Some(line)).status, 2, "{line}");
    }
    if ours_under_test() {
        let ours = pair.ours.run(&words("-S -n"), None);
        let rules = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n";
        assert_eq!((ours.status, ours.stdout.as_str()), (1, rules), "{ours:?}");
        assert_eq!(ours.stderr.matches(" is not saved: no rule line can express ").count(), 5);
        let list = pair.ours.run(&words("-L -n -t 10.0.0.1:80"), None).stdout;
        assert!(list.contains(" Bypass "), "{list}");
    }
    // Empty the table, because the old program cannot read it.
    pair.clear();
}

#[test]
fn thresholds_follow_the_weight() {
    let line =
        "-a -t x -r y -m -w 1 -x 5 -y 2\n-a -t x -r y -i -w 1 -x 5 --tun-type ipip\n-A -t x\n";
    assert_eq!(
        without_thresholds(line),
        "-a -t x -r y -m -w 1\n-a -t x -r y -i -w 1 --tun-type ipip\n-A -t x\n"
    );
}
