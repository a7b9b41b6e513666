//! The engine of every command that changes the whole table: take the lock, write the journal, make
//! the changes, and roll them back if the run cannot finish. It returns outcomes and prints
//! nothing.
//!
//! [`lock`] returns the [`Journal`]. [`execute`] makes the changes of a plan and stops at the first
//! refusal; [`Guard`] protects a run that continues after refusals. [`rollback`] takes back the
//! changes of either, also after a crash. [`history`] keeps what accepted changes touched.

mod entry;
pub mod execute;
mod guard;
pub mod history;
mod journal;
pub mod kept;
pub mod lock;
mod needs;
pub mod progress;
mod question;
mod refused;
pub mod rollback;
pub mod snapshot;
mod stages;

pub use guard::{Fate, Guard};
pub use journal::Journal;
pub use needs::{Effort, Needs};
pub use progress::{Doing, Progress};
pub use question::Question;
pub use refused::{Refused, reasons};
pub use rollback::{Rest, Rollback};
pub use stages::{Stage, outside};
