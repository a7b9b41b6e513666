//! Takes recorded changes back in a table, but leaves alone what has been changed again since. Pure.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexSet;

use crate::classic::{describe_destination, describe_service};
use crate::diff::{Delta, plan};
use crate::model::field::{Fields, Record, Value};
use crate::model::{
    Daemon, DaemonRole, Destination, DestinationKey, Pool, ServiceKey, Table, Timeouts, impossible,
};
use crate::transaction::Stage;

/// A table in which changes are taken back, the newest first.
#[derive(Debug)]
pub struct Reversal {
    /// The table without the changes taken back so far.
    pub table: Table,
    /// What the caller should tell the user.
    pub remarks: Vec<Remark>,
    /// Also overwrite what has been changed again since.
    overwrite: bool,
    /// The change to take back sets weights in steps.
    gradual: bool,
}

/// Something that another program has changed after a recorded change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Number of the record.
    pub number: u64,
    /// The service concerned; `None` for time-outs, sync daemons and the whole table.
    pub service: Option<ServiceKey>,
    /// The service, real server, daemon or time-outs, as messages name it.
    pub object: String,
    pub since: Since,
}

/// What another program has done since a recorded change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// It has set a field to this value, which stays.
    Set { field: &'static str, now: String },
    /// It has deleted the object, which stays deleted.
    Deleted,
    /// It has added the object, which the recorded change had deleted. The object stays as it is.
    Added,
    /// It has changed the sync daemon, which stays as it is.
    Changed,
    /// It has added so many real servers to a service that goes, because the recorded change had
    /// added the service.
    Filled(usize),
    /// Unknown, since the recorded change replaced all services. Nothing of it stays.
    Anything,
}

impl Remark {
    /// Whether something stays that the recorded change has touched.
    pub fn is_left(&self) -> bool {
        matches!(self.since, Since::Set { .. } | Since::Deleted | Since::Added | Since::Changed)
    }

    /// Whether the remark is about the weight of a real server.
    pub fn is_weight(&self) -> bool {
        matches!(self.since, Since::Set { field: "weight", .. })
    }

    fn is_about_the_same_as(&self, other: &Self) -> bool {
        self.object == other.object && self.since == other.since
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, object, .. } = self;
        match &self.since {
            Since::Set { field, now } => write!(
                f,
                "{object}: {field} stays {now}, which another program has set since change {number}"
            ),
            Since::Deleted => write!(
                f,
                "{object} stays deleted: another program has deleted it since change {number}"
            ),
            Since::Added => write!(
                f,
                "{object} stays as it is: another program has added it since change {number} \
                 deleted it"
            ),
            Since::Changed => write!(
                f,
                "{object} stays as it is: another program has changed it since change {number}"
            ),
            Since::Filled(1) => write!(
                f,
                "{object}, which change {number} added, is deleted with 1 real server that \
                 another program has added since"
            ),
            Since::Filled(servers) => write!(
                f,
                "{object}, which change {number} added, is deleted with {servers} real servers \
                 that another program has added since"
            ),
            Since::Anything => write!(
                f,
                "change {number} replaced all services, so later changes by other programs are \
                 taken back, too"
            ),
        }
    }
}

impl Reversal {
    /// Begins with the current table.
    pub fn of(now: Table, overwrite: bool) -> Self {
        Self { table: now, remarks: Vec::new(), overwrite, gradual: false }
    }

    /// Takes one change back. Newer recorded changes must have been taken back before. If the
    /// change is `gradual`, a weight between its two values is its own.
    pub fn take_back(&mut self, number: u64, stage: &Stage, gradual: bool) {
        self.gradual = gradual;
        match stage {
            Stage::Touched(delta) => {
                for key in delta.services() {
                    self.service(number, &key, delta);
                }
                self.timeouts(number, delta.before.timeouts, delta.after.timeouts);
                for (role, after) in &delta.after.daemons {
                    let before = delta.before.daemons.get(role).and_then(Option::as_ref);
                    self.daemon(number, *role, before, after.as_ref());
                }
            }
            Stage::Replaced(before) => {
                self.table.pools.clone_from(&before.pools);
                self.table.timeouts = before.timeouts.or(self.table.timeouts);
                self.table.daemons.extend(before.daemons.clone());
                self.remark(number, None, String::new(), Since::Anything);
            }
        }
    }

    /// Adds a remark, unless a newer change has led to the same one.
    fn remark(&mut self, number: u64, service: Option<ServiceKey>, object: String, since: Since) {
        let remark = Remark { number, service, object, since };
        if !self.remarks.iter().any(|it| it.is_about_the_same_as(&remark)) {
            self.remarks.push(remark);
        }
    }

