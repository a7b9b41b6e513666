//! Requests to stop, noticed where it suits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::signal::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::Error;

/// From now on this thread is not stopped by a terminal: in the background, for reading keys or for
/// writing, nor by Ctrl-Z. Programs that it starts are.
pub fn ignore_stops() -> Result<(), Error> {
    let mut stops = SigSet::empty();
    for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU] {
        stops.add(signal);
    }
    // Where one is blocked, the kernel refuses to read instead of stopping, and lets it write.
    let action = "block SIGTSTP".to_owned();
    stops.thread_block().map_err(|errno| Error::System { action, source: errno.into() })
}

/// From now on these signals do not end the program.
#[derive(Debug, Default)]
pub struct Signals(Arc<AtomicUsize>);

const NAMES: [(i32, &str); 3] = [(SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")];

impl Signals {
    /// Catches `SIGHUP`, `SIGINT` and `SIGTERM`.
    pub fn catch() -> Result<Self, Error> {
        let signals = Self::default();
        for (place, (number, name)) in (1..).zip(NAMES) {
            flag::register_usize(number, Arc::clone(&signals.0), place)
                .map_err(|source| Error::System { action: format!("catch {name}"), source })?;
        }
        Ok(signals)
    }

    /// The name of the last signal that came.
    pub fn received(&self) -> Option<&'static str> {
        let place = self.0.load(Ordering::Relaxed);
        NAMES.get(place.wrapping_sub(1)).map(|(_, name)| *name)
    }
}
