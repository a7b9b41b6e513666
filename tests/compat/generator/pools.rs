//! Words for random commands. There are few of each kind, so that commands affect the same objects.

/// Commands with their relative frequency.
pub const KINDS: &[(usize, &str)] = &[
    (17, "-A"),
    (9, "-E"),
    (5, "-D"),
    (23, "-a"),
    (10, "-e"),
    (7, "-d"),
    (11, "-L"),
    (4, "-S"),
    (3, "-Z"),
    (3, "--set"),
    (1, "-C"),
    (2, "--start-daemon"),
    (2, "--stop-daemon"),
    (3, "-R"),
];

/// Service addresses. Those of each family and protocol lie within half of the 32-bit circle, where
/// the old program's order is well defined.
pub const SERVICES: &[(&str, &str, &str)] = &[
    ("-t", "--tcp-service", "10.0.0.1:80"),
    ("-t", "--tcp-service", "10.0.0.1:443"),
    ("-t", "--tcp-service", "vip.example:http"),
    ("-t", "--tcp-service", "192.168.0.1:80"),
    ("-t", "--tcp-service", "172.16.0.1:65535"),
    ("-t", "--tcp-service", "10.0.0.3:0"),
    ("-t", "--tcp-service", "10.0.0.3"),
    ("-t", "--tcp-service", "[2001:db8::1]:80"),
    ("-t", "--tcp-service", "[fd00::1]:443"),
    ("-t", "--tcp-service", "2001:db8::1"),
    ("-u", "--udp-service", "10.0.0.1:53"),
    ("-u", "--udp-service", "10.0.0.1:domain"),
    ("-u", "--udp-service", "10.0.0.2:5060"),
    ("-u", "--udp-service", "[2001:db8::1]:53"),
    ("", "--sctp-service", "10.0.0.1:3868"),
    ("", "--sctp-service", "[2001:db8::2]:80"),
    ("-f", "--fwmark-service", "1"),
    ("-f", "--fwmark-service", "7"),
    ("-f", "--fwmark-service", "7 -6"),
    ("-f", "--fwmark-service", "2147483647 -6"),
];

/// Invalid or unusual service addresses.
pub const ODD_SERVICES: &[&str] = &[
    "",
    " ",
    "10.0.0.1",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "10.0.0.1:-1",
    "10.0.0.1:+80",
    "10.0.0.1: 80",
    "10.0.0.1:0x50",
    "10.0.0.1:nosuch",
    "10.0.0.1:",
    ":80",
    "80",
    "10.1:80",
    "0x0a000001:80",
    "012.0.0.1:80",
    "167772161:80",
    "10.0.0.256:80",
    "nosuch.example:80",
    "[2001:db8::1]",
    "[2001:db8::1]x",
    "2001:db8::1:80",
    "[::]:80",
    "[fe80::1%lo]:80",
    "[2001:db8::1",
    "-n",
    "--",
    "7",
    "10.0.0.1:80:80",
];

/// Valid real server addresses.
pub const SERVERS: &[&str] = &[
    "10.1.0.1",
    "10.1.0.1:80",
    "10.1.0.2:80",
    "10.1.0.2:8080",
    "server.example",
    "server.example:http",
    "172.16.0.9:80",
    "192.168.0.9",
    "10.1.0.3:443",
    "[2001:db8:1::1]:80",
    "2001:db8:1::2",
    "[fd00::2]:443",
];

/// Invalid or unusual real server addresses.
pub const ODD_SERVERS: &[&str] = &[
    "",
    " ",
    "10.1.0.1:0",
    "10.1.0.1:65536",
    "10.1.0.1:x",
    "10.1",
    "224.0.0.1:80",
    "255.255.255.255",
    "10.9.0.255:80",
    "[ff02::1]:80",
    "[2001:db8:1::1]",
    "nosuch.example",
    "-m",
    "80",
];

/// All schedulers of Linux, and `none`.
pub const SCHEDULERS: &[&str] = &[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "none",
];

/// Numbers that most options accept.
pub const NUMBERS: &[&str] = &["0", "1", "2", "5", "10", "60", "100", "300", "65535"];

/// Numbers that few options accept, or none.
pub const ODD_NUMBERS: &[&str] = &[
    "",
    " ",
    "-1",
    "+5",
    " 6",
    "7 ",
    "x",
    "5x",
    "0x10",
    "010",
    "1.5",
    "65536",
    "2678400",
    "2678401",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "-p",
];

/// Words that no command accepts.
pub const JUNK: &[&str] = &[
    "foo",
    "",
    "-",
    "--",
    "-Q",
    "--bogus",
    "--num",
    "-nQ",
    "-A",
    "-L",
    "--list",
    "-6",
    "--sort",
    "--numeric=1",
    "-n",
    "--stats",
    "-w",
    "-t",
    "-r",
    "--set",
    "5",
    "-X",
    "-c",
];
