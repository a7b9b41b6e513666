//! Records of drained real servers for `undrain`: the content of the state file, without I/O.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::json::{SCHEMA, ServiceFields, check_schema};
use crate::model::{DestinationKey, MAX_WEIGHT, SchedulerFlags, SchedulerName, ServiceKey};

/// A real server that was drained and has not got its weight back yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Key of the service that has the real server.
    pub service: ServiceKey,
    /// Address and port of the real server.
    pub server: DestinationKey,
    /// Weight before the drain. If it was 0, there is no weight to give back.
    pub weight: u32,
    /// Weight that this program set last: 0 while the real server is drained, more while `undrain
    /// --ramp` raises it.
    pub standing: u32,
    /// Weight that an interrupted `undrain --weight --ramp` was to reach; otherwise 0.
    pub goal: u32,
    /// Start of the drain: RFC 3339, in UTC.
    pub since: String,
    /// User who started the drain.
    pub by: String,
    /// The text of `--reason`.
    pub reason: Option<String>,
    /// The drain needs `expire_quiescent_template`.
    pub expires_templates: bool,
}

impl Record {
    /// Whether the record is of this real server.
    pub fn is_of(&self, service: &ServiceKey, server: &DestinationKey) -> bool {
        self.service == *service && self.server == *server
    }

    /// Whether drain or undrain can have set this weight. A killed `undrain --ramp` leaves a weight
    /// between 0 and the one that it was to reach.
    pub fn explains(&self, weight: u32) -> bool {
        if self.standing == 0 { weight == 0 } else { weight <= self.weight.max(self.goal) }
    }
}

/// Scheduler flags of a service that a drain has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFlags {
    pub service: ServiceKey,
    /// Scheduler at that time. Another scheduler gives the flags another meaning.
    pub scheduler: SchedulerName,
    /// Flags before the drain.
    pub former: SchedulerFlags,
    /// Flags that the drain has set.
    pub set: SchedulerFlags,
}

/// The value that `expire_quiescent_template` had in this boot before a drain set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldParameter {
    /// Boot ID. After the next boot, the parameter has its default again.
    pub boot: String,
    pub former: String,
}

/// All records of a network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The real servers, in the order of their drains.
    pub drains: Vec<Record>,
    /// Scheduler flags that drains have changed.
    pub flags: Vec<HeldFlags>,
    /// `expire_quiescent_template`, if a drain has set it.
    pub template: Option<HeldParameter>,
}

/// Content of the state file.
#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// Boot ID at the time of writing.
    boot: String,
    /// Cookie of the network namespace (`SO_NETNS_COOKIE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<u64>,
    drains: Vec<StoredRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    flags: Vec<StoredFlags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expire_quiescent_template: Option<HeldParameter>,
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    service: ServiceFields,
    address: IpAddr,
    port: u16,
    weight: u32,
    #[serde(default)]
    standing: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    goal: u32,
    since: String,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default)]
    expires_templates: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
struct StoredFlags {
    service: ServiceFields,
    scheduler: String,
    /// Bits, as [`SchedulerFlags::bits`] has them.
    former: u8,
    set: u8,
}

/// The boot and network namespace in which records are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Boot ID.
    pub boot: String,
    /// Cookie of the network namespace (`SO_NETNS_COOKIE`); `None` before Linux 5.14.
    pub namespace: Option<u64>,
    /// The network namespace of process 1, the only one that outlives a boot.
    pub is_first: bool,
}

impl Place {
    /// Whether the records of this file are valid here. The namespace of another boot is gone, even
    /// if a new namespace has its inode number.
    fn has(&self, document: &Document) -> bool {
        let is_other = |then: u64| self.namespace.is_some_and(|now| now != then);
        self.is_first || document.boot == self.boot && !document.namespace.is_some_and(is_other)
    }
}

impl Records {
    /// Parses a state file. Returns no records if the file belongs to another network namespace.
    ///
    /// # Errors
    /// A description of the mistake in the file.
    pub fn read(text: &str, place: &Place) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        check_schema(document.schema)?;
        if !place.has(&document) {
            return Ok(Self::default());
        }
        let drains: Result<_, String> = document.drains.into_iter().map(Record::try_from).collect();
        let flags: Result<_, String> =
            document.flags.into_iter().map(HeldFlags::try_from).collect();
        let template = document.expire_quiescent_template;
        let template = template.filter(|it| it.boot == place.boot);
        Ok(Self { drains: drains?, flags: flags?, template })
    }

    /// Writes the records as the content of a state file for `place`.
    ///
    /// # Errors
    /// The records cannot be written as JSON.
    pub fn text(&self, place: &Place) -> serde_json::Result<String> {
        let document = Document {
            schema: SCHEMA,
            boot: place.boot.clone(),
            namespace: place.namespace,
            drains: self.drains.iter().map(Into::into).collect(),
            flags: self.flags.iter().map(Into::into).collect(),
            expire_quiescent_template: self.template.clone(),
        };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn of(&self, service: &ServiceKey, server: &DestinationKey) -> Option<&Record> {
        self.drains.iter().find(|record| record.is_of(service, server))
    }

    pub fn of_mut(&mut self, service: &ServiceKey, server: &DestinationKey) -> Option<&mut Record> {
        self.drains.iter_mut().find(|record| record.is_of(service, server))
    }

    /// The services that have a record.
    pub fn services(&self) -> Vec<ServiceKey> {
        let mut services = Vec::new();
        let keys = self.drains.iter().map(|it| it.service);
        for key in keys.chain(self.flags.iter().map(|it| it.service)) {
            if !services.contains(&key) {
                services.push(key);
            }
        }
        services
    }
}

