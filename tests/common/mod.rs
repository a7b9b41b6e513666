//! Runs each test in its own network namespace, on a kernel with IPVS.

use std::panic::resume_unwind;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ipvsadm::{Client, Error};
use nix::sched::{CloneFlags, unshare};

/// Time limit of a test. Only a test that hangs reaches it.
const LIMIT: Duration = Duration::from_secs(900);

/// Before Linux 7.1, the kernel resumes a dump at an index that counts the services of all
/// namespaces. Parallel tests would cause gaps in each other's listings.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs `test` in a new network namespace with `lo` up. Its threads and children inherit the
/// namespace.
pub fn namespace(test: impl FnOnce() + Send + 'static) {
    namespace_within(LIMIT, test);
}

/// Like [`namespace`], with another time limit.
pub fn namespace_within(limit: Duration, test: impl FnOnce() + Send + 'static) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, waiting) = channel::<()>();
    let thread = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET)
            .unwrap_or_else(|why| panic!("no network namespace ({why}): run scripts/test.sh"));
        // Without any IPv4 address, the kernel does not accept addresses as unicast.
        run("ip", &["link", "set", "lo", "up"]);
        test();
        drop(done);
    });
    let end = waiting.recv_timeout(limit);
    assert_ne!(end, Err(RecvTimeoutError::Timeout), "still running after {limit:?}");
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

/// Opens a client in this thread's namespace.
pub fn client() -> Client {
    match Client::open() {
        Ok(client) => client,
        Err(error @ Error::Unavailable(_)) => {
            panic!("this kernel has no IPVS ({error}): run scripts/test.sh")
        }
        Err(error) => panic!("{error}"),
    }
}

/// Runs a program, which must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .status()
        .unwrap_or_else(|why| panic!("{program} does not start ({why}): install it"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}
