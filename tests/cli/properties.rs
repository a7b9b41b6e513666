//! No arguments and no rule file make the parsers panic, and both parsers of rule lines agree.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipvsadm::internals::classic::{Invocation, Scanner, parser, read_rules};
use ipvsadm::internals::classic::{destination_line, parse_line, service_line, tokens_of};
use ipvsadm::internals::cli::Program;
use ipvsadm::model::{
    Change, Checksum, Destination, DestinationKey, EngineName, Family, Forwarding, Granularity,
    MAX_PERSISTENCE, MAX_WEIGHT, Numbers, Persistence, Protocol, SchedulerFlags, SchedulerName,
    Service, ServiceKey, Tunnel,
};
use proptest::prelude::*;

/// Words of the language and similar ones. None is a host name, which would ask the resolver.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "-A",
        "-E",
        "-D",
        "-C",
        "-R",
        "-S",
        "-a",
        "-e",
        "-d",
        "-L",
        "-l",
        "-Z",
        "--set",
        "-h",
        "-v",
        "--start-daemon",
        "--stop-daemon",
        "master",
        "backup",
        "-t",
        "-u",
        "-f",
        "-6",
        "-s",
        "-p",
        "-M",
        "-r",
        "-g",
        "-i",
        "-m",
        "-w",
        "-x",
        "-y",
        "-o",
        "-b",
        "-n",
        "-c",
        "-X",
        "--pe",
        "--",
        "-",
        "",
        "1.2.3.4:80",
        "[::1]:80",
        "::1",
        "[::1",
        "1.2.3.4",
        "10.1:1",
        "80",
        "0",
        "-1",
        "rr",
        "255.255.255.0",
        "0.0.0.24",
        "24",
        "64",
        "/24",
        "flag-1,,sh-port",
        ",",
        "--tun-type",
        "gue",
        "--tun-port",
        "--tun-csum",
        "--stats",
        "--rate",
        "--timeout",
        "--daemon",
        "--syncid",
        "--mcast-group",
        "224.0.0.1",
        "ff02::1",
        "#",
        "#x",
        "#rr",
        "ipvsadm",
        "\0",
        "\u{1}",
        "=",
        "--=",
        "-=",
        "-p=",
        "-n=1",
    ];
    prop_oneof![
        8 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "-{1,2}[a-zA-Z0-9=,\\.:-]{0,6}",
        1 => "[0-9:.\\[\\]/+ -]{0,12}",
    ]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    ]
}

fn service_key() -> impl Strategy<Value = ServiceKey> {
    let protocol = proptest::sample::select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    let by_address = (protocol, address(), any::<u16>())
        .prop_map(|(protocol, address, port)| ServiceKey::Address { protocol, address, port });
    let by_mark = (any::<std::num::NonZeroU32>(), any::<bool>()).prop_map(|(mark, six)| {
        let family = if six { Family::V6 } else { Family::V4 };
        ServiceKey::Fwmark { mark, family }
    });
    prop_oneof![3 => by_address, 1 => by_mark]
}

fn service() -> impl Strategy<Value = Service> {
    let scheduler = proptest::sample::select(vec!["rr", "wlc", "sh", "mh"]);
    let persistence = proptest::option::of((1..=MAX_PERSISTENCE, any::<u32>(), 1..=128u32));
    let engine = proptest::option::of(Just("sip"));
    (service_key(), scheduler, 0..8u8, any::<bool>(), persistence, engine).prop_filter_map(
        "what the old tool refuses",
        |(key, scheduler, flags, one_packet, persistence, engine)| {
            let by_udp =
                !matches!(key, ServiceKey::Address { protocol, .. } if protocol != Protocol::Udp);
            let any_port = matches!(key, ServiceKey::Address { port: 0, .. });
            if one_packet && !by_udp || any_port && persistence.is_none() {
                return None;
            }
            let persistence = persistence.map(|(timeout, v4, v6)| Persistence {
                timeout,
                granularity: match key.family() {
                    Family::V4 => Granularity::V4(Ipv4Addr::from_bits(v4)),
                    Family::V6 => Granularity::V6(v6),
                },
            });
            Some(Service {
                flags: SchedulerFlags::from_bits(flags),
                one_packet,
                persistence,
                engine: engine.and_then(|name| EngineName::new(name).ok()),
                ..Service::new(key, SchedulerName::new(scheduler).ok()?)
            })
        },
    )
}

fn tunnel() -> impl Strategy<Value = Tunnel> {
    let checksum = proptest::sample::select(vec![Checksum::None, Checksum::Full]);
    let remote = proptest::sample::select(vec![Checksum::None, Checksum::Full, Checksum::Remote]);
    prop_oneof![
        Just(Tunnel::Ipip),
        (1..=u16::MAX, remote).prop_map(|(port, checksum)| Tunnel::Gue { port, checksum }),
        checksum.prop_map(|checksum| Tunnel::Gre { checksum }),
    ]
}

