//! Sentences of the manual, which follow the short help text of each row. Backticks enclose
//! literals.

use super::{Command, Opt};

impl Command {
    /// Further sentences about the command.
    pub fn details(self) -> &'static str {
        match self {
            Self::AddService => {
                "SERVICE is one of `-t`, `-u`, `--sctp-service` and `-f`. Port 0, or no port, \
                 means every port and requires `-p`."
            }
            Self::EditService => {
                "Its connections, counters and real servers are kept. A hint lists each value \
                 that was reset because its option was not given. `ipvsadm set` changes only the \
                 fields that you name."
            }
            Self::DeleteService => {
                "The kernel then drops packets of its connections; if \
                 `net.ipv4.vs.expire_nodest_conn` is set, it resets the connections. After the \
                 last service of an address family is gone, this host itself answers such \
                 packets (since Linux 5.9): it resets the old connections and refuses new ones."
            }
            Self::Clear => {
                "Time-outs and sync daemons are kept. Since Linux 5.9, this host itself then \
                 answers packets for a virtual address: it refuses new connections and resets \
                 existing ones."
            }
            Self::Restore => {
                "See RULES. The program reads and checks the whole input before the first \
                 change. If the kernel then rejects a line, the program reports that line and \
                 runs the others."
            }
            Self::Save => {
                "`-R`, `ipvsadm-restore`, `ipvsadm apply` and `ipvsadm diff` read this output. \
                 Another program may have created an entry that no rule line can express: it is \
                 left out and named on standard error, and the exit status is 1. `--json` can \
                 express such an entry. A line that would load as something else is printed, but \
                 it is also named on standard error, and the exit status is 1. A name replaces a \
                 number only if it resolves back to the same number; `-n` avoids all look-ups."
            }
            Self::AddServer => {
                "It receives new connections at once, according to its weight and the scheduler."
            }
            Self::EditServer => {
                "Its connections and counters are kept. A hint lists each value that was reset \
                 because its option was not given. `ipvsadm set` changes only the fields that \
                 you name."
            }
            Self::DeleteServer => {
                "The kernel then drops packets of its connections; if \
                 `net.ipv4.vs.expire_nodest_conn` is set, it resets the connections. To let its \
                 connections end by themselves, set its weight to 0 first."
            }
            Self::List => {
                "`ipvsadm` without any option does the same. With SERVICE, it lists only that \
                 service. Without `-n`, it looks up the names of hosts and ports, which takes as \
                 long as the DNS needs."
            }
            Self::Zero => {
                "Connections are not affected. Traffic of the last two seconds may still be \
                 counted afterwards."
            }
            Self::Set => {
                "TCP applies to established connections, TCPFIN to connections after a FIN, and \
                 UDP to the time between two packets. Each is 0 to 2678400 (31 days). The \
                 kernel's defaults are 900, 120 and 300."
            }
            Self::StartDaemon => {
                "A master sends its connections to a multicast group; a backup adds the \
                 connections that it receives. Both need the same sync ID. One daemon of each \
                 role can run at a time."
            }
            Self::StopDaemon => "A daemon of the other role keeps running.",
            Self::Help | Self::Version => "This needs neither IPVS nor root.",
        }
    }
}

