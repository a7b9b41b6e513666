//! The columns of the table: which of them a screen has room for, and what they show.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::figures::{count, percent, rate};
use super::super::live::Load;
use super::super::mark::Mark;
use super::super::rows::Row;
use super::ink::Ink;
use crate::model::Rates;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Weight,
    Active,
    Inactive,
    Connections,
    InPackets,
    OutPackets,
    In,
    Out,
    Share,
    Bits,
}

/// Width of the name on a screen of 80 columns.
const NAME: u16 = 28;
/// Width of the name on a narrow screen.
const SHORT_NAME: u16 = 20;
/// Width of a percentage.
const PERCENT: u16 = 4;
/// Width of a mark at the end of a name.
const MARK: usize = 5;

/// The columns of every screen of 80 or more columns, with their widths.
const USUAL: [(Column, u16); 8] = [
    (Column::Name, NAME),
    (Column::Weight, 6),
    (Column::Active, 6),
    (Column::Inactive, 5),
    (Column::Connections, 6),
    (Column::In, 6),
    (Column::Out, 7),
    (Column::Share, PERCENT + 5),
];

/// Columns that a narrow screen does without, the least important one first.
const SPARE: [Column; 7] = [
    Column::Share,
    Column::Inactive,
    Column::Weight,
    Column::Out,
    Column::In,
    Column::Connections,
    Column::Active,
];

/// The columns of a screen with their widths, from left to right, with a blank between two.
pub fn columns(width: u16) -> Vec<(Column, u16)> {
    let mut columns = USUAL.to_vec();
    for column in SPARE {
        if needed(&columns) <= width {
            break;
        }
        columns[0].1 = SHORT_NAME;
        columns.retain(|(other, _)| *other != column);
    }
    let mut left = width.saturating_sub(needed(&columns));
    if columns.len() == USUAL.len() {
        add_columns(&mut columns, &mut left);
    }
    for (column, most) in [(Column::Share, 8), (Column::Name, 20), (Column::Bits, 40)] {
        if let Some((_, width)) = columns.iter_mut().find(|(other, _)| *other == column) {
            let more = left.min(most);
            *width += more;
            left -= more;
        }
    }
    columns
}

/// Adds the columns that a wide screen has room for.
fn add_columns(columns: &mut Vec<(Column, u16)>, left: &mut u16) {
    const SPARK: u16 = 20;
    const PACKETS: u16 = 6;
    if *left > SPARK {
        columns.push((Column::Bits, SPARK));
        *left -= SPARK + 1;
    }
    if *left > 2 * (PACKETS + 1) {
        let place = columns.iter().position(|(column, _)| *column == Column::In).unwrap_or(0);
        let packets = [(Column::InPackets, PACKETS), (Column::OutPackets, PACKETS + 1)];
        columns.splice(place..place, packets);
        *left -= 2 * PACKETS + 3;
    }
}

fn needed(columns: &[(Column, u16)]) -> u16 {
    columns.iter().map(|(_, width)| width + 1).sum::<u16>().saturating_sub(1)
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Name => "Service, real server",
            Self::Weight => "Weight",
            Self::Active => "Active",
            Self::Inactive => "Inact",
            Self::Connections => "Conn/s",
            Self::InPackets => "In p/s",
            Self::OutPackets => "Out p/s",
            Self::In => "In b/s",
            Self::Out => "Out b/s",
            Self::Share => "Share",
            Self::Bits => "b/s",
        }
    }

    fn is_left(self) -> bool {
        matches!(self, Self::Name | Self::Share | Self::Bits)
    }

    fn figure(self, load: &Load) -> String {
        let rates = load.rates.as_ref();
        match self {
            Self::Weight => count(load.weight),
            Self::Active => count(load.active),
            Self::Inactive => count(load.inactive),
            Self::Connections => rate(rates.map(|it| it.connections)),
            Self::InPackets => rate(rates.map(|it| it.in_packets)),
            Self::OutPackets => rate(rates.map(|it| it.out_packets)),
            Self::In => rate(rates.map(Rates::in_bits)),
            Self::Out => rate(rates.map(Rates::out_bits)),
            Self::Name | Self::Share | Self::Bits => String::new(),
        }
    }
}

