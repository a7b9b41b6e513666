//! Words that make no command.

use std::net::{IpAddr, Ipv6Addr};

use super::{Errno, pasted};
use crate::model::SCHEDULERS;

/// A command line, or a line of a rule file, that the classic language refuses. The texts are those
/// of ipvsadm 1.31.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The first option is no command.
    #[error("Try `{program} -h' or '{program} --help' for more information.")]
    NoCommand {
        /// The name under which the program was called.
        program: String,
        /// The first word, or the first after `--netns NAME`.
        found: String,
        /// What was probably meant.
        meant: Option<Box<str>>,
    },
    /// An option, and then a verb.
    #[error("Try `{program} -h' or '{program} --help' for more information.")]
    LateVerb {
        /// The name under which the program was called.
        program: String,
        /// The verb, and behind it the options to be put there.
        instead: String,
    },
    /// An option that does not exist.
    #[error("{word}: unknown option")]
    UnknownOption {
        /// The whole word as typed.
        word: String,
        /// An option of nearly that name.
        suggestion: Option<String>,
    },
    /// An option at the end of the line that needs a value.
    #[error("{word}: missing argument")]
    MissingArgument {
        /// The whole word as typed.
        word: String,
        /// The value that it needs, as the help text names it.
        takes: Option<&'static str>,
    },
    /// `=value` behind an option that takes none.
    #[error("{word}: option does not take an argument")]
    UnwantedArgument {
        /// The whole word as typed.
        word: String,
    },
    /// A second command.
    #[error("invalid option `{word}'")]
    SecondCommand {
        /// The whole word as typed.
        word: String,
    },
    /// A word that belongs to no option.
    #[error("unexpected argument {word}")]
    UnexpectedArgument {
        /// The word.
        word: String,
        /// The command's name in messages.
        command: &'static str,
    },
    /// A byte that no rule has.
    #[error("the line has a control byte 0x{byte:02x}")]
    ControlByte {
        /// Which.
        byte: u8,
    },
    /// A line that is longer than any rule.
    #[error("the line is longer than {most} bytes")]
    LongLine {
        /// The most that a line may have.
        most: usize,
    },
    /// The same option twice.
    #[error("multiple '{name}' options specified")]
    Repeated {
        /// The option's name in messages.
        name: &'static str,
    },
    /// An option that the command needs is missing.
    #[error("You need to supply the '{name}' option for the '{command}' command")]
    Missing {
        /// The option's name in messages.
        name: &'static str,
        /// The command's name in messages.
        command: &'static str,
    },
    /// An option that the command does not take.
    #[error("Illegal '{name}' option with the '{command}' command")]
    Illegal {
        /// The option's name in messages.
        name: &'static str,
        /// The command's name in messages.
        command: &'static str,
    },
    /// Two options that exclude each other in a listing.
    #[error("The option '{later}' conflicts with the '{earlier}' option in the 'list' command")]
    Conflict {
        /// The option further down the table.
        later: &'static str,
        /// The other one.
        earlier: &'static str,
    },
    /// A listing and a column set that do not go together.
    #[error("options conflicts in the list command")]
    ListConflict,
    /// `-6` without a mark before it.
    #[error("-6 used before -f\n")]
    SixBeforeMark,
    /// A value of a fixed kind.
    #[error("{}", .kind.text(.word))]
    Value {
        /// What was expected.
        kind: ValueKind,
        /// The word found.
        word: String,
        /// Why it is none, where there is more to say than the text does.
        reason: Option<String>,
    },
    /// Port 0 without persistence.
    #[error("Zero port specified for non-persistent service")]
    ZeroPort {
        /// The virtual address.
        address: IpAddr,
    },
    /// `-o` with a protocol of connections.
    #[error("One-Packet Scheduling is only for UDP virtual services")]
    OnePacketNotUdp,
    /// A real server of another family that is not reached by a tunnel.
    #[error("Different address family is allowed only for tunneling servers")]
    MixedFamily,
    /// Tunnel options with another forwarding method.
    #[error("Tunnel options conflict with forward method")]
    TunnelWithoutIpip,
    /// A tunnel type that needs an option.
    #[error("You need to supply the '{name}' option for the '{tunnel}' tunnel type")]
    TunnelMissing {
        /// The option's name.
        name: &'static str,
        /// The tunnel type.
        tunnel: &'static str,
    },
    /// A tunnel type that does not take an option.
    #[error("Illegal '{name}' option with the '{tunnel}' tunnel type")]
    TunnelIllegal {
        /// The option's name.
        name: &'static str,
        /// The tunnel type.
        tunnel: &'static str,
    },
    /// Two checksum options.
    #[error(
        "The option '{later}' conflicts with the '{earlier}' option in the '{tunnel}' tunnel type"
    )]
    TunnelConflict {
        /// The option further down the table.
        later: &'static str,
        /// The other one.
        earlier: &'static str,
        /// The tunnel type.
        tunnel: &'static str,
    },
    /// `--set` without its three values.
    #[error("--set option requires 3 timeout values")]
    ThreeTimeouts,
}

