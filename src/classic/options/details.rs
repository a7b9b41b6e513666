//! What the manual says beyond the half line of the table. Between backticks stand words to type.

use super::{Command, Opt};

impl Command {
    /// Further sentences about this command.
    pub fn details(self) -> &'static str {
        match self {
            Self::AddService => {
                "SERVICE is one of `-t`, `-u`, `--sctp-service` and `-f`. Port 0, or none, stands \
                 for every port and needs `-p`."
            }
            Self::EditService => {
                "Its connections, counters and real servers stay. A hint names what was reset \
                 without being named; `ipvsadm set` changes only what is named."
            }
            Self::DeleteService => {
                "Packets of its connections are dropped from then on, or its clients get a reset \
                 with `net.ipv4.vs.expire_nodest_conn`. After the last service of a family this \
                 host answers them itself (from Linux 5.9 on): it resets them, and refuses new ones."
            }
            Self::Clear => {
                "Time-outs and sync daemons stay. From Linux 5.9 on this host then answers what \
                 still arrives for a virtual address itself: new connections are refused, existing \
                 ones reset."
            }
            Self::Restore => {
                "See RULES. The whole input is read and understood before the first change; what \
                 the kernel then refuses is reported with its line, and the other lines are \
                 carried out."
            }
            Self::Save => {
                "The output is the input of `-R`, `ipvsadm-restore`, `ipvsadm apply` and `ipvsadm \
                 diff`. What another program has made and no line of theirs can say is left out \
                 and named on standard error, exit status 1; `--json` says it too. So is \
                 what a line says but loads as something else, though the line is printed. Names \
                 stand only where they lead back to the same number; `-n` avoids every look-up."
            }
            Self::AddServer => {
                "It gets new connections at once, according to its weight and to the scheduler."
            }
            Self::EditServer => {
                "Its connections and counters stay. A hint names what was reset without being \
                 named; `ipvsadm set` changes only what is named."
            }
            Self::DeleteServer => {
                "Packets of its connections are dropped from then on, or its clients get a reset \
                 with `net.ipv4.vs.expire_nodest_conn`. To let connections end by themselves, set \
                 its weight to 0 first."
            }
            Self::List => {
                "Without any option the program does the same. With SERVICE it lists one service. \
                 Without `-n` it looks names of hosts and ports up, which may take as long as the \
                 DNS does."
            }
            Self::Zero => "Connections are not touched. Traffic of the last two seconds may show.",
            Self::Set => {
                "TCP counts for established connections, TCPFIN after a FIN, UDP between two \
                 packets; each 0 to 2678400 (31 days). The kernel starts with 900, 120 and 300."
            }
            Self::StartDaemon => {
                "A master announces its connections to a multicast group, a backup takes over \
                 what it hears; one of each role can run. Both need the same id."
            }
            Self::StopDaemon => "The other role goes on.",
            Self::Help | Self::Version => "It needs neither IPVS nor root.",
        }
    }
}

