//! Listings of live traffic: connections, templates, counters and rates. Each namespace connects to
//! itself, through services whose real server is local.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use crate::pair::{Pair, Side, ours_under_test, words};
use crate::testbed::process::must;

const RULES: &str = "\
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 10.9.0.1:8080 -m
-A -t 10.9.0.1:81 -s rr -p 3000 -M 255.255.255.0
-a -t 10.9.0.1:81 -r 10.9.0.1:8080 -m -w 5 -x 1000 -y 10
-A -t [2001:db8:9::1]:80 -s rr -p 2678400
-a -t [2001:db8:9::1]:80 -r [2001:db8:9::1]:8080 -m
-A -u 10.9.0.1:53 -s rr
-a -u 10.9.0.1:53 -r 10.9.0.1:5353 -m
-A -u 10.9.0.1:54 -s rr -o
-a -u 10.9.0.1:54 -r 10.9.0.1:5353 -m
-A -u 10.9.0.1:5060 -s rr -p 60 --pe sip
-a -u 10.9.0.1:5060 -r 10.9.0.1:5353 -m
-A -f 7 -s rr -p 120
-a -f 7 -r 10.9.0.1:0 -m
";

const SIP: &str = "OPTIONS sip:user@10.9.0.1 SIP/2.0\r\nCall-ID: a84b4c76e66710@pc33.example\r\nContent-Length: 0\r\n\r\n";

/// Sockets that keep connections open.
struct Traffic {
    _streams: Vec<(TcpStream, TcpStream)>,
    _sockets: Vec<UdpSocket>,
}

/// Makes the same traffic in each fresh namespace.
fn traffic(side: &Side) -> Traffic {
    side.namespace.enter();
    let server = UdpSocket::bind("10.9.0.1:5353").expect("bind");
    server.set_read_timeout(Some(Duration::from_secs(60))).expect("read time-out");
    let mut sockets = Vec::new();
    for (port, mark, text) in
        [(53, 0, "one"), (53, 0, "two"), (54, 0, "once"), (5060, 0, SIP), (5353, 7, "mark")]
    {
        let client = UdpSocket::bind("10.9.0.1:0").expect("bind");
        setsockopt(&client, sockopt::Mark, &mark).expect("mark packets");
        client.send_to(text.as_bytes(), ("10.9.0.1", port)).expect("send");
        let mut answer = [0; 512];
        let (length, from) = server
            .recv_from(&mut answer)
            .unwrap_or_else(|error| panic!("no datagram from port {port}: {error}"));
        assert_eq!(&answer[..length], text.as_bytes());
        server.send_to(b"answer", from).expect("answer");
        sockets.push(client);
    }
    let streams = ["10.9.0.1:80", "10.9.0.1:80", "10.9.0.1:81", "[2001:db8:9::1]:80"].map(stream);
    // Close one connection, so that its state differs.
    drop(stream("10.9.0.1:80"));
    sockets.push(server);
    Traffic { _streams: streams.into(), _sockets: sockets }
}

fn stream(address: &str) -> (TcpStream, TcpStream) {
    let local = if address.starts_with('[') { "[2001:db8:9::1]:8080" } else { "10.9.0.1:8080" };
    let listener = TcpListener::bind(local).expect("listen");
    let mut client = TcpStream::connect(address)
        .unwrap_or_else(|error| panic!("no connection to {address}: {error}"));
    let (mut server, _) = listener.accept().expect("accept");
    client.write_all(&[b'x'; 3000]).expect("write");
    let mut text = [0; 3000];
    server.read_exact(&mut text).expect("read");
    server.write_all(b"answer").expect("write");
    client.read_exact(&mut text[..6]).expect("read");
    (client, server)
}

