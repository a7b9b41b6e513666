//! The question of `apply --confirm`, through which the run that waits and the run that accepts meet.

use crate::error::Error;
use crate::system::flag::Flag;

/// The file that exists while an apply waits.
const WAITS: &str = "confirm";

/// The name that `--accept` gives it. A file that is gone is no acceptance: somebody may have cleared
/// /run.
const ACCEPTED: &str = "accepted";

/// A question that one run asks and another one answers.
#[derive(Debug)]
pub struct Question {
    waits: Flag,
    accepted: Flag,
}

impl Question {
    /// The question of this network namespace, asked or not.
    pub fn look() -> Result<Self, Error> {
        Ok(Self { waits: Flag::named(WAITS)?, accepted: Flag::named(ACCEPTED)? })
    }

    /// Asks it.
    pub fn ask(&self) -> Result<(), Error> {
        self.waits.raise()
    }

    /// `None` while there is no answer; `Some(false)` if there can be none any more.
    pub fn answer(&self) -> Result<Option<bool>, Error> {
        if self.waits.is_raised()? {
            return Ok(None);
        }
        // It is renamed in one step, so now it has either name or neither.
        Ok(Some(self.accepted.is_raised()?))
    }

    /// Accepts, and says whether anybody had asked.
    pub fn accept(&self) -> Result<bool, Error> {
        self.waits.rename(&self.accepted)
    }

    /// Removes it, and says whether it was accepted before.
    pub fn close(&self) -> Result<bool, Error> {
        let is_open = self.waits.take()?;
        Ok(self.accepted.take()? && !is_open)
    }

    /// Removes the question of an apply that was killed while it waited.
    pub fn forget() -> Result<(), Error> {
        let question = Self::look()?;
        question.waits.clear()?;
        question.accepted.clear()
    }
}