fn destination() -> impl Strategy<Value = (ServiceKey, Destination)> {
    let forwarding = prop_oneof![
        Just(Forwarding::Masquerade),
        Just(Forwarding::Route),
        tunnel().prop_map(Forwarding::Tunnel),
    ];
    let limits = (0..=MAX_WEIGHT, 0..=MAX_WEIGHT, 0..=MAX_WEIGHT);
    (service_key(), address(), any::<u16>(), forwarding, limits).prop_filter_map(
        "what the old tool refuses or rewrites",
        |(service, address, port, forwarding, (weight, upper_threshold, lower_threshold))| {
            let tunnel = matches!(forwarding, Forwarding::Tunnel(_));
            if Family::of(&address) != service.family() && !tunnel {
                return None;
            }
            let by_mark = matches!(service, ServiceKey::Fwmark { .. });
            let free = by_mark || forwarding == Forwarding::Masquerade;
            let port = if free { port } else { service.port() };
            let key = DestinationKey { address, port };
            let limits = (weight, upper_threshold, lower_threshold);
            let (weight, upper_threshold, lower_threshold) = limits;
            Some((
                service,
                Destination { key, forwarding, weight, upper_threshold, lower_threshold },
            ))
        },
    )
}

/// Parses a line with the classic parser.
fn by_words(line: &str) -> Option<Change> {
    // A `#` after a blank begins a comment.
    let words = line.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
    let words: Vec<String> = words.map(str::to_owned).collect();
    match parser::parse(&mut Scanner::default(), "ipvsadm", &tokens_of(&words)).ok()?.invocation {
        Invocation::Change(change) => Some(change),
        _ => None,
    }
}

/// Words of verbs and of the classic language, and random bytes.
fn any_word() -> impl Strategy<Value = String> {
    const VERBS: [&str; 26] = [
        "rs",
        "director",
        "prepare",
        "undo",
        "status",
        "apply",
        "diff",
        "set",
        "completions",
        "__complete",
        "--mode",
        "dr",
        "--vip",
        "192.0.2.80",
        "--iface",
        "--tunnel",
        "gue:0",
        "--netns",
        "--json",
        "--dry-run",
        "--confirm",
        "--scope",
        "weight=",
        "=",
        "--wait",
        "-",
    ];
    // Random letters could be a host name, so they are removed.
    let noise = proptest::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| {
        String::from_utf8_lossy(&bytes).replace(|letter: char| letter.is_ascii_alphabetic(), "")
    });
    prop_oneof![word(), proptest::sample::select(&VERBS[..]).prop_map(str::to_owned), noise]
}

/// Replaces one word of the line.
fn damaged(line: &str, place: proptest::sample::Index, word: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let at = place.index(words.len());
    words[at] = word;
    words.join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn classic_arguments_never_panic(words in proptest::collection::vec(word(), 0..9)) {
        let _ = parser::parse(&mut Scanner::default(), "ipvsadm", &tokens_of(&words));
    }

    #[test]
    fn arguments_of_any_program_never_panic(
        name in proptest::sample::select(&["ipvsadm", "ipvsadm-save", "ipvsadm-restore"][..]),
        words in proptest::collection::vec(any_word(), 0..9),
    ) {
        let _ = Program::from_name(name).understand(&mut Scanner::default(), name, &words);
    }

    #[test]
    fn rule_files_never_panic(
        lines in proptest::collection::vec(proptest::collection::vec(word(), 0..7), 0..5),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
        at in any::<proptest::sample::Index>(),
    ) {
        let lines: Vec<String> = lines.into_iter().map(|words| words.join(" ")).collect();
        let mut file = lines.join("\n").into_bytes();
        let at = at.index(file.len() + 1);
        // Random letters could be a host name, so they are removed.
        file.splice(at..at, noise.into_iter().filter(|byte| !byte.is_ascii_alphabetic()));
        let _ = read_rules(&mut Scanner::default(), "ipvsadm", file.as_slice());
    }

    #[test]
    fn the_fast_parser_agrees_with_the_classic_one(
        words in proptest::collection::vec(word(), 0..9)
    ) {
        let line = words.join(" ");
        if let Some(change) = parse_line(&line) {
            prop_assert_eq!(by_words(&line), Some(change));
        }
    }

    #[test]
    fn service_lines_read_back_by_both_parsers(service in service()) {
        let line = service_line(&service, &Numbers).unwrap();
        let change = Some(Change::AddService(service));
        prop_assert_eq!(parse_line(&line), change.clone(), "{}", line);
        prop_assert_eq!(by_words(&line), change, "{}", line);
    }

    #[test]
    fn destination_lines_read_back_by_both_parsers((service, destination) in destination()) {
        let line = destination_line(&service, &destination, &Numbers).unwrap();
        let change = Some(Change::AddDestination(service, destination));
        prop_assert_eq!(parse_line(&line), change.clone(), "{}", line);
        prop_assert_eq!(by_words(&line), change, "{}", line);
    }

    #[test]
    fn parsers_agree_on_damaged_service_lines(
        service in service(),
        cut in any::<proptest::sample::Index>(),
        put in prop_oneof![word(), "#[a-z]{0,3}"],
    ) {
        let line = service_line(&service, &Numbers).unwrap();
        let line = damaged(&line, cut, &put);
        if let Some(change) = parse_line(&line) {
            prop_assert_eq!(by_words(&line), Some(change), "{}", line);
        }
    }

    #[test]
    fn parsers_agree_on_damaged_rule_lines(
        (service, destination) in destination(),
        cut in any::<proptest::sample::Index>(),
        put in word(),
    ) {
        let line = destination_line(&service, &destination, &Numbers).unwrap();
        let line = damaged(&line, cut, &put);
        if let Some(change) = parse_line(&line) {
            prop_assert_eq!(by_words(&line), Some(change), "{}", line);
        }
    }
}
