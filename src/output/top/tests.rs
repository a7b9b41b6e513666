//! Snapshots of the screen, and what keys do.

#![allow(clippy::unwrap_used)] // tests fail by panic

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::keys::Key;
use super::live::Live;
use super::reading::{Reading, ServerReading, ServiceReading};
use super::state::{Action, Front, Settings, State};
use super::{text, view};
use crate::error::Error;
use crate::model::{
    Destination, DestinationEntry, Family, SchedulerName, Service, ServiceEntry, ServiceKey, Stats,
};

/// Counters after `seconds` of a load in thousand bytes per second.
fn stats(load: u64, seconds: u64) -> Stats {
    // A wave of 40 s, so that the sparklines are not flat.
    let wave = |second: u64| load * (20 + (second % 40).abs_diff(20));
    let bytes: u64 = (0..seconds).map(wave).sum::<u64>() * 40;
    Stats {
        connections: bytes / 5_000,
        in_packets: bytes / 800,
        out_packets: bytes / 400,
        in_bytes: bytes,
        out_bytes: bytes * 9,
        ..Stats::default()
    }
}

fn server(address: &str, weight: u32, load: u64, seconds: u64) -> ServerReading {
    let key: std::net::SocketAddr = address.parse().unwrap();
    let active = u32::try_from(load).unwrap();
    let entry = DestinationEntry {
        destination: Destination { weight, ..Destination::new(key) },
        active,
        inactive: active * 7,
        persistent: 0,
        stats: stats(load, seconds),
    };
    ServerReading { entry, is_drained: false }
}

fn service(key: ServiceKey, scheduler: &str, servers: Vec<ServerReading>) -> ServiceReading {
    let mut stats = Stats::default();
    for it in servers.iter().map(|it| it.entry.stats) {
        stats.connections += it.connections;
        stats.in_packets += it.in_packets;
        stats.out_packets += it.out_packets;
        stats.in_bytes += it.in_bytes;
        stats.out_bytes += it.out_bytes;
    }
    let service = Service::new(key, SchedulerName::new(scheduler).unwrap());
    ServiceReading { entry: ServiceEntry { service, stats }, servers }
}

fn reading(seconds: u64) -> Reading {
    let tcp = |address: &str| ServiceKey::tcp(address.parse().unwrap());
    let mark = ServiceKey::Fwmark { mark: std::num::NonZeroU32::MIN, family: Family::V6 };
    let mut drained = server("10.0.0.13:8080", 0, 12, seconds);
    drained.is_drained = true;
    let mut full = server("10.0.0.12:8080", 1, 100, seconds);
    full.entry.destination.upper_threshold = 500;
    Reading {
        at: Duration::from_secs(seconds),
        has_rates: false,
        services: vec![
            service(mark, "mh", vec![server("[2001:db8:1234:5678::abcd:1]:0", 1, 9, seconds)]),
            service(
                tcp("192.0.2.80:80"),
                "wrr",
                vec![server("10.0.0.11:8080", 3, 310, seconds), full, drained],
            ),
            service(tcp("192.0.2.80:443"), "wlc", vec![server("10.0.0.11:8443", 0, 0, seconds)]),
            service(
                ServiceKey::udp("[2001:db8::80]:53".parse().unwrap()),
                "rr",
                vec![server("[2001:db8::21]:53", 1, 70, seconds)],
            ),
        ],
    }
}

/// The state after so many seconds.
fn state(seconds: u64) -> State {
    let mut live = Live::default();
    for second in (0..=seconds).step_by(2) {
        live.update(reading(second));
    }
    let interval = Duration::from_secs(2);
    let settings = Settings { interval, colours: true, unicode: true, ..Settings::default() };
    State::new(settings, live)
}

fn drawn(state: &State, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    view(state, area, &mut buffer);
    buffer
}

/// The characters on the screen.
fn screen(state: &State, width: u16, height: u16) -> String {
    let buffer = drawn(state, width, height);
    let line = |y| {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        line.trim_end().to_owned() + "\n"
    };
    (0..height).map(line).collect()
}

fn press(state: &mut State, keys: &str) -> Action {
    keys.chars().fold(Action::Draw, |_, key| state.press(Key::Char(key), 10))
}

#[test]
fn the_screen_fits_80_columns() {
    insta::assert_snapshot!(screen(&state(300), 80, 24));
}

