//! Rules against ARP: nft and arptables.

use crate::error::{Error, Obstacle};
use crate::host::ArpRule;
use crate::host::filter::{is_listed, place, read, script};
use crate::system::program;

/// In the state file: arptables' table was not there.
const NO_TABLE: &str = "no table";

/// The table that the arptables in front of nftables makes, even to list it.
const ARP_FILTER: &str = "filter";

/// nft's word for a table that is not there.
const ABSENT: &str = "No such file or directory";

/// The table as it stands, with numbers instead of names; `None` where there is none.
pub fn table(name: &str) -> Result<Option<String>, Error> {
    match program::run("nft", &["-n", "-y", "list", "table", "arp", name], "") {
        Ok(listing) => Ok(Some(listing)),
        Err(Error::Program { text, .. }) if text.ends_with(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether arptables' table is known to be missing; without nft nobody knows.
fn is_without_table() -> Result<bool, Error> {
    match table(ARP_FILTER) {
        Ok(listing) => Ok(listing.is_none()),
        Err(Error::Obstacle(Obstacle::NoProgram { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

pub fn make_table(name: &str, body: &str) -> Result<(), Error> {
    program::run("nft", &["-f", "-"], &script(name, body)).map(drop)
}

pub fn delete_table(name: &str) -> Result<(), Error> {
    program::run("nft", &["delete", "table", "arp", name], "").map(drop)
}

/// What arptables must find again, for the state file.
pub fn former(program: &str) -> Result<Option<String>, Error> {
    let none = is_nft(program)? && is_without_table()?;
    Ok(none.then(|| NO_TABLE.to_owned()))
}

/// The rules as arptables lists them.
pub fn rules(program: &str) -> Result<Vec<ArpRule>, Error> {
    if is_nft(program)? && is_without_table()? {
        return Ok(Vec::new());
    }
    Ok(read(&program::run(program, &["-n", "-L", "-v"], "")?))
}

/// Adds those that are missing. What one interface may say comes before the rule of all that stands
/// already: behind that it would never act.
pub fn add_rules(program: &str, wanted: &[String]) -> Result<(), Error> {
    let present = rules(program)?;
    let missing: Vec<&String> = wanted.iter().filter(|rule| !is_listed(&present, rule)).collect();
    let fresh = missing.len() == wanted.len();
    let (before, behind): (Vec<&String>, Vec<&String>) =
        missing.into_iter().partition(|rule| !fresh && is_of_one_interface(rule));
    behind.into_iter().try_for_each(|rule| change(program, "-A", rule))?;
    before.into_iter().rev().try_for_each(|rule| change(program, "-I", rule))
}

fn is_of_one_interface(rule: &str) -> bool {
    rule.contains(" -i ") || rule.contains(" -o ")
}

/// Deletes those that are there, and the table that they brought with them.
pub fn delete_rules(program: &str, made: &[String], former: Option<&str>) -> Result<(), Error> {
    for rule in made {
        // By its number: told the words, arptables takes a rule that rewrites to another address.
        if let Some((chain, number)) = place(&rules(program)?, rule) {
            program::run(program, &["-D", chain, &number.to_string()], "")?;
        }
    }
    let came = former == Some(NO_TABLE);
    if came && rules(program)?.is_empty() && table(ARP_FILTER)?.is_some() {
        delete_table(ARP_FILTER)?;
    }
    Ok(())
}

fn change(program: &str, action: &str, rule: &str) -> Result<(), Error> {
    let words: Vec<&str> = std::iter::once(action).chain(rule.split(' ')).collect();
    program::run(program, &words, "").map(drop)
}

fn is_nft(program: &str) -> Result<bool, Error> {
    Ok(program::run(program, &["-V"], "")?.contains("nf_tables"))
}
