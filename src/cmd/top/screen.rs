//! `top` on a terminal.

use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cli::TopVerb;
use crate::drain::{Hash, Least, Order, Selection, Templates};
use crate::error::Error;
use crate::model::{DestinationKey, ServiceKey};
use crate::output::drain as report;
use crate::output::top::{Action, Key, Live, Settings, State, page, view};
use crate::system::screen::{Input, Screen};
use crate::system::signals::{Signals, Stops};
use crate::system::terminal;

use super::super::Session;
use super::super::drain::planned;
use super::read::{COLUMNS, FIRST, read};

/// Maximum delay until a signal is noticed, also SIGTSTP.
const SLICE: Duration = Duration::from_millis(500);

/// Whether standard input and output are a terminal with a movable cursor, and this program may use
/// the terminal.
pub fn is_possible() -> bool {
    stdout().is_terminal() && !terminal::is_dumb() && terminal::has_keys()
}

/// What happens next.
enum Event {
    Draw,
    Read,
    Quit,
    Action(Action),
}

/// Shows the table until the user or a signal ends it.
pub fn run(session: &mut Session<'_>, verb: TopVerb, netns: Option<&str>) -> Result<u8, Error> {
    let start = Instant::now();
    let mut live = Live::default();
    live.update(read(session, FIRST, start)?);
    let settings = Settings {
        interval: verb.interval,
        read_only: verb.read_only,
        netns: netns.map(str::to_owned),
        colours: terminal::takes_colours(),
        unicode: terminal::takes_unicode(),
    };
    let mut state = State::new(settings, live);
    let signals = (Signals::catch()?, Stops::hold()?);
    let mut screen = Screen::open()?;
    let mut due = Instant::now() + verb.interval;
    loop {
        let height = screen.draw(|area, buffer| view(&state, area, buffer))?;
        match next(&mut state, &screen, &signals, due, page(height))? {
            Event::Draw | Event::Action(Action::Draw) => {}
            Event::Quit | Event::Action(Action::Quit) => return Ok(0),
            Event::Action(Action::Redraw) => screen.clear()?,
            Event::Action(Action::Suspend) => screen.suspend(&signals.1)?,
            Event::Action(Action::Drain(service, server)) => {
                let lines = drain(session, service, server).unwrap_or_else(|error| told(&error));
                state.tell(lines);
                look(session, &mut state, start);
            }
            Event::Read => {
                look(session, &mut state, start);
                due = Instant::now() + verb.interval;
            }
        }
    }
}

/// Waits for a key, a signal, or the time of the next reading.
fn next(
    state: &mut State,
    screen: &Screen,
    (ends, stops): &(Signals, Stops),
    due: Instant,
    page: u16,
) -> Result<Event, Error> {
    loop {
        if ends.received().is_some() {
            return Ok(Event::Quit);
        }
        if stops.received() {
            return Ok(Event::Action(Action::Suspend));
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Event::Read);
        }
        match screen.input(left.min(SLICE))? {
            Some(Input::Resized) => return Ok(Event::Draw),
            Some(Input::Key(key)) => {
                if let Some(key) = key_of(key) {
                    return Ok(Event::Action(state.press(key, page.into())));
                }
            }
            None => {}
        }
    }
}

/// Reads the table. If this fails, the last values stay on the screen.
fn look(session: &mut Session<'_>, state: &mut State, start: Instant) {
    match read(session, COLUMNS, start) {
        Ok(reading) => {
            state.live.update(reading);
            state.trouble = None;
        }
        Err(error) => state.trouble = Some(error.to_string()),
    }
}

/// Does what `ipvsadm drain --detach` does. Returns what it prints.
fn drain(
    session: &mut Session<'_>,
    service: ServiceKey,
    server: DestinationKey,
) -> Result<Vec<String>, Error> {
    let order = Order {
        selection: Selection::One(service, server),
        reason: None,
        hash: Hash::default(),
        templates: Templates::default(),
        least: Least::Number(1),
    };
    let (held, _, plan) = planned(session, &order, Duration::ZERO)?;
    session.complaints.withhold();
    let made = held.carry_out(session, &plan, "drain");
    let said = session.complaints.withheld();
    made?;
    let weights = report::weights("draining", "already draining", &plan.targets);
    let mut lines: Vec<String> = weights.lines().map(str::to_owned).collect();
    lines.extend(report::notes(&plan));
    lines.extend(said);
    Ok(lines)
}

fn told(error: &Error) -> Vec<String> {
    error
        .messages()
        .into_iter()
        .flat_map(|(text, hints)| std::iter::once(text).chain(hints))
        .collect()
}

/// The key that `top` knows; `None` for all others.
fn key_of(event: KeyEvent) -> Option<Key> {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return match event.code {
            KeyCode::Char('c') => Some(Key::Interrupt),
            KeyCode::Char('z') => Some(Key::Suspend),
            KeyCode::Char('l') => Some(Key::Redraw),
            _ => None,
        };
    }
    Some(match event.code {
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
