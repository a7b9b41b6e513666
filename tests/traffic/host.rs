//! A host: one network namespace in which tests run commands.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Output, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

/// Time limit of each command, in seconds. Only a command that hangs reaches it.
const SECONDS: &str = "600";

pub struct Host {
    pub name: &'static str,
    /// Last byte of the host's MAC addresses; the first is 2.
    pub number: u8,
    namespace: File,
}

impl Host {
    pub fn new(name: &'static str, number: u8) -> Self {
        let namespace = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a new network namespace: are you root?");
            File::open("/proc/thread-self/ns/net").expect("the new network namespace")
        });
        let host = Self { name, number, namespace: namespace.join().expect("a new namespace") };
        // A new namespace copies its IPv4 settings from the initial one.
        for key in ["rp_filter", "arp_ignore", "arp_announce", "forwarding"] {
            host.sysctl(&format!("ipv4/conf/all/{key}"), "0");
            host.sysctl(&format!("ipv4/conf/default/{key}"), "0");
        }
        for key in ["disable_ipv6", "accept_dad", "accept_ra"] {
            host.sysctl(&format!("ipv6/conf/default/{key}"), "0");
        }
        host
    }

    /// Runs `work` in the namespace. Sockets opened there stay there.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.namespace, CloneFlags::CLONE_NEWNET).expect("into the namespace");
                work()
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Path of the namespace for `ip link … netns PATH`.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.namespace.as_raw_fd())
    }

    pub fn mac(&self, interface: u8) -> [u8; 6] {
        [2, 0, 0, 0, interface, self.number]
    }

    pub fn sysctl(&self, key: &str, value: &str) {
        self.run(|| fs::write(format!("/proc/sys/net/{key}"), value))
            .unwrap_or_else(|error| panic!("{}: sysctl {key}={value}: {error}", self.name));
    }

    /// Runs a command with `input`; it may fail.
    pub fn attempt(&self, words: &[&str], input: &str) -> Output {
        self.run(|| {
            let mut child = Command::new("timeout")
                .arg(SECONDS)
                .args(words)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| panic!("{words:?}: {error}"));
            let mut stdin = child.stdin.take().expect("a pipe");
            stdin.write_all(input.as_bytes()).expect("the command reads");
            drop(stdin);
            child.wait_with_output().expect("the command ends")
        })
    }

    /// Runs a command that must succeed, and returns its output.
    pub fn command(&self, words: &[&str], input: &str) -> String {
        let output = self.attempt(words, input);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {} ended with {}: {complaint}{input}",
            self.name,
            words.join(" "),
            output.status
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs lines with `ip -batch`.
    pub fn ip(&self, lines: &str) {
        self.command(&["ip", "-batch", "-"], lines);
    }
}
