//! Builds a classic command from its options, which are read from left to right.

use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::error::{Misuse, ValueKind};
use crate::model::{
    BadFlag, Checksum, DaemonRole, EngineName, Family, Forwarding, Granularity, InterfaceName,
    MAX_PERSISTENCE, MAX_SYNC_LENGTH, MAX_TIMEOUT, MAX_WEIGHT, Protocol, SchedulerFlags,
    SchedulerName, ServiceKey, Timeouts, Tunnel,
};

use super::lexer::What;
use super::options::{Command, DEFAULT_PERSISTENCE, Opt, Slot};
use super::scanner::Taken;
use super::values::{self, Names};

const DEFAULT_SCHEDULER: &str = "wlc";
const DEFAULT_INTERFACE: &str = "eth0";

const TUNNEL_SLOTS: [Slot; 5] =
    [Slot::TunType, Slot::TunPort, Slot::TunNocsum, Slot::TunCsum, Slot::TunRemcsum];

pub(super) struct ClassicBuilder {
    pub(super) command: Command,
    names: Names,
    seen: u64,
    /// Protocol and family of the service, wherever its option is on the line. The meaning of `-r`
    /// and `-M` depends on them.
    kind: (Protocol, Family),
    /// Address of the first service option, as [`service_kind`] found it. A second lookup of a name
    /// would take time and could find another address.
    endpoint: Option<values::Endpoint>,
    pub(super) service: Option<ServiceKey>,
    pub(super) scheduler: Option<SchedulerName>,
    scheduler_flags: Option<String>,
    pub(super) flags: SchedulerFlags,
    pub(super) persistent: Option<u32>,
    pub(super) granularity: Option<Granularity>,
    pub(super) engine: Option<EngineName>,
    pub(super) real_server: Option<(IpAddr, Option<u16>)>,
    method: Option<Opt>,
    tunnel_type: Option<TunnelType>,
    tunnel_port: Option<u16>,
    pub(super) weight: Option<u32>,
    pub(super) upper_threshold: Option<u32>,
    pub(super) lower_threshold: Option<u32>,
    pub(super) role: Option<DaemonRole>,
    interface: Option<InterfaceName>,
    pub(super) sync_id: Option<u8>,
    pub(super) max_length: Option<u16>,
    pub(super) group: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) ttl: Option<u8>,
    pub(super) timeouts: Option<Timeouts>,
    pub(super) netns: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TunnelType {
    Ipip,
    Gue,
    Gre,
}

fn bad(kind: ValueKind, word: &str) -> Misuse {
    Misuse::Value { kind, word: word.to_owned(), reason: None }
}

