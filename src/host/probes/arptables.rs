//! Which arptables makes the rules: in front of nftables, or the legacy one with a table of its own.
//! A kernel can have either, both or none (Debian's 7.2 has no legacy tables any more), and packets
//! pass the rules of both.

use std::fs;

use crate::error::Error;
use crate::host::arp_rules::{ArpRule, in_force};
use crate::host::facts::ArpTables;
use crate::system::program;

/// The first may be either of the other two.
const NAMES: [&str; 3] = ["arptables", "arptables-nft", "arptables-legacy"];

/// The names of the legacy tables in use; the module makes the file.
const LEGACY_TABLES: &str = "/proc/thread-self/net/arp_tables_names";

/// A program that is installed.
#[derive(Clone, Copy)]
struct Installed {
    name: &'static str,
    nft: bool,
}

/// The arptables to use, and all rules that are in force. `nft` says whether the kernel takes
/// nftables tables for ARP, where that is known.
pub fn choose(nft: Option<bool>) -> Result<(ArpTables, Vec<ArpRule>), Error> {
    let installed: Vec<Installed> = NAMES.into_iter().filter_map(look).collect();
    let find = |nft| installed.iter().find(|it| it.nft == nft);
    let mut rules = Vec::new();
    if let Some(legacy) = find(false)
        && fs::read_to_string(LEGACY_TABLES).is_ok_and(|names| !names.trim().is_empty())
    {
        rules = in_force(legacy.name)?;
    }
    let chosen = pick(&installed, nft != Some(false), !rules.is_empty(), |name| {
        program::run(name, &["-n", "-L"], "").is_ok()
    });
    let by_nft = match &chosen {
        ArpTables::Program(name) if installed.iter().any(|it| it.nft && it.name == name) => {
            Some(&name[..])
        }
        // Where nft is missing, to list the table would make it.
        _ if nft == Some(true) => find(true).map(|it| it.name),
        _ => None,
    };
    if let Some(name) = by_nft {
        rules.extend(in_force(name)?);
    }
    Ok((chosen, rules))
}

fn look(name: &'static str) -> Option<Installed> {
    let version = program::run(name, &["-V"], "").ok()?;
    Some(Installed { name, nft: version.contains("nf_tables") })
}

/// Legacy rules only next to other legacy rules, or if nothing else works.
fn pick(
    installed: &[Installed],
    nft_works: bool,
    legacy_rules: bool,
    legacy_works: impl Fn(&str) -> bool,
) -> ArpTables {
    let of = |nft| installed.iter().find(|it| it.nft == nft).map(|it| it.name);
    let by_nft = of(true).filter(|_| nft_works);
    let chosen = match of(false) {
        Some(legacy) if legacy_rules => Some(legacy),
        legacy => by_nft.or_else(|| legacy.filter(|name| legacy_works(name))),
    };
    match chosen {
        Some(name) => ArpTables::Program(name.to_owned()),
        None if installed.is_empty() => ArpTables::Absent,
        None => ArpTables::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_works_is_used_and_legacy_rules_stay_together() {
        let of = |name, nft| Installed { name, nft };
        let debian =
            [of("arptables", true), of("arptables-nft", true), of("arptables-legacy", false)];
        let old_default =
            [of("arptables", false), of("arptables-nft", true), of("arptables-legacy", false)];
        let program = |name: &str| ArpTables::Program(name.to_owned());
        let pick = |all: &[Installed], nft, used, works| pick(all, nft, used, |_| works);
        for (installed, by_nft, legacy) in
            [(debian, "arptables", "arptables-legacy"), (old_default, "arptables-nft", "arptables")]
        {
            // A kernel without legacy tables, and one without nftables for ARP.
            assert_eq!(pick(&installed, true, false, false), program(by_nft));
            assert_eq!(pick(&installed, false, false, true), program(legacy));
            // One with both: what is in use decides.
            assert_eq!(pick(&installed, true, false, true), program(by_nft));
            assert_eq!(pick(&installed, true, true, true), program(legacy));
            assert_eq!(pick(&installed, false, false, false), ArpTables::Unsupported);
        }
        assert_eq!(pick(&[], true, false, true), ArpTables::Absent);
    }
}