/// The kinds of values, each with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// `-t`, `-u`, `--sctp-service`.
    Service,
    /// `-f`.
    Fwmark,
    /// `-r`.
    RealServer,
    /// `-s`.
    Scheduler,
    /// `--pe`.
    Engine,
    /// `-p` and `--set`.
    Timeout,
    /// `-M` of an IPv4 service.
    Netmask,
    /// `-M` of an IPv6 service.
    PrefixLength,
    /// `-w`.
    Weight,
    /// `-x`.
    UpperThreshold,
    /// `-y`.
    LowerThreshold,
    /// A word of `-b` that is no flag of any scheduler.
    SchedulerFlag,
    /// A word of `-b` that is a flag of another scheduler.
    ForeignSchedulerFlag,
    /// `--tun-type`.
    TunnelType,
    /// `--tun-port`.
    TunnelPort,
    /// The role after `--start-daemon`.
    StartRole,
    /// The role after `--stop-daemon`.
    StopRole,
    /// `--mcast-interface`.
    Interface,
    /// `--syncid`.
    SyncId,
    /// `--sync-maxlen`.
    MaxLength,
    /// `--mcast-group`, IPv4.
    Group4,
    /// `--mcast-group`, IPv6.
    Group6,
    /// `--mcast-port`.
    DaemonPort,
    /// `--mcast-ttl`.
    Ttl,
}

impl Misuse {
    /// 255 where popt, or after it the kernel, refused the words; else 2.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoCommand { .. }
            | Self::LateVerb { .. }
            | Self::UnknownOption { .. }
            | Self::MissingArgument { .. }
            | Self::UnwantedArgument { .. }
            | Self::Value {
                kind: ValueKind::Scheduler | ValueKind::Engine | ValueKind::Interface,
                ..
            } => 255,
            _ => 2,
        }
    }

    /// What was meant, or what to write instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCommand { found, .. } if found.is_empty() => None,
            Self::NoCommand { found, meant, .. } => Some(no_command(found, meant.as_deref())),
            Self::LateVerb { instead, .. } => {
                Some(format!("the verb comes first: `ipvsadm {instead}'"))
            }
            Self::UnknownOption { word, suggestion } => pasted::of_a_fork(word)
                .or_else(|| pasted::remark(word))
                .map(|text| format!("`{word}': {text}"))
                .or_else(|| Some(format!("did you mean {}?", suggestion.as_ref()?))),
            Self::MissingArgument { word, takes } => {
                // Of a bundle such as -At only the last letter can lack its value.
                let letter = word.chars().next_back().filter(|_| !word.starts_with("--"));
                let option = letter.map_or_else(|| word.clone(), |letter| format!("-{letter}"));
                takes.map(|value| format!("{option} needs {value}"))
            }
            Self::UnexpectedArgument { word, command } => {
                unexpected(word, command).map(|text| format!("`{word}': {text}"))
            }
            Self::ControlByte { .. } | Self::LongLine { .. } => {
                Some("is it a text file with one rule per line?".to_owned())
            }
            Self::Missing { name, .. } => needed(name).map(str::to_owned),
            Self::OnePacketNotUdp => Some("leave out -o, or give the service with -u".to_owned()),
            Self::SecondCommand { .. } => Some("give one command at a time".to_owned()),
            Self::SixBeforeMark => {
                Some("-6 belongs to a firewall mark and comes after it: -f MARK -6".to_owned())
            }
            Self::Value { kind, word, reason } => Some(match (kind.pasted(word), reason) {
                (Some(text), _) => format!("`{word}': {text}"),
                (None, Some(reason)) => format!("`{word}': {reason}"),
                (None, None) => format!("`{word}': {}", kind.expects()),
            }),
            Self::ZeroPort { address } => Some(zero_port(*address)),
            Self::MixedFamily => Some("add -i to reach it through a tunnel".to_owned()),
            Self::TunnelWithoutIpip => Some("add -i (tunnelling)".to_owned()),
            _ => None,
        }
    }
}

fn no_command(found: &str, meant: Option<&str>) -> String {
    let pasted = pasted::first_word(found).or_else(|| pasted::of_a_fork(found));
    match (pasted, meant) {
        (Some(text), _) => format!("`{found}': {text}"),
        (None, Some(meant)) => format!("`{found}': {meant}"),
        (None, None) if found.starts_with('-') => {
            format!("`{found}' is not a complete command; give a command first, for example -L")
        }
        (None, None) => format!(
            "`{found}' is neither a command nor a verb of this version; ipvsadm -h lists both"
        ),
    }
}

