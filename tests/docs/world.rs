//! Executes documents from top to bottom. Each has its own network, mount and process namespaces
//! and its own /run, so that nothing on the machine changes.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::block::Step;

/// Time limit of a document, in seconds.
const PATIENCE: u32 = 900;

/// Before Linux 7.1, the kernel resumes a dump at an index that counts the services of all
/// namespaces.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// State before the first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// A host with `eth0` (192.0.2.2/24 and `2001:db8::2/64`), the default route through a gateway
    /// at 192.0.2.1 that answers, and `/etc/ipvsadm.rules` with one service. Its two real servers,
    /// 10.0.0.11 and 10.0.0.12, do not answer.
    Alone,
    /// A new machine with nothing but `lo`; the document builds everything else.
    Empty,
}

/// Result of a step.
pub struct Outcome {
    pub finished: bool,
    pub output: String,
}

const PROLOGUE: &str = "\
set -e -o pipefail
mount -t tmpfs tmpfs /run
mkdir /run/netns
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs \"$WORK/layer\"
for __place in /etc /var/lib; do
    mkdir -p \"$WORK/layer$__place/upper\" \"$WORK/layer$__place/work\"
    mount -t overlay -o \"lowerdir=$__place,upperdir=$WORK/layer$__place/upper,workdir=$WORK/layer$__place/work\" overlay $__place
done
[[ -e /proc/sys/net/ipv6 ]] || modprobe ipv6
ip link set lo up
";

const ALONE: &str = "\
ip netns add gateway
ip link add eth0 type veth peer name eth0 netns gateway
ip address add 192.0.2.2/24 dev eth0
ip address add 2001:db8::2/64 dev eth0 nodad
ip link set eth0 up
ip -n gateway link set lo up
ip -n gateway address add 192.0.2.1/24 dev eth0
ip -n gateway address add 2001:db8::1/64 dev eth0 nodad
ip -n gateway link set eth0 up
ip route add default via 192.0.2.1
ip -6 route add default via 2001:db8::1
cat >/etc/ipvsadm.rules <<'END'
-A -t 192.0.2.80:80 -s wlc
-a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 1
-a -t 192.0.2.80:80 -r 10.0.0.12:80 -m -w 1
END
";

/// Executes the steps in one shell until one fails.
pub fn execute(world: World, steps: &[Step]) -> Vec<Outcome> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let work = scratch.path();
    for folder in ["bin", "home", "layer"] {
        fs::create_dir(work.join(folder)).unwrap();
    }
    for name in ["ipvsadm", "ipvsadm-save", "ipvsadm-restore"] {
        symlink(env!("CARGO_BIN_EXE_ipvsadm"), work.join("bin").join(name)).unwrap();
    }
    fs::write(work.join("driver"), driver(world, work, steps)).unwrap();
    let ended = shell(work).output().unwrap_or_else(|why| panic!("timeout: {why}"));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(work.join("begun").exists(), "the world could not be made: {said}");
    let read = |name: String| fs::read(work.join(name)).unwrap_or_default();
    let outcomes = (0..steps.len()).map(|index| Outcome {
        finished: work.join(format!("{index}.done")).exists(),
        output: String::from_utf8_lossy(&read(format!("{index}.out"))).into_owned(),
    });
    outcomes.collect()
}

/// The script of the world and all steps. One shell runs them, so variables and functions persist.
fn driver(world: World, work: &Path, steps: &[Step]) -> String {
    let mut script = format!("WORK='{}'\n{PROLOGUE}", work.display());
    if world == World::Alone {
        script.push_str(ALONE);
    }
    script.push_str(": >\"$WORK/begun\"\ncd \"$WORK/home\"\n");
    for (index, step) in steps.iter().enumerate() {
        fs::write(work.join(format!("{index}.sh")), &step.commands).unwrap();
        let _ = writeln!(script, ". \"$WORK/{index}.sh\" >\"$WORK/{index}.out\" 2>&1");
        let _ = writeln!(script, ": >\"$WORK/{index}.done\"");
    }
    script
}

fn shell(work: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", &PATIENCE.to_string()]);
    command.args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL"]);
    command.args(["--mount-proc", "bash"]).arg(work.join("driver"));
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    command.env("PATH", format!("{}:{path}", work.join("bin").display()));
    command.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
    command
}
