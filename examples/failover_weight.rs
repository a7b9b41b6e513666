//! A health check. Once a second it connects to each real server of a TCP service, and sets the
//! weight of servers that do not answer to 0. They get no new connections, but keep their existing
//! ones.
//!
//! ```text
//! # cargo run --example failover_weight 192.0.2.80:80
//! 10.0.0.12:80 does not answer: weight 0
//! 10.0.0.12:80 answers: weight 5
//! ```
//!
//! A second argument limits the number of rounds.

#![allow(clippy::print_stdout, reason = "the example reports what it does")]

use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use ipvsadm::Client;
use ipvsadm::model::{Destination, DestinationKey, ServiceKey};

const SECOND: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let vip = words.next().ok_or("usage: failover_weight VIP:PORT [ROUNDS]")?;
    let rounds = words.next().map_or(Ok(u64::MAX), |word| word.parse())?;
    let service = ServiceKey::tcp(vip.parse()?);
    let mut ipvs = Client::open()?;
    let mut weights = HashMap::new();
    for round in 0..rounds {
        if round > 0 {
            sleep(SECOND);
        }
        check(&mut ipvs, service, &mut weights)?;
    }
    Ok(())
}

/// Checks each real server once. `weights` holds the former weights of servers set to 0.
fn check(
    ipvs: &mut Client,
    service: ServiceKey,
    weights: &mut HashMap<DestinationKey, u32>,
) -> Result<(), ipvsadm::Error> {
    for entry in ipvs.destinations(&service)? {
        let server = entry.destination;
        let weight = match (answers(server.key), server.weight) {
            (true, 0) => weights.remove(&server.key).unwrap_or(1),
            (false, 1..) => {
                weights.insert(server.key, server.weight);
                0
            }
            _ => continue,
        };
        let word = if weight == 0 { "does not answer" } else { "answers" };
        println!("{} {word}: weight {weight}", server.key);
        ipvs.update_destination(service, Destination { weight, ..server })?;
    }
    Ok(())
}

fn answers(server: DestinationKey) -> bool {
    TcpStream::connect_timeout(&SocketAddr::new(server.address, server.port), SECOND).is_ok()
}
