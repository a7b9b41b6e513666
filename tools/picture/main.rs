//! Turns terminal output into an SVG: `picture COLUMNS ROWS <OUTPUT >FILE.svg`. `./x picture` draws
//! the README's pictures with it.
//!
//! It is a cargo example, because an example is never installed.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a filter prints its result

use std::fmt::Write as _;
use std::io::{Read as _, stdin};
use std::process::ExitCode;

use vt100::{Cell, Color, Parser, Screen};

/// Width and height of a character cell in SVG units, for common fixed-width fonts of size 14.
const CELL: (f64, f64) = (8.43, 19.0);
const MARGIN: f64 = 16.0;
/// Colours of the background, and of text without a colour.
const PAPER: &str = "#1c1f26";
const INK: &str = "#d7dae0";
/// The eight colours of a terminal, followed by their bright variants.
const COLOURS: [&str; 16] = [
    "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
    "#7f848e", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff",
];

fn main() -> ExitCode {
    let sizes: Vec<u16> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (&[columns, rows], mut output) = (&sizes[..], Vec::new()) else {
        eprintln!("usage: picture COLUMNS ROWS <OUTPUT >FILE.svg");
        return ExitCode::from(2);
    };
    if let Err(error) = stdin().read_to_end(&mut output) {
        eprintln!("cannot read standard input: {error}");
        return ExitCode::FAILURE;
    }
    let mut terminal = Parser::new(rows, columns, 0);
    terminal.process(&output);
    print!("{}", svg(terminal.screen(), columns, rows));
    ExitCode::SUCCESS
}

fn svg(screen: &Screen, columns: u16, rows: u16) -> String {
    // Leave out empty rows at the end.
    let used = (0..rows).rev().find(|row| !text(screen, *row, columns).trim().is_empty());
    let lines = used.map_or(0, |row| row + 1);
    let width = f64::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(lines) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for row in 0..lines {
        let y = MARGIN + (f64::from(row) + 0.75) * CELL.1;
        svg += &backgrounds(screen, row, columns);
        let _ = writeln!(
            svg,
            "<text y=\"{y:.1}\" xml:space=\"preserve\">{}</text>",
            spans(screen, row, columns)
        );
    }
    svg + "</svg>\n"
}

fn text(screen: &Screen, row: u16, columns: u16) -> String {
    (0..columns).map(|column| screen.cell(row, column).map_or("", Cell::contents)).collect()
}

/// Rectangles behind the reversed cells of a row.
fn backgrounds(screen: &Screen, row: u16, columns: u16) -> String {
    let is_reversed = |column: &u16| screen.cell(row, *column).is_some_and(Cell::inverse);
    let cells: Vec<u16> = (0..columns).filter(is_reversed).collect();
    let pieces = cells.chunk_by(|one, next| one + 1 == *next);
    let rectangle = |piece: &[u16]| {
        let [x, y] = [f64::from(piece[0]) * CELL.0, f64::from(row) * CELL.1].map(|it| it + MARGIN);
        let width = CELL.0 * piece.iter().map(|_| 1.0).sum::<f64>();
        let height = CELL.1;
        format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{INK}\"/>\n"
        )
    };
    pieces.map(rectangle).collect()
}

/// A row as pieces of equal style. Each has its own x position, because fonts differ in width.
fn spans(screen: &Screen, row: u16, columns: u16) -> String {
    let mut spans = String::new();
    let cells: Vec<(u16, &Cell)> =
        (0..columns).filter_map(|column| Some((column, screen.cell(row, column)?))).collect();
    for piece in cells.chunk_by(|(_, one), (_, next)| style(one) == style(next)) {
        let words: String = piece
            .iter()
            .map(|(_, cell)| if cell.has_contents() { cell.contents() } else { " " })
            .collect();
        if words.trim().is_empty() {
            continue;
        }
        let ((column, first), words) = (piece[0], escape(words.trim_end()));
        let x = MARGIN + f64::from(column) * CELL.0;
        let (colour, bold, underline) = style(first);
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let line = if underline { " text-decoration=\"underline\"" } else { "" };
        let _ =
            write!(spans, "<tspan x=\"{x:.1}\" fill=\"{colour}\"{weight}{line}>{words}</tspan>");
    }
    spans
}

fn style(cell: &Cell) -> (&'static str, bool, bool) {
    let colour = match cell.fgcolor() {
        Color::Idx(index) => COLOURS.get(usize::from(index)).copied().unwrap_or(INK),
        _ => INK,
    };
    (if cell.inverse() { PAPER } else { colour }, cell.bold(), cell.underline())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
