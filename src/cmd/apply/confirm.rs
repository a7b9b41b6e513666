//! `--confirm`: waiting for a word that all is well, and `--accept`, which gives it.

use std::time::{Duration, Instant};

use crate::diff::Delta;
use crate::error::{Error, Rejection};
use crate::system::signals::{self, Signals};
use crate::system::terminal::{self, Keys};
use crate::transaction::Question;

use super::{Session, locked, report};

/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits for confirmation; `Some` says why it is to be undone.
pub(super) fn wait(
    session: &mut Session<'_>,
    patience: Duration,
    signals: &Signals,
) -> Result<Option<&'static str>, Error> {
    let end = Instant::now() + patience;
    let question = Question::look()?;
    question.ask()?;
    signals::ignore_stops()?;
    let mut keys = Keys::from_now_on();
    let enter = if terminal::has_keys() { "press Enter or " } else { "" };
    session.say(&format!(
        "applied; {enter}run `ipvsadm apply --accept' within {} s, or it is undone",
        patience.as_secs()
    ));
    loop {
        if let Some(is_accepted) = question.answer()? {
            question.close()?;
            return Ok(
                (!is_accepted).then_some("not confirmed: its file in /run/ipvsadm was removed")
            );
        }
        let why = match (signals.received(), Instant::now() >= end) {
            (Some(name), _) => Some(name),
            (None, true) => Some("not confirmed in time"),
            (None, false) => match keys.line_within(PAUSE).as_deref().map(str::trim) {
                None => None,
                Some("" | "y" | "yes") => {
                    question.close()?;
                    return Ok(None);
                }
                Some(_) => Some("not confirmed"),
            },
        };
        if let Some(why) = why {
            // Somebody may have accepted in this very moment.
            return Ok((!question.close()?).then_some(why));
        }
    }
}

/// Confirms the apply that waits.
pub(super) fn accept(session: &mut Session<'_>, json: bool) -> Result<u8, Error> {
    let question = Question::look()?;
    let accepted = match locked(session, Duration::ZERO) {
        // Who waits holds it.
        Err(Error::Rejection(Rejection::Busy)) => question.accept()?,
        lock => lock.map(|_| false)?,
    };
    if !accepted {
        return Err(Rejection::NothingToAccept.into());
    }
    session.settle_success(json);
    if json {
        report::json(&Delta::default(), Some("accepted"), session.out)?;
    } else {
        writeln!(session.out, "accepted")?;
    }
    Ok(0)
}