/// Waits until a listing shows the traffic. The kernel updates counters every two seconds.
fn gathered(side: &Side, line: &str, shows: impl Fn(&str) -> bool) {
    side.namespace.enter();
    let begun = Instant::now();
    loop {
        let totals = side.program.run(&words(line), None).stdout;
        if shows(&totals) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no counters:\n{totals}");
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn connections_and_counters() {
    let mut pair = Pair::new();
    pair.load_side(&pair.theirs, RULES);
    let _traffic = traffic(&pair.theirs);
    let connections = pair.check_reading("-L -c -n").stdout;
    for part in ["TCP", "UDP", "IP ", "ESTABLISHED", "[2001:db8:9::1]:80", "0.0.0.7:0"] {
        assert!(
            connections.contains(part),
            "the test made no connection with {part}:\n{connections}"
        );
    }
    for line in ["-L -c", "-Lc --nosort -n", "-L -c --exact -n", "-L -n -c --tun-info"] {
        pair.check_reading(line);
    }
    let engines = pair.check_reading("-L -n -c --persistent-conn").stdout;
    assert!(
        engines.contains("a84b4c76e66710@pc33.example"),
        "no template of an engine:\n{engines}"
    );
    pair.check_reading("-L -c --persistent-conn");
    gathered(&pair.theirs, "-L -n --stats", |totals| {
        let row = totals.lines().find(|line| line.starts_with("TCP  10.9.0.1:80 "));
        row.is_some_and(|row| !row.ends_with(" 0        0        0        0        0"))
    });
    pair.check_reading("-L -n --stats");
    for line in [
        "-L -n --stats -X",
        "-L -n --rate",
        "-L -n --rate --exact",
        "-L -n --thresholds",
        "-L -n --persistent-conn",
        "-L -n",
        "-L",
        "-L --stats",
        "-L --rate",
    ] {
        pair.check_reading(line);
    }
    for service in ["-t 10.9.0.1:80", "-u 10.9.0.1:53", "-t [2001:db8:9::1]:80", "-f 7"] {
        for columns in ["", "--stats", "--rate", "--persistent-conn"] {
            pair.check_reading(&format!("-L -n {service} {columns}"));
        }
    }
}

#[test]
fn counters_return_to_zero() {
    let mut pair = Pair::with(RULES);
    let _traffic = [traffic(&pair.ours), traffic(&pair.theirs)];
    let datagrams = "-L -n --stats -u 10.9.0.1:53";
    for side in [&pair.ours, &pair.theirs] {
        gathered(side, datagrams, |totals| {
            totals.contains("10.9.0.1:53                         2        2        2 ")
        });
        // Check all services, because the kernel updates one after the other.
        gathered(side, "-L -n --stats", |totals| {
            let mut services = totals.lines().skip(3).filter(|line| !line.starts_with("  ->"));
            services.all(|line| line.split_whitespace().nth(2) != Some("0"))
        });
    }
    pair.check(datagrams);
    for line in [
        "-Z -u 10.9.0.1:5060",
        datagrams,
        "-L -n --stats -u 10.9.0.1:5060",
        "-Z -u 10.9.0.1:53",
        datagrams,
        "-L -n --stats -u 10.9.0.1:54",
        "-Z",
        "-L -n --stats",
    ] {
        pair.check(line);
    }
    pair.check("-d -u 10.9.0.1:53 -r 10.9.0.1:5353");
    pair.check("-a -u 10.9.0.1:53 -r 10.9.0.1:5353 -m -w 0");
    pair.check("-L -n --stats -u 10.9.0.1:53");
}

/// The old program reads only 255 bytes of a line.
#[test]
fn a_line_of_any_length() {
    let pair = Pair::new();
    pair.load_side(&pair.theirs, RULES);
    pair.theirs.namespace.enter();
    let server = UdpSocket::bind("10.9.0.1:5353").expect("bind");
    server.set_read_timeout(Some(Duration::from_secs(60))).expect("read time-out");
    let client = UdpSocket::bind("10.9.0.1:0").expect("bind");
    let call = format!("{}@pc33.example", "0123456789".repeat(23));
    let text = SIP.replace("a84b4c76e66710@pc33.example", &call);
    client.send_to(text.as_bytes(), "10.9.0.1:5060").expect("send");
    server.recv_from(&mut [0; 512]).expect("a datagram");
    let line = words("-L -c -n --persistent-conn");
    let lists = |text: &str| text.lines().any(|line| line.ends_with(&format!(" {call}")));
    let theirs = pair.theirs.program.run(&line, None);
    assert!(!lists(&theirs.stdout), "no departure: {}", theirs.stdout);
    if ours_under_test() {
        let ours = pair.ours.program.run(&line, None);
        assert!(ours.status == 0 && lists(&ours.stdout), "{ours:?}");
        assert_eq!(ours.stdout.lines().count(), 4, "{}", ours.stdout);
    }
}

/// The old program cuts HOST:PORT after 59 bytes.
#[test]
fn long_host_names_are_printed_completely() {
    const NAME: &str =
        "a-name-that-is-much-longer-than-sixty-letters-and-so-cut-when-saved.example.com";
    let pair = Pair::new();
    pair.theirs.namespace.enter();
    must("ip", &["addr", "add", "10.0.0.60/32", "dev", "sync0"], None);
    let rules = "-A -t 10.0.0.60:80 -s rr\n-a -t 10.0.0.60:80 -r 10.9.0.1:8080 -m\n";
    pair.load_side(&pair.theirs, rules);
    let _open = stream("10.0.0.60:80");
    let lists = |text: &str, name: &str| text.split_whitespace().any(|word| word == name);
    let theirs = pair.theirs.program.run(&words("-L -c"), None);
    assert_eq!(theirs.status, 0);
    assert!(lists(&theirs.stdout, &NAME[..59]), "no departure: {}", theirs.stdout);
    if ours_under_test() {
        let ours = pair.ours.program.run(&words("-L -c"), None);
        assert_eq!(ours.status, 0);
        assert!(lists(&ours.stdout, &format!("{NAME}:http")), "{}", ours.stdout);
        assert!(!lists(&ours.stdout, &NAME[..59]), "{}", ours.stdout);
    }
}

/// Bytes have the unit K from 100,000,000 on, and M from 1,000,000,000 on.
#[test]
fn large_counters() {
    const MANY: usize = 1_100_000_000;
    let mut pair = Pair::new();
    pair.load_side(&pair.theirs, RULES);
    pair.theirs.namespace.enter();
    let few = stream("10.9.0.1:81");
    transfer(stream("10.9.0.1:80"), MANY);
    transfer(few, MANY / 10);
    gathered(&pair.theirs, "-L -n --stats", |totals| {
        ['K', 'M'].into_iter().all(|suffix| {
            let numbers = totals.split_whitespace().filter_map(|word| word.strip_suffix(suffix));
            numbers.into_iter().any(|digits| digits.parse::<u64>().is_ok())
        })
    });
    pair.check_reading("-L -n --stats");
    for line in ["-L -n --stats --exact", "-L -n --rate", "-L -n --rate --exact", "-L --stats"] {
        pair.check_reading(line);
    }
}

/// Sends this many bytes from the client to the server.
fn transfer((mut client, mut server): (TcpStream, TcpStream), bytes: usize) {
    let reader = thread::spawn(move || {
        let mut text = vec![0; 1 << 20];
        let mut left = bytes;
        while left > 0 {
            left -= server.read(&mut text).expect("read").min(left);
        }
    });
    let text = vec![b'x'; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let part = left.min(text.len());
        client.write_all(&text[..part]).expect("write");
        left -= part;
    }
    reader.join().expect("reader");
}
