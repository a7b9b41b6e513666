//! Messages for the kernel's error numbers, which depend on the request.
//!
//! IPVS sends no texts with its errors (checked on 6.1), so number and request are the only
//! sources.

use std::fmt;
use std::io;

use super::pasted;
use crate::model::{Operation, nearest_schedulers};

/// A positive error number of the kernel, as in `errno.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// The caller lacks `CAP_NET_ADMIN` in the initial user namespace.
    pub const EPERM: Self = Self(1);
    /// Unknown real server. For a new or changed service: unknown scheduler or engine.
    pub const ENOENT: Self = Self(2);
    /// Unknown service, or no running sync daemon of that role.
    pub const ESRCH: Self = Self(3);
    /// The kernel is out of memory.
    pub const ENOMEM: Self = Self(12);
    /// The object exists already.
    pub const EEXIST: Self = Self(17);
    /// No such interface.
    pub const ENODEV: Self = Self(19);
    /// A value out of range.
    pub const EINVAL: Self = Self(22);
    /// The lower threshold is above the upper one.
    pub const ERANGE: Self = Self(34);
    /// The request has the format of another version of IPVS.
    pub const EMSGSIZE: Self = Self(90);
    /// The kernel has no IPVS.
    pub const ENOPROTOOPT: Self = Self(92);
    /// Not supported for IPv6.
    pub const EOPNOTSUPP: Self = Self(95);
    /// The kernel does not support the address family.
    pub const EAFNOSUPPORT: Self = Self(97);
    /// The network is unreachable: no route.
    pub const ENETUNREACH: Self = Self(101);
    /// The host is unreachable: no route.
    pub const EHOSTUNREACH: Self = Self(113);
}

/// Writes the C library's text for the error number.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = io::Error::from_raw_os_error(self.0).to_string();
        f.write_str(text.split(" (os error").next().unwrap_or(&text))
    }
}

/// The line that ipvsadm 1.31 prints for `errno` after `operation`.
pub(super) fn text(operation: Operation, errno: Errno) -> String {
    use Operation as O;
    let fixed = match (operation, errno) {
        (O::AddService, Errno::EEXIST) => "Service already exists",
        (O::AddDestination, Errno::EEXIST) => "Destination already exists",
        (O::StartDaemon, Errno::EEXIST) => "Daemon has already run",
        (O::AddService | O::UpdateService, Errno::ENOENT) => {
            "Scheduler or persistence engine not found"
        }
        (O::UpdateDestination | O::DeleteDestination, Errno::ENOENT) => "No such destination",
        (O::UpdateService | O::DeleteService | O::Zero | O::GetService, Errno::ESRCH) => {
            "No such service"
        }
        (O::AddDestination | O::UpdateDestination | O::DeleteDestination, Errno::ESRCH) => {
            "Service not defined"
        }
        (O::StopDaemon, Errno::ESRCH) => "No daemon is running",
        (_, Errno::EPERM) => return format!("Can't initialize ipvs: {}", unavailable(errno)),
        (_, Errno::EINVAL) => {
            "Invalid operation.  Possibly wrong module version, address not unicast, ..."
        }
        (_, Errno::ENOPROTOOPT) => "Protocol not available",
        (_, Errno::ENOMEM) => "Memory allocation problem",
        (_, Errno::EOPNOTSUPP) => "Operation not supported with IPv6",
        (_, Errno::EAFNOSUPPORT) => "Operation not supported with specified address family",
        (_, Errno::EMSGSIZE) => "Module is wrong version",
        _ => return errno.to_string(),
    };
    fixed.to_owned()
}

/// Reason why IPVS is not available, in the old tool's words.
pub(super) fn unavailable(errno: Errno) -> String {
    match errno {
        Errno::EPERM => "Permission denied (you must be root)".to_owned(),
        Errno::ENOPROTOOPT => "Protocol not available".to_owned(),
        other => other.to_string(),
    }
}

