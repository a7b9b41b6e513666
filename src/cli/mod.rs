//! From arguments to what is to be done. Nothing here runs anything.

pub mod complete;
mod program;
mod verbs;

pub use program::{Program, Request};
#[cfg(feature = "internals")]
pub use verbs::command as verbs_command;
pub use verbs::{ApplyVerb, Called, DiffVerb, HostVerb, Order, SetVerb, Shell, Verb};
