//! The table as text.

use std::io;

use super::figures::{count, percent, rate};
use super::live::{Live, Load};
use super::mark::Mark;
use crate::model::Rates;
use crate::output::table::{self, Align};

/// The columns; rates are per second, and In and Out are bits from and to clients.
const COLUMNS: [(&str, Align); 9] = [
    ("Service, server", Align::Left),
    ("State", Align::Left),
    ("Weight", Align::Right),
    ("Active", Align::Right),
    ("Inact", Align::Right),
    ("Conn/s", Align::Right),
    ("In b/s", Align::Right),
    ("Out b/s", Align::Right),
    ("Share", Align::Right),
];

/// Prints every service, with its real servers below it.
pub fn text(out: &mut dyn io::Write, live: &Live) -> io::Result<()> {
    let rows = live.services.iter().flat_map(|(key, service)| {
        let name = format!("{key} {}", service.scheduler);
        let servers = service
            .servers
            .iter()
            .map(|(key, server)| row(format!("  {key}"), server.mark, &server.load, server.share));
        std::iter::once(row(name, service.mark, &service.load, service.share)).chain(servers)
    });
    table::write(out, COLUMNS, rows)
}

fn row(name: String, mark: Mark, load: &Load, share: Option<f64>) -> [String; 9] {
    let rates = load.rates.as_ref();
    [
        name,
        mark.word().to_owned(),
        count(load.weight),
        count(load.active),
        count(load.inactive),
        rate(rates.map(|it| it.connections)),
        rate(rates.map(Rates::in_bits)),
        rate(rates.map(Rates::out_bits)),
        percent(share),
    ]
}
