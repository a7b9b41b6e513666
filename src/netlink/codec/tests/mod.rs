//! Compares the codec with messages captured from the classic tool and the kernel.

mod answers;
pub mod captured;
mod properties;
mod requests;

use netlink_packet_core::Emitable;
use netlink_packet_generic::GenlMessage;

use crate::model::field::{Assignment, assign};
use crate::model::{Protocol, SchedulerName, Service, ServiceKey};
use crate::netlink::generic::Request;

/// Decodes the hexadecimal text of a fixture.
pub fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// Encodes a request without its netlink header.
fn emitted(request: Request) -> Vec<u8> {
    let message = GenlMessage::from_payload(request);
    let mut buffer = vec![0; message.buffer_len()];
    message.emit(&mut buffer);
    buffer
}

fn key(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: address.parse().unwrap(), port }
}

fn mark(mark: u32, family: crate::model::Family) -> ServiceKey {
    ServiceKey::Fwmark { mark: mark.try_into().unwrap(), family }
}

fn service(key: ServiceKey, scheduler: &str) -> Service {
    Service::new(key, SchedulerName::new(scheduler).unwrap())
}

/// A service with the classic tool's request that adds it and the kernel's answer that lists
/// it.
struct Fixture {
    service: Service,
    request: &'static str,
    answer: &'static str,
}

/// Services of every kind. `fields` are assignments for `ipvsadm set`.
fn fixtures() -> [Fixture; 7] {
    use crate::model::Family;
    use captured as c;
    let fixture = |key, scheduler, fields: &str, request, answer| {
        let pairs = fields.split_whitespace().filter_map(|word| word.split_once('='));
        let words: Vec<Assignment> =
            pairs.map(|(key, value)| Assignment { key: key.into(), value: value.into() }).collect();
        Fixture { service: assign(&service(key, scheduler), &words).unwrap(), request, answer }
    };
    let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
    let (web, dns, sctp) =
        (key(tcp, "10.0.0.1", 80), key(udp, "10.0.0.1", 53), key(Protocol::Sctp, "10.0.0.1", 99));
    let (ipv6, sip) = (key(tcp, "fd00::1", 443), key(udp, "10.0.0.1", 5060));
    let (v4, v6) = (mark(7, Family::V4), mark(u32::MAX, Family::V6));
    let flags = "flags=sh-fallback,sh-port,flag-3";
    let prefix = "flags=mh-port persistence=600 netmask=64";
    let network = "persistence=60 netmask=255.255.0.0";
    [
        fixture(web, "wrr", "", c::ADD_TCP, c::SERVICE_TCP),
        fixture(dns, "rr", "one_packet=true", c::ADD_ONE_PACKET, c::SERVICE_ONE_PACKET),
        fixture(sctp, "sh", flags, c::ADD_SCTP_FLAGS, c::SERVICE_SCTP_FLAGS),
        fixture(ipv6, "mh", prefix, c::ADD_IPV6_PERSISTENT, c::SERVICE_IPV6),
        fixture(v4, "lc", network, c::ADD_FWMARK_MASK, c::SERVICE_FWMARK_MASK),
        fixture(v6, "nq", "", c::ADD_FWMARK_IPV6, c::SERVICE_FWMARK_IPV6),
        fixture(sip, "rr", "persistence=90 engine=sip", c::ADD_ENGINE, c::SERVICE_ENGINE),
    ]
}
