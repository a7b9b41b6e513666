//! Prints a line of comma-separated values for each real server, for spreadsheets and scripts.
//! Counters are totals since the last `ipvsadm -Z`. Bytes are printed in full, without units.

#![allow(clippy::print_stdout, reason = "the example prints its result")]

use ipvsadm::model::ServiceKey;
use ipvsadm::{Client, Error};

fn main() -> Result<(), Error> {
    let mut ipvs = Client::open()?;
    println!(
        "service,server,weight,active,inactive,connections,in_packets,out_packets,in_bytes,out_bytes"
    );
    for service in ipvs.services()? {
        let service = service.service.key;
        for entry in ipvs.destinations(&service)?.iter().rev() {
            let (server, stats) = (entry.destination, entry.stats);
            let numbers = [
                server.weight.into(),
                entry.active.into(),
                entry.inactive.into(),
                stats.connections,
                stats.in_packets,
                stats.out_packets,
                stats.in_bytes,
                stats.out_bytes,
            ];
            let numbers = numbers.map(|number: u64| number.to_string()).join(",");
            println!("{},{},{numbers}", name(&service), server.key);
        }
    }
    Ok(())
}

/// The key without blanks, such as `tcp/192.0.2.80:80`.
fn name(service: &ServiceKey) -> String {
    service.to_string().replace(' ', "/")
}
