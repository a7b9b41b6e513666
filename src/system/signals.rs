//! Catches signals that end the program, so that a run can stop at a safe point.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use signal_hook::flag;

use crate::error::Error;

/// Makes the calling thread ignore stops by the terminal: Ctrl-Z, and reading keys or writing as a
/// background job. Programs started later are not affected.
pub fn ignore_stops() -> Result<(), Error> {
    // With SIGTTIN blocked, the kernel returns an error from read instead of stopping the process;
    // with SIGTTOU blocked, it permits the write.
    block(&[Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU]).map(drop)
}

/// Handlers that keep signals from ending the program, as long as the program runs.
#[derive(Debug)]
pub struct Signals {
    /// Number of the last signal, or 0.
    caught: Arc<AtomicUsize>,
    faults: SignalFd,
}

/// Signals that end a program and can be caught, each with its message. SIGPIPE is missing because
/// Rust programs ignore it.
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

/// Signals whose handler would return to the faulty instruction. They are blocked instead. Then one
/// sent by `kill` stays pending, and one caused by a fault of the program still ends it.
const FAULTS: [(Signal, &str); 4] = [
    (Signal::SIGSEGV, "interrupted by SIGSEGV"),
    (Signal::SIGBUS, "interrupted by SIGBUS"),
    (Signal::SIGILL, "interrupted by SIGILL"),
    (Signal::SIGFPE, "interrupted by SIGFPE"),
];

/// Real-time signals, which end a program too. The C library reserves the numbers below 34.
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
            // musl also reserves 34, so an error is ignored.
            let _ = register(number, &caught);
        }
        let faults = pending(&block(&FAULTS.map(|(signal, _)| signal))?)?;
        Ok(Self { caught, faults })
    }

    /// Message about the last signal, such as `interrupted by SIGTERM`.
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

/// Holds SIGTSTP back, so that a program can give the terminal back before it stops.
#[cfg(feature = "top")]
#[derive(Debug)]
pub struct Stops {
    set: SigSet,
    held: SignalFd,
}

#[cfg(feature = "top")]
impl Stops {
    /// Blocks SIGTSTP in the calling thread.
    pub fn hold() -> Result<Self, Error> {
        let set = block(&[Signal::SIGTSTP])?;
        Ok(Self { set, held: pending(&set)? })
    }

    /// Whether SIGTSTP came since the last call.
    pub fn received(&self) -> bool {
        matches!(self.held.read_signal(), Ok(Some(_)))
    }

    /// Stops the process by SIGTSTP. Returns when it continues.
    pub fn stop(&self) -> Result<(), Error> {
        self.set.thread_unblock().map_err(failed("unblock SIGTSTP"))?;
        nix::sys::signal::raise(Signal::SIGTSTP).map_err(failed("stop"))?;
        self.set.thread_block().map_err(failed("block SIGTSTP"))
    }
}

/// Reads blocked signals without waiting for one.
fn pending(signals: &SigSet) -> Result<SignalFd, Error> {
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    SignalFd::with_flags(signals, flags).map_err(failed("wait for signals"))
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
