//! The listings of `ipvsadm conns`.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::table::{self, Align};
use crate::model::{Connection, Count, Group, Shares, printable};

const TITLES: [&str; 6] = ["Protocol", "Expires", "State", "Client", "Service", "Server"];

/// Prints connections in columns, one batch at a time. A column grows when a later batch has a
/// longer entry, so that only one batch is in memory.
#[derive(Debug)]
pub struct Columns {
    widths: [usize; TITLES.len()],
    has_titles: bool,
}

impl Columns {
    pub fn new() -> Self {
        Self { widths: TITLES.map(str::len), has_titles: false }
    }

    /// Prints a batch, with titles before the first one.
    pub fn print(&mut self, out: &mut dyn io::Write, connections: &[Connection]) -> io::Result<()> {
        let rows: Vec<[String; TITLES.len()]> = connections.iter().map(row).collect();
        for cells in &rows {
            for (width, cell) in self.widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
        if !self.has_titles {
            self.has_titles = true;
            self.line(out, &TITLES.map(str::to_owned))?;
        }
        rows.iter().try_for_each(|cells| self.line(out, cells))
    }

    fn line(&self, out: &mut dyn io::Write, cells: &[String; TITLES.len()]) -> io::Result<()> {
        let mut line = String::with_capacity(100);
        for (width, cell) in self.widths.iter().zip(cells) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(out, "{}", line.trim_end())
    }
}

fn row(connection: &Connection) -> [String; TITLES.len()] {
    let seconds = connection.expires;
    let cells = [
        connection.protocol.clone(),
        format!("{:02}:{:02}", seconds / 60, seconds % 60),
        connection.state.clone(),
        endpoint(connection.client),
        connection
            .mark()
            .map_or_else(|| endpoint(connection.virtual_server), |mark| format!("fwmark {mark}")),
        endpoint(connection.destination),
    ];
    cells.map(|cell| printable(&cell).to_string())
}

fn endpoint((address, port): (IpAddr, u16)) -> String {
    SocketAddr::new(address, port).to_string()
}

/// Prints counts, with the share of each group in all connections that were counted.
pub fn counts(
    out: &mut dyn io::Write,
    title: &str,
    groups: &[(Group, Count)],
    total: Count,
) -> io::Result<()> {
    let columns = [
        (title, Align::Left),
        ("Connections", Align::Right),
        ("Established", Align::Right),
        ("Share", Align::Right),
    ];
    let row = |name: String, count: Count| {
        let share = share(count.connections, total.connections);
        [name, count.connections.to_string(), count.established.to_string(), share]
    };
    let rows = groups.iter().map(|(group, count)| row(group.to_string(), *count));
    table::write(out, columns, rows.chain([row("total".to_owned(), total)]))
}

/// Writes `part` of `whole` in percent, with one decimal.
fn share(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Prints how many connections two directors share.
pub fn comparison(
    out: &mut dyn io::Write,
    connections: Shares,
    templates: Shares,
) -> io::Result<()> {
    let columns = [
        ("", Align::Left),
        ("Here", Align::Right),
        ("There", Align::Right),
        ("Only here", Align::Right),
        ("Only there", Align::Right),
        ("Other server", Align::Right),
    ];
    let row = |name: &str, shares: Shares| {
        let part = |part: u64, of: u64| format!("{part} ({})", share(part, of));
        [
            name.to_owned(),
            shares.here().to_string(),
            shares.there().to_string(),
            part(shares.only_here, shares.here()),
            part(shares.only_there, shares.there()),
            part(shares.elsewhere, shares.here()),
        ]
    };
    table::write(out, columns, [row("connections", connections), row("templates", templates)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_one_decimal() {
        assert_eq!((share(1, 3), share(0, 0), share(5, 5)), tuple("33.3 %", "0.0 %", "100.0 %"));
    }

    fn tuple(a: &str, b: &str, c: &str) -> (String, String, String) {
        (a.to_owned(), b.to_owned(), c.to_owned())
    }
}
