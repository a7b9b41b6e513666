//! The page: services with their real servers, rates, and the topology. maud escapes every value.

use std::time::Duration;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::{DestinationEntry, Method, ServiceKey};
use crate::output::metrics::Sample;

use super::chart::{share, sparkline};
use super::history::{History, Point, Row};
use super::shown::{Shown, State, shown};
use super::table::{MOST, Seen};
use super::topology;
use super::units::short;

/// The style sheet.
pub const STYLE: &str = include_str!("page.css");
/// The script, which replaces the content of the page every two seconds.
pub const SCRIPT: &str = include_str!("page.js");

/// Everything that the page shows.
pub struct Page<'a> {
    /// Name of this host.
    pub host: &'a str,
    pub seen: &'a Seen,
    pub history: &'a History,
}

/// A text that a report contains.
pub struct Attachment {
    pub title: &'static str,
    pub text: String,
}

/// The page if the table cannot be read.
pub fn failure(host: &str, why: &str) -> Markup {
    frame(
        host,
        &html! {
            p.failure role="alert" { "The table cannot be read: " (why) }
        },
    )
}

/// The document around the content: `head` is the end of its head, `top` follows the title.
fn document(host: &str, head: &Markup, top: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "IPVS on " (host) }
                (head)
            }
            body {
                header { h1 { "IPVS on " (host) } (top) }
                (body)
            }
        }
    }
}

