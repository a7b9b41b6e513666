//! [`Misuse`]: invalid words of the classic language.

use std::net::{IpAddr, Ipv6Addr};

use super::{Errno, pasted};
use crate::model::{MAX_WEIGHT, SCHEDULERS, SchedulerFlags};

/// A command line or rule line that the classic language refuses. The texts equal those of ipvsadm
/// 1.31.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The first word is no command.
    #[error("Try `{program} -h' or '{program} --help' for more information.")]
    NoCommand {
        /// Name under which the program was called.
        program: String,
        /// The first word, or the first one after `--netns NAME`.
        found: String,
        /// The command or verb that was probably meant.
        meant: Option<Box<str>>,
    },
    /// A verb that follows an option.
    #[error("Try `{program} -h' or '{program} --help' for more information.")]
    LateVerb {
        /// Name under which the program was called.
        program: String,
        /// The verb followed by the options, as a proposal.
        instead: String,
    },
    /// An option that does not exist.
    #[error("{word}: unknown option")]
    UnknownOption {
        /// The whole word as typed.
        word: String,
        /// An option with a similar name.
        suggestion: Option<String>,
    },
    /// An option without the value that it needs, at the end of the line.
    #[error("{word}: missing argument")]
    MissingArgument {
        /// The whole word as typed.
        word: String,
        /// Name of the value in the help text.
        takes: Option<&'static str>,
    },
    /// `=VALUE` after an option that takes no value.
    #[error("{word}: option does not take an argument")]
    UnwantedArgument {
        /// The whole word as typed.
        word: String,
    },
    /// A second command on one line.
    #[error("invalid option `{word}'")]
    SecondCommand {
        /// The whole word as typed.
        word: String,
    },
    /// A word that belongs to no option.
    #[error("unexpected argument {word}")]
    UnexpectedArgument {
        /// The word as typed.
        word: String,
        /// Name of the command in messages.
        command: &'static str,
    },
    /// A control character, which a rule line must not contain.
    #[error("the line has a control byte 0x{byte:02x}")]
    ControlByte {
        /// Code of the character.
        byte: u8,
    },
    /// A line that is longer than any rule line.
    #[error("the line is longer than {most} bytes")]
    LongLine {
        /// Maximum length of a line in bytes.
        most: usize,
    },
    /// The same option is given twice.
    #[error("multiple '{name}' options specified")]
    Repeated {
        /// Name of the option in messages.
        name: &'static str,
    },
    /// The command needs an option that is missing.
    #[error("You need to supply the '{name}' option for the '{command}' command")]
    Missing {
        /// Name of the option in messages.
        name: &'static str,
        /// Name of the command in messages.
        command: &'static str,
    },
    /// The command does not take an option.
    #[error("Illegal '{name}' option with the '{command}' command")]
    Illegal {
        /// Name of the option in messages.
        name: &'static str,
        /// Name of the command in messages.
        command: &'static str,
        /// The command that filters connections as the listing was to do, as a proposal.
        instead: Option<Box<str>>,
    },
    /// Two options that exclude each other in a listing.
    #[error("The option '{later}' conflicts with the '{earlier}' option in the 'list' command")]
    Conflict {
        /// The option that comes later in the old tool's table.
        later: &'static str,
        /// The option that comes earlier in the old tool's table.
        earlier: &'static str,
        /// The command that filters connections as the listing was to do, as a proposal.
        instead: Option<Box<str>>,
    },
    /// A listing and a set of columns that exclude each other.
    #[error("options conflicts in the list command")]
    ListConflict,
    /// `-6` before `-f`.
    #[error("-6 used before -f\n")]
    SixBeforeMark,
    /// An invalid value of an option.
    #[error("{}", .kind.text(.word))]
    Value {
        /// Expected kind of value.
        kind: ValueKind,
        /// Value as typed.
        word: String,
        /// Reason, if the message does not tell it.
        reason: Option<String>,
    },
    /// Port 0, which needs persistence.
    #[error("Zero port specified for non-persistent service")]
    ZeroPort {
        /// Virtual address.
        address: IpAddr,
    },
    /// `-o` for a TCP or SCTP service.
    #[error("One-Packet Scheduling is only for UDP virtual services")]
    OnePacketNotUdp,
    /// A real server of another address family than its service, with a forwarding method other
    /// than tunnelling.
    #[error("Different address family is allowed only for tunneling servers")]
    MixedFamily,
    /// Tunnel options with a forwarding method other than tunnelling.
    #[error("Tunnel options conflict with forward method")]
    TunnelWithoutIpip,
    /// A tunnel type needs an option that is missing.
    #[error("You need to supply the '{name}' option for the '{tunnel}' tunnel type")]
    TunnelMissing {
        /// Name of the missing option.
        name: &'static str,
        /// Name of the tunnel type.
        tunnel: &'static str,
    },
    /// A tunnel type does not take an option.
    #[error("Illegal '{name}' option with the '{tunnel}' tunnel type")]
    TunnelIllegal {
        /// Name of the option in messages.
        name: &'static str,
        /// Name of the tunnel type.
        tunnel: &'static str,
    },
    /// Two checksum options of a tunnel exclude each other.
    #[error(
        "The option '{later}' conflicts with the '{earlier}' option in the '{tunnel}' tunnel type"
    )]
    TunnelConflict {
        /// The option that comes later in the old tool's table.
        later: &'static str,
        /// The option that comes earlier in the old tool's table.
        earlier: &'static str,
        /// Name of the tunnel type.
        tunnel: &'static str,
    },
    /// `--set` with fewer than three values.
    #[error("--set option requires 3 timeout values")]
    ThreeTimeouts,
}

