//! Checks the sources against the project's rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const TOP: &str = env!("CARGO_MANIFEST_DIR");
const MOST_LINES: usize = 500;

/// Rooms that each room may use. Every room may use `error` and `model`.
const KNOWS: [(&str, &[&str]); 15] = [
    ("error", &["model"]),
    ("model", &["error"]),
    ("classic", &["model", "error"]),
    ("diff", &["model", "error"]),
    ("json", &["model", "error"]),
    ("netlink", &["model", "error", "system"]),
    ("reader", &["model", "error", "netlink"]),
    ("system", &["model", "error"]),
    ("output", &["model", "error", "classic", "diff", "json", "drain", "host"]),
    ("drain", &["model", "error", "classic", "json", "netlink", "reader", "system"]),
    ("host", &["model", "error", "classic", "netlink", "system"]),
    ("transaction", &["model", "error", "classic", "diff", "json", "netlink", "reader", "system"]),
    ("cli", &["model", "error", "classic", "diff", "json", "drain", "host"]),
    ("web", &["model", "error", "json", "output"]),
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
            "drain",
            "host",
            "transaction",
            "cli",
            "web",
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

/// The uses in a file that its room may not have. Other rooms are named `crate::ROOM`, one in each
/// path, so that this check sees them all.
fn forbidden(path: &str, text: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let room = inside.split(['/', '.']).next().unwrap_or_default();
    if ["lib", "main"].contains(&room) {
        return Vec::new();
    }
    let Some((_, allowed)) = KNOWS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{path}: the table of this test has no room {room}")];
    };
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for known in line.split("crate::").skip(1) {
            let end = known.find(|c: char| !c.is_alphanumeric() && c != '_');
            let known = &known[..end.unwrap_or(known.len())];
            if known != room && !allowed.contains(&known) {
                let known = if known.is_empty() { "several rooms in one path" } else { known };
                faults.push(format!("{path}:{}: {room} must not know {known}", number + 1));
            }
        }
    }
    // In the room's own file, one `super` leads out of the room; each folder below needs one more.
    let folders = inside.strip_suffix("/mod.rs").unwrap_or(inside).matches('/').count();
    let leaving = "super::".repeat(folders + 1);
    let starts = |line: &&str| line.contains(&leaving) && !line.starts_with(' ');
    faults.extend(text.lines().filter(starts).map(|line| format!("{path}: {line}: leaves {room}")));
    faults
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let sources = sources().into_iter().filter(|(path, _)| path.starts_with("src/"));
    let faults = sources.flat_map(|(path, text)| forbidden(&path, &text));
    complain(&faults.collect::<Vec<_>>());
}

