//! ARP suppression by nftables: `status` checks the rules, prepare repairs them, undo removes them.
//! The tests need no IPVS, but nftables' family for ARP: see scripts/traffic.sh.

use std::collections::BTreeSet;
use std::process::Output;

use crate::arp::{has_filter, world};
use crate::host::Host;
use crate::prepare::Arp;
use crate::probe::answer;
use crate::world::{V4, World, vip};

const SPECS: [&str; 2] =
    ["--mode dr --vip 192.0.2.80 --arp nft", "--mode dr --vip 192.0.2.80 --arp nft --iface eth0"];
const TABLE: &str = "ipvsadm_rs_192.0.2.80";

fn ipvsadm(host: &Host, words: &str) -> Output {
    let words: Vec<&str> =
        [env!("CARGO_BIN_EXE_ipvsadm")].into_iter().chain(words.split(' ')).collect();
    host.attempt(&words, "")
}

fn ok(host: &Host, words: &str) -> String {
    let output = ipvsadm(host, words);
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{words}: {said}");
    said
}

fn wrong(host: &Host, words: &str, line: &str) {
    let output = ipvsadm(host, words);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{words}: {said}");
    let wrong = format!("WRONG    this host may answer ARP for 192.0.2.80: {line}");
    assert!(said.contains(&wrong), "{words}: {said}");
    // The fix, or, while the address that the test added is not known as prepared, a hint.
    let remedy = ["\nfix:     ipvsadm rs prepare", "\nhint:    another program than"];
    assert!(remedy.iter().any(|text| said.contains(text)), "{said}");
}

fn nft(host: &Host, words: &str) -> String {
    let words: Vec<&str> = ["nft"].into_iter().chain(words.split(' ')).collect();
    host.command(&words, "")
}

/// The world of these tests; `None` if the kernel lacks the filter.
fn capable() -> Option<World> {
    let world = world(V4);
    // A namespace of an earlier run may have had the same number and hardware addresses, so its
    // state file would be used.
    ok(&world.real[0], "rs undo");
    has_filter(&world, Arp::Nft).then_some(world)
}

#[test]
fn missing_rules_are_reported_and_repaired_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let alone = BTreeSet::from([world.director.mac(0)]);
    let two = BTreeSet::from([world.director.mac(0), real.mac(0)]);
    for spec in SPECS {
        real.ip("address add 192.0.2.80/32 dev lo\n");
        wrong(real, &format!("rs status {spec}"), "there is no nftables table arp");
        real.ip("address delete 192.0.2.80/32 dev lo\n");
        ok(real, &format!("rs prepare {spec}"));
        // With half of the rules, the host still answers in some cases.
        for (spoil, heard) in [
            (format!("flush table arp {TABLE}"), &two),
            (format!("flush chain arp {TABLE} in"), &alone),
            (format!("insert rule arp {TABLE} in accept"), &alone),
        ] {
            nft(real, &spoil);
            answer(&world, vip(V4), heard, &format!("{spec} after {spoil}"));
            wrong(real, &format!("rs status {spec}"), "nftables table arp");
            wrong(real, "rs status", "nftables table arp");
            let said = ok(real, &format!("rs prepare {spec}"));
            assert!(said.contains("done     make nftables table"), "{said}");
            answer(&world, vip(V4), &alone, &format!("{spec} mended after {spoil}"));
            ok(real, "rs status");
        }
        ok(real, "rs undo");
    }
}

/// A rule names the interface, and no shell runs the name. nft cannot express a quotation mark.
#[test]
fn hostile_interface_names_are_quoted_or_refused_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let state = || (nft(real, "-a list ruleset"), real.command(&["ip", "-d", "address"], ""));
    for name in ["$(id>&2)", "q\"x", "x*"] {
        real.ip(&format!(
            "link add name {name} type veth peer name other\nlink set dev {name} up\n"
        ));
        let before = state();
        let spec = format!("rs prepare --mode dr --vip 192.0.2.80 --arp nft --iface {name}");
        if name == "$(id>&2)" {
            let script = ok(real, &format!("{spec} --dry-run"));
            let output = real.attempt(&["sh", "-c", &script], "");
            let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat())
                .into_owned();
            assert!(output.status.success() && !said.contains("uid="), "{script}\n{said}");
            let by_script = nft(real, "list ruleset");
            assert!(by_script.contains("iifname \"$(id>&2)\""), "{by_script}");
            nft(real, &format!("delete table arp {TABLE}"));
            real.ip("address delete 192.0.2.80/32 dev lo\n");
            ok(real, &spec);
            assert_eq!(nft(real, "list ruleset"), by_script);
            ok(real, "rs status");
            ok(real, "rs undo");
        } else {
            for dry in ["", " --dry-run"] {
                let output = ipvsadm(real, &format!("{spec}{dry}"));
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{spec}{dry}: {said}");
                assert!(said.contains(name), "{spec}{dry}: {said}");
            }
        }
        assert_eq!(state(), before, "{name}");
        real.ip(&format!("link delete dev {name}\n"));
    }
}