/// Kind of an option's value, which decides the message.
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
    /// A word in `-b` that no scheduler has as a flag.
    SchedulerFlag,
    /// A word in `-b` that is a flag of another scheduler.
    ForeignSchedulerFlag,
    /// `--tun-type`.
    TunnelType,
    /// `--tun-port`.
    TunnelPort,
    /// The role in `--start-daemon`.
    StartRole,
    /// The role in `--stop-daemon`.
    StopRole,
    /// `--mcast-interface`.
    Interface,
    /// `--syncid`.
    SyncId,
    /// `--sync-maxlen`.
    MaxLength,
    /// `--mcast-group` with an IPv4 address.
    Group4,
    /// `--mcast-group` with an IPv6 address.
    Group6,
    /// `--mcast-port`.
    DaemonPort,
    /// `--mcast-ttl`.
    Ttl,
}

impl Misuse {
    /// Exit status: 255 if popt, the old tool's parser, or the kernel refused the words; otherwise
    /// 2.
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

    /// What was probably meant, or what to write instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCommand { found, .. } if found.is_empty() => None,
            Self::NoCommand { found, meant, .. } => Some(no_command(found, meant.as_deref())),
            Self::LateVerb { instead, .. } => {
                Some(format!("the verb comes first: `ipvsadm {instead}'"))
            }
            Self::UnknownOption { word, suggestion } => pasted::of_a_fork(word)
                .or_else(|| pasted::remark(word))
                .map(|text| format!("{}: {text}", quoted(word)))
                .or_else(|| Some(format!("did you mean {}?", suggestion.as_ref()?))),
            Self::MissingArgument { word, takes } => {
                // In a bundle such as -At, only the last letter can lack its value.
                let letter = word.chars().next_back().filter(|_| !word.starts_with("--"));
                let option = letter.map_or_else(|| word.clone(), |letter| format!("-{letter}"));
                takes.map(|value| format!("{option} needs {value}"))
            }
            Self::UnexpectedArgument { word, command } => {
                unexpected(word, command).map(|text| format!("{}: {text}", quoted(word)))
            }
            Self::ControlByte { .. } | Self::LongLine { .. } => {
                Some("expected a text file with one rule per line".to_owned())
            }
            Self::Missing { name, .. } => needed(name).map(str::to_owned),
            Self::Illegal { instead, .. } | Self::Conflict { instead, .. } => {
                let command = instead.as_ref()?;
                Some(format!("-L -c lists every connection; to filter them: {command}"))
            }
            Self::OnePacketNotUdp => Some("leave out -o, or give the service with -u".to_owned()),
            Self::SecondCommand { .. } => Some("give one command at a time".to_owned()),
            Self::SixBeforeMark => {
                Some("-6 belongs to a firewall mark and comes after it: -f MARK -6".to_owned())
            }
            Self::Value { kind, word, reason } => Some(match (kind.pasted(word), reason) {
                (Some(text), _) => format!("{}: {text}", quoted(word)),
                // A reason that begins with the word needs no second quote.
                (None, Some(reason)) if reason.starts_with(&format!("`{word}'")) => {
                    reason.replacen(&format!("`{word}'"), &quoted(word), 1)
                }
                (None, Some(reason)) => format!("{}: {reason}", quoted(word)),
                (None, None) => format!("{}: {}", quoted(word), kind.expects()),
            }),
            Self::ZeroPort { address } => Some(zero_port(*address)),
            Self::MixedFamily => {
                Some("add -i to reach the real server through a tunnel".to_owned())
            }
            Self::TunnelWithoutIpip => Some("add -i (tunnelling)".to_owned()),
            _ => None,
        }
    }
}

