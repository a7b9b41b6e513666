//! The rule-file language: commands of the classic language, one a line.
//!
//! [`parse_line`] reads the lines that [`service_line`] and [`destination_line`] write, and little
//! else: it is fast, and whoever calls it takes what it declines to the classic parser.

mod parse;
mod print;

pub use parse::parse_line;
pub use print::{Unsayable, describe, describe_service, destination_line, service_line};
