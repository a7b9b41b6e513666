//! Network namespaces of a test, and host and port names that are equal on every machine.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use tempfile::TempDir;

use super::process::must;

/// A network namespace with its own table, addresses and links. It ends with its last user.
pub struct Namespace {
    handle: File,
}

impl Namespace {
    /// Creates a namespace with these links and addresses, as arguments of `ip`. The calling thread
    /// enters it. Without any address, not even on loopback, the kernel refuses every real server.
    pub fn new(links: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("a new network namespace needs root");
        let handle = File::open("/proc/thread-self/ns/net").expect("open own network namespace");
        let namespace = Self { handle };
        if !links.is_empty() {
            namespace.ip(links);
        }
        namespace
    }

    /// Moves the calling thread into the namespace; later children start there too.
    pub fn enter(&self) {
        setns(&self.handle, CloneFlags::CLONE_NEWNET).expect("enter a network namespace");
    }

    /// Runs each line as arguments of `ip` in the namespace.
    pub fn ip(&self, lines: &str) {
        self.enter();
        must("ip", &["-batch", "-"], Some(lines));
    }
}

const COVERED: [&str; 4] = ["hosts", "services", "resolv.conf", "nsswitch.conf"];

/// Replaces the machine's host and port names by those of the tests, for one thread and its
/// children.
pub struct NameService {
    _files: TempDir,
}

impl NameService {
    /// Mounts files over the machine's /etc/hosts and similar ones.
    pub fn new(hosts: &str, services: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).expect("a new mount namespace needs root");
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("private mounts");
        let files = TempDir::new().expect("scratch directory");
        // No name server listens there, so that an unknown name fails at once.
        let resolver = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
        let sources = "hosts: files dns\nservices: files\n";
        for (name, text) in COVERED.into_iter().zip([hosts, services, resolver, sources]) {
            cover(files.path(), name, text);
        }
        Self { _files: files }
    }
}

impl Drop for NameService {
    fn drop(&mut self) {
        for name in COVERED {
            // A file that was not mounted over causes an error, which does not matter.
            let _ = umount2(&Path::new("/etc").join(name), MntFlags::MNT_DETACH);
        }
    }
}

fn cover(directory: &Path, name: &str, text: &str) {
    let target = Path::new("/etc").join(name);
    if !target.exists() {
        // These two may be missing in a minimal file system; then libc uses its defaults.
        assert!(name == "nsswitch.conf" || name == "resolv.conf", "this test needs /etc/{name}");
        return;
    }
    let source = directory.join(name);
    let mut file = File::create(&source).expect("scratch file");
    file.write_all(text.as_bytes()).expect("write scratch file");
    mount(Some(&source), &target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .unwrap_or_else(|error| panic!("cannot cover {}: {error}", target.display()));
}
