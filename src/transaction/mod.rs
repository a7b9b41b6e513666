//! What every command does that changes the table as a whole: it takes the lock, writes the journal,
//! makes the changes, and takes them back if it cannot go on. Outcomes are values; nothing is printed
//! here.
//!
//! [`lock`] gives the [`Journal`]. [`execute`] makes a plan and stops at the first refusal;
//! [`Guard`] watches over a run that goes on after refusals. [`rollback`] takes back what either has
//! done, also after a crash.

pub mod execute;
mod guard;
mod journal;
pub mod kept;
pub mod lock;
mod needs;
pub mod progress;
mod question;
mod refused;
pub mod rollback;
pub mod snapshot;
mod steps;

pub use guard::{Fate, Guard};
pub use journal::Journal;
pub use needs::{Effort, Needs};
pub use progress::{Doing, Progress};
pub use question::Question;
pub use refused::{Refused, reasons};
pub use rollback::{Rest, Rollback};
pub use steps::Step;
