//! Turns proposed commands into commands that act on the network namespace of `--netns`.

use super::quote::shell;

/// Verbs whose commands act on a network namespace.
const VERBS: [&str; 15] = [
    "apply", "conns", "diff", "director", "drain", "history", "metrics", "report", "rollback",
    "rs", "serve", "set", "top", "undrain", "watch",
];

/// Words after a verb that belong to its name; `--netns` follows them.
const ACTIONS: [&str; 6] = ["prepare", "undo", "status", "--accept", "--recover", "--list"];

/// Starts of commands of other programs that act on a network namespace.
const FOREIGN: [&str; 5] = ["ip link ", "ip neighbour ", "ip route ", "ip rule", "sysctl -w net."];

/// Whether the argument of `--netns` is a process number.
pub fn is_process(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Prefixes a command of another program so that it runs in the network namespace `netns`.
pub fn inside(netns: &str, command: &str) -> String {
    // Without `sh -c`, the calling shell would open the redirected file outside the namespace.
    let command = if command.contains('>') {
        format!("sh -c {}", shell(command))
    } else {
        command.to_owned()
    };
    if is_process(netns) {
        format!("nsenter --net=/proc/{netns}/ns/net {command}")
    } else if netns.contains('/') {
        // `ip netns` knows only the names in its own folder.
        format!("nsenter {} {command}", shell(&format!("--net={netns}")))
    } else {
        format!("ip netns exec {} {command}", shell(netns))
    }
}

/// Makes every command that `text` proposes act on the network namespace `netns`. A command ends at
/// the quote that closes it, or with the text.
pub fn placed(netns: &str, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = next_command(&out, rest) {
        let (before, command) = rest.split_at(at);
        out.push_str(before);
        let end = if before.ends_with('`') { command.find('\'') } else { None };
        let (command, after) = command.split_at(end.unwrap_or(command.len()));
        match command.strip_prefix(OURS) {
            Some(words) if !words.contains("--netns") => {
                let place = OURS.len() + name_length(words);
                out.push_str(&command[..place]);
                out.push_str(&format!(" --netns {}", shell(netns)));
                // Prose may follow, with another command in it.
                rest = &rest[at + place..];
                continue;
            }
            Some(_) => out.push_str(command),
            None => out.push_str(&inside(netns, command)),
        }
        rest = after;
    }
    out + rest
}

const OURS: &str = "ipvsadm";

/// Place of the next command in `rest`, which follows `before`.
fn next_command(before: &str, rest: &str) -> Option<usize> {
    let starts = |at: usize| {
        let last = rest[..at].chars().next_back().or_else(|| before.chars().next_back());
        last.is_none_or(|last| last == '`' || last == ' ')
    };
    let is_command = |command: &str| match command.strip_prefix(OURS) {
        Some(words) => {
            name_length(words) > 0 || words.starts_with(" -L") || words.starts_with(" -S")
        }
        None if command.starts_with("echo ") => command.contains(" >/proc/sys/net/"),
        None => FOREIGN.iter().any(|start| command.starts_with(start)),
    };
    let mut places = rest.char_indices().map(|(at, _)| at);
    places.find(|at| starts(*at) && is_command(&rest[*at..]))
}

/// Length of the name of a verb at the start of ` VERB …`; 0 if there is none.
fn name_length(words: &str) -> usize {
    let mut length = 0;
    for word in words.split_inclusive(' ').skip(1) {
        let name = word.trim_end_matches([' ', '\'', ',', ';', ':', '?', ')']);
        let known: &[&str] = if length == 0 { &VERBS } else { &ACTIONS };
        if !known.contains(&name) {
            break;
        }
        length += 1 + name.len();
        if name.len() + 1 != word.len() || !word.ends_with(' ') {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_other_programs_run_in_the_network_namespace() {
        assert_eq!(inside("a b", "sysctl -w a=1"), "ip netns exec 'a b' sysctl -w a=1");
        assert_eq!(
            inside("12", "echo 1 >/proc/x"),
            "nsenter --net=/proc/12/ns/net sh -c 'echo 1 >/proc/x'"
        );
        let path = "/run/docker/netns/ab12";
        assert_eq!(inside(path, "ip rule"), format!("nsenter --net={path} ip rule"));
    }

    #[test]
    fn every_proposed_command_names_the_network_namespace() {
        for (text, expected) in [
            (
                "to set it: ipvsadm set -f 7 flags=x",
                "to set it: ipvsadm set --netns lb -f 7 flags=x",
            ),
            ("`ipvsadm -L -n' lists", "`ipvsadm --netns lb -L -n' lists"),
            ("see ipvsadm -L --daemon", "see ipvsadm --netns lb -L --daemon"),
            (
                "first run `ipvsadm rs undo --vip ::1'",
                "first run `ipvsadm rs undo --netns lb --vip ::1'",
            ),
            ("ipvsadm apply --recover", "ipvsadm apply --recover --netns lb"),
            ("`ipvsadm drain --list' shows", "`ipvsadm drain --list --netns lb' shows"),
            ("to change fields: ipvsadm set", "to change fields: ipvsadm set --netns lb"),
            (
                "`ipvsadm rs status' and `ipvsadm director status'",
                "`ipvsadm rs status --netns lb' and `ipvsadm director status --netns lb'",
            ),
            ("ip link set dev eth0 up", "ip netns exec lb ip link set dev eth0 up"),
            (
                "it takes effect: sysctl -w net.ipv4.conf.all.x=1",
                "it takes effect: ip netns exec lb sysctl -w net.ipv4.conf.all.x=1",
            ),
            ("echo 1 >/proc/sys/net/x", "ip netns exec lb sh -c 'echo 1 >/proc/sys/net/x'"),
            (
                "`ip rule' and `ip route show table local'",
                "`ip netns exec lb ip rule' and `ip netns exec lb ip route show table local'",
            ),
        ] {
            assert_eq!(placed("lb", text), expected);
        }
        for text in [
            "ipvsadm conns --client ::1 --netns other",
            "another ipvsadm is changing this table",
            "an apply or ipvsadm-restore was killed; ipvsadm 1.31; ipvsadm -h lists both",
            "run `rs prepare' there",
            "-A -t 192.0.2.1:80 # ipvsadm",
            "",
        ] {
            assert_eq!(placed("lb", text), text);
        }
    }
}
