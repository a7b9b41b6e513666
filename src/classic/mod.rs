//! The classic language of ipvsadm, for command lines and rule files. No I/O.
//!
//! [`parse_line`] is a fast parser for canonical lines, which [`service_line`] and
//! [`destination_line`] write. If it declines a line, its callers use the parser of the whole
//! language.

mod builder;
mod canonical;
pub(crate) mod command_line;
mod first_word;
pub(crate) mod lexer;
mod line_numbers;
pub mod options;
pub mod parser;
mod print;
mod rule_file;
mod scanner;
mod suggestion;
mod validate;
pub mod values;
mod verb_names;

pub use canonical::parse_line;

#[cfg(feature = "internals")]
pub use lexer::tokens_of;
pub(crate) use line_numbers::LineNumbers;
pub use parser::{Classic, Invocation, Layout, List, Listing, Save};
pub use print::{
    daemon_line, describe, describe_destination, describe_service, destination_line, service_line,
    timeouts_line,
};
pub(crate) use rule_file::{LONGEST, MOST_BYTES, long_line, table_of};
pub use rule_file::{RuleLine, read_rules};
pub use scanner::Scanner;
pub use validate::{NotExpressible, check_service, fits};
pub(crate) use validate::{
    may_be_untranslated, readable_daemon, readable_destination, readable_service,
    readable_timeouts, service_takes, untranslated, usual_notes,
};
pub use values::Names;
pub(crate) use verb_names::VERBS;
