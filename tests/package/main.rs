//! Tests of the Debian package on Debian machines: installing, replacing Debian's own, removing;
//! its scripts, units and completions; and programs that call it. Also tests of the RPM. Started by
//! scripts/package-test.sh.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

#[path = "../docs/block.rs"]
mod block;
mod completion;
mod field;
mod fresh;
mod guide;
mod handbook;
mod init_script;
mod machine;
#[allow(dead_code)] // tests/docs uses all of it
#[path = "../docs/markdown.rs"]
mod markdown;
mod rpm;
mod takeover;
mod unit;

/// Writes settings and rules that differ from those of every package.
const EDITED: &str = r#"
cat >/etc/default/ipvsadm <<'END'
# mine
AUTO="true"
DAEMON="master"
IFACE="eth0"
SYNCID="7"
END
cat >/etc/ipvsadm.rules <<'END'
# ipvsadm.rules
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m -w 3
-A -f 5 -s wlc -p 300
END
"#;

/// The table that the rules of [`EDITED`] make.
const RULES: &str = "\
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m -w 3
-A -f 5 -s wlc -p 300
";

/// Adds an interface for the sync daemons.
const NETWORK: &str =
    "ip link add eth0 type dummy && ip addr add 10.9.0.1/24 dev eth0 && ip link set eth0 up";
