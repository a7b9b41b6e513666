//! A host that cannot be prepared gives a clear message and stays unchanged.

use crate::support::{Lan, WITHOUT_FILTERS, assert_same, text};

/// Commands that make the host unfit, the arguments, and a part of the message.
const CASES: [(&str, &str, &str); 27] = [
    ("", "--mode dr --vip 224.0.0.1", "a multicast address"),
    ("", "--mode dr --vip 127.0.0.5", "a loopback address"),
    ("", "--mode dr --vip 0.0.0.0", "unspecified"),
    ("", "--mode dr --vip fe80::1", "a link-local address"),
    ("", "--mode dr --vip ::ffff:10.0.0.80", "IPv4-mapped"),
    ("ip address add 10.0.0.80/32 dev lo", "--mode dr --vip 10.0.0.80", "is already on lo"),
    ("ip address add 10.0.0.80/24 dev v0", "--mode dr --vip 10.0.0.80", "is already on v0"),
    (
        "ip address add 2001:db8::80/64 dev v0 nodad",
        "--mode dr --vip 2001:db8::80",
        "is already on v0",
    ),
    ("", "--mode dr --vip 10.0.0.80 --iface eth9", "there is no interface eth9"),
    ("", "--mode dr --vip 10.0.0.80 --iface lo", "takes no part in ARP"),
    ("ip link set v0 down", "--mode dr --vip 10.0.0.80 --iface v0", "v0 is down"),
    ("", "--mode dr --vip 10.0.0.80 --dev v0", "it would answer"),
    ("", "--mode dr --vip 10.0.0.80 --dev eth9", "there is no interface eth9"),
    ("ip link set lo down", "--mode dr --vip 10.0.0.80", "lo is down"),
    ("sysctl -q -w net.ipv4.conf.v0.arp_ignore=3", "--mode dr --vip 10.0.0.80", "arp_ignore is 3"),
    (
        "sysctl -q -w net.ipv4.conf.v0.arp_announce=3",
        "--mode dr --vip 10.0.0.80",
        "net/ipv4/conf/v0/arp_announce is 3: v0 may announce the virtual address",
    ),
    ("ip neighbour add proxy 10.0.0.80 dev v0", "--mode dr --vip 10.0.0.80", "proxy neighbour"),
    ("sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1", "--mode dr --vip 2001:db8::80", "IPv6 is off"),
    (
        "ip address add 10.0.0.3/24 dev v0",
        "--mode tun --vip 10.0.0.80",
        "cannot tell which IPv4 \
      address",
    ),
    (
        "ip link add ipvs-ipip type dummy",
        "--mode tun --vip 10.0.0.80",
        "this program did not make it",
    ),
    (
        "sysctl -q -w net.ipv4.conf.all.rp_filter=1",
        "--mode tun --vip 10.0.0.80 --dev lo",
        "net/ipv4/conf/all/rp_filter is 1",
    ),
    (
        "sysctl -q -w net.ipv4.conf.all.rp_filter=2",
        "--mode tun --vip 10.0.0.80 --dev ipvs0 --tunnel gre",
        "net/ipv4/conf/all/rp_filter is 2: the kernel would drop the packets that ipvs-gre unpacks",
    ),
    (
        "ip route delete default",
        "--mode dr --vip 10.0.0.80 --advmss 1400",
        "--advmss 1400 is set on the default route, but there is none for IPv4",
    ),
    (
        "",
        "--mode tun --vip 10.0.0.80,2001:db8::80 --advmss 1400",
        "--advmss 1400 is set on the default route, but there is none for IPv6",
    ),
    ("", "--mode nat --director 10.0.0.2", "is an address of this host"),
    ("", "--mode nat --director 192.0.2.1", "is reached through 10.0.0.254"),
    ("ip route delete default", "--mode nat", "there is no default route"),
];

