//! The page about the table, and the HTTP server that offers it. Nothing here changes the table.
//!
//! [`serve()`] runs on one thread. [`Table`] reads the table at most once a second, whatever clients
//! ask, and keeps what the sparklines need. [`Guard`] refuses requests before anything is read.

mod api;
mod chart;
mod guard;
mod history;
mod page;
mod server;
mod shown;
mod site;
mod table;
mod topology;
mod units;

pub use guard::Guard;
pub use page::Attachment;
pub use server::serve;
pub use site::Site;
pub use table::{Reading, Table};