/// What a word was meant for that belongs to no option.
fn unexpected(word: &str, command: &str) -> Option<String> {
    if let Some(text) = pasted::first_word(word) {
        return Some(text);
    }
    let host = word.rsplit_once(':').map_or(word, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = host.parse::<IpAddr>().is_ok() || word.parse::<Ipv6Addr>().is_ok();
    let is_port = word.parse::<u16>().is_ok();
    let of_server = command.ends_with("-server");
    let takes_service = of_server || command.ends_with("-service") || command == "zero";
    Some(match command {
        "restore" => "the rules come from standard input: ipvsadm -R < FILE".to_owned(),
        "save" if word != "json" => "the rules go to standard output: ipvsadm -S > FILE".to_owned(),
        "list" | "save" if word == "json" => "--json prints JSON".to_owned(),
        _ if of_server && is_address => {
            format!("an address needs an option before it: -t {word} or -r {word}")
        }
        _ if (takes_service || command == "list") && is_address => {
            format!("an address needs an option before it: -t {word}")
        }
        _ if takes_service && is_port => {
            format!("write the port after its address, without a space: ADDRESS:{word}")
        }
        "add-service" | "edit-service" if SCHEDULERS.iter().any(|it| it.name == word) => {
            format!("a scheduler needs an option before it: -s {word}")
        }
        _ => return None,
    })
}

/// How to give an option that a command needs.
fn needed(name: &str) -> Option<&'static str> {
    Some(match name {
        "service-address" => "name the service: -t, -u or --sctp-service VIP:PORT, or -f MARK",
        "real-server" => "name the real server: -r RIP[:PORT]",
        _ => return None,
    })
}

fn zero_port(address: IpAddr) -> String {
    match pasted::without_brackets(&address.to_string()) {
        Some((address, port)) => format!(
            "an IPv6 address with a port needs brackets: [{address}]:{port}; port 0 (every port) \
             needs persistence (-p)"
        ),
        None => {
            "give a port, as in ADDRESS:80; port 0 (every port) needs persistence (-p)".to_owned()
        }
    }
}

impl ValueKind {
    /// The mark of pasted text that a value of this kind bears.
    fn pasted(self, word: &str) -> Option<String> {
        match self {
            Self::Service | Self::RealServer => pasted::endpoint(word),
            Self::Fwmark => pasted::mark(word),
            _ => pasted::remark(word),
        }
    }

    /// What a good value looks like.
    fn expects(self) -> &'static str {
        match self {
            Self::Service | Self::RealServer => "expected ADDRESS[:PORT], [IPV6]:PORT or HOST:PORT",
            Self::Fwmark => "expected a number from 1 to 4294967295",
            Self::Scheduler => "the name of a scheduler has at most 15 bytes",
            Self::Engine => "the name of a persistence engine has at most 16 bytes",
            Self::Interface => "the name of an interface has at most 15 bytes",
            Self::Timeout => "expected seconds, at most 2678400 (31 days)",
            Self::Netmask => "expected a mask such as 255.255.255.0, or /24",
            Self::PrefixLength => "expected a prefix length from 1 to 128",
            Self::Weight => "expected a number from 0 to 2147483647",
            Self::UpperThreshold | Self::LowerThreshold => {
                "expected a number of connections, 0 to 2147483647"
            }
            Self::SchedulerFlag => {
                "the flags are flag-1, flag-2, flag-3, sh-fallback, sh-port, mh-fallback, mh-port"
            }
            Self::ForeignSchedulerFlag => "it belongs to a scheduler other than the one of -s",
            Self::TunnelType => "expected ipip, gue or gre",
            Self::TunnelPort | Self::DaemonPort => "expected a port from 1 to 65535",
            Self::StartRole | Self::StopRole => "expected master or backup",
            Self::SyncId => "expected a number from 0 to 255",
            Self::MaxLength => "expected a number of bytes, 1 to 65507",
            Self::Group4 | Self::Group6 => "expected a multicast address",
            Self::Ttl => "expected a number from 1 to 255",
        }
    }

    fn text(self, word: &str) -> String {
        let fixed = match self {
            Self::Service => "illegal virtual server address[:port] specified",
            Self::RealServer => "illegal real server address[:port] specified",
            Self::Netmask => "illegal virtual server persistent mask specified",
            Self::PrefixLength => "illegal ipv6 netmask specified",
            Self::Weight => "illegal weight specified",
            Self::UpperThreshold => "illegal u_threshold specified",
            Self::LowerThreshold => "illegal l_threshold specified",
            Self::TunnelType => "illegal tunnel type specified",
            Self::TunnelPort => "illegal tunnel port specified",
            Self::StartRole => "illegal start-daemon parameter specified",
            Self::StopRole => "illegal start_daemon specified",
            Self::SyncId => "illegal syncid specified",
            Self::MaxLength => "illegal sync-maxlen specified",
            Self::DaemonPort => "illegal mcast-port specified",
            Self::Ttl => "illegal mcast-ttl specified",
            Self::Scheduler | Self::Engine => "Scheduler or persistence engine not found",
            Self::Interface => return Errno::ENODEV.to_string(),
            Self::Fwmark => return format!("invalid fwmark value `{word}' specified"),
            Self::Timeout => return format!("invalid timeout value `{word}' specified"),
            Self::SchedulerFlag => return format!("invalid scheduler flag `{word}'"),
            Self::ForeignSchedulerFlag => return format!("incompatible scheduler flag `{word}'"),
            Self::Group4 => return format!("invalid IPv4 mcast-group `{word}'"),
            Self::Group6 => return format!("invalid IPv6 mcast-group `{word}'"),
        };
        fixed.to_owned()
    }
}
