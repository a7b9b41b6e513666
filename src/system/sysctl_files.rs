//! Reads the files with kernel parameters that systemd-sysctl applies at boot (sysctl.d(5)).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::names_in;

/// Folders in order of precedence: a file hides files of the same name in later folders.
const FOLDERS: [&str; 5] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];

/// A parameter and value from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub path: PathBuf,
    /// Path of the parameter below `/proc/sys`.
    pub key: String,
    pub value: String,
}

/// Assignments of the files that systemd-sysctl reads after the file `name`. Patterns are left out,
/// since they do not change a parameter that a file sets by name.
pub fn read_after(name: &str) -> Vec<Assignment> {
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        for file in names_in(folder).into_iter().filter(|it| is_conf(it)) {
            files.entry(file.clone()).or_insert_with(|| Path::new(folder).join(file));
        }
    }
    let later = files.into_iter().filter(|(file, _)| file.as_str() > name);
    later
        .flat_map(|(_, path)| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = text.lines().filter_map(assignment).collect();
            lines.into_iter().map(move |(key, value)| Assignment { path: path.clone(), key, value })
        })
        .collect()
}

fn is_conf(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "conf")
}

fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (key, value) = line.strip_prefix('-').unwrap_or(line).split_once('=')?;
    let key = key.trim();
    // The first separator decides: if it is a slash, dots belong to interface names, and vice versa
    // (sysctl.d(5)).
    let key = match key.find(['.', '/']).map(|at| key.as_bytes()[at]) {
        Some(b'.') => key
            .chars()
            .map(|it| match it {
                '.' => '/',
                '/' => '.',
                it => it,
            })
            .collect(),
        _ => key.to_owned(),
    };
    (!key.contains(['*', '?', '['])).then(|| (key, value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_name_the_same_parameter() {
        let read = |line| assignment(line).unwrap();
        let expected = ("net/ipv4/conf/eth0.10/arp_ignore".to_owned(), "0".to_owned());
        for line in ["net/ipv4/conf/eth0.10/arp_ignore=0", "-net.ipv4.conf.eth0/10.arp_ignore = 0 "]
        {
            assert_eq!(read(line), expected);
        }
        for line in ["# a = b", "; a = b", "", "net.ipv4.conf.*.arp_ignore = 0"] {
            assert_eq!(assignment(line), None, "{line}");
        }
    }
}
