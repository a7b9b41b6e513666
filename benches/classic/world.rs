//! Tables, namespaces and connections for the measurements.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ipvsadm::Client;
use ipvsadm::internals::classic::{Invocation, Scanner, read_rules};
use ipvsadm::model::Change;
use nix::sched::{CloneFlags, unshare};

use crate::Outcome;

/// Number of services, and of real servers for each.
#[derive(Clone, Copy)]
pub struct Size(pub usize, pub usize);

impl Size {
    /// Writes a rule file of this size. In the last `changed` services, one real server has another
    /// weight.
    pub fn rules(self, scratch: &Path, changed: usize) -> Outcome<PathBuf> {
        let Size(services, servers) = self;
        let path = scratch.join(format!("rules-{services}-{servers}-{changed}"));
        let mut text = String::new();
        for service in 0..services {
            let [_, _, high, low] = u32::try_from(service)?.to_be_bytes();
            let vip = format!("198.18.{high}.{low}:80");
            writeln!(text, "-A -t {vip} -s wlc")?;
            for server in 1..=servers {
                let is_changed = service + changed >= services && server == servers;
                let weight = if is_changed { 100 } else { server };
                writeln!(text, "-a -t {vip} -r 198.19.{low}.{server}:80 -m -w {weight}")?;
            }
        }
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// Runs `work` in a thread with its own network namespace, and clears the table at the end.
/// Otherwise the kernel would do that during the next run.
pub fn in_namespace<T: Send>(work: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
            let result = work()?;
            Client::open()?.flush()?;
            Ok(result)
        });
        thread.join().map_err(|_| "the thread of a namespace panicked")?
    })
}

pub fn changes(file: &Path) -> Outcome<Vec<Change>> {
    let lines = read_rules(&mut Scanner::default(), "bench", BufReader::new(File::open(file)?))?;
    let changes = lines.into_iter().filter_map(|line| match line.invocation {
        Invocation::Change(change) => Some(change),
        _ => None,
    });
    Ok(changes.collect())
}

/// Sends all changes as a batch: the work of the kernel and the library, without a process start or
/// parsing.
pub fn load(changes: &[Change]) -> Outcome<Duration> {
    let mut client = Client::open()?;
    let start = Instant::now();
    let refused = client.batch(changes)?;
    let spent = start.elapsed();
    if refused.is_empty() { Ok(spent) } else { Err("the kernel refused rules".into()) }
}

/// Makes this many UDP connections to a service whose real server is this host.
pub fn connect(wanted: usize) -> Outcome<()> {
    const EACH: usize = 20_000;
    let rules = "-A -u 198.18.0.1:53 -s rr\n-a -u 198.18.0.1:53 -r 198.18.0.1:5353 -m\n";
    let lines = read_rules(&mut Scanner::default(), "bench", rules.as_bytes())?;
    let mut client = Client::open()?;
    for line in lines {
        if let Invocation::Change(change) = line.invocation {
            client.change(&change)?;
        }
    }
    Command::new("ip").args(["address", "add", "198.18.0.1/32", "dev", "lo"]).status()?;
    let _server = UdpSocket::bind("198.18.0.1:5353")?;
    for number in 0..wanted {
        let (host, port) = (number / EACH + 1, number % EACH + 10_000);
        let socket =
            UdpSocket::bind(("127.0.1.".to_owned() + &host.to_string(), u16::try_from(port)?))?;
        socket.send_to(b"x", "198.18.0.1:53")?;
    }
    let table = BufReader::new(File::open("/proc/thread-self/net/ip_vs_conn")?);
    let made = table.lines().count() - 1;
    if made == wanted { Ok(()) } else { Err(format!("{made} of {wanted} connections").into()) }
}
