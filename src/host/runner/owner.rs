//! Whose an address is that stands in the way of a preparation.

use std::net::IpAddr;

use crate::error::Obstacle;
use crate::host::preparation::Preparation;
use crate::host::{Clues, Facts, Step, owner};
use crate::system::processes;

/// Names the owner of an address that is there already. It is looked for only now.
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
            prepared: has_prepared(other, address, &device).then_some(other),
            keepalived: processes::run_here("keepalived"),
        };
        whose = owner(found, link, clues);
    }
    Obstacle::AddressTaken { address, prefix, device, verb, owner: whose }
}

/// Whether the state file of this verb says that it put the address there. One that cannot be read
/// says nothing.
fn has_prepared(verb: &str, address: IpAddr, device: &str) -> bool {
    let step = Step::Address { device: device.to_owned(), address };
    Preparation::look(verb).is_ok_and(|other| other.ledger.owns(&step))
}
