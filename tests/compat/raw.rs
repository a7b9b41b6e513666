//! A table in the kernel's own bytes. If the bytes are equal, the tables are equal, and no process
//! has to be started.

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NlasIterator};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

use crate::pair::Pair;

/// `GENL_ID_CTRL`; then a command and attributes from `linux/genetlink.h`.
const CONTROL: u16 = 0x10;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

/// Commands and attributes from `linux/ip_vs.h`.
const GET_SERVICE: u8 = 4;
const GET_DEST: u8 = 8;
const GET_DAEMON: u8 = 11;
const GET_CONFIG: u8 = 13;
const SERVICE: u16 = 1;
/// Attributes STATS and STATS64 of a service or destination.
const COUNTERS: [u16; 2] = [10, 12];

/// Attributes of one message: number and value.
type Attributes = Vec<(u16, Vec<u8>)>;

/// Everything that a namespace holds, apart from counters.
#[derive(PartialEq, Eq)]
pub struct Raw {
    /// Services with their destinations, sorted, because the kernel's order differs between
    /// namespaces.
    services: Vec<(Attributes, Vec<Attributes>)>,
    daemons: Vec<Attributes>,
    timeouts: Vec<Attributes>,
}

impl Raw {
    /// Reads the table of the calling thread's namespace.
    pub fn read() -> Self {
        let socket = Socket::new(NETLINK_GENERIC).expect("a netlink socket");
        socket.connect(&SocketAddr::new(0, 0)).expect("a connected netlink socket");
        let name = attribute(FAMILY_NAME, b"IPVS\0");
        let answers = ask(&socket, CONTROL, GET_FAMILY, NLM_F_ACK, &name);
        let id = answers.iter().flat_map(|answer| attributes(answer));
        let id = id.into_iter().find(|(kind, _)| *kind == FAMILY_ID).expect("IPVS").1;
        let family = u16::from_ne_bytes([id[0], id[1]]);
        let read = |command, flags, request: &[u8]| {
            let mut list: Vec<_> = ask(&socket, family, command, flags, request)
                .iter()
                .map(|answer| configured(answer))
                .collect();
            list.sort();
            list
        };
        let services = read(GET_SERVICE, NLM_F_DUMP, &[]);
        let destinations = |service: &Attributes| {
            let key: Vec<u8> =
                service.iter().flat_map(|(kind, value)| attribute(*kind, value)).collect();
            read(GET_DEST, NLM_F_DUMP, &attribute(SERVICE, &key))
        };
        Self {
            services: services.into_iter().map(|it| (it.clone(), destinations(&it))).collect(),
            daemons: read(GET_DAEMON, NLM_F_DUMP, &[]),
            timeouts: read(GET_CONFIG, NLM_F_ACK, &[]),
        }
    }
}

/// Attributes of the object in an answer, without counters. Time-outs are at the top level; every
/// other object is in a nested attribute.
fn configured(answer: &[u8]) -> Attributes {
    let mut list = attributes(answer);
    if let [(_, nested)] = &list[..] {
        list = attributes(nested);
        list.retain(|(kind, _)| !COUNTERS.contains(kind));
    }
    list
}

fn attributes(bytes: &[u8]) -> Attributes {
    NlasIterator::new(bytes)
        .map(|it| it.expect("an attribute"))
        .map(|it| (it.kind(), it.value().to_vec()))
        .collect()
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).expect("a short value");
    let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Sends a request and returns each answer without its generic netlink header.
fn ask(socket: &Socket, family: u16, command: u8, flags: u16, request: &[u8]) -> Vec<Vec<u8>> {
    const ERROR: u16 = 2;
    const DONE: u16 = 3;
    let length = u32::try_from(20 + request.len()).expect("a short request");
    let header = [
        &length.to_ne_bytes()[..],
        &family.to_ne_bytes(),
        &(NLM_F_REQUEST | flags).to_ne_bytes(),
        &[0; 8], // sequence number and port id are 0, since there is one request at a time
        &[command, 1, 0, 0], // generic netlink header with version 1
    ];
    socket.send(&[&header.concat(), request].concat(), 0).expect("send");
    let mut answers = Vec::new();
    loop {
        let (datagram, _) = socket.recv_from_full().expect("receive");
        let mut rest = &datagram[..];
        while let [a, b, c, d, kind, more, ..] = *rest {
            let length = usize::try_from(u32::from_ne_bytes([a, b, c, d])).expect("a length");
            match u16::from_ne_bytes([kind, more]) {
                // Both message types contain an error number.
                DONE | ERROR => {
                    assert_eq!(rest[16..20], [0; 4], "command {command} of family {family}");
                    return answers;
                }
                _ => answers.push(rest[20..length].to_vec()),
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

#[test]
fn raw_tables_differ_in_each_field() {
    let service = "-A -u 10.0.0.1:53 -s rr -p 300\n";
    let server = "-a -u 10.0.0.1:53 -r 10.1.0.1:53 -m -w 1\n";
    let pair = Pair::with(&[service, server].concat());
    for (row, last) in [
        ("-E -u 10.0.0.1:53 -s wrr -p 300", ""),
        ("-E -u 10.0.0.1:53 -s rr -p 301", ""),
        ("-E -u 10.0.0.1:53 -s rr -p 300 -M 255.255.255.0", ""),
        ("-E -u 10.0.0.1:53 -s rr -p 300 -o", ""),
        ("-E -u 10.0.0.1:53 -s rr -p 300 -b flag-2", ""),
        ("-E -u 10.0.0.1:53 -s rr -p 300 --pe sip", ""),
        ("-e -u 10.0.0.1:53 -r 10.1.0.1:53 -m -w 2", ""),
        ("-e -u 10.0.0.1:53 -r 10.1.0.1:53 -g -w 1", ""),
        ("-e -u 10.0.0.1:53 -r 10.1.0.1:53 -i -w 1 --tun-type gre", ""),
        ("-e -u 10.0.0.1:53 -r 10.1.0.1:53 -m -w 1 -x 9", ""),
        ("-e -u 10.0.0.1:53 -r 10.1.0.1:53 -m -w 1 -x 9 -y 8", ""),
        ("-a -u 10.0.0.1:53 -r 10.1.0.2:53 -m", ""),
        ("-A -f 1 -s rr", ""),
        ("-A -f 1 -6 -s rr", ""),
        ("--set 1000 0 0", ""),
        ("--start-daemon backup --mcast-interface sync0", "--stop-daemon backup\n"),
    ] {
        assert!(pair.ours.raw() == pair.theirs.raw(), "before {row}");
        pair.load_side(&pair.ours, &format!("{row}\n"));
        assert!(pair.ours.raw() != pair.theirs.raw(), "{row}");
        pair.load_side(&pair.theirs, &format!("{row}\n"));
        if !last.is_empty() {
            pair.load(last);
        }
    }
}
