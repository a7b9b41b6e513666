//! A machine inside the guest: a Debian root file system whose changes are discarded, with its own
//! processes, mounts and network. Process 1 is systemd or nothing.

use std::fmt;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Time limit of each command. A boot next to other guests on a busy machine can take minutes.
const LIMIT: Duration = Duration::from_secs(600);

/// Software that is installed at the start.
#[derive(Clone, Copy, Debug)]
pub enum Root {
    /// A minimal Debian with systemd and iproute2.
    Fresh,
    /// [`Root::Fresh`] with a web client and a web server.
    Equipped,
    /// [`Root::Fresh`] with Debian's ipvsadm, programs that call it, shells, and rpm.
    Field,
}

/// Process 1 of a machine.
#[derive(Clone, Copy, Debug)]
pub enum Init {
    /// systemd, as on a Debian server.
    Systemd,
    /// No services, as in a container; init scripts are called by hand.
    None,
}

/// Output and exit status of a command.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "exit status {:?}", self.status)?;
        writeln!(f, "{}{}", self.stdout, self.stderr)
    }
}

/// Moves process 1 into its own control group and makes that group its root. In a shared tree, the
/// systemd of one machine would remove groups of another machine's services.
const SETUP: &str = r#"
set -eu
mount --make-rprivate /
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$group"
echo 0 >"/sys/fs/cgroup/$group/cgroup.procs"
umount /sys/fs/cgroup
exec unshare --cgroup bash -c "$inside"
"#;

/// Mounts the machine's file system and starts process 1.
const INSIDE: &str = r#"
set -eu
place=$(mktemp -d -p /run)
mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place/upper" "$place/scratch" "$place/root"
mount -t overlay -o "lowerdir=$root,upperdir=$place/upper,workdir=$place/scratch" overlay "$place/root"
cd "$place/root"
mkdir -p packages rpm lib/modules
mount --rbind /lib/modules lib/modules
mount --bind "$ours" packages
mount --bind "$rpm" rpm
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
cp "$debian" opt/debian.deb
pivot_root . mnt
umount -l mnt
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
hostname machine
ip link set lo up
sh -euc "$before"
case $init in
	systemd) exec env -i PATH=$PATH container=testbed /lib/systemd/systemd --system ;;
	none) exec sleep infinity ;;
esac
"#;

/// Ends all processes in a machine's control group and removes the group.
const REMOVE: &str = r#"
set -eu
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "/sys/fs/cgroup/$group"
echo 1 >cgroup.kill
until grep -qx 'populated 0' cgroup.events; do sleep 0.05; done
cd /
find "/sys/fs/cgroup/$group" -depth -type d -exec rmdir '{}' +
"#;

/// Number of started machines, used in the name of the control group.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A running machine; dropping it stops the machine.
pub struct Machine {
    keeper: Child,
    first: String,
    group: String,
}

impl Machine {
    /// Starts a machine. The shell script `before` runs in it first, before process 1.
    pub fn start(root: Root, init: Init, before: &str) -> Self {
        let testbed = format!("{}/target/testbed", env!("CARGO_MANIFEST_DIR"));
        let root = match root {
            Root::Fresh => format!("{testbed}/roots/fresh"),
            Root::Equipped => format!("{testbed}/roots/equipped"),
            Root::Field => format!("{testbed}/roots/field"),
        };
        let debian = format!("{testbed}/debian/ipvsadm.deb");
        let ours = format!("{}/target/debian", env!("CARGO_MANIFEST_DIR"));
        let rpm = format!("{}/target/rpm", env!("CARGO_MANIFEST_DIR"));
        for path in [&root, &debian, &ours, &rpm] {
            assert!(fs::exists(path).unwrap_or(false), "no {path}: run scripts/package-test.sh");
        }
        let group = format!("machine-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let keeper = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--net", "--uts", "--ipc", "--kill-child"])
            .args(["bash", "-c", SETUP])
            .env("group", &group)
            .env("inside", INSIDE)
            .env("root", root)
            .env("debian", debian)
            .env("ours", ours)
            .env("rpm", rpm)
            .env("before", before)
            .env("init", if matches!(init, Init::Systemd) { "systemd" } else { "none" })
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("unshare does not start: install util-linux");
        let mut machine = Self { keeper, first: String::new(), group };
        let children = format!("/proc/{0}/task/{0}/children", machine.keeper.id());
        Self::until("process 1", || fs::read_to_string(&children).is_ok_and(|it| !it.is_empty()));
        let first = fs::read_to_string(&children).expect("children of unshare");
        first.trim().clone_into(&mut machine.first);
        let name = format!("/proc/{}/comm", machine.first);
        let expected = if matches!(init, Init::Systemd) { "systemd\n" } else { "sleep\n" };
        Self::until(expected, || fs::read_to_string(&name).is_ok_and(|it| it == expected));
        if matches!(init, Init::Systemd) {
            Self::until("the end of the boot", || {
                let state = machine.sh("systemctl is-system-running --wait").stdout;
                ["running\n", "degraded\n"].contains(&state.as_str())
            });
        }
        machine
    }

    fn until(what: &str, ready: impl Fn() -> bool) {
        let end = Instant::now() + LIMIT;
        while !ready() {
            assert!(Instant::now() < end, "the machine has no {what} after {LIMIT:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a shell script in the machine.
    pub fn sh(&self, script: &str) -> Answer {
        let output = Command::new("timeout")
            .args([&LIMIT.as_secs().to_string(), "nsenter", "--target", &self.first])
            .args(["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"])
            .args(["sh", "-c", script])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .expect("timeout does not start: install coreutils");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Answer { status: output.status.code(), stdout, stderr }
    }

    /// Like [`Self::sh`], but the script must succeed. Returns its output.
    pub fn ok(&self, script: &str) -> String {
        let answer = self.sh(script);
        assert_eq!(answer.status, Some(0), "{script}\n{answer:?}");
        answer.stdout
    }

    /// Repeats a script until it succeeds.
    pub fn wait(&self, script: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            let answer = self.sh(script);
            if answer.status == Some(0) {
                return;
            }
            assert!(Instant::now() < end, "after {LIMIT:?} still: {script}\n{answer:?}");
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// The table as rule lines.
    pub fn table(&self) -> String {
        self.ok("ipvsadm -S -n")
    }

    /// Installs this project's package over the installed software, as a user does.
    pub fn install_ours(&self) {
        self.ok("apt-get install -y --no-install-recommends /packages/ipvsadm_*.deb");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
        // An error does not matter: the next machine has another group.
        let _ = Command::new("timeout")
            .args([&LIMIT.as_secs().to_string(), "unshare", "--mount", "sh", "-c", REMOVE])
            .env("group", &self.group)
            .stdin(Stdio::null())
            .status();
    }
}