/// The same arguments give other rules if another interface is up.
#[test]
fn rules_follow_the_interfaces_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let state = || nft(real, "-a list ruleset");
    let before = state();
    let spec = SPECS[0];
    ok(real, &format!("rs prepare {spec}"));
    real.ip("link add later type veth peer name end\n");
    real.ip("address add 10.9.0.1/24 dev later\n");
    real.ip("link set later up\n");
    ok(real, &format!("rs prepare {spec}"));
    assert!(state().contains("arp saddr ip set 10.9.0.1"), "{}", state());
    ok(real, &format!("rs status {spec}"));
    real.ip("link delete later\n");
    ok(real, &format!("rs prepare {spec}"));
    ok(real, "rs undo");
    assert_eq!(state(), before);
}

#[test]
fn undo_leaves_every_rule_as_it_was_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    nft(real, "add table arp other");
    nft(real, "add chain arp other in { type filter hook input priority 5 ; policy accept ; }");
    nft(real, "add rule arp other in arp operation request counter accept");
    nft(real, "add table inet other");
    let state = || (nft(real, "-a list ruleset"), real.command(&["ip", "-d", "address"], ""));
    for spec in SPECS {
        let before = state();
        ok(real, &format!("rs prepare {spec}"));
        assert!(state().0.contains(TABLE), "{spec}");
        assert!(ok(real, &format!("rs prepare {spec}")).contains("nothing to do"));
        ok(real, "rs undo");
        assert_eq!(state(), before, "undo of {spec}");
        ok(real, &format!("rs prepare {spec}"));
        nft(real, &format!("flush table arp {TABLE}"));
        ok(real, "rs undo");
        assert_eq!(state(), before, "undo of {spec} with its rules flushed");
    }
}

/// Command prefix that hides a program.
fn without(name: &str) -> [String; 6] {
    let script = format!("mount --bind /dev/null /usr/sbin/{name} && exec \"$@\"");
    ["unshare", "--mount", "sh", "-c", &script, "sh"].map(str::to_owned)
}

/// Without nft, it is unknown whether the table exists.
#[test]
fn undo_without_nft_is_completed_later_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let state = || (nft(real, "-a list ruleset"), real.command(&["ip", "-d", "address"], ""));
    let before = state();
    ok(real, &format!("rs prepare {}", SPECS[0]));
    let undo = [env!("CARGO_BIN_EXE_ipvsadm"), "rs", "undo"];
    let words = without("nft");
    let output = real.attempt(&[&words.each_ref().map(|it| &it[..]), &undo[..]].concat(), "");
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot undo: make nftables table"), "{said}");
    assert!(said.contains("the program nft is not installed"), "{said}");
    assert!(state().0.contains(TABLE), "{said}");
    ok(real, "rs undo");
    assert_eq!(state(), before);
}

/// The usual arptables is a front end of nftables, in a package of its own.
#[test]
fn arptables_without_its_companion_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let prefix = without("arptables-legacy");
    let alone = |words: &str| {
        let words = [env!("CARGO_BIN_EXE_ipvsadm")].into_iter().chain(words.split(' '));
        let words: Vec<&str> = prefix.iter().map(|it| &it[..]).chain(words).collect();
        real.command(&words, "")
    };
    assert!(real.command(&["arptables", "-V"], "").contains("nf_tables"), "it is Debian's default");
    let rules = || nft(real, "list ruleset").matches("192.0.2.80").count();
    alone("rs prepare --mode dr --vip 192.0.2.80 --arp arptables");
    assert!(rules() > 0);
    alone("rs status");
    alone("rs undo");
    assert_eq!(rules(), 0);
}

/// A kernel can have nftables rules and legacy rules at once. `prepare` adds legacy rules only if
/// there are legacy rules already.
#[test]
fn legacy_arptables_are_used_where_they_are_in_use_by_nft() {
    let Some(world) = capable() else { return };
    let real = &world.real[0];
    let spec = "rs prepare --mode dr --vip 192.0.2.80 --arp arptables";
    let in_nft = || nft(real, "list ruleset").matches("192.0.2.80").count();
    ok(real, spec);
    assert!(in_nft() > 0);
    ok(real, "rs undo");
    assert_eq!(in_nft(), 0);
    // Skip the rest on a kernel without legacy tables.
    let rule = ["arptables-legacy", "-A", "INPUT", "-d", "192.0.2.99", "-j", "DROP"];
    if !real.attempt(&rule, "").status.success() {
        return;
    }
    let legacy =
        || real.command(&["arptables-legacy", "-n", "-L"], "").matches("192.0.2.80").count();
    ok(real, spec);
    assert!(in_nft() == 0 && legacy() > 0);
    ok(real, "rs status");
    // undo uses the program that added the rules, even if the other kind is in use by then.
    real.command(&["arptables-legacy", "-D", "INPUT", "-d", "192.0.2.99", "-j", "DROP"], "");
    ok(real, spec);
    ok(real, "rs undo");
    assert_eq!((in_nft(), legacy()), (0, 0));
}
