//! `ipvsadm serve`: a page about the table, and metrics, over HTTP.

use std::net::SocketAddr;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::arguments::{flag, many, no_json};

/// Where to listen, and what to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeVerb {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// Host names under which browsers may ask, besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Leave real servers out of the metrics.
    pub services_only: bool,
}

const HELP: &str = "\
serve offers three paths: / is a page that shows services, real servers, rates and
the topology, and updates itself; /metrics is like `ipvsadm metrics', and
/api/table is like `ipvsadm -L --json'. serve changes nothing and asks for no
password: whoever can reach the port can read the table. By default, only this
host can reach the port.

serve gives up all capabilities except CAP_NET_ADMIN, which reading the table needs.

EXIT STATUS
  0  serve was ended by SIGTERM or Ctrl-C
  1  serve cannot listen
  2  the table cannot be read, or the command line is invalid

EXAMPLES
  For a browser on this host, or through `ssh -L 9469:127.0.0.1:9469 DIRECTOR':
    ipvsadm serve
  For Prometheus on another host, which knows this one by a name:
    ipvsadm serve --listen 192.0.2.10:9469 --allow-host lvs1.example
  In a network namespace:
    ipvsadm serve --netns blue --listen 127.0.0.1:9469";

pub(super) fn command() -> Command {
    Command::new("serve")
        .about("Show the table in a browser and to Prometheus, read-only")
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDR:PORT")
                .default_value("127.0.0.1:9469")
                .hide_default_value(true)
                .value_parser(listen)
                .help("Listen on ADDR:PORT instead of 127.0.0.1:9469"),
        )
        .arg(
            Arg::new("allow-host")
                .long("allow-host")
                .value_name("NAME")
                .action(ArgAction::Append)
                .help("Also answer requests to this host name, not only to addresses"),
        )
        .arg(flag("services-only", "Leave real servers out of /metrics"))
        .arg(no_json("/api/table answers in JSON"))
        .after_help(HELP)
}

fn listen(word: &str) -> Result<SocketAddr, String> {
    let expected = "expected an IP address with a port, as in 127.0.0.1:9469 or [::1]:9469";
    word.parse().map_err(|_| expected.to_owned())
}

pub(super) fn read(matches: &ArgMatches) -> ServeVerb {
    let listen = matches.get_one::<SocketAddr>("listen").copied();
    ServeVerb {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9469))),
        hosts: many(matches, "allow-host"),
        services_only: matches.get_flag("services-only"),
    }
}
