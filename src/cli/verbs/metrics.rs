//! Arguments of `ipvsadm metrics`, which prints the table for Prometheus.

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::arguments::{flag, no_json};

/// Choice and destination of the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsVerb {
    /// `OpenMetrics` instead of Prometheus' own text format.
    pub openmetrics: bool,
    /// Leave out the metrics of real servers.
    pub services_only: bool,
    /// Rules or JSON with which to compare the table.
    pub against: Option<String>,
    /// File to write; `None` is standard output.
    pub textfile: Option<String>,
}

const HELP: &str = "\
Each real server has 11 to 13 lines. For a table of many thousand real servers,
`--services-only' writes only the sums of each service.

Counters start again at 0 after `ipvsadm -Z', and when a service or real server is
deleted and added again: rate() and increase() of Prometheus allow for that.
Names and labels are in ipvsadm-metrics(8).

EXIT STATUS
  0  the metrics were written
  1  the file of --textfile cannot be written; the old one is unchanged
  2  the table or the file of --against cannot be read; nothing was written

EXAMPLES
  What would Prometheus see?
    ipvsadm metrics
  For the textfile collector of node_exporter, from a timer or cron:
    ipvsadm metrics --textfile /var/lib/prometheus/node-exporter/ipvs.prom
  Raise an alert if somebody changes the table by hand:
    ipvsadm metrics --services-only --against /etc/ipvsadm.rules";

pub(super) fn command() -> Command {
    let file = |name: &'static str, value: &'static str, help: &'static str| {
        let arg = Arg::new(name).long(name).value_name(value);
        arg.value_hint(ValueHint::FilePath).help(help)
    };
    Command::new("metrics")
        .about("Print counters and states of the table for Prometheus")
        .arg(flag("openmetrics", "Use the format of OpenMetrics 1.0 instead of Prometheus 0.0.4"))
        .arg(flag("services-only", "Leave out the metrics of real servers"))
        .arg(file("against", "FILE", "Count the differences between the table and FILE"))
        .arg(file(
            "textfile",
            "PATH",
            "Replace the file PATH; readers see the old file or the new one",
        ))
        .arg(no_json(
            "it prints the text formats of Prometheus; `ipvsadm -L --stats --json' is JSON",
        ))
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> MetricsVerb {
    let text = |name| matches.get_one::<String>(name).cloned();
    MetricsVerb {
        openmetrics: matches.get_flag("openmetrics"),
        services_only: matches.get_flag("services-only"),
        against: text("against"),
        textfile: text("textfile"),
    }
}