    fn service(&mut self, number: u64, key: &ServiceKey, delta: &Delta) {
        let (before, after) = (delta.before.pools.get(key), delta.after.pools.get(key));
        let now = self.table.pools.get(key);
        let remark = match (before, after, now) {
            (None, Some(after), Some(now)) => {
                let is_new = |it: &&DestinationKey| !after.destinations.contains_key(*it);
                let new = now.destinations.keys().filter(is_new).count();
                self.table.pools.shift_remove(key);
                (new > 0).then_some(Since::Filled(new))
            }
            (Some(before), None, None) => {
                self.table.pools.insert(*key, Arc::clone(before));
                None
            }
            (Some(_), Some(_), None) => Some(Since::Deleted),
            (Some(before), after, Some(now)) => {
                let now = Arc::clone(now);
                self.pool(number, before, after.map(|it| &**it), &now)
            }
            (None, ..) => None,
        };
        if let Some(since) = remark {
            self.remark(number, Some(*key), describe_service(key), since);
        }
    }

    /// Takes back what a change did to a service that existed before it and exists now.
    fn pool(
        &mut self,
        number: u64,
        before: &Pool,
        after: Option<&Pool>,
        now: &Pool,
    ) -> Option<Since> {
        let key = before.service.key;
        let mut pool = now.clone();
        let mut added = None;
        match after {
            Some(after) => {
                let (service, kept) = self.merged(&before.service, &after.service, &now.service);
                pool.service = service;
                for (field, now) in kept {
                    let since = Since::Set { field, now };
                    self.remark(number, Some(key), describe_service(&key), since);
                }
            }
            None if self.overwrite => pool.service = before.service.clone(),
            None => added = (before.service != now.service).then_some(Since::Added),
        }
        let none = Pool::new(before.service.clone());
        let after = after.unwrap_or(&none);
        let servers: IndexSet<DestinationKey> =
            before.destinations.keys().chain(after.destinations.keys()).copied().collect();
        for server in servers {
            let sides = [before, after, now].map(|it| it.destinations.get(&server));
            self.server(number, &key, server, sides, &mut pool);
        }
        // A real server that comes back takes its former place.
        let place = |key: &DestinationKey| before.destinations.get_index_of(key);
        if pool.destinations.keys().any(|it| !now.destinations.contains_key(it)) {
            pool.destinations.sort_by_cached_key(|it, _| place(it).unwrap_or(usize::MAX));
        }
        if pool != *now || !pool.destinations.keys().eq(now.destinations.keys()) {
            self.table.pools.insert(key, pool.into());
        }
        added
    }

    fn server(
        &mut self,
        number: u64,
        service: &ServiceKey,
        server: DestinationKey,
        [before, after, now]: [Option<&Destination>; 3],
        pool: &mut Pool,
    ) {
        if before == after || now == before {
            return;
        }
        let object = || describe_destination(service, &server);
        match (before, after, now) {
            (Some(before), Some(after), Some(now)) => {
                let (merged, kept) = self.merged(before, after, now);
                pool.destinations.insert(server, merged);
                for (field, now) in kept {
                    self.remark(number, Some(*service), object(), Since::Set { field, now });
                }
            }
            (Some(before), ..) if now == after || self.overwrite => {
                pool.destinations.insert(server, *before);
            }
            (Some(_), Some(_), None) => {
                self.remark(number, Some(*service), object(), Since::Deleted);
            }
            (Some(_), ..) => self.remark(number, Some(*service), object(), Since::Added),
            (None, ..) => drop(pool.destinations.shift_remove(&server)),
        }
    }

