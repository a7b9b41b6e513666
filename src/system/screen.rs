//! The whole terminal as a screen: opened, read, and given back as it was.

use std::io::{self, Stdout, stdin, stdout};
use std::os::fd::AsFd;
use std::panic;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::signals::Stops;
use crate::error::Error;

/// A terminal that this program draws on. It is given back when this is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

/// What the user has done.
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The screen has another size, and must be drawn.
    Resized,
}

impl Screen {
    /// Opens the alternate screen of the terminal, without echo.
    ///
    /// # Errors
    /// Standard output is no terminal.
    pub fn open() -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        // A release build ends at a panic without dropping anything.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            hook(info);
        }));
        let screen = Self { terminal };
        enter()?;
        Ok(screen)
    }

    /// Draws what has changed since the last time. Returns the height of the screen.
    pub fn draw(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> io::Result<u16> {
        let frame = self.terminal.draw(|frame| draw(frame.area(), frame.buffer_mut()))?;
        Ok(frame.area.height)
    }

    /// Clears the screen, so that everything is drawn next time.
    pub fn clear(&mut self) -> io::Result<()> {
        execute!(stdout(), Clear(ClearType::All))?;
        // Terminal::clear would ask the terminal for its cursor, and not every terminal answers.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Waits up to `patience` for the user, or for a signal.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] if the terminal is gone.
    #[expect(clippy::unused_self, reason = "only an open screen has input")]
    pub fn input(&self, patience: Duration) -> io::Result<Option<Input>> {
        // crossterm may have read more keys than it has returned, so ask it before waiting.
        for patience in [Duration::ZERO, patience] {
            wait(patience)?;
            if event::poll(Duration::ZERO)? {
                return Ok(match event::read()? {
                    Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(key)),
                    Event::Resize(..) => Some(Input::Resized),
                    _ => None,
                });
            }
        }
        Ok(None)
    }

    /// Stops this process, as Control-Z does, with the terminal given back. Returns when it
    /// continues.
    pub fn suspend(&mut self, stops: &Stops) -> Result<(), Error> {
        restore();
        stops.stop()?;
        enter()?;
        Ok(self.clear()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Waits for standard input. crossterm would read from a terminal that is gone in an endless loop,
/// so this is checked first.
fn wait(patience: Duration) -> io::Result<()> {
    let input = stdin();
    let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    match poll(&mut ready, PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO)) {
        Ok(_) => {}
        Err(Errno::EINTR) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
    match ready[0].revents() {
        Some(events) if events.intersects(gone) => Err(io::ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, Hide)
}

/// Gives the terminal back. Errors are ignored: the terminal may be gone.
fn restore() {
    let _ = execute!(stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}
