//! A notice on the terminal while a slow lookup runs.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Delay before the notice; a shorter wait needs no explanation.
const SHORT: Duration = Duration::from_secs(2);

/// Runs `work`. If it takes longer than [`SHORT`] and standard error is a terminal, prints a line
/// with `text`.
pub fn with_notice<T>(text: impl Fn() -> String + Send + Sync, work: impl FnOnce() -> T) -> T {
    if !stderr().is_terminal() {
        return work();
    }
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        let watch = move || {
            if waiting.recv_timeout(SHORT) == Err(RecvTimeoutError::Timeout) {
                writeln!(stderr(), "{}", text()).ok();
            }
        };
        // If no thread can be started, there is no notice.
        let _ = thread::Builder::new().spawn_scoped(scope, watch);
        let result = work();
        drop(done);
        result
    })
}
