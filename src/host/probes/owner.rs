//! Finds the owner of an address that prevents a preparation.

use std::net::IpAddr;

use crate::error::Obstacle;
use crate::host::address_owner::{Clues, owner};
use crate::host::facts::Facts;
use crate::host::state_store::StateStore;
use crate::host::steps::{Address, Step};
use crate::netlink::route::Network;
use crate::system::processes;

/// Adds the owner to an [`Obstacle::AddressTaken`]. Called only when a plan has failed, because the
/// search is slow.
pub fn named(obstacle: Obstacle, facts: &Facts) -> Obstacle {
    let Obstacle::AddressTaken { address, prefix, device, verb, owner: mut whose } = obstacle
    else {
        return obstacle;
    };
    let link = facts.link(&device);
    let of_link = |index: u32| link.is_some_and(|link| link.index == index);
    let found = facts.addresses.iter().find(|it| it.address == address && of_link(it.index));
    if let (Some(link), Some(found)) = (link, found) {
        let other = if verb == "rs" { "director" } else { "rs" };
        let clues = Clues {
            prepared: is_prepared_by(other, address, &device).then_some(other),
            keepalived: processes::run_here("keepalived"),
        };
        whose = owner(found, link, clues);
    }
    Obstacle::AddressTaken { address, prefix, device, verb, owner: whose }
}

/// Whether the state file of this verb records that it added the address. False if the file cannot
/// be read.
fn is_prepared_by(verb: &str, address: IpAddr, device: &str) -> bool {
    let step = Step::from(Address { device: device.to_owned(), address });
    let look = || StateStore::look(verb)?.read(&mut Network::open()?);
    look().is_ok_and(|state| state.owns(&step))
}
