//! Formats values as text, without I/O to the kernel.

pub mod changes;
pub mod complaints;
pub mod connections;
pub mod conns;
pub mod drain;
pub mod harmless;
pub mod history;
pub mod host_report;
pub mod line;
pub mod list;
pub mod metrics;
pub mod numbers;
pub mod order;
pub mod paint;
pub mod table;
pub mod top;
pub mod watch;
