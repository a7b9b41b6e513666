//! A real server.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::word::{Word, find, name};
use super::{Counters, RateFields, StatsFields, is_default};
use crate::model::{Checksum, Destination, DestinationEntry, DestinationKey, Forwarding, Tunnel};

const TUNNEL: &str = "tunnel";
const METHODS: [(&str, Forwarding); 4] = [
    ("route", Forwarding::Route),
    ("masquerade", Forwarding::Masquerade),
    ("local", Forwarding::Local),
    ("bypass", Forwarding::Bypass),
];
const CHECKSUMS: [(&str, Checksum); 3] =
    [("none", Checksum::None), ("full", Checksum::Full), ("remote", Checksum::Remote)];

/// A real server: `address` and `port` identify it in its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationFields {
    address: IpAddr,
    port: u16,
    #[serde(default = "default_forwarding")]
    forwarding: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<Word>,
    #[serde(default, skip_serializing_if = "is_default")]
    tunnel_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel_checksum: Option<Word>,
    #[serde(default = "default_weight")]
    weight: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    upper_threshold: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    lower_threshold: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_connections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_connections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persistent_connections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<StatsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<RateFields>,
}

fn default_forwarding() -> Word {
    "route".into()
}

fn default_weight() -> u32 {
    1
}

impl From<&Destination> for DestinationFields {
    fn from(destination: &Destination) -> Self {
        let forwarding = destination.forwarding;
        let method = match forwarding {
            Forwarding::Tunnel(_) => TUNNEL.into(),
            Forwarding::Other(number) => Word::Number(number.into()),
            _ => name(&forwarding, &METHODS).unwrap_or("route").into(),
        };
        let (tunnel, tunnel_port, tunnel_checksum) = match forwarding {
            Forwarding::Tunnel(tunnel) => tunnel_fields(tunnel),
            _ => (None, 0, None),
        };
        Self {
            address: destination.key.address,
            port: destination.key.port,
            forwarding: method,
            tunnel,
            tunnel_port,
            tunnel_checksum,
            weight: destination.weight,
            upper_threshold: destination.upper_threshold,
            lower_threshold: destination.lower_threshold,
            active_connections: None,
            inactive_connections: None,
            persistent_connections: None,
            stats: None,
            rate: None,
        }
    }
}

fn tunnel_fields(tunnel: Tunnel) -> (Option<Word>, u16, Option<Word>) {
    let word = |checksum| name(&checksum, &CHECKSUMS).map(Word::from);
    match tunnel {
        Tunnel::Ipip => (Some("ipip".into()), 0, None),
        Tunnel::Gue { port, checksum } => (Some("gue".into()), port, word(checksum)),
        Tunnel::Gre { checksum } => (Some("gre".into()), 0, word(checksum)),
        Tunnel::Other { kind, port, flags } => {
            (Some(Word::Number(kind.into())), port, Some(Word::Number(flags)))
        }
    }
}

impl DestinationFields {
    /// As listed.
    pub fn listed(entry: &DestinationEntry, counters: Counters) -> Self {
        let (stats, rate) = counters.of(&entry.stats);
        Self {
            active_connections: Some(entry.active),
            inactive_connections: Some(entry.inactive),
            persistent_connections: Some(entry.persistent),
            stats,
            rate,
            ..Self::from(&entry.destination)
        }
    }

    /// The real server; its values may be out of range.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn destination(&self) -> Result<Destination, String> {
        let Self { address, port, weight, upper_threshold, lower_threshold, .. } = *self;
        Ok(Destination {
            key: DestinationKey { address, port },
            forwarding: self.forwarding()?,
            weight,
            upper_threshold,
            lower_threshold,
        })
    }

    fn forwarding(&self) -> Result<Forwarding, String> {
        let plain =
            self.tunnel.is_none() && self.tunnel_port == 0 && self.tunnel_checksum.is_none();
        match &self.forwarding {
            Word::Text(word) if word == TUNNEL => Ok(Forwarding::Tunnel(self.tunnel()?)),
            _ if !plain => {
                Err("tunnel, tunnel_port and tunnel_checksum need forwarding tunnel".into())
            }
            Word::Number(number @ 5..=7) => {
                let [_, number] = number.to_be_bytes();
                Ok(Forwarding::Other(number))
            }
            Word::Number(number) => {
                Err(format!("forwarding: {number} has a word, or means nothing"))
            }
            Word::Text(word) => {
                find("forwarding", word, &METHODS).map_err(|text| format!("{text}, {TUNNEL}"))
            }
        }
    }

    fn tunnel(&self) -> Result<Tunnel, String> {
        let port = self.tunnel_port;
        let checksum = match &self.tunnel_checksum {
            None => Checksum::None,
            Some(Word::Text(word)) => find("tunnel_checksum", word, &CHECKSUMS)?,
            Some(Word::Number(flags)) => {
                let Some(Word::Number(kind)) = self.tunnel else {
                    return Err("tunnel_checksum: a number goes with a number of tunnel".into());
                };
                let kind = u8::try_from(kind).map_err(|_| "tunnel: at most 255".to_owned())?;
                return Ok(Tunnel::from_numbers(kind, port, *flags));
            }
        };
        let tunnel = self.tunnel.clone().unwrap_or_else(|| "ipip".into());
        let Word::Text(word) = tunnel else {
            return Err("tunnel: a number needs a number of tunnel_checksum".into());
        };
        match (word.as_str(), port, checksum) {
            ("ipip", 0, Checksum::None) => Ok(Tunnel::Ipip),
            ("ipip", ..) => Err("tunnel: ipip has neither port nor checksum".into()),
            ("gue", 1.., checksum) => Ok(Tunnel::Gue { port, checksum }),
            ("gue", ..) => Err("tunnel: gue needs tunnel_port".into()),
            ("gre", 0, Checksum::None | Checksum::Full) => Ok(Tunnel::Gre { checksum }),
            ("gre", ..) => Err("tunnel: gre has no port, and no remote checksum".into()),
            _ => Err(format!("tunnel: `{word}' is none of ipip, gue, gre")),
        }
    }
}
