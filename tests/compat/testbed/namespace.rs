//! Network namespaces of a test, and a name service that is the same on every machine.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use tempfile::TempDir;

use super::process::must;

/// A network namespace with a table, addresses and links of its own. It ends with its last user.
pub struct Namespace {
    handle: File,
}

impl Namespace {
    /// A fresh namespace with these links and addresses, as `ip` reads them. Without any address,
    /// those of a loopback that is up included, the kernel refuses every real server. The calling
    /// thread is in the namespace afterwards.
    pub fn new(links: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("a new network namespace needs root");
        let handle = File::open("/proc/thread-self/ns/net").expect("open own network namespace");
        let namespace = Self { handle };
        if !links.is_empty() {
            namespace.ip(links);
        }
        namespace
    }

    /// Moves the calling thread, and what it starts from now on, into the namespace.
    pub fn enter(&self) {
        setns(&self.handle, CloneFlags::CLONE_NEWNET).expect("enter a network namespace");
    }

    /// Runs the lines as arguments of `ip` in the namespace.
    pub fn ip(&self, lines: &str) {
        self.enter();
        must("ip", &["-batch", "-"], Some(lines));
    }
}

const COVERED: [&str; 4] = ["hosts", "services", "resolv.conf", "nsswitch.conf"];

/// Names of the tests' own network, in place of the machine's, for one thread and its children.
pub struct NameService {
    _files: TempDir,
}

impl NameService {
    /// Covers the machine's files with those of the test.
    pub fn new(hosts: &str, services: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).expect("a new mount namespace needs root");
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("private mounts");
        let files = TempDir::new().expect("scratch directory");
        // Nobody listens there: an unknown name fails at once.
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
            // What was not covered is not uncovered.
            let _ = umount2(&Path::new("/etc").join(name), MntFlags::MNT_DETACH);
        }
    }
}

fn cover(directory: &Path, name: &str, text: &str) {
    let target = Path::new("/etc").join(name);
    if !target.exists() {
        // In a bare root file system libc's own defaults are what the machine has.
        assert!(name == "nsswitch.conf" || name == "resolv.conf", "this test needs /etc/{name}");
        return;
    }
    let source = directory.join(name);
    let mut file = File::create(&source).expect("scratch file");
    file.write_all(text.as_bytes()).expect("write scratch file");
    mount(Some(&source), &target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .unwrap_or_else(|error| panic!("cannot cover {}: {error}", target.display()));
}
