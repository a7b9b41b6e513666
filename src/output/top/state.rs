//! What the user of `top` sees and has typed.

use std::collections::HashSet;
use std::time::Duration;

use super::keys::Key;
use super::live::Live;
use super::rows::{Row, RowKey, Selection, Sort, rows};
use crate::classic::describe_destination;
use crate::model::{DestinationKey, KeyHash, ServiceKey};

/// Tables with more services begin with closed services.
const MANY: usize = 20;

/// What does not change while `top` runs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Time between two readings.
    pub interval: Duration,
    /// Changes are forbidden.
    pub read_only: bool,
    /// Network namespace of `--netns`.
    pub netns: Option<String>,
    /// Colours are permitted.
    pub colours: bool,
    /// The terminal shows characters other than ASCII.
    pub unicode: bool,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Draw the state.
    Draw,
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit,
    /// Stop, as Control-Z does.
    Suspend,
    /// Drain this real server.
    Drain(ServiceKey, DestinationKey),
}

/// What is in front of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// Nothing.
    #[default]
    Table,
    /// The line of the filter.
    Filter,
    Help,
    /// The question whether to drain this real server.
    Question(ServiceKey, DestinationKey),
    /// A message, until a key is pressed.
    Message(Vec<String>),
}

/// What the user sees and has typed.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub live: Live,
    /// What does not change.
    pub settings: Settings,
    /// What is in front of the table.
    pub front: Front,
    /// Order of the rows.
    pub sort: Sort,
    /// The smallest comes first.
    pub is_reversed: bool,
    /// Text that a row must contain.
    pub filter: String,
    /// Why the table could not be read; it is the one before.
    pub trouble: Option<String>,
    selected: Option<RowKey>,
    /// Place of the selected row when it was last visible.
    place: usize,
    are_open: bool,
    /// Services that are not as `are_open` says.
    exceptions: HashSet<ServiceKey, KeyHash>,
}

impl State {
    /// The state at the start.
    pub fn new(settings: Settings, live: Live) -> Self {
        let are_open = live.services.len() <= MANY;
        Self { live, settings, are_open, ..Self::default() }
    }

    /// The visible rows.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let filter = &self.filter.to_lowercase();
        let selection = Selection { sort: self.sort, is_reversed: self.is_reversed, filter };
        rows(&self.live, selection, |key| self.is_open(key))
    }

    /// Index of the selected row. If it has gone, the row in its place is selected.
    pub fn place(&self, rows: &[Row<'_>]) -> usize {
        let found = rows.iter().position(|row| Some(row.key()) == self.selected);
        found.unwrap_or(self.place).min(rows.len().saturating_sub(1))
    }

    fn is_open(&self, key: &ServiceKey) -> bool {
        self.are_open != self.exceptions.contains(key)
    }

    /// Shows a message in front of the table.
    pub fn tell(&mut self, lines: Vec<String>) {
        self.front = Front::Message(lines);
    }

    /// Takes over a key. `page` is the number of rows on the screen.
    pub fn press(&mut self, key: Key, page: usize) -> Action {
        match key {
            Key::Interrupt => return Action::Quit,
            Key::Suspend => return Action::Suspend,
            Key::Redraw => return Action::Redraw,
            _ => {}
        }
        match std::mem::take(&mut self.front) {
            Front::Table => return self.press_on_table(key, page),
            Front::Filter => self.press_on_filter(key),
            Front::Help | Front::Message(_) => {}
            Front::Question(service, server) => {
                if matches!(key, Key::Char('y' | 'Y')) {
                    return Action::Drain(service, server);
                }
            }
        }
        Action::Draw
    }

    fn press_on_filter(&mut self, key: Key) {
        match key {
            Key::Enter => return,
            Key::Escape => {
                self.filter.clear();
                return;
            }
            Key::Backspace => drop(self.filter.pop()),
            Key::Char(letter) => self.filter.push(letter),
            _ => {}
        }
        self.front = Front::Filter;
    }

    fn press_on_table(&mut self, key: Key, page: usize) -> Action {
        match key {
            Key::Char('q') => return Action::Quit,
            Key::Char('?' | 'h') => self.front = Front::Help,
            Key::Char('/') => self.front = Front::Filter,
            Key::Escape => self.filter.clear(),
            Key::Char('n') => self.sort = Sort::Name,
            Key::Char('a') => self.sort = Sort::Active,
            Key::Char('c') => self.sort = Sort::Connections,
            Key::Char('b') => self.sort = Sort::Bits,
            Key::Char('r') => self.is_reversed = !self.is_reversed,
            Key::Char('e') => {
                self.are_open = !self.are_open;
                self.exceptions.clear();
            }
            Key::Char('d') => self.ask(),
            Key::Enter | Key::Char(' ') => self.open(|is_open| !is_open),
            Key::Right => self.open(|_| true),
            Key::Left => self.open(|_| false),
            _ => self.go(key, page),
        }
        Action::Draw
    }

    /// Moves the selection.
    fn go(&mut self, key: Key, page: usize) {
        let rows = self.rows();
        let place = self.place(&rows);
        let place = match key {
            Key::Up | Key::Char('k') => place.saturating_sub(1),
            Key::Down | Key::Char('j') => place.saturating_add(1),
            Key::PageUp => place.saturating_sub(page),
            Key::PageDown => place.saturating_add(page),
            Key::Home => 0,
            Key::End => usize::MAX,
            _ => place,
        };
        let place = place.min(rows.len().saturating_sub(1));
        let selected = rows.get(place).map(Row::key);
        (self.place, self.selected) = (place, selected);
    }

    fn selected(&self) -> Option<RowKey> {
        let rows = self.rows();
        rows.get(self.place(&rows)).map(Row::key)
    }

    /// Opens or closes the service of the selected row, and selects the service.
    fn open(&mut self, new: impl Fn(bool) -> bool) {
        let Some((service, server)) = self.selected() else { return };
        let is_open = self.is_open(&service);
        let new = new(is_open);
        if new != is_open && !self.exceptions.remove(&service) {
            self.exceptions.insert(service);
        }
        self.selected = Some((service, server.filter(|_| new)));
    }

    /// Asks whether to drain the selected real server, or tells why this is not possible.
    fn ask(&mut self) {
        let refusal = match self.selected() {
            _ if self.settings.read_only => "--read-only forbids changes".to_owned(),
            None => return,
            Some((_, None)) => "select a real server to drain it".to_owned(),
            Some((service, Some(server))) => {
                self.selected = Some((service, Some(server)));
                let found = self.live.services.get(&service).and_then(|it| it.servers.get(&server));
                if found.is_none_or(|it| it.load.weight > 0) {
                    self.front = Front::Question(service, server);
                    return;
                }
                let name = describe_destination(&service, &server);
                self.tell(vec![
                    format!("the weight of {server} is already 0"),
                    format!("to end a drain: ipvsadm undrain {name}"),
                ]);
                return;
            }
        };
        self.tell(vec![refusal]);
    }
}