#[test]
fn a_host_that_does_not_fit_stays_as_it_is() {
    let plain = Lan::new();
    for (spoil, words, message) in CASES {
        let spoilt = (!spoil.is_empty()).then(|| {
            let lan = Lan::new();
            lan.rs(spoil);
            lan
        });
        let lan = spoilt.as_ref().unwrap_or(&plain);
        let before = lan.snapshot();
        let output = lan.ipvsadm(&format!("rs prepare {words}"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{words}: {said}");
        assert!(said.lines().next().unwrap_or_default().contains(message), "{words}: {said}");
        assert!(said.contains("hint: nothing was changed"), "{words}: {said}");
        assert_same(&before, &lan.snapshot(), words);
        assert_eq!(lan.state_files(), [""; 0], "{words}");
    }
}

#[test]
fn conflicting_options_exit_with_2() {
    let lan = Lan::new();
    for words in [
        "--mode dr",
        "--vip 10.0.0.80",
        "--mode dr --vip 10.0.0.300",
        "--mode dr --vip 10.0.0.80/32",
        "--mode dr --vip 10.0.0.80 --director 10.0.0.1",
        "--mode dr --vip 10.0.0.80 --tunnel gre",
        "--mode tun --vip 10.0.0.80 --tunnel gue:0",
        "--mode nat --dev lo",
        "--mode nat --vip 10.0.0.80",
        "--mode nat --iface v0",
        "--mode nat --director 10.0.0.1,10.0.0.3",
        "--mode dr --vip 10.0.0.80 --dev averyveryverylongname",
    ] {
        let output = lan.ipvsadm(&format!("rs prepare {words}"));
        assert_eq!(output.status.code(), Some(2), "{words}: {}", text(&output));
    }
}

/// In its own user namespace, a process can read `/proc/sys`, but may not change the host's
/// network.
#[test]
fn missing_programs_and_capabilities_are_named() {
    let lan = Lan::new();
    let program = env!("CARGO_BIN_EXE_ipvsadm");
    let before = lan.snapshot();
    let words = "rs prepare --mode dr --vip 10.0.0.80";
    for (prefix, options, message) in [
        ("setpriv --reuid 1000 --clear-groups", "", "the caller lacks CAP_NET_ADMIN"),
        ("setpriv --bounding-set -net_admin", "", "give the container or the unit CAP_NET_ADMIN"),
        ("WITHOUT_FILTERS", " --arp nft", "the program nft is not installed"),
        ("WITHOUT_FILTERS", " --arp arptables", "the program arptables is not installed"),
        ("unshare -m sh -c", "", "are read-only here"),
    ] {
        let mut command = format!("{prefix} {program} {words}{options}");
        let mut arguments: Vec<&str> = command.split(' ').collect();
        if prefix == "WITHOUT_FILTERS" {
            arguments.splice(..1, WITHOUT_FILTERS);
        }
        let script;
        if prefix.starts_with("unshare") {
            script = format!("mount -o bind,ro /proc/sys /proc/sys && exec {program} {words}");
            command = prefix.to_owned();
            arguments = command.split(' ').chain([&script[..]]).collect();
        }
        let netns = ["netns", "exec", &lan.rs];
        let output = std::process::Command::new("ip").args(netns).args(arguments).output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{prefix}: {said}");
        assert!(said.contains(message), "{prefix}: {said}");
    }
    assert_same(&before, &lan.snapshot(), "refusals");
}

/// Makes a mount namespace, runs `script` in it, and then the program in the network namespace of a
/// real server.
fn ipvsadm_after(lan: &Lan, script: &str, words: &str) -> (Option<i32>, String) {
    let script = format!("{script} && exec {} {words}", env!("CARGO_BIN_EXE_ipvsadm"));
    let words = ["netns", "exec", &lan.rs, "unshare", "-m", "sh", "-c", &script];
    let output = std::process::Command::new("ip").args(words).output().unwrap();
    (output.status.code(), text(&output))
}

#[test]
fn hints_propose_only_options_that_the_command_has() {
    let lan = Lan::new();
    let read_only = "mount -o bind,ro /proc/sys /proc/sys";
    for words in [
        "director prepare --vip 10.0.0.80 --iface v0 --mode nat",
        "rs prepare --mode nat --director 10.0.0.1",
    ] {
        let (status, said) = ipvsadm_after(&lan, read_only, words);
        assert_eq!(status, Some(1), "{words}: {said}");
        assert!(said.contains("are read-only here"), "{words}: {said}");
        assert!(said.contains("run the command on the host with --netns PID"), "{words}: {said}");
        assert!(!said.contains("--arp"), "{words}: {said}");
    }
}

#[test]
fn persist_refuses_a_namespace_named_by_process() {
    let process = std::process::id().to_string();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["rs", "prepare", "--mode", "dr", "--vip", "10.0.0.80", "--persist", "--netns"])
        .arg(&process)
        .output();
    let output = output.unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("process {process} does not exist after a boot")), "{said}");
}

/// A user with `CAP_NET_ADMIN`, as in a unit with `AmbientCapabilities=`, and a folder for state.
#[test]
fn another_user_with_the_capability_prepares_and_undoes() {
    let lan = Lan::new();
    let before = lan.snapshot();
    let program = env!("CARGO_BIN_EXE_ipvsadm");
    let script = format!(
        "mount -t tmpfs none /run && mkdir /run/ipvsadm && chown 1000 /run/ipvsadm || exit 9
        user='setpriv --reuid 1000 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin'
        $user {program} rs prepare --mode dr --vip 10.0.0.80 && $user {program} rs undo"
    );
    let words = ["netns", "exec", &lan.rs, "unshare", "-m", "sh", "-c", &script];
    let output = std::process::Command::new("ip").args(words).output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("done     add 10.0.0.80 to lo"), "{said}");
    assert!(said.contains("undone   add 10.0.0.80 to lo"), "{said}");
    assert_same(&before, &lan.snapshot(), "another user");
}