/// The word in quotes. A long one is cut, so that the text after it can be seen.
fn quoted(word: &str) -> String {
    const MOST: usize = 48;
    match word.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}...'", &word[..end]),
        None => format!("`{word}'"),
    }
}

fn no_command(found: &str, meant: Option<&str>) -> String {
    let pasted = pasted::first_word(found).or_else(|| pasted::of_a_fork(found));
    match (pasted, meant) {
        (Some(text), _) => format!("{}: {text}", quoted(found)),
        (None, Some(meant)) => format!("{}: {meant}", quoted(found)),
        (None, None) if found.starts_with('-') => {
            format!("`{found}' is not a complete command; give a command first, for example -L")
        }
        (None, None) => format!(
            "`{found}' is neither a command nor a verb of this version; ipvsadm -h lists both"
        ),
    }
}

/// Explains a word that belongs to no option.
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

/// Explains how to give a missing option.
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
    /// Recognises a value of this kind that was pasted from somewhere else.
    fn pasted(self, word: &str) -> Option<String> {
        match self {
            Self::Service | Self::RealServer => pasted::endpoint(word),
            Self::Fwmark => pasted::mark(word),
            _ => pasted::remark(word),
        }
    }

    /// Describes a valid value.
    fn expects(self) -> String {
        let fixed = match self {
            Self::Service | Self::RealServer => "expected ADDRESS[:PORT], [IPV6]:PORT or HOST:PORT",
            Self::Fwmark => "expected a number from 1 to 4294967295",
            Self::Scheduler => "the name of a scheduler has at most 15 bytes",
            Self::Engine => "the name of a persistence engine has at most 16 bytes",
            Self::Interface => "the name of an interface has at most 15 bytes",
            Self::Timeout => "expected seconds, at most 2678400 (31 days)",
            Self::Netmask => "expected a mask such as 255.255.255.0, or /24",
            Self::PrefixLength => "expected a prefix length from 1 to 128",
            Self::Weight => return format!("expected a number from 0 to {MAX_WEIGHT}"),
            Self::UpperThreshold | Self::LowerThreshold => {
                return format!("expected a number of connections, 0 to {MAX_WEIGHT}");
            }
            Self::SchedulerFlag => {
                let flags: Vec<&str> = SchedulerFlags::every().collect();
                return format!("the flags are {}", flags.join(", "));
            }
            Self::ForeignSchedulerFlag => "the flag belongs to a scheduler other than that of -s",
            Self::TunnelType => "expected ipip, gue or gre",
            Self::TunnelPort | Self::DaemonPort => "expected a port from 1 to 65535",
            Self::StartRole | Self::StopRole => "expected master or backup",
            Self::SyncId => "expected a number from 0 to 255",
            Self::MaxLength => "expected a number of bytes, 1 to 65507",
            Self::Group4 | Self::Group6 => "expected a multicast address",
            Self::Ttl => "expected a number from 1 to 255",
        };
        fixed.to_owned()
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
