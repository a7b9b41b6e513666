//! The list of departures.

use super::{Departure, Effect};

const TRY: &str = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";
const MASK: &str = "illegal virtual server persistent mask specified";
const TCP: &str = "-A -t 10.0.0.1:80 -s rr\n";
const UDP: &str = "-A -u 10.0.0.1:7001 -s rr\n";

const fn quiet(table: &'static str) -> Effect {
    Effect { status: 0, stdout: Some(""), or_stdout: &[], message: Some(""), table: Some(table) }
}

const fn prints(stdout: &'static str) -> Effect {
    Effect { status: 0, stdout: Some(stdout), or_stdout: &[], message: Some(""), table: None }
}

const fn refused(status: i32, message: &'static str, table: &'static str) -> Effect {
    Effect { status, stdout: Some(""), or_stdout: &[], message: Some(message), table: Some(table) }
}

/// A failing command whose message is not compared, because it names a line of the file.
const fn fails(status: i32, table: &'static str) -> Effect {
    Effect { status, stdout: Some(""), or_stdout: &[], message: None, table: Some(table) }
}

const fn departure(
    reason: &'static str,
    before: &'static str,
    command: &'static str,
    old: Effect,
    new: Effect,
) -> Departure {
    Departure { reason, before, command, stdin: None, old, new }
}

const fn file(reason: &'static str, stdin: &'static str, old: Effect, new: Effect) -> Departure {
    Departure { reason, before: "", command: "-R", stdin: Some(stdin), old, new }
}

