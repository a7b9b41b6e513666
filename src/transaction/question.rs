//! The question of `apply --confirm`: two files through which the waiting run and `--accept`
//! communicate.

use crate::error::Error;
use crate::system::flag::Flag;

/// Name of the file that exists while an apply waits for a confirmation.
const WAITS: &str = "confirm";

/// Name to which `--accept` renames that file. A file that is only gone is no acceptance, since
/// somebody may have cleared `/run`.
const ACCEPTED: &str = "accepted";

/// A question that the waiting run asks and `--accept` answers.
#[derive(Debug)]
pub struct Question {
    waits: Flag,
    accepted: Flag,
}

impl Question {
    /// Opens the question of this network namespace, whether asked or not.
    pub fn look() -> Result<Self, Error> {
        Ok(Self { waits: Flag::named(WAITS)?, accepted: Flag::named(ACCEPTED)? })
    }

    /// Creates the file of the question.
    pub fn ask(&self) -> Result<(), Error> {
        self.waits.raise()
    }

    /// Reads the answer: `None` while the question is open, `Some(false)` if its file is gone
    /// without an acceptance.
    pub fn answer(&self) -> Result<Option<bool>, Error> {
        if self.waits.is_raised()? {
            return Ok(None);
        }
        // `accept` renames the file in one step, so it has either name or is gone.
        Ok(Some(self.accepted.is_raised()?))
    }

    /// Accepts the question. Returns whether somebody was waiting.
    pub fn accept(&self) -> Result<bool, Error> {
        self.waits.rename(&self.accepted)
    }

    /// Removes the question. Returns whether it had been accepted.
    pub fn close(&self) -> Result<bool, Error> {
        let is_open = self.waits.take()?;
        Ok(self.accepted.take()? && !is_open)
    }

    /// Removes the question that a killed apply left.
    pub fn forget() -> Result<(), Error> {
        let question = Self::look()?;
        question.waits.clear()?;
        question.accepted.clear()
    }
}
