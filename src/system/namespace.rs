//! Network namespaces by name or process.

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

/// Where `ip netns` keeps the namespaces that have a name.
const FOLDER: &str = "/run/netns";

/// The socket option that tells the number of its network namespace (Linux 5.14).
#[derive(Clone, Copy)]
struct Cookie;

nix::getsockopt_impl!(Cookie, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, u64, GetStruct<u64>);

/// The number of this network namespace. No other namespace has it until the next boot, unlike the
/// inode, which comes again. `None` on kernels before 5.14.
pub fn cookie() -> Option<u64> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None).ok()?;
    cookie_of(&socket)
}

/// The number of the network namespace in which the socket was made.
pub fn cookie_of(socket: &impl AsFd) -> Option<u64> {
    getsockopt(socket, Cookie).ok()
}

/// Enters the network namespace that `ip netns` calls `name`, or that of process `name`.
///
/// Only the calling thread changes; sockets and /proc files opened by it afterwards belong to the
/// namespace. `path` is the name in bytes, where it contains a slash.
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

/// The namespace whose name differs least from one that does not exist.
fn nearest(name: &str) -> Option<String> {
    let far = name.chars().count() / 2;
    let names = names().into_iter();
    let known = names.map(|known| (strsim::damerau_levenshtein(&known, name), known));
    known.filter(|(distance, _)| *distance <= far.min(3)).min().map(|(_, known)| known)
}

/// Whether `--netns` names the namespace of a process.
pub fn is_process(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The namespaces that have a name.
pub fn names() -> BTreeSet<String> {
    names_in(FOLDER)
}
