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

/// All that end a program and that a handler can catch. SIGPIPE is ignored in Rust programs.
const CAUGHT: [Signal; 17] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGALRM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGIO,
    Signal::SIGPWR,
    Signal::SIGSTKFLT,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGSYS,
];

/// A handler that returned from one of these would run into it again. Blocked, they wait when they
/// come from `kill`, and end the program when they come from a fault of its own.
const FAULTS: [Signal; 4] = [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE];

/// Real-time signals end a program too. The C library keeps those before 34 for itself.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

impl Signals {
    /// Catches every signal that ends a program, except SIGKILL.
    pub fn catch() -> Result<Self, Error> {
        let caught = Arc::default();
        for signal in CAUGHT {
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
        let faults = SignalFd::with_flags(&block(&FAULTS)?, flags);
        Ok(Self { caught, faults: faults.map_err(failed("wait for signals"))? })
    }

    /// The name of the last signal that came.
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
    let known = i32::try_from(number).ok().and_then(|number| Signal::try_from(number).ok());
    known.map_or("a real-time signal", Signal::as_str)
}

fn block(signals: &[Signal]) -> Result<SigSet, Error> {
    let set: SigSet = signals.iter().copied().collect();
    set.thread_block().map_err(failed("block signals"))?;
    Ok(set)
}

fn failed(action: &str) -> impl Fn(Errno) -> Error {
    move |errno| Error::System { action: action.to_owned(), source: errno.into() }
}
