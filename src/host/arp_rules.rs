//! The rules of arptables, as it lists them.

use super::nft_tables;
use crate::error::{Error, Obstacle};
use crate::system::subprocess;

/// The table that the nftables version of arptables creates, even when it only lists rules.
pub const TABLE: &str = "filter";

/// A rule of arptables: its chain, and its arguments as listed.
pub type ArpRule = (String, Vec<String>);

/// Rules that `program` lists.
pub fn in_force(program: &str) -> Result<Vec<ArpRule>, Error> {
    if is_without_table(program)? {
        return Ok(Vec::new());
    }
    Ok(read(&subprocess::run(program, &["-n", "-L", "-v"], "")?))
}

/// Whether `program` uses nftables and its table does not exist. False if nft is missing, since
/// then nobody can tell.
pub fn is_without_table(program: &str) -> Result<bool, Error> {
    if !subprocess::run(program, &["-V"], "")?.contains("nf_tables") {
        return Ok(false);
    }
    match nft_tables::listing(TABLE) {
        Ok(listing) => Ok(listing.is_none()),
        Err(Error::Obstacle(Obstacle::NoProgram { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Parses the output of `arptables -n -L -v`.
fn read(listing: &str) -> Vec<ArpRule> {
    let mut chain = String::new();
    let mut rules = Vec::new();
    for line in listing.lines() {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match &words[..] {
            [first, name, ..] if first == "Chain" => chain.clone_from(name),
            [] => {}
            _ => rules.push((chain.clone(), words)),
        }
    }
    rules
}

pub fn is_listed(present: &[ArpRule], rule: &str) -> bool {
    place(present, rule).is_some()
}

/// Chain of a rule and its number there, from 1. arptables reorders the options of a rule, lists a
/// missing interface as `*` or `any`, and appends counters.
pub fn place<'a>(present: &[ArpRule], rule: &'a str) -> Option<(&'a str, usize)> {
    let mut words = rule.split(' ');
    let chain = words.next().unwrap_or_default();
    let wanted = pairs(words);
    let mut of_chain = present.iter().filter(|(name, _)| name == chain);
    let index =
        of_chain.position(|(_, words)| pairs(words.iter().map(String::as_str)) == wanted)?;
    Some((chain, index + 1))
}

/// Pairs each option with its value, and sorts the pairs.
fn pairs<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    let mut words = words.take_while(|word| *word != ",");
    let mut pairs = Vec::new();
    while let Some(option) = words.next() {
        let value = words.next().unwrap_or_default();
        if !(matches!(option, "-i" | "-o") && matches!(value, "*" | "any")) {
            pairs.push((option, value));
        }
    }
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n\
        -j DROP -i v0 -o * -d 10.0.0.80 , pcnt=0 -- bcnt=0 \n\
        \n\
        Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n\
        -j mangle -i any -o v0 -s 10.0.0.80 --mangle-ip-s 10.0.0.2 , pcnt=0 -- bcnt=0 \n";

    #[test]
    fn a_rule_of_one_interface_is_not_the_rule_of_all() {
        let present = read(LISTING);
        assert!(is_listed(&present, "INPUT -i v0 -d 10.0.0.80 -j DROP"));
        assert!(is_listed(&present, "OUTPUT -o v0 -s 10.0.0.80 -j mangle --mangle-ip-s 10.0.0.2"));
        assert!(!is_listed(&present, "INPUT -d 10.0.0.80 -j DROP"));
        assert!(!is_listed(&present, "OUTPUT -i v0 -d 10.0.0.80 -j DROP"));
        let rewritten = "OUTPUT -o v0 -s 10.0.0.80 -j mangle --mangle-ip-s 10.0.0.2";
        assert_eq!(place(&present, rewritten), Some(("OUTPUT", 1)));
    }
}
