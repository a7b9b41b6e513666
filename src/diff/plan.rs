//! The changes from one table to another, in an order that drops no connection.
//!
//! Additions come first, then edits in place, and deletions last. So at each moment, every service
//! of both tables has real servers. Equal objects are not touched, and their counters and
//! connections survive. Nothing is deleted and added again: the kernel keeps deleted destinations
//! in one list for two minutes and searches the whole list at each addition.

use std::sync::Arc;

use crate::model::{Change, Daemon, DaemonRole, Pool, ServiceKey, Table, Timeouts};

/// The kernel's defaults for the port, group and time to live of a sync daemon.
const DAEMON_PORT: u16 = 8848;
const DAEMON_GROUP: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(224, 0, 0, 81));
const DAEMON_TTL: u8 = 1;

/// Smallest maximum length of a backup daemon, in bytes; the kernel raises smaller ones (6.1).
const BACKUP_LENGTH: u16 = 1024;

/// The changes that turn `current` into `desired`. Time-outs and daemons that `desired` leaves
/// unspecified stay as they are.
///
/// ```
/// use ipvsadm::{diff::plan, read_table};
///
/// let now = read_table("-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.21 -g")?;
/// let desired = read_table("-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.22 -g")?;
/// let changes = plan(&now, &desired);
/// // The new real server is added before the old one is deleted.
/// assert_eq!(changes[0].to_string(), "-t 192.0.2.80:80 -r 198.51.100.22:80");
/// assert_eq!(changes[1].to_string(), "-t 192.0.2.80:80 -r 198.51.100.21:80");
/// # Ok::<(), ipvsadm::Error>(())
/// ```
pub fn plan(current: &Table, desired: &Table) -> Vec<Change> {
    let mut steps = Steps::default();
    steps.daemons(current, desired);
    steps.timeouts(current, desired);
    let mut kept = 0;
    for (key, pool) in &desired.pools {
        let Some(now) = current.pools.get(key) else {
            steps.new_pool(key, pool);
            continue;
        };
        kept += 1;
        if !Arc::ptr_eq(now, pool) {
            steps.pool(key, now, pool);
        }
    }
    // Most plans delete nothing; then no key needs a second lookup.
    let others = if kept < current.pools.len() { &current.pools[..] } else { &current.pools[..0] };
    for (key, pool) in others.iter().filter(|(key, _)| !desired.pools.contains_key(*key)) {
        steps.frees_daemons |=
            pool.destinations.keys().any(|server| server.is_of_other_family(key));
        steps.deletions.push(Change::DeleteService(*key));
    }
    steps.in_order()
}

/// The changes of a plan by their place in the order. The kernel refuses a sync daemon while a
/// service has a real server of the other address family, and refuses such a real server while a
/// daemon runs. So daemons stop first. They start before anything is deleted, because a start may
/// fail; only if the plan deletes such real servers, the daemons start after that.
#[derive(Default)]
struct Steps {
    stops: Vec<Change>,
    additions: Vec<Change>,
    edits: Vec<Change>,
    deletions: Vec<Change>,
    starts: Vec<Change>,
    /// The plan deletes a real server of the other address family.
    frees_daemons: bool,
}

impl Steps {
    fn in_order(self) -> Vec<Change> {
        let Self { stops, additions, edits, deletions, starts, frees_daemons } = self;
        let last = if frees_daemons { [deletions, starts] } else { [starts, deletions] };
        [stops, additions, edits].into_iter().chain(last).flatten().collect()
    }

    fn new_pool(&mut self, key: &ServiceKey, pool: &Pool) {
        self.additions.push(Change::AddService(pool.service.clone()));
        let servers = pool.destinations.values();
        self.additions.extend(servers.map(|server| Change::AddDestination(*key, *server)));
    }

    fn pool(&mut self, key: &ServiceKey, now: &Pool, desired: &Pool) {
        if now.service != desired.service {
            self.edits.push(Change::UpdateService(desired.service.clone()));
        }
        for (server, wanted) in &desired.destinations {
            match now.destinations.get(server) {
                None => self.additions.push(Change::AddDestination(*key, *wanted)),
                Some(found) if found != wanted => {
                    self.edits.push(Change::UpdateDestination(*key, *wanted));
                }
                Some(_) => {}
            }
        }
        let gone =
            now.destinations.keys().filter(|server| !desired.destinations.contains_key(*server));
        for server in gone {
            self.frees_daemons |= server.is_of_other_family(key);
            self.deletions.push(Change::DeleteDestination(*key, *server));
        }
    }

    fn timeouts(&mut self, current: &Table, desired: &Table) {
        let Some(wanted) = desired.timeouts else { return };
        let change = current.timeouts.map_or(wanted, |now| wanted.differing_from(now));
        if change != Timeouts::KEPT {
            self.edits.push(Change::SetTimeouts(change));
        }
    }

    fn daemons(&mut self, current: &Table, desired: &Table) {
        for (role, wanted) in &desired.daemons {
            let running = current.daemons.get(role).and_then(Option::as_ref);
            if let (Some(running), Some(wanted)) = (running, wanted)
                && runs_as(running, wanted)
            {
                continue;
            }
            // The kernel cannot edit a daemon, so it is stopped and started.
            self.stops.extend(running.map(|_| Change::StopDaemon(*role)));
            self.starts.extend(wanted.clone().map(Change::StartDaemon));
        }
    }
}

/// Whether the running daemon has the length that the kernel would make of `wanted`. The kernel
/// raises a backup's length to [`BACKUP_LENGTH`], and lowers a length that no UDP packet of the
/// group's family can hold.
fn has_length(running: &Daemon, wanted: u16) -> bool {
    let least = if running.role == DaemonRole::Backup { BACKUP_LENGTH } else { 1 };
    let headers = if running.group.is_some_and(|group| group.is_ipv6()) { 48 } else { 28 };
    // `running` may come from a file, so it is adjusted in the same way.
    let made = |length: u16| length.clamp(least, u16::MAX - headers);
    running.max_length.map(made) == Some(made(wanted))
}

/// Whether `running` is what the kernel would start for `wanted`. Where `wanted` has no value, the
/// kernel uses its default; the default length depends on the interface, so any length is accepted.
fn runs_as(running: &Daemon, wanted: &Daemon) -> bool {
    running.role == wanted.role
        && running.interface == wanted.interface
        && running.sync_id == wanted.sync_id
        && wanted.max_length.is_none_or(|wanted| has_length(running, wanted))
        && running.port.unwrap_or(DAEMON_PORT) == wanted.port.unwrap_or(DAEMON_PORT)
        && running.group.unwrap_or(DAEMON_GROUP) == wanted.group.unwrap_or(DAEMON_GROUP)
        && running.ttl.unwrap_or(DAEMON_TTL) == wanted.ttl.unwrap_or(DAEMON_TTL)
}
