//! Complete requests: the command and its attributes.

use super::{Attributes, daemon, destination, service, timeouts};
use crate::model::{Change, ServiceKey};
use crate::netlink::generic::Request;
use crate::netlink::uapi::{command, message};

pub fn encode(change: &Change) -> Request {
    match change {
        Change::AddService(it) => of_service(command::NEW_SERVICE, |to| service::encode(to, it)),
        Change::UpdateService(it) => of_service(command::SET_SERVICE, |to| service::encode(to, it)),
        Change::DeleteService(key) => of_service(command::DEL_SERVICE, |to| service::key(to, key)),
        Change::AddDestination(key, it) => {
            of_destination(command::NEW_DEST, key, |to| destination::encode(to, it, key.family()))
        }
        Change::UpdateDestination(key, it) => {
            of_destination(command::SET_DEST, key, |to| destination::encode(to, it, key.family()))
        }
        Change::DeleteDestination(key, it) => {
            of_destination(command::DEL_DEST, key, |to| destination::key(to, it, key.family()))
        }
        Change::Flush => plain(command::FLUSH),
        Change::Zero(None) => plain(command::ZERO),
        Change::Zero(Some(key)) => of_service(command::ZERO, |to| service::key(to, key)),
        Change::SetTimeouts(it) => request(command::SET_CONFIG, |to| timeouts::encode(to, *it)),
        Change::StartDaemon(it) => of_daemon(command::NEW_DAEMON, |to| daemon::encode(to, it)),
        Change::StopDaemon(role) => of_daemon(command::DEL_DAEMON, |to| daemon::key(to, *role)),
    }
}

/// A request without attributes.
pub fn plain(command: u8) -> Request {
    Request::new(command, Attributes::none())
}

pub fn get_service(key: &ServiceKey) -> Request {
    of_service(command::GET_SERVICE, |to| service::key(to, key))
}

/// A request for the list of a service's destinations.
pub fn get_destinations(key: &ServiceKey) -> Request {
    of_service(command::GET_DEST, |to| service::key(to, key))
}

fn request(command: u8, fill: impl FnOnce(&mut Attributes)) -> Request {
    let mut attributes = Attributes::new();
    fill(&mut attributes);
    Request::new(command, attributes)
}

fn of_service(command: u8, fill: impl FnOnce(&mut Attributes)) -> Request {
    request(command, |to| {
        to.nested(message::SERVICE, fill);
    })
}

fn of_destination(command: u8, key: &ServiceKey, fill: impl FnOnce(&mut Attributes)) -> Request {
    request(command, |to| {
        to.nested(message::SERVICE, |to| service::key(to, key)).nested(message::DEST, fill);
    })
}

fn of_daemon(command: u8, fill: impl FnOnce(&mut Attributes)) -> Request {
    request(command, |to| {
        to.nested(message::DAEMON, fill);
    })
}
