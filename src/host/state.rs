//! Content of the state file, without I/O: what `prepare` has done to a host, for which holders,
//! and what was there before. Files of version 0.1.0 must stay readable.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::spec::Spec;
use super::steps::{Former, Lifetime, Step};

/// A step with the holders that need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub step: Step,
    /// Holders that need the step; see [`Spec::holders`].
    pub holders: BTreeSet<String>,
}

/// A step that was done or begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredEntry", into = "StoredEntry")]
pub struct Entry {
    pub step: Step,
    /// Holders that need the step.
    pub holders: BTreeSet<String>,
    /// The value that the step replaced.
    pub former: Option<Former>,
    /// The step may have been done. Recorded before the step is done.
    pub begun: bool,
    /// Earlier versions of the step. Until the new version is done, one of them may be in effect.
    pub earlier: Vec<Step>,
}

/// An entry as stored in the state file. The kind of the step decides how to read the former value.
#[derive(Serialize, Deserialize)]
struct StoredEntry {
    step: Step,
    holders: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    begun: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Step>,
}

impl From<StoredEntry> for Entry {
    fn from(stored: StoredEntry) -> Self {
        let StoredEntry { step, holders, former, begun, earlier } = stored;
        let former = former.and_then(|text| step.read_former(&text));
        Self { step, holders, former, begun, earlier }
    }
}

impl From<Entry> for StoredEntry {
    fn from(entry: Entry) -> Self {
        let Entry { step, holders, former, begun, earlier } = entry;
        Self { step, holders, former: former.map(|it| it.text()), begun, earlier }
    }
}

impl Entry {
    /// Replaces the step by another version of it.
    pub fn replace(&mut self, step: Step) {
        let earlier = std::mem::replace(&mut self.step, step);
        if self.begun && earlier != self.step && !self.earlier.contains(&earlier) {
            self.earlier.push(earlier);
        }
    }
}

/// The state file: every step that is not undone, in the order in which the steps were done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of the file format.
    pub schema: u32,
    /// Boot id of the last write.
    pub boot: String,
    /// Cookie of the network namespace, if the kernel has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<u64>,
    /// Hardware addresses of the host's Ethernet interfaces.
    #[serde(default)]
    pub macs: BTreeSet<String>,
    /// The spec of each holder.
    #[serde(rename = "wishes")] // the file format of 0.1.0 fixed this name
    pub specs: BTreeMap<String, Spec>,
    pub entries: Vec<Entry>,
}

