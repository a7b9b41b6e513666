//! Chooses the arptables program: the one for nftables, or the legacy one with its own tables. A
//! kernel can support either, both or none (Debian's 7.2 has no legacy tables), and applies the
//! rules of both.

use std::fs;

use crate::error::Error;
use crate::host::arp_rules::{ArpRule, in_force};
use crate::host::facts::ArpTables;
use crate::system::subprocess;

/// Names of the program. The first can be a link to either of the others.
const NAMES: [&str; 3] = ["arptables", "arptables-nft", "arptables-legacy"];

/// Names of the legacy tables in use. The file exists if the module is loaded.
const LEGACY_TABLES: &str = "/proc/thread-self/net/arp_tables_names";

/// An installed arptables program.
#[derive(Clone, Copy)]
struct Installed {
    name: &'static str,
    nft: bool,
}

/// Chooses the program and reads all rules. `nft` says whether the kernel supports nftables tables
/// for ARP, if that is known.
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
        subprocess::run(name, &["-n", "-L"], "").is_ok()
    });
    let by_nft = match &chosen {
        ArpTables::Program(name) if installed.iter().any(|it| it.nft && it.name == name) => {
            Some(&name[..])
        }
        // Without nft, listing the rules would create the table.
        _ if nft == Some(true) => find(true).map(|it| it.name),
        _ => None,
    };
    if let Some(name) = by_nft {
        rules.extend(in_force(name)?);
    }
    Ok((chosen, rules))
}

fn look(name: &'static str) -> Option<Installed> {
    let version = subprocess::run(name, &["-V"], "").ok()?;
    Some(Installed { name, nft: version.contains("nf_tables") })
}

/// Chooses legacy rules only if there are legacy rules already, or if nothing else works.
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
    fn a_working_program_is_chosen_and_legacy_rules_stay_together() {
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
            // One kernel without legacy tables, and one without nftables for ARP.
            assert_eq!(pick(&installed, true, false, false), program(by_nft));
            assert_eq!(pick(&installed, false, false, true), program(legacy));
            // A kernel with both: the rules in use decide.
            assert_eq!(pick(&installed, true, false, true), program(by_nft));
            assert_eq!(pick(&installed, true, true, true), program(legacy));
            assert_eq!(pick(&installed, false, false, false), ArpTables::Unsupported);
        }
        assert_eq!(pick(&[], true, false, true), ArpTables::Absent);
    }
}
