//! nftables tables for ARP: their listing, and the script that creates one.

use crate::error::{Error, Obstacle};
use crate::system::subprocess;

/// nft's message about a table that does not exist.
const ABSENT: &str = "No such file or directory";

/// Listing of the table with numbers instead of names; `None` if the table does not exist.
pub fn listing(name: &str) -> Result<Option<String>, Error> {
    match subprocess::run("nft", &["-n", "-y", "list", "table", "arp", name], "") {
        Ok(listing) => Ok(Some(listing)),
        Err(Error::Program { text, .. }) if text.ends_with(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn delete(name: &str) -> Result<(), Error> {
    subprocess::run("nft", &["delete", "table", "arp", name], "").map(drop)
}

/// Whether the kernel supports nftables tables for ARP; `None` if nft is not installed. The probe
/// commits nothing.
pub fn are_supported() -> Result<Option<bool>, Error> {
    match subprocess::run("nft", &["-c", "-f", "-"], "table arp ipvsadm_probe { }\n") {
        Ok(_) => Ok(Some(true)),
        Err(Error::Program { .. }) => Ok(Some(false)),
        Err(Error::Obstacle(Obstacle::NoProgram { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A script that replaces the table, or creates it, in one transaction.
pub fn script(table: &str, body: &str) -> String {
    format!("table arp {table}\ndelete table arp {table}\ntable arp {table} {{\n{body}}}\n")
}

/// Whether a listing of `nft -n -y` has exactly these rules. A flushed table still has its name,
/// and a foreign rule before ours could disable them.
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
