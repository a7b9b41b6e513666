//! A real server and a neighbour on one network, each in its own network namespace.

use std::fmt::Write as _;
use std::fs::{self, DirEntry, File};
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once};

use nix::sched::{CloneFlags, setns};

pub const VIP: &str = "10.0.0.80";

/// Modules to load first. They add fallback interfaces to every new namespace and are never
/// unloaded.
const MODULES: [&str; 11] = [
    "dummy",
    "veth",
    "ipip",
    "sit",
    "ip_gre",
    "ip6_tunnel",
    "ip6_gre",
    "fou",
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wlc",
];

/// Parameter that decides whether new namespaces get the fallback interfaces. Without them, tests
/// are much faster.
const FALLBACKS: &str = "/proc/sys/net/core/fb_tunnels_only_for_init_net";

static LOADED: Once = Once::new();
static MAKING: Mutex<()> = Mutex::new(());
static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct Lan {
    pub rs: String,
    pub neighbour: String,
}

impl Lan {
    pub fn new() -> Self {
        Self::made("1")
    }

    /// Creates hosts with `tunl0` and similar interfaces, which real hosts have once the modules
    /// are loaded.
    pub fn with_fallbacks() -> Self {
        Self::made("0")
    }

    fn made(without_fallbacks: &str) -> Self {
        LOADED.call_once(|| {
            // On a kernel without loadable modules, `ip link add` fails if a kind is missing.
            if Path::new("/lib/modules").exists() {
                must(&[&["modprobe", "-a"], &MODULES[..]].concat());
            }
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |role: &str| format!("{role}{}-{number}", std::process::id());
        let lan = Self { rs: name("rs"), neighbour: name("nb") };
        let making = MAKING.lock();
        fs::write(FALLBACKS, without_fallbacks).unwrap();
        must(&["ip", "netns", "add", &lan.rs]);
        must(&["ip", "netns", "add", &lan.neighbour]);
        drop(making);
        let link = format!("link add v0 type veth peer name v1 netns {}", lan.neighbour);
        configure(&lan.rs, &[link, up("v0", 2)].join("\n"));
        configure(&lan.neighbour, &up("v1", 1));
        lan.rs("ip route add default via 10.0.0.254");
        lan
    }

    /// Runs a command on the real server, which must succeed.
    pub fn rs(&self, command: &str) -> String {
        within(&self.rs, command)
    }

    /// Runs this project's program on the real server.
    pub fn ipvsadm(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipvsadm"));
        command.args(words.split_whitespace()).args(["--netns", &self.rs]);
        command.output().unwrap()
    }

    /// Like [`Self::ipvsadm`], but must succeed. Returns standard output.
    pub fn ok(&self, words: &str) -> String {
        let output = self.ipvsadm(words);
        let text = text(&output);
        assert!(output.status.success(), "ipvsadm {words}: {}\n{text}", output.status);
        text
    }

    /// Text of everything that `prepare` may change.
    pub fn snapshot(&self) -> String {
        self.inside(|| {
            let mut state = String::new();
            // One `ip` process for all commands, because starting a process is slow in a guest.
            let batch = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prepare/state.batch");
            let command = ["nft", "list", "ruleset"];
            let _ = writeln!(state, "# {command:?}\n{}", timeless(&must(&command)));
            // The kernel may lack `fou`, and lacks `arp_tables` since Linux 7.2.
            for command in
                [&["ip", "-d", "-force", "-batch", batch][..], &["arptables-legacy", "-n", "-L"]]
            {
                let output = Command::new(command[0]).args(&command[1..]).output();
                let output = output.unwrap_or_else(|why| panic!("{} is needed: {why}", command[0]));
                let listing = String::from_utf8_lossy(&output.stdout);
                let _ = writeln!(state, "# {command:?}\n{}", timeless(&listing));
            }
            assert!(state.contains(": lo: "), "{state}");
            parameters(Path::new("/proc/sys/net"), &mut state);
            state
        })
    }

    /// Runs `work` in a thread in the real server's namespace.
    fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        inside(&self.rs, work)
    }

    /// The state files of this namespace, including drafts of a killed run.
    pub fn state_files(&self) -> Vec<String> {
        let number = self.inside(|| {
            std::os::unix::fs::MetadataExt::ino(&fs::metadata("/proc/thread-self/ns/net").unwrap())
        });
        let paths = ["/run", "/var/lib"].into_iter().flat_map(|folder| {
            let names =
                ["rs", "director"].map(|verb| format!("{folder}/ipvsadm/{verb}-netns-{number}"));
            names
                .into_iter()
                .flat_map(|name| ["json", "new"].map(|ending| format!("{name}.{ending}")))
        });
        paths.filter(|path| Path::new(path).exists()).collect()
    }
}

/// Arguments of `ip` that set up a host with this interface.
fn up(device: &str, last: u8) -> String {
    // Without link-local addresses, which appear late and would change snapshots.
    format!(
        "link set lo up
         link set {device} addrgenmode none
         link set {device} up
         address add 10.0.0.{last}/24 dev {device}
         address add 2001:db8::{last}/64 dev {device} nodad"
    )
}

/// Files that `--persist` has written for an address.
pub fn files_of(vip: &str) -> String {
    let name = format!("*{vip}*");
    must(&["find", "/etc/systemd", "/etc/sysctl.d", "/etc/modules-load.d", "-name", &name])
}

impl Drop for Lan {
    fn drop(&mut self) {
        for path in self.state_files() {
            let _ = fs::remove_file(path);
        }
        for name in [&self.rs, &self.neighbour] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

/// Removes the remaining lifetimes of routes.
fn timeless(text: &str) -> String {
    let mut parts = text.split(" expires ");
    let mut timeless = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        timeless.push_str(part.trim_start_matches(|it: char| !it.is_whitespace()));
    }
    timeless
}

/// Reads kernel parameters, except counters. There are a thousand, and system calls are slow in a
/// guest.
fn parameters(folder: &Path, state: &mut String) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            parameters(&path, state);
        } else if entry.file_name() != "nf_conntrack_count"
            && let Ok(value) = parameter(&path)
        {
            let _ = writeln!(state, "{} = {value}", path.display());
        }
    }
}