impl Opt {
    /// Further sentences about this option.
    #[allow(clippy::too_many_lines)] // a line a row
    pub fn details(self) -> &'static str {
        match self {
            Self::Tcp => {
                "VIP is an IPv4 address, an IPv6 address in brackets (`[2001:db8::80]:80`) or the \
                 name of a host, PORT a number of 0 to 65535 or a name of services(5). Without \
                 PORT an IPv6 address stands without brackets."
            }
            Self::Udp | Self::Sctp => "As `-t`.",
            Self::Fwmark => {
                "Packets are marked by netfilter, before they reach this host's input: so several \
                 addresses, ports and protocols make one service. No `-6` means IPv4."
            }
            Self::Ipv6 => "It stands behind `-f`.",
            Self::Scheduler => "See SCHEDULERS.",
            Self::Persistent => {
                "All connections of a client go to the real server of its first one, until \
                 SECONDS, 1 to 2678400 (31 days), have passed without one. (The manual of the \
                 former program said 300 where it used 360.)"
            }
            Self::Netmask => {
                "For IPv4 `255.255.255.0` or `/24`, default 255.255.255.255; for IPv6 1 to 128, \
                 default 128. A mask with holes is taken as it is, with a hint. Without `-p` it has \
                 no effect."
            }
            Self::RealServer => {
                "Written as the address of `-t`. With `-g` and `-i` the port is always that of the \
                 service, since the packet is not changed; another one is replaced, with a hint. \
                 With `-f` port 0 is the port that the client asked for. A real server of the \
                 other address family needs `-i`."
            }
            Self::Gatewaying => {
                "The packet goes to the MAC address of the real server, unchanged; the answer goes \
                 to the client directly. The real server has the virtual address too, and keeps \
                 silent about it: ipvsadm-rs(8)."
            }
            Self::Ipip => {
                "The packet goes to the real server inside another one; the answer goes to the \
                 client directly. The real server unpacks it, and has the virtual address: \
                 ipvsadm-rs(8)."
            }
            Self::Masquerading => {
                "Address and port are replaced in both directions. The answer must come back \
                 through the director: it is the gateway of the real server."
            }
            Self::TunType => "IP in IP, generic UDP encapsulation, or GRE.",
            Self::TunPort => "1 to 65535; `gue` needs it.",
            Self::TunNocsum => "For `gue` and `gre`.",
            Self::TunCsum => "The outer packet carries a checksum over everything in it.",
            Self::TunRemcsum => "The real server computes the inner checksum.",
            Self::Weight => {
                "A real server of weight 0 keeps its connections, and its persistent clients \
                 unless `net.ipv4.vs.expire_quiescent_template` is set."
            }
            Self::UpperThreshold => {
                "0 to 2147483647; active and inactive connections count. A closed one is \
                 inactive for two more minutes."
            }
            Self::LowerThreshold => {
                "0 to 2147483647, at most the value of `-x`. With `-x` alone it is three quarters \
                 of that."
            }
            Self::Interface => "It must exist.",
            Self::SyncId => {
                "A backup with another id than the master hears nothing; one with 0 hears all. \
                 `--stop-daemon` takes the option and ignores it."
            }
            Self::MaxLength => "A backup must take at least what the master sends.",
            Self::Group => "An IPv4 or IPv6 multicast address.",
            Self::Port => {
                "1 to 65535. With `net.ipv4.vs.sync_ports` greater than 1 the following ports are \
                 used too."
            }
            Self::Connection => {
                "With `--persistent-conn` also what the persistence engine has read of each."
            }
            Self::Timeout => "In seconds: TCP, TCP after a FIN, UDP.",
            Self::Daemon => "Nothing where none runs.",
            Self::Stats => {
                "Connections, packets and bytes in both directions since the last `-Z`. From \
                 100000000 on numbers are shortened with K, M, G or T, which stand for powers of \
                 1000."
            }
            Self::Rate => "Connections, packets and bytes, averaged over some seconds.",
            Self::Thresholds => "Those of `-x` and `-y`; 0 is no limit.",
            Self::TunInfo => "Type, port and checksum; `n/a` where there is none.",
            Self::Ttl
            | Self::Exact
            | Self::PersistentConn
            | Self::Nosort
            | Self::Sort
            | Self::Numeric => "",
            Self::Ops => {
                "Each packet is scheduled by itself and no connection is kept. With `-m` the \
                 answers would not be translated back: use `-g` or `-i`."
            }
            Self::Engine => "Without `-p` it has no effect.",
            Self::SchedFlags => {
                "`sh-port` and `mh-port` count the client's port too; `sh-fallback` and \
                 `mh-fallback` choose another real server where the chosen one has weight 0 or is \
                 over its threshold. The names `flag-1` to `flag-3` are what other schedulers make of them."
            }
            Self::Json => "ipvsadm-json(5) describes it.",
            Self::Full => {
                "As a `--set` line and `--start-daemon` lines, which `-R` loads. Where no daemon \
                 runs there is no line, and a file without one says nothing about daemons: that \
                 none runs only `--json` says."
            }
            Self::Netns => {
                "A NAME of ip-netns(8), a PID, or the path of a namespace file. It may stand \
                 before the command. Rule lines cannot have it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::classic::options::{COMMANDS, OPTIONS, Opt};
    use crate::model::{MAX_PERSISTENCE, MAX_TIMEOUT, MAX_WEIGHT, SCHEDULERS};

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
            let text = format!("{} {}", option.row().help, option.details());
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

    #[test]
    fn the_schedulers_are_those_that_there_are() {
        let names = SCHEDULERS.map(|kind| kind.name).join(" ");
        assert!(Opt::Scheduler.row().help.starts_with(&format!("one of {names};")), "{names}");
    }
}
