//! Requests to stop, noticed where it suits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use signal_hook::flag;

use crate::error::Error;

/// From now on this thread is not stopped by a terminal: in the background, for reading keys or for
/// writing, nor by Ctrl-Z. Programs that it starts are.
pub fn ignore_stops() -> Result<(), Error> {
    // Where one is blocked, the kernel refuses to read instead of stopping, and lets it write.
    block(&[Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU]).map(drop)
}

/// From now on no signal that can be caught ends the program.
#[derive(Debug)]
pub struct Signals {
    /// The last one, by its number; 0 is none.
    caught: Arc<AtomicUsize>,
    faults: SignalFd,
}

/// The signals that end a program and that a handler can catch, with what messages say when they
/// come. SIGPIPE is ignored in Rust programs.
const CAUGHT: [(Signal, &str); 17] = [
    (Signal::SIGHUP, "interrupted by SIGHUP"),
    (Signal::SIGINT, "interrupted"),
    (Signal::SIGQUIT, "interrupted by SIGQUIT"),
    (Signal::SIGTERM, "interrupted by SIGTERM"),
    (Signal::SIGALRM, "interrupted by SIGALRM"),
    (Signal::SIGUSR1, "interrupted by SIGUSR1"),
    (Signal::SIGUSR2, "interrupted by SIGUSR2"),
    (Signal::SIGVTALRM, "interrupted by SIGVTALRM"),
    (Signal::SIGPROF, "interrupted by SIGPROF"),
    (Signal::SIGIO, "interrupted by SIGIO"),
    (Signal::SIGPWR, "interrupted by SIGPWR"),
    (Signal::SIGSTKFLT, "interrupted by SIGSTKFLT"),
    (Signal::SIGXCPU, "interrupted by SIGXCPU"),
    (Signal::SIGXFSZ, "interrupted by SIGXFSZ"),
    (Signal::SIGTRAP, "interrupted by SIGTRAP"),
    (Signal::SIGABRT, "interrupted by SIGABRT"),
    (Signal::SIGSYS, "interrupted by SIGSYS"),
];

/// A handler that returned from one of these would run into it again. Blocked, they wait when they
/// come from `kill`, and end the program when they come from a fault of its own.
const FAULTS: [(Signal, &str); 4] = [
    (Signal::SIGSEGV, "interrupted by SIGSEGV"),
    (Signal::SIGBUS, "interrupted by SIGBUS"),
    (Signal::SIGILL, "interrupted by SIGILL"),
    (Signal::SIGFPE, "interrupted by SIGFPE"),
];

/// Real-time signals end a program too. The C library keeps those before 34 for itself.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

impl Signals {
    /// Catches every signal that ends a program, except SIGKILL.
    pub fn catch() -> Result<Self, Error> {
        let caught = Arc::default();
        for (signal, _) in CAUGHT {
            register(signal as i32, &caught).map_err(|source| {
                let action = format!("catch {}", signal.as_str());
                Error::System { action, source }
            })?;
        }
        for number in REAL_TIME {
            // musl keeps one more of them.
            let _ = register(number, &caught);
        }
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let faults = SignalFd::with_flags(&block(&FAULTS.map(|(signal, _)| signal))?, flags);
        Ok(Self { caught, faults: faults.map_err(failed("wait for signals"))? })
    }

    /// What to say of the last signal that came: `interrupted by SIGTERM`.
    pub fn received(&self) -> Option<&'static str> {
        if let Ok(Some(fault)) = self.faults.read_signal() {
            let number = usize::try_from(fault.ssi_signo).unwrap_or_default();
            self.caught.store(number, Ordering::Relaxed);
        }
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            number => Some(name(number)),
        }
    }
}

fn register(number: i32, caught: &Arc<AtomicUsize>) -> std::io::Result<()> {
    let place = usize::try_from(number).unwrap_or_default();
    flag::register_usize(number, Arc::clone(caught), place).map(drop)
}

fn name(number: usize) -> &'static str {
    let signal = i32::try_from(number).ok().and_then(|number| Signal::try_from(number).ok());
    let mut known = CAUGHT.iter().chain(&FAULTS);
    let found = known.find(|(known, _)| Some(*known) == signal);
    found.map_or("interrupted by a real-time signal", |(_, text)| text)
}

fn block(signals: &[Signal]) -> Result<SigSet, Error> {
    let set: SigSet = signals.iter().copied().collect();
    set.thread_block().map_err(failed("block signals"))?;
    Ok(set)
}

fn failed(action: &str) -> impl Fn(Errno) -> Error {
    move |errno| Error::System { action: action.to_owned(), source: errno.into() }
}
