//! Rules against ARP: nft and arptables.

use crate::error::Error;
use crate::prepare::ArpRule;
use crate::prepare::filter::{is_listed, read, script};
use crate::system::program;

/// In the state file: arptables' table was not there.
const NO_TABLE: &str = "no table";

/// The table that the arptables in front of nftables makes, even to list it.
const ARP_FILTER: &str = "filter";

/// The table as it stands, with numbers instead of names; `None` where there is none.
pub fn table(name: &str) -> Option<String> {
    program::run("nft", &["-n", "-y", "list", "table", "arp", name], "").ok()
}

pub fn make_table(name: &str, body: &str) -> Result<(), Error> {
    program::run("nft", &["-f", "-"], &script(name, body)).map(drop)
}

pub fn delete_table(name: &str) -> Result<(), Error> {
    program::run("nft", &["delete", "table", "arp", name], "").map(drop)
}

/// What arptables must find again, for the state file.
pub fn former(program: &str) -> Result<Option<String>, Error> {
    let none = is_nft(program)? && table(ARP_FILTER).is_none();
    Ok(none.then(|| NO_TABLE.to_owned()))
}

/// The rules as arptables lists them.
pub fn rules(program: &str) -> Result<Vec<ArpRule>, Error> {
    if is_nft(program)? && table(ARP_FILTER).is_none() {
        return Ok(Vec::new());
    }
    Ok(read(&program::run(program, &["-n", "-L", "-v"], "")?))
}

/// Adds those that are missing.
pub fn add_rules(program: &str, wanted: &[String]) -> Result<(), Error> {
    let present = rules(program)?;
    let missing = wanted.iter().filter(|rule| !is_listed(&present, rule));
    missing.into_iter().try_for_each(|rule| change(program, "-A", rule))
}

/// Deletes those that are there, and the table that they brought with them.
pub fn delete_rules(program: &str, made: &[String], former: Option<&str>) -> Result<(), Error> {
    let present = rules(program)?;
    for rule in made.iter().filter(|rule| is_listed(&present, rule)) {
        change(program, "-D", rule)?;
    }
    let came = former == Some(NO_TABLE);
    if came && rules(program)?.is_empty() && table(ARP_FILTER).is_some() {
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
