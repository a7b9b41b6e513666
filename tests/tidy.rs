//! The rules of the house, checked on the sources.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it likes

use std::fs;
use std::path::{Path, PathBuf};

const TOP: &str = env!("CARGO_MANIFEST_DIR");
const MOST_LINES: usize = 500;

/// Which rooms a room may know. `error` and `model` are known to all.
const KNOWS: [(&str, &[&str]); 13] = [
    ("error", &["model"]),
    ("model", &["error"]),
    ("classic", &["model", "error", "system"]),
    ("diff", &["model", "error"]),
    ("json", &["model", "error"]),
    ("netlink", &["model", "error"]),
    ("reader", &["model", "error", "netlink"]),
    ("system", &["model", "error"]),
    ("output", &["model", "error", "classic", "diff", "json"]),
    ("host", &["model", "error", "classic", "netlink", "system"]),
    ("transaction", &["model", "error", "classic", "diff", "json", "netlink", "reader", "system"]),
    ("cli", &["model", "error", "classic", "diff", "json", "host"]),
    (
        "cmd",
        &[
            "model",
            "error",
            "classic",
            "diff",
            "json",
            "netlink",
            "reader",
            "system",
            "output",
            "host",
            "transaction",
            "cli",
        ],
    ),
];

fn files_below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(TOP).join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources() -> Vec<(String, String)> {
    let files = ["src", "tests", "benches", "examples", "tools"]
        .into_iter()
        .flat_map(|folder| files_below(folder, ".rs"));
    files.map(|path| (path.strip_prefix(TOP).unwrap().display().to_string(), read(&path))).collect()
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_small() {
    let scripts = files_below("scripts", "").into_iter().map(|path| {
        let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (path.display().to_string(), text.unwrap_or_default())
    });
    let long = sources().into_iter().chain(scripts).filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > MOST_LINES).then(|| format!("{path}: {lines} lines, at most {MOST_LINES}"))
    });
    complain(&long.collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is_for() {
    let dumb = sources().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    complain(&dumb.map(|(path, _)| format!("{path}: no //! line at its head")).collect::<Vec<_>>());
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(room) = path.strip_prefix("src/") else { continue };
        let room = room.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = KNOWS.iter().find(|(name, _)| *name == room) else { continue };
        for (number, line) in text.lines().enumerate() {
            for known in line.split("crate::").skip(1) {
                let end = known.find(|c: char| !c.is_alphanumeric() && c != '_');
                let known = &known[..end.unwrap_or(known.len())];
                let other_room = KNOWS.iter().any(|(name, _)| *name == known);
                if other_room && known != room && !allowed.contains(&known) {
                    faults.push(format!("{path}:{}: {room} must not know {known}", number + 1));
                }
            }
        }
    }
    complain(&faults);
}

#[test]
fn nothing_is_unfinished_skipped_or_printed_aside() {
    // In pieces, or this file would be its own finding.
    let words = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    complain(&faults);
}

#[test]
fn every_crate_says_what_it_is_for() {
    let manifest = read(&Path::new(TOP).join("Cargo.toml"));
    let mut dependencies = false;
    let mut faults = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            dependencies = line.ends_with("dependencies]");
        } else if dependencies
            && line.contains('=')
            && !line.contains("} # ")
            && !line.contains("\" # ")
        {
            faults.push(format!("Cargo.toml: {line}: what for?"));
        }
    }
    complain(&faults);
}

#[test]
fn the_changelog_and_the_readme_know_the_version_and_the_commands() {
    let changelog = read(&Path::new(TOP).join("CHANGELOG.md"));
    assert!(changelog.contains(env!("CARGO_PKG_VERSION")), "CHANGELOG.md: no such version");
    let readme = read(&Path::new(TOP).join("README.md"));
    for command in ["scripts/demo.sh", "scripts/test.sh"] {
        assert!(readme.contains(command), "README.md: {command} is missing");
    }
}

#[test]
fn every_package_has_the_version_of_the_crate() {
    let version = env!("CARGO_PKG_VERSION");
    let debian = read(&Path::new(TOP).join("debian/changelog"));
    assert!(debian.starts_with(&format!("ipvsadm (2:{version})")), "debian/changelog: {version}?");
    let rpm = read(&Path::new(TOP).join("packaging/ipvsadm.spec"));
    let found = rpm.lines().find_map(|line| line.strip_prefix("Version:")).map(str::trim);
    assert_eq!(found, Some(version), "packaging/ipvsadm.spec");
}

#[test]
fn every_departure_has_a_reason() {
    let compat = read(&Path::new(TOP).join("docs/compat.md"));
    let rows = compat.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| What"));
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() > 10, "docs/compat.md: where is the table?");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
}
