//! Reads arguments and returns requests. Nothing here executes them.

mod companions;
pub mod complete;
mod program;
mod request;
mod understand;
mod verbs;

pub use program::Program;
pub use request::Request;
#[cfg(feature = "internals")]
pub use verbs::command as verbs_command;
pub use verbs::{
    ApplyVerb, Called, ConnsVerb, DiffVerb, DrainOrder, DrainVerb, HistoryVerb, HostVerb,
    MetricsVerb, Order, RollbackVerb, SetVerb, Shell, Sort, TopVerb, UndrainVerb, Verb, WatchVerb,
};
#[cfg(feature = "serve")]
pub use verbs::{ReportVerb, ServeVerb};