impl State {
    pub fn new(boot: String) -> Self {
        Self {
            schema: 1,
            boot,
            namespace: None,
            macs: BTreeSet::new(),
            specs: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    /// Reads a state file. If another boot wrote it, only files are left, and the parameters that
    /// these files set again.
    pub fn read(text: &str, boot: &str) -> Result<Self, String> {
        let mut state: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if state.schema != 1 {
            return Err(format!("schema {} is unknown: this program reads schema 1", state.schema));
        }
        if state.boot != boot {
            let kept: BTreeSet<String> = state
                .entries
                .iter()
                .filter(|entry| entry.step.outlives_boot())
                .flat_map(|entry| entry.holders.iter().cloned())
                .collect();
            state.entries.retain_mut(|entry| {
                entry.holders.retain(|holder| kept.contains(holder));
                match entry.step.lifetime() {
                    Lifetime::Lasting => true,
                    Lifetime::UntilBootOrFile => !entry.holders.is_empty(),
                    Lifetime::UntilBoot => false,
                }
            });
            state.specs.retain(|holder, _| kept.contains(holder));
            state.namespace = None;
            boot.clone_into(&mut state.boot);
        }
        Ok(state)
    }

    /// The text to write to the state file.
    pub fn text(&self) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    /// Whether another network namespace wrote the state, which may have had the same inode number.
    /// Without a cookie, or after a boot, the hardware addresses decide.
    pub fn of_another(&self, namespace: Option<u64>, macs: &BTreeSet<String>) -> bool {
        match (self.namespace, namespace) {
            (Some(then), Some(now)) => then != now,
            _ => !self.macs.is_empty() && self.macs.is_disjoint(macs),
        }
    }

    /// Index of the entry that changes the same object as `step`.
    pub fn find(&self, step: &Step) -> Option<usize> {
        self.entries.iter().position(|entry| entry.step.same_object(step))
    }

    /// Whether this program changed the object that `step` changes.
    pub fn owns(&self, step: &Step) -> bool {
        self.find(step).is_some_and(|index| self.entries[index].begun)
    }

    /// Whether this program suppresses ARP on this host.
    pub fn suppresses_arp(&self) -> bool {
        self.entries.iter().any(|entry| entry.begun && entry.step.suppresses_arp())
    }

    /// The recorded version of `step`, if it was done and differs.
    pub fn replaced(&self, step: &Step) -> Option<&Step> {
        let entry = &self.entries[self.find(step)?];
        (entry.begun && entry.step != *step).then_some(&entry.step)
    }

    /// Stores an entry, in place of one about the same object.
    pub fn keep(&mut self, mut entry: Entry) {
        match self.find(&entry.step) {
            Some(index) => {
                entry.earlier.extend(self.replaced(&entry.step).cloned());
                self.entries[index] = entry;
            }
            None => self.entries.push(entry),
        }
    }

    /// Removes these holders, or with `None` all holders, from every step.
    pub fn release(&mut self, holders: Option<&BTreeSet<String>>) {
        self.specs.retain(|holder, _| holders.is_some_and(|it| !it.contains(holder)));
        for entry in &mut self.entries {
            match holders {
                Some(holders) => entry.holders.retain(|it| !holders.contains(it)),
                None => entry.holders.clear(),
            }
        }
    }

    /// Whether a part of the state must survive a boot.
    pub fn lasting(&self) -> bool {
        self.entries.iter().any(|entry| entry.step.outlives_boot())
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::{Address, File, Sysctl};
    use super::*;

    fn state() -> State {
        let entry = |step, holders: &[&str]| Entry {
            step,
            holders: holders.iter().map(|&it| it.to_owned()).collect(),
            former: None,
            begun: true,
            earlier: Vec::new(),
        };
        let sysctl = Step::from(Sysctl::new("ipv4/conf/all/arp_ignore", "1"));
        let file = Step::from(File { path: "/etc/x".into(), content: String::new() });
        let mut state = State::new("a".into());
        state.entries = vec![entry(sysctl, &["1", "2"]), entry(file, &["2"])];
        state
    }

    #[test]
    fn a_shared_step_stays_until_its_last_holder() {
        let mut state = state();
        state.release(Some(&BTreeSet::from(["1".to_owned()])));
        assert!(!state.entries[0].holders.is_empty());
        state.release(Some(&BTreeSet::from(["2".to_owned()])));
        assert!(state.entries.iter().all(|entry| entry.holders.is_empty()));
    }

    #[test]
    fn a_namespace_is_recognised_by_cookie_or_interfaces() {
        let macs = |mac: &str| BTreeSet::from([mac.to_owned()]);
        let mut state = state();
        state.macs = macs("a");
        assert!(state.of_another(Some(1), &macs("b")));
        assert!(!state.of_another(Some(1), &macs("a")));
        state.namespace = Some(1);
        assert!(state.of_another(Some(2), &macs("a")));
        assert!(!state.of_another(Some(1), &macs("b")));
        let later = State::read(&state.text().unwrap(), "b").unwrap();
        assert!(!later.of_another(Some(2), &macs("a")));
    }

    #[test]
    fn a_boot_keeps_files_and_their_parameters() {
        let mut state = state();
        let address = Address { device: "lo".into(), address: "192.0.2.1".parse().unwrap() };
        state.entries.push(Entry { step: address.into(), ..state.entries[0].clone() });
        let text = state.text().unwrap();
        assert_eq!(State::read(&text, "a").unwrap().entries.len(), 3);
        let later = State::read(&text, "b").unwrap();
        let steps = |state: &State| -> Vec<Step> {
            state.entries.iter().map(|entry| entry.step.clone()).collect()
        };
        assert_eq!(steps(&later), steps(&state)[..2]);
        let lasting = BTreeSet::from(["2".to_owned()]);
        assert!(later.entries.iter().all(|entry| entry.holders == lasting), "{later:?}");
        assert!(later.lasting());
        state.entries.remove(1);
        let text = state.text().unwrap();
        assert!(State::read(&text, "b").unwrap().entries.is_empty());
    }

    /// A state file as version 0.1.0 wrote it, with a step of every kind.
    const OLD: &str = include_str!("../../tests/prepare/state-0.1.0/all-kinds.json");

    #[test]
    fn a_state_file_of_0_1_0_is_read_and_written_unchanged() {
        let boot = "0e2f8c36-4fc2-4d1e-936a-44bdc29a9b63";
        let state = State::read(OLD, boot).unwrap();
        assert_eq!(state.text().unwrap(), OLD);
        let formers: Vec<&Former> =
            state.entries.iter().filter_map(|it| it.former.as_ref()).collect();
        assert_eq!(*formers[0], Former::Value("0".to_owned()));
        assert!(formers.contains(&&Former::NoTable), "{formers:?}");
        let all = formers.iter().find_map(|it| match it {
            Former::Values(values) => values.first(),
            _ => None,
        });
        assert_eq!(all, Some(&("all".to_owned(), "0".to_owned())));
    }
}