#[test]
fn uses_against_the_direction_are_found() {
    for (path, text) in [
        ("src/model/key.rs", "use crate::netlink::Client;"),
        ("src/model/mod.rs", "use crate::cmd;"),
        ("src/diff/plan.rs", "use crate::{model, netlink};"),
        ("src/diff/plan.rs", "use crate::Client;"),
        ("src/diff/mod.rs", "use super::netlink::Client;"),
        ("src/diff/plan.rs", "use super::super::netlink::Client;"),
        ("src/error.rs", "use super::netlink::Client;"),
        ("src/error/kernel.rs", "use super::super::netlink::Client;"),
        ("src/transaction/lock.rs", "fn f(it: &crate::output::List) {}"),
        ("src/cellar/mod.rs", ""),
    ] {
        assert_eq!(forbidden(path, text).len(), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("src/diff/plan.rs", "use crate::model::Table;\nuse super::Delta;"),
        ("src/cli/verbs/apply.rs", "use super::super::complete;"),
        ("src/lib.rs", "pub use crate::netlink::Client;"),
    ] {
        assert_eq!(forbidden(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

/// A source file of a room: its module path within the room, and its text without tests.
struct Module {
    file: String,
    path: Vec<String>,
    text: String,
}

impl Module {
    /// `None` for a file outside the rooms, and for tests.
    fn of(file: String, text: &str) -> Option<(String, Self)> {
        let inside = file.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut path: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if path.iter().any(|name| name == "tests") {
            return None;
        }
        path.retain(|name| name != "mod");
        let room = path.remove(0);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let text = code.collect::<Vec<_>>().join("\n");
        KNOWS.iter().any(|(name, _)| *name == room).then_some((room, Self { file, path, text }))
    }

    /// Every path in the file that leads into the room, relative to the room.
    fn mentioned(&self, room: &str) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut before = ' ';
        let mut rest = self.text.as_str();
        while let Some(next) = rest.chars().next() {
            let is_start = next.is_alphabetic() && !(before.is_alphanumeric() || before == '_');
            let length = if is_start && !rest_of_path(before) {
                let (trees, length) = paths(rest);
                found.extend(trees);
                length
            } else {
                next.len_utf8()
            };
            before = rest[..length].chars().last().unwrap_or(' ');
            rest = &rest[length..];
        }
        found.retain(|path| path.len() > 1);
        found.into_iter().filter_map(|path| self.below(room, path)).collect()
    }

    fn below(&self, room: &str, path: Vec<String>) -> Option<Vec<String>> {
        let mut at = self.path.clone();
        let mut names = path.into_iter().peekable();
        match names.peek()?.as_str() {
            "crate" => {
                names.next();
                at.clear();
                if names.next()? != room {
                    return None;
                }
            }
            "super" => {
                while names.next_if(|name| name == "super").is_some() {
                    at.pop()?;
                }
            }
            child if self.text.contains(&format!("mod {child};")) => {}
            _ => return None,
        }
        at.extend(names);
        Some(at)
    }

    /// Full path of a name that the file imports.
    fn import(&self, room: &str, name: &str) -> Option<Vec<String>> {
        let uses = self.text.split("use ").skip(1).flat_map(|text| paths(text).0);
        let mut named = uses.filter(|path| path.last().is_some_and(|last| last == name));
        named.find_map(|path| self.below(room, path))
    }
}

/// Whether a name after this character continues a path: after `.`, `::` or `'`.
fn rest_of_path(before: char) -> bool {
    matches!(before, ':' | '.' | '\'')
}

/// The paths at the start of `text`, such as the two in `a::{b, c::d}`, and their length in bytes.
/// A single name is no path.
fn paths(text: &str) -> (Vec<Vec<String>>, usize) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = text[..end].to_owned();
    let Some(rest) = text[end..].strip_prefix("::") else { return (vec![vec![name]], end) };
    let mut at = end + 2;
    let mut tails = Vec::new();
    if rest.starts_with('{') {
        at += 1;
        while !text[at..].starts_with('}') {
            let (found, length) = paths(&text[at..]);
            tails.extend(found.into_iter().filter(|path| !path[0].is_empty()));
            at += length.max(1);
            if at >= text.len() {
                break;
            }
        }
        at += 1;
    } else {
        let (found, length) = paths(rest);
        tails.extend(found);
        at += length;
    }
    let whole = |tail: Vec<String>| [vec![name.clone()], tail].concat();
    (tails.into_iter().map(whole).collect(), at.min(text.len()))
}

/// The file that defines the item at this path. Follows re-exports.
fn home<'a>(room: &str, modules: &'a [Module], path: &[String]) -> Option<&'a Module> {
    let mut path = path.to_vec();
    // The limit ends the search if re-exports form a circle.
    for _ in 0..modules.len() {
        let at = |depth: usize| modules.iter().find(|it| it.path[..] == path[..depth]);
        let (depth, module) = (0..=path.len()).rev().find_map(|it| Some((it, at(it)?)))?;
        match path.get(depth).and_then(|name| module.import(room, name)) {
            Some(other) => path = other,
            None => return Some(module),
        }
    }
    None
}

/// Indices of the modules that each module uses.
fn neighbours(room: &str, modules: &[Module]) -> Vec<BTreeSet<usize>> {
    let place = |module: &Module| modules.iter().position(|it| it.file == module.file);
    let known = |(own, module): (usize, &Module)| {
        let mentioned = module.mentioned(room);
        let homes = mentioned.iter().filter_map(|path| place(home(room, modules, path)?));
        homes.filter(|other| *other != own).collect()
    };
    modules.iter().enumerate().map(known).collect()
}

fn reachable(from: usize, neighbours: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(neighbours[next].iter().filter(|it| seen.insert(**it)));
    }
    seen
}

/// The files of `room` that are part of a circle, each with the files of the circle that it uses.
fn circling(room: &str, modules: &[Module]) -> BTreeMap<String, String> {
    let neighbours = neighbours(room, modules);
    let reachable: Vec<_> = (0..modules.len()).map(|it| reachable(it, &neighbours)).collect();
    let in_circle = |(place, module): (usize, &Module)| {
        let back = neighbours[place].iter().filter(|it| reachable[**it].contains(&place));
        let back: Vec<&str> = back.map(|it| modules[*it].file.as_str()).collect();
        (!back.is_empty()).then(|| (module.file.clone(), back.join(" ")))
    };
    modules.iter().enumerate().filter_map(in_circle).collect()
}

