//! Tests of the library on a real kernel. If the machine's own has no IPVS, `scripts/test.sh`
//! starts one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panic")]

mod batch;
#[path = "../common/mod.rs"]
mod common;
mod daemons;
mod destinations;
mod dumps;
mod privilege;
mod services;
mod state;

use ipvsadm::model::{
    Destination, DestinationKey, Operation, Protocol, SchedulerName, Service, ServiceKey,
};
use ipvsadm::{Errno, Error};

const EPERM: Errno = Errno(1);
const ENOENT: Errno = Errno(2);
const ESRCH: Errno = Errno(3);
const EEXIST: Errno = Errno(17);
const EINVAL: Errno = Errno(22);

fn key(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: address.parse().unwrap(), port }
}

fn web() -> ServiceKey {
    key(Protocol::Tcp, "10.0.0.1", 80)
}

fn service(key: ServiceKey) -> Service {
    Service::new(key, SchedulerName::new("rr").unwrap())
}

fn server(address: &str, port: u16) -> Destination {
    Destination::new(DestinationKey { address: address.parse().unwrap(), port })
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, operation: Operation, errno: Errno) {
    match result {
        Err(Error::Kernel { operation: found, errno: number, .. }) => {
            assert_eq!((found, number), (operation, errno));
        }
        other => panic!("{operation:?} should fail with {errno}: {other:?}"),
    }
}
