//! Enters and names network namespaces.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::sockopt::GetStruct;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, socket};

use super::names_in;
use crate::error::Error;
use crate::model::in_namespace::is_process;

/// Folder in which `ip netns` keeps named namespaces.
const FOLDER: &str = "/run/netns";

/// Socket option that returns the cookie of the socket's network namespace (Linux 5.14).
#[derive(Clone, Copy)]
struct Cookie;

nix::getsockopt_impl!(Cookie, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, u64, GetStruct<u64>);

/// Cookie of this thread's network namespace. Unlike the inode number, the kernel never reuses it
/// before the next boot. `None` on kernels before 5.14.
pub fn cookie() -> Option<u64> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None).ok()?;
    cookie_of(&socket)
}

/// Cookie of the network namespace in which the socket was opened.
pub fn cookie_of(socket: &impl AsFd) -> Option<u64> {
    getsockopt(socket, Cookie).ok()
}

/// Enters the network namespace `name` of `ip netns`, or that of the process with number `name`.
///
/// Only the calling thread changes. Its sockets and /proc files belong to the new namespace if it
/// opens them afterwards. If the name contains a slash, it is a path, taken from `path` because a
/// path may not be UTF-8.
pub fn enter(name: &str, path: &Path) -> Result<(), Error> {
    let failed = |source: io::Error| {
        let is_absent = source.kind() == io::ErrorKind::NotFound;
        let nearest = if is_absent { nearest(name) } else { None };
        Error::Namespace { name: name.to_owned(), nearest, source }
    };
    let path = if is_process(name) {
        Path::new("/proc").join(name).join("ns/net")
    } else if name.contains('/') {
        path.to_owned()
    } else {
        Path::new(FOLDER).join(path)
    };
    let file = File::open(path).map_err(failed)?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|errno| failed(errno.into()))
}

/// The most similar name of an existing namespace.
fn nearest(name: &str) -> Option<String> {
    let far = name.chars().count() / 2;
    let names = names().into_iter();
    let known = names.map(|known| (strsim::damerau_levenshtein(&known, name), known));
    known.filter(|(distance, _)| *distance <= far.min(3)).min().map(|(_, known)| known)
}

/// Names of the namespaces that `ip netns` manages.
pub fn names() -> BTreeSet<String> {
    names_in(FOLDER)
}
