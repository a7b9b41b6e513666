//! `ipvsadm top`: services and real servers with their rates, live.

mod read;
#[cfg(feature = "top")]
mod screen;

use std::time::Instant;

use crate::classic::{Layout, List, Listing};
use crate::cli::TopVerb;
use crate::error::Error;
use crate::output::top::{Live, text};

use super::Session;
use read::{FIRST, read};

/// `--json` prints the object of `-L --rate --json`: its rates are those of `--once`.
const RATES: Listing =
    Listing { layout: Layout::Rate, both_counters: false, numeric: true, exact: true, sort: true };

pub(super) fn run(
    session: &mut Session<'_>,
    verb: TopVerb,
    netns: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    if json {
        return super::json::list(session, &List::Services(None, RATES));
    }
    if verb.once {
        return once(session);
    }
    live(session, verb, netns)
}

/// Without a terminal, the table is printed once.
#[cfg(feature = "top")]
fn live(session: &mut Session<'_>, verb: TopVerb, netns: Option<&str>) -> Result<u8, Error> {
    if screen::is_possible() { screen::run(session, verb, netns) } else { once(session) }
}

#[cfg(not(feature = "top"))]
fn live(session: &mut Session<'_>, _: TopVerb, _: Option<&str>) -> Result<u8, Error> {
    session.hint(&["this ipvsadm was built without the live screen of top".to_owned()]);
    once(session)
}

/// `--once`: prints the table with the rates of the kernel.
fn once(session: &mut Session<'_>) -> Result<u8, Error> {
    let mut live = Live::default();
    live.update(read(session, FIRST, Instant::now())?);
    text(session.out, &live)?;
    Ok(0)
}
