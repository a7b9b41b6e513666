//! From words to what is to be done. Nothing here runs anything.

pub mod classic;
pub mod complete;
mod draft;
pub mod options;
mod program;
mod rule_file;
mod values;
mod verbs;
mod words;

pub(crate) use classic::holes;
pub use classic::{Classic, Invocation, List, Listing, Save};
pub use program::{Program, Request};
pub(crate) use rule_file::{LONGEST, MOST_BYTES, long_line, rule_lines, table_of};
pub use rule_file::{RuleLine, read_rules, read_table};
pub use verbs::{
    ApplyVerb, Called, DiffVerb, HostVerb, Order, SetVerb, Shell, Verb, command as verbs_command,
};
pub use words::Scanner;