/// Every departure, in the order of the man page.
pub static DEPARTURES: &[Departure] = &[
    // Addresses.
    departure(
        "an IPv4 address in brackets keeps its port",
        "",
        "-A -t [10.0.0.1]:80 -s rr",
        refused(2, "Zero port specified for non-persistent service", ""),
        quiet(TCP),
    ),
    departure(
        "an IPv4 real server in brackets keeps its port",
        TCP,
        "-a -t 10.0.0.1:80 -r [10.1.0.1]:8080 -m",
        quiet("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"),
        quiet("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 1\n"),
    ),
    departure(
        "-r before -t takes the port of the service",
        TCP,
        "-a -r 10.1.0.1 -t 10.0.0.1:80 -m",
        quiet("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:0 -m -w 1\n"),
        quiet("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"),
    ),
    departure(
        "-r before -t takes the protocol of the service",
        TCP,
        "-a -r 10.1.0.1:only-tcp -t 10.0.0.1:80 -m",
        refused(2, "illegal real server address[:port] specified", TCP),
        quiet("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:7001 -m -w 1\n"),
    ),
    departure(
        "-r before -u takes the port of the service",
        UDP,
        "-a -r 10.1.0.1 -u 10.0.0.1:7001 -m",
        quiet("-A -u 10.0.0.1:7001 -s rr\n-a -u 10.0.0.1:7001 -r 10.1.0.1:0 -m -w 1\n"),
        quiet("-A -u 10.0.0.1:7001 -s rr\n-a -u 10.0.0.1:7001 -r 10.1.0.1:7001 -m -w 1\n"),
    ),
    departure(
        "-Z of the service 0.0.0.0:0 zeroes no other",
        TCP,
        "-Z -t 0.0.0.0:0",
        quiet(TCP),
        refused(255, "No such service", TCP),
    ),
    departure(
        "-Z of the service 0.0.0.0 zeroes no other",
        TCP,
        "-Z -t 0.0.0.0",
        quiet(TCP),
        refused(255, "No such service", TCP),
    ),
    departure(
        "names of IPv6 hosts are resolved",
        "",
        "-A -t [six.example]:80 -s rr",
        refused(2, "illegal virtual server address[:port] specified", ""),
        quiet("-A -t [2001:db8::6]:80 -s rr\n"),
    ),
    departure(
        "names of IPv6 hosts are resolved without brackets",
        "",
        "-A -t six.example:80 -s rr",
        refused(2, "illegal virtual server address[:port] specified", ""),
        quiet("-A -t [2001:db8::6]:80 -s rr\n"),
    ),
    departure(
        "names of IPv6 hosts are resolved for real servers",
        "-A -t [2001:db8::1]:80 -s rr\n",
        "-a -t [2001:db8::1]:80 -r six-server.example:80 -m",
        refused(
            2,
            "illegal real server address[:port] specified",
            "-A -t [2001:db8::1]:80 -s rr\n",
        ),
        quiet(
            "-A -t [2001:db8::1]:80 -s rr\n-a -t [2001:db8::1]:80 -r [2001:db8:1::6]:80 -m -w 1\n",
        ),
    ),
    departure(
        "a name in brackets is that of an IPv6 host",
        "",
        "-A -t [vip.example]:80 -s rr -p",
        quiet("-A -t 10.0.0.1:0 -s rr -p 360\n"),
        refused(2, "illegal virtual server address[:port] specified", ""),
    ),
    // Masks.
    departure(
        "-M 24 is no mask",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M 24",
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 0.0.0.24\n"),
        refused(2, MASK, TCP),
    ),
    departure(
        "-M 0 is no mask",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M 0",
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 0.0.0.0\n"),
        refused(2, MASK, TCP),
    ),
    departure(
        "-M is dotted with four numbers",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M 255.255",
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 255.0.0.255\n"),
        refused(2, MASK, TCP),
    ),
    departure(
        "-M is not hexadecimal",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M 0xffffff00",
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 255.255.255.0\n"),
        refused(2, MASK, TCP),
    ),
    departure(
        "-M is no host name",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M localhost",
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 127.0.0.1\n"),
        refused(2, MASK, TCP),
    ),
    departure(
        "-M /24 is the length of a prefix",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -p -M /24",
        refused(2, MASK, TCP),
        quiet("-A -t 10.0.0.1:80 -s rr -p 360 -M 255.255.255.0\n"),
    ),
    departure(
        "-M 4294967360 is not 64, IPv6",
        "-A -t [2001:db8::1]:80 -s rr\n",
        "-E -t [2001:db8::1]:80 -s rr -p -M 4294967360",
        quiet("-A -t [2001:db8::1]:80 -s rr -p 360 -M 64\n"),
        refused(2, "illegal ipv6 netmask specified", "-A -t [2001:db8::1]:80 -s rr\n"),
    ),
    departure(
        "-M before -t counts, IPv6",
        "",
        "-A -M 64 -t [2001:db8::1]:80 -p -s rr",
        quiet("-A -t [2001:db8::1]:80 -s rr -p 360\n"),
        quiet("-A -t [2001:db8::1]:80 -s rr -p 360 -M 64\n"),
    ),
    departure(
        "-M before -6 counts",
        "",
        "-A -M 64 -f 7 -6 -p -s rr",
        quiet("-A -f 7 -6 -s rr -p 360\n"),
        quiet("-A -f 7 -6 -s rr -p 360 -M 64\n"),
    ),
    // Flags of schedulers.
    departure(
        "a list of no flags does not crash",
        TCP,
        "-E -t 10.0.0.1:80 -s rr -b ,",
        Effect { status: 139, stdout: None, or_stdout: &[], message: None, table: Some(TCP) },
        quiet(TCP),
    ),
    departure(
        "flag-3 is listed with sh and mh",
        "-A -t 10.0.0.1:80 -s sh -b flag-3\n",
        "-L -n -t 10.0.0.1:80",
        Effect {
            status: 0,
            stdout: Some(
                "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.0.0.1:80 sh ()\n",
            ),
            or_stdout: &[],
            message: Some(""),
            table: None,
        },
        prints(
            "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.0.0.1:80 sh (flag-3)\n",
        ),
    ),
    departure(
        "flag-3 alone is saved",
        "-A -t 10.0.0.1:80 -s mh -b flag-3\n",
        "-S -n",
        prints("-A -t 10.0.0.1:80 -s mh -b \n"),
        prints("-A -t 10.0.0.1:80 -s mh -b flag-3\n"),
    ),
    departure(
        "flag-3 with others is saved",
        "-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3\n",
        "-S -n",
        prints("-A -t 10.0.0.1:80 -s sh -b sh-port\n"),
        prints("-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3\n"),
    ),
    // Firewall marks.
    departure(
        "great marks are listed as they are",
        "-A -f 4294967295 -s rr\n",
        "-L -n -f 4294967295",
        prints(
            "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nFWM  -1 rr\n",
        ),
        prints(
            "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nFWM  4294967295 rr\n",
        ),
    ),
    departure(
        "great marks are saved as they are",
        "-A -f 2147483648 -6 -s rr\n",
        "-S -n",
        prints("-A -f -2147483648 -6 -s rr\n"),
        prints("-A -f 2147483648 -6 -s rr\n"),
    ),
    // Order.
    departure(
        "addresses all round the circle are sorted as numbers",
        "-A -t 10.0.0.1:80 -s rr\n-A -t 100.0.0.1:80 -s rr\n-A -t 192.0.0.1:80 -s rr\n",
        "-S -n",
        // Since Linux 7.1 each namespace has its own order of services.
        Effect {
            or_stdout: &[
                "-A -t 10.0.0.1:80 -s rr\n-A -t 100.0.0.1:80 -s rr\n-A -t 192.0.0.1:80 -s rr\n",
                "-A -t 100.0.0.1:80 -s rr\n-A -t 192.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s rr\n",
            ],
            ..prints(
                "-A -t 192.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s rr\n-A -t 100.0.0.1:80 -s rr\n",
            )
        },
        prints("-A -t 10.0.0.1:80 -s rr\n-A -t 100.0.0.1:80 -s rr\n-A -t 192.0.0.1:80 -s rr\n"),
    ),
    // Save.
    departure(
        "thresholds are saved",
        "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 2 -x 10 -y 5\n",
        "-S -n",
        prints("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 2\n"),
        prints("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 2 -x 10 -y 5\n"),
    ),
    departure(
        "an upper threshold is saved without a lower one",
        "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 2 -x 10\n",
        "-S -n",
        prints(
            "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 2 --tun-type ipip\n",
        ),
        prints(
            "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 2 -x 10 --tun-type ipip\n",
        ),
    ),
    departure(
        "names of IPv6 are not saved",
        "-A -t [2001:db8::6]:80 -s rr\n",
        "-S",
        prints("-A -t [six.example]:http -s rr\n"),
        prints("-A -t [2001:db8::6]:http -s rr\n"),
    ),
    departure(
        "names that are cut are not saved",
        "-A -t 10.0.0.60:80 -s rr\n",
        "-S",
        prints("-A -t a-name-that-is-much-longer-than-sixty-letters-and-so-cut-wh -s rr\n"),
        prints("-A -t 10.0.0.60:http -s rr\n"),
    ),
    departure(
        "names with which a port is cut are not saved",
        "-A -t 10.0.0.55:80 -s rr\n",
        "-S",
        prints("-A -t a-name-whose-line-is-one-byte-too-longxxxxxxxxx.example:htt -s rr\n"),
        prints("-A -t 10.0.0.55:http -s rr\n"),
    ),
    // Daemons.
    departure(
        "the name of an interface is not cut",
        "",
        "--start-daemon backup --mcast-interface fifteen-letters-more",
        Effect { status: 0, stdout: Some(""), or_stdout: &[], message: Some(""), table: None },
        refused(255, "No such device", ""),
    ),
    // Names that are too long.
    departure(
        "a scheduler name that is too long comes before a later mistake",
        "",
        "-A -t 10.0.0.1:80 -s sixteen-letters! -p x",
        refused(2, "invalid timeout value `x' specified", ""),
        refused(255, "Scheduler or persistence engine not found", ""),
    ),
    departure(
        "an engine name that is too long comes before a later mistake",
        "",
        "-A -t 10.0.0.1:80 -s rr --pe seventeen-letters -p x",
        refused(2, "invalid timeout value `x' specified", ""),
        refused(255, "Scheduler or persistence engine not found", ""),
    ),
    departure(
        "an interface name that is too long comes before a later mistake",
        "",
        "--start-daemon backup --mcast-interface fifteen-letters-more --syncid x",
        refused(2, "illegal syncid specified", ""),
        refused(255, "No such device", ""),
    ),
    // First words.
    departure(
        "help is a word too",
        "",
        "help",
        refused(255, TRY, ""),
        Effect { status: 0, stdout: None, or_stdout: &[], message: Some(""), table: Some("") },
    ),
    // Restore.
    file(
        "a line may begin with the path of the program",
        "/sbin/ipvsadm -A -t 10.0.0.1:80 -s rr\n",
        refused(2, "unexpected argument /sbin/ipvsadm", ""),
        quiet(TCP),
    ),
    file(
        "comments: a line",
        "# rules\n-A -t 10.0.0.1:80 -s rr\n",
        refused(255, TRY, ""),
        quiet(TCP),
    ),
    file(
        "comments: an indented line",
        "  # rules\n-A -t 10.0.0.1:80 -s rr\n#\n",
        refused(255, TRY, ""),
        quiet(TCP),
    ),
    file(
        "comments: after a command",
        "-A -t 10.0.0.1:80 -s rr # rules\n",
        refused(2, "unexpected argument #", ""),
        quiet(TCP),
    ),
    file(
        "a bad word anywhere changes nothing",
        "-A -t 10.0.0.1:80 -s rr\n-A -t bad\n",
        refused(2, "illegal virtual server address[:port] specified", TCP),
        fails(2, ""),
    ),
    file(
        "an unknown option anywhere changes nothing",
        "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.2:80 -Q\n",
        refused(255, "-Q: unknown option", TCP),
        fails(2, ""),
    ),
    file(
        "an unknown option is no success",
        "-A -t 10.0.0.2:80 -Q\n-A -t 10.0.0.1:80 -s rr\n",
        refused(0, "-Q: unknown option", TCP),
        fails(2, ""),
    ),
    file(
        "a line that is no command changes nothing",
        "-A -t 10.0.0.1:80 -s rr\nfoo\n",
        refused(255, TRY, TCP),
        fails(2, ""),
    ),
    file(
        "a refused line is no success",
        "-D -t 10.0.0.9:80\n-A -t 10.0.0.1:80 -s rr\n",
        refused(0, "No such service", TCP),
        fails(255, TCP),
    ),
    file(
        "the program's name is only that as first word",
        "-A -t ipvsadm 10.0.0.1:80 -s rr\n",
        quiet(TCP),
        fails(2, ""),
    ),
    file(
        "the program's name is a value too",
        "-A -s ipvsadm -t 10.0.0.1:80\n",
        refused(2, "unexpected argument 10.0.0.1:80", ""),
        refused(2, "Scheduler or persistence engine not found", ""),
    ),
    file(
        "a scheduler that the kernel does not have changes nothing",
        "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.2:80 -s nosuch\n",
        refused(255, "Scheduler or persistence engine not found", TCP),
        refused(2, "Scheduler or persistence engine not found", ""),
    ),
    file(
        "a persistence engine that the kernel does not have changes nothing",
        "-A -t 10.0.0.1:80 -s rr\n-A -u 10.0.0.2:80 -p --pe nosuch -s rr\n",
        refused(255, "Scheduler or persistence engine not found", TCP),
        refused(2, "Scheduler or persistence engine not found", ""),
    ),
];
