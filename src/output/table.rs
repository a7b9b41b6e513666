//! Tables for people, in the reports of verbs. Classic listings have a layout of their own.

use std::io;

use prettytable::format::{Alignment, FormatBuilder, LinePosition, LineSeparator};
use prettytable::{Cell, Row, Table};

use crate::model::printable;

/// Alignment of the text in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left: names and addresses.
    Left,
    /// At the right: numbers.
    Right,
}

/// Writes rows below their titles, each column as wide as its widest cell. Text from outside is
/// escaped.
pub fn write<const N: usize>(
    out: &mut dyn io::Write,
    columns: [(&str, Align); N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let mut table = Table::new();
    let rule = LineSeparator::new('-', ' ', ' ', ' ');
    let format = FormatBuilder::new().padding(0, 2).separator(LinePosition::Title, rule).build();
    table.set_format(format);
    let row = |cells: [String; N]| {
        let cells = cells.into_iter().zip(columns).map(|(text, (_, align))| {
            let align = if align == Align::Left { Alignment::LEFT } else { Alignment::RIGHT };
            Cell::new_align(&printable(&text), align)
        });
        Row::new(cells.collect())
    };
    table.set_titles(row(columns.map(|(title, _)| title.to_owned())));
    for cells in rows {
        table.add_row(row(cells));
    }
    for (number, line) in table.to_string().lines().enumerate() {
        // The padding follows the last column too, and the rule below the titles spans it.
        let line = if number == 1 { line.strip_suffix("--").unwrap_or(line) } else { line };
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_lines_have_no_blanks_at_the_end() {
        let mut out = Vec::new();
        let rows = [["a\u{1b}".to_owned(), "1".to_owned()], ["bc".to_owned(), "12345".to_owned()]];
        write(&mut out, [("Name", Align::Left), ("N", Align::Right)], rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "Name       N\n------------\na\\x1b      1\nbc     12345\n");
    }
}
