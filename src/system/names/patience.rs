//! A notice for whoever waits at a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Nobody wonders about a shorter wait.
const SHORT: Duration = Duration::from_secs(2);

/// Does `work`. Where it takes longer than two seconds, one line on a terminal at standard error says
/// what is waited for.
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
        // Without memory for a thread there is no notice.
        let _ = thread::Builder::new().spawn_scoped(scope, watch);
        let result = work();
        drop(done);
        result
    })
}