/// Reads a parameter in one system call, since the kernel returns it whole.
fn parameter(path: &Path) -> io::Result<String> {
    let mut value = [0; 4096];
    let length = File::open(path)?.read(&mut value)?;
    assert!(length < value.len(), "{} is longer than is read here", path.display());
    Ok(String::from_utf8_lossy(&value[..length]).into_owned())
}

/// Runs `work` in a thread in a host's namespace. Sockets opened there stay in that namespace.
pub fn inside<T: Send>(host: &str, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let file = File::open(format!("/run/netns/{host}")).unwrap();
            setns(file, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

pub fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Command prefix that hides nft and arptables.
pub const WITHOUT_FILTERS: [&str; 6] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "for folder in /usr/sbin /usr/bin; do
        for name in nft arptables arptables-nft arptables-legacy; do
            ! test -e $folder/$name || mount --bind /dev/null $folder/$name || exit 9
        done
    done
    exec \"$@\"",
    "sh",
];

pub fn must(words: &[&str]) -> String {
    let output = Command::new(words[0]).args(&words[1..]).output();
    let output = output.unwrap_or_else(|error| panic!("{} is needed: {error}", words[0]));
    assert!(output.status.success(), "{words:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn within(host: &str, command: &str) -> String {
    // `ip -n` enters the namespace itself; other commands also need the namespace's /sys.
    let (entry, command) = match command.strip_prefix("ip ") {
        Some(command) => (&["ip", "-n", host][..], command),
        None => (&["ip", "netns", "exec", host][..], command),
    };
    let words: Vec<&str> = entry.iter().copied().chain(command.split(' ')).collect();
    must(&words)
}

/// Runs each line as arguments of one `ip` process on a host.
fn configure(host: &str, lines: &str) {
    let mut ip = Command::new("ip")
        .args(["-n", host, "-batch", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("ip is needed");
    ip.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(ip.wait().unwrap().success(), "ip on {host}:\n{lines}");
}

/// Fails with the lines that differ.
pub fn assert_same(before: &str, after: &str, what: &str) {
    if before == after {
        return;
    }
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{line}"));
    let lines: Vec<String> = gone.chain(come).collect();
    panic!("{what}:\n{}", lines.join("\n"));
}

/// Removes what differs between equal hosts: interface indices and random addresses.
fn comparable(snapshot: &str) -> String {
    let mut text = String::new();
    for line in snapshot.lines() {
        if line.contains("fe80::") || line.contains("link/") {
            continue;
        }
        let line = match line.split_once(": ") {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Checks that a dry run changes nothing and that its script does what `prepare` does.
pub fn script_does_the_same(make: impl Fn() -> Lan, verb: &str, spec: &str) {
    let lan = make();
    let before = lan.snapshot();
    let script = lan.ok(&format!("{verb} prepare {spec} --dry-run"));
    assert_same(&before, &lan.snapshot(), &format!("dry run of {spec}"));
    let path = std::env::temp_dir().join(format!("{}.sh", lan.rs));
    fs::write(&path, script).unwrap();
    lan.rs(&format!("sh {}", path.display()));
    fs::remove_file(&path).unwrap();
    let by_script = lan.snapshot();
    let other = make();
    other.ok(&format!("{verb} prepare {spec}"));
    assert_same(&comparable(&other.snapshot()), &comparable(&by_script), spec);
}
