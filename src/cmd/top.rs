//! `ipvsadm top`: services and real servers with their rates, live.

mod read;
#[cfg(feature = "top")]
mod screen;

use std::time::Instant;

use crate::cli::TopVerb;
use crate::error::{Error, Usage};
use crate::output::top::{Live, text};

use super::Session;
use read::{FIRST, read};

pub(super) fn run(
    session: &mut Session<'_>,
    verb: TopVerb,
    netns: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    if json {
        let mut usage = Usage::other("top prints no JSON");
        usage.meant = Some("the same values: ipvsadm -L --json --stats --rate".to_owned());
        return Err(usage.into());
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
