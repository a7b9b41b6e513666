//! The rule-file language: commands of the classic language, one a line.
//!
//! [`parse_line`] reads the lines that [`service_line`] and [`destination_line`] write, and little
//! else: it is fast, and whoever calls it takes what it declines to the classic parser.
//! [`Table::change`](crate::model::Table::change) makes a table of lines, and [`plan()`] says how to
//! get there from another one.

mod delta;
mod difference;
mod legal;
mod parse;
mod plan;
mod print;
mod scope;

pub use delta::Delta;
pub use difference::{Difference, Sides, differences};
pub use legal::{check_service, fits};
pub(crate) use legal::{
    readable_daemon, readable_destination, readable_service, readable_timeouts,
};
pub use parse::parse_line;
pub use plan::plan;
pub use print::{
    Unsayable, daemon_line, describe, describe_destination, describe_service, destination_line,
    service_line, timeouts_line,
};
pub use scope::{BadScope, Limits, Scope};