#[test]
fn a_larger_screen_has_sparklines() {
    insta::assert_snapshot!(screen(&state(300), 120, 40));
}

#[test]
fn a_large_screen_has_packets() {
    insta::assert_snapshot!(screen(&state(300), 200, 50));
}

#[test]
fn without_colours_and_unicode_the_screen_says_the_same() {
    let mut state = state(300);
    state.settings.colours = false;
    state.settings.unicode = false;
    let buffer = drawn(&state, 80, 24);
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    let text = screen(&state, 80, 24);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn colours_repeat_the_marks() {
    let buffer = drawn(&state(300), 80, 24);
    let colour_of = |word: &str| {
        let cells = buffer.content().windows(word.len());
        let symbols = |cells: &[ratatui::buffer::Cell]| {
            cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        // The summary above the table has some of the words too, without a colour.
        cells.filter(|cells| symbols(cells) == word).map(|cells| cells[0].fg).next_back().unwrap()
    };
    assert_eq!(colour_of("full "), Color::Red);
    assert_eq!(colour_of("drain "), Color::Reset);
    assert_eq!(colour_of("off  "), Color::Yellow);
    assert_eq!(colour_of("down "), Color::Red);
    assert_eq!(colour_of("100% "), Color::Green);
}

#[test]
fn every_size_can_be_drawn() {
    let mut state = state(10);
    for keys in ["", "?", "?/1"] {
        press(&mut state, keys);
        for width in (0..130).step_by(3) {
            for height in 0..30 {
                screen(&state, width, height);
            }
        }
    }
}

#[test]
fn help_is_a_window() {
    let mut state = state(10);
    press(&mut state, "?");
    insta::assert_snapshot!(screen(&state, 80, 24));
    assert_eq!(press(&mut state, "x"), Action::Draw);
    assert_eq!(state.front, Front::Table);
}

#[test]
fn drain_asks_first() {
    let mut state = state(10);
    press(&mut state, "d");
    assert_eq!(state.front, Front::Message(vec!["select a real server to drain it".to_owned()]));
    press(&mut state, "xjjjd");
    insta::assert_snapshot!(screen(&state, 80, 24));
    assert_eq!(press(&mut state, "n"), Action::Draw);
    press(&mut state, "d");
    let service = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
    let server = "10.0.0.11:8080".parse::<std::net::SocketAddr>().unwrap().into();
    assert_eq!(press(&mut state, "y"), Action::Drain(service, server));
    // The weight of the third real server is 0 already.
    press(&mut state, "jjd");
    assert!(screen(&state, 80, 24).contains("to end a drain: ipvsadm undrain -t 192.0.2.80:80"));
}

#[test]
fn read_only_forbids_to_drain() {
    let mut state = state(10);
    state.settings.read_only = true;
    press(&mut state, "jjjd");
    assert_eq!(state.front, Front::Message(vec!["--read-only forbids changes".to_owned()]));
    assert!(!screen(&state, 80, 24).contains("d drain"));
}

#[test]
fn a_filter_shows_the_rows_that_contain_its_text() {
    let mut state = state(10);
    press(&mut state, "/8443");
    state.press(Key::Enter, 10);
    let text = screen(&state, 80, 24);
    assert!(text.contains("192.0.2.80:443") && text.contains("10.0.0.11:8443"), "{text}");
    assert!(!text.contains("192.0.2.80:80 ") && !text.contains("10.0.0.11:8080"), "{text}");
    assert!(text.contains("/8443  Esc shows all"), "{text}");
    // A service that matches keeps all its real servers; letters may be of either case.
    state.press(Key::Escape, 10);
    press(&mut state, "/WRR");
    let text = screen(&state, 80, 24);
    assert!(text.contains("10.0.0.11:8080") && text.contains("10.0.0.13:8080"), "{text}");
    assert!(!text.contains("10.0.0.11:8443"), "{text}");
    // A mark is a text too.
    press(&mut state, "x");
    assert!(screen(&state, 80, 24).contains("nothing matches"));
    state.press(Key::Escape, 10);
    press(&mut state, "/drain");
    let text = screen(&state, 80, 24);
    assert!(text.contains("10.0.0.13:8080") && !text.contains("10.0.0.12:8080"), "{text}");
}

/// The first words of the rows: services only, or all.
fn names(state: &State) -> Vec<String> {
    let name = |row: &super::rows::Row<'_>| match row.key() {
        (service, None) => service.to_string(),
        (_, Some(server)) => server.to_string(),
    };
    state.rows().iter().map(name).collect()
}

#[test]
fn services_open_and_close() {
    let mut state = state(10);
    assert_eq!(names(&state).len(), 10);
    press(&mut state, "e");
    let closed = ["fwmark 1 (IPv6)", "tcp 192.0.2.80:80", "tcp 192.0.2.80:443"];
    assert_eq!(names(&state)[..3], closed);
    press(&mut state, "j");
    state.press(Key::Enter, 10);
    assert_eq!(names(&state)[2], "10.0.0.11:8080");
    // Closing selects the service.
    press(&mut state, "j");
    state.press(Key::Left, 10);
    assert_eq!(names(&state)[..3], closed);
    assert_eq!(state.place(&state.rows()), 1);
    state.press(Key::Right, 10);
    state.press(Key::Right, 10);
    assert_eq!(names(&state).len(), 7);
}

#[test]
fn the_largest_load_comes_first() {
    let mut state = state(10);
    press(&mut state, "eb");
    let by_load = ["tcp 192.0.2.80:80", "udp [2001:db8::80]:53", "fwmark 1 (IPv6)"];
    for key in ["b", "c", "a"] {
        press(&mut state, key);
        assert_eq!(names(&state)[..3], by_load, "{key}");
    }
    press(&mut state, "r");
    assert_eq!(names(&state)[3], by_load[0]);
    press(&mut state, "rn");
    assert_eq!(names(&state)[0], "fwmark 1 (IPv6)");
    // The selection stays on its service when the order changes.
    press(&mut state, "jb");
    assert_eq!(state.place(&state.rows()), 0);
}

#[test]
fn the_selection_moves_within_the_rows() {
    let mut state = state(10);
    for (key, place) in [
        (Key::Up, 0),
        (Key::Down, 1),
        (Key::PageDown, 9),
        (Key::Down, 9),
        (Key::PageUp, 0),
        (Key::End, 9),
        (Key::Home, 0),
    ] {
        state.press(key, 100);
        assert_eq!(state.place(&state.rows()), place, "{key:?}");
    }
    // If the selected row has gone, the row in its place is selected.
    state.press(Key::End, 100);
    let services = reading(12).services[..2].to_vec();
    state.live.update(Reading { services, ..reading(12) });
    assert_eq!(state.place(&state.rows()), names(&state).len() - 1);
    let buffer = drawn(&state, 80, 24);
    assert!(buffer[(0, 10)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_service_that_comes_back_begins_anew() {
    let mut live = Live::default();
    let rates =
        |live: &Live| live.services.values().map(|it| it.load.rates.is_some()).collect::<Vec<_>>();
    for (second, are_known) in [(10, false), (12, false), (14, true)] {
        live.update(reading(second));
        assert_eq!(rates(&live), [are_known; 4]);
    }
    let mut without = reading(16);
    without.services.remove(1);
    live.update(without);
    assert_eq!(rates(&live), [true; 3]);
    live.update(reading(18));
    assert_eq!(rates(&live), [true, false, true, true]);
}

#[test]
fn the_first_rates_are_those_of_the_kernel() {
    let mut live = Live::default();
    let mut first = reading(10);
    first.has_rates = true;
    first.services[1].entry.stats.in_byte_rate = 1000;
    live.update(first);
    live.update(reading(12));
    let rates = live.services[1].load.rates.unwrap();
    assert_eq!((rates.in_bits(), rates.out_bits()), (8000.0, 0.0));
    live.update(reading(14));
    assert!(live.services[1].load.rates.unwrap().out_bits() > 0.0);
}

#[test]
fn an_empty_table_says_so() {
    let state = State::new(Settings::default(), Live::default());
    let text = screen(&state, 80, 24);
    assert!(text.contains("0 services, 0 real servers") && text.contains("no services"), "{text}");
}

#[test]
fn trouble_keeps_the_old_values() {
    let mut state = state(10);
    let error = Error::Io(std::io::Error::other("a\u{1b}b"));
    state.trouble = Some(error.to_string());
    let text = screen(&state, 80, 24);
    assert!(
        text.contains("cannot read the table, so the values are old: a\\x1bb")
            && text.contains("10.0.0.11:8080"),
        "{text}"
    );
}

#[test]
fn text_has_the_same_values() {
    let mut out = Vec::new();
    text(&mut out, &state(300).live).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
