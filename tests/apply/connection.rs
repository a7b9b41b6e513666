//! A connection survives an apply as long as its real server exists.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ipvsadm::model::{Destination, Forwarding, Pool, SchedulerName, Service, ServiceKey, Table};

use crate::common::{namespace, run};
use crate::program::{REFUSED, Random, file, inside, lines, live, ours, restore, shell};
use crate::tables::table;

const VIP: &str = "192.0.2.80:80";
const RIP: &str = "198.51.100.200:8080";

fn key() -> ServiceKey {
    ServiceKey::tcp(VIP.parse().unwrap())
}

/// Adds to the table the real server of the connection, with this weight.
fn with_server(mut table: Table, weight: u32) -> Table {
    let rip: SocketAddr = RIP.parse().unwrap();
    let forwarding = Forwarding::Masquerade;
    let server = Destination { forwarding, weight, ..Destination::new(rip) };
    let service = Service::new(key(), SchedulerName::new("rr").unwrap());
    let pool = table.pools.entry(key()).or_insert_with(|| Pool::new(service).into());
    Arc::make_mut(pool).destinations.insert(server.key, server);
    table
}

/// Everybody may read the file in /proc. The old program asks IPVS first, which refuses.
#[test]
fn connections_are_listed_only_with_the_privilege() {
    namespace(|| {
        for words in ["-L -c", "-L -c -n", "-L -c --persistent-conn", "-L -c --json"] {
            let nobody = "setpriv --reuid 65534 --clear-groups";
            let outcome = shell(&format!("{nobody} $ours {words}")).expect(2);
            let text = "Can't initialize ipvs: Permission denied (you must be root)\n";
            assert!(outcome.complaints.starts_with(text), "{outcome:?}");
            assert_eq!(outcome.out, "", "{words}");
        }
    });
}

/// Starts an echo server as real server, and connects to it by the virtual address.
pub fn connect() -> TcpStream {
    for address in ["192.0.2.80/32", "198.51.100.200/32"] {
        run("ip", &["address", "add", address, "dev", "lo"]);
    }
    let listener = TcpListener::bind(RIP).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 64];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    });
    let (_file, path) = file(&lines(&with_server(Table::default(), 1)));
    ours(&["apply", &path]).expect(0);
    let stream = TcpStream::connect(VIP).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

pub fn talk(stream: &mut TcpStream, word: &str) -> Result<(), ErrorKind> {
    stream.write_all(word.as_bytes()).map_err(|error| error.kind())?;
    let mut answer = vec![0; word.len()];
    stream.read_exact(&mut answer).map_err(|error| error.kind())?;
    assert_eq!(answer, word.as_bytes());
    Ok(())
}

fn is_listed() -> bool {
    let connections = ours(&["-L", "-c", "-n"]).expect(0).out;
    connections.lines().any(|row| row.contains("ESTABLISHED") && row.contains(RIP))
}

#[test]
fn a_connection_survives_a_hundred_random_applies_but_not_the_loss_of_its_server() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        assert!(is_listed(), "it does not pass IPVS");
        let mut random = Random::new();
        for round in 0..100 {
            let desired = with_server(random.draw(table()), round % 3);
            let (_file, path) = file(&lines(&desired));
            if round % 4 == 3 {
                restore(&lines(&desired)).expect(0);
            } else {
                inside(&["apply", &path]).expect(0);
            }
            assert_eq!(live(), desired);
            assert_eq!(talk(&mut stream, &format!("round {round}")), Ok(()));
        }
        assert!(is_listed());
        // Without its real server the connection fails, so the rounds above could have failed.
        let mut desired = with_server(Table::default(), 1);
        Arc::make_mut(&mut desired.pools[0]).destinations.clear();
        let (_file, path) = file(&lines(&desired));
        ours(&["apply", &path]).expect(0);
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        assert!(talk(&mut stream, "lost").is_err());
    });
}

#[test]
fn a_connection_survives_a_failed_apply() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let (_file, path) = file(&format!("-A -u 192.0.2.80:53 -s rr\n{REFUSED}"));
        ours(&["apply", &path]).expect(3);
        assert_eq!(talk(&mut stream, "still there"), Ok(()));
        assert!(is_listed());
    });
}
