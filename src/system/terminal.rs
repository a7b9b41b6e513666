//! The terminal of the user.

use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{getpgrp, tcgetpgrp};

/// Standard output is a terminal with colours, and nobody asked for none: <https://no-color.org>.
pub fn takes_colours() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_none_or(|name| name == "dumb");
    io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

/// Columns of the terminal on standard output; none where there is none.
pub fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Keys reach the program: standard input is a terminal, and not that of a background job.
pub fn has_keys() -> bool {
    let input = io::stdin();
    input.is_terminal() && tcgetpgrp(input).is_ok_and(|group| group == getpgrp())
}

/// Waits so long, or until a line is typed where standard input is a terminal, and returns that.
pub fn line_within(patience: Duration) -> Option<String> {
    let input = io::stdin();
    // A background job can come to the foreground at any time.
    if !has_keys() {
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
