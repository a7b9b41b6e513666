//! A drawing of the director, its services and their real servers.

use maud::{Markup, html};

use crate::model::{DestinationKey, Method};
use crate::output::metrics::Sample;

use super::shown::{State, shown};

/// Services and real servers that fit into the drawing.
const MOST: usize = 40;
/// Distance of two boxes, and height of a box, in the units of the drawing.
const STEP: usize = 34;
const BOX: usize = 26;
/// Left edges of the columns, and their width.
const COLUMNS: [usize; 3] = [4, 230, 666];
const WIDTHS: [usize; 3] = [160, 360, 320];

/// A line from a service to a real server.
struct Line {
    from: usize,
    to: usize,
    state: State,
    /// Share of the service's connections, in percent.
    percent: u64,
    method: &'static str,
}

/// The drawing. Each real server is drawn once, also if several services have it.
pub fn drawing(sample: &Sample, host: &str) -> Markup {
    let services: Vec<_> = shown(sample, MOST).take(MOST).collect();
    let mut servers: Vec<DestinationKey> = Vec::new();
    let mut lines = Vec::new();
    for (from, service) in services.iter().enumerate() {
        let whole: u64 = service.servers.iter().map(|it| u64::from(it.active)).sum();
        for server in service.servers {
            let key = server.destination.key;
            let to = servers.iter().position(|it| *it == key).unwrap_or_else(|| {
                servers.push(key);
                servers.len() - 1
            });
            let percent = u64::from(server.active) * 100 / whole.max(1);
            let method = Method::from(server.destination.forwarding).name();
            lines.push(Line { from, to, state: State::of(server), percent, method });
        }
    }
    let height = services.len().max(servers.len()).max(1) * STEP + 8;
    let director = height / 2;
    let at = |count: usize, index: usize| (height - count * STEP) / 2 + index * STEP + STEP / 2;
    html! {
        svg.topology viewBox=(format!("0 0 990 {height}")) role="img" aria-label="Director, services and real servers" {
            @for (index, _) in services.iter().enumerate() {
                (line((0, director), (1, at(services.len(), index)), "link", 1, ""))
            }
            @for it in &lines {
                @let (from, to) = ((1, at(services.len(), it.from)), (2, at(servers.len(), it.to)));
                @let text = format!("{}, {}, {} % of the active connections", it.state.name(), it.method, it.percent);
                (line(from, to, it.state.name(), 1 + it.percent / 20, &text))
            }
            (label(0, director, "director", &shortened(host)))
            @for (index, service) in services.iter().enumerate() {
                (label(1, at(services.len(), index), "service", &service.entry.service.key.to_string()))
            }
            @for (index, server) in servers.iter().enumerate() {
                (label(2, at(servers.len(), index), "server", &server.to_string()))
            }
        }
    }
}

/// The text, cut to the width of its box.
fn shortened(text: &str) -> String {
    const FITS: usize = 22;
    if text.chars().count() <= FITS {
        return text.to_owned();
    }
    text.chars().take(FITS - 1).chain(['…']).collect()
}

fn line(from: (usize, usize), to: (usize, usize), class: &str, width: u64, text: &str) -> Markup {
    let left = COLUMNS[from.0] + WIDTHS[from.0];
    let right = COLUMNS[to.0];
    let middle = usize::midpoint(left, right);
    let path =
        format!("M{left} {} C{middle} {} {middle} {} {right} {}", from.1, from.1, to.1, to.1);
    html! {
        path class=(class) d=(path) stroke-width=(width) {
            @if !text.is_empty() { title { (text) } }
        }
    }
}

fn label(column: usize, y: usize, class: &str, text: &str) -> Markup {
    let (x, width) = (COLUMNS[column], WIDTHS[column]);
    html! {
        g class=(class) {
            rect x=(x) y=(y - BOX / 2) width=(width) height=(BOX) rx="4" {}
            text x=(x + width / 2) y=(y + 4) text-anchor="middle" { (text) }
        }
    }
}
