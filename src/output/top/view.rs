//! Draws the state of `top`. Pure.

mod columns;
mod front;
mod ink;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::figures::{count, rate};
use super::history::{History, LENGTH};
use super::rows::{Row, Sort};
use super::state::{Front, State};
use crate::model::{Rates, printable};
use columns::{Line, columns};
use ink::Ink;

/// Lines above the rows: summary, three totals, titles.
const ABOVE: u16 = 5;
/// Lines below the rows: the keys.
const BELOW: u16 = 1;
/// The totals need this height.
const HIGH: u16 = 12;
/// Smallest screen with a table.
const SMALLEST: (u16, u16) = (20, 4);
/// Column in which the sparklines of the totals begin.
const SPARKS: u16 = 55;

/// Number of rows on a screen of this height.
pub fn page(height: u16) -> u16 {
    let above = if height < HIGH { 2 } else { ABOVE };
    height.saturating_sub(above + BELOW).max(1)
}

/// Draws the whole screen.
pub fn view(state: &State, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, Style::reset());
    let ink = Ink { colours: state.settings.colours, unicode: state.settings.unicode };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        buffer.set_stringn(area.x, area.y, "too small", usize::from(area.width), Style::new());
        return;
    }
    let span = span(state);
    summary(state, row(area, 0), buffer, &span);
    let page = page(area.height);
    let titles = area.height - page - BELOW - 1;
    if titles > 1 {
        totals(state, area, buffer, ink);
    }
    let columns = columns(area.width);
    Line { buffer, area: row(area, titles), ink }.titles(&columns, &span);
    let rows = state.rows();
    let selected = state.place(&rows);
    for (place, shown) in visible(&rows, selected, usize::from(page)) {
        let y = titles + 1 + u16::try_from(place).unwrap_or(u16::MAX);
        let is_selected = rows.get(selected).is_some_and(|row| row.key() == shown.key());
        Line { buffer, area: row(area, y), ink }.row(&columns, shown, is_selected);
    }
    if rows.is_empty() {
        let text = if state.filter.is_empty() { "no services" } else { "nothing matches" };
        put(buffer, row(area, titles + 1), text, Style::new());
    }
    footer(state, row(area, area.height - 1), buffer);
    front::front(&state.front, area, buffer, ink);
}

/// A line of the area.
fn row(area: Rect, y: u16) -> Rect {
    Rect { y: area.y + y, height: 1, ..area }
}

/// The rows on the screen: the selected one in the middle, but no gap at the ends.
fn visible<'a>(
    rows: &'a [Row<'a>],
    selected: usize,
    page: usize,
) -> impl Iterator<Item = (usize, &'a Row<'a>)> {
    let first = selected.saturating_sub(page / 2).min(rows.len().saturating_sub(page));
    rows.iter().skip(first).take(page).enumerate()
}

fn put(buffer: &mut Buffer, line: Rect, text: &str, style: Style) {
    buffer.set_stringn(line.x, line.y, text, usize::from(line.width), style);
}

fn put_right(buffer: &mut Buffer, line: Rect, text: &str, from: usize) {
    let width = text.chars().count();
    if width + from < usize::from(line.width) {
        let x = line.right() - u16::try_from(width).unwrap_or(line.width);
        buffer.set_stringn(x, line.y, text, width, Style::new());
    }
}

/// Time that the sparklines show, such as `4m`.
fn span(state: &State) -> String {
    let length = u32::try_from(LENGTH).unwrap_or(u32::MAX);
    humantime::format_duration(state.settings.interval.saturating_mul(length)).to_string()
}

fn summary(state: &State, line: Rect, buffer: &mut Buffer, span: &str) {
    let counts = state.live.counts();
    let services = state.live.services.len();
    let named = |number: usize, noun: &str| {
        format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
    };
    let mut text =
        format!("{}, {}", named(services, "service"), named(counts.servers, "real server"));
    for (number, word) in
        [(counts.draining, "draining"), (counts.full, "full"), (counts.off, "off")]
    {
        if number > 0 {
            text += &format!(", {number} {word}");
        }
    }
    if let Some(netns) = &state.settings.netns {
        text = format!("{}: {text}", printable(netns));
    }
    put(buffer, line, &text, Ink::bold());
    let interval = humantime::format_duration(state.settings.interval);
    let right = format!("every {interval}, graphs {span}");
    put_right(buffer, line, &right, text.chars().count());
}

fn totals(state: &State, area: Rect, buffer: &mut Buffer, ink: Ink) {
    let live = &state.live;
    let total = &live.total;
    let rates = total.rates.as_ref();
    let [incoming, outgoing] = &live.directions;
    let direction = |bits: Option<f64>, packets: Option<f64>| {
        format!("{:>5} bits/s, {:>5} packets/s", rate(bits), rate(packets))
    };
    let connections = format!(
        "{:>5} per s, {} active, {} inactive",
        rate(rates.map(|it| it.connections)),
        count(total.active),
        count(total.inactive)
    );
    let from = direction(rates.map(Rates::in_bits), rates.map(|it| it.in_packets));
    let to = direction(rates.map(Rates::out_bits), rates.map(|it| it.out_packets));
    let lines: [(&str, String, &History); 3] = [
        ("Connections", connections, &live.connections),
        ("From clients", from, incoming),
        ("To clients", to, outgoing),
    ];
    for ((title, text, history), y) in lines.into_iter().zip(1..) {
        let place = row(area, y);
        put(buffer, place, &format!("{title:<13}{text}"), Style::new());
        let most = u16::try_from(LENGTH).unwrap_or(u16::MAX);
        let width = place.width.saturating_sub(SPARKS).min(most);
        let spark = ink.spark(&history.bins(usize::from(width)));
        let x = place.right() - u16::try_from(spark.chars().count()).unwrap_or(width).min(width);
        buffer.set_stringn(x, place.y, spark, usize::from(width), ink.spark_style());
    }
}

fn footer(state: &State, line: Rect, buffer: &mut Buffer) {
    if let Some(trouble) = &state.trouble {
        put(
            buffer,
            line,
            &format!("cannot read the table, so the values are old: {}", printable(trouble)),
            Ink::bold(),
        );
        return;
    }
    if state.front == Front::Filter {
        let text = format!("/{}", printable(&state.filter));
        put(buffer, line, &text, Style::new());
        let x = line.x + u16::try_from(text.chars().count()).unwrap_or(line.width);
        if x < line.right() {
            buffer.set_style(Rect { x, width: 1, ..line }, Ink::reversed());
        }
        return;
    }
    let drain = if state.settings.read_only { "read-only" } else { "d drain" };
    let keys = format!("q quit  ? help  / filter  n a c b sort  r reverse  e all  {drain}");
    let keys = match state.filter.as_str() {
        "" => keys,
        filter => format!("/{}  Esc shows all  {keys}", printable(filter)),
    };
    put(buffer, line, &keys, Style::new());
    let sort = match state.sort {
        Sort::Name => "by name",
        Sort::Active => "by active",
        Sort::Connections => "by conn/s",
        Sort::Bits => "by bits/s",
    };
    let order = if state.is_reversed { ", reversed" } else { "" };
    put_right(buffer, line, &format!("{sort}{order}"), keys.chars().count());
}