#[test]
fn files_of_a_room_form_no_circle() {
    let mut rooms: BTreeMap<String, Vec<Module>> = BTreeMap::new();
    for (room, module) in sources().into_iter().filter_map(|(file, text)| Module::of(file, &text)) {
        rooms.entry(room).or_default().push(module);
    }
    let mut faults = Vec::new();
    for (room, modules) in &rooms {
        for (file, others) in circling(room, modules) {
            faults.push(format!("{file}: in a circle with {others}"));
        }
    }
    complain(&faults);
}

/// Names of the attribute that CONTRIBUTING uses as its example, in code and texts.
const ATTRIBUTE: [&str; 6] =
    ["one_packet", "ONE_PACKET", "OnePacket", "one-packet", "Opt::Ops", "Self::Ops"];

#[test]
fn the_guide_to_an_attribute_lists_every_file_that_names_it() {
    let text = read(&Path::new(TOP).join("CONTRIBUTING.md"));
    let section = text.split("### Add an attribute").nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `src/"));
    let listed: BTreeSet<String> =
        rows.filter_map(|row| Some(format!("src/{}", row.split_once('`')?.0))).collect();
    let naming = sources().into_iter().filter(|(path, text)| {
        let is_source = path.starts_with("src/") && !path.contains("/tests");
        is_source && ATTRIBUTE.iter().any(|name| text.contains(name))
    });
    assert_eq!(listed, naming.map(|(path, _)| path).collect());
    assert!(listed.len() <= 8, "{} files for one attribute", listed.len());
}

#[test]
fn circles_are_found_through_imports_and_re_exports() {
    let module = |(file, text): (&str, &str)| Module::of(file.to_owned(), text).unwrap().1;
    let circle = |files: &[(&str, &str)]| {
        let modules: Vec<Module> = files.iter().copied().map(module).collect();
        circling("diff", &modules).into_keys().collect::<Vec<_>>()
    };
    let front = ("src/diff/mod.rs", "mod a;\nmod b;\npub use a::{One, f};\nuse b::Two;");
    let used = ("src/diff/b.rs", "use super::One;\npub struct Two(One);");
    let free = ("src/diff/a.rs", "use crate::model::Table;\npub struct One;\npub fn f() {}");
    assert_eq!(circle(&[front, used, free]), Vec::<String>::new());
    for text in [
        "use super::b::Two;",
        "use crate::{diff::b, model};",
        "use super::b::{Two};",
        "fn f() -> super::b::Two { g() }",
    ] {
        let bound = ("src/diff/a.rs", text);
        assert_eq!(circle(&[front, used, bound]), ["src/diff/a.rs", "src/diff/b.rs"], "{text}");
    }
    let tested =
        ("src/diff/a.rs", "pub struct One;\n#[cfg(test)]\nmod tests {\nuse super::b::Two;\n}");
    assert_eq!(circle(&[front, used, tested]), Vec::<String>::new());
}

#[test]
fn no_unfinished_code_skipped_test_or_direct_print() {
    // Split, so that this file does not contain the words itself.
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
fn the_changelog_and_the_readme_have_the_version_and_the_commands() {
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

/// Linux 7.2 has no tables for these programs. Only these files may name them: tests of legacy
/// rules, and tests that accept any kind of rules.
const LEGACY: [&str; 5] = [
    "tests/prepare/arptables.rs",
    "tests/prepare/support.rs",
    "tests/traffic/arp.rs",
    "tests/traffic/filter.rs",
    "tests/traffic/prepare.rs",
];

#[test]
fn tests_use_nft_for_rules_of_their_own() {
    // Split, so that this file does not contain the names itself.
    let names = ["ip", "ip6", "arp", "eb"].map(|it| format!("{it}tables{}", "-legacy"));
    let tests = sources().into_iter().filter(|(path, _)| path.starts_with("tests/"));
    let found = tests.flat_map(|(path, text)| {
        let here = names.iter().filter(|name| text.contains(name.as_str()));
        here.map(|name| (path.clone(), name.clone())).collect::<Vec<_>>()
    });
    let allowed = LEGACY.map(|path| (path.to_owned(), names[2].clone()));
    assert_eq!(found.collect::<BTreeSet<_>>(), BTreeSet::from(allowed));
}
