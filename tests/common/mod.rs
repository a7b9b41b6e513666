//! The testbed: each test in a network namespace of its own on a kernel with IPVS.

use std::panic::resume_unwind;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ipvsadm::{Client, Error};
use nix::sched::{CloneFlags, unshare};

/// Nothing here takes nearly as long, except a hang.
const LIMIT: Duration = Duration::from_secs(120);

/// Up to 7.0 the kernel resumes a dump by an index that counts the services of all namespaces: tests
/// side by side would see gaps in each other's listings.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs `test` in a new network namespace with `lo` up. Threads and children of it are there too.
pub fn namespace(test: impl FnOnce() + Send + 'static) {
    namespace_within(LIMIT, test);
}

/// The same for a test that takes longer.
pub fn namespace_within(limit: Duration, test: impl FnOnce() + Send + 'static) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, waiting) = channel::<()>();
    let thread = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET)
            .unwrap_or_else(|why| panic!("no network namespace ({why}): run scripts/test.sh"));
        // Until the namespace had an IPv4 address, it takes none for unicast.
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

/// A client of this thread's namespace.
pub fn client() -> Client {
    match Client::open() {
        Ok(client) => client,
        Err(error @ Error::Unavailable(_)) => {
            panic!("this kernel has no IPVS ({error}): run scripts/test.sh")
        }
        Err(error) => panic!("{error}"),
    }
}

/// Runs a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .status()
        .unwrap_or_else(|why| panic!("{program} does not start ({why}): install it"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}
