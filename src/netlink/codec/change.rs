//! Requests, whole.

use super::{Attribute, daemon, destination, service, timeouts};
use crate::model::{Change, ServiceKey};
use crate::netlink::generic::Request;
use crate::netlink::uapi::{command, message};

/// The request for `change`.
pub fn encode(change: &Change) -> Request<'_> {
    match change {
        Change::AddService(it) => of_service(command::NEW_SERVICE, service::encode(it)),
        Change::UpdateService(it) => of_service(command::SET_SERVICE, service::encode(it)),
        Change::DeleteService(key) => of_service(command::DEL_SERVICE, service::key(key)),
        Change::AddDestination(key, it) => {
            of_destination(command::NEW_DEST, key, destination::encode(it))
        }
        Change::UpdateDestination(key, it) => {
            of_destination(command::SET_DEST, key, destination::encode(it))
        }
        Change::DeleteDestination(key, it) => {
            of_destination(command::DEL_DEST, key, destination::key(it))
        }
        Change::Flush => plain(command::FLUSH),
        Change::Zero(None) => plain(command::ZERO),
        Change::Zero(Some(key)) => of_service(command::ZERO, service::key(key)),
        Change::SetTimeouts(it) => Request::new(command::SET_CONFIG, timeouts::encode(*it)),
        Change::StartDaemon(it) => of_daemon(command::NEW_DAEMON, daemon::encode(it)),
        Change::StopDaemon(role) => of_daemon(command::DEL_DAEMON, daemon::key(*role)),
    }
}

/// A request that needs no more words.
pub fn plain(command: u8) -> Request<'static> {
    Request::new(command, Vec::new())
}

/// The request for one service.
pub fn get_service(key: &ServiceKey) -> Request<'_> {
    of_service(command::GET_SERVICE, service::key(key))
}

/// The request for the destinations of a service.
pub fn get_destinations(key: &ServiceKey) -> Request<'_> {
    of_service(command::GET_DEST, service::key(key))
}

fn of_service(command: u8, attributes: Vec<Attribute<'_>>) -> Request<'_> {
    Request::new(command, vec![Attribute::nested(message::SERVICE, attributes)])
}

fn of_destination<'a>(
    command: u8,
    key: &'a ServiceKey,
    attributes: Vec<Attribute<'a>>,
) -> Request<'a> {
    let service = Attribute::nested(message::SERVICE, service::key(key));
    Request::new(command, vec![service, Attribute::nested(message::DEST, attributes)])
}

fn of_daemon(command: u8, attributes: Vec<Attribute<'_>>) -> Request<'_> {
    Request::new(command, vec![Attribute::nested(message::DAEMON, attributes)])
}
