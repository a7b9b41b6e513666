//! The flags of schedulers, which `-b` sets.

/// Scheduler flags `SCHED1..3` as bits 0, 1 and 2 (0x08, 0x10, 0x20 in the kernel).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SchedulerFlags(u8);

/// Name, bit, and the only scheduler for which the name is valid, if any.
const NAMES: [(&str, u8, Option<&str>); 7] = [
    ("sh-fallback", 0, Some("sh")),
    ("sh-port", 1, Some("sh")),
    ("mh-fallback", 0, Some("mh")),
    ("mh-port", 1, Some("mh")),
    ("flag-1", 0, None),
    ("flag-2", 1, None),
    ("flag-3", 2, None),
];

/// Reason why a word is not a flag of the scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFlag {
    /// No scheduler has a flag of this name.
    Unknown(String),
    /// Another scheduler has a flag of this name.
    Foreign(String),
}

impl SchedulerFlags {
    /// The flags in the low three bits of `bits`; higher bits are ignored.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & 0b111)
    }

    /// The flags as a number; bit `n - 1` is `flag-n`.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Parses a comma-separated list of flags of `scheduler`. Empty words are ignored.
    pub fn parse(list: &str, scheduler: &str) -> Result<Self, BadFlag> {
        let mut bits = 0;
        for word in list.split(',').filter(|word| !word.is_empty()) {
            let row = NAMES.iter().find(|(name, ..)| *name == word);
            let (_, bit, owner) = row.ok_or_else(|| BadFlag::Unknown(word.to_owned()))?;
            if owner.is_some_and(|owner| owner != scheduler) {
                return Err(BadFlag::Foreign(word.to_owned()));
            }
            bits |= 1 << bit;
        }
        Ok(Self(bits))
    }

    /// Names of the flags of all schedulers.
    pub fn every() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, ..)| *name)
    }

    /// Names of all flags of `scheduler`.
    pub fn all(scheduler: &str) -> impl Iterator<Item = &'static str> {
        let of = move |owner: Option<&str>| owner.is_none_or(|owner| owner == scheduler);
        NAMES.iter().filter(move |(_, _, owner)| of(*owner)).map(|(name, ..)| *name)
    }

    /// Names of the flags that are set, in the form valid for `scheduler`.
    pub fn names(self, scheduler: &str) -> Vec<&'static str> {
        let name_of = |bit: u8| {
            let mut rows = NAMES.iter().filter(move |row| row.1 == bit);
            rows.find(|row| row.2.is_none_or(|owner| owner == scheduler)).map(|row| row.0)
        };
        (0..3).filter(|bit| self.0 & (1 << bit) != 0).filter_map(name_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_index_names_every_flag() {
        let flags: Vec<&str> = SchedulerFlags::every().collect();
        let text = format!("`the flags are {}`", flags.join(", "));
        assert!(include_str!("../../docs/errors.md").contains(&text), "{text}");
    }

    #[test]
    fn names_depend_on_the_scheduler() {
        let all = SchedulerFlags::from_bits(0b111);
        assert_eq!(all.names("sh"), ["sh-fallback", "sh-port", "flag-3"]);
        assert_eq!(all.names("mh"), ["mh-fallback", "mh-port", "flag-3"]);
        assert_eq!(all.names("wlc"), ["flag-1", "flag-2", "flag-3"]);
    }

    #[test]
    fn flag_names_read_back() {
        for bits in 0..8 {
            for scheduler in ["sh", "mh", "rr"] {
                let flags = SchedulerFlags::from_bits(bits);
                let list = flags.names(scheduler).join(",");
                assert_eq!(SchedulerFlags::parse(&list, scheduler), Ok(flags));
            }
        }
    }

    #[test]
    fn foreign_and_unknown_flags_are_refused() {
        let foreign = BadFlag::Foreign("sh-port".to_owned());
        assert_eq!(SchedulerFlags::parse("sh-port", "mh"), Err(foreign));
        let unknown = BadFlag::Unknown("x".to_owned());
        assert_eq!(SchedulerFlags::parse("flag-1,x", "mh"), Err(unknown));
        assert_eq!(SchedulerFlags::parse(",", "mh"), Ok(SchedulerFlags::default()));
    }
}
