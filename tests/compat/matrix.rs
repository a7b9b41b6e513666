//! Every option with every command, made from the table of options.

use ipvsadm::internals::classic::options::{
    COMMANDS, Command, OPTIONS, OptionRow, SLOTS, Slot, Takes,
};

use crate::network::SMALL;
use crate::pair::Pair;

/// A valid command line under construction, so that only the added option decides the result.
#[derive(Clone)]
struct Line {
    command: Vec<String>,
    parts: Vec<(Slot, Vec<String>)>,
    values: Vec<String>,
}

impl Line {
    /// The command with the arguments that it needs. `number` makes new services and real servers
    /// unique.
    fn new(command: Command, number: usize) -> Self {
        let row = command.row();
        let name =
            row.short.first().map_or(format!("--{}", row.long), |letter| format!("-{letter}"));
        let mut words = vec![name];
        if matches!(row.takes, Takes::Value(_)) {
            words.push("master".to_owned());
        }
        let is_set = command == Command::Set;
        let values =
            if is_set { vec!["900".into(), "120".into(), "300".into()] } else { Vec::new() };
        let required = SLOTS.iter().filter(|slot| slot.required.contains(&command));
        let parts = required.map(|row| (row.slot, required_part(command, row.slot, number)));
        Self { command: words, parts: parts.collect(), values }
    }

    /// Adds an option, or replaces one of the same slot.
    fn with(mut self, option: &OptionRow, number: usize) -> Self {
        let words = option_words(option, number);
        match option.slot.and_then(|slot| self.parts.iter_mut().find(|part| part.0 == slot)) {
            Some(part) => part.1 = words,
            None => self.parts.push((option.slot.unwrap_or(Slot::Numeric), words)),
        }
        self
    }

    fn words(&self) -> Vec<String> {
        let parts = self.parts.iter().flat_map(|part| part.1.clone());
        self.command.iter().cloned().chain(parts).chain(self.values.clone()).collect()
    }
}

fn required_part(command: Command, slot: Slot, number: usize) -> Vec<String> {
    let text = match (command, slot) {
        (Command::AddService, Slot::Service) => format!("-t 10.0.1.{number}:80"),
        (Command::AddServer, Slot::RealServer) => format!("-r 10.1.1.{number}:80"),
        (_, Slot::Service) => "-t 10.0.0.1:80".to_owned(),
        (_, Slot::RealServer) => "-r 10.1.0.1:80".to_owned(),
        _ => panic!("no value for the required slot {}", slot.row().name),
    };
    text.split(' ').map(str::to_owned).collect()
}

fn option_words(option: &OptionRow, number: usize) -> Vec<String> {
    let name = option.short.map_or(format!("--{}", option.long), |letter| format!("-{letter}"));
    let value = match option.long {
        "tcp-service" => "10.0.0.1:80",
        "udp-service" => "10.0.0.1:53",
        "sctp-service" => "10.0.0.1:3868",
        "fwmark-service" => "1",
        "scheduler" => "wrr",
        "persistent" => "300",
        "netmask" => "255.255.255.0",
        "real-server" => return vec![name, format!("10.1.2.{number}:80")],
        "tun-type" => "gre",
        "tun-port" => "6080",
        "weight" | "syncid" => "5",
        "u-threshold" => "20",
        "l-threshold" | "mcast-ttl" => "10",
        "mcast-interface" => "sync0",
        "sync-maxlen" => "1400",
        "mcast-group" => "224.0.0.99",
        "mcast-port" => "9000",
        "pe" => "sip",
        "sched-flags" => "flag-1",
        _ => return vec![name],
    };
    vec![name, value.to_owned()]
}

fn commands() -> impl Iterator<Item = Command> {
    let runs = |command| !matches!(command, Command::Help | Command::Version);
    COMMANDS.iter().map(|row| row.command).filter(move |command| runs(*command))
}

/// The options that the old program has too.
fn options() -> impl Iterator<Item = (usize, &'static OptionRow)> {
    OPTIONS.iter().enumerate().filter(|(_, row)| !row.slot.is_some_and(Slot::is_new))
}

/// Whether to test the option: if its slot is illegal with the command, one option is enough.
fn tells(command: Command, option: &OptionRow) -> bool {
    let Some(slot) = option.slot.map(Slot::row) else { return true };
    let first = OPTIONS.iter().find(|other| other.slot == option.slot);
    first.is_some_and(|first| first.option == option.option)
        || [slot.required, slot.allowed].concat().contains(&command)
}

#[test]
fn every_option_with_every_command() {
    let mut pair = Pair::new();
    for command in commands() {
        pair.load("-C\n");
        pair.load(SMALL);
        for (number, option) in options().filter(|(_, option)| tells(command, option)) {
            let words = Line::new(command, number).with(option, number).words();
            pair.check_words(&words, Some(""));
        }
        pair.check_tables();
        pair.check("--stop-daemon master");
    }
}

#[test]
fn every_command_with_missing_and_repeated_options() {
    let mut pair = Pair::with(SMALL);
    for command in commands() {
        let whole = Line::new(command, 0);
        pair.check_words(&whole.command, Some(""));
        for left_out in 0..whole.parts.len() {
            let mut line = whole.clone();
            let part = line.parts.remove(left_out);
            pair.check_words(&line.words(), Some(""));
            line.parts.extend([part.clone(), part]);
            pair.check_words(&line.words(), Some(""));
        }
        pair.check_words(&[whole.words(), vec!["word".to_owned()]].concat(), Some(""));
    }
    pair.check_tables();
}

#[test]
fn options_of_one_slot_exclude_each_other() {
    let mut pair = Pair::with(SMALL);
    for (number, option) in options() {
        let same = |other: &&OptionRow| option.slot.is_some() && other.slot == option.slot;
        for other in OPTIONS.iter().filter(same) {
            let allowed = |command: &Command| {
                let row = option.slot.map(Slot::row);
                row.is_some_and(|row| [row.required, row.allowed].concat().contains(command))
            };
            let Some(command) = commands().find(allowed) else { continue };
            let mut words = Line::new(command, number).with(option, number).words();
            words.extend(option_words(other, number));
            pair.check_words(&words, Some(""));
        }
    }
    pair.check_tables();
}

#[test]
fn two_illegal_options_are_reported_in_the_order_of_the_table() {
    let mut pair = Pair::with(SMALL);
    let list: Vec<_> = options().filter(|(_, row)| row.slot.is_some()).collect();
    for neighbours in list.windows(2) {
        let mut words = vec!["-C".to_owned()];
        words.extend(neighbours.iter().rev().flat_map(|(nth, row)| option_words(row, *nth)));
        pair.check_words(&words, None);
    }
    for (first, second) in [(0, 20), (5, 33), (33, 2), (40, 0), (12, 26), (38, 9)] {
        let [first, second] = [&OPTIONS[first], &OPTIONS[second]];
        let options = [option_words(first, 0), option_words(second, 0)].concat();
        pair.check_words(&[vec!["-Z".to_owned()], options].concat(), None);
    }
    pair.check_tables();
}