impl Opt {
    /// Further sentences about the option.
    #[allow(clippy::too_many_lines)] // one line for each row
    pub fn details(self) -> &'static str {
        match self {
            Self::Tcp => {
                "VIP is an IPv4 address, an IPv6 address in brackets (`[2001:db8::80]:80`) or a \
                 host name. PORT is a number from 0 to 65535 or a name from services(5). An IPv6 \
                 address without PORT has no brackets."
            }
            Self::Udp | Self::Sctp => "VIP and PORT are written as for `-t`.",
            Self::Fwmark => {
                "Netfilter marks packets before they reach this host's input, so that one \
                 service can cover several addresses, ports and protocols. Without `-6`, the \
                 mark is for IPv4 packets."
            }
            Self::Ipv6 => "It must follow `-f`.",
            Self::Scheduler => "See SCHEDULERS.",
            Self::Persistent => {
                "All connections of a client go to the real server of its first one, until \
                 SECONDS, 1 to 2678400 (31 days), have passed without a connection. (The manual \
                 of ipvsadm 1.31 says 300, but that program uses 360.)"
            }
            Self::Netmask => {
                "For IPv4, `255.255.255.0` or `/24`; the default is 255.255.255.255. For IPv6, 1 \
                 to 128; the default is 128. A mask with gaps is accepted with a hint. Without \
                 `-p`, this option has no effect."
            }
            Self::RealServer => {
                "The address is written as for `-t`. With `-g` and `-i`, the port is always the \
                 service's port, because the director does not change the packet; any other port \
                 is replaced, with a hint. With `-f`, port 0 means the port that the client \
                 connected to. A real server of the other address family needs `-i`."
            }
            Self::Gatewaying => {
                "The director sends the packet unchanged to the MAC address of the real server, \
                 and the real server replies to the client directly. The real server also has \
                 the virtual address, but must not answer ARP for it: see ipvsadm-rs(8)."
            }
            Self::Ipip => {
                "The director sends the packet to the real server inside another packet, and the \
                 real server replies to the client directly. The real server unpacks it and also \
                 has the virtual address: see ipvsadm-rs(8)."
            }
            Self::Masquerading => {
                "The director replaces addresses and ports in both directions. Replies must come \
                 back through the director, so it must be the gateway of the real server."
            }
            Self::TunType => "The types are IP in IP, Generic UDP Encapsulation and GRE.",
            Self::TunPort => "1 to 65535; `gue` requires it.",
            Self::TunNocsum => "For `gue` and `gre`.",
            Self::TunCsum => "The outer packet carries a checksum of its whole content.",
            Self::TunRemcsum => "The real server computes the inner checksum.",
            Self::Weight => {
                "A real server with weight 0 keeps its connections. It also keeps its persistent \
                 clients unless `net.ipv4.vs.expire_quiescent_template` is set."
            }
            Self::UpperThreshold => {
                "0 to 2147483647. Active and inactive connections both count. A closed \
                 connection stays inactive for two more minutes."
            }
            Self::LowerThreshold => {
                "0 to 2147483647, at most the value of `-x`. If only `-x` is given, three \
                 quarters of its value apply."
            }
            Self::Interface => "The interface must exist.",
            Self::SyncId => {
                "A backup ignores messages with a sync ID other than its own; a backup with ID 0 \
                 accepts all messages. `--stop-daemon` accepts this option and ignores it."
            }
            Self::MaxLength => "The value of a backup must be at least that of the master.",
            Self::Group => "An IPv4 or IPv6 multicast address.",
            Self::Port => {
                "1 to 65535. If `net.ipv4.vs.sync_ports` is greater than 1, the following ports \
                 are used too."
            }
            Self::Connection => {
                "With `--persistent-conn`, the list also shows the data that the persistence \
                 engine read from each connection."
            }
            Self::Timeout => "The values are seconds: TCP, TCP after a FIN, UDP.",
            Self::Daemon => "If no daemon runs, nothing is printed.",
            Self::Stats => {
                "The totals cover both directions since the last `-Z`. Numbers from 100000000 on \
                 are shortened with K, M, G or T, which are powers of 1000."
            }
            Self::Rate => "The rates are averages over a few seconds.",
            Self::Thresholds => "`-x` and `-y` set them; 0 means no limit.",
            Self::TunInfo => "`n/a` means that there is none.",
            Self::Ttl
            | Self::Exact
            | Self::PersistentConn
            | Self::Nosort
            | Self::Sort
            | Self::Numeric => "",
            Self::Ops => {
                "Each packet is scheduled separately and no connection is kept. With `-m`, \
                 replies would not be translated back: use `-g` or `-i`."
            }
            Self::Engine => "Without `-p`, this option has no effect.",
            Self::SchedFlags => {
                "`sh-port` and `mh-port` include the client's port in the hash. `sh-fallback` \
                 and `mh-fallback` choose another real server if the chosen one has weight 0 or \
                 is over its threshold. The meaning of `flag-1` to `flag-3` depends on the \
                 scheduler."
            }
            Self::Json => "ipvsadm-json(5) describes the object.",
            Self::Full => {
                "The time-outs become a `--set` line, and each sync daemon becomes a \
                 `--start-daemon` line; `-R` loads both. If no daemon runs, the output has no \
                 such line, and a file without one says nothing about daemons. Only `--json` can \
                 state that no daemon runs."
            }
            Self::Netns => {
                "Give the NAME of a namespace that ip-netns(8) made, the PID of a process, or \
                 the path of a namespace file. This option may precede the command. Rule lines \
                 cannot contain it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::classic::options::{COMMANDS, OPTIONS, Opt};
    use crate::model::{MAX_PERSISTENCE, MAX_TIMEOUT, MAX_WEIGHT};

    #[test]
    fn every_text_ends_a_sentence() {
        let texts = COMMANDS.iter().map(|row| row.command.details());
        for text in texts.chain(OPTIONS.iter().map(|row| row.option.details())) {
            assert!(text.is_empty() || text.ends_with(['.', ')']), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
    }

    #[test]
    fn limits_are_those_of_the_values() {
        let says = |option: Opt, number: u32| {
            let text = format!("{} {}", option.row().help(), option.details());
            assert!(text.contains(&format!("to {number}")), "{text}");
        };
        says(Opt::Weight, MAX_WEIGHT);
        says(Opt::UpperThreshold, MAX_WEIGHT);
        says(Opt::LowerThreshold, MAX_WEIGHT);
        says(Opt::Persistent, MAX_PERSISTENCE);
        says(Opt::Fwmark, u32::MAX);
        let set = super::Command::Set.details();
        assert!(set.contains(&format!("0 to {MAX_TIMEOUT}")), "{set}");
    }
}