fn ranged<T: TryFrom<u32>>(
    kind: ValueKind,
    word: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<T>, Misuse> {
    let number = values::number(word, range).and_then(|number| T::try_from(number).ok());
    number.map(Some).ok_or_else(|| bad(kind, word))
}

impl ClassicBuilder {
    pub(super) fn new(command: Command, taken: &[Taken<'_>], names: Names) -> Self {
        let (kind, endpoint) = service_kind(taken, names);
        Self {
            command,
            names,
            seen: 0,
            kind,
            endpoint,
            service: None,
            scheduler: None,
            scheduler_flags: None,
            flags: SchedulerFlags::default(),
            persistent: None,
            granularity: None,
            engine: None,
            real_server: None,
            method: None,
            tunnel_type: None,
            tunnel_port: None,
            weight: None,
            upper_threshold: None,
            lower_threshold: None,
            role: None,
            interface: None,
            sync_id: None,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
            timeouts: None,
            netns: None,
        }
    }

    /// Whether an option of this slot was given.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.seen & (1 << slot as u64) != 0
    }

    /// Reads the next option of the line.
    pub(super) fn take(&mut self, option: Opt, value: Option<&str>) -> Result<(), Misuse> {
        if let Some(slot) = option.row().slot {
            if self.has(slot) {
                return Err(Misuse::Repeated { name: slot.row().name });
            }
            self.seen |= 1 << slot as u64;
        }
        let word = value.unwrap_or_default();
        match option {
            Opt::Tcp | Opt::Udp | Opt::Sctp | Opt::Fwmark | Opt::Ipv6 => {
                self.take_service(option, word)
            }
            Opt::Scheduler | Opt::Persistent | Opt::Netmask | Opt::Engine | Opt::SchedFlags => {
                self.take_scheduling(option, value)
            }
            Opt::RealServer
            | Opt::Gatewaying
            | Opt::Ipip
            | Opt::Masquerading
            | Opt::TunType
            | Opt::TunPort
            | Opt::Weight
            | Opt::UpperThreshold
            | Opt::LowerThreshold => self.take_server(option, word),
            Opt::Interface | Opt::SyncId | Opt::MaxLength | Opt::Group | Opt::Port | Opt::Ttl => {
                self.take_daemon(option, word)
            }
            Opt::Netns => {
                self.netns = Some(word.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_service(&mut self, option: Opt, word: &str) -> Result<(), Misuse> {
        self.service = Some(match (option, self.service) {
            (Opt::Fwmark, _) => {
                let mark = values::number(word, 1..=u32::MAX).and_then(NonZeroU32::new);
                let mark = mark.ok_or_else(|| bad(ValueKind::Fwmark, word))?;
                ServiceKey::Fwmark { mark, family: Family::V4 }
            }
            (Opt::Ipv6, Some(ServiceKey::Fwmark { mark, .. })) => {
                ServiceKey::Fwmark { mark, family: Family::V6 }
            }
            (Opt::Ipv6, _) => return Err(Misuse::SixBeforeMark),
            _ => {
                let protocol = protocol_of(option);
                let found = self.endpoint.take();
                let found = found.unwrap_or_else(|| values::endpoint(word, protocol, self.names));
                let (address, port) = found.map_err(|reason| Misuse::Value {
                    kind: ValueKind::Service,
                    word: word.to_owned(),
                    reason,
                })?;
                ServiceKey::Address { protocol, address, port: port.unwrap_or(0) }
            }
        });
        Ok(())
    }

    fn take_scheduling(&mut self, option: Opt, value: Option<&str>) -> Result<(), Misuse> {
        let word = value.unwrap_or_default();
        match option {
            Opt::Scheduler => {
                let name = SchedulerName::new(word).map_err(|_| bad(ValueKind::Scheduler, word))?;
                self.scheduler = (!word.is_empty()).then_some(name);
            }
            Opt::Engine => {
                let name = EngineName::new(word).map_err(|_| bad(ValueKind::Engine, word))?;
                self.engine = (!word.is_empty()).then_some(name);
            }
            Opt::SchedFlags => self.scheduler_flags = Some(word.to_owned()),
            Opt::Persistent => {
                self.persistent = match value {
                    None => Some(DEFAULT_PERSISTENCE),
                    Some(word) => ranged(ValueKind::Timeout, word, 1..=MAX_PERSISTENCE)?,
                };
            }
            _ => self.granularity = Some(self.netmask(word)?),
        }
        Ok(())
    }

    fn netmask(&self, word: &str) -> Result<Granularity, Misuse> {
        match self.kind.1 {
            Family::V4 => values::netmask(word).ok_or_else(|| bad(ValueKind::Netmask, word)),
            Family::V6 => {
                values::prefix_length(word).ok_or_else(|| bad(ValueKind::PrefixLength, word))
            }
        }
    }

    fn take_server(&mut self, option: Opt, word: &str) -> Result<(), Misuse> {
        match option {
            Opt::RealServer => {
                let endpoint =
                    values::endpoint(word, self.kind.0, self.names).map_err(|reason| {
                        Misuse::Value { kind: ValueKind::RealServer, word: word.to_owned(), reason }
                    })?;
                self.real_server = Some(endpoint);
            }
            Opt::TunType => {
                self.tunnel_type = Some(match word {
                    "ipip" => TunnelType::Ipip,
                    "gue" => TunnelType::Gue,
                    "gre" => TunnelType::Gre,
                    _ => return Err(bad(ValueKind::TunnelType, word)),
                });
            }
            Opt::TunPort => self.tunnel_port = ranged(ValueKind::TunnelPort, word, 1..=65535)?,
            Opt::Weight => self.weight = ranged(ValueKind::Weight, word, 0..=MAX_WEIGHT)?,
            Opt::UpperThreshold => {
                self.upper_threshold = ranged(ValueKind::UpperThreshold, word, 0..=MAX_WEIGHT)?;
            }
            Opt::LowerThreshold => {
                self.lower_threshold = ranged(ValueKind::LowerThreshold, word, 0..=MAX_WEIGHT)?;
            }
            method => self.method = Some(method),
        }
        Ok(())
    }

    fn take_daemon(&mut self, option: Opt, word: &str) -> Result<(), Misuse> {
        match option {
            Opt::Interface => {
                let name = InterfaceName::new(word).map_err(|_| bad(ValueKind::Interface, word))?;
                self.interface = Some(name);
            }
            Opt::SyncId => self.sync_id = ranged(ValueKind::SyncId, word, 0..=255)?,
            Opt::MaxLength => {
                self.max_length = ranged(ValueKind::MaxLength, word, 1..=MAX_SYNC_LENGTH.into())?;
            }
            Opt::Port => self.port = ranged(ValueKind::DaemonPort, word, 1..=65535)?,
            Opt::Ttl => self.ttl = ranged(ValueKind::Ttl, word, 1..=255)?,
            _ => {
                let kind = if word.contains(':') { ValueKind::Group6 } else { ValueKind::Group4 };
                let address = word.parse::<IpAddr>().ok().filter(IpAddr::is_multicast);
                self.group = Some(address.ok_or_else(|| bad(kind, word))?);
            }
        }
        Ok(())
    }

    /// Reads the value of `--start-daemon` or `--stop-daemon`.
    pub(super) fn take_role(&mut self, word: Option<&str>) -> Result<(), Misuse> {
        let kind = match self.command {
            Command::StartDaemon => ValueKind::StartRole,
            Command::StopDaemon => ValueKind::StopRole,
            _ => return Ok(()),
        };
        self.role = match word {
            Some("master") => Some(DaemonRole::Master),
            Some("backup") => Some(DaemonRole::Backup),
            other => return Err(bad(kind, other.unwrap_or_default())),
        };
        Ok(())
    }

    /// Reads the three values of `--set`.
    pub(super) fn take_timeouts(&mut self, words: &[String]) -> Result<(), Misuse> {
        let [tcp, tcp_fin, udp] = words else { return Err(Misuse::ThreeTimeouts) };
        let seconds = |word: &String| {
            values::number(word, 0..=MAX_TIMEOUT).ok_or_else(|| bad(ValueKind::Timeout, word))
        };
        self.timeouts =
            Some(Timeouts { tcp: seconds(tcp)?, tcp_fin: seconds(tcp_fin)?, udp: seconds(udp)? });
        Ok(())
    }

    /// Reads the value of `-b`, which depends on the scheduler.
    pub(super) fn take_scheduler_flags(&mut self) -> Result<(), Misuse> {
        let Some(list) = self.scheduler_flags.take() else { return Ok(()) };
        let scheduler = self.scheduler.as_ref().map_or(DEFAULT_SCHEDULER, SchedulerName::as_str);
        self.flags = SchedulerFlags::parse(&list, scheduler).map_err(|flag| match flag {
            BadFlag::Unknown(word) => bad(ValueKind::SchedulerFlag, &word),
            BadFlag::Foreign(word) => bad(ValueKind::ForeignSchedulerFlag, &word),
        })?;
        Ok(())
    }

    pub(super) fn take_scheduler(&mut self) -> SchedulerName {
        self.scheduler
            .take()
            .unwrap_or_else(|| SchedulerName::from_kernel(DEFAULT_SCHEDULER.as_bytes()))
    }

    pub(super) fn take_interface(&mut self) -> InterfaceName {
        self.interface
            .take()
            .unwrap_or_else(|| InterfaceName::from_kernel(DEFAULT_INTERFACE.as_bytes()))
    }

    /// Whether `-i` was given.
    pub(super) fn is_tunnelled(&self) -> bool {
        self.method == Some(Opt::Ipip)
    }

    /// The forwarding method, with the tunnel's parameters.
    pub(super) fn forwarding(&self) -> Result<Forwarding, Misuse> {
        if self.is_tunnelled() {
            return Ok(Forwarding::Tunnel(self.tunnel()?));
        }
        if TUNNEL_SLOTS.into_iter().any(|slot| self.has(slot)) {
            return Err(Misuse::TunnelWithoutIpip);
        }
        let masquerading = self.method == Some(Opt::Masquerading);
        Ok(if masquerading { Forwarding::Masquerade } else { Forwarding::Route })
    }

    /// The tunnel that the tunnel options describe.
    fn tunnel(&self) -> Result<Tunnel, Misuse> {
        let [_, slots @ ..] = TUNNEL_SLOTS;
        let given = slots.into_iter().filter(|slot| self.has(*slot));
        let kind = self.tunnel_type.unwrap_or(TunnelType::Ipip);
        let (tunnel, legal): (_, &[Slot]) = match kind {
            TunnelType::Ipip => ("ipip", &[]),
            TunnelType::Gue => ("gue", &slots),
            TunnelType::Gre => ("gre", &[Slot::TunNocsum, Slot::TunCsum]),
        };
        if kind == TunnelType::Gue && self.tunnel_port.is_none() {
            return Err(Misuse::TunnelMissing { name: Slot::TunPort.row().name, tunnel });
        }
        let mut checksum: Option<Slot> = None;
        for slot in given {
            let later = slot.row().name;
            if !legal.contains(&slot) {
                return Err(Misuse::TunnelIllegal { name: later, tunnel });
            }
            if slot != Slot::TunPort
                && let Some(earlier) = checksum.replace(slot)
            {
                return Err(Misuse::TunnelConflict { later, earlier: earlier.row().name, tunnel });
            }
        }
        let checksum = match checksum {
            Some(Slot::TunCsum) => Checksum::Full,
            Some(Slot::TunRemcsum) => Checksum::Remote,
            _ => Checksum::None,
        };
        Ok(match kind {
            TunnelType::Ipip => Tunnel::Ipip,
            TunnelType::Gue => Tunnel::Gue { port: self.tunnel_port.unwrap_or(0), checksum },
            TunnelType::Gre => Tunnel::Gre { checksum },
        })
    }
}

fn protocol_of(option: Opt) -> Protocol {
    match option {
        Opt::Udp => Protocol::Udp,
        Opt::Sctp => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// Protocol, family and address of the service. If a line has two services, which is a mistake, the
/// first one counts, because the old tool reads the following options before it finds the second.
fn service_kind(
    taken: &[Taken<'_>],
    names: Names,
) -> ((Protocol, Family), Option<values::Endpoint>) {
    let mut kind = (Protocol::Tcp, Family::V4);
    let mut endpoint = None;
    let mut is_known = false;
    for option in taken {
        match (option.what, option.value.as_deref()) {
            (What::Option(option @ (Opt::Tcp | Opt::Udp | Opt::Sctp)), Some(word)) if !is_known => {
                let protocol = protocol_of(option);
                let found = values::endpoint(word, protocol, names);
                let family = found.as_ref().map_or(Family::V4, |(ip, _)| Family::of(ip));
                kind = (protocol, family);
                endpoint = Some(found);
                is_known = true;
            }
            (What::Option(Opt::Fwmark), _) => is_known = true,
            (What::Option(Opt::Ipv6), _) => kind.1 = Family::V6,
            _ => {}
        }
    }
    (kind, endpoint)
}