/// The document of the server.
fn frame(host: &str, content: &Markup) -> Markup {
    let head = html! {
        link rel="stylesheet" href="page.css";
        script src="page.js" defer {}
        noscript { meta http-equiv="refresh" content="5"; }
    };
    let body = html! {
        main { (content) }
        footer {
            p { "Read only. " a href="metrics" { "metrics" } " · " a href="api/table" { "JSON" } }
        }
    };
    document(host, &head, &html! { p #link role="status" {} }, &body)
}

impl Page<'_> {
    /// The whole document.
    pub fn html(&self) -> Markup {
        frame(
            self.host,
            &html! { (self.totals()) (self.drains()) (self.services()) (self.topology()) },
        )
    }

    /// The document as a file that needs nothing else. Its policy forbids scripts and the network.
    pub fn report(&self, watched: Duration, attachments: &[Attachment]) -> Markup {
        let head = html! {
            meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
            style { (PreEscaped(STYLE)) }
        };
        let top = html! {
            p { "Graphs of " (watched.as_secs()) " s. This file loads nothing from the network." }
            p {
                strong { "It contains " }
                "the name of this host, addresses of services, real servers and interfaces, weights, "
                "counters, who drained what and why, versions, and findings about this host. "
                "It contains no addresses of clients."
            }
        };
        let body = html! {
            main.report {
                (self.totals()) (self.drains()) (self.services()) (self.topology())
                @for it in attachments {
                    section {
                        h2 { (it.title) }
                        @if it.text.trim().is_empty() { p { "None." } }
                        @else { pre.scroll { (it.text) } }
                    }
                }
            }
        };
        document(self.host, &head, &top, &body)
    }

    fn sample(&self) -> &Sample {
        &self.seen.reading.sample
    }

    fn totals(&self) -> Markup {
        let sample = self.sample();
        let servers = sample.services.iter().flat_map(|service| &service.servers);
        let (mut up, mut all, mut active, mut inactive) = (0, 0, 0, 0);
        for server in servers {
            all += 1;
            up += u64::from(State::of(server) == State::Up);
            active += u64::from(server.active);
            inactive += u64::from(server.inactive);
        }
        let totals = &sample.totals;
        let bits = |bytes: u64| short(bytes.saturating_mul(8));
        html! {
            dl.totals {
                (fact("read at", &humantime::format_rfc3339_seconds(self.seen.time).to_string()))
                (fact("services", &sample.services.len().to_string()))
                (fact("real servers up", &format!("{up} of {all}")))
                (fact("active connections", &short(active)))
                (fact("inactive connections", &short(inactive)))
                (fact("connections/s", &short(totals.connection_rate)))
                (fact("from clients, bit/s", &bits(totals.in_byte_rate)))
                (fact("to clients, bit/s", &bits(totals.out_byte_rate)))
                @for daemon in &sample.daemons {
                    (fact("sync daemon", &format!("{} on {}", daemon.role.as_str(), daemon.interface)))
                }
                @if let Some(info) = sample.info {
                    @let (major, minor, patch) = info.version;
                    (fact("IPVS version", &format!("{major}.{minor}.{patch}")))
                }
            }
        }
    }

    fn drains(&self) -> Markup {
        let drains = &self.seen.reading.drains;
        html! {
            @if !drains.is_empty() {
                section.drains {
                    h2 { "Drained with ipvsadm drain" }
                    ul { @for line in drains { li { (line) } } }
                }
            }
        }
    }

    fn services(&self) -> Markup {
        let services = &self.sample().services;
        let left_out = services.len().saturating_sub(MOST);
        html! {
            @if services.is_empty() { p { "The table has no services." } }
            @for service in shown(self.sample(), MOST) { (self.service(&service)) }
            @if left_out > 0 { p { (left_out) " more services are not shown; JSON and metrics have all." } }
        }
    }

    fn service(&self, service: &Shown<'_>) -> Markup {
        let key = service.entry.service.key;
        let is_down = !service.servers.iter().any(|it| State::of(it) == State::Up);
        html! {
            section.service {
                h2 {
                    (key.to_string()) " "
                    small {
                        (service.entry.service.scheduler.to_string())
                        @if let Some(persistence) = service.entry.service.persistence {
                            ", persistent for " (persistence.timeout) " s"
                        }
                    }
                    @if is_down && service.left_out == 0 { " " strong.down { "no real server is up" } }
                }
                p.rates {
                    span { "connections/s " (self.graph((key, None), "connections/s")) }
                    span { "bit/s " (self.traffic((key, None))) }
                }
                div.scroll {
                    table {
                        thead { tr {
                            th { "Real server" } th { "State" } th { "Method" } th.number { "Weight" }
                            th.number { "Active" } th.number { "Inactive" } th.number { "Persistent" }
                            th { "Share of active" } th.number { "Connections/s" }
                            th.number { "Bit/s in" } th.number { "Bit/s out" } th { "History" }
                        } }
                        tbody { (self.servers(key, service.servers)) }
                    }
                }
                @if service.left_out > 0 { p { (service.left_out) " more real servers are not shown; JSON and metrics have all." } }
            }
        }
    }

    fn servers(&self, key: ServiceKey, servers: &[DestinationEntry]) -> Markup {
        let whole = servers.iter().map(|it| u64::from(it.active)).sum();
        html! {
            @for server in servers {
                @let state = State::of(server).name();
                @let rates = &server.stats;
                tr class=(state) {
                    th scope="row" { (server.destination.key.to_string()) }
                    td.state { (state) }
                    td { (Method::from(server.destination.forwarding).name()) }
                    td.number { (server.destination.weight) }
                    td.number { (server.active) }
                    td.number { (server.inactive) }
                    td.number { (server.persistent) }
                    td { (share(server.active.into(), whole)) }
                    td.number { (short(rates.connection_rate)) }
                    td.number { (short(rates.in_byte_rate.saturating_mul(8))) }
                    td.number { (short(rates.out_byte_rate.saturating_mul(8))) }
                    td { (self.graph((key, Some(server.destination.key)), "connections/s")) }
                }
            }
        }
    }

    fn graph(&self, row: Row, what: &str) -> Markup {
        sparkline(&self.history.line(&row, |point: &Point| point.connections), what)
    }

    fn traffic(&self, row: Row) -> Markup {
        sparkline(&self.history.line(&row, |point: &Point| point.bits), "bit/s, both directions")
    }

    fn topology(&self) -> Markup {
        html! {
            section {
                h2 { "Topology" }
                div.scroll { (topology::drawing(self.sample(), self.host)) }
                p.note {
                    "IPVS does not check real servers: “up” means that a real server gets new \
                     connections. The thickness of a line is the share of the active connections."
                }
            }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}
