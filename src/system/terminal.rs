//! The user's terminal: colours, width, keys.

use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::{getpgrp, read, tcgetpgrp};

/// Whether to print colours: standard output is a terminal, `TERM` is not `dumb`, and `NO_COLOR` is
/// not set (<https://no-color.org>).
pub fn takes_colours() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !set("NO_COLOR") && !is_dumb()
}

/// Whether the terminal has no control sequences: `TERM` is `dumb` or not set.
pub fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|name| name == "dumb")
}

/// Whether the terminal shows characters other than ASCII: the locale of this process, which ssh
/// passes on, has UTF-8.
#[cfg(feature = "top")]
pub fn takes_unicode() -> bool {
    let set = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Width in columns of the terminal on standard output; `None` without a terminal.
pub fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Waits up to `patience`, and returns whether the reader of standard output has gone: a pipe is
/// closed, or a terminal is hung up. A signal ends the wait.
pub fn output_ends_within(patience: Duration) -> bool {
    let output = io::stdout();
    // Without events to wait for, poll reports only errors and the end.
    let mut ready = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let limit = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    matches!(poll(&mut ready, limit), Ok(1..))
}

/// The same of the terminal on standard error, for lines that are drawn there.
pub fn columns_of_messages() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0))
}

/// Whether the user can type to this program: standard input is a terminal, and the program is not
/// a background job.
pub fn has_keys() -> bool {
    let input = io::stdin();
    input.is_terminal() && tcgetpgrp(input).is_ok_and(|group| group == getpgrp())
}

/// Whether a countdown makes sense: the user can type, and standard error is a terminal too.
pub fn shows_countdown() -> bool {
    has_keys() && io::stderr().is_terminal()
}

/// Reads lines that the user types.
#[derive(Debug)]
pub struct Keys {
    /// Bytes of the line typed so far.
    typed: Vec<u8>,
}

impl Keys {
    /// Starts reading and discards earlier input, which cannot be an answer to a new question.
    pub fn from_now_on() -> Self {
        if has_keys() {
            tcflush(io::stdin(), FlushArg::TCIFLUSH).ok();
        }
        Self { typed: Vec::new() }
    }

    /// Waits up to `patience` for a complete line and returns it. Reads without blocking longer:
    /// after Control-D a terminal delivers an incomplete line.
    pub fn line_within(&mut self, patience: Duration) -> Option<String> {
        let input = io::stdin();
        // Check each time, since a background job can come to the foreground.
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
            // The terminal is closed. poll would report it as ready at once, so sleep instead.
            thread::sleep(patience);
        }
        self.typed.extend(&bytes[..length]);
        let end = self.typed.iter().position(|byte| *byte == b'\n')?;
        let line = self.typed.drain(..=end).collect::<Vec<u8>>();
        Some(String::from_utf8_lossy(&line).into_owned())
    }
}
