//! Draining: takes real servers out of service, waits for their connections, and puts them back.
//!
//! [`plan()`] and [`undrain()`] are pure: they make a [`Plan`] or a refusal from the table, the
//! [`Records`] and an order. [`carry_out()`] makes the changes of a plan, [`Watch`] counts the
//! connections that are left, and [`Store`] keeps the records in a file that survives a reboot.
//! Nothing is printed here.

mod carry_out;
mod list;
mod plan;
mod ramp;
mod records;
mod request;
mod schedulers;
mod seen;
mod store;
#[cfg(test)]
mod tests;
mod undrain;
mod wait;
mod watch;

pub use carry_out::{carry_out, set_weights};
pub use list::{Listed, Standing, list};
pub use plan::{Caller, Note, Plan, Target, plan};
pub use ramp::Ramp;
pub use records::{Record, Records};
pub use request::{Back, Hash, Least, Order, Patience, Selection, Templates, Undrain, Until};
pub use seen::Seen;
pub use store::Store;
pub use undrain::{forget, remove, undrain};
pub use wait::{Counts, State, Tick};
pub use watch::{Fate, Look, Watch};