impl From<&Record> for StoredRecord {
    fn from(record: &Record) -> Self {
        let Record {
            service,
            server,
            weight,
            standing,
            goal,
            since,
            by,
            reason,
            expires_templates,
        } = record;
        Self {
            service: service.into(),
            address: server.address,
            port: server.port,
            weight: *weight,
            standing: *standing,
            goal: *goal,
            since: since.clone(),
            by: by.clone(),
            reason: reason.clone(),
            expires_templates: *expires_templates,
        }
    }
}

impl TryFrom<StoredRecord> for Record {
    type Error = String;

    fn try_from(stored: StoredRecord) -> Result<Self, String> {
        if stored.weight.max(stored.standing).max(stored.goal) > MAX_WEIGHT {
            return Err(format!("a weight is out of range: 0 to {MAX_WEIGHT}"));
        }
        Ok(Self {
            service: stored.service.key()?,
            server: DestinationKey { address: stored.address, port: stored.port },
            weight: stored.weight,
            standing: stored.standing,
            goal: stored.goal,
            since: stored.since,
            by: stored.by,
            reason: stored.reason,
            expires_templates: stored.expires_templates,
        })
    }
}

impl From<&HeldFlags> for StoredFlags {
    fn from(held: &HeldFlags) -> Self {
        Self {
            service: (&held.service).into(),
            scheduler: held.scheduler.to_string(),
            former: held.former.bits(),
            set: held.set.bits(),
        }
    }
}

impl TryFrom<StoredFlags> for HeldFlags {
    type Error = String;

    fn try_from(stored: StoredFlags) -> Result<Self, String> {
        Ok(Self {
            service: stored.service.key()?,
            scheduler: SchedulerName::new(&stored.scheduler).map_err(|why| why.to_string())?,
            former: SchedulerFlags::from_bits(stored.former),
            set: SchedulerFlags::from_bits(stored.set),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        let service = ServiceKey::udp("[2001:db8::80]:53".parse().unwrap());
        Records {
            drains: vec![Record {
                service,
                server: "[2001:db8::21]:53".parse::<std::net::SocketAddr>().unwrap().into(),
                weight: 5,
                standing: 2,
                goal: 0,
                since: "2026-11-27T14:00:00Z".to_owned(),
                by: "uid 0".to_owned(),
                reason: Some("a\u{1b}b".to_owned()),
                expires_templates: true,
            }],
            flags: vec![HeldFlags {
                service,
                scheduler: SchedulerName::new("mh").unwrap(),
                former: SchedulerFlags::from_bits(2),
                set: SchedulerFlags::from_bits(3),
            }],
            template: Some(HeldParameter { boot: "b".to_owned(), former: "0".to_owned() }),
        }
    }

    fn place(boot: &str, namespace: u64, is_first: bool) -> Place {
        Place { boot: boot.to_owned(), namespace: Some(namespace), is_first }
    }

    #[test]
    fn a_state_file_is_read_back_where_it_belongs() {
        let records = records();
        let text = records.text(&place("b", 7, false)).unwrap();
        assert_eq!(Records::read(&text, &place("b", 7, false)), Ok(records.clone()));
        for elsewhere in [place("c", 7, false), place("b", 8, false)] {
            assert_eq!(Records::read(&text, &elsewhere), Ok(Records::default()));
        }
        let rebooted = Records { template: None, ..records };
        assert_eq!(Records::read(&text, &place("c", 8, true)), Ok(rebooted));
    }

    #[test]
    fn damaged_files_are_refused() {
        let place = place("b", 7, true);
        let text = records().text(&place).unwrap();
        for (from, to) in [
            ("\"schema\": 1", "\"schema\": 2"),
            ("\"weight\": 5", "\"weight\": 4294967295"),
            ("\"udp\"", "\"frob\""),
            ("\"since\"", "\"sense\""),
        ] {
            assert!(text.contains(from), "{text}");
            assert!(Records::read(&text.replace(from, to), &place).is_err(), "{to}");
        }
    }

    #[test]
    fn a_ramp_that_was_killed_explains_every_weight_up_to_the_recorded_one() {
        let mut record = records().drains.remove(0);
        assert!([0, 2, 5].into_iter().all(|weight| record.explains(weight)));
        assert!(!record.explains(6));
        record.goal = 9;
        assert!(record.explains(9) && !record.explains(10));
        record.standing = 0;
        assert!(record.explains(0) && !record.explains(1));
    }
}
