//! Compares the codec with messages captured from the classic tool and the kernel.

mod answers;
pub mod captured;
mod properties;
mod requests;

use netlink_packet_core::Emitable;
use netlink_packet_generic::GenlMessage;

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

/// The services described by the fixtures, in the order of `ADD_*` and `SERVICE_*`.
fn services() -> [Service; 7] {
    use crate::model::{EngineName, Family, Granularity, Persistence, SchedulerFlags};
    let persistence = |timeout, granularity| Some(Persistence { timeout, granularity });
    [
        service(key(Protocol::Tcp, "10.0.0.1", 80), "wrr"),
        Service { one_packet: true, ..service(key(Protocol::Udp, "10.0.0.1", 53), "rr") },
        Service {
            flags: SchedulerFlags::from_bits(0b111),
            ..service(key(Protocol::Sctp, "10.0.0.1", 99), "sh")
        },
        Service {
            flags: SchedulerFlags::from_bits(0b010),
            persistence: persistence(600, Granularity::V6(64)),
            ..service(key(Protocol::Tcp, "fd00::1", 443), "mh")
        },
        Service {
            persistence: persistence(60, Granularity::V4([255, 255, 0, 0].into())),
            ..service(mark(7, Family::V4), "lc")
        },
        service(mark(u32::MAX, Family::V6), "nq"),
        Service {
            persistence: persistence(90, Granularity::host(Family::V4)),
            engine: Some(EngineName::new("sip").unwrap()),
            ..service(key(Protocol::Udp, "10.0.0.1", 5060), "rr")
        },
    ]
}
