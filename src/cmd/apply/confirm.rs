//! `--confirm`, which waits for a confirmation, and `--accept`, which gives it.

use std::io::{Write, stderr};
use std::time::{Duration, Instant};

use crate::diff::Delta;
use crate::error::{Error, Rejection};
use crate::model::printable;
use crate::system::signals::{self, Signals};
use crate::system::terminal::{self, Keys};
use crate::transaction::Question;

use crate::cmd::session::Session;
use crate::cmd::writers::locked;
use crate::output::changes::{self as report, Ending};

/// Pause between two checks for an answer.
const PAUSE: Duration = Duration::from_millis(100);

/// The line on the terminal in which the seconds count down. It is erased when the value is
/// dropped.
#[derive(Default)]
struct Countdown {
    shown: Option<u64>,
}

impl Countdown {
    fn show(&mut self, session: &Session<'_>, left: Duration) {
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        // Print nothing in the background, where another program has the terminal.
        if self.shown == Some(seconds) || self.shown.is_some() && !terminal::has_keys() {
            return;
        }
        self.shown = Some(seconds);
        let columns = terminal::columns_of_messages().unwrap_or(WIDTH).min(WIDTH);
        let command = session.complaints.placed("ipvsadm apply --accept");
        let line = countdown(seconds, &command, columns);
        write!(stderr(), "\r{}\x1b[K", printable(&line)).ok();
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        if self.shown.is_some() {
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}

/// Width to assume if the terminal does not tell its own.
const WIDTH: usize = 80;

/// The longest text that leaves the last column free, because a full line would wrap.
fn countdown(seconds: u64, command: &str, columns: usize) -> String {
    let short = format!("applied; press Enter within {seconds} s to keep it");
    let long = format!("{short} (or {command})");
    let fits = |text: &String| text.chars().count() < columns;
    [long, short].into_iter().find(fits).unwrap_or_else(|| format!("Enter? {seconds} s"))
}

const REMOVED: &str = "not confirmed: the request for confirmation in /run/ipvsadm was removed";

/// Waits for a confirmation. Returns `None` if it came, otherwise the reason to roll back.
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
    let mut countdown = if terminal::shows_countdown() { Some(Countdown::default()) } else { None };
    if countdown.is_none() {
        session.say(&format!(
            "applied; run `ipvsadm apply --accept' within {} s to keep it, or it is rolled back",
            patience.as_secs()
        ));
    }
    loop {
        if let Some(countdown) = &mut countdown {
            countdown.show(session, end.saturating_duration_since(Instant::now()));
        }
        if let Some(is_accepted) = question.answer()? {
            question.close()?;
            return Ok((!is_accepted).then_some(REMOVED));
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
            // Close the question first, since somebody may accept it at this moment.
            return Ok((!question.close()?).then_some(why));
        }
    }
}

/// `--accept`: confirms the apply that waits.
pub(super) fn accept(session: &mut Session<'_>, json: bool) -> Result<u8, Error> {
    let question = Question::look()?;
    let accepted = match locked(session, Duration::ZERO) {
        // A waiting apply holds the lock.
        Err(Error::Rejection(Rejection::Busy)) => question.accept()?,
        lock => lock.map(|_| false)?,
    };
    if !accepted {
        return Err(Rejection::NothingToAccept.into());
    }
    session.settle_success(json);
    if json {
        let style = session.json_style();
        report::json(&Delta::default(), Some(Ending::Accepted), None, style, session.out)?;
    } else {
        writeln!(session.out, "accepted")?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_countdown_stays_within_one_line() {
        let command = "ipvsadm apply --accept";
        let line = countdown(3600, command, 80);
        assert!(line.contains(command) && line.len() < 80, "{line}");
        let far = format!("{command} --netns a-rather-long-name");
        assert_eq!(countdown(60, &far, 80), "applied; press Enter within 60 s to keep it");
        for columns in 15..120 {
            let line = countdown(60, &far, columns);
            assert!(line.len() < columns, "{columns}: {line}");
        }
    }
}
