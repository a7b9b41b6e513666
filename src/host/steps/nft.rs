//! Step: create an nftables table for ARP. Undo deletes it.

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone, here_document};
use crate::error::Error;
use crate::host::facts::Facts;
use crate::host::nft_tables;
use crate::netlink::route::Network;
use crate::system::subprocess;

/// Creates an nftables table for ARP in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nft {
    pub table: String,
    /// Text between the braces of the table.
    pub body: String,
}

impl Kind for Nft {
    fn describe(&self) -> String {
        format!("make nftables table arp {}", self.table)
    }

    fn shell(&self) -> String {
        let Self { table, body } = self;
        format!("nft -f - {}", here_document(&nft_tables::script(table, body)))
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        let listing = nft_tables::listing(&self.table)?;
        Ok(listing.is_some_and(|it| nft_tables::is_table(&it, &self.table, &self.body)))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        let script = nft_tables::script(&self.table, &self.body);
        subprocess::run("nft", &["-f", "-"], &script).map(drop)
    }

    /// Deletes the table even if somebody has flushed it, since its name shows that it is ours.
    fn undo(&self, _: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        if nft_tables::listing(&self.table)?.is_none() {
            return Ok(Undone::Gone);
        }
        nft_tables::delete(&self.table)?;
        Ok(Undone::Restored)
    }

    fn same_object(&self, other: &Self) -> bool {
        self.table == other.table
    }

    fn missing_rules(&self, facts: &Facts) -> Option<String> {
        let Self { table, body } = self;
        match facts.tables.get(table) {
            None => Some(format!("there is no nftables table arp {table}")),
            Some(listing) if nft_tables::is_table(listing, table, body) => None,
            Some(_) => Some(format!("nftables table arp {table} lacks the rules for it")),
        }
    }
}
