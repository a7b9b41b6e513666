//! Messages about an existing address name its owner, and no hint proposes to delete it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Lan, VIP, assert_same, text};

/// A running keepalived that is master of the address.
struct Keepalived {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Keepalived {
    /// Starts keepalived and waits until it has added the address.
    fn start(lan: &Lan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let instance = format!(
            "vrrp_instance one {{\n state MASTER\n interface v0\n virtual_router_id 51\n \
             priority 200\n advert_int 1\n virtual_ipaddress {{\n  {VIP}/32 dev v0\n }}\n}}\n"
        );
        fs::write(path("conf"), instance).unwrap();
        let [conf, pid, vrrp] = ["conf", "pid", "vrrp"].map(path);
        let child = Command::new("ip")
            .args(["netns", "exec", &lan.rs, "keepalived", "--vrrp", "-n", "-l"])
            .args(["-f", &conf, "-p", &pid, "-r", &vrrp])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("keepalived is needed");
        let end = Instant::now() + Duration::from_secs(60);
        while !lan.rs("ip -o address show dev v0").contains(VIP) {
            assert!(Instant::now() < end, "keepalived adds no address");
            std::thread::sleep(Duration::from_millis(100));
        }
        Self { child, _folder: folder }
    }
}

impl Drop for Keepalived {
    fn drop(&mut self) {
        // SIGTERM makes keepalived remove its address and end its children.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The named verbs refuse the address with this message, change nothing, and do not propose to
/// delete it.
#[track_caller]
fn refused(lan: &Lan, address: &str, verbs: &[&str], said: &str) {
    let before = lan.snapshot();
    for verb in verbs {
        let words = match *verb {
            "rs" => format!("rs prepare --mode dr --vip {address}"),
            _ => format!("director prepare --vip {address} --iface v0"),
        };
        let output = lan.ipvsadm(&words);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(1), "{words}: {text}");
        assert!(text.contains("is already on") && text.contains(said), "{words}: {text}");
        assert!(!text.contains("delete") && !text.contains(" del "), "{words}: {text}");
    }
    assert_same(&before, &lan.snapshot(), said);
}

const BOTH: [&str; 2] = ["rs", "director"];

#[test]
fn the_address_of_the_host_itself_is_not_proposed_for_deletion() {
    let lan = Lan::new();
    refused(&lan, "10.0.0.2", &BOTH, "looks like this host's own on v0");
    refused(&lan, "2001:db8::2", &BOTH, "looks like this host's own on v0");
    // Some clouds assign such addresses by DHCP.
    lan.rs("ip address add 10.0.0.77/32 dev v0 valid_lft 3600 preferred_lft 3600");
    refused(&lan, "10.0.0.77", &BOTH, "looks like this host's own on v0");
}

#[test]
fn an_address_of_our_other_verb_is_named_with_its_undo() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    let remedy = format!("first run `ipvsadm rs undo --netns {} --vip {VIP}'", lan.rs);
    refused(&lan, VIP, &["director"], &remedy);
    lan.ok("rs undo");
    lan.ok(&format!("director prepare --vip {VIP} --iface v0"));
    let remedy = format!("first run `ipvsadm director undo --netns {} --vip {VIP}'", lan.rs);
    refused(&lan, VIP, &["rs"], &remedy);
    lan.ok("director undo");
}

#[test]
fn an_address_of_keepalived_is_left_to_keepalived() {
    let lan = Lan::new();
    let keepalived = Keepalived::start(&lan);
    refused(&lan, VIP, &BOTH, "keepalived");
    // keepalived can also hold addresses of the host's own subnet.
    refused(&lan, "10.0.0.2", &BOTH, "keepalived, which is running");
    drop(keepalived);
    // A keepalived in another namespace does not matter.
    let other = Lan::new();
    other.rs(&format!("ip address add {VIP}/32 dev v0"));
    refused(&other, VIP, &BOTH, "the address may be in use");
}

/// The address has the protocol `RTPROT_KEEPALIVED`, so the process need not be visible.
#[test]
fn keepalived_is_known_by_the_protocol_of_the_address() {
    let lan = Lan::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prepare/protocol.py");
    lan.rs(&format!("python3 {script} v0 {VIP} 18"));
    refused(&lan, VIP, &BOTH, "keepalived put the address there");
}

#[test]
fn addresses_of_kubernetes_and_docker_are_named() {
    let lan = Lan::new();
    lan.rs("ip link add kube-ipvs0 type dummy");
    lan.rs(&format!("ip address add {VIP}/32 dev kube-ipvs0"));
    refused(&lan, VIP, &BOTH, "kube-proxy put the address there");
    lan.rs("ip link add docker0 type bridge");
    lan.rs("ip address add 172.17.0.1/16 dev docker0");
    refused(&lan, "172.17.0.1", &BOTH, "Docker");
    lan.rs("ip link add br-1a2b3c4d5e6f type bridge");
    lan.rs("ip address add 172.18.0.1/16 dev br-1a2b3c4d5e6f");
    refused(&lan, "172.18.0.1", &BOTH, "Docker");
}

#[test]
fn an_address_of_an_unknown_owner_may_be_in_use() {
    let lan = Lan::new();
    lan.rs(&format!("ip address add {VIP}/32 dev lo"));
    refused(&lan, VIP, &BOTH, "the address may be in use");
}
