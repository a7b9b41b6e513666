//! Step: add arptables rules. Undo deletes them, and the table if `prepare` created it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone};
use crate::error::Error;
use crate::host::arp_rules::{TABLE, in_force, is_listed, is_without_table, place};
use crate::host::facts::Facts;
use crate::host::nft_tables;
use crate::model::quote::shell_words;
use crate::netlink::route::Network;
use crate::system::subprocess;

/// Text of [`Former::NoTable`] in the state file.
pub const NO_TABLE: &str = "no table";

/// Adds arptables rules for one virtual address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arptables {
    /// `arptables`, `arptables-nft` or `arptables-legacy`.
    pub program: String,
    /// The virtual address of the rules.
    pub vip: IpAddr,
    /// The rules, each without `-A`.
    pub rules: Vec<String>,
}

impl Arptables {
    /// Adds the missing rules. A rule of one interface goes before an existing rule of all
    /// interfaces, because after that rule it would never match.
    fn add(&self) -> Result<(), Error> {
        let present = in_force(&self.program)?;
        let missing: Vec<&String> =
            self.rules.iter().filter(|rule| !is_listed(&present, rule)).collect();
        let fresh = missing.len() == self.rules.len();
        let (before, after): (Vec<&String>, Vec<&String>) =
            missing.into_iter().partition(|rule| !fresh && is_of_one_interface(rule));
        after.into_iter().try_for_each(|rule| self.change("-A", rule))?;
        before.into_iter().rev().try_for_each(|rule| self.change("-I", rule))
    }

    fn delete<'a>(&self, rules: impl IntoIterator<Item = &'a String>) -> Result<(), Error> {
        for rule in rules {
            // Delete by number: given the words, arptables also deletes a rule that rewrites to
            // another address.
            if let Some((chain, number)) = place(&in_force(&self.program)?, rule) {
                subprocess::run(&self.program, &["-D", chain, &number.to_string()], "")?;
            }
        }
        Ok(())
    }

    fn change(&self, action: &str, rule: &str) -> Result<(), Error> {
        let words: Vec<&str> = std::iter::once(action).chain(rule.split(' ')).collect();
        subprocess::run(&self.program, &words, "").map(drop)
    }
}

impl Kind for Arptables {
    fn describe(&self) -> String {
        format!("{}: {}", self.program, self.rules.join("; "))
    }

    fn shell(&self) -> String {
        let program = &self.program;
        let rules = self.rules.iter().map(|rule| format!("{program} -A {}", shell_words(rule)));
        rules.collect::<Vec<_>>().join("\n")
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        let present = in_force(&self.program)?;
        Ok(self.rules.iter().all(|rule| is_listed(&present, rule)))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        self.add()
    }

    fn undo(&self, _: &mut Network, former: Option<&Former>) -> Result<Undone, Error> {
        self.delete(&self.rules)?;
        if former == Some(&Former::NoTable)
            && in_force(&self.program)?.is_empty()
            && nft_tables::listing(TABLE)?.is_some()
        {
            nft_tables::delete(TABLE)?;
        }
        Ok(Undone::Restored)
    }

    fn same_object(&self, other: &Self) -> bool {
        (&self.program, self.vip) == (&other.program, other.vip)
    }

    fn clear_earlier(&self, earlier: &Self) -> Result<(), Error> {
        self.delete(earlier.rules.iter().filter(|rule| !self.rules.contains(rule)))
    }

    fn former(&self) -> Result<Option<Former>, Error> {
        Ok(is_without_table(&self.program)?.then_some(Former::NoTable))
    }

    fn read_former(&self, text: &str) -> Option<Former> {
        (text == NO_TABLE).then_some(Former::NoTable)
    }

    fn missing_rules(&self, facts: &Facts) -> Option<String> {
        let missing = self.rules.iter().find(|rule| !is_listed(&facts.arp_rules, rule))?;
        Some(format!("{} has no rule {missing}", self.program))
    }
}

fn is_of_one_interface(rule: &str) -> bool {
    rule.contains(" -i ") || rule.contains(" -o ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_interface_names_are_quoted() {
        let step = Arptables {
            program: "arptables".to_owned(),
            vip: "192.0.2.1".parse().unwrap(),
            rules: vec!["INPUT -i $(id>&2) -d 192.0.2.1 -j DROP".to_owned()],
        };
        let command = "arptables -A INPUT -i '$(id>&2)' -d 192.0.2.1 -j DROP";
        assert_eq!(step.shell(), command);
    }
}