/// A line of the table to draw on.
pub struct Line<'a> {
    pub buffer: &'a mut Buffer,
    pub area: Rect,
    pub ink: Ink,
}

impl Line<'_> {
    /// Draws the titles. `span` is the time that the sparklines show.
    pub fn titles(&mut self, columns: &[(Column, u16)], span: &str) {
        self.buffer.set_style(self.area, Ink::titles());
        self.each(columns, |column, width| {
            let title = match column {
                Column::Name => format!("{:<1$}State", column.title(), width - MARK),
                Column::Bits => format!("{}, {span}", column.title()),
                _ => column.title().to_owned(),
            };
            (aligned(&title, width, column.is_left()), Style::new())
        });
    }

    /// Draws a row.
    pub fn row(&mut self, columns: &[(Column, u16)], row: &Row<'_>, is_selected: bool) {
        let ink = self.ink;
        let (name, mark, load, share) = match row {
            Row::Service(key, service, is_open) => {
                let name = format!("{} {key}", ink.sign(*is_open));
                let with_scheduler = format!("{name} {}", service.scheduler);
                let room = usize::from(columns[0].1) - mark_width(service.mark);
                let fits = with_scheduler.chars().count() <= room;
                let name = if fits { with_scheduler } else { name };
                (name, service.mark, &service.load, service.share)
            }
            Row::Server(_, key, server) => {
                (format!("  {key}"), server.mark, &server.load, server.share)
            }
        };
        self.each(columns, |column, width| match column {
            Column::Name => (with_mark(ink, &name, mark, width), ink.mark_style(mark)),
            Column::Share => {
                let room = u16::try_from(width).unwrap_or(u16::MAX) - PERCENT - 1;
                let bar = ink.bar(share.unwrap_or_default(), room);
                let percent = percent(share);
                (format!("{percent:>0$} {bar}", usize::from(PERCENT)), ink.bar_style())
            }
            Column::Bits => {
                let spark = ink.spark(&load.bits.bins(width));
                (aligned(&spark, width, false), ink.spark_style())
            }
            _ => (aligned(&column.figure(load), width, false), Style::new()),
        });
        if matches!(row, Row::Service(..)) {
            self.buffer.set_style(self.area, Ink::bold());
        }
        if is_selected {
            self.buffer.set_style(self.area, Ink::reversed());
        }
    }

    fn each(&mut self, columns: &[(Column, u16)], cell: impl Fn(Column, usize) -> (String, Style)) {
        let mut x = self.area.x;
        for (column, width) in columns {
            let (text, style) = cell(*column, usize::from(*width));
            let room = width.min(&self.area.right().saturating_sub(x)).to_owned();
            self.buffer.set_stringn(x, self.area.y, text, usize::from(room), style);
            x = x.saturating_add(width + 1);
            if x >= self.area.right() {
                break;
            }
        }
    }
}

fn mark_width(mark: Mark) -> usize {
    if mark == Mark::None { 0 } else { MARK + 1 }
}

/// A name with its mark at the end of the column.
fn with_mark(ink: Ink, name: &str, mark: Mark, width: usize) -> String {
    let room = width.saturating_sub(mark_width(mark));
    let name = ink.cut(name, room);
    if mark == Mark::None { name } else { format!("{name:<room$} {:<MARK$}", mark.word()) }
}

fn aligned(text: &str, width: usize, is_left: bool) -> String {
    if is_left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

#[cfg(test)]
#[test]
fn columns_fill_the_screen_and_never_more() {
    for width in 0..400 {
        let columns = columns(width);
        let needed = needed(&columns);
        assert!(needed <= width.max(SHORT_NAME), "{width}: {columns:?}");
        assert_eq!(columns.len() >= USUAL.len(), width >= 80, "{width}: {columns:?}");
    }
    assert_eq!(columns(80), USUAL);
}
