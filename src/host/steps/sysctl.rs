//! Step: set a kernel parameter. Undo restores the former value if the parameter still has ours.

use std::fs;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Lifetime, Undone, failed};
use crate::error::Error;
use crate::host::facts::{Facts, is_silent};
use crate::model::{sysctl_name, write_parameter};
use crate::netlink::route::Network;
use crate::system::sysctl;

/// A write to this parameter writes the same value to every interface.
const WIDE: &str = "ipv6/conf/all/forwarding";

/// Sets a kernel parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    /// Path below `/proc/sys/net`.
    pub key: String,
    /// The value as the kernel prints it.
    pub value: String,
}

impl Sysctl {
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// Whether the host has another value, or none.
    pub fn differs(&self, facts: &Facts) -> bool {
        facts.sysctl(&self.key) != Some(&self.value)
    }
}

impl Kind for Sysctl {
    fn describe(&self) -> String {
        format!("set net/{} to {}", self.key, self.value)
    }

    fn shell(&self) -> String {
        match sysctl_name(&self.key) {
            Some(name) => format!("sysctl -q -w {name}='{}'", self.value),
            None => write_parameter(&self.key, &self.value),
        }
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        let now = sysctl::read(&self.key)?;
        Ok(now.is_some_and(|now| is_enough(&self.key, &self.value, &now)))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        sysctl::write(&self.key, &self.value)
    }

    fn undo(&self, _: &mut Network, former: Option<&Former>) -> Result<Undone, Error> {
        match former {
            Some(Former::Values(former)) => restore_wide(&self.value, former),
            Some(Former::Value(former)) => restore(&self.key, &self.value, former),
            Some(Former::NoTable) | None => Ok(Undone::Gone),
        }
    }

    fn same_object(&self, other: &Self) -> bool {
        self.key == other.key
    }

    fn former(&self) -> Result<Option<Former>, Error> {
        if self.key == WIDE {
            return wide().map(|values| Some(Former::Values(values)));
        }
        Ok(sysctl::read(&self.key)?.map(Former::Value))
    }

    fn read_former(&self, text: &str) -> Option<Former> {
        if self.key != WIDE {
            return Some(Former::Value(text.to_owned()));
        }
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Former::Values(pairs.collect()))
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::UntilBootOrFile
    }

    fn suppresses_arp(&self) -> bool {
        self.key.ends_with("/arp_ignore")
    }

    /// `None` for parameters that only the unit can set: those of interfaces that a step adds, and
    /// those of interfaces whose names systemd-sysctl would read as patterns.
    fn sysctl_line(&self) -> Option<String> {
        let Self { key, value } = self;
        let fits = !key.contains("/ipvs-") && sysctl_name(key).is_some();
        fits.then(|| format!("net/{key} = {value}\n"))
    }
}

/// Whether the value `now` has the effect of `value`, which a stricter value also has.
fn is_enough(key: &str, value: &str, now: &str) -> bool {
    let stricter = || {
        key.ends_with("/arp_ignore")
            && [value, now].iter().all(|it| it.parse().is_ok_and(is_silent))
    };
    now == value || stricter()
}

/// Values of [`WIDE`] for `all` and each interface, `all` first.
fn wide() -> Result<Vec<(String, String)>, Error> {
    let folder = "/proc/sys/net/ipv6/conf";
    let mut names = vec!["all".to_owned()];
    for entry in fs::read_dir(folder).map_err(failed(format!("read {folder}")))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "all" {
            names.push(name);
        }
    }
    let mut values = Vec::new();
    for name in names {
        let value = sysctl::read(&WIDE.replace("all", &name))?;
        values.extend(value.map(|value| (name, value)));
    }
    Ok(values)
}

/// Restores the value of each interface. The write to `all` would overwrite an interface that
/// somebody has set since, so that interface gets its own value again.
fn restore_wide(value: &str, former: &[(String, String)]) -> Result<Undone, Error> {
    let Some((_, all)) = former.first() else { return Ok(Undone::Gone) };
    let now = wide()?;
    let undone = restore(WIDE, value, all)?;
    let made = match undone {
        Undone::Restored => value,
        // `all` is restored already: an earlier `undo` was killed here.
        Undone::Gone => all,
        Undone::LeftAlone(_) => return Ok(undone),
    };
    for (name, now) in now.iter().skip(1) {
        let was = former.iter().skip(1).find(|(other, _)| other == name);
        let wanted = match was {
            Some((_, was)) if now == made => was,
            // The interface is newer than the step and follows `all`.
            None if now == made => continue,
            _ => now,
        };
        let key = WIDE.replace("all", name);
        if sysctl::read(&key)?.is_some() {
            sysctl::write(&key, wanted)?;
        }
    }
    Ok(undone)
}

fn restore(key: &str, value: &str, former: &str) -> Result<Undone, Error> {
    match sysctl::read(key)?.as_deref() {
        None => Ok(Undone::Gone),
        Some(now) if now == former => Ok(Undone::Gone),
        Some(now) if now == value => {
            sysctl::write(key, former)?;
            Ok(Undone::Restored)
        }
        Some(now) => Ok(Undone::LeftAlone(format!("its value is {now} now"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysctl_names_keep_dots_of_interfaces() {
        let step = Sysctl::new("ipv4/conf/eth0.10/arp_ignore", "1");
        assert_eq!(step.shell(), "sysctl -q -w net.ipv4.conf.eth0/10.arp_ignore='1'");
    }

    #[test]
    fn hostile_interface_names_are_quoted() {
        let step = Sysctl::new("ipv4/conf/$(id>&2)/arp_ignore", "1");
        let command = "echo 1 >'/proc/sys/net/ipv4/conf/$(id>&2)/arp_ignore'";
        assert_eq!(step.shell(), command);
    }

    #[test]
    fn a_stricter_arp_ignore_is_enough() {
        assert!(is_enough("ipv4/conf/all/arp_ignore", "1", "2"));
        assert!(!is_enough("ipv4/conf/all/arp_ignore", "1", "4"));
        assert!(!is_enough("ipv4/conf/all/arp_announce", "1", "2"));
    }
}