    /// The object `now` without what a change did to it, and the fields that have been set again
    /// since, with their values.
    fn merged<T: Fields + PartialEq>(
        &self,
        before: &T,
        after: &T,
        now: &T,
    ) -> (T, Vec<(&'static str, String)>) {
        if now == after {
            return (before.clone(), Vec::new());
        }
        let mut kept = Vec::new();
        let mut record = Record::from(now);
        for (place, field) in T::fields().iter().enumerate() {
            let [was, became, is] = [before, after, now].map(|it| (field.get)(it));
            if was == became || is == was {
                continue;
            }
            let sides = [&was, &became, &is].map(|it| it.as_ref().and_then(Value::number));
            let is_own = self.gradual && field.name == "weight" && is_between(sides);
            if is == became || is_own || self.overwrite {
                record.put(place, was.map(Value::into_owned));
            } else {
                kept.push((field.name, is.map_or("none".to_owned(), |it| it.to_string())));
            }
        }
        match record.give(now.clone()) {
            Ok(merged) if impossible(&merged).next().is_none() => (merged, kept),
            // The values do not go together, so the object stays as it is.
            _ => (now.clone(), changed_fields(before, after, now)),
        }
    }

    fn timeouts(&mut self, number: u64, before: Option<Timeouts>, after: Option<Timeouts>) {
        let (Some(before), Some(after), Some(now)) = (before, after, self.table.timeouts) else {
            return;
        };
        let mut kept = Vec::new();
        let mut back = |field, before, after, now| {
            if before == after || now == before {
                return now;
            }
            if now == after || self.overwrite {
                return before;
            }
            kept.push(Since::Set { field, now: format!("{now} s") });
            now
        };
        let timeouts = Timeouts {
            tcp: back("tcp", before.tcp, after.tcp, now.tcp),
            tcp_fin: back("tcp_fin", before.tcp_fin, after.tcp_fin, now.tcp_fin),
            udp: back("udp", before.udp, after.udp, now.udp),
        };
        self.table.timeouts = Some(timeouts);
        for since in kept {
            self.remark(number, None, "time-outs".to_owned(), since);
        }
    }

    fn daemon(
        &mut self,
        number: u64,
        role: DaemonRole,
        before: Option<&Daemon>,
        after: Option<&Daemon>,
    ) {
        let now = self.table.daemons.get(&role).and_then(Option::as_ref);
        if self.overwrite || is_like(role, now, after) || is_like(role, now, before) {
            self.table.daemons.insert(role, before.cloned());
        } else {
            let object = format!("the {} sync daemon", role.as_str());
            self.remark(number, None, object, Since::Changed);
        }
    }
}

/// Whether the third number lies between the first two.
fn is_between(numbers: [Option<u32>; 3]) -> bool {
    let [Some(one), Some(other), Some(number)] = numbers else { return false };
    (one.min(other)..=one.max(other)).contains(&number)
}

/// The fields that a change set, with their values now.
fn changed_fields<T: Fields>(before: &T, after: &T, now: &T) -> Vec<(&'static str, String)> {
    let fields = T::fields().iter().filter(|field| (field.get)(before) != (field.get)(after));
    let value = |it: Option<Value<'_>>| it.map_or("none".to_owned(), |it| it.to_string());
    fields.map(|field| (field.name, value((field.get)(now)))).collect()
}

/// Whether a running daemon is what the kernel makes of another description of it.
fn is_like(role: DaemonRole, now: Option<&Daemon>, other: Option<&Daemon>) -> bool {
    let table = |daemon: Option<&Daemon>| Table {
        daemons: [(role, daemon.cloned())].into(),
        ..Table::default()
    };
    plan(&table(now), &table(other)).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::{Scanner, table_of};

    const VIP: &str = "192.0.2.80:80";

    /// A service with a scheduler and real servers: last byte of the address, weight.
    fn table(text: &str) -> Table {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let mut rules = String::new();
        if let Some(scheduler) = words.next() {
            rules += &format!("-A -t {VIP} -s {scheduler}\n");
        }
        for word in words {
            let (server, weight) = word.split_once('=').unwrap();
            rules += &format!("-a -t {VIP} -r 198.51.100.{server}:80 -g -w {weight}\n");
        }
        table_of(&mut Scanner::default(), "ipvsadm", rules.as_bytes(), |_| {}).unwrap().0
    }

    /// The stage of a change as the history keeps it.
    fn stage(before: &str, after: &str) -> Stage {
        let [before, after] = [before, after].map(table);
        Stage::Touched(Delta::of(&plan(&before, &after), &before).with_order(&before).into_owned())
    }

    /// The table in the notation of `table`, in the order of its real servers.
    fn text(table: &Table) -> String {
        let pools = table.pools.values().map(|pool| {
            let servers = pool.destinations.values().map(|it| match it.key.address {
                std::net::IpAddr::V4(address) => format!(" {}={}", address.octets()[3], it.weight),
                std::net::IpAddr::V6(_) => String::new(),
            });
            pool.service.scheduler.to_string() + &servers.collect::<String>()
        });
        pools.collect()
    }

    #[test]
    fn what_has_changed_since_stays_unless_it_is_overwritten() {
        let deleted = || Since::Deleted;
        let set = |field, now: &str| Since::Set { field, now: now.to_owned() };
        for (before, after, now, then, remarks, overwritten) in [
            ("rr 1=5", "wlc 1=7", "wlc 1=7", "rr 1=5", vec![], "rr 1=5"),
            // A deleted real server comes back at its place.
            (
                "rr 1=1 2=2 3=3",
                "rr 1=1 3=3",
                "rr 1=1 3=3",
                "rr 1=1 2=2 3=3",
                vec![],
                "rr 1=1 2=2 3=3",
            ),
            (
                "rr 1=1 2=2 3=3",
                "rr 2=2",
                "rr 2=9 4=4",
                "rr 1=1 2=9 3=3 4=4",
                vec![],
                "rr 1=1 2=9 3=3 4=4",
            ),
            ("rr 1=1", "rr 1=1 2=2", "rr 1=1 2=0", "rr 1=1", vec![], "rr 1=1"),
            ("", "rr 1=1", "wlc 1=1", "", vec![], ""),
            ("", "rr 1=1", "rr 1=1 2=2", "", vec![Since::Filled(1)], ""),
            ("rr 1=1", "", "", "rr 1=1", vec![], "rr 1=1"),
            // Already as before.
            ("rr 1=5", "wlc 1=7", "rr 1=5", "rr 1=5", vec![], "rr 1=5"),
            ("", "rr 1=1", "", "", vec![], ""),
            // The same field, set again since.
            ("rr 1=5", "wlc 1=7", "wlc 1=0", "rr 1=0", vec![set("weight", "0")], "rr 1=5"),
            ("rr 1=5", "wlc 1=7", "lc 1=7", "lc 1=5", vec![set("scheduler", "lc")], "rr 1=5"),
            ("rr 1=5 2=5", "rr 1=7 2=5", "rr 2=5", "rr 2=5", vec![deleted()], "rr 1=5 2=5"),
            ("rr 1=5 2=5", "rr 2=5", "rr 2=5 1=9", "rr 2=5 1=9", vec![Since::Added], "rr 2=5 1=5"),
            ("rr 1=5 2=5", "", "lc 2=5", "lc 1=5 2=5", vec![Since::Added], "rr 1=5 2=5"),
            ("rr 1=5", "wlc 1=7", "", "", vec![deleted()], ""),
        ] {
            let row = format!("{before} -> {after} -> {now}");
            let mut reversal = Reversal::of(table(now), false);
            reversal.take_back(1, &stage(before, after), false);
            assert_eq!(text(&reversal.table), then, "{row}");
            let since: Vec<Since> = reversal.remarks.into_iter().map(|it| it.since).collect();
            assert_eq!(since, remarks, "{row}");
            let mut reversal = Reversal::of(table(now), true);
            reversal.take_back(1, &stage(before, after), false);
            assert_eq!(text(&reversal.table), overwritten, "{row}");
        }
    }

    #[test]
    fn a_value_that_two_changes_set_and_another_program_after_them_is_named_once() {
        let mut reversal = Reversal::of(table("rr 1=0"), false);
        reversal.take_back(2, &stage("rr 1=7", "rr 1=8"), false);
        reversal.take_back(1, &stage("rr 1=5", "rr 1=7"), false);
        assert_eq!(text(&reversal.table), "rr 1=0");
        let remarks: Vec<String> = reversal.remarks.iter().map(ToString::to_string).collect();
        let stays = "weight stays 0, which another program has set since change 2";
        assert_eq!(remarks, [format!("-t {VIP} -r 198.51.100.1:80: {stays}")]);
    }

    #[test]
    fn a_weight_half_way_is_taken_back_only_from_a_gradual_change() {
        for (now, gradual, then) in
            [("rr 1=3", true, "rr 1=0"), ("rr 1=3", false, "rr 1=3"), ("rr 1=9", true, "rr 1=9")]
        {
            let mut reversal = Reversal::of(table(now), false);
            reversal.take_back(1, &stage("rr 1=0", "rr 1=8"), gradual);
            assert_eq!(text(&reversal.table), then, "{now} {gradual}");
            assert_eq!(reversal.remarks.is_empty(), then == "rr 1=0", "{now} {gradual}");
        }
    }

    #[test]
    fn each_time_out_is_taken_back_on_its_own() {
        let set = |tcp, tcp_fin, udp| {
            let timeouts = Some(Timeouts { tcp, tcp_fin, udp });
            Table { timeouts, ..Table::default() }
        };
        let stage = Stage::Touched(Delta { before: set(1, 2, 3), after: set(4, 5, 3) });
        let mut reversal = Reversal::of(set(4, 9, 8), false);
        reversal.take_back(1, &stage, false);
        assert_eq!(reversal.table, set(1, 9, 8));
        assert_eq!(
            reversal.remarks[0].to_string(),
            "time-outs: tcp_fin stays 9 s, which another program has set since change 1"
        );
    }
}
