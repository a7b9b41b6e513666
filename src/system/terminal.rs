//! The terminal of the user.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits so long, or until a line is typed where standard input is a terminal, and returns that.
pub fn line_within(patience: Duration) -> Option<String> {
    let input = io::stdin();
    if !input.is_terminal() {
        thread::sleep(patience);
        return None;
    }
    let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    if !matches!(poll(&mut ready, limit), Ok(1..)) {
        return None;
    }
    let line = input.lines().next().and_then(Result::ok);
    if line.is_none() {
        // The terminal is gone, and would be ready for ever.
        thread::sleep(patience);
    }
    line
}
