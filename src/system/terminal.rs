//! The terminal of the user.

use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::{getpgrp, read, tcgetpgrp};

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

/// Somebody at a terminal can answer, and sees a line that changes in place.
pub fn shows_countdown() -> bool {
    has_keys() && io::stderr().is_terminal()
}

/// What is typed, where standard input is a terminal.
#[derive(Debug)]
pub struct Keys {
    /// The line so far.
    typed: Vec<u8>,
}

impl Keys {
    /// Forgets what was typed before: it answers no question that comes now.
    pub fn from_now_on() -> Self {
        if has_keys() {
            tcflush(io::stdin(), FlushArg::TCIFLUSH).ok();
        }
        Self { typed: Vec::new() }
    }

    /// Waits so long, or until a line is typed, and returns that. Never longer: a terminal hands out
    /// part of a line, too, when Control-D is typed in it.
    pub fn line_within(&mut self, patience: Duration) -> Option<String> {
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
        let mut bytes = [0; 256];
        let length = read(&input, &mut bytes).unwrap_or(0);
        if length == 0 {
            // The terminal is gone, and would be ready for ever.
            thread::sleep(patience);
        }
        self.typed.extend(&bytes[..length]);
        let end = self.typed.iter().position(|byte| *byte == b'\n')?;
        let line = self.typed.drain(..=end).collect::<Vec<u8>>();
        Some(String::from_utf8_lossy(&line).into_owned())
    }
}
