//! The Debian package on Debian machines: installed, in the place of Debian's own, removed; its
//! scripts, units and completions; and programs of others that call it. The RPM beside it.
//! scripts/package-test.sh runs this.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it likes

#[path = "../docs/block.rs"]
mod block;
mod completion;
mod field;
mod fresh;
mod guide;
mod handbook;
mod init_script;
mod machine;
#[allow(dead_code)] // tests/docs asks for more
#[path = "../docs/markdown.rs"]
mod markdown;
mod rpm;
mod takeover;
mod unit;

/// Settings and rules that differ from those that any package brings.
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

/// What the rules of [`EDITED`] make.
const RULES: &str = "\
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m -w 3
-A -f 5 -s wlc -p 300
";

/// An interface for the synchronization daemons.
const NETWORK: &str =
    "ip link add eth0 type dummy && ip addr add 10.9.0.1/24 dev eth0 && ip link set eth0 up";
