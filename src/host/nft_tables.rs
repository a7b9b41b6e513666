//! nftables tables for ARP: what `nft` lists, and the text that makes one.

use crate::error::{Error, Obstacle};
use crate::system::program;

/// nft's words for a table that does not exist.
const ABSENT: &str = "No such file or directory";

/// The table as nft lists it, with numbers instead of names; `None` if there is none.
pub fn listing(name: &str) -> Result<Option<String>, Error> {
    match program::run("nft", &["-n", "-y", "list", "table", "arp", name], "") {
        Ok(listing) => Ok(Some(listing)),
        Err(Error::Program { text, .. }) if text.ends_with(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes the table.
pub fn delete(name: &str) -> Result<(), Error> {
    program::run("nft", &["delete", "table", "arp", name], "").map(drop)
}

/// Whether the kernel takes nftables tables for ARP; `None` if nft is not installed. The check
/// commits nothing.
pub fn are_supported() -> Result<Option<bool>, Error> {
    match program::run("nft", &["-c", "-f", "-"], "table arp ipvsadm_probe { }\n") {
        Ok(_) => Ok(Some(true)),
        Err(Error::Program { .. }) => Ok(Some(false)),
        Err(Error::Obstacle(Obstacle::NoProgram { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One transaction that makes a table and replaces an old one of the same name.
pub fn script(table: &str, body: &str) -> String {
    format!("table arp {table}\ndelete table arp {table}\ntable arp {table} {{\n{body}}}\n")
}

/// Whether a listing of `nft -n -y` shows these rules and no others. A flushed table still has its
/// name, and a further rule before ours can disable them.
pub fn is_table(listing: &str, table: &str, body: &str) -> bool {
    let wanted = format!("table arp {table} {{\n{body}}}");
    lines(listing).eq(lines(&wanted))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_recognised_by_its_rules_not_its_name() {
        let body = "\tchain in {\n\t\tarp daddr ip 10.0.0.80 drop\n\t}\n";
        let listing = format!("table arp t {{\n{body}\n}}\n");
        assert!(is_table(&listing, "t", body));
        assert!(!is_table("table arp t {\n\tchain in {\n\t}\n}\n", "t", body));
        let more = listing.replace("arp daddr", "accept\n\t\tarp daddr");
        assert!(!is_table(&more, "t", body));
    }
}
