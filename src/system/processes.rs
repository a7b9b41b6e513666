//! Looks for running programs.

use std::fs;
use std::path::Path;

use super::names_in;

/// Whether a process whose name begins with `name` runs in the calling thread's network namespace.
/// A process whose namespace cannot be read counts too.
pub fn run_here(name: &str) -> bool {
    let here = fs::read_link("/proc/thread-self/ns/net").ok();
    names_in("/proc").iter().filter(|it| it.bytes().all(|byte| byte.is_ascii_digit())).any(
        |number| {
            let folder = Path::new("/proc").join(number);
            let is_it =
                fs::read_to_string(folder.join("comm")).is_ok_and(|it| it.starts_with(name));
            is_it && fs::read_link(folder.join("ns/net")).map_or(true, |its| Some(its) == here)
        },
    )
}
