//! `--confirm`: waiting for a word that all is well, and `--accept`, which gives it.

use std::time::{Duration, Instant};

use crate::error::{Error, Rejection};
use crate::rules::Delta;
use crate::system::journal::Journal;
use crate::system::signals::{self, Signals};
use crate::system::terminal::{self, Keys};

use super::{Session, lock, report};

/// The file that exists while an apply waits; who removes it decides.
const WAITS: &str = "confirm";

/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits for confirmation; `Some` says why it is to be undone.
pub(super) fn wait(
    session: &mut Session<'_>,
    patience: Duration,
    signals: &Signals,
) -> Result<Option<&'static str>, Error> {
    let end = Instant::now() + patience;
    let waits = Journal::look(WAITS)?;
    waits.write("{}", false)?;
    signals::ignore_stops()?;
    let mut keys = Keys::from_now_on();
    let enter = if terminal::has_keys() { "press Enter or " } else { "" };
    session.say(&format!(
        "applied; {enter}run `ipvsadm apply --accept' within {} s, or it is undone",
        patience.as_secs()
    ));
    loop {
        if waits.read()?.is_none() {
            return Ok(None);
        }
        let why = match (signals.received(), Instant::now() >= end) {
            (Some(name), _) => Some(name),
            (None, true) => Some("not confirmed in time"),
            (None, false) => match keys.line_within(PAUSE).as_deref().map(str::trim) {
                None => None,
                Some("" | "y" | "yes") => {
                    waits.take()?;
                    return Ok(None);
                }
                Some(_) => Some("not confirmed"),
            },
        };
        if let Some(why) = why {
            // Somebody may have accepted in this very moment.
            return Ok(waits.take()?.then_some(why));
        }
    }
}

/// Confirms the apply that waits.
pub(super) fn accept(session: &mut Session<'_>, json: bool) -> Result<u8, Error> {
    let waits = Journal::look(WAITS)?;
    let accepted = match lock(session, Duration::ZERO) {
        // Who waits holds it.
        Err(Error::Rejection(Rejection::Busy)) => waits.take()?,
        lock => lock.map(|_| false)?,
    };
    if !accepted {
        return Err(Rejection::NothingToAccept.into());
    }
    session.settle(0);
    if json {
        report::json(&Delta::default(), Some("accepted"), session.out)?;
    } else {
        writeln!(session.out, "accepted")?;
    }
    Ok(0)
}

/// Removes what an apply left that was killed while it waited.
pub(super) fn forget() -> Result<(), Error> {
    Journal::look(WAITS)?.clear()
}
