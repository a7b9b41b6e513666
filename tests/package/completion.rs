//! The installed completions: each shell finds them by itself and completes from the current table.
//! tests/completion checks their content.

use crate::machine::{Init, Machine, Root};

/// Script that types each line of its standard input and presses Tab.
const PRESS: &str = include_str!("../completion/press.py");

/// Lines to type, and a completion that must appear. Only the package's files provide it.
const LINES: [(&str, &str); 5] = [
    ("ipvsadm -D -t ", "192.0.2.100:8443"),
    ("ipvsadm -d -t 192.0.2.100:80 -r ", "10.0.0.12:80"),
    ("ipvsadm director prepare --vip 192.0.2.100 --iface ", "eth0"),
    ("ipvsadm-save --netns ", "inner"),
    ("ipvsadm-restore --netns ", "inner"),
];

/// Shell settings of a user, as in the manual of each shell. None mentions a file of the package.
const HOME: &str = "
mkdir /srv/user
echo 'autoload -U compinit; compinit; setopt no_list_ambiguous' >/srv/user/.zshrc
ipvsadm -R <<'END'
-A -t 192.0.2.100:80 -s wlc
-a -t 192.0.2.100:80 -r 10.0.0.11:80 -g -w 1
-a -t 192.0.2.100:80 -r 10.0.0.12:80 -g -w 3
-A -t 192.0.2.100:8443 -s rr
END
ip link add eth0 type dummy && ip netns add inner";

const SHELLS: [(&str, &str); 3] = [
    (
        "bash",
        "python3 /tmp/press.py \"PS1='> '; bind 'set show-all-if-ambiguous on'\" bash --login -i",
    ),
    ("zsh", "python3 /tmp/press.py \"PS1='> '\" zsh -i"),
    ("fish", "fish -c 'while read -l line; complete -C \"$line\"; echo \"== end\"; end'"),
];

#[test]
fn each_shell_loads_them_by_itself() {
    let machine = Machine::start(Root::Field, Init::None, "");
    machine.install_ours();
    machine.ok(&format!("cat >/tmp/press.py <<'@@'\n{PRESS}@@\n{HOME}"));
    let typed: Vec<&str> = LINES.iter().map(|(line, _)| *line).collect();
    for (name, command) in SHELLS {
        let said = machine.ok(&format!(
            "export HOME=/srv/user TERM=dumb; cd; {command} <<'@@'\n{}\n@@",
            typed.join("\n")
        ));
        let screens: Vec<&str> = said.split("== end").collect();
        assert_eq!(screens.len(), LINES.len() + 1, "{name}: {said}");
        for ((line, wanted), seen) in LINES.iter().zip(screens) {
            // Keep only the text after the typed line, if that is visible.
            let seen = seen.replace(['\r', '\u{7}', '\\'], "");
            let seen = seen.split_once(line).map_or(seen.as_str(), |(_, rest)| rest);
            assert!(seen.contains(wanted), "{name}: no {wanted} after `{line}': {said}");
        }
    }
}