/// Remedy if IPVS is not available.
pub(super) fn unavailable_hint(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::EPERM => Some(
            "IPVS accepts requests only from root (CAP_NET_ADMIN) in the initial user namespace; \
             root of a rootless container is not enough",
        ),
        Errno::ENOPROTOOPT | Errno::ENOENT => Some(
            "the kernel has no IPVS: load it with `modprobe ip_vs' on the host, or use a kernel \
             built with CONFIG_IP_VS",
        ),
        _ => None,
    }
}

/// Hints: the object of the request and the usual cause.
pub(super) fn hints(operation: Operation, errno: Errno, object: &str) -> Vec<String> {
    let mut hints = Vec::new();
    if !object.is_empty() {
        hints.push(object.to_owned());
    }
    let value_of = |option| object.split(' ').skip_while(|word| *word != option).nth(1);
    // The kernel looks for an interface only when a daemon starts.
    let is_absent = (operation, errno) == (Operation::StartDaemon, Errno::ENODEV);
    let label = object.rsplit(' ').next().filter(|_| is_absent);
    match label.filter(|name| name.contains(':')).and_then(pasted::interface) {
        Some(text) => hints.push(text),
        None => hints.extend(cause(operation, errno).map(str::to_owned)),
    }
    if errno == Errno::ENOENT
        && matches!(operation, Operation::AddService | Operation::UpdateService)
    {
        let (scheduler, engine) = (value_of("-s"), value_of("--pe"));
        let modules = [scheduler.map(scheduler_module), engine.map(engine_module)];
        hints.extend(no_module(&modules.into_iter().flatten().collect::<Vec<_>>()));
        hints.extend(scheduler.and_then(meant));
    }
    hints
}

/// Name of a scheduler's module.
pub(super) fn scheduler_module(name: &str) -> String {
    format!("ip_vs_{name}")
}

/// Name of a persistence engine's module.
pub(super) fn engine_module(name: &str) -> String {
    format!("ip_vs_pe_{name}")
}

/// Names the missing module, or the modules of which one is missing.
pub(super) fn no_module(modules: &[String]) -> Option<String> {
    (!modules.is_empty()).then(|| format!("the kernel has no module {}", modules.join(" or ")))
}

/// Recognises pasted text in a name, and proposes schedulers for a mistyped one.
pub(super) fn meant(scheduler: &str) -> Option<String> {
    if let Some(text) = pasted::remark(scheduler) {
        return Some(format!("`{scheduler}': {text}"));
    }
    let nearest = nearest_schedulers(scheduler);
    if nearest.is_empty() { None } else { Some(format!("did you mean {}?", nearest.join(" or "))) }
}

fn cause(operation: Operation, errno: Errno) -> Option<&'static str> {
    use Operation as O;
    Some(match (operation, errno) {
        (_, Errno::EPERM) => return unavailable_hint(errno),
        (O::AddService, Errno::EEXIST) => "to change the service, use -E",
        (O::AddDestination, Errno::EEXIST) => "to change the real server, use -e",
        (O::UpdateService, Errno::ESRCH) => "to add the service, use -A",
        (O::UpdateDestination, Errno::ENOENT) => "to add the real server, use -a",
        (O::AddDestination | O::UpdateDestination | O::DeleteDestination, Errno::ESRCH) => {
            "there is no such virtual service: add it first with -A"
        }
        (O::AddDestination, Errno::EINVAL) => {
            "the real server must have a unicast address; in a new network namespace, first run \
             `ip link set lo up'; a real server of the other address family needs -i, and is \
             not possible while a sync daemon runs"
        }
        (O::AddDestination | O::UpdateDestination, Errno::ERANGE) => {
            "the lower threshold (-y) must not be above the upper one (-x)"
        }
        (O::StartDaemon, Errno::EEXIST) => "one daemon of each role runs per network namespace",
        (O::StartDaemon, Errno::ENODEV) => {
            "this network namespace has no interface of that name (--mcast-interface)"
        }
        (O::StartDaemon, Errno::EINVAL) => {
            "the group must be a multicast address, and no service may have real servers of the \
             other address family"
        }
        (O::SetTimeouts, Errno::EINVAL) => "this kernel accepts only shorter time-outs",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
