//! Turns a remedy into a command that is safe to paste on this host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::checks::{Finding, Remedy};
use super::facts::Facts;
use super::spec::{NAT_HOLDER, Spec};
use super::state::{Entry, State};
use crate::model::in_namespace::{inside, placed};
use crate::model::quote::shell;
use crate::model::set_parameter;

/// Facts about who prepared the host, on which the choice of a command depends.
pub struct Preparer<'a> {
    /// Content of the state file of this verb.
    pub state: &'a State,
    /// Argument of `--netns`.
    pub netns: Option<&'a str>,
}

impl Preparer<'_> {
    /// Adds to the finding the command that fixes the problem or, if there is none, a hint.
    pub fn advise(&self, finding: &mut Finding, spec: &Spec, facts: &Facts) {
        let Some(remedy) = &finding.remedy else { return };
        let obstacle = self.obstacle(spec, facts);
        (finding.fix, finding.hint) = match (remedy, obstacle) {
            (Remedy::Prepare | Remedy::Set(_), None) => (Some(self.prepare(spec, false)), None),
            (Remedy::Set(parameters), Some(_)) => {
                let commands = parameters.iter().map(|(key, value)| set_parameter(key, value));
                (Some(self.commands(commands)), None)
            }
            (Remedy::Prepare, Some(why)) => (None, Some(self.placed(&why))),
            (Remedy::Commands(commands), _) => {
                (Some(self.commands(commands.iter().cloned())), None)
            }
            (Remedy::Advice(advice), _) => (None, Some(self.placed(advice))),
        };
    }

    /// Reason why `prepare` would refuse: another program added an address, or this program did so
    /// for other options.
    fn obstacle(&self, spec: &Spec, facts: &Facts) -> Option<String> {
        let verb = spec.verb();
        for holder in spec.holders() {
            match self.state.specs.get(&holder) {
                Some(recorded) if *recorded == spec.only(&holder) => {}
                Some(recorded) => {
                    let prepared = recorded.arguments(&holder).join(" ");
                    return Some(format!(
                        "this host was prepared with `{prepared}': check it with `ipvsadm {verb} \
                         status', or first undo that preparation"
                    ));
                }
                None if facts.addresses.iter().any(|it| it.address.to_string() == holder) => {
                    return Some(format!(
                        "another program than `{verb} prepare' put {holder} on this host: correct \
                         the configuration of that program, or remove the address from it and \
                         then run: {}",
                        self.prepare(spec, false)
                    ));
                }
                None => {}
            }
        }
        None
    }

    /// The `prepare` command with the options of `spec`. `persist` also writes lost files again.
    pub fn prepare(&self, spec: &Spec, persist: bool) -> String {
        let holders = spec.holders().join(",");
        let mut words = vec!["prepare".to_owned()];
        words.extend(spec.arguments(&holders));
        if persist {
            words.push("--persist".to_owned());
        }
        self.command(spec.verb(), &words)
    }

    /// The command that repeats a recorded step that is no longer in effect.
    pub fn again(&self, entry: &Entry) -> Option<String> {
        let holder = entry.holders.iter().find(|holder| self.state.specs.contains_key(*holder))?;
        let spec = self.state.specs.get(holder)?;
        Some(self.prepare(spec, entry.step.path().is_some()))
    }

    /// The command that undoes the steps of an unfinished run. `None` if no holder was recorded,
    /// because an undo without a holder would undo more.
    pub fn undo(&self, verb: &str, holders: &BTreeSet<String>) -> Option<String> {
        let mut words = vec!["undo".to_owned()];
        let vips: Vec<&str> =
            holders.iter().map(String::as_str).filter(|it| it.parse::<IpAddr>().is_ok()).collect();
        if !vips.is_empty() {
            words.extend(["--vip".to_owned(), vips.join(",")]);
        }
        if holders.contains(NAT_HOLDER) {
            words.extend(["--mode".to_owned(), NAT_HOLDER.to_owned()]);
        }
        let everything = words.len() == 1;
        (!everything || self.state.specs.is_empty()).then(|| self.command(verb, &words))
    }

    fn command(&self, verb: &str, words: &[String]) -> String {
        let netns = self.netns.map(|netns| ["--netns".to_owned(), netns.to_owned()]);
        let words = words.iter().chain(netns.iter().flatten());
        let quoted: Vec<_> = words.map(|word| shell(word)).collect();
        format!("ipvsadm {verb} {}", quoted.join(" "))
    }

    fn commands(&self, commands: impl Iterator<Item = String>) -> String {
        commands.map(|command| self.inside(&command)).collect::<Vec<_>>().join(" && ")
    }

    fn inside(&self, command: &str) -> String {
        self.netns.map_or_else(|| command.to_owned(), |netns| inside(netns, command))
    }

    /// Makes the commands in a hint act on the network namespace that was checked.
    pub(super) fn placed(&self, hint: &str) -> String {
        self.netns.map_or_else(|| hint.to_owned(), |netns| placed(netns, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_network_namespace_that_was_checked() {
        let state = State::default();
        let hint = |netns| Preparer { state: &state, netns }.placed("look at `ip rule'");
        assert_eq!(hint(None), "look at `ip rule'");
        assert_eq!(hint(Some("a")), "look at `ip netns exec a ip rule'");
    }

    #[test]
    fn an_unfinished_run_is_undone_for_its_holders_only() {
        let mut state = State::default();
        let undo = |state: &State, holders: &[&str]| {
            let holders = holders.iter().map(|&it| it.to_owned()).collect();
            Preparer { state, netns: Some("a") }.undo("rs", &holders)
        };
        let of_one = undo(&state, &["192.0.2.1"]).unwrap();
        assert_eq!(of_one, "ipvsadm rs undo --vip 192.0.2.1 --netns a");
        assert_eq!(undo(&state, &["nat"]).unwrap(), "ipvsadm rs undo --mode nat --netns a");
        assert_eq!(undo(&state, &[]).unwrap(), "ipvsadm rs undo --netns a");
        let spec = crate::host::Director {
            vips: Vec::new(),
            interface: "eth0".to_owned(),
            nat: false,
            parameters: std::collections::BTreeMap::new(),
            schedulers: Vec::new(),
            takeover: false,
        };
        state.specs.insert("192.0.2.2".to_owned(), Spec::Director(spec));
        assert_eq!(undo(&state, &[]), None);
    }
}
