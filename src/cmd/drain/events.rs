//! Exit statuses, JSON events and interruptible pauses of drain and undrain.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::json::{Style, document};
use crate::output::drain as report;
use crate::system::signals::Signals;

use super::super::session::Session;

/// Exit status: another program has interfered.
pub const INTERFERENCE: u8 = 1;
/// Exit status: connections are left, or a signal interrupted the command.
pub const UNFINISHED: u8 = 3;

/// Maximum delay until a signal is noticed.
const SLICE: Duration = Duration::from_millis(50);

/// Writes an event as one line.
pub fn say(session: &mut Session<'_>, event: &report::Event) -> Result<(), Error> {
    session.out.write_all(document(event, Style::Compact)?.as_bytes())?;
    Ok(session.out.flush()?)
}

/// Sleeps; returns the message of a signal that interrupts it.
pub fn pause(signals: &Signals, length: Duration) -> Option<&'static str> {
    let end = Instant::now() + length;
    loop {
        if let Some(why) = signals.received() {
            return Some(why);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        sleep(left.min(SLICE));
    }
}
